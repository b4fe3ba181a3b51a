/**
 * The store in PostgreSQL, through postgres.js: the hot path of a node.
 *
 * A transaction keeps the rows it has read and written, and sends its writes together: one statement per table and
 * kind, however many rows (arrays through unnest), when something must be read that they could change, and at commit.
 * Table definitions are Drizzle's; the statements are made from them once and prepared by the driver.
 */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
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
import { keyText, shapeOf, type Shape } from './shape.ts'

type AnyRow = Readonly<Record<string, unknown>>
type Client = Pick<postgres.TransactionSql, 'unsafe'>
type Parameter = postgres.ParameterOrJSON<never>

/** PostgreSQL's codes for a lost race that a second try usually wins: serialization failure and deadlock. */
const worthRetrying = new Set(['40001', '40P01'])
const tries = 5
/** Rows of one table from which on COPY is cheaper than arrays. */
const copyFrom = 24

export class PostgresStore implements Store {
  private readonly sql: postgres.Sql

  constructor(sql: postgres.Sql) {
    this.sql = sql
  }

  async transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    let careful = false
    for (let left = tries; ; left--) {
      const life: Life = { over: false, careful, presumed: false }
      try {
        const { result, effects } = await this.once(work, life)
        for (const effect of effects) effect()
        return result
      } catch (error) {
        const violation = uniqueViolationIn(error)
        if (violation && !life.presumed) throw violation
        careful = violation !== undefined
        if (violation) continue
        if (left <= 1 || !worthRetrying.has(codeOf(error) ?? '')) throw error
      }
    }
  }

  async read<Result>(work: (reader: Reader) => Promise<Result>): Promise<Result> {
    const life: Life = { over: false, careful: true, presumed: false }
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
  /** Nothing is presumed: it was tried before, and a presumption was wrong. */
  readonly careful: boolean
  presumed: boolean
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

interface Held {
  row: AnyRow | null
  state: 'read' | 'inserted' | 'changed' | 'removed'
  /** Fields that the row in the database has otherwise. */
  readonly patched?: ReadonlySet<string>
}

class PostgresTransaction implements Transaction {
  readonly effects: (() => void)[] = []
  private readonly held = new Map<PgTable, Map<string, Held>>()
  private readonly written = new Set<PgTable>()
  private flushing: Promise<void> | undefined
  private readonly client: Client
  private readonly life: Life

  constructor(client: Client, life: Life) {
    this.client = client
    this.life = life
  }

  async get<T extends PgTable>(table: T, key: Match<T>): Promise<Row<T> | undefined> {
    return (await this.getMany(table, [key]))[0]
  }

  async getMany<T extends PgTable>(table: T, keys: readonly Match<T>[]): Promise<(Row<T> | undefined)[]> {
    const shape = shapeOf(table)
    const held = this.heldOf(table)
    const missing = new Map(
      keys
        .map((key) => [keyText(shape, key), key as AnyRow])
        .filter(([text]) => !held.has(text as string)) as [string, AnyRow][],
    )
    if (missing.size > 0) {
      const rows = await this.run(selectByKeys(shape), arrays(shape, shape.key, [...missing.values()]))
      const found = new Map(rows.map((row) => [keyText(shape, row), row]))
      // What another call of this transaction has read or written meanwhile is newer.
      for (const text of missing.keys())
        if (!held.has(text)) held.set(text, { row: found.get(text) ?? null, state: 'read' })
    }
    return keys.map((key) => (held.get(keyText(shape, key))?.row ?? undefined) as Row<T> | undefined)
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
    const held = this.heldOf(table)
    for (const row of rows) {
      const key = keyText(shape, row)
      const before = held.get(key)
      if (before?.row) return Promise.reject(new UniqueViolation(`${shape.name}_pkey`))
      held.set(key, { row: Object.freeze({ ...row }), state: 'inserted' })
    }
    this.written.add(table)
    return Promise.resolve()
  }

  async update<T extends PgTable>(table: T, key: Match<T>, patch: Match<T>): Promise<void> {
    const row = await this.get(table, key)
    const shape = shapeOf(table)
    if (!row) throw new MissingRow(shape.name)
    const text = keyText(shape, key)
    const held = this.heldOf(table)
    const before = held.get(text)
    const changed = Object.freeze({ ...row, ...patch })
    if (before?.state === 'inserted') held.set(text, { row: changed, state: 'inserted' })
    else {
      const patched = new Set([...(before?.patched ?? []), ...Object.keys(patch)])
      held.set(text, { row: changed, state: 'changed', patched })
    }
    this.written.add(table)
  }

  async remove<T extends PgTable>(table: T, key: Match<T>): Promise<void> {
    await this.flushIfWritten(table)
    this.heldOf(table).set(keyText(shapeOf(table), key), { row: null, state: 'removed' })
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
  }

  presumeNew<T extends PgTable>(table: T, keys: readonly Match<T>[]): void {
    if (this.life.careful) return
    const shape = shapeOf(table)
    const held = this.heldOf(table)
    for (const key of keys) {
      const text = keyText(shape, key)
      if (!held.has(text)) held.set(text, { row: null, state: 'read' })
    }
    this.life.presumed = true
  }

  async positions(count: number): Promise<number[]> {
    if (count === 0) return []
    // One row for all of them: the driver takes rows apart one by one.
    const [row] = await this.run(
      `select string_agg(nextval('outbox_position')::text, ',') as drawn from generate_series(1, $1::int4)`,
      [count],
    )
    return String(row?.['drawn'])
      .split(',')
      .map(Number)
      .sort((a, b) => a - b)
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
    const tables = [...this.written]
    this.written.clear()
    for (const state of ['changed', 'inserted'] as const) {
      const many = tables.filter((table) => state === 'inserted' && this.copies(table))
      // Small statements go one behind the other without waiting; a COPY has the connection for itself.
      await Promise.all(
        tables.filter((table) => !many.includes(table)).map((table) => this.send(table, state)),
      )
      for (const table of many) await this.send(table, state)
    }
  }

  private copies(table: PgTable): boolean {
    let inserted = 0
    for (const { state } of this.heldOf(table).values()) if (state === 'inserted') inserted++
    return inserted >= copyFrom
  }

  private async send(table: PgTable, state: 'changed' | 'inserted'): Promise<void> {
    const shape = shapeOf(table)
    const held = this.heldOf(table)
    // A row that leaves a partial index goes before one that takes its place, whichever was changed first.
    const takes = ({ row }: Held) =>
      state === 'changed' && !shape.uniques.some(({ when }) => when !== undefined && row?.[when] === false)
    const pending = [...held].filter(([, entry]) => entry.state === state)
    pending.sort(([, one], [, two]) => Number(takes(one)) - Number(takes(two)))
    const groups = new Map<string, { fields: string; entries: [string, Held][] }>()
    for (const [key, entry] of pending) {
      const fields = [...(entry.patched ?? [])].sort().join()
      const name = `${takes(entry)} ${fields}`
      const group = groups.get(name)
      if (group) group.entries.push([key, entry])
      else groups.set(name, { fields, entries: [[key, entry]] })
    }
    for (const { fields, entries } of groups.values()) {
      const rows = entries.map(([, { row }]) => row ?? {})
      if (state === 'inserted') await this.insertRows(shape, rows)
      else if (fields !== '') {
        const written = [...shape.key, ...fields.split(',').filter((field) => !shape.key.includes(field))]
        await this.run(updateText(shape, written), arrays(shape, written, rows))
      }
      for (const [key, { row }] of entries) held.set(key, { row, state: 'read' })
    }
  }

  /** A few rows leave as parameters, which need no quoting; many through COPY, which costs either side half as much a row. */
  private async insertRows(shape: Shape, rows: readonly AnyRow[]): Promise<void> {
    if (rows.length < copyFrom) {
      const values = rows.flatMap((row) => shape.columns.map(({ field }) => row[field] ?? null))
      await this.run(insertText(shape, rows.length), values)
      return
    }
    if (this.life.over) return new Promise<never>(() => undefined)
    const names = shape.columns.map(({ column }) => quoted(column)).join(', ')
    const stream = await this.client.unsafe(`copy ${quoted(shape.name)} (${names}) from stdin`).writable()
    await pipeline(Readable.from([copyText(shape, rows)]), stream)
  }

  private async flushIfWritten(table: PgTable): Promise<void> {
    if (this.flushing) await this.flushing
    if (this.written.has(table)) await this.flush()
  }

  private async select<T extends PgTable>(
    table: T,
    condition: string,
    parameters: readonly unknown[],
  ): Promise<Row<T>[]> {
    await this.flushIfWritten(table)
    const shape = shapeOf(table)
    const held = this.heldOf(table)
    const rows = await this.run(
      `select ${columnList(shape)} from ${quoted(shape.name)} where ${condition}`,
      parameters,
    )
    for (const row of rows) held.set(keyText(shape, row), { row, state: 'read' })
    return rows as Row<T>[]
  }

  private heldOf(table: PgTable): Map<string, Held> {
    let held = this.held.get(table)
    if (!held) this.held.set(table, (held = new Map()))
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

// Statements. Names come from our own table definitions, never from input.

function quoted(name: string): string {
  return `"${name}"`
}

function columnOf(shape: Shape, field: string): string {
  const found = shape.columns.find((column) => column.field === field)
  if (!found) throw new TypeError(`${shape.name} has no ${field}`)
  return quoted(found.column)
}

function typeOf(shape: Shape, field: string): string {
  return shape.columns.find((column) => column.field === field)?.sqlType ?? 'text'
}

/** Whole numbers are compared as int8, so that one too large for its column matches nothing instead of failing. */
function castOf(shape: Shape, field: string): string {
  return typeOf(shape, field) === 'integer' ? '::int8' : ''
}

function columnList(shape: Shape): string {
  return shape.columns.map(({ column, field }) => `${quoted(column)} as ${quoted(field)}`).join(', ')
}

function whereText(shape: Shape, match: AnyRow): { text: string; parameters: unknown[] } {
  const parameters: unknown[] = []
  const conditions = Object.entries(match).map(([field, value]) => {
    if (value === null) return `${columnOf(shape, field)} is null`
    // A boolean stands in the text, not in a parameter, so that a partial index on it can serve a prepared plan; and as
    // `= false`, which the planner reduces to the index's own `not …`, as it does not with `is false`.
    if (typeof value === 'boolean') return `${columnOf(shape, field)} = ${value}`
    parameters.push(value)
    return `${columnOf(shape, field)} = $${parameters.length}${castOf(shape, field)}`
  })
  return { text: conditions.length === 0 ? 'true' : conditions.join(' and '), parameters }
}

/** `whereText`, and beyond where the page begins. */
function pageText(
  shape: Shape,
  match: AnyRow,
  { orderBy, after, descending }: { orderBy?: string; after?: string | number; descending?: boolean },
): { text: string; parameters: unknown[] } {
  const { text, parameters } = whereText(shape, match)
  if (after === undefined || orderBy === undefined) return { text, parameters }
  const beyond = `${columnOf(shape, orderBy)} ${descending ? '<' : '>'} $${parameters.length + 1}${castOf(shape, orderBy)}`
  return { text: `${text} and ${beyond}`, parameters: [...parameters, after] }
}

function selectByKeys(shape: Shape): string {
  const wide = (field: string) => (typeOf(shape, field) === 'integer' ? 'int8' : typeOf(shape, field))
  const arrays = shape.key.map((field, i) => `$${i + 1}::${wide(field)}[]`).join(', ')
  const key = shape.key.map((field) => columnOf(shape, field)).join(', ')
  return `select ${columnList(shape)} from ${quoted(shape.name)} where (${key}) in (select * from unnest(${arrays}))`
}

function deleteByKey(shape: Shape): string {
  const conditions = shape.key.map((field, i) => `${columnOf(shape, field)} = $${i + 1}`)
  return `delete from ${quoted(shape.name)} where ${conditions.join(' and ')}`
}

function allFields(shape: Shape): string[] {
  return shape.columns.map(({ field }) => field)
}

function unnested(shape: Shape, fields: readonly string[]): string {
  return `unnest(${fields.map((field, i) => `$${i + 1}::${typeOf(shape, field)}[]`).join(', ')})`
}

function insertText(shape: Shape, rows: number): string {
  const names = shape.columns.map(({ column }) => quoted(column)).join(', ')
  const width = shape.columns.length
  const tuple = (at: number) =>
    `(${shape.columns.map(({ sqlType }, i) => `$${at * width + i + 1}::${sqlType}`).join(', ')})`
  const tuples = Array.from({ length: rows }, (_, at) => tuple(at)).join(', ')
  return `insert into ${quoted(shape.name)} (${names}) values ${tuples}`
}

/** `fields` begins with the key. */
function updateText(shape: Shape, fields: readonly string[]): string {
  const names = fields.map((field) => columnOf(shape, field))
  const sets = names.slice(shape.key.length).map((name) => `${name} = v.${name}`)
  const same = shape.key.map((field) => `t.${columnOf(shape, field)} = v.${columnOf(shape, field)}`)
  const values = `${unnested(shape, fields)} as v(${names.join(', ')})`
  return `update ${quoted(shape.name)} as t set ${sets.join(', ')} from ${values} where ${same.join(' and ')}`
}

function arrays(shape: Shape, fields: readonly string[], rows: readonly AnyRow[]): string[] {
  return fields.map((field) => arrayLiteral(rows.map((row) => row[field] ?? null)))
}

/** Rows in the text form of COPY: a tab between columns, a line each. */
function copyText(shape: Shape, rows: readonly AnyRow[]): Buffer {
  const fields = allFields(shape)
  let text = ''
  for (const row of rows) {
    for (let i = 0; i < fields.length; i++) text += (i === 0 ? '' : '\t') + copyValue(row[fields[i] ?? ''])
    text += '\n'
  }
  return Buffer.from(text)
}

function copyValue(value: unknown): string {
  if (value === null || value === undefined) return '\\N'
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (value instanceof Uint8Array) return `\\\\x${Buffer.from(value).toString('hex')}`
  if (typeof value !== 'string') throw new TypeError(`no such value in a column: ${typeof value}`)
  return /[\\\t\n\r]/.test(value)
    ? value.replace(/[\\\t\n\r]/g, (found) => copyEscapes[found] ?? found)
    : value
}

const copyEscapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

/** An array in PostgreSQL's text form. The driver would guess an array's type from its first element, and guess wrong. */
function arrayLiteral(values: readonly unknown[]): string {
  return `{${values.map(elementText).join(',')}}`
}

function elementText(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (value instanceof Uint8Array)
    return `"\\\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}"`
  if (typeof value !== 'string') return String(value)
  return /["\\]/.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : `"${value}"`
}
