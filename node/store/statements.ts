/**
 * The statements of the PostgreSQL store, made from table definitions. Names come from those, never from input; values
 * are parameters, or the text forms of arrays and of COPY.
 */
import { type AnyRow, type Shape } from './shape.ts'

export function quoted(name: string): string {
  return `"${name}"`
}

export function columnOf(shape: Shape, field: string): string {
  const found = shape.columns.find((column) => column.field === field)
  if (!found) throw new TypeError(`${shape.name} has no ${field}`)
  return quoted(found.column)
}

export function typeOf(shape: Shape, field: string): string {
  return shape.columns.find((column) => column.field === field)?.sqlType ?? 'text'
}

/** Whole numbers are compared as int8, so that one too large for its column matches nothing instead of failing. */
export function castOf(shape: Shape, field: string): string {
  return typeOf(shape, field) === 'integer' ? '::int8' : ''
}

export function columnList(shape: Shape): string {
  return shape.columns.map(({ column, field }) => `${quoted(column)} as ${quoted(field)}`).join(', ')
}

export function whereText(shape: Shape, match: AnyRow): { text: string; parameters: unknown[] } {
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
export function pageText(
  shape: Shape,
  match: AnyRow,
  { orderBy, after, descending }: { orderBy?: string; after?: string | number; descending?: boolean },
): { text: string; parameters: unknown[] } {
  const { text, parameters } = whereText(shape, match)
  if (after === undefined || orderBy === undefined) return { text, parameters }
  const beyond = `${columnOf(shape, orderBy)} ${descending ? '<' : '>'} $${parameters.length + 1}${castOf(shape, orderBy)}`
  return { text: `${text} and ${beyond}`, parameters: [...parameters, after] }
}

export function selectByKeys(shape: Shape): string {
  const wide = (field: string) => (typeOf(shape, field) === 'integer' ? 'int8' : typeOf(shape, field))
  const arrays = shape.key.map((field, i) => `$${i + 1}::${wide(field)}[]`).join(', ')
  const key = shape.key.map((field) => columnOf(shape, field)).join(', ')
  return `select ${columnList(shape)} from ${quoted(shape.name)} where (${key}) in (select * from unnest(${arrays}))`
}

export function deleteByKey(shape: Shape): string {
  const conditions = shape.key.map((field, i) => `${columnOf(shape, field)} = $${i + 1}`)
  return `delete from ${quoted(shape.name)} where ${conditions.join(' and ')}`
}

function allFields(shape: Shape): string[] {
  return shape.columns.map(({ field }) => field)
}

function unnested(shape: Shape, fields: readonly string[]): string {
  return `unnest(${fields.map((field, i) => `$${i + 1}::${typeOf(shape, field)}[]`).join(', ')})`
}

export function insertText(shape: Shape, rows: number): string {
  const names = shape.columns.map(({ column }) => quoted(column)).join(', ')
  const width = shape.columns.length
  const tuple = (at: number) =>
    `(${shape.columns.map(({ sqlType }, i) => `$${at * width + i + 1}::${sqlType}`).join(', ')})`
  const tuples = Array.from({ length: rows }, (_, at) => tuple(at)).join(', ')
  return `insert into ${quoted(shape.name)} (${names}) values ${tuples}`
}

/** `fields` begins with the key. */
export function updateText(shape: Shape, fields: readonly string[]): string {
  const names = fields.map((field) => columnOf(shape, field))
  const sets = names.slice(shape.key.length).map((name) => `${name} = v.${name}`)
  const same = shape.key.map((field) => `t.${columnOf(shape, field)} = v.${columnOf(shape, field)}`)
  const values = `${unnested(shape, fields)} as v(${names.join(', ')})`
  return `update ${quoted(shape.name)} as t set ${sets.join(', ')} from ${values} where ${same.join(' and ')}`
}

export function arrays(fields: readonly string[], rows: readonly AnyRow[]): string[] {
  return fields.map((field) => arrayLiteral(rows.map((row) => row[field] ?? null)))
}

export interface CopyText {
  readonly bytes: Uint8Array
  /** To be called when the bytes are read by nobody any more: the next text is written over them. */
  release(): void
}

/** Texts of COPY are written into a few pages that go round: made anew each time they would wait for the garbage collector. */
const pages: Buffer[] = []
const pagesKept = 4
const bytesKept = 1024 * 1024

/** Rows in the text form of COPY: a tab between columns, a line each. Made row by row, for one text of all would be copied whole. */
export function copyText(shape: Shape, rows: readonly AnyRow[]): CopyText {
  const fields = allFields(shape)
  let page = pages.pop() ?? Buffer.allocUnsafe(bytesKept)
  let at = 0
  for (const row of rows) {
    let line = ''
    for (let i = 0; i < fields.length; i++) line += (i === 0 ? '' : '\t') + copyValue(row[fields[i] ?? ''])
    line += '\n'
    // A unit of a text is never more than three bytes.
    if (page.length - at < line.length * 3) {
      const larger = Buffer.allocUnsafe(page.length * 2 + line.length * 3)
      page.copy(larger, 0, 0, at)
      page = larger
    }
    at += page.write(line, at)
  }
  const release = () => {
    if (page.length === bytesKept && pages.length < pagesKept) pages.push(page)
  }
  return { bytes: page.subarray(0, at), release }
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
export function arrayLiteral(values: readonly unknown[]): string {
  return `{${values.map(elementText).join(',')}}`
}

function elementText(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (value instanceof Uint8Array)
    return `"\\\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}"`
  if (typeof value !== 'string') return String(value)
  return /["\\]/.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : `"${value}"`
}
