/**
 * The store in PostgreSQL, through postgres.js: the hot path of a node.
 *
 * A transaction keeps the rows it has read and written, and sends its writes together: one statement per table and
 * kind, however many rows (arrays through unnest), when something must be read that they could change, and at commit.
 * Table definitions are Drizzle's; the statements are made from them once and prepared by the driver.
 */
import { type Writable } from 'node:stream'
import { type PgTable } from 'drizzle-orm/pg-core'
import type postgres from 'postgres'
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
import { keyText, shapeOf, type AnyRow, type Shape } from './shape.ts'
import {
  arrayLiteral,
  arrays,
  castOf,
  columnList,
  columnOf,
  copyText,
  deleteByKey,
  insertText,
  pageText,
  quoted,
  selectByKeys,
  typeOf,
  updateText,
  whereText,
  type CopyText,
} from './statements.ts'

type Client = Pick<postgres.TransactionSql, 'unsafe'>
type Parameter = postgres.ParameterOrJSON<never>

/** PostgreSQL's codes for a lost race that a second try usually wins: serialization failure and deadlock. */
const worthRetrying = new Set(['40001', '40P01'])
const tries = 5
/** Rows of one table from which on COPY is cheaper than arrays. */
const copyFrom = 24
/** Positions that one number of the sequence stands for: a thousand records ask it once. A number is drawn up to 2^43 times. */
const positionsPerDraw = 1024

export class PostgresStore implements Store {
  private readonly sql: postgres.Sql

  constructor(sql: postgres.Sql) {
    this.sql = sql
  }

  async transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    let careful = false
    for (let left = tries; ; left--) {
      const life: Life = { over: false, careful }
      try {
        const { result, effects } = await this.once(work, life)
        for (const effect of effects) effect()
        return result
      } catch (error) {
        const violation = uniqueViolationIn(error)
        if (violation && careful) throw violation
        careful ||= violation !== undefined
        if (violation) continue
        if (left <= 1 || !worthRetrying.has(codeOf(error) ?? '')) throw error
      }
    }
  }

  async read<Result>(work: (reader: Reader) => Promise<Result>): Promise<Result> {
    const life: Life = { over: false, careful: true }
    const begun = this.sql.begin('isolation level repeatable read read only', (client) =>
      work(new PostgresTransaction(client, life)).then((value) => ({ value }), neverWhenLost),
    )
    return (await ended(begun, life)).value
  }

  private async once<Result>(
    work: (tx: Transaction) => Promise<Result>,
    life: Life,
  ): Promise<{ result: Result; effects: (() => void)[] }> {
    const run = async (client: Client) => {
      const tx = new PostgresTransaction(client, life)
      const result = await work(tx)
      await tx.flush()
      return { result, effects: tx.effects }
    }
    const begun = this.sql.begin((client) => run(client).catch(neverWhenLost))
    return (await ended(begun, life)) as { result: Result; effects: (() => void)[] }
  }
}

interface Life {
  /** Over for its caller: what is still asked then is asked of nobody. */
  over: boolean
  /** Nothing is presumed: it was tried before, and something was there by then. */
  readonly careful: boolean
}

const lostConnection = /^(CONNECTION_|ECONN|EPIPE|57P0[123])/

/**
 * When the connection is lost the driver ends the transaction by itself; if we ended it first it would send a rollback
 * down the closed socket, and that ends the process. So then nothing is said, and the driver's word reaches the caller.
 */
function neverWhenLost(error: unknown): Promise<never> {
  return lostConnection.test(codeOf(error) ?? '')
    ? new Promise(() => undefined)
    : Promise.reject(error as Error)
}

async function ended<T>(begun: Promise<T>, life: Life): Promise<T> {
  try {
    return await begun
  } finally {
    life.over = true
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

function uniqueViolationIn(error: unknown): UniqueViolation | undefined {
  if (codeOf(error) !== '23505') return undefined
  return new UniqueViolation((error as { constraint_name?: string }).constraint_name ?? 'unknown')
}

/** A row as this transaction knows it, and what of it the database does not know yet. */
interface Held {
  row: AnyRow | null
  state: 'read' | 'inserted' | 'changed'
  /** Fields that the row in the database has otherwise. */
  patched: Set<string> | undefined
}

class PostgresTransaction implements Transaction {
  readonly effects: (() => void)[] = []
  private readonly held = new Map<PgTable, Map<string, Held>>()
  /** Read or inserted in bulk, and not asked for by key yet: most never are, so they go into `held` only then. */
  private readonly unnamed = new Map<PgTable, Held[]>()
  /** What is to be sent, in the order it was written. */
  private readonly inserted = new Map<PgTable, Held[]>()
  private readonly changed = new Map<PgTable, Held[]>()
  private flushing: Promise<void> | undefined
  private readonly client: Client
  private readonly life: Life

  constructor(client: Client, life: Life) {
    this.client = client
    this.life = life
  }

  async get<T extends PgTable>(table: T, key: Match<T>): Promise<Row<T> | undefined> {
    const known = this.heldOf(table).get(keyText(shapeOf(table), key))
    if (known) return (known.row ?? undefined) as Row<T> | undefined
    return (await this.getMany(table, [key]))[0]
  }

  async getMany<T extends PgTable>(table: T, keys: readonly Match<T>[]): Promise<(Row<T> | undefined)[]> {
    const shape = shapeOf(table)
    const held = this.heldOf(table)
    const names = keys.map((key) => keyText(shape, key))
    const missing = new Map<string, AnyRow>()
    for (const [i, key] of keys.entries()) {
      const name = names[i] ?? ''
      if (!held.has(name)) missing.set(name, key as AnyRow)
    }
    if (missing.size > 0) {
      const rows = await this.run(selectByKeys(shape), arrays(shape.key, [...missing.values()]))
      const found = new Map(rows.map((row) => [keyText(shape, row), row]))
      // What another call of this transaction has read or written meanwhile is newer.
      for (const text of missing.keys())
        if (!held.has(text))
          held.set(text, { row: found.get(text) ?? null, state: 'read', patched: undefined })
    }
    return names.map((name) => (held.get(name)?.row ?? undefined) as Row<T> | undefined)
  }

  async find<T extends PgTable>(table: T, match: Match<T>, options: FindOptions<T> = {}): Promise<Row<T>[]> {
    const shape = shapeOf(table)
    const { text, parameters } = pageText(shape, match as AnyRow, options)
    const order =
      options.orderBy === undefined
        ? ''
        : ` order by ${columnOf(shape, options.orderBy)}${options.descending ? ' desc' : ''}`
    const limit = options.limit === undefined ? '' : ` limit ${Math.trunc(options.limit)}`
    return this.select(table, `${text}${order}${limit}`, parameters)
  }

  async findIn<T extends PgTable>(
    table: T,
    column: ColumnOf<T>,
    values: readonly (string | number)[],
    match: Match<T> = {},
  ): Promise<Row<T>[]> {
    if (values.length === 0) return []
    const shape = shapeOf(table)
    const { text, parameters } = whereText(shape, match as AnyRow)
    const type = castOf(shape, column) || `::${typeOf(shape, column)}`
    const condition = `${text} and ${columnOf(shape, column)} = any($${parameters.length + 1}${type}[])`
    return this.select(table, condition, [...parameters, arrayLiteral([...new Set(values)])])
  }

  async count<T extends PgTable>(
    table: T,
    match: Match<T>,
    options: Pick<FindOptions<T>, 'orderBy' | 'after'> = {},
  ): Promise<number> {
    await this.flushIfWritten(table)
    const shape = shapeOf(table)
    const { text, parameters } = pageText(shape, match as AnyRow, options)
    const [row] = await this.run(
      `select count(*)::int8 as count from ${quoted(shape.name)} where ${text}`,
      parameters,
    )
    return Number(row?.['count'] ?? 0)
  }

  insert<T extends PgTable>(table: T, rows: readonly Row<T>[]): Promise<void> {
    const shape = shapeOf(table)
    const inserted = listIn(this.inserted, table)
    // Nothing of this table is known, so there is nothing to be compared with: the database does that at the commit.
    const unnamed = rows.length >= copyFrom && !this.held.has(table) ? listIn(this.unnamed, table) : undefined
    const held = unnamed ? undefined : this.heldOf(table)
    for (const row of rows) {
      const entry: Held = { row: Object.freeze({ ...row }), state: 'inserted', patched: undefined }
      if (held) {
        const key = keyText(shape, row)
        if (held.get(key)?.row) return Promise.reject(new UniqueViolation(`${shape.name}_pkey`))
        held.set(key, entry)
      }
      unnamed?.push(entry)
      inserted.push(entry)
    }
    return Promise.resolve()
  }

  async update<T extends PgTable>(table: T, key: Match<T>, patch: Match<T>): Promise<void> {
    await this.get(table, key)
    const shape = shapeOf(table)
    const entry = this.heldOf(table).get(keyText(shape, key))
    if (!entry?.row) throw new MissingRow(shape.name)
    entry.row = Object.freeze({ ...entry.row, ...patch })
    if (entry.state === 'inserted') return
    if (entry.state === 'read') listIn(this.changed, table).push(entry)
    entry.state = 'changed'
    entry.patched ??= new Set()
    for (const field of Object.keys(patch)) entry.patched.add(field)
  }

  async remove<T extends PgTable>(table: T, key: Match<T>): Promise<void> {
    await this.flushIfWritten(table)
    this.heldOf(table).set(keyText(shapeOf(table), key), { row: null, state: 'read', patched: undefined })
    await this.run(
      deleteByKey(shapeOf(table)),
      shapeOf(table).key.map((field) => (key as AnyRow)[field]),
    )
  }

  async lock(names: readonly string[]): Promise<void> {
    await this.flush()
    const sorted = [...new Set(names)].sort()
    await this.run(
      'select pg_advisory_xact_lock(hashtextextended(name, 0)) from unnest($1::text[]) with ordinality as n(name, i) order by i',
      [arrayLiteral(sorted)],
    )
    this.held.clear()
    this.unnamed.clear()
  }

  presumeNew<T extends PgTable>(table: T, keys: readonly Match<T>[]): void {
    if (this.life.careful) return
    const shape = shapeOf(table)
    const held = this.heldOf(table)
    for (const key of keys) {
      const text = keyText(shape, key)
      if (!held.has(text)) held.set(text, { row: null, state: 'read', patched: undefined })
    }
  }

  async positions(count: number): Promise<number[]> {
    if (count === 0) return []
    const rows = await this.run(
      `select nextval('outbox_position') as drawn from generate_series(1, $1::int4)`,
      [Math.ceil(count / positionsPerDraw)],
    )
    const drawn = rows.map(({ drawn }) => Number(drawn)).sort((a, b) => a - b)
    return Array.from(
      { length: count },
      (_, i) => (drawn[Math.floor(i / positionsPerDraw)] ?? 0) * positionsPerDraw + (i % positionsPerDraw),
    )
  }

  afterCommit(effect: () => void): void {
    this.effects.push(effect)
  }

  /** Changes go before insertions: one row may leave a unique place that another takes in the same transaction. */
  async flush(): Promise<void> {
    // Reads side by side may each ask for it: what is written is sent once, and all of them wait for that.
    this.flushing ??= this.sendAll().finally(() => {
      this.flushing = undefined
    })
    await this.flushing
  }

  private async sendAll(): Promise<void> {
    const changes = [...this.changed].map(([table, entries]) => patchesOf(shapeOf(table), entries))
    const insertions = [...this.inserted].map(([table, entries]) => ({
      shape: shapeOf(table),
      rows: entries.map(({ row }) => row ?? {}),
    }))
    for (const entries of [...this.changed.values(), ...this.inserted.values()])
      for (const entry of entries) entry.state = 'read'
    for (const entries of this.changed.values()) for (const entry of entries) entry.patched = undefined
    this.changed.clear()
    this.inserted.clear()
    // Small statements go one behind the other without waiting; a COPY has the connection for itself.
    await Promise.all([
      ...changes
        .flat()
        .map(({ shape, fields, rows }) => this.run(updateText(shape, fields), arrays(fields, rows))),
      ...insertions.filter(isFew).map(({ shape, rows }) => this.insertRows(shape, rows)),
    ])
    await this.copyAll(insertions.filter((each) => !isFew(each)))
  }

  /** A few rows leave as parameters, which need no quoting; many through COPY, which costs either side half as much a row. */
  private async insertRows(shape: Shape, rows: readonly AnyRow[]): Promise<void> {
    if (rows.length === 0) return
    const values = rows.flatMap((row) => shape.columns.map(({ field }) => row[field] ?? null))
    await this.run(insertText(shape, rows.length), values)
  }

  /** One table after the other; while the server takes the rows of one the text of the next is made. */
  private async copyAll(insertions: readonly Insertion[]): Promise<void> {
    let text: CopyText | undefined
    for (const [i, { shape, rows }] of insertions.entries()) {
      const current = text ?? copyText(shape, rows)
      const [taken] = await this.copy(shape, current.bytes)
      // It may fail before it is awaited.
      taken.catch(() => undefined)
      const next = insertions[i + 1]
      try {
        text = next && copyText(next.shape, next.rows)
      } finally {
        await taken
      }
      current.release()
    }
  }

  /** The answer comes when the rows are on their way, and holds the promise that they were taken. */
  private async copy(shape: Shape, bytes: Uint8Array): Promise<readonly [Promise<void>]> {
    if (this.life.over) return new Promise<never>(() => undefined)
    const names = shape.columns.map(({ column }) => quoted(column)).join(', ')
    const query = this.client.unsafe(`copy ${quoted(shape.name)} (${names}) from stdin`)
    const failed = failureOf(query)
    const stream = await query.writable()
    return [Promise.race([written(stream, bytes), failed])]
  }

  private async flushIfWritten(table: PgTable): Promise<void> {
    if (this.flushing) await this.flushing
    if (this.inserted.has(table) || this.changed.has(table)) await this.flush()
  }

  private async select<T extends PgTable>(
    table: T,
    condition: string,
    parameters: readonly unknown[],
  ): Promise<Row<T>[]> {
    await this.flushIfWritten(table)
    const shape = shapeOf(table)
    const rows = await this.run(
      `select ${columnList(shape)} from ${quoted(shape.name)} where ${condition}`,
      parameters,
    )
    if (rows.length === 0) return []
    const unnamed = listIn(this.unnamed, table)
    for (const row of rows) unnamed.push({ row, state: 'read', patched: undefined })
    return rows as Row<T>[]
  }

  private heldOf(table: PgTable): Map<string, Held> {
    let held = this.held.get(table)
    if (!held) this.held.set(table, (held = new Map()))
    const unnamed = this.unnamed.get(table)
    if (!unnamed) return held
    this.unnamed.delete(table)
    const shape = shapeOf(table)
    for (const entry of unnamed) {
      const key = keyText(shape, entry.row ?? {})
      // What another call of this transaction has written meanwhile is newer.
      const known = held.get(key)
      if (known === undefined || known.state === 'read') held.set(key, entry)
    }
    return held
  }

  /** Rows come frozen: they are held here, and what a reader does to one must change nothing. */
  private async run(text: string, parameters: readonly unknown[]): Promise<AnyRow[]> {
    if (this.life.over) return new Promise<never>(() => undefined)
    const rows = (await this.client.unsafe(text, parameters as Parameter[], {
      prepare: true,
    })) as unknown as AnyRow[]
    return rows.map((row) => Object.freeze(row))
  }
}

/**
 * The failure of a COPY, most often a key that is taken. When all its rows were sent the driver tells it to nobody but
 * the query, whose promise was kept when it gave the stream; the stream would wait for ever.
 */
function failureOf(query: object): Promise<never> {
  const told = query as { reject: (error: unknown) => void }
  const { reject } = told
  const failed = new Promise<never>((_, fail) => {
    told.reject = (error) => {
      reject(error)
      fail(error as Error)
    }
  })
  // Whoever waits for the rows meets it; it may come when nobody waits yet.
  failed.catch(() => undefined)
  return failed
}

function written(stream: Writable, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once('error', reject)
    stream.end(bytes, () => resolve())
  })
}

function listIn(lists: Map<PgTable, Held[]>, table: PgTable): Held[] {
  let list = lists.get(table)
  if (!list) lists.set(table, (list = []))
  return list
}

interface Insertion {
  readonly shape: Shape
  readonly rows: readonly AnyRow[]
}

function isFew({ rows }: Insertion): boolean {
  return rows.length < copyFrom
}

/** Rows of one table in which the same fields are written; `fields` begins with the key. */
interface Patch {
  readonly shape: Shape
  readonly fields: readonly string[]
  readonly rows: readonly AnyRow[]
}

/** A row that leaves a partial index goes before one that takes its place, whichever was changed first. */
function patchesOf(shape: Shape, entries: readonly Held[]): Patch[] {
  const leaves = ({ row }: Held) =>
    shape.uniques.some(({ when }) => when !== undefined && row?.[when] === false)
  const groups = new Map<string, { fields: string[]; rows: AnyRow[] }>()
  for (const entry of [...entries.filter(leaves), ...entries.filter((each) => !leaves(each))]) {
    const written = [...(entry.patched ?? [])].filter((field) => !shape.key.includes(field)).sort()
    if (written.length === 0 || !entry.row) continue
    const name = `${leaves(entry)} ${written.join()}`
    const group = groups.get(name)
    if (group) group.rows.push(entry.row)
    else groups.set(name, { fields: [...shape.key, ...written], rows: [entry.row] })
  }
  return [...groups.values()].map((group) => ({ shape, ...group }))
}
