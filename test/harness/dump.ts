/** Everything a store holds, as one comparable value: tables by name, rows by key, bytes as hex. */
import { getTableName, is } from 'drizzle-orm'
import { PgTable } from 'drizzle-orm/pg-core'
import { type Store } from '../../node/store/port.ts'
import * as schema from '../../node/store/schema.ts'

export type Dump = Record<string, string[]>

const definitions: readonly unknown[] = Object.values(schema)
export const allTables = definitions.filter((value): value is PgTable => is(value, PgTable))

export async function dumpOf(store: Store): Promise<Dump> {
  return store.read(async (reader) => {
    const dump: Dump = {}
    for (const table of allTables)
      dump[getTableName(table)] = (await reader.find(table, {})).map(rowText).sort()
    return dump
  })
}

/** The dump without these tables, for "nothing changed but…". */
export function without(dump: Dump, ...tables: string[]): Dump {
  return Object.fromEntries(Object.entries(dump).filter(([name]) => !tables.includes(name)))
}

function rowText(row: object): string {
  const fields = Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify(
    fields.map(([name, value]: [string, unknown]) => [
      name,
      value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : value,
    ]),
  )
}
