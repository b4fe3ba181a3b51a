/**
 * A store under watch: every call passes through `watch` first, which may look, count or throw. That is how a test
 * crashes a node at the k-th step, and how two laws of the house are held in every test: what is said to a peer is
 * written under that pair's lock, and what is sealed or receipted of it changes under the lock of the stream.
 */
import { getTableName } from 'drizzle-orm'
import { type PgTable } from 'drizzle-orm/pg-core'
import { pairLock } from '../../node/federation/outbox.ts'
import { recordsOut } from '../../node/federation/tables.ts'
import { type Reader, type Row, type Store, type Transaction } from '../../node/store/port.ts'

export interface Call {
  readonly what: keyof Transaction | 'begin' | 'commit' | 'committed' | 'read'
  readonly table?: string
}
export type Watch = (call: Call) => void

export class WatchedStore implements Store {
  watch: Watch
  private readonly inner: Store

  constructor(inner: Store, watch: Watch = () => undefined) {
    this.inner = inner
    this.watch = watch
  }

  async transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    this.watch({ what: 'begin' })
    const result = await this.inner.transaction(async (tx) => {
      const done = await work(this.watched(tx))
      this.watch({ what: 'commit' })
      return done
    })
    // Durable already, but the caller never learns it: the process died with the answer on its lips.
    this.watch({ what: 'committed' })
    return result
  }

  read<Result>(work: (reader: Reader) => Promise<Result>): Promise<Result> {
    return this.inner.read((reader) => {
      this.watch({ what: 'read' })
      return work(reader)
    })
  }

  private watched(tx: Transaction): Transaction {
    const locks = new Set<string>()
    const see = (what: Call['what'], table?: PgTable) =>
      this.watch(table ? { what, table: getTableName(table) } : { what })
    return {
      get: async (table, key) => (see('get', table), tx.get(table, key)),
      getMany: async (table, keys) => (see('getMany', table), tx.getMany(table, keys)),
      find: async (table, match, options) => (see('find', table), tx.find(table, match, options)),
      findIn: async (table, column, values, match) => (
        see('findIn', table),
        tx.findIn(table, column, values, match)
      ),
      count: async (table, match, options) => (see('count', table), tx.count(table, match, options)),
      insert: async (table, rows) => {
        see('insert', table)
        if (isRecordsOut(table)) demandPairLocks(locks, rows as unknown as Row<typeof recordsOut>[])
        await tx.insert(table, rows)
      },
      update: async (table, key, patch) => {
        see('update', table)
        if (isRecordsOut(table)) demandStreamLock(locks)
        await tx.update(table, key, patch)
      },
      remove: async (table, key) => (see('remove', table), tx.remove(table, key)),
      lock: async (names) => {
        see('lock')
        await tx.lock(names)
        for (const name of names) locks.add(name)
      },
      presumeNew: (table, keys) => tx.presumeNew(table, keys),
      positions: async (count) => (see('positions'), tx.positions(count)),
      afterCommit: (effect) => tx.afterCommit(effect),
    }
  }
}

function isRecordsOut(table: PgTable): boolean {
  return getTableName(table) === getTableName(recordsOut)
}

/** The whole row is written, so two that change different columns of it at once would undo each other. */
function demandStreamLock(locks: ReadonlySet<string>): void {
  if (![...locks].some((name) => name.startsWith('stream-out:')))
    throw new Error('a record on its way is changed without the lock of its stream')
}

function demandPairLocks(locks: ReadonlySet<string>, rows: readonly Row<typeof recordsOut>[]): void {
  for (const { peer, type } of rows)
    if (!locks.has(pairLock(peer))) throw new Error(`${type} for ${peer} is written without its pair lock`)
}
