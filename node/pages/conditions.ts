/** Conditions that the statements of the pages share: whose people may be seen, and lists as one parameter. */
import { sql, type SQL } from 'drizzle-orm'
import { type PgColumn } from 'drizzle-orm/pg-core'
import { type Uuid } from '../../protocol/index.ts'

/** The organisations whose people may be seen; undefined for everybody's. */
export type Within = readonly Uuid[] | undefined

export function among(column: PgColumn, within: Within): SQL[] {
  if (within === undefined) return []
  // One is compared, so that an index by organisation and name serves both.
  const [only] = within
  return within.length === 1 ? [sql`${column} = ${only}`] : [sql`${column} = any(${texts(within)})`]
}

/** Ids as one parameter; they hold neither quotes nor commas, and whatever they hold is quoted. */
export function texts(values: readonly string[]): SQL {
  return sql`${`{${values.map((value) => JSON.stringify(value)).join(',')}}`}::text[]`
}

export function all(conditions: readonly SQL[]): SQL {
  return conditions.length === 0 ? sql`true` : sql.join([...conditions], sql` and `)
}

/** Where a page ends, for who asks on from there. */
export function placeText(name: string, id: Uuid): string {
  return Buffer.from(JSON.stringify([name, id])).toString('base64url')
}

export function placeOf(text: string): [string, string] {
  try {
    const [name, id] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as unknown[]
    if (typeof name === 'string' && typeof id === 'string') return [name, id]
  } catch {
    // Not one of ours: a list from its beginning.
  }
  return ['', '']
}
