/**
 * The store in memory: the same promises as PostgreSQL's, one transaction at a time.
 *
 * A transaction works on an overlay and is laid over the tables at commit, so a throw leaves nothing. There is no
 * disk; `snapshot` and `restore` let the simulator lose or rewind a node's memory as a restored backup would.
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
import { keyText, shapeOf, type Shape, type UniqueIndex } from './shape.ts'

type AnyRow = Readonly<Record<string, unknown>>
/** Rows by key text; equality indexes are built when first asked for and kept by every later write. */
class Rows {
  readonly byKey = new Map<string, AnyRow>()
  private readonly indexes = new Map<string, Map<string, Set<string>>>()

  put(key: string, row: AnyRow): void {
    this.drop(key)
    this.byKey.set(key, row)
    for (const [fields, index] of this.indexes) bucket(index, valuesText(fields.split(','), row)).add(key)
  }

  drop(key: string): void {
    const row = this.byKey.get(key)
    if (!row) return
    this.byKey.delete(key)
    for (const [fields, index] of this.indexes) index.get(valuesText(fields.split(','), row))?.delete(key)
  }

  keysWhere(match: AnyRow): Iterable<string> {
    const fields = Object.keys(match).sort()
    if (fields.length === 0) return this.byKey.keys()
    const name = fields.join(',')
    let index = this.indexes.get(name)
    if (!index) {
      this.indexes.set(name, (index = new Map()))
      for (const [key, row] of this.byKey) bucket(index, valuesText(fields, row)).add(key)
    }
    return index.get(valuesText(fields, match)) ?? []
  }
}

function bucket(index: Map<string, Set<string>>, value: string): Set<string> {
  let keys = index.get(value)
  if (!keys) index.set(value, (keys = new Set()))
  return keys
}

function valuesText(fields: readonly string[], row: AnyRow): string {
  return fields.map((field) => valueText(row[field])).join('')
}

/** Equal for equal values only: null is not the text "null", and texts say their length so that no two rows join alike. */
function valueText(value: unknown): string {
  if (typeof value === 'string') return `${value.length}:${value}`
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString('hex')};`
  return `${String(value)};`
}

export interface MemorySnapshot {
  readonly tables: ReadonlyMap<PgTable, ReadonlyMap<string, AnyRow>>
  readonly position: number
}

export class MemoryStore implements Store {
  private tables = new Map<PgTable, Rows>()
  private position = 0
  private queue: Promise<unknown> = Promise.resolve()

  async transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    return this.inTurn(async () => {
      const tx = new MemoryTransaction(
        (table) => this.rows(table),
        () => ++this.position,
      )
      const result = await work(tx)
      const effects = tx.commit()
      for (const effect of effects) effect()
      return result
    })
  }

  async read<Result>(work: (reader: Reader) => Promise<Result>): Promise<Result> {
    return this.inTurn(() =>
      work(
        new MemoryTransaction(
          (table) => this.rows(table),
          () => ++this.position,
        ),
      ),
    )
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

  private rows(table: PgTable): Rows {
    let rows = this.tables.get(table)
    if (!rows) this.tables.set(table, (rows = new Rows()))
    return rows
  }

  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.queue.then(work)
    this.queue = turn.catch(() => undefined)
    return turn
  }
}

class MemoryTransaction implements Transaction {
  private readonly overlay = new Map<PgTable, Map<string, AnyRow | null>>()
  private readonly effects: (() => void)[] = []
  private readonly base: (table: PgTable) => Rows
  private readonly nextPosition: () => number

  constructor(base: (table: PgTable) => Rows, nextPosition: () => number) {
    this.base = base
    this.nextPosition = nextPosition
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

  insert<T extends PgTable>(table: T, rows: readonly Row<T>[]): Promise<void> {
    const shape = shapeOf(table)
    for (const row of rows) {
      const key = keyText(shape, row)
      if (this.rowAt(table, key)) return Promise.reject(new UniqueViolation(`${shape.name}_pkey`))
      this.write(table, key, { ...row })
    }
    return Promise.resolve()
  }

  update<T extends PgTable>(table: T, key: Match<T>, patch: Match<T>): Promise<void> {
    const shape = shapeOf(table)
    const text = keyText(shape, key)
    const row = this.rowAt(table, text)
    if (!row) return Promise.reject(new MissingRow(shape.name))
    this.write(table, text, { ...row, ...patch })
    return Promise.resolve()
  }

  remove<T extends PgTable>(table: T, key: Match<T>): Promise<void> {
    this.write(table, keyText(shapeOf(table), key), null)
    return Promise.resolve()
  }

  /** Transactions run one at a time, so every lock is free. */
  lock(): Promise<void> {
    return Promise.resolve()
  }

  positions(count: number): Promise<number[]> {
    return Promise.resolve(Array.from({ length: count }, () => this.nextPosition()))
  }

  afterCommit(effect: () => void): void {
    this.effects.push(effect)
  }

  commit(): (() => void)[] {
    for (const [table, rows] of this.overlay) this.checkUniques(table, shapeOf(table), rows)
    for (const [table, rows] of this.overlay) {
      const base = this.base(table)
      for (const [key, row] of rows)
        if (row) base.put(key, row)
        else base.drop(key)
    }
    return this.effects
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

  private write(table: PgTable, key: string, row: AnyRow | null): void {
    let rows = this.overlay.get(table)
    if (!rows) this.overlay.set(table, (rows = new Map()))
    // Frozen, because readers are given this very row: what they do to it must change nothing here.
    rows.set(key, row && Object.freeze(row))
  }

  private rowAt(table: PgTable, key: string): AnyRow | undefined {
    const written = this.overlay.get(table)?.get(key)
    return written === undefined ? this.base(table).byKey.get(key) : (written ?? undefined)
  }

  private matching(table: PgTable, match: AnyRow): AnyRow[] {
    const overlay = this.overlay.get(table)
    const base = this.base(table)
    const found: AnyRow[] = []
    for (const key of base.keysWhere(match)) {
      const row = base.byKey.get(key)
      if (row && !overlay?.has(key)) found.push(row)
    }
    for (const row of overlay?.values() ?? []) if (row && fits(match, row)) found.push(row)
    return found
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
