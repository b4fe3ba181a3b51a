/** A connection that is lost in the middle of a transaction: the caller hears of it, the process lives, the next one works. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { peers } from '../../node/federation/tables.ts'
import { freshDatabase, type FreshDatabase } from '../harness/database.ts'

let database: FreshDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.close())

const peer = (node: string) => ({ node, name: node, url: `http://${node}.test`, paused: false })

/** Ends every other session of this database, as a server that is shut down would. */
async function endSessions(): Promise<void> {
  await database.sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`
}

it.each(['before it reads', 'before it writes', 'while it is away'] as const)(
  'a transaction whose connection is lost %s fails, leaves nothing, and the next one works',
  async (moment) => {
    const work = database.store.transaction(async (tx) => {
      await tx.get(peers, { node: '411500' })
      await tx.insert(peers, [peer('411500')])
      await endSessions()
      // Long enough for the end of the connection to have been heard, and the transaction to be over for its caller.
      if (moment === 'while it is away') await new Promise((resolve) => setTimeout(resolve, 100))
      if (moment !== 'before it writes') await tx.find(peers, { paused: false })
    })
    await expect(work).rejects.toThrow()
    expect(await database.store.read((reader) => reader.count(peers, {}))).toBe(0)
    await database.store.transaction((tx) => tx.insert(peers, [peer('440300')]))
    await database.store.transaction((tx) => tx.remove(peers, { node: '440300' }))
  },
)

it('many rows that lose their connection on the way leave nothing', async () => {
  const work = database.store.transaction(async (tx) => {
    await tx.get(peers, { node: '411500' })
    await endSessions()
    await tx.insert(
      peers,
      Array.from({ length: 100 }, (_, n) => peer(String(100_000 + n))),
    )
  })
  await expect(work).rejects.toThrow()
  expect(await database.store.read((reader) => reader.count(peers, {}))).toBe(0)
})

it('a snapshot that loses its connection fails, and the next one works', async () => {
  const work = database.store.read(async (reader) => {
    await reader.find(peers, {})
    await endSessions()
    return reader.find(peers, {})
  })
  await expect(work).rejects.toThrow()
  expect(await database.store.read((reader) => reader.find(peers, {}))).toEqual([])
})
