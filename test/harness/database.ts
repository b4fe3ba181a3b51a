/** A fresh database for one test file, in the one PostgreSQL that runs for the whole test run (test/global-setup.ts). */
import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { inject } from 'vitest'
import { openDatabase, type Database } from '../../node/store/database.ts'

export interface FreshDatabase extends Database {
  readonly url: string
  /** Raw SQL, for what the port does not show. */
  readonly sql: postgres.Sql
}

/** The address of a database with nothing in it, not even a schema. */
export async function emptyDatabase(): Promise<string> {
  const admin = postgres(inject('databaseUrl'), { max: 1, onnotice: () => undefined })
  const name = `t_${randomBytes(6).toString('hex')}`
  await admin.unsafe(`create database ${name}`)
  await admin.end()
  const url = new URL(inject('databaseUrl'))
  url.pathname = `/${name}`
  return url.href
}

export async function freshDatabase(): Promise<FreshDatabase> {
  const url = await emptyDatabase()
  const database = await openDatabase(url, 6)
  const sql = postgres(url, { max: 2, onnotice: () => undefined })
  const close = async () => {
    await sql.end()
    await database.close()
  }
  return { ...database, url, sql, close }
}
