/** The office's API: nothing without the token, everything in both languages, and of a defect nothing but that. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type LogFields } from '../../node/log.ts'
import { apiErrorSchema, nodeInfoSchema, routes } from '../../protocol/index.ts'
import { settled } from '../harness/clock.ts'
import { freshDatabase, type FreshDatabase } from '../harness/database.ts'
import { dumpOf, without } from '../harness/dump.ts'
import { idNumberOf } from '../harness/people.ts'
import { openTestRegion, silent, type TestRegion } from '../harness/region.ts'
import { newWorld, shenzhen, twoRegions, xinyang, type Side } from '../harness/world.ts'
import { openScreen, token, type Answer, type Asked, type Screen } from '../harness/screen.ts'

const logged: { event: string; fields: LogFields | undefined }[] = []

function screenOf({ region }: TestRegion): Screen {
  const log = { ...silent, error: (event: string, fields?: LogFields) => void logged.push({ event, fields }) }
  return openScreen(region, log)
}

function ask({ ask: send }: Screen, route: string, asked: Asked = {}): Promise<Answer> {
  return send(route, asked)
}

/** The answer's code, demanding that it is told in both languages. */
function codeOf({ text }: { text: string }): string {
  const { code, zh, en } = apiErrorSchema.parse(JSON.parse(text)).error
  expect(zh).toMatch(/\p{Script=Han}/u)
  expect(en).toMatch(/^[A-Z][^\p{Script=Han}]+\.?$/u)
  return code
}

let home: Side
let app: Screen
let caseId = ''
beforeEach(async () => {
  logged.length = 0
  ;({ home } = await twoRegions())
  app = screenOf(home)
  await home.office.roster({ idNumber: idNumberOf(1), name: '王五' })
  const outflow = { destination: { code: shenzhen, text: '深圳' } }
  await home.office.outflow({ idNumber: idNumberOf(1), host: shenzhen, outflow })
  caseId = (await home.office.onlyCase(shenzhen)).row.id
  // What was just said is sealed and sent, so that nothing moves any more by itself.
  await settled()
})

describe('the token', () => {
  const closed = () => {
    const all = app.app.routes.filter(({ method }) => method !== 'ALL')
    const open = new Set(
      Object.values(routes).flatMap((row) => (row.access === 'anyone' ? [row.path as string] : [])),
    )
    return [
      ...new Set(all.filter(({ path }) => !open.has(path)).map(({ method, path }) => `${method} ${path}`)),
    ]
  }
  const filled = (route: string) =>
    route.replace(':id', caseId).replace(':node', shenzhen).replace(':kind', 'roster')

  it('is needed on every route there is', async () => {
    expect(closed().length).toBeGreaterThan(15)
    let asked = 0
    for (const route of closed()) {
      expect(route).toMatch(/^(GET|POST) \/api\//)
      for (const authorization of [
        '',
        'Bearer',
        'Bearer ',
        `bearer ${token}`,
        `Bearer ${token}x`,
        token,
        `Bearer ${token.slice(1)}`,
      ]) {
        // From another place each time: whoever guesses from one is soon told to wait.
        const address = `10.0.${asked >> 8}.${asked++ & 255}`
        const answer = await ask(app, filled(route), { headers: { authorization }, address })
        expect([route, answer.status, codeOf(answer)]).toEqual([route, 401, 'unauthorised'])
      }
      const let_in = await ask(app, filled(route))
      expect([route, let_in.status]).not.toEqual([route, 401])
      expect(let_in.headers.get('cache-control')).toBe('no-store')
    }
  })

  it.each([
    '/%61pi/node',
    '//api/node',
    '/api//node',
    '/api/%6eode',
    '/x/../api/node',
    '/API/node',
    '/api/../api/node',
  ])('is not got round by writing the address %s', async (path) => {
    const answer = await ask(app, `GET ${path}`, { headers: { authorization: '' } })
    expect([401, 404]).toContain(answer.status)
    expect(answer.text).not.toContain('kid')
  })

  it('is needed to learn that an address does not exist', async () => {
    expect((await ask(app, 'GET /api/nothing', { headers: { authorization: '' } })).status).toBe(401)
    const answer = await ask(app, 'GET /api/nothing')
    expect([answer.status, codeOf(answer)]).toEqual([404, 'not_found'])
  })
})

describe('what is asked wrongly', () => {
  const dispute = () => `POST /api/cases/${caseId}/amend`
  it.each<[string, string, Asked, number, string]>([
    ['no JSON', 'amend', { body: '{' }, 400, 'bad_request'],
    ['nothing', 'amend', {}, 400, 'bad_request'],
    ['another form', 'amend', { body: '{"person":{}}' }, 400, 'bad_request'],
    ['an extra member', 'close', { body: '{"reason":"death","side":"host"}' }, 400, 'bad_request'],
    ['a day that never was', 'return', { body: '{"returnedOn":"2025-02-30"}' }, 400, 'bad_request'],
    ['too much', 'amend', { body: ' '.repeat(300_000) }, 413, 'too_large'],
    [
      'something compressed',
      'amend',
      { body: 'x', headers: { 'content-encoding': 'gzip' } },
      400,
      'bad_request',
    ],
    ['a NUL', 'notice', { body: '{"on":"2025-01-01","subject":"x\\u0000","text":"y"}' }, 400, 'bad_request'],
    [
      'half a character',
      'notice',
      { body: '{"on":"2025-01-01","subject":"x\\ud800","text":"y"}' },
      400,
      'bad_request',
    ],
    [
      'control characters',
      'notice',
      { body: JSON.stringify({ on: '2025-01-01', subject: 'x', text: '\u0001'.repeat(4000) }) },
      400,
      'bad_request',
    ],
    ['a verb of the other side', 'place', { body: '{"branch":"x"}' }, 409, 'not_host_of_case'],
  ])('%s', async (_name, verb, asked, status, code) => {
    const before = without(await dumpOf(home.store), 'audit')
    const answer = await ask(app, `POST /api/cases/${caseId}/${verb}`, asked)
    expect([answer.status, codeOf(answer)]).toEqual([status, code])
    expect(without(await dumpOf(home.store), 'audit')).toEqual(before)
    expect(logged).toEqual([])
  })

  it('is told as what a second return is, in words', async () => {
    const verb = `POST /api/cases/${caseId}/return`
    expect((await ask(app, verb, { body: '{"returnedOn":"2025-02-01"}' })).status).toBe(200)
    const again = await ask(app, verb, { body: '{"returnedOn":"2025-02-01"}' })
    expect([again.status, codeOf(again)]).toEqual([409, 'already_returned'])
    expect(dispute()).toContain(caseId)
  })

  it('is told for every address that names what is not there', async () => {
    const none = '019ca000-0000-7000-8000-000000000001'
    for (const [route, body, status, code] of [
      [`GET /api/cases/${none}`, '', 404, 'case_not_found'],
      [`GET /api/cases/${none}/shared`, '', 404, 'case_not_found'],
      [`GET /api/cases/${none}/evidence`, '', 404, 'case_not_found'],
      [`POST /api/cases/${none}/close`, '{"reason":"death"}', 404, 'case_not_found'],
      ['GET /api/cases/x', '', 404, 'not_found'],
      ['GET /api/cases', '', 400, 'bad_request'],
      [`GET /api/imports/${none}`, '', 404, 'import_not_found'],
      [`GET /api/imports/${none}/held.xlsx`, '', 404, 'import_not_found'],
      ['POST /api/imports/letters', '', 404, 'not_found'],
      ['POST /api/peers/999999/pause', '{"paused":true}', 404, 'peer_not_found'],
      ['GET /api/peers/999999/comparison', '', 404, 'peer_not_found'],
      [`GET /api/peers/${shenzhen}/comparison?home=999999`, '', 400, 'bad_request'],
    ] as const) {
      const answer = await ask(app, route, { body })
      expect([route, answer.status, codeOf(answer)]).toEqual([route, status, code])
    }
  })

  it('is mended where a keyboard writes letters in two parts', async () => {
    const body = JSON.stringify({ on: '2025-01-01', subject: 'Cafe\u0301', text: '통지'.normalize('NFD') })
    expect((await ask(app, `POST /api/cases/${caseId}/notice`, { body })).status).toBe(200)
    expect(await home.office.said(shenzhen)).toContain('notice.sent')
  })

  it('is refused, unmended, where letters have thousands of marks', async () => {
    const text = `x${'\u0300'.repeat(3900)}${'\u0316'.repeat(3900)}`
    const normalised = vi.spyOn(String.prototype, 'normalize')
    const body = JSON.stringify({ on: '2025-01-01', subject: '通知', text })
    const answer = await ask(app, `POST /api/cases/${caseId}/notice`, { body })
    const texts = normalised.mock.contexts.map(String)
    normalised.mockRestore()
    expect([answer.status, codeOf(answer)]).toEqual([400, 'bad_request'])
    expect(texts.filter((each) => each.includes('\u0316'))).toEqual([])
  })
})

describe('a defect', () => {
  it('is answered with nothing of its message, which goes to no log either', async () => {
    home.store.watch = () => {
      throw new Error('王五 110101199001011234 at 10.0.0.1')
    }
    const answer = await ask(app, 'GET /api/peers')
    expect([answer.status, codeOf(answer)]).toEqual([500, 'internal'])
    expect(answer.text + JSON.stringify(logged)).not.toMatch(/王五|110101|10\.0\.0\.1/)
    expect(logged).toMatchObject([{ fields: { code: 'Error' } }])
  })
})

describe('what the machine lacks', () => {
  it.each([
    ['a full disk', '53100', 507, 'disk_full'],
    ['a disk that is full for the node itself', 'ENOSPC', 507, 'disk_full'],
    ['a database that was stopped', '57P01', 503, 'database_away'],
    ['a database that cannot be reached', 'CONNECTION_CLOSED', 503, 'database_away'],
  ])('is told as such: %s', async (_, code, status, told) => {
    home.store.watch = () => {
      throw new Error('a query failed', { cause: Object.assign(new Error('王五'), { code }) })
    }
    const answer = await ask(app, 'GET /api/peers')
    expect([answer.status, codeOf(answer)]).toEqual([status, told])
    expect(answer.text + JSON.stringify(logged)).not.toContain('王五')
    expect(logged).toHaveLength(1)
  })
})

it('says who this node is', async () => {
  const info = nodeInfoSchema.parse(JSON.parse((await ask(app, 'GET /api/node')).text))
  expect(info).toMatchObject({ node: xinyang, members: 1, kid: home.region.keyring.kid })
})

describe('over PostgreSQL', () => {
  let database: FreshDatabase
  let strict: Screen
  beforeAll(async () => {
    database = await freshDatabase()
    strict = screenOf(openTestRegion({ ...newWorld(), node: xinyang, store: database.store }))
  })
  afterAll(() => database.close())

  it.each([
    'GET /api/cases?peer=%00',
    `GET /api/cases?peer=${shenzhen}&after=%00`,
    `GET /api/cases?peer=${shenzhen}&after=x`,
    `GET /api/cases?peer=${shenzhen}&home=%00`,
    'GET /api/cases?peer=%ff',
    `GET /api/peers/%00/comparison`,
    `GET /api/peers/x/comparison?home=%00`,
    `GET /api/peers/${shenzhen}/comparison?home=%00`,
  ])('%s is no defect', async (route) => {
    const answer = await ask(strict, route)
    expect([400, 404]).toContain(answer.status)
    codeOf(answer)
    const pause = await ask(strict, 'POST /api/peers/%00/pause', { body: '{"paused":true}' })
    expect(pause.status).toBe(404)
  })
})
