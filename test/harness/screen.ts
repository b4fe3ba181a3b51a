/**
 * The office's API as a program or a browser meets it: requests through the very app that listens, with the headers
 * given, and every answer held against the schema of its row.
 */
import { type HttpBindings } from '@hono/node-server'
import { addressesBehind } from '../../node/http/addresses.ts'
import { Rates } from '../../node/rates.ts'
import { Site } from '../../node/http/site.ts'
import { officeApp } from '../../node/http/office.ts'
import { Counts, Pages, Pulses } from '../../node/pages/index.ts'
import { type PageReader } from '../../node/store/database.ts'
import { type ProviderOptions } from '../../node/accounts/index.ts'
import { type Log } from '../../node/log.ts'
import { openOffice, type Office } from '../../node/office.ts'
import { type Region } from '../../node/region.ts'
import { CaseDesk } from '../../node/http/case-desk.ts'
import { routes, type Role, type RouteContract, type RouteName } from '../../protocol/index.ts'
import { Browser } from './accounts.ts'
import { type App } from './network.ts'
import { seededRandom } from './random.ts'
import { silent } from './region.ts'

export const token = 'a-token-of-this-machine'
export const origin = 'http://127.0.0.1:7311'

export interface Asked {
  body?: string | Uint8Array
  json?: unknown
  headers?: Record<string, string>
  address?: string
}
export interface Answer {
  status: number
  text: string
  headers: Headers
  json: unknown
}

export interface Screen extends Office {
  readonly app: App
  readonly region: Region
  /** Rows whose answer has been seen, each of it fitting. */
  readonly answered: Set<RouteName>
  /** As the command line asks. */
  ask(route: string, asked?: Asked): Promise<Answer>
  /** As a page of ours asks, with the cookies of this browser. */
  from(browser: Browser, route: string, json?: unknown, headers?: Record<string, string>): Promise<Answer>
  /** Somebody of this role, signed in. */
  somebody(role: Role, organisation?: string | null): Promise<Browser>
}

/** Pages read PostgreSQL: a test on memory that asks for one fails. */
const noPages: PageReader = { rows: () => Promise.reject(new Error('this test has no PostgreSQL')) }

export function openScreen(
  region: Region,
  log: Log = silent,
  reader: PageReader = noPages,
  oidc?: ProviderOptions,
): Screen {
  const rates = new Rates(region.clock)
  const office = openOffice({
    region,
    random: seededRandom(5),
    origin,
    rates,
    ...{ oidc, log },
    passwords: { costLog2: 4 },
  })
  const answered = new Set<RouteName>()
  const app = officeApp({
    ...{ region, desk: new CaseDesk(region), ...office, token, federationUrl: 'http://127.0.0.1:1', log },
    ...{ site: new Site(origin, 7311), rates, addresses: addressesBehind() },
    ...{ pages: new Pages(reader), counts: new Counts(reader, region.clock) },
    pulses: new Pulses(reader, region),
    configured: { origin, trustedProxies: [] },
    onAnswer: (name, value) => {
      demandFit(name, value)
      answered.add(name)
    },
  })
  let people = 0
  const from: Screen['from'] = async (browser, route, json, headers = {}) => {
    const page = {
      host: new URL(origin).host,
      origin,
      'sec-fetch-site': 'same-origin',
      cookie: browser.cookie,
    }
    // A page of ours says that it sends JSON even where there is nothing to say.
    const form = route.startsWith('POST') ? { json: json ?? {} } : {}
    const type = { 'content-type': 'application/json' }
    const answer = await send(
      app,
      route,
      { ...form, headers: { ...page, ...type, ...headers } },
      browser.address,
    )
    browser.keep(answer.headers.getSetCookie())
    return answer
  }
  return {
    ...office,
    ...{ app, region, answered, from },
    ask: (route, asked = {}) => {
      const headers = { authorization: `Bearer ${token}`, ...asked.headers }
      return send(app, route, { ...asked, headers }, asked.address ?? '127.0.0.1')
    },
    somebody: async (role, organisation = null) => {
      const account = `somebody${++people}`
      const { oneTimePassword } = await office.accounts.create({
        account,
        name: `某人${people}`,
        role,
        organisation,
      })
      const browser = new Browser(`10.9.${people >> 8}.${people & 255}`)
      const password = `湖光 ${people} lantern orbit`
      await from(browser, 'POST /api/session', { account, password: oneTimePassword })
      await from(browser, 'POST /api/session/password', { current: oneTimePassword, next: password })
      return browser
    },
  }
}

export async function send(app: App, route: string, asked: Asked, address: string): Promise<Answer> {
  const [method = 'GET', path = '/'] = route.split(' ')
  const body = asked.json === undefined ? (asked.body ?? '') : JSON.stringify(asked.json)
  async function* parts(): AsyncGenerator<Uint8Array> {
    await Promise.resolve()
    if (body.length > 0) yield Buffer.from(body as string)
  }
  const headers = Object.fromEntries(
    Object.entries(asked.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  )
  const incoming = Object.assign(parts(), { headers, socket: { remoteAddress: address } })
  const response = await app.request(path, { method, headers }, { incoming } as unknown as HttpBindings)
  const text = await response.text()
  return { status: response.status, text, headers: response.headers, json: parsed(text) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Throws, so that the answer is a 500, when it has not the shape its row promises, or more than that. */
function demandFit(name: RouteName, value: unknown): void {
  const { answer }: RouteContract = routes[name]
  if (typeof answer === 'string') return
  const sent: unknown = JSON.parse(JSON.stringify(value))
  const fit = answer.safeParse(sent)
  if (!fit.success) throw new Error(`${name}: ${fit.error.message}`)
}
