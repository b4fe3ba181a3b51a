/**
 * A store that keeps book of what was committed: which tables, how many rows, and the rows that were inserted. It is
 * what the oracle looks at after every message, where a whole dump would cost too much.
 */
import { getTableName } from 'drizzle-orm'
import { type PgTable } from 'drizzle-orm/pg-core'
import { type Reader, type Row, type Store, type Transaction } from '../../node/store/port.ts'

export interface Entry {
  inserted: object[]
  updated: number
  removed: number
}
type What = 'inserted' | 'updated' | 'removed'
type Line = readonly [table: string, what: What, rows: readonly object[]]

export class LedgerStore implements Store {
  private readonly inner: Store
  private readonly book = new Map<string, Entry>()

  constructor(inner: Store) {
    this.inner = inner
  }

  clear(): void {
    this.book.clear()
  }

  /** Names of the tables to which something was committed since `clear`. */
  touched(): string[] {
    return [...this.book.keys()]
  }

  entry(table: PgTable): Entry {
    return this.book.get(getTableName(table)) ?? { inserted: [], updated: 0, removed: 0 }
  }

  inserted<T extends PgTable>(table: T): Row<T>[] {
    return this.entry(table).inserted as Row<T>[]
  }

  async transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    const { result, lines } = await this.inner.transaction(async (tx) => {
      const lines: Line[] = []
      return { result: await work(watched(tx, lines)), lines }
    })
    for (const line of lines) this.write(line)
    return result
  }

  read<Result>(work: (reader: Reader) => Promise<Result>): Promise<Result> {
    return this.inner.read(work)
  }

  private write([table, what, rows]: Line): void {
    let entry = this.book.get(table)
    if (!entry) this.book.set(table, (entry = { inserted: [], updated: 0, removed: 0 }))
    if (what === 'inserted') entry.inserted.push(...rows)
    else entry[what]++
  }
}

function watched(tx: Transaction, lines: Line[]): Transaction {
  const see = (table: PgTable, what: What, rows: readonly object[] = []) => {
    if (what !== 'inserted' || rows.length > 0) lines.push([getTableName(table), what, rows])
  }
  return {
    get: (table, key) => tx.get(table, key),
    getMany: (table, keys) => tx.getMany(table, keys),
    find: (table, match, options) => tx.find(table, match, options),
    findIn: (table, column, values, match) => tx.findIn(table, column, values, match),
    count: (table, match) => tx.count(table, match),
    insert: (table, rows) => (see(table, 'inserted', rows), tx.insert(table, rows)),
    update: (table, key, patch) => (see(table, 'updated'), tx.update(table, key, patch)),
    remove: (table, key) => (see(table, 'removed'), tx.remove(table, key)),
    lock: (names) => tx.lock(names),
    presumeNew: (table, keys) => tx.presumeNew(table, keys),
    positions: (count) => tx.positions(count),
    afterCommit: (effect) => tx.afterCommit(effect),
  }
}
