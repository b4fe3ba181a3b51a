/** What a desk needs beside its pages: what it keeps, what has changed, and who may let a long list out. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { Audit } from '../../node/audit/index.ts'
import { openDatabase } from '../../node/store/database.ts'
import { readSheetsHere } from '../../node/workbooks/index.ts'
import {
  pulseKinds,
  settingBounds,
  type AlarmList,
  type ExportRequest,
  type KeptItem,
  type Pulse,
  type PulseKind,
  type Role,
} from '../../protocol/index.ts'
import { type Browser } from '../harness/accounts.ts'
import { freshDatabase, type FreshDatabase } from '../harness/database.ts'
import { Office } from '../harness/office.ts'
import { idNumberOf } from '../harness/people.ts'
import { twoParts, type TwoParts } from '../harness/parts.ts'
import { silent } from '../harness/region.ts'
import { openScreen, type Answer, type Screen } from '../harness/screen.ts'
import { shenzhen } from '../harness/world.ts'

const exportRowsAlone = settingBounds.exportRowsAlone.shipped
const revealsAnHour = settingBounds.revealsAnHour.shipped
const idleMs = settingBounds.sessionIdleMinutes.shipped * 60_000

let database: FreshDatabase
let parts: TwoParts
let screen: Screen
const people = {} as Record<Role | 'second', Browser>

beforeAll(async () => {
  database = await freshDatabase()
  parts = await twoParts(database.store)
  screen = openScreen(parts.region, silent, database.pages)
  for (const role of ['officer', 'auditor', 'administrator'] as const)
    people[role] = await screen.somebody(role)
  people.second = await screen.somebody('officer')
  people.committee = await screen.somebody('committee', parts.east.committee)
  people.branch = await screen.somebody('branch', parts.east.branch)
})
afterAll(() => database.close())

const codeOf = ({ json }: Answer) => (json as { error?: { code: string } }).error?.code
async function ask<T>(role: Role | 'second', route: string, json?: unknown): Promise<T> {
  const answer = await screen.from(people[role], route, json)
  expect([route, answer.status, answer.text.slice(0, 200)]).toMatchObject([route, 200, expect.anything()])
  return answer.json as T
}

describe('what is kept', () => {
  const draft = { kind: 'draft', key: 'outflow/new', value: { name: '王磊' } }

  it('is each one’s own, and comes from a page of ours alone', async () => {
    const foreign = await screen.from(people.officer, 'POST /api/session/kept', draft, {
      'sec-fetch-site': 'cross-site',
    })
    expect(codeOf(foreign)).toBe('cross_site')
    await ask('officer', 'POST /api/session/kept', draft)
    const { items } = await ask<{ items: KeptItem[] }>('officer', 'POST /api/session/kept/query', {
      kind: 'draft',
    })
    expect(items).toMatchObject([draft])
    for (const role of ['second', 'administrator', 'branch'] as const)
      expect(await ask(role, 'POST /api/session/kept/query', { kind: 'draft' })).toEqual({ items: [] })
  })

  it('is gone when the account was disabled, and leaves no word in the audit', async () => {
    const leaver = await screen.somebody('officer')
    await screen.from(leaver, 'POST /api/session/kept', draft)
    const who = (await screen.from(leaver, 'GET /api/session')).json as { account: { id: string } }
    const { id } = who.account
    const count = () => database.sql`select count(*)::int as n from kept where account = ${id}`
    expect(await count()).toEqual([{ n: 1 }])
    const entries = await screen.audit.page({ after: undefined, limit: 500, account: id })
    expect(entries.filter(({ action }) => action.startsWith('kept.'))).toEqual([])
    await ask('administrator', `POST /api/accounts/${id}/change`, { disabled: true })
    expect(await count()).toEqual([{ n: 0 }])
  })
})

describe('the pulse', () => {
  const stampsFor = async (role: Role): Promise<Pulse['stamps']> => {
    parts.clock.jump(1001)
    return (await ask<Pulse>(role, 'GET /api/pulse')).stamps
  }
  /** The kinds whose word is another one after the work. */
  async function moved(work: () => Promise<unknown>, role: Role = 'officer'): Promise<PulseKind[]> {
    const before = await stampsFor(role)
    await work()
    const after = await stampsFor(role)
    return pulseKinds.filter((kind) => before[kind] !== after[kind])
  }

  it('stands still while nothing changes, whoever looks, signs in or reads', async () => {
    expect(
      await moved(async () => {
        await ask('officer', 'POST /api/members/query', {})
        await ask('officer', `POST /api/members/${parts.east.member}/reveal`, {
          field: 'phone',
          purpose: 'contact',
        })
        await screen.somebody('auditor')
      }),
    ).toEqual([])
  })

  it('says nothing of people to who sees none, and has a word for all others', async () => {
    const { cases, members, imports, peers } = await stampsFor('auditor')
    expect([cases, members, imports]).toEqual(['', '', ''])
    expect(peers).toMatch(/^.{12}$/)
    const branch = await stampsFor('branch')
    expect([branch.peers, branch.alarms, branch.imports]).toEqual(['', '', ''])
    expect(branch.cases).toMatch(/^.{12}$/)
    expect(new Set(Object.values(await stampsFor('officer'))).size).toBe(pulseKinds.length)
  })

  it('moves with what a peer answers to what is sent, though that stands in no table', async () => {
    const { courier } = parts.region
    const delivery = courier.delivery.bind(courier)
    const refused = { failures: 1, breakerOpen: false, notBeforeMs: 0, problem: { code: 'frozen', atMs: 0 } }
    const work = () => Promise.resolve((courier.delivery = () => refused))
    expect(await moved(work)).toEqual(['peers'])
    expect(await moved(() => Promise.resolve((courier.delivery = delivery)))).toEqual(['peers'])
  })

  it('moves with what the office does itself, and leaves what is not concerned', async () => {
    const activity = { kind: 'study', on: '2026-02-11', title: '学习' }
    const reported = await moved(() =>
      ask('branch', `POST /api/cases/${parts.east.hostCase}/activities`, activity),
    )
    expect(reported).toContain('activities')
    expect(reported).not.toContain('organisations')
    const added = await moved(() =>
      ask('officer', 'POST /api/organisations', { name: '中共北乡委员会', kind: 'committee' }),
    )
    expect(added).toContain('organisations')
    expect(await moved(() => new Promise((resolve) => setTimeout(resolve, 1)))).toEqual([])
  })

  it('moves when a peer answers', async () => {
    const away = new Office(parts.other)
    const kinds = await moved(async () => {
      await away.outflow({
        idNumber: idNumberOf(20),
        host: parts.region.self,
        outflow: { destination: { code: parts.region.self, text: '信阳' }, leftOn: '2026-01-05' },
      })
      await parts.level()
    })
    expect(kinds).toEqual(expect.arrayContaining(['cases', 'arrivals', 'activities', 'peers']))
    expect(kinds).not.toContain('alarms')
  })

  it('moves with what another process of this region does', async () => {
    const there = await openDatabase(database.url, 2)
    try {
      const { clock, crypto } = parts.region
      const audit = new Audit({ store: there.store, clock, crypto })
      const entry = { account: '', role: 'operator', subject: '', outcome: 'done', address: '' } as const
      expect(await moved(() => audit.note({ ...entry, action: 'imports.run' }))).toContain('members')
      const raised = await moved(() =>
        there.store.transaction((tx) => parts.region.alarms.raise(tx, 'clock_skew', shenzhen, '2026-01-01')),
      )
      expect(raised).toEqual(['alarms'])
    } finally {
      await there.close()
    }
  })

  it('is read once a second however many ask', async () => {
    const rows = vi.spyOn(database.pages, 'rows')
    parts.clock.jump(1001)
    await Promise.all(Array.from({ length: 20 }, () => ask('officer', 'GET /api/pulse')))
    expect(rows).toHaveBeenCalledTimes(1)
    rows.mockRestore()
  })
})

describe('asking in the background', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it.each([
    ['the pulse', 'GET /api/pulse', 401],
    ['what a person asks', 'GET /api/session/all', 200],
  ])(
    '%s: after an hour of nothing else the session is answered with its own status',
    async (_, route, status) => {
      vi.useFakeTimers({ toFake: ['Date'], now: parts.region.clock.nowMs() })
      const browser = await screen.somebody('officer')
      const everyMs = 5 * 60_000
      let last = 0
      for (let ms = 0; ms <= idleMs + everyMs; ms += everyMs) {
        vi.setSystemTime(Date.now() + everyMs)
        parts.clock.jump(everyMs)
        last = (await screen.from(browser, route)).status
      }
      expect(last).toBe(status)
    },
  )
})

describe('a long list', () => {
  const listed = { list: 'members', query: { limit: 50, search: '众' } }
  const askFor = (role: Role, wanted: object = listed) =>
    ask<ExportRequest>(role, 'POST /api/exports', { purpose: 'inspection', words: '年检', wanted })
  const seenBy = async (role: Role | 'second') =>
    (await ask<{ requests: ExportRequest[] }>(role, 'GET /api/exports')).requests

  beforeAll(async () => {
    const office = new Office(parts.region)
    const branch = parts.east.branchName
    await office.roster(
      ...Array.from({ length: exportRowsAlone + 1 }, (_, i) => ({
        idNumber: idNumberOf(1000 + i),
        name: `众${String(i).padStart(3, '0')}`,
        branch,
      })),
    )
  })

  it('does not leave alone, for nobody but the command line; a page of it does', async () => {
    for (const role of ['officer', 'committee'] as const) {
      const refused = await screen.from(people[role], 'POST /api/members/export', { search: '众' })
      expect([refused.status, codeOf(refused)]).toEqual([403, 'export_needs_second_person'])
    }
    expect((await screen.ask('POST /api/members/export', { json: { search: '众' } })).status).toBe(200)
    const few = await screen.from(people.officer, 'POST /api/members/export', { search: '众00' })
    expect(few.status).toBe(200)
    const entries = await screen.audit.page({ after: undefined, limit: 200 })
    expect(entries.filter(({ outcome }) => outcome === 'export_needs_second_person')).toHaveLength(2)
  })

  it('leaves when another person has allowed it, for the asker alone, within his own part', async () => {
    const { id, rows, state, own, mayDecide, searched, query } = await askFor('committee')
    expect({ rows, state, own, mayDecide, searched, query }).toEqual({
      ...{ rows: exportRowsAlone + 1, state: 'waiting', own: true, mayDecide: false, searched: true },
      query: {},
    })
    const fetch = (role: Role) => screen.from(people[role], `POST /api/exports/${id}/workbook`, {})
    expect(codeOf(await fetch('committee'))).toBe('export_not_ready')
    expect(
      codeOf(await screen.from(people.committee, `POST /api/exports/${id}/decide`, { approve: true })),
    ).toBe('not_found')
    expect((await seenBy('administrator')).find((one) => one.id === id)?.mayDecide).toBe(true)
    const decided = await ask<ExportRequest>('administrator', `POST /api/exports/${id}/decide`, {
      approve: true,
    })
    expect(decided).toMatchObject({ state: 'ready', mayDecide: false })
    expect(codeOf(await fetch('officer'))).toBe('export_not_found')
    const workbook = await fetch('committee')
    expect(workbook.status).toBe(200)
    expect((await seenBy('committee')).find((one) => one.id === id)).toMatchObject({ fetched: 1, own: true })
    const entries = await screen.audit.page({ after: undefined, limit: 60, subject: id })
    expect(
      entries.filter(({ outcome }) => outcome === 'begun').map(({ action, role }) => `${role} ${action}`),
    ).toEqual([
      'committee exports.fetch',
      'officer exports.fetch',
      'administrator exports.decide',
      'committee exports.fetch',
    ])
  })

  it('is decided on by another officer, never by its asker or somebody of one organisation', async () => {
    const { id } = await askFor('officer')
    const decide = (role: Role | 'second') =>
      screen.from(people[role], `POST /api/exports/${id}/decide`, { approve: false })
    expect(codeOf(await decide('officer'))).toBe('export_own')
    for (const role of ['committee', 'branch', 'auditor'] as const)
      expect(codeOf(await decide(role))).toBe('not_found')
    expect((await seenBy('committee')).map((one) => one.id)).not.toContain(id)
    expect((await decide('second')).status).toBe(200)
    expect(codeOf(await decide('administrator'))).toBe('export_decided')
  })

  it('is made from what was asked for, with all its rows and nobody else', async () => {
    const { id } = await askFor('officer', { list: 'cases', query: { side: 'home', limit: 1 } })
    await ask('second', `POST /api/exports/${id}/decide`, { approve: true })
    const browser = people.officer
    const fetched = await screen.app.request(
      `/api/exports/${id}/workbook`,
      {
        method: 'POST',
        headers: {
          host: '127.0.0.1:7311',
          origin: 'http://127.0.0.1:7311',
          cookie: browser.cookie,
          'content-type': 'application/json',
        },
      },
      {
        incoming: Object.assign(
          (async function* () {
            await Promise.resolve()
            yield Buffer.from('{}')
          })(),
          { headers: {}, socket: { remoteAddress: '10.0.0.1' } },
        ),
      },
    )
    const [sheet] = await readSheetsHere(new Uint8Array(await fetched.arrayBuffer()), 'x.xlsx')
    expect(
      sheet?.rows
        .slice(1)
        .map(({ cells }) => cells[0]?.text)
        .sort(),
    ).toEqual(['王东', '王西'])
  })
})

describe('numbers shown in the clear', () => {
  it('raise one alarm a day when there are more of them than work asks for, and name nobody', async () => {
    const curious = await screen.somebody('officer')
    const who = (await screen.from(curious, 'GET /api/session')).json as { account: { id: string } }
    const reveal = async (times: number) => {
      for (let i = 0; i < times; i++) {
        const asked = { field: 'phone', purpose: 'contact' }
        const { status } = await screen.from(curious, `POST /api/members/${parts.east.member}/reveal`, asked)
        expect(status).toBe(200)
      }
    }
    const raised = async (all = false) =>
      (await ask<AlarmList>('auditor', `GET /api/alarms${all ? '?all=true' : ''}`)).alarms.filter(
        ({ kind }) => kind === 'many_reveals',
      )
    await reveal(revealsAnHour)
    expect(await raised()).toEqual([])
    parts.clock.jump(120_000)
    await reveal(2)
    const [alarm] = await raised()
    expect(alarm).toMatchObject({ subject: who.account.id, peer: null })
    await ask('administrator', `POST /api/alarms/${alarm?.id}/acknowledge`, {})
    parts.clock.jump(60_000)
    await reveal(1)
    expect(await raised()).toEqual([])
    // Spread over hours they are a day's work.
    parts.clock.jump(24 * 3_600_000)
    await reveal(1)
    expect(await raised(true)).toHaveLength(1)
  })
})
