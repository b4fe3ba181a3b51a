/** Every list finds its rows through an index, whatever it is asked: no table is read from end to end. */
import { PgDialect } from 'drizzle-orm/pg-core'
import { type SQL } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Pages, Pulses } from '../../node/pages/index.ts'
import { openVault } from '../../node/vault.ts'
import { VirtualClock } from '../harness/clock.ts'
import { freshDatabase, type FreshDatabase } from '../harness/database.ts'
import { seededRandom } from '../harness/random.ts'

let database: FreshDatabase
const plans: string[] = []
const dialect = new PgDialect()

/**
 * Explains instead of asking. On empty tables a scan is cheaper than any index, so it is taken
 * only where nothing else serves; nor is anything sorted that an index has in order.
 */
const explaining = {
  rows: async <T>(query: SQL): Promise<T[]> => {
    const { sql: text, params } = dialect.sqlToQuery(query)
    const lines = await database.sql.begin(async (tx) => {
      await tx`set local enable_seqscan = off`
      await tx`set local enable_sort = off`
      await tx`set local enable_incremental_sort = off`
      return tx.unsafe(`explain ${text}`, params as never[])
    })
    plans.push(lines.map((line) => String(line['QUERY PLAN'])).join('\n'))
    return []
  },
}
const pages = new Pages(explaining)
const after = Buffer.from('["王","x"]').toString('base64url')
const delivery = () => ({ failures: 0, breakerOpen: false, notBeforeMs: 0, problem: undefined })
const parts = {
  ...{ clock: new VirtualClock(), vault: openVault(Buffer.alloc(32), seededRandom(1)) },
  courier: { delivery },
}
const [limit, one, many] = [50, ['b'], ['b', 'c']]

beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.close())

describe('no table is read whole', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['members', () => pages.members({ limit }, undefined, undefined)],
    ['members after', () => pages.members({ limit, after }, undefined, undefined)],
    ['members by name', () => pages.members({ limit, search: '王' }, undefined, undefined)],
    ['members by number', () => pages.members({ limit }, undefined, 'token')],
    ['members of a branch', () => pages.members({ limit, after }, one, undefined)],
    ['members of a committee', () => pages.members({ limit, search: '王' }, many, undefined)],
    ['cases', () => pages.cases({ limit, side: 'home', after: 'x' }, undefined)],
    ['cases by meaning', () => pages.cases({ limit, side: 'home', meaning: 'deviating' }, undefined)],
    [
      'cases by peer',
      () => pages.cases({ limit, side: 'host', peer: '440300', meaning: 'agreed' }, undefined),
    ],
    ['cases by name', () => pages.cases({ limit, side: 'host', search: '王' }, undefined)],
    ['cases of a committee', () => pages.cases({ limit, side: 'host', meaning: 'agreed' }, many)],
    ['arrivals', () => pages.arrivals({ limit, after: 'x' }, undefined)],
    ['arrivals by state', () => pages.arrivals({ limit, state: 'denied' }, undefined)],
    ['arrivals of a branch', () => pages.arrivals({ limit }, one)],
    ['activities', () => pages.activities({ limit, after }, undefined)],
    ['activities of a committee', () => pages.activities({ limit, after }, many)],
    ['activities of a case', () => pages.activities({ limit, case: 'c' }, undefined)],
    ['activities of a kind', () => pages.activities({ limit, kind: 'dues', after }, undefined)],
    ['activities of days', () => pages.activities({ limit, from: '2026-01-01', by: 'home' }, undefined)],
    ['activities of a kind of a committee', () => pages.activities({ limit, kind: 'dues' }, many)],
    ['cases by change', () => pages.cases({ limit, side: 'home', sort: 'changed', after }, undefined)],
    ['cases of a branch by change', () => pages.cases({ limit, side: 'home', sort: 'changed' }, one)],
    ['cases in the order of names', () => pages.cases({ limit, side: 'home', sort: 'name' }, undefined)],
    ['what was refused of a peer', () => pages.refusedOf('440300')],
    ['the pulse', () => new Pulses(explaining, parts).now().catch(() => undefined)],
    ['a ledger', () => pages.ledger({ limit, year: 2026 }, many)],
    ['records in flight', () => pages.inFlight(['c'])],
    ['outcomes', () => pages.outcomes('440300')],
  ])('for %s', async (_, ask) => {
    plans.length = 0
    await ask()
    expect(plans.length).toBeGreaterThan(0)
    for (const plan of plans) expect(plan).not.toContain('Seq Scan')
  })

  it.each<[string, () => Promise<unknown>]>([
    ['cases', () => pages.cases({ limit, side: 'home' }, undefined)],
    ['cases by meaning', () => pages.cases({ limit, side: 'home', meaning: 'ended', after: 'x' }, undefined)],
    ['cases by peer', () => pages.cases({ limit, side: 'host', peer: '440300' }, undefined)],
    ['cases by change', () => pages.cases({ limit, side: 'home', sort: 'changed' }, undefined)],
    [
      'cases by change after one',
      () => pages.cases({ limit, side: 'home', sort: 'changed', after }, undefined),
    ],
    ['cases in the order of names', () => pages.cases({ limit, side: 'home', sort: 'name' }, undefined)],
    ['arrivals by state', () => pages.arrivals({ limit, state: 'denied' }, undefined)],
    ['members', () => pages.members({ limit, after }, undefined, undefined)],
  ])('and nothing is sorted for %s', async (_, ask) => {
    plans.length = 0
    await ask()
    for (const plan of plans) expect(plan).not.toContain('Sort')
  })
})
