/** The pages of the node: held rows without whole numbers, what was refused of a peer, and settings that hold. */
import { getTableName } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type z } from 'zod'
import { type Reader } from '../../node/store/port.ts'
import { readSheetsHere, writeTable } from '../../node/workbooks/index.ts'
import {
  type auditVerifiedSchema,
  type heldRowsSchema,
  type peerDetailSchema,
  type Role,
  type SettingsView,
} from '../../protocol/index.ts'
import { type Browser } from '../harness/accounts.ts'
import { freshDatabase, type FreshDatabase } from '../harness/database.ts'
import { twoParts, type TwoParts } from '../harness/parts.ts'
import { idNumberOf } from '../harness/people.ts'
import { silent } from '../harness/region.ts'
import { openScreen, type Answer, type Screen } from '../harness/screen.ts'
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
})
afterAll(() => database.close())

const codeOf = ({ json }: Answer) => (json as { error?: { code: string } }).error?.code
async function ask<T>(role: Role, route: string, json?: unknown): Promise<T> {
  const answer = await screen.from(people[role], route, json)
  expect([route, answer.status, answer.text.slice(0, 200)]).toMatchObject([route, 200, expect.anything()])
  return answer.json as T
}

describe('a held row', () => {
  const wrong = idNumberOf(90).slice(0, -1) + (idNumberOf(90).endsWith('1') ? '2' : '1')
  const [phone, other] = ['13612345678', '13987654321']
  let id = ''
  beforeAll(async () => {
    const headings = ['姓名', '公民身份号码', '所在党支部', '联系电话', '备注']
    const bytes = await writeTable(
      headings.map((heading) => ({ heading })),
      [['周九', wrong, parts.east.branchName, phone, `家属电话${other}`]],
    )
    const headers = { 'content-type': 'application/octet-stream', 'x-file-name': 'x.xlsx' }
    const report = await screen.ask('POST /api/imports/roster', {
      body: Buffer.from(bytes) as never,
      headers,
    })
    expect(report.json).toMatchObject({ held: 1 })
    id = (report.json as { id: string }).id
  })

  it('is shown without a whole number', async () => {
    const answer = await screen.from(people.officer, `GET /api/imports/${id}/rows`)
    for (const number of [wrong, phone, other]) expect(answer.text).not.toContain(number)
    const { items } = answer.json as z.infer<typeof heldRowsSchema>
    expect(items[0]?.cells).toMatchObject({ 姓名: '周九', 联系电话: '136****5678' })
  })

  it('shows its numbers for a purpose, which is written down, and nobody’s numbers with it', async () => {
    const reveal = (row: number, body: object) =>
      screen.from(people.officer, `POST /api/imports/${id}/rows/${row}/reveal`, body)
    expect(codeOf(await reveal(2, {}))).toBe('bad_request')
    expect(codeOf(await reveal(7, { purpose: 'correction' }))).toBe('row_not_held')
    expect((await reveal(2, { purpose: 'correction' })).json).toEqual({
      cells: { 公民身份号码: wrong, 联系电话: phone, 备注: `家属电话${other}` },
    })
    const entries = await screen.audit.page({ after: undefined, limit: 20, subject: id })
    expect(
      entries.find(({ action, outcome }) => action === 'imports.reveal' && outcome === 'begun'),
    ).toMatchObject({ role: 'officer', detail: { purpose: 'correction' } })
    expect(JSON.stringify(entries)).not.toContain(phone)
  })

  it('is corrected where it is wrong, and what came back masked stays as it was', async () => {
    const { items } = await ask<z.infer<typeof heldRowsSchema>>('officer', `GET /api/imports/${id}/rows`)
    const shown = items[0]?.cells ?? {}
    const correct = (cells: object) =>
      screen.from(people.officer, `POST /api/imports/${id}/rows/2`, { cells })
    // Sent back as it was shown it is as wrong as before, and not worse.
    const same = await correct(shown)
    expect(same.json).toMatchObject({ state: 'held', row: { cells: shown } })
    const faults = (same.json as { row: { faults: { code: string }[] } }).row.faults
    expect(faults.map(({ code }) => code)).toEqual(['id-bad-checksum'])
    expect((await correct({ ...shown, 公民身份号码: idNumberOf(90) })).json).toMatchObject({
      state: 'accepted',
    })
    const found = await ask<{ items: { id: string }[] }>('officer', 'POST /api/members/query', {
      search: '周九',
    })
    const asked = { field: 'phone', purpose: 'contact' }
    expect(await ask('officer', `POST /api/members/${found.items[0]?.id}/reveal`, asked)).toEqual({
      value: phone,
    })
  })
})

it('a peer is shown with what we refused of its records, by code, with the latest', async () => {
  const at = Date.UTC(2026, 2, 1)
  await database.sql`insert into envelopes_in (peer, epoch, seq, content_id, jws, lines, receipt, received_ms) values (${shenzhen}, 7, 3, 'c', 'j', '', 'r', ${at})`
  const rows = [
    ...[1, 2, 3].map((n) => ({ n, outcome: 'refused:case_closed' })),
    { n: 4, outcome: 'refused:not_arrived' },
    { n: 5, outcome: 'applied' },
  ]
  for (const { n, outcome } of rows)
    await database.sql`insert into records_in (peer, digest, epoch, seq, idx, case_id, type, outcome, parked) values (${shenzhen}, ${`d${n}`}, 7, ${n}, 0, null, 'flow.placed', ${outcome}, false)`
  const detail = await ask<z.infer<typeof peerDetailSchema>>('auditor', `GET /api/peers/${shenzhen}`)
  expect(detail.refusedOfTheirs).toEqual([
    { code: 'case_closed', count: 3, lastAt: new Date(at).toISOString() },
    { code: 'not_arrived', count: 1, lastAt: new Date(0).toISOString() },
  ])
})

describe('settings', () => {
  afterEach(() => {
    vi.useRealTimers()
  })
  const change = (body: object) => screen.from(people.administrator, 'POST /api/settings', body)

  it('are the administrator’s, within bounds; those of the configuration are only shown', async () => {
    expect(codeOf(await screen.from(people.officer, 'POST /api/settings', { revealsAnHour: 80 }))).toBe(
      'not_found',
    )
    for (const bad of [{ sessionIdleMinutes: 4 }, { sessionIdleMinutes: 121 }, { origin: 'https://x' }])
      expect(codeOf(await change(bad))).toBe('bad_request')
    const { fixed, changeable } = await ask<SettingsView>('administrator', 'GET /api/settings')
    expect(fixed).toMatchObject({ node: parts.region.self, trustedProxies: [] })
    expect(changeable.sessionIdleMinutes).toEqual({ value: 45, shipped: 45, least: 5, most: 120 })
  })

  it('hold from now on, and the audit says who changed what, and no telephone number', async () => {
    await change({ officeName: '信阳市委组织部', officeContact: '0376-6360000', exportRowsAlone: 1 })
    const { json } = await screen.from(people.officer, 'GET /api/entrance')
    expect(json).toMatchObject({ name: '信阳市委组织部', contact: '0376-6360000', oidc: null })
    const refused = await screen.from(people.officer, 'POST /api/members/export', {})
    expect(codeOf(refused)).toBe('export_needs_second_person')
    await change({ exportRowsAlone: 200, officeName: '' })
    expect((await screen.from(people.officer, 'POST /api/members/export', {})).status).toBe(200)
    expect((await screen.from(people.officer, 'GET /api/entrance')).json).toMatchObject({
      name: parts.region.name,
    })
    const entries = (await screen.audit.page({ after: undefined, limit: 50 })).filter(
      ({ action, outcome }) => action === 'settings.change' && outcome === 'begun',
    )
    expect(entries.at(-1)).toMatchObject({ detail: { exportRowsAlone: 1, officeName: '信阳市委组织部' } })
    expect(JSON.stringify(entries)).not.toContain('6360000')
  })

  it('end sessions by what they say now, also those that began before', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: parts.region.clock.nowMs() })
    const later = (ms: number) => {
      vi.setSystemTime(Date.now() + ms)
      parts.clock.jump(ms)
    }
    const officer = await screen.somebody('officer')
    const status = async () => (await screen.from(officer, 'GET /api/session')).status
    people.administrator = await screen.somebody('administrator')
    later(20 * 60_000)
    expect(await status()).toBe(200)
    await change({ sessionIdleMinutes: 10 })
    later(9 * 60_000)
    expect(await status()).toBe(200)
    later(11 * 60_000)
    expect(await status()).toBe(401)
    people.administrator = await screen.somebody('administrator')
    await change({ sessionIdleMinutes: 120, sessionAbsoluteHours: 1 })
    const other = await screen.somebody('officer')
    const ends = (await screen.from(other, 'GET /api/session')).json as { endsAt: string }
    expect(Date.parse(ends.endsAt)).toBe(Date.now() + 3_600_000)
    later(61 * 60_000)
    expect((await screen.from(other, 'GET /api/session')).status).toBe(401)
  })
})

it('reads a workbook of held rows with whole numbers still: it is corrected in Excel, and its leaving is written down', async () => {
  const bytes = await writeTable(
    [{ heading: '姓名' }, { heading: '公民身份号码' }],
    [['周十', '999999190001010000']],
  )
  const headers = { 'content-type': 'application/octet-stream', 'x-file-name': 'x.xlsx' }
  const report = await screen.ask('POST /api/imports/roster', { body: Buffer.from(bytes) as never, headers })
  const { id } = report.json as { id: string }
  const response = await screen.app.request(
    `/api/imports/${id}/held.xlsx`,
    {
      headers: { authorization: 'Bearer a-token-of-this-machine' },
    },
    { incoming: { headers: {}, socket: { remoteAddress: '127.0.0.1' } } },
  )
  const [sheet] = await readSheetsHere(new Uint8Array(await response.arrayBuffer()), 'held.xlsx')
  expect(JSON.stringify(sheet)).toContain('999999190001010000')
})

describe('the audit before its witnesses', () => {
  type Verified = z.infer<typeof auditVerifiedSchema>
  const verified = () => ask<Verified>('auditor', 'GET /api/audit/verify')

  it('is confirmed by nobody until a peer’s receipt is here, and holds until its end is cut off', async () => {
    expect((await verified()).peers).toMatchObject([{ peer: shenzhen, witnessed: null }])
    const head = await screen.audit.head()
    await parts.region.witness.tell(head!)
    await parts.level()
    const whole = await verified()
    expect(whole.brokenAt).toBeNull()
    expect(whole.peers).toMatchObject([{ peer: shenzhen, witnessed: { ...head, holds: true } }])
    const there = await parts.other.store.read((reader) =>
      parts.other.witness.theirs(reader, parts.region.self),
    )
    expect(there).toMatchObject(head!)
    // Whoever owns the database takes the trigger away, the end of the chain off, and goes on as if nothing had been.
    await database.sql`alter table audit disable trigger all`
    await database.sql`delete from audit where seq > ${head!.entries - 3}`
    await database.sql`alter table audit enable trigger all`
    for (let i = 0; i < 5; i++)
      await screen.audit.note({
        ...{
          account: '',
          role: 'operator',
          action: 'imports.run',
          subject: '',
          outcome: 'done',
          address: '',
        },
      })
    const cut = await verified()
    expect([cut.brokenAt, cut.peers[0]?.witnessed?.holds]).toEqual([null, false])
  })
})

it('a peer is shown with what the gate refused in its name, by code, with the latest', async () => {
  const at = (n: number) => Date.UTC(2026, 2, 1) + n
  await database.sql`delete from refusals`
  await database.sql`insert into refusals (id, at_ms, peer, code, detail, digest, size)
    select 'r' || n, ${at(0)}::int8 + n, case n % 10 when 0 then null when 1 then '441900' else ${shenzhen}::text end,
      case when n < 1000 then 'wrong_audience' else 'bad_time' end, '', '', 0
    from generate_series(1, 1099) n`
  let rowsRead = 0
  const read = parts.region.store.read.bind(parts.region.store)
  vi.spyOn(parts.region.store, 'read').mockImplementation((work) =>
    read((reader) =>
      work({
        ...bound(reader),
        find: async (table, match, options) => {
          const rows = await reader.find(table, match, options)
          if (getTableName(table) === 'refusals') rowsRead += rows.length
          return rows
        },
      }),
    ),
  )
  const detail = await ask<z.infer<typeof peerDetailSchema>>('auditor', `GET /api/peers/${shenzhen}`)
  vi.restoreAllMocks()
  expect(rowsRead).toBe(2)
  expect(detail.refusals).toEqual([
    { code: 'wrong_audience', count: 800, lastAt: new Date(at(999)).toISOString() },
    { code: 'bad_time', count: 80, lastAt: new Date(at(1099)).toISOString() },
  ])
})

function bound(reader: Reader): Reader {
  return {
    get: (table, key) => reader.get(table, key),
    getMany: (table, keys) => reader.getMany(table, keys),
    find: (table, match, options) => reader.find(table, match, options),
    findIn: (table, column, values, match) => reader.findIn(table, column, values, match),
    count: (table, match, options) => reader.count(table, match, options),
  }
}
