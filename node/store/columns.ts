/** Column types of the house that Drizzle does not bring: bytes, and whole numbers up to 2^53. */
import { sql, type SQL } from 'drizzle-orm'
import { bigint, customType, type PgColumn } from 'drizzle-orm/pg-core'

export const bytes = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' })

/** A whole number as int8; milliseconds since 1970, positions and sizes. */
export const whole = (name: string) => bigint(name, { mode: 'number' })

/** Conditions of partial indexes: one boolean column, so that every store can hold them (store/shape.ts). */
export const isTrue = (column: PgColumn): SQL => sql`${column}`
export const isFalse = (column: PgColumn): SQL => sql`not ${column}`

const given = new WeakSet<SQL>()

/** Of a unique index: rows where this column of it is null are not in it. They bind nothing anyway, and would cost as much. */
export function isGiven(column: PgColumn): SQL {
  const condition = sql`${column} is not null`
  given.add(condition)
  return condition
}

export function saysGiven(condition: SQL): boolean {
  return given.has(condition)
}
