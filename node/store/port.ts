/**
 * The one narrow port between the node's rules and its storage. Federation and every domain's `apply` know storage
 * only through it, so the simulator runs the production core on the in-memory implementation.
 *
 * What an implementation promises (held by test/contract/store.contract.ts for each of them):
 *
 * - A transaction commits whole or not at all. If `work` throws, nothing of it remains; sequence positions may skip.
 * - A transaction reads its own writes. Rows are values: changing a row object changes nothing, `update` does.
 * - Committed writes survive the process, as far as the implementation claims durability at all.
 * - `lock` waits until no other open transaction holds the same name, and is held to the end of this one. What was
 *   read before is read anew afterwards. Names are taken in sorted order, so two callers cannot wait for each other.
 * - Primary keys and unique indexes of the tables are enforced at the latest at commit, as UniqueViolation. Before that
 *   `work` runs once more: what broke the index may have come from another transaction, after it was looked for here.
 * - `positions` are drawn from one sequence: ascending within a call, never repeated, in no promised order between
 *   transactions that did not lock each other out.
 * - `work` may run more than once (after a deadlock, or a broken index) and must have no effect outside the
 *   transaction; `afterCommit` runs once, after the transaction that returned is durable.
 * - `presumeNew` says of rows that they are most likely not there, and will be inserted before anything relies on it. They
 *   may then read as absent without being looked for. If one is there after all, its insertion breaks the primary key,
 *   and `work` runs again with every row looked for.
 */
import { type InferSelectModel } from 'drizzle-orm'
import { type PgTable } from 'drizzle-orm/pg-core'

export type Row<T extends PgTable> = Readonly<InferSelectModel<T>>
export type Match<T extends PgTable> = Partial<Row<T>>
export type ColumnOf<T extends PgTable> = keyof Row<T> & string

export interface FindOptions<T extends PgTable> {
  readonly orderBy?: ColumnOf<T>
  readonly descending?: boolean
  readonly limit?: number
  /** Only rows whose `orderBy` column is beyond this value in the chosen direction. */
  readonly after?: string | number
}

/** Reading and writing are different types: a view that needs no writing cannot do it. */
export interface Reader {
  /** The row with this primary key; absence is undefined. */
  get<T extends PgTable>(table: T, key: Match<T>): Promise<Row<T> | undefined>
  /** One row or undefined per key, in the order of the keys; one round trip for those not yet read. */
  getMany<T extends PgTable>(table: T, keys: readonly Match<T>[]): Promise<(Row<T> | undefined)[]>
  /** All rows equal to `match` in each column it names (null equals null). */
  find<T extends PgTable>(table: T, match: Match<T>, options?: FindOptions<T>): Promise<Row<T>[]>
  /** Rows whose `column` is one of `values` and that equal `match` elsewhere. */
  findIn<T extends PgTable>(
    table: T,
    column: ColumnOf<T>,
    values: readonly (string | number)[],
    match?: Match<T>,
  ): Promise<Row<T>[]>
  /** How many rows `find` would give. */
  count<T extends PgTable>(
    table: T,
    match: Match<T>,
    options?: Pick<FindOptions<T>, 'orderBy' | 'after'>,
  ): Promise<number>
}

export interface Transaction extends Reader {
  insert<T extends PgTable>(table: T, rows: readonly Row<T>[]): Promise<void>
  /** Changes the columns named in `patch` of the row with this key; throws MissingRow when there is none. */
  update<T extends PgTable>(table: T, key: Match<T>, patch: Match<T>): Promise<void>
  remove<T extends PgTable>(table: T, key: Match<T>): Promise<void>
  lock(names: readonly string[]): Promise<void>
  presumeNew<T extends PgTable>(table: T, keys: readonly Match<T>[]): void
  positions(count: number): Promise<number[]>
  afterCommit(effect: () => void): void
}

export interface Store {
  transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>
  /** One consistent snapshot for all reads of `work`. */
  read<Result>(work: (reader: Reader) => Promise<Result>): Promise<Result>
}

export class UniqueViolation extends Error {
  readonly index: string
  constructor(index: string) {
    super(`a row breaks the unique index ${index}`)
    this.index = index
  }
}

export class MissingRow extends Error {
  constructor(table: string) {
    super(`a row to be changed is not in ${table}`)
  }
}
