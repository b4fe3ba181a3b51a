/** Other sites, strangers in a hurry, and what every answer says of itself. */
import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { rateBuckets } from '../../node/rates.ts'
import { Site } from '../../node/http/site.ts'
import { routes, type RouteContract } from '../../protocol/index.ts'
import { Browser } from '../harness/accounts.ts'
import { openScreen, origin, send, type Answer, type Screen } from '../harness/screen.ts'
import { openTestRegion, type TestRegion } from '../harness/region.ts'
import { newWorld, xinyang, type World } from '../harness/world.ts'

let world: World
let opened: TestRegion
let screen: Screen
let officer: Browser
beforeEach(async () => {
  world = newWorld()
  opened = openTestRegion({ ...world, node: xinyang })
  screen = openScreen(opened.region)
  officer = await screen.somebody('administrator')
})

const codeOf = ({ json }: Answer) => (json as { error?: { code: string } }).error?.code ?? 'let in'
const host = new URL(origin).host
const fromPage = { host, origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }

describe('a request with an effect', () => {
  const ask = (
    headers: Record<string, string | undefined>,
    body = '{"current":"x","next":"mondschein 北斗 kiesel 88"}',
  ) => {
    const given = Object.entries({ ...fromPage, cookie: officer.cookie, ...headers })
    const sent = Object.fromEntries(given.filter((pair): pair is [string, string] => pair[1] !== undefined))
    return send(screen.app, 'POST /api/session/password', { body, headers: sent }, '10.0.0.1')
  }

  it.each<[string, Record<string, string | undefined>, string]>([
    ['another origin', { origin: 'https://evil.test' }, 'cross_site'],
    ['the origin of another port', { origin: 'http://127.0.0.1:8080' }, 'cross_site'],
    ['no origin to speak of', { origin: 'null' }, 'cross_site'],
    ['another site', { 'sec-fetch-site': 'cross-site' }, 'cross_site'],
    ['a neighbour of the site', { 'sec-fetch-site': 'same-site' }, 'cross_site'],
    ['an address typed in', { 'sec-fetch-site': 'none' }, 'cross_site'],
    ['neither origin nor site', { origin: undefined, 'sec-fetch-site': undefined }, 'cross_site'],
    ['a name of DNS that leads here', { host: 'evil.test', origin: 'http://evil.test' }, 'cross_site'],
    ['no name at all', { host: '' }, 'cross_site'],
    ['a plain form', { 'content-type': 'application/x-www-form-urlencoded' }, 'wrong_content_type'],
    ['JSON that says it is text', { 'content-type': 'text/plain' }, 'wrong_content_type'],
    ['no content type', { 'content-type': undefined }, 'wrong_content_type'],
    ['a file where a form belongs', { 'content-type': 'application/octet-stream' }, 'wrong_content_type'],
  ])('is not heard from %s', async (_, headers, code) => {
    const answer = await ask(headers)
    expect([answer.status, codeOf(answer)]).toEqual([code === 'cross_site' ? 403 : 415, code])
  })

  it.each<[string, Record<string, string | undefined>]>([
    ['a page of ours', {}],
    ['an old browser that tells its origin alone', { 'sec-fetch-site': undefined }],
    ['this machine by its other name', { host: 'localhost:7311', origin: 'http://localhost:7311' }],
    ['a browser that names the charset', { 'content-type': 'application/json; charset=utf-8' }],
  ])('is heard from %s', async (_, headers) => {
    expect(codeOf(await ask(headers))).toBe('wrong_credentials')
  })

  it('is not heard from elsewhere before signing in either, and needs no page with the token of this machine', async () => {
    const signIn = { account: 'x', password: 'y' }
    const elsewhere = { ...fromPage, origin: 'https://evil.test' }
    expect(
      codeOf(await send(screen.app, 'POST /api/session', { json: signIn, headers: elsewhere }, '10.0.0.1')),
    ).toBe('cross_site')
    expect((await screen.ask('GET /api/accounts')).status).toBe(200)
  })
})

describe('a request that reads', () => {
  it('is not answered to a page of another site', async () => {
    const headers = { ...fromPage, cookie: officer.cookie }
    for (const site of ['cross-site', 'same-site'])
      expect(
        codeOf(
          await send(screen.app, 'GET /api/session', { headers: { ...headers, 'sec-fetch-site': site } }, ''),
        ),
      ).toBe('cross_site')
    for (const site of ['same-origin', 'none'])
      expect(
        (await send(screen.app, 'GET /api/session', { headers: { ...headers, 'sec-fetch-site': site } }, ''))
          .status,
      ).toBe(200)
  })

  it('has no effect by any other method', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD']) {
      const answer = await send(
        screen.app,
        `${method} /api/session/end`,
        { headers: { ...fromPage, cookie: officer.cookie } },
        '',
      )
      expect([401, 404]).toContain(answer.status)
    }
    expect((await screen.from(officer, 'GET /api/session')).status).toBe(200)
  })
})

describe('every answer', () => {
  it('is kept by nobody, run by nobody and framed by nobody, whatever it is', async () => {
    const paths = Object.values<RouteContract>(routes).map(({ method, path }) => `${method} ${path}`)
    for (const [i, route] of [...paths, 'GET /', 'GET /api/nothing', 'GET /nothing'].entries()) {
      const { headers } = await send(screen.app, route, { headers: { host } }, `10.7.0.${i}`)
      expect([route, headers.get('cache-control')]).toEqual([route, 'no-store'])
      expect(headers.get('content-security-policy')).toContain(`default-src 'none'; frame-ancestors 'none'`)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  it('of the page of the contract runs no script and has its one style by its hash', async () => {
    const { text, headers } = await screen.from(officer, 'GET /api/docs')
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]+';/)
    expect(policy).not.toMatch(/unsafe|script-src/)
    expect(text).not.toMatch(/<script|style=|on\w+=/)
    const [, style = ''] = /<style>([^]*?)<\/style>/.exec(text) ?? []
    expect(policy).toContain(createHash('sha256').update(style).digest('base64'))
    expect(text).toContain('/api/cases/query')
  })

  it('demands TLS where browsers come over TLS, and only there', () => {
    expect(new Site('https://office.test', 1).headers()['strict-transport-security']).toContain(
      'max-age=31536000',
    )
    expect(new Site('http://127.0.0.1:1', 1).headers()['strict-transport-security']).toBeUndefined()
  })
})

describe('who asks too much', () => {
  it('waits, before signing in by address and then by account, and the others do not', async () => {
    const hurried = new Browser('10.0.0.66')
    let waiting = ''
    for (let i = 0; i <= rateBuckets.strangers.most; i++)
      waiting = codeOf(await screen.from(hurried, 'GET /api/entrance'))
    expect(waiting).toBe('rate_limited')
    expect((await screen.from(new Browser('10.0.0.67'), 'GET /api/entrance')).status).toBe(200)
    const other = await screen.somebody('auditor')
    for (let i = 0; i <= rateBuckets.requests.most; i++)
      waiting = codeOf(await screen.from(officer, 'GET /api/node'))
    expect(waiting).toBe('rate_limited')
    expect((await screen.from(other, 'GET /api/node')).status).toBe(200)
    await world.clock.advance(1000)
    const answer = await screen.from(officer, 'GET /api/node')
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([200, null])
  })

  it('fills no audit with what is not for him', async () => {
    const curious = await screen.somebody('auditor')
    for (let i = 0; i < 3 * rateBuckets.requests.most; i++) await screen.from(curious, 'GET /api/accounts')
    const entries = await screen.audit.page({ after: undefined, limit: 2000 })
    const refused = entries.filter(({ outcome }) => outcome === 'not_for_role').length
    expect(refused).toBeGreaterThan(100)
    expect(refused).toBeLessThanOrEqual(rateBuckets.requests.most)
  })

  it('is told how long', async () => {
    const hurried = new Browser('10.0.0.68')
    let answer = await screen.from(hurried, 'GET /api/entrance')
    while (answer.status === 200) answer = await screen.from(hurried, 'GET /api/entrance')
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '1'])
    expect(answer.json).toMatchObject({ error: { seconds: 1 } })
  })
})

it('a defect is told by an id under which the log has it, and nothing else', async () => {
  opened.store.watch = () => {
    throw new Error('王五 110101199001011234')
  }
  const logged: unknown[] = []
  const failing = openScreen(opened.region, {
    info: () => undefined,
    warn: () => undefined,
    error: (_, fields) => void logged.push(fields),
  })
  const answer = await failing.ask('GET /api/peers')
  const { id } = (answer.json as { error: { id: string } }).error
  expect(answer.status).toBe(500)
  expect(logged).toMatchObject([{ id, code: 'Error' }])
  expect(answer.text + JSON.stringify(logged)).not.toMatch(/王五|110101/)
})
