/** Orders and filters of the lists: each row once, in the order asked for, and only within the caller's part. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { activityKinds, type CaseRowView, type Role } from '../../protocol/index.ts'
import { type Browser } from '../harness/accounts.ts'
import { freshDatabase, type FreshDatabase } from '../harness/database.ts'
import { Office } from '../harness/office.ts'
import { twoParts, type TwoParts } from '../harness/parts.ts'
import { silent } from '../harness/region.ts'
import { openScreen, type Screen } from '../harness/screen.ts'

let database: FreshDatabase
let parts: TwoParts
let screen: Screen
const people = {} as Record<Role, Browser>

interface ActivityRow {
  id: string
  on: string
  kind: string
  by: string
  name: string
}

beforeAll(async () => {
  database = await freshDatabase()
  parts = await twoParts(database.store)
  screen = openScreen(parts.region, silent, database.pages)
  people.officer = await screen.somebody('officer')
  people.branch = await screen.somebody('branch', parts.east.branch)
  const [here, away] = [new Office(parts.region), new Office(parts.other)]
  for (const [i, { hostCase, homeCase }] of [parts.east, parts.west].entries()) {
    await here.desk.report(hostCase, { kind: 'study', on: `2026-02-1${i}`, title: '学习' })
    await here.desk.report(hostCase, { kind: 'dues', on: '2026-02', amountFen: 500 })
    await here.desk.report(hostCase, { kind: 'lecture', on: `2026-03-0${i + 1}`, title: '党课' })
    await here.desk.report(homeCase, { kind: 'contact', on: '2026-01-15', title: '电话' })
    await away.desk.report(hostCase, { kind: 'contact', on: '2026-03-01', title: '家乡来电' })
    await parts.level()
  }
})
afterAll(() => database.close())

async function every<T>(role: Role, path: string, query: object): Promise<T[]> {
  const items: T[] = []
  for (let after: string | undefined; ;) {
    const answer = await screen.from(people[role], `POST /api/${path}/query`, {
      ...{ limit: 1, ...query },
      ...(after === undefined ? {} : { after }),
    })
    expect([answer.status, answer.text.slice(0, 100)]).toMatchObject([200, expect.anything()])
    const page = answer.json as { items: T[]; next: string | null }
    items.push(...page.items)
    if (page.next === null) return items
    after = page.next
  }
}

describe('activities', () => {
  const list = (role: Role, query: object) => every<ActivityRow>(role, 'activities', query)

  it.each([
    ['none of a kind there is none of', { kind: 'volunteer' }, 0],
    ['none of days on which nothing was', { from: '2026-04-01' }, 0],
    ['those of one kind', { kind: 'study' }, 2],
    ['those one side reported', { by: 'home' }, 4],
    ['of a kind, by a side', { kind: 'contact', by: 'home' }, 4],
    ['of a kind the other side never reported', { kind: 'study', by: 'home' }, 0],
    ['from a day on', { from: '2026-03-01' }, 4],
    ['until a day', { until: '2026-01-31' }, 2],
    ['of a month, with what is known by the month alone', { from: '2026-02-01', until: '2026-02-28' }, 4],
    ['from the middle of a month on', { from: '2026-02-11', until: '2026-02-28' }, 1],
    ['of a kind within days', { kind: 'lecture', from: '2026-03-02' }, 1],
  ] as const)('are %s', async (_, query, count) => {
    const rows = await list('officer', query)
    expect(rows).toHaveLength(count)
    expect(new Set(rows.map(({ id }) => id)).size).toBe(count)
    expect(rows.map(({ on }) => on)).toEqual([...rows.map(({ on }) => on)].sort().reverse())
    for (const row of rows) expect(row).toMatchObject(onlyKindAndSide(query))
    // The same within one's own part, which is half of it.
    const own = await list('branch', query)
    expect(own.map(({ id }) => id)).toEqual(rows.filter(({ name }) => /东/.test(name)).map(({ id }) => id))
  })

  it('of every kind there is are listed when days alone are asked for', async () => {
    const rows = await list('officer', { from: '2020-01-01', until: '2030-12-31', limit: 200 })
    expect(rows).toHaveLength((await list('officer', { limit: 200 })).length)
    expect(new Set(rows.map(({ kind }) => kind)).size).toBeLessThanOrEqual(activityKinds.length)
  })
})

function onlyKindAndSide(query: object): object {
  return Object.fromEntries(Object.entries(query).filter(([field]) => field === 'kind' || field === 'by'))
}

describe('cases', () => {
  const list = (role: Role, query: object) => every<CaseRowView>(role, 'cases', { side: 'host', ...query })

  it('by their latest change begin with the one that was changed last', async () => {
    const office = new Office(parts.region)
    for (const changed of [parts.west, parts.east, parts.west]) {
      parts.clock.jump(60_000)
      await office.desk.dispute(changed.hostCase, { reason: 'other', note: String(parts.clock.nowMs()) })
      const rows = await list('officer', { sort: 'changed' })
      expect(rows.map(({ id }) => id)[0]).toBe(changed.hostCase)
      expect(rows).toHaveLength(2)
    }
    expect((await list('branch', { sort: 'changed' })).map(({ id }) => id)).toEqual([parts.east.hostCase])
    const own = { sort: 'changed', organisation: parts.east.branch }
    expect(await list('officer', { ...own, meaning: 'deviating' })).toHaveLength(1)
    expect(await list('officer', { ...own, meaning: 'agreed' })).toEqual([])
  })

  it('by name are in the order of the names, whoever asks', async () => {
    const rows = await list('officer', { sort: 'name', side: 'home' })
    expect(rows.map(({ name }) => name)).toEqual(['王东', '王西'])
    expect((await list('branch', { sort: 'name', side: 'home' })).map(({ name }) => name)).toEqual(['王东'])
  })

  it('go on from a place of nobody as from nowhere', async () => {
    for (const after of ['x', Buffer.from('["1e400","x"]').toString('base64url')]) {
      const answer = await screen.from(people.officer, 'POST /api/cases/query', {
        ...{ side: 'host', sort: 'changed', after },
      })
      expect(answer.status).toBe(200)
    }
  })
})
