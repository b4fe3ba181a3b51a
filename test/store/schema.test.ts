/**
 * The schema as a reviewed file: what PostgreSQL's own catalog says after all migrations must be node/store/schema.sql,
 * and the Drizzle definitions must need no further migration. `UPDATE_SCHEMA=1` writes the file anew, for review.
 */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as schema from '../../node/store/schema.ts'
import { emptyDatabase, freshDatabase, type FreshDatabase } from '../harness/database.ts'

const storeFolder = path.resolve(import.meta.dirname, '../../node/store')
const reviewed = path.join(storeFolder, 'schema.sql')

let database: FreshDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.close())

it('is what node/store/schema.sql says', async () => {
  const found = await schemaText(database)
  if (process.env['UPDATE_SCHEMA'] === '1') await writeFile(reviewed, found)
  expect(found).toBe(await readFile(reviewed, 'utf8'))
})

async function journalEntries(): Promise<{ idx: number; when: number }[]> {
  const text = await readFile(path.join(storeFolder, 'migrations/meta/_journal.json'), 'utf8')
  return (JSON.parse(text) as { entries: { idx: number; when: number }[] }).entries
}

it('grows by migrations that are younger than all before them, or a database that has those would skip them', async () => {
  const moments = (await journalEntries()).map(({ when }) => when)
  expect(moments).toEqual([...new Set(moments)].sort((a, b) => a - b))
})

it('is what the Drizzle definitions say: no migration is missing', async () => {
  const latest = String((await journalEntries()).at(-1)?.idx ?? 0).padStart(4, '0')
  const snapshot = await readFile(path.join(storeFolder, `migrations/meta/${latest}_snapshot.json`), 'utf8')
  const migrated = JSON.parse(snapshot) as ReturnType<typeof generateDrizzleJson>
  const defined = generateDrizzleJson(schema, migrated.id)
  expect(await generateMigration(migrated, defined)).toEqual([])
})

it('is, name by name, what the definitions alone would make of an empty database', async () => {
  const nothing = generateDrizzleJson({})
  const statements = await generateMigration(nothing, generateDrizzleJson(schema, nothing.id))
  const sql = postgres(await emptyDatabase(), { max: 1, onnotice: () => undefined })
  for (const statement of statements) await sql.unsafe(statement)
  const made = await schemaText({ sql })
  await sql.end()
  expect(await schemaText(database)).toBe(made)
})

it('migrates twice without a change', async () => {
  const before = await schemaText(database)
  const { openDatabase } = await import('../../node/store/database.ts')
  const again = await openDatabase(database.url)
  await again.ping()
  await again.close()
  expect(await schemaText(database)).toBe(before)
})

/** Tables, columns, sequences and indexes in the order of their names. */
async function schemaText({ sql }: Pick<FreshDatabase, 'sql'>): Promise<string> {
  const columns = await sql<{ table: string; line: string }[]>`
    select c.relname as table,
           format('  %s %s%s', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
             case when a.attnotnull then ' not null' else '' end) ||
           coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') as line
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid and c.relkind = 'r'
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped
    order by c.relname collate "C", a.attname collate "C"`
  const constraints = await sql<{ table: string; line: string }[]>`
    select conrelid::regclass::text as table,
           format('  constraint %s %s', quote_ident(conname), pg_get_constraintdef(oid)) as line
    from pg_constraint
    where connamespace = 'public'::regnamespace and contype <> 'n'
    order by conrelid::regclass::text collate "C", conname collate "C"`
  const indexes = await sql<{ line: string }[]>`
    select indexdef || ';' as line from pg_indexes
    where schemaname = 'public' and indexname not in (select conname from pg_constraint)
    order by indexname collate "C"`
  const sequences = await sql<{ line: string }[]>`
    select format('create sequence %s as %s;', quote_ident(sequencename), data_type) as line
    from pg_sequences where schemaname = 'public' order by sequencename collate "C"`
  const tables = [...new Set(columns.map(({ table }) => table))].map((table) => {
    const lines = [...columns, ...constraints].filter((item) => item.table === table).map(({ line }) => line)
    return `create table ${table} (\n${lines.join(',\n')}\n);`
  })
  const title =
    '-- The schema after all migrations, from the catalog. Written by test/store/schema.test.ts; review it.'
  const lines = (rows: readonly { line: string }[]) => rows.map(({ line }) => line).join('\n')
  return [title, lines(sequences), ...tables, lines(indexes)].join('\n\n') + '\n'
}
