/** Records about the streams: what one of them makes this node read is bounded, whatever it names. */
import { getTableName } from 'drizzle-orm'
import { beforeEach, expect, it } from 'vitest'
import { envelopesOut, recordsOut } from '../../node/federation/tables.ts'
import { nodeJsCrypto } from '../../node/platform.ts'
import { MemoryStore } from '../../node/store/memory.ts'
import { type Store, type Transaction } from '../../node/store/port.ts'
import { digestOf } from '../../protocol/index.ts'
import { bodyOf } from '../harness/peer.ts'
import { shenzhen, withScriptedPeer } from '../harness/world.ts'

let rowsRead: number
beforeEach(() => {
  rowsRead = 0
})

/** Counts the rows of our own records that transactions are given. */
function counting(inner: Store): Store {
  const counted = <Rows extends unknown[]>(table: Parameters<typeof getTableName>[0], rows: Rows): Rows => {
    if (getTableName(table) === 'records_out') rowsRead += rows.length
    return rows
  }
  const over = (tx: Transaction): Transaction => ({
    get: async (table, key) => counted(table, [await tx.get(table, key)])[0],
    getMany: async (table, keys) => counted(table, await tx.getMany(table, keys)),
    find: async (table, match, options) => counted(table, await tx.find(table, match, options)),
    findIn: async (table, column, values, match) =>
      counted(table, await tx.findIn(table, column, values, match)),
    count: (table, match, options) => tx.count(table, match, options),
    insert: (table, rows) => tx.insert(table, rows),
    update: (table, key, patch) => tx.update(table, key, patch),
    remove: (table, key) => tx.remove(table, key),
    lock: (names) => tx.lock(names),
    presumeNew: (table, keys) => tx.presumeNew(table, keys),
    positions: (count) => tx.positions(count),
    afterCommit: (effect) => tx.afterCommit(effect),
  })
  return {
    transaction: (work) => inner.transaction((tx) => work(over(tx))),
    read: (work) => inner.read(work),
  }
}

const sealed = 256

it.each([
  ['written together', 1, sealed],
  ['written one by one', 1024, 2 * sealed],
])('an outcome of a record that was %s costs the row it names', async (_how, apart, most) => {
  const { us, peer } = await withScriptedPeer(counting(new MemoryStore()))
  const digest = (i: number) => digestOf(nodeJsCrypto, String(i))
  const position = (i: number) => 1000 + i * apart
  await us.store.transaction(async (tx) => {
    await tx.lock([`pair:${shenzhen}`, `stream-out:${shenzhen}`])
    const rows = Array.from({ length: sealed + 1 }, (_, i) => ({
      ...{ peer: shenzhen, position: position(i), caseId: null, type: 'notice.sent', digest: digest(i) },
      ...{ text: '', writtenMs: 0, outcome: 'parked' },
    }))
    await tx.insert(recordsOut, rows)
    await tx.insert(envelopesOut, [
      {
        ...{ peer: shenzhen, epoch: 1, seq: 1, contentId: digest(-1), jws: 'j', records: sealed },
        ...{ firstPosition: position(0), lastPosition: position(sealed - 1), sealedMs: 0 },
        ...{ receipted: true, receipt: 'r', receiptedMs: 0 },
      },
    ])
  })
  const settled = (index: number, of = index) =>
    peer.record('outcome.settled', null, {
      ...{ epoch: 1, seq: 1, index, digest: digest(of), outcome: 'refused:case_closed' },
    })
  rowsRead = 0
  await us.region.inbox.receive(
    shenzhen,
    bodyOf(peer.say(...Array.from({ length: sealed }, (_, i) => settled(i)))),
  )
  expect(rowsRead).toBeLessThanOrEqual(most)
  const outcomes = await us.store.read((reader) =>
    reader.find(recordsOut, { peer: shenzhen }, { orderBy: 'position' }),
  )
  const expected = Array.from({ length: sealed }, () => 'refused:case_closed')
  expect(outcomes.map(({ outcome }) => outcome)).toEqual([...expected, 'parked'])
  await us.region.inbox.receive(shenzhen, bodyOf(peer.say(settled(sealed - 1, sealed), settled(0, 1))))
  const last = await us.store.read((reader) =>
    reader.get(recordsOut, { peer: shenzhen, position: position(sealed) }),
  )
  expect(last?.outcome).toBe('parked')
})
