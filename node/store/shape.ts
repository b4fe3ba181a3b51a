/**
 * What the two stores need to know of a table, read once from its Drizzle definition: columns, primary key and unique
 * indexes. A partial index's condition is always one boolean column (`where open`), so both stores can hold it; or that
 * its own column is given, which changes nothing of what it forbids.
 */
import { Column, getTableName, is, type SQL } from 'drizzle-orm'
import { getTableConfig, type PgColumn, type PgTable } from 'drizzle-orm/pg-core'
import { saysGiven } from './columns.ts'

export interface UniqueIndex {
  readonly name: string
  readonly fields: readonly string[]
  /** The boolean field that must be true for the index to bind a row. */
  readonly when: string | undefined
}

export interface Shape {
  readonly name: string
  readonly columns: readonly { field: string; column: string; sqlType: string }[]
  readonly key: readonly string[]
  readonly uniques: readonly UniqueIndex[]
}

/** A row of any table, by the names of its fields. */
export type AnyRow = Readonly<Record<string, unknown>>

const shapes = new WeakMap<PgTable, Shape>()

export function shapeOf(table: PgTable): Shape {
  let shape = shapes.get(table)
  if (!shape) shapes.set(table, (shape = readShape(table)))
  return shape
}

function readShape(table: PgTable): Shape {
  const config = getTableConfig(table)
  const fieldOf = new Map<string, string>()
  for (const [field, column] of Object.entries(table)) if (is(column, Column)) fieldOf.set(column.name, field)
  const field = (column: { name: string }) => fieldOf.get(column.name) ?? column.name
  const composite = config.primaryKeys[0]?.columns.map(field)
  return {
    name: getTableName(table),
    columns: config.columns.map((column) => ({
      field: field(column),
      column: column.name,
      sqlType: column.getSQLType(),
    })),
    key: composite ?? config.columns.filter((column) => column.primary).map(field),
    uniques: config.indexes
      .filter((index) => index.config.unique)
      .map(({ config: index }) => ({
        name: index.name ?? 'unnamed',
        fields: index.columns.map((column) => field(column as PgColumn)),
        when: index.where && !saysGiven(index.where) ? conditionField(index.where, field) : undefined,
      })),
  }
}

function conditionField(where: SQL, field: (column: { name: string }) => string): string {
  const column = where.queryChunks.find((chunk) => is(chunk, Column))
  if (!column) throw new TypeError('a partial index must be conditioned on one boolean column')
  return field(column as PgColumn)
}

/** One text per key value; used to find a row again, never stored. Each part says its length, so no two keys join alike. */
export function keyText(shape: Shape, values: Readonly<Record<string, unknown>>): string {
  const [only] = shape.key
  if (only !== undefined && shape.key.length === 1) return String(values[only])
  let text = ''
  for (const field of shape.key) {
    const part = String(values[field])
    text += `${part.length}:${part}`
  }
  return text
}
