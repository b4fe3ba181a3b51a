/**
 * The store in memory: the same promises as PostgreSQL's, and its freedom. Transactions interleave wherever they await.
 *
 * A transaction reads what is committed under an overlay of its own writes, which is laid over the tables at commit, so a throw
 * leaves nothing. Wrong lock discipline, which a database would answer with lost data, is an error here (LostUpdate).
 * There is no disk; `snapshot` and `restore` let the simulator lose or rewind a node's memory as a restored backup would.
 */
import { type PgTable } from 'drizzle-orm/pg-core'
import {
  MissingRow,
  UniqueViolation,
  type ColumnOf,
  type FindOptions,
  type Match,
  type Reader,
  type Row,
  type Store,
  type Transaction,
} from './port.ts'
import { Rows, valueText } from './rows.ts'
import { keyText, shapeOf, type AnyRow, type Shape, type UniqueIndex } from './shape.ts'

export interface MemorySnapshot {
  readonly tables: ReadonlyMap<PgTable, ReadonlyMap<string, AnyRow>>
  readonly position: number
}

/** One row as a commit left it and as it was before. */
export interface Change {
  readonly table: PgTable
  readonly key: string
  readonly before: AnyRow | undefined
  readonly after: AnyRow | undefined
}

/**
 * A transaction wrote a row that another had changed since this one read it: the lock that should have kept them apart
 * was not taken, or what was read before it was not read anew. Against PostgreSQL the other's change would be gone.
 */
export class LostUpdate extends Error {
  constructor(table: string, key: string) {
    super(`lost update: ${table} ${key} was changed by another transaction after it was read`)
  }
}

/** Two transactions wait for each other's locks; as with PostgreSQL, one of them is undone and tried again. */
class Deadlock extends Error {}
const tries = 5

export class MemoryStore implements Store {
  /** Sees what every transaction changes, in the moment of its commit. */
  onCommit: ((changes: readonly Change[]) => void) | undefined
  private tables = new Map<PgTable, Rows>()
  private position = 0
  private readonly locks = new Locks()
  private readonly snapshots = new Set<Overlay>()

  async transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    let careful = false
    for (let left = tries; ; left--) {
      const tx = new MemoryTransaction(
        (table) => this.rows(table),
        () => ++this.position,
        this.locks,
      )
      try {
        const result = await work(tx)
        this.commit(tx)
        for (const effect of tx.effects) effect()
        return result
      } catch (error) {
        const again = error instanceof UniqueViolation ? !careful : error instanceof Deadlock && left > 1
        if (!again) throw error
        careful ||= error instanceof UniqueViolation
      } finally {
        this.locks.release(tx)
      }
    }
  }

  /** What is changed while the reader reads is kept for it as it was. */
  async read<Result>(work: (reader: Reader) => Promise<Result>): Promise<Result> {
    const kept = new Overlay()
    this.snapshots.add(kept)
    try {
      return await work(new MemoryReader((table) => this.rows(table), kept))
    } finally {
      this.snapshots.delete(kept)
    }
  }

  snapshot(): MemorySnapshot {
    return {
      tables: new Map([...this.tables].map(([table, rows]) => [table, new Map(rows.byKey)])),
      position: this.position,
    }
  }

  restore(snapshot: MemorySnapshot): void {
    this.tables = new Map()
    for (const [table, rows] of snapshot.tables) for (const [key, row] of rows) this.rows(table).put(key, row)
    this.position = snapshot.position
  }

  private commit(tx: MemoryTransaction): void {
    const changes = tx.changes()
    for (const { table, key, before, after } of changes) {
      for (const kept of this.snapshots) kept.keep(table, key, before ?? null)
      const rows = this.rows(table)
      if (after) rows.put(key, after)
      else rows.drop(key)
    }
    this.locks.release(tx)
    this.onCommit?.(changes)
  }

  private rows(table: PgTable): Rows {
    let rows = this.tables.get(table)
    if (!rows) this.tables.set(table, (rows = new Rows()))
    return rows
  }
}

/** Named locks, each held by one transaction to its end; those who wait get it in the order in which they asked. */
class Locks {
  private readonly holders = new Map<string, object>()
  private readonly queues = new Map<string, { holder: object; granted: () => void }[]>()
  private readonly waitingFor = new Map<object, string>()
  private readonly held = new Map<object, string[]>()

  async take(holder: object, names: readonly string[]): Promise<void> {
    for (const name of [...new Set(names)].sort()) {
      const owner = this.holders.get(name)
      if (owner === holder) continue
      if (owner) await this.wait(holder, name)
      else this.give(holder, name)
    }
  }

  release(holder: object): void {
    const names = this.held.get(holder)
    if (!names) return
    this.held.delete(holder)
    for (const name of names) {
      this.holders.delete(name)
      const next = this.queues.get(name)?.shift()
      if (!next) continue
      this.waitingFor.delete(next.holder)
      this.give(next.holder, name)
      next.granted()
    }
  }

  private give(holder: object, name: string): void {
    this.holders.set(name, holder)
    const names = this.held.get(holder)
    if (names) names.push(name)
    else this.held.set(holder, [name])
  }

  private wait(holder: object, name: string): Promise<void> {
    let at: string | undefined = name
    while (at !== undefined) {
      const owner = this.holders.get(at)
      if (owner === holder) return Promise.reject(new Deadlock('two transactions wait for each other'))
      at = owner && this.waitingFor.get(owner)
    }
    this.waitingFor.set(holder, name)
    return new Promise((granted) => {
      const queue = this.queues.get(name)
      if (queue) queue.push({ holder, granted })
      else this.queues.set(name, [{ holder, granted }])
    })
  }
}

/** Rows that stand before those of the store: what a transaction has written, or what a reader is to see as it was. */
class Overlay {
  readonly tables = new Map<PgTable, Map<string, AnyRow | null>>()

  set(table: PgTable, key: string, row: AnyRow | null): void {
    const rows = this.tables.get(table)
    if (rows) rows.set(key, row)
    else this.tables.set(table, new Map([[key, row]]))
  }

  keep(table: PgTable, key: string, row: AnyRow | null): void {
    if (!this.tables.get(table)?.has(key)) this.set(table, key, row)
  }
}

class MemoryReader implements Reader {
  protected readonly base: (table: PgTable) => Rows
  protected readonly overlay: Overlay

  constructor(base: (table: PgTable) => Rows, overlay: Overlay) {
    this.base = base
    this.overlay = overlay
  }

  async get<T extends PgTable>(table: T, key: Match<T>): Promise<Row<T> | undefined> {
    return (await this.getMany(table, [key]))[0]
  }

  getMany<T extends PgTable>(table: T, keys: readonly Match<T>[]): Promise<(Row<T> | undefined)[]> {
    const shape = shapeOf(table)
    return Promise.resolve(keys.map((key) => this.rowAt(table, keyText(shape, key)) as Row<T> | undefined))
  }

  find<T extends PgTable>(table: T, match: Match<T>, options: FindOptions<T> = {}): Promise<Row<T>[]> {
    return Promise.resolve(arrange(this.matching(table, match as AnyRow) as Row<T>[], options))
  }

  findIn<T extends PgTable>(
    table: T,
    column: ColumnOf<T>,
    values: readonly (string | number)[],
    match: Match<T> = {},
  ): Promise<Row<T>[]> {
    const found = [...new Set(values)].flatMap((value) => this.matching(table, { ...match, [column]: value }))
    return Promise.resolve(found as Row<T>[])
  }

  count<T extends PgTable>(
    table: T,
    match: Match<T>,
    options: Pick<FindOptions<T>, 'orderBy' | 'after'> = {},
  ): Promise<number> {
    return Promise.resolve(arrange(this.matching(table, match as AnyRow) as Row<T>[], options).length)
  }

  /** The row now: as this transaction has written it, else as it is committed. */
  protected rowAt(table: PgTable, key: string): AnyRow | undefined {
    const written = this.overlay.tables.get(table)?.get(key)
    return written === undefined ? this.committed(table, key) : (written ?? undefined)
  }

  protected committed(table: PgTable, key: string): AnyRow | undefined {
    return this.base(table).byKey.get(key)
  }

  protected matching(table: PgTable, match: AnyRow): AnyRow[] {
    const overlay = this.overlay.tables.get(table)
    const base = this.base(table)
    const found: AnyRow[] = []
    for (const key of base.keysWhere(match)) {
      const row = base.byKey.get(key)
      if (row && !overlay?.has(key)) found.push(this.found(table, key, row))
    }
    if (overlay) for (const row of overlay.values()) if (row && fits(match, row)) found.push(row)
    return found
  }

  protected found(_table: PgTable, _key: string, row: AnyRow): AnyRow {
    return row
  }
}

/** A committed row as this transaction read it last, and after how many locks. */
interface Seen {
  readonly row: AnyRow | undefined
  readonly locks: number
}

/** What a write was decided on: the committed row then, and, for an update of a row never read, the columns alone. */
interface Basis {
  readonly row: AnyRow | undefined
  patch: AnyRow | undefined
}

/**
 * Read committed, with an identity map: a row read by key stays as it was read until a lock is taken, as in the store
 * of PostgreSQL. What others commit meanwhile is seen by `find`, and by a commit as a LostUpdate.
 */
class MemoryTransaction extends MemoryReader implements Transaction {
  readonly effects: (() => void)[] = []
  private readonly nextPosition: () => number
  private readonly locks: Locks
  private readonly seen = new Map<PgTable, Map<string, Seen>>()
  private readonly bases = new Map<PgTable, Map<string, Basis>>()
  private locksTaken = 0

  constructor(base: (table: PgTable) => Rows, nextPosition: () => number, locks: Locks) {
    super(base, new Overlay())
    this.nextPosition = nextPosition
    this.locks = locks
  }

  insert<T extends PgTable>(table: T, rows: readonly Row<T>[]): Promise<void> {
    const shape = shapeOf(table)
    for (const row of rows) {
      const key = keyText(shape, row)
      if (this.rowAt(table, key)) return Promise.reject(new UniqueViolation(`${shape.name}_pkey`))
      this.write(table, key, { ...row }, undefined)
    }
    return Promise.resolve()
  }

  update<T extends PgTable>(table: T, key: Match<T>, patch: Match<T>): Promise<void> {
    const shape = shapeOf(table)
    const text = keyText(shape, key)
    const blind = this.isBlind(table, text)
    // Not a reading: what this transaction knows of the row, and since when, stays as it is.
    const written = this.overlay.tables.get(table)?.get(text)
    const row = written === undefined ? this.base(table).byKey.get(text) : written
    if (!row) return Promise.reject(new MissingRow(shape.name))
    this.write(table, text, { ...row, ...patch }, blind ? (patch as AnyRow) : undefined)
    return Promise.resolve()
  }

  remove<T extends PgTable>(table: T, key: Match<T>): Promise<void> {
    const text = keyText(shapeOf(table), key)
    this.write(table, text, null, this.isBlind(table, text) ? {} : undefined)
    return Promise.resolve()
  }

  /** Was nothing decided on what stands in this row? Then only the columns named are written, whatever stands in the others. */
  private isBlind(table: PgTable, key: string): boolean {
    const basis = this.bases.get(table)?.get(key)
    return basis ? basis.patch !== undefined : !this.seen.get(table)?.has(key)
  }

  async lock(names: readonly string[]): Promise<void> {
    await this.locks.take(this, names)
    this.locksTaken++
  }

  /** To look costs nothing here. */
  presumeNew(): void {}

  positions(count: number): Promise<number[]> {
    return Promise.resolve(Array.from({ length: count }, () => this.nextPosition()))
  }

  afterCommit(effect: () => void): void {
    this.effects.push(effect)
  }

  /** What this transaction changes, in the order of its first writes. Throws when it may not commit. */
  changes(): Change[] {
    const changes: Change[] = []
    for (const [table, rows] of this.overlay.tables) {
      this.demandFresh(table, rows)
      this.checkUniques(table, shapeOf(table), rows)
      for (const [key, row] of rows)
        changes.push({ table, key, before: this.base(table).byKey.get(key), after: row ?? undefined })
    }
    return changes
  }

  /** Rows by key are held as read until the next lock; a transaction that read one decides on that. */
  protected override committed(table: PgTable, key: string): AnyRow | undefined {
    const before = this.seen.get(table)?.get(key)
    if (before?.locks === this.locksTaken) return before.row
    const row = super.committed(table, key)
    this.see(table, key, row)
    return row
  }

  protected override found(table: PgTable, key: string, row: AnyRow): AnyRow {
    this.see(table, key, row)
    return row
  }

  private see(table: PgTable, key: string, row: AnyRow | undefined): void {
    const seen = { row, locks: this.locksTaken }
    const rows = this.seen.get(table)
    if (rows) rows.set(key, seen)
    else this.seen.set(table, new Map([[key, seen]]))
  }

  private write(table: PgTable, key: string, row: AnyRow | null, patch: AnyRow | undefined): void {
    let bases = this.bases.get(table)
    if (!bases) this.bases.set(table, (bases = new Map()))
    const basis = bases.get(key)
    if (!basis) bases.set(key, { row: this.decidedOn(table, key, patch), patch })
    else basis.patch = basis.patch && patch && { ...basis.patch, ...patch }
    // Frozen, because readers are given this very row: what they do to it must change nothing here.
    this.overlay.set(table, key, row && Object.freeze(row))
  }

  /** What this transaction knows of the committed row: as last read, even if that was before the lock. */
  private decidedOn(table: PgTable, key: string, patch: AnyRow | undefined): AnyRow | undefined {
    const seen = patch === undefined ? this.seen.get(table)?.get(key) : undefined
    return seen ? seen.row : this.base(table).byKey.get(key)
  }

  private demandFresh(table: PgTable, rows: Map<string, AnyRow | null>): void {
    for (const [key, basis] of this.bases.get(table) ?? []) {
      const now = this.base(table).byKey.get(key)
      if (now === basis.row) continue
      const { name } = shapeOf(table)
      if (basis.patch && rows.get(key) === null) continue
      if (basis.row === undefined) throw new UniqueViolation(`${name}_pkey`)
      if (!basis.patch || !now) throw new LostUpdate(name, key)
      rows.set(key, Object.freeze({ ...now, ...basis.patch }))
    }
  }

  private checkUniques(table: PgTable, shape: Shape, rows: Map<string, AnyRow | null>): void {
    for (const unique of shape.uniques)
      for (const [key, row] of rows)
        if (row && binds(unique, row)) {
          const others = this.matching(table, pick(unique, row)).filter(
            (other) => keyText(shape, other) !== key,
          )
          if (others.some((other) => binds(unique, other))) throw new UniqueViolation(unique.name)
        }
  }
}

function fits(match: AnyRow, row: AnyRow): boolean {
  return Object.entries(match).every(
    ([field, value]) =>
      row[field] === value || (value instanceof Uint8Array && valueText(row[field]) === valueText(value)),
  )
}

/** A unique index binds a row unless its condition is false or, as in SQL, one of its columns is null. */
function binds(unique: UniqueIndex, row: AnyRow): boolean {
  return (
    (unique.when === undefined || row[unique.when] === true) &&
    unique.fields.every((field) => row[field] !== null)
  )
}

function pick(unique: UniqueIndex, row: AnyRow): AnyRow {
  return Object.fromEntries(unique.fields.map((field) => [field, row[field]]))
}

function arrange<T extends PgTable>(rows: Row<T>[], options: FindOptions<T>): Row<T>[] {
  const { orderBy, descending = false, limit, after } = options
  if (orderBy === undefined) return limit === undefined ? rows : rows.slice(0, limit)
  const value = (row: Row<T>) => row[orderBy] as string | number
  const direction = descending ? -1 : 1
  const compare = (a: string | number, b: string | number) => (a < b ? -direction : a > b ? direction : 0)
  const kept = after === undefined ? rows : rows.filter((row) => compare(value(row), after) > 0)
  return kept.sort((a, b) => compare(value(a), value(b))).slice(0, limit)
}
