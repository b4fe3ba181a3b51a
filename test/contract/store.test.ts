/**
 * Both stores under the one contract, what only a database with several connections can show, and a property: random
 * transactions leave the same in both.
 */
import { getTableName } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cases } from '../../node/flows/tables.ts'
import { organisations } from '../../node/organisations/tables.ts'
import { MemoryStore } from '../../node/store/memory.ts'
import { UniqueViolation, MissingRow, type Store, type Transaction } from '../../node/store/port.ts'
import { freshDatabase, type FreshDatabase } from '../harness/database.ts'
import { allTables, dumpOf } from '../harness/dump.ts'
import { aCase, awkwardTexts, organisation, storeContract } from './store.contract.ts'

async function emptied(database: FreshDatabase): Promise<void> {
  // The audit cannot be emptied, and nothing here writes into it.
  const names = allTables.map((table) => getTableName(table)).filter((name) => name !== 'audit')
  await database.sql.unsafe(`truncate ${names.map((name) => `"${name}"`).join(', ')}`)
}

storeContract('memory', () => {
  const memory = new MemoryStore()
  const empty = memory.snapshot()
  return Promise.resolve({
    store: memory,
    clear: () => Promise.resolve(memory.restore(empty)),
    close: () => Promise.resolve(),
  })
})

storeContract('PostgreSQL', async () => {
  const database = await freshDatabase()
  return { store: database.store, clear: () => emptied(database), close: () => database.close() }
})

describe('PostgreSQL with several transactions at once', () => {
  let database: FreshDatabase
  beforeAll(async () => {
    database = await freshDatabase()
  })
  beforeEach(() => emptied(database))
  afterAll(() => database.close())

  it('makes the second holder of a lock wait for the first one’s commit', async () => {
    const order: string[] = []
    const inside = latch()
    const leave = latch()
    const first = database.store.transaction(async (tx) => {
      await tx.lock(['name'])
      inside.open()
      await leave.opened
      await tx.insert(organisations, [organisation('a')])
      order.push('first')
    })
    await inside.opened
    const second = database.store.transaction(async (tx) => {
      expect(await tx.get(organisations, { id: 'a' })).toBeUndefined()
      await tx.lock(['name'])
      order.push('second')
      return tx.get(organisations, { id: 'a' })
    })
    await waiting(database, 1)
    leave.open()
    await first
    expect((await second)?.id).toBe('a')
    expect(order).toEqual(['first', 'second'])
  })

  it('tries again after a deadlock, runs afterCommit once, and both end well', async () => {
    const bothIn = [latch(), latch()] as const
    const effects: string[] = []
    const runs = { ab: 0, ba: 0 }
    const cross = (name: 'ab' | 'ba', one: string, other: string, mine: 0 | 1) =>
      database.store.transaction(async (tx) => {
        runs[name]++
        tx.afterCommit(() => effects.push(name))
        await tx.lock([one])
        bothIn[mine].open()
        await bothIn[mine === 0 ? 1 : 0].opened
        await tx.lock([other])
        await tx.insert(organisations, [organisation(name)])
      })
    await Promise.all([cross('ab', 'a', 'b', 0), cross('ba', 'b', 'a', 1)])
    expect(runs.ab + runs.ba).toBe(3)
    expect(effects.sort()).toEqual(['ab', 'ba'])
    expect(await database.store.read((reader) => reader.count(organisations, {}))).toBe(2)
  })

  it('shows one snapshot to a reader while others commit', async () => {
    const started = latch()
    const written = latch()
    const reading = database.store.read(async (reader) => {
      const before = await reader.count(organisations, {})
      started.open()
      await written.opened
      return [before, await reader.count(organisations, {}), (await reader.find(organisations, {})).length]
    })
    await started.opened
    await database.store.transaction((tx) => tx.insert(organisations, [organisation('a')]))
    written.open()
    expect(await reading).toEqual([0, 0, 0])
  })

  it('lets one of two win a unique place and tells the other', async () => {
    const open = (id: string) =>
      database.store.transaction(async (tx) => {
        expect(await tx.find(cases, { tag: 't', open: true })).toEqual([])
        await tx.insert(cases, [aCase(id, { tag: 't' })])
      })
    const results = await Promise.allSettled([open('a'), open('b')])
    const lost = results.filter((result) => result.status === 'rejected')
    expect(lost.length).toBeLessThanOrEqual(1)
    for (const { reason } of lost)
      expect(reason instanceof UniqueViolation || String(reason).includes('deeply equal')).toBe(true)
    expect(await database.store.read((reader) => reader.count(cases, { open: true }))).toBe(1)
  })
})

describe('both stores', () => {
  let database: FreshDatabase
  beforeAll(async () => {
    database = await freshDatabase()
  })
  afterAll(() => database.close())

  it('hold the same after the same random transactions', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(operation, { maxLength: 8 }), { maxLength: 6 }),
        async (transactions) => {
          await emptied(database)
          const memory = new MemoryStore()
          for (const operations of transactions) {
            const before = memory.snapshot()
            const [here, there] = [
              await outcome(memory, operations),
              await outcome(database.store, operations),
            ]
            // PostgreSQL may defend a unique place already when something is read, memory only at commit.
            if (there === 'unique' && here !== 'unique') memory.restore(before)
            else expect(there).toEqual(here)
          }
          expect(await dumpOf(database.store)).toEqual(await dumpOf(memory))
        },
      ),
      { numRuns: 60 },
    )
  })
})

type Operation =
  | { do: 'insert'; id: string; tag: string; open: boolean; text: string }
  | { do: 'update'; id: string; tag: string; open: boolean; text: string | null }
  | { do: 'remove' | 'get'; id: string }
  | { do: 'find' | 'count'; tag: string; open: boolean; text: string | null }
  | { do: 'page'; after: string; descending: boolean; limit: number }
  | { do: 'lock' | 'fail' }

const ids = fc.constantFrom('a', 'b', 'c', 'd')
const tags = fc.constantFrom('s', 't', 'u')
const texts = fc.constantFrom(...awkwardTexts.filter((text) => text.length < 100))
const maybe = fc.option(texts)
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('insert'), id: ids, tag: tags, open: fc.boolean(), text: texts }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('update'), id: ids, tag: tags, open: fc.boolean(), text: maybe }),
  },
  fc.record({ do: fc.constantFrom('remove', 'get'), id: ids }),
  fc.record({ do: fc.constantFrom('find', 'count'), tag: tags, open: fc.boolean(), text: maybe }),
  fc.record({
    do: fc.constant('page'),
    after: ids,
    descending: fc.boolean(),
    limit: fc.integer({ min: 0, max: 3 }),
  }),
  fc.record({ do: fc.constantFrom('lock', 'fail') }),
) as fc.Arbitrary<Operation>

/** What a transaction answered to each read, or how it failed. */
async function outcome(store: Store, operations: readonly Operation[]): Promise<unknown[] | string> {
  const seen: unknown[] = []
  try {
    await store.transaction(async (tx) => {
      seen.length = 0
      for (const one of operations) seen.push(await perform(tx, one))
    })
    return seen
  } catch (error) {
    const onPurpose = error instanceof Error && error.message === 'on purpose'
    if (!(error instanceof UniqueViolation || error instanceof MissingRow || onPurpose)) throw error
    // Which of two failures of one transaction comes first is not promised, but that it fails is.
    const mayBreak = operations.some((one) => one.do === 'insert' || one.do === 'update')
    return mayBreak ? 'unique' : 'failed'
  }
}

async function perform(tx: Transaction, one: Operation): Promise<unknown> {
  switch (one.do) {
    case 'insert': {
      const { id, tag, open, text } = one
      return tx.insert(cases, [aCase(id, { tag, open, member: text })])
    }
    case 'update': {
      const { id, tag, open, text } = one
      return tx.update(cases, { id }, { tag, open, member: text })
    }
    case 'remove':
      return tx.remove(cases, { id: one.id })
    case 'get':
      return tx.get(cases, { id: one.id })
    case 'find':
      return tx.find(cases, { tag: one.tag, open: one.open, member: one.text }, { orderBy: 'id' })
    case 'count':
      return tx.count(cases, { open: one.open, member: one.text })
    case 'page':
      return tx.find(
        cases,
        {},
        { orderBy: 'id', after: one.after, descending: one.descending, limit: one.limit },
      )
    case 'lock':
      return tx.lock(['x'])
    case 'fail':
      throw new Error('on purpose')
  }
}

interface Latch {
  readonly opened: Promise<void>
  open(): void
}

function latch(): Latch {
  let open = () => undefined as void
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}

/** Until the server itself says that so many sessions wait for an advisory lock. */
async function waiting(database: FreshDatabase, sessions: number): Promise<void> {
  for (;;) {
    const [row] = await database.sql`
      select count(*)::int as count from pg_locks join pg_database d on d.oid = database
      where locktype = 'advisory' and not granted and d.datname = current_database()`
    if ((row?.['count'] as number) >= sessions) return
  }
}
