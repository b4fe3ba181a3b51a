/**
 * Who may do what on whose people: every route of the table, by every role, on what is his own, another's and nobody's.
 * A route that cannot be asked here (no sample of its body) fails.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  callers,
  roles,
  routes,
  type CallerRole,
  type RouteContract,
  type RouteName,
} from '../../protocol/index.ts'
import { Browser } from '../harness/accounts.ts'
import { freshDatabase, type FreshDatabase } from '../harness/database.ts'
import { twoParts, type Belongings, type TwoParts } from '../harness/parts.ts'
import { silent } from '../harness/region.ts'
import { openScreen, type Answer, type Screen } from '../harness/screen.ts'
import { shenzhen } from '../harness/world.ts'
import { samples } from './samples.ts'

let database: FreshDatabase
let parts: TwoParts
let screen: Screen
const browsers = new Map<string, Browser>()

beforeAll(async () => {
  database = await freshDatabase()
  parts = await twoParts(database.store)
  screen = openScreen(parts.region, silent, database.pages)
  for (const role of roles) {
    const organisation =
      role === 'committee' ? parts.east.committee : role === 'branch' ? parts.east.branch : null
    browsers.set(role, await screen.somebody(role, organisation))
  }
})
afterAll(() => database.close())

const rows = Object.entries(routes) as [RouteName, RouteContract][]
let strangers = 0
type Whose = 'own' | 'other' | 'none'

describe('the route table', () => {
  it('names every path and method once, under /api/', () => {
    const places = rows.map(([, { method, path }]) => `${method} ${path.replace(/:\w+/g, ':')}`)
    expect(new Set(places).size).toBe(places.length)
    for (const place of places) expect(place).toMatch(/^(GET|POST) \/api\/[a-z-/:.]+$/)
  })

  it('lets nothing be changed by a GET, and refuses other sites whatever has an effect', () => {
    for (const [name, { method, csrf, audit }] of rows) {
      expect([name, csrf === 'read']).toEqual([name, method === 'GET'])
      if (csrf === 'query') expect([name, audit]).not.toEqual([name, 'change'])
      if (method === 'GET') expect([name, audit]).not.toEqual([name, 'change'])
    }
  })

  it('audits every change, but signing in, which writes its own entries, and what an account keeps for itself', () => {
    const unaudited = rows
      .filter(([, { csrf, audit }]) => csrf !== 'read' && csrf !== 'query' && audit === null)
      .map(([name]) => name)
    expect(unaudited.sort()).toEqual([
      'entrance.set-up',
      'kept.drop',
      'kept.put',
      'oidc.begin',
      'oidc.finish',
      'oidc.link',
      'session.begin',
      'session.second-factor',
    ])
  })

  it('lets roles of one organisation call only what looks at whose people it is about', () => {
    for (const [name, { access, scope }] of rows) {
      // The contract itself is about nobody.
      if (typeof access === 'string' || name.startsWith('contract.')) continue
      const local = access.some((role) => role === 'committee' || role === 'branch')
      if (local) expect([name, scope]).not.toEqual([name, 'region'])
      if (local) expect([name, scope]).not.toEqual([name, 'none'])
    }
  })

  it('shows no person to administrators and auditors', () => {
    for (const [name, { access, scope }] of rows) {
      if (typeof access === 'string' || ['none', 'part', 'region'].includes(scope)) continue
      expect([name, access.includes('administrator') || access.includes('auditor')]).toEqual([name, false])
    }
  })

  it('has a handler for each row and none beside them', () => {
    const served = screen.app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path}`)
    expect(served.sort()).toEqual(rows.map(([, { method, path }]) => `${method} ${path}`).sort())
  })
})

describe.each([...callers, 'stranger'] as const)('%s', (role) => {
  it.each(rows.map(([name]) => name))('%s', async (name) => {
    const contract: RouteContract = routes[name]
    if (name === 'session.end') return
    const denied = deniedAs(contract, role)
    const whose: Whose[] = isScoped(contract) ? ['none', 'other', 'own'] : ['own']
    let missing = ''
    for (const of of whose) {
      const answer = await asked(name, role, of)
      const told = code(answer)
      if (denied !== undefined) {
        expect([name, of, answer.status, told]).toEqual([name, of, ...denied])
        continue
      }
      const beyond = of === 'none' || (of === 'other' && (role === 'committee' || role === 'branch'))
      if (isScoped(contract) && beyond) {
        expect([name, of, answer.status]).toEqual([name, of, 404])
        // What belongs to another and what does not exist answer alike, to the last byte.
        missing ||= answer.text
        expect(answer.text).toBe(missing)
      } else expect([name, of, letIn(answer, contract) || answer.text]).toEqual([name, of, true])
    }
  })
})

it('refused attempts stand in the audit, each with who and what', async () => {
  const { json } = await screen.ask('GET /api/audit?limit=200')
  const entries = (json as { items: { action: string; outcome: string; role: string; subject: string }[] })
    .items
  expect(entries.length).toBeGreaterThan(50)
  const pages = await screen.audit.page({ after: undefined, limit: 5000, subject: parts.west.homeCase })
  const beyond = pages.filter(({ outcome }) => outcome === 'not_in_part')
  expect(new Set(beyond.map(({ role }) => role))).toEqual(new Set(['committee', 'branch']))
  expect((await screen.audit.verify()).brokenAt).toBeNull()
})

/** Status and code with which the row keeps this role out whatever he names; undefined when it does not. */
function deniedAs({ access }: RouteContract, role: CallerRole | 'stranger'): [number, string] | undefined {
  if (access === 'anyone') return undefined
  if (role === 'stranger') return [401, 'unauthorised']
  if (access === 'signed-in') return role === 'operator' ? [404, 'not_found'] : undefined
  return access.includes(role) ? undefined : [404, 'not_found']
}

function isScoped({ scope, params }: RouteContract): boolean {
  return params !== undefined && !['none', 'region', 'part'].includes(scope)
}

function code({ json }: Answer): string {
  return (json as { error?: { code: string } } | undefined)?.error?.code ?? ''
}

/** Let in is who is not kept out: what he asks for may still be refused for what it is. */
function letIn(answer: Answer, { scope }: RouteContract): boolean {
  const told = code(answer)
  return (
    answer.status !== 500 &&
    ![
      'unauthorised',
      'not_found',
      `${scope}_not_found`,
      'bad_request',
      'cross_site',
      'wrong_content_type',
    ].includes(told)
  )
}

async function asked(name: RouteName, role: CallerRole | 'stranger', of: Whose): Promise<Answer> {
  const { method, path }: RouteContract = routes[name]
  const sample = samples[name]
  if (!sample) throw new Error(`test/http/samples.ts has no sample of ${name}`)
  const belongings: Belongings = of === 'other' ? parts.west : parts.east
  const side = sample.side ?? 'home'
  const ids: Record<string, string> = {
    case: side === 'home' ? belongings.homeCase : belongings.hostCase,
    member: belongings.member,
    arrival: belongings.arrival,
    organisation: belongings.branch,
  }
  const id = of === 'none' ? parts.none : (ids[routes[name].scope] ?? parts.none)
  const filled = path
    .replace(':id', sample.id ?? id)
    .replace(':node', shenzhen)
    .replace(/:(kind|verb)/, sample.word ?? '')
    .replace(':row', '1')
  const body = typeof sample.body === 'function' ? sample.body(belongings) : sample.body
  const route = `${method} ${filled}${sample.query?.(parts) ?? ''}`
  if (role === 'operator') return screen.ask(route, body === undefined ? {} : { json: body })
  // Strangers come from everywhere: one that asks so much from one place would be told to wait.
  const browser = browsers.get(role) ?? new Browser(`10.8.${strangers >> 8}.${strangers++ & 255}`)
  const file = routes[name].csrf === 'file' ? { 'content-type': 'application/octet-stream' } : {}
  return screen.from(browser, route, body, file)
}
