/** The audit: a chain that nobody changes unseen, in memory and in PostgreSQL, where nobody changes it at all. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Audit, type Noted } from '../../node/audit/index.ts'
import { audit as rows } from '../../node/audit/tables.ts'
import { nodeJsCrypto } from '../../node/platform.ts'
import { MemoryStore } from '../../node/store/memory.ts'
import { type Store } from '../../node/store/port.ts'
import { auditEntrySchema } from '../../protocol/index.ts'
import { VirtualClock } from '../harness/clock.ts'
import { freshDatabase, type FreshDatabase } from '../harness/database.ts'

const entry = (subject: string, more: Partial<Noted> = {}): Noted => ({
  ...{ account: 'a', role: 'officer', action: 'case.close', subject, outcome: 'begun', address: '10.0.0.1' },
  ...more,
})
const auditOver = (store: Store) => new Audit({ store, clock: new VirtualClock(), crypto: nodeJsCrypto })

describe('the chain', () => {
  it('is whole, numbered without a gap also when many write at once, and read from its end', async () => {
    const audit = auditOver(new MemoryStore())
    expect(await audit.verify()).toEqual({ entries: 0, head: null, brokenAt: null })
    await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        audit.note(entry(`case ${i % 4}`, { detail: { reason: 'death', n: i } })),
      ),
    )
    const page = await audit.page({ after: undefined, limit: 30 })
    expect(page.map(({ seq }) => seq)).toEqual(Array.from({ length: 30 }, (_, i) => 40 - i))
    for (const one of page) auditEntrySchema.parse(one)
    expect((await audit.page({ after: 11, limit: 30 })).map(({ seq }) => seq)).toHaveLength(10)
    expect(await audit.page({ after: undefined, limit: 30, subject: 'case 1' })).toHaveLength(10)
    expect(await audit.page({ after: undefined, limit: 30, account: 'b' })).toEqual([])
    expect(await audit.verify()).toEqual({ entries: 40, head: page[0]?.hash, brokenAt: null })
  })

  it.each([
    ['another word in an entry', { outcome: 'done' }],
    ['another moment', { atMs: 1 }],
    ['another subject', { subject: 'x' }],
    ['another detail', { detail: '{"purpose":"other"}' }],
    ['another account', { account: 'b' }],
    ['a hash that fits nothing', { hash: 'x' }],
  ])('shows %s', async (_, change) => {
    const store = new MemoryStore()
    const audit = auditOver(store)
    for (let i = 0; i < 5; i++) await audit.note(entry('c'))
    await store.transaction((tx) => tx.update(rows, { seq: 3 }, change))
    expect((await audit.verify()).brokenAt).toBe(3)
  })

  it('shows an entry taken out, and one put in with a hash of its own', async () => {
    const store = new MemoryStore()
    const audit = auditOver(store)
    for (let i = 0; i < 5; i++) await audit.note(entry('c'))
    const [fourth] = await store.read((reader) => reader.find(rows, { seq: 4 }))
    await store.transaction((tx) => tx.remove(rows, { seq: 4 }))
    expect((await audit.verify()).brokenAt).toBe(4)
    await store.transaction(async (tx) =>
      tx.insert(rows, [{ ...fourth, subject: 'other' } as NonNullable<typeof fourth>]),
    )
    expect((await audit.verify()).brokenAt).toBe(4)
  })
})

describe('in PostgreSQL', () => {
  let database: FreshDatabase
  beforeAll(async () => {
    database = await freshDatabase()
  })
  afterAll(() => database.close())

  it('entries are added and nothing else, by nobody who uses the node’s connection', async () => {
    const audit = auditOver(database.store)
    for (let i = 0; i < 3; i++) await audit.note(entry('c', { about: i }))
    for (const statement of [
      `update audit set outcome = 'done'`,
      `update audit set subject = '' where seq = 1`,
      'delete from audit where seq = 3',
      'truncate audit',
    ])
      await expect(database.sql.unsafe(statement)).rejects.toThrow('never changed or removed')
    expect(await audit.verify()).toMatchObject({ entries: 3, brokenAt: null })
  })

  it('its chain is the same as in memory', async () => {
    const [one, two] = [auditOver(new MemoryStore()), auditOver((await freshDatabase()).store)]
    for (const audit of [one, two])
      for (let i = 0; i < 4; i++) await audit.note(entry(`c${i}`, { detail: { i, b: true } }))
    expect((await two.verify()).head).toBe((await one.verify()).head)
  })
})
