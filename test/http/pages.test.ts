/** The pages: what they show of whom, how they go on, and what leaves a trace. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rateBuckets } from '../../node/rates.ts'
import { readSheetsHere, writeTable } from '../../node/workbooks/index.ts'
import {
  type arrivalPageSchema,
  type AuditEntry,
  type CaseRowView,
  type heldRowsSchema,
  type memberPageSchema,
  type Overview,
  type Role,
} from '../../protocol/index.ts'
import { type z } from 'zod'
import { type Browser } from '../harness/accounts.ts'
import { freshDatabase, type FreshDatabase } from '../harness/database.ts'
import { Office } from '../harness/office.ts'
import { twoParts, type TwoParts } from '../harness/parts.ts'
import { idNumberOf } from '../harness/people.ts'
import { silent } from '../harness/region.ts'
import { openScreen, token, type Answer, type Screen } from '../harness/screen.ts'
import { shenzhen } from '../harness/world.ts'

let database: FreshDatabase
let parts: TwoParts
let screen: Screen
const people = {} as Record<Role, Browser>

beforeAll(async () => {
  database = await freshDatabase()
  parts = await twoParts(database.store)
  screen = openScreen(parts.region, silent, database.pages)
  for (const role of ['officer', 'auditor', 'administrator'] as const)
    people[role] = await screen.somebody(role)
  people.committee = await screen.somebody('committee', parts.east.committee)
  people.branch = await screen.somebody('branch', parts.east.branch)
})
afterAll(() => database.close())

type Members = z.infer<typeof memberPageSchema>
type Arrivals = z.infer<typeof arrivalPageSchema>
const codeOf = ({ json }: Answer) => (json as { error?: { code: string } }).error?.code
async function ask<T>(role: Role, route: string, json?: unknown): Promise<T> {
  const answer = await screen.from(people[role], route, json)
  expect([route, answer.status, answer.text.slice(0, 200)]).toMatchObject([route, 200, expect.anything()])
  return answer.json as T
}

describe('a list', () => {
  it.each<[string, string, object]>([
    ['members', 'POST /api/members/query', {}],
    ['members by name', 'POST /api/members/query', { search: '王' }],
    ['cases away', 'POST /api/cases/query', { side: 'home' }],
    ['cases here', 'POST /api/cases/query', { side: 'host' }],
    ['cases here by name', 'POST /api/cases/query', { side: 'host', search: '李' }],
    ['arrivals', 'POST /api/arrivals/query', {}],
  ])(
    'of %s holds the whole region for its officer and one’s own people for a committee or branch',
    async (_, route, query) => {
      const all = await ask<{ items: { id: string; organisation: { id: string } }[] }>(
        'officer',
        route,
        query,
      )
      expect(all.items.map(({ organisation }) => organisation.id).sort()).toEqual(
        [parts.east.branch, parts.west.branch].sort(),
      )
      for (const role of ['committee', 'branch'] as const) {
        const own = await ask<typeof all>(role, route, query)
        expect(own.items.map(({ organisation }) => organisation.id)).toEqual([parts.east.branch])
        // Another's organisation in a filter is none; one's own is.
        const foreign = await screen.from(people[role], route, { ...query, organisation: parts.west.branch })
        expect([foreign.status, codeOf(foreign)]).toEqual([404, 'organisation_not_found'])
        expect(
          (await ask<typeof all>(role, route, { ...query, organisation: parts.east.branch })).items,
        ).toHaveLength(1)
      }
    },
  )

  it.each<[string, object]>([
    ['POST /api/members/query', { limit: 1 }],
    ['POST /api/members/query', { limit: 1, search: '王' }],
    ['POST /api/cases/query', { limit: 1, side: 'home' }],
    ['POST /api/cases/query', { limit: 1, side: 'host', search: '李' }],
    ['POST /api/arrivals/query', { limit: 1 }],
    ['POST /api/activities/query', { limit: 1 }],
  ])('%s %j goes on where it stopped, to its end, each row once', async (route, query) => {
    const seen: string[] = []
    for (let after: string | null = ''; after !== null;) {
      const page: { items: { id: string }[]; next: string | null } = await ask('officer', route, {
        ...query,
        ...(after === '' ? {} : { after }),
      })
      seen.push(...page.items.map(({ id }) => id))
      after = page.next
    }
    expect(new Set(seen).size).toBe(seen.length)
    const whole = await ask<{ items: unknown[] }>('officer', route, { ...query, limit: 200 })
    expect(seen).toHaveLength(whole.items.length)
  })

  it('finds by the beginning of a name, taken literally, and a member by his whole number', async () => {
    const find = async (search: string) =>
      (await ask<Members>('officer', 'POST /api/members/query', { search })).items
    expect(await find('王东')).toHaveLength(1)
    expect(await find('东')).toHaveLength(0)
    for (const wild of ['%', '_', '\\', '王%', "' or 1=1 --"])
      expect([wild, await find(wild)]).toEqual([wild, []])
    expect((await find(idNumberOf(10))).map(({ name }) => name)).toEqual(['王东'])
    expect(await find(idNumberOf(20))).toEqual([])
    const west = await screen.from(people.branch, 'POST /api/members/query', { search: idNumberOf(11) })
    expect(west.json).toEqual({ items: [], next: null })
  })

  it.each(['sort', 'order', 'orderBy', 'columns', 'where'])(
    'takes no %s: what it sorts by is not the caller’s to say',
    async (field) => {
      for (const route of ['POST /api/members/query', 'POST /api/cases/query', 'POST /api/arrivals/query'])
        expect(
          codeOf(
            await screen.from(people.officer, route, { side: 'home', [field]: 'name; drop table members' }),
          ),
        ).toBe('bad_request')
    },
  )

  it('takes an `after` of nobody as no reason to fail', async () => {
    for (const after of ['x', 'WyJhIl0', Buffer.from('[1,2]').toString('base64url'), "'; select 1"])
      expect((await screen.from(people.officer, 'POST /api/members/query', { after })).status).toBe(200)
  })
})

describe('numbers', () => {
  it('are masked on every page, for everybody who is signed in', async () => {
    const clear = [10, 11, 20, 21].map(idNumberOf).concat(['13800001110', '13900002220', '13700003330'])
    const pages = await Promise.all([
      screen.from(people.officer, 'POST /api/members/query', {}),
      screen.from(people.officer, 'POST /api/arrivals/query', {}),
      screen.from(people.officer, 'POST /api/cases/query', { side: 'host' }),
      screen.from(people.officer, `GET /api/members/${parts.east.member}`),
      screen.from(people.officer, `GET /api/cases/${parts.east.hostCase}`),
      screen.from(people.officer, `GET /api/cases/${parts.east.homeCase}`),
    ])
    for (const { status, text } of pages) {
      expect(status).toBe(200)
      for (const number of clear) expect(text).not.toContain(number)
    }
    const [members, , , detail] = pages.map(({ json }) => json as Members & { phone: string })
    expect(members?.items[0]?.idNumber).toMatch(/^999\*{11}\w{4}$/)
    expect(detail?.phone).toBe('138****1110')
    expect((pages[4]?.json as { hostFacts: { deviations: object[] } }).hostFacts.deviations).toContainEqual({
      field: 'phone',
      home: '139****2220',
      host: '137****3330',
    })
  })

  it('are shown one at a time, for a purpose, and the audit says to whom and why', async () => {
    const shown = await ask<{ value: string }>('branch', `POST /api/members/${parts.east.member}/reveal`, {
      field: 'idNumber',
      purpose: 'identity-check',
    })
    expect(shown.value).toBe(idNumberOf(10))
    const audit = await screen.audit.page({ after: undefined, limit: 2, subject: parts.east.member })
    expect(audit).toMatchObject([
      { action: 'member.reveal', outcome: 'done', role: 'branch' },
      { action: 'member.reveal', outcome: 'begun', detail: { field: 'idNumber', purpose: 'identity-check' } },
    ])
    expect(JSON.stringify(audit)).not.toContain(idNumberOf(10))
    for (const body of [
      { field: 'idNumber' },
      { field: 'idNumber', purpose: 'curious' },
      { field: 'name', purpose: 'contact' },
    ])
      expect(
        codeOf(await screen.from(people.branch, `POST /api/members/${parts.east.member}/reveal`, body)),
      ).toBe('bad_request')
    const other = await screen.from(people.branch, `POST /api/members/${parts.west.member}/reveal`, {
      field: 'phone',
      purpose: 'contact',
    })
    expect([other.status, codeOf(other)]).toEqual([404, 'member_not_found'])
    const phone = { field: 'phone', purpose: 'contact' }
    expect(await ask('officer', `POST /api/arrivals/${parts.east.arrival}/reveal`, phone)).toEqual({
      value: '13700003330',
    })
    const ofHome = { field: 'homePhone', purpose: 'contact' }
    expect(await ask('officer', `POST /api/cases/${parts.east.hostCase}/reveal`, ofHome)).toEqual({
      value: '13900002220',
    })
  })

  it('are not read out in rows: whoever asks for many waits, and the audit has it', async () => {
    const curious = await screen.somebody('officer')
    const reveal = () =>
      screen.from(curious, `POST /api/members/${parts.east.member}/reveal`, {
        field: 'phone',
        purpose: 'dues',
      })
    let answer = await reveal()
    for (let i = 0; i < rateBuckets.reveals.most; i++) answer = await reveal()
    expect([answer.status, codeOf(answer)]).toEqual([429, 'rate_limited'])
    const [last] = await screen.audit.page({ after: undefined, limit: 1 })
    expect(last).toMatchObject({ action: 'member.reveal', outcome: 'rate_limited' })
    expect((await screen.from(curious, 'POST /api/members/query', {})).status).toBe(200)
  })
})

describe('an export', () => {
  it('holds the rows of the page, masked and within the part, in cells that nothing runs', async () => {
    const office = new Office(parts.region)
    await office.roster({ idNumber: idNumberOf(40), name: '=cmd|x', branch: parts.east.branchName })
    const answer = await screen.app.request(
      '/api/members/export',
      {
        ...{ method: 'POST', headers: { authorization: `Bearer ${token}` } },
      },
      { incoming: Object.assign(one('{}'), { headers: {}, socket: {} }) } as never,
    )
    expect(answer.headers.get('content-type')).toContain('spreadsheetml')
    const [sheet] = await readSheetsHere(new Uint8Array(await answer.arrayBuffer()), 'x.xlsx')
    const cells = sheet?.rows.map(({ cells: row }) => row.map(({ kind, text }) => `${kind}:${text}`)) ?? []
    expect(cells).toHaveLength(4)
    expect(cells.flat()).toContain('text:=cmd|x')
    expect(cells.flat().join()).not.toContain(idNumberOf(10))
    const theirs = await screen.from(people.committee, 'POST /api/members/export', {})
    expect(theirs.status).toBe(200)
    const [entry] = await screen.audit.page({ after: undefined, limit: 1 })
    expect(entry).toMatchObject({ action: 'members.export', outcome: 'done' })
  })
})

async function* one(text: string): AsyncGenerator<Uint8Array> {
  await Promise.resolve()
  yield Buffer.from(text)
}

describe('the overview', () => {
  it('counts what there is, whole for the region and by part for others, and names nobody', async () => {
    const fresh = openScreen(parts.region, silent, database.pages)
    const look = async (role: Role) => {
      const answer = await fresh.from(people[role], 'GET /api/overview')
      expect(answer.text).not.toMatch(/王东|李东|王西|李西/)
      return answer.json as Overview
    }
    const whole = await look('officer')
    expect(whole.counts).toMatchObject({ members: 3, away: 2, here: 2 })
    expect(whole.waiting).toMatchObject({ asked: 0, denied: 0, deviating: 2, unplaced: 0, alarms: 0 })
    expect(whole.flows).toMatchObject([
      { peer: shenzhen, side: 'home', total: 2, pending: 2 },
      { peer: shenzhen, side: 'host', total: 2, deviating: 2 },
    ])
    expect(whole.trend).toHaveLength(12)
    expect(whole.trend.at(-1)).toMatchObject({ month: '2026-03', published: 2, arrived: 2 })
    expect(whole.peers).toHaveLength(1)
    const part = await look('branch')
    expect(part.counts).toMatchObject({ members: 2, away: 1, here: 1 })
    expect(part.trend.at(-1)).toMatchObject({ published: 1, arrived: 1 })
    expect([part.peers, part.waiting.alarms, part.waiting.heldRows]).toEqual([null, null, null])
    expect((await look('auditor')).counts).toEqual(whole.counts)
  })

  it('counts at once for many who ask together, and anew after a while', async () => {
    let asked = 0
    const counting = { rows: <T>(query: never) => (asked++, database.pages.rows<T>(query)) }
    const busy = openScreen(parts.region, silent, counting)
    await Promise.all(Array.from({ length: 20 }, () => busy.from(people.officer, 'GET /api/overview')))
    expect(asked).toBeLessThan(10)
  })
})

describe('work from a page', () => {
  it('registers an arrival in one’s own branch only, with a number that can be', async () => {
    const given = { home: shenzhen, name: '孙八', arrivedOn: '2026-02-03', idNumber: idNumberOf(50) }
    const add = (role: Role, more: object) =>
      screen.from(people[role], 'POST /api/arrivals', { ...given, ...more })
    expect(codeOf(await add('officer', { idNumber: '999999199001010000' }))).toBe('bad_id_number')
    expect(codeOf(await add('committee', { branch: parts.west.branchName }))).toBe('organisation_not_found')
    expect(codeOf(await add('committee', {}))).toBe('organisation_not_found')
    expect((await add('committee', { branch: parts.east.branchName })).json).toEqual({ result: 'added' })
    expect((await add('committee', { branch: parts.east.branchName })).json).toEqual({ result: 'unchanged' })
    const found = await ask<Arrivals>('branch', 'POST /api/arrivals/query', { search: '孙八' })
    expect(found.items).toMatchObject([{ name: '孙八', organisation: { id: parts.east.branch } }])
  })

  it('takes nobody out of the hands of another part who has registered him', async () => {
    const theirs = { home: shenzhen, name: '李西', idNumber: idNumberOf(21), branch: parts.east.branchName }
    expect(codeOf(await screen.from(people.committee, 'POST /api/arrivals', theirs))).toBe(
      'arrival_elsewhere',
    )
    const west = { organisation: parts.west.branch }
    const found = await ask<Arrivals>('officer', 'POST /api/arrivals/query', west)
    expect(found.items.map(({ name }) => name)).toEqual(['李西'])
  })

  it('reports a meeting for all who were there, names who cannot be, and nobody of another part', async () => {
    const activity = { kind: 'branchAssembly', on: '2026-02-12', title: '党员大会' }
    const ids = [parts.east.hostCase, parts.east.homeCase, parts.west.hostCase, parts.none]
    const first = await ask('branch', 'POST /api/activities/meeting', { activity, cases: ids })
    expect(first).toMatchObject({ reported: 2, unchanged: 0 })
    expect((first as { refused: object[] }).refused).toEqual(
      ids.slice(2).map((id) => ({ case: id, code: 'case_not_found' })),
    )
    expect(
      await ask('branch', 'POST /api/activities/meeting', { activity, cases: ids.slice(0, 2) }),
    ).toMatchObject({
      ...{ reported: 0, unchanged: 2 },
    })
    await screen.from(people.officer, `POST /api/cases/${parts.east.hostCase}/activities`, {
      kind: 'dues',
      on: '2026-02',
      amountFen: 1250,
    })
    const ledger = await ask<{ rows: { case: string; months: number[]; dues: number[]; lastOn: string }[] }>(
      'branch',
      'POST /api/activities/ledger',
      { organisation: parts.east.branch, year: 2026 },
    )
    const row = ledger.rows.find((each) => each.case === parts.east.hostCase)
    expect([row?.months[1], row?.dues[1], row?.lastOn]).toEqual([1, 1250, '2026-02-12'])
    const list = await ask<{ items: { ours: boolean; kind: string }[] }>(
      'branch',
      'POST /api/activities/query',
      {
        case: parts.east.hostCase,
      },
    )
    expect(list.items.map(({ kind, ours }) => `${kind} ${ours}`).sort()).toEqual([
      'branchAssembly true',
      'dues true',
    ])
    const foreign = { case: parts.west.hostCase }
    expect(await ask('branch', 'POST /api/activities/query', foreign)).toEqual({ items: [], next: null })
  })

  it('keeps the tree of organisations a tree, each name once', async () => {
    const add = (body: object) => screen.from(people.officer, 'POST /api/organisations', body)
    const made = await add({ name: '中共南湾街道委员会', kind: 'committee' })
    const { id } = made.json as { id: string }
    expect(codeOf(await add({ name: '中共南湾街道委员会', kind: 'committee' }))).toBe('organisation_taken')
    expect(codeOf(await add({ name: '中共另一委员会', kind: 'committee', parent: id }))).toBe(
      'organisation_place',
    )
    expect(codeOf(await add({ name: '中共某支部', kind: 'branch', parent: parts.east.branch }))).toBe(
      'organisation_place',
    )
    const change = (of: string, body: object) =>
      screen.from(people.officer, `POST /api/organisations/${of}/change`, body)
    expect(codeOf(await change(parts.east.branch, { parent: parts.east.branch }))).toBe('organisation_place')
    expect(codeOf(await change(parts.east.branch, { name: parts.west.branchName }))).toBe(
      'organisation_taken',
    )
    expect((await change(parts.west.branch, { parent: id })).json).toMatchObject({ parent: id })
    const seen = await ask<{ organisations: { name: string }[] }>('committee', 'GET /api/organisations')
    expect(seen.organisations.map(({ name }) => name)).toEqual(
      expect.not.arrayContaining([parts.west.branchName]),
    )
  })
})

describe('an import', () => {
  it('has its held rows on the screen, and a corrected one goes in like any other', async () => {
    const bytes = await writeTable(
      [{ heading: '姓名' }, { heading: '公民身份号码' }, { heading: '所在党支部' }],
      [
        ['周九', '999999190001010000', parts.east.branchName],
        ['吴十', idNumberOf(61), parts.east.branchName],
      ],
    )
    const headers = { 'content-type': 'application/octet-stream', 'x-file-name': 'x.xlsx' }
    const report = await screen.ask('POST /api/imports/roster', {
      body: Buffer.from(bytes) as never,
      headers,
    })
    expect(report.json).toMatchObject({ accepted: 1, held: 1 })
    const { id } = report.json as { id: string }
    const list = await ask<{ items: object[] }>('officer', 'GET /api/imports')
    expect(list.items[0]).toMatchObject({ id, kind: 'roster', held: 1, rows: 2 })
    const held = await ask<z.infer<typeof heldRowsSchema>>('officer', `GET /api/imports/${id}/rows`)
    expect(held.items).toMatchObject([{ row: 2, state: 'held', faults: [{ code: 'id-bad-checksum' }] }])
    const correct = (cells: object) =>
      screen.from(people.officer, `POST /api/imports/${id}/rows/2`, { cells })
    const still = await correct({ 公民身份号码: '999999190001010001', 不存在的列: 'x' })
    expect(still.json).toMatchObject({
      state: 'held',
      row: { cells: { 公民身份号码: '999***********0001' } },
    })
    expect((await correct({ 公民身份号码: idNumberOf(62) })).json).toEqual({ state: 'accepted', row: null })
    expect(codeOf(await correct({ 公民身份号码: idNumberOf(63) }))).toBe('row_not_held')
    const found = await ask<Members>('officer', 'POST /api/members/query', { search: '周九' })
    expect(found.items).toHaveLength(1)
    expect(await ask('officer', `GET /api/imports/${id}`)).toMatchObject({ accepted: 2, held: 0 })
    const audit = JSON.stringify(await screen.audit.page({ after: undefined, limit: 20, subject: id }))
    expect(audit).toContain('imports.correct')
    expect(audit).not.toContain(idNumberOf(62))
  })
})

describe('a peer', () => {
  it('is shown with agreement and streams to who runs the node and to the auditor, and without anybody’s name', async () => {
    for (const role of ['administrator', 'auditor', 'officer'] as const) {
      const detail = await screen.from(people[role], `GET /api/peers/${shenzhen}`)
      expect(detail.json).toMatchObject({ node: shenzhen, terms: { replyDays: 15 }, parkedRecords: [] })
      expect(detail.text).not.toMatch(/王东|李东/)
    }
    expect(codeOf(await screen.from(people.officer, 'GET /api/peers/999999'))).toBe('peer_not_found')
  })
})

it('a case is shown in flight on its page as it is in its detail', async () => {
  const { items } = await ask<{ items: CaseRowView[] }>('officer', 'POST /api/cases/query', { side: 'host' })
  for (const row of items) {
    const detail = await ask<CaseRowView>('officer', `GET /api/cases/${row.id}`)
    expect([row.meaning, row.differences, row.name]).toEqual([
      detail.meaning,
      detail.differences,
      detail.name,
    ])
  }
})

it('everything that was done here stands in a chain that holds', async () => {
  const whole = await screen.audit.verify()
  expect(whole.brokenAt).toBeNull()
  const entries: AuditEntry[] = await screen.audit.page({ after: undefined, limit: 2000 })
  expect(JSON.stringify(entries)).not.toMatch(/王东|李东|孙八|周九|138000|139000/)
})
