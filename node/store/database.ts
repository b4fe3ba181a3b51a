/**
 * Connecting to PostgreSQL and bringing its schema up to date. `DATABASE_URL` names the office's own server; without
 * one the data directory has a real embedded one.
 */
import { existsSync } from 'node:fs'
import { Socket } from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type SQL } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'
import { PostgresStore } from './postgres.ts'
import { StoreUnavailable } from './embedded.ts'

/**
 * Reading for the pages of the screens: one statement at a time, on connections of their own, with a deadline, so that
 * whatever somebody asks of a list no peer's message waits for it. It can write nothing.
 */
export interface PageReader {
  rows<T>(query: SQL): Promise<T[]>
}

export interface Database {
  readonly store: PostgresStore
  readonly pages: PageReader
  /** Answers a trivial query, within the deadline of a connection. */
  ping(): Promise<void>
  close(): Promise<void>
}

const migrationLock = 4_411_500

export async function openDatabase(url: string, connections = 10): Promise<Database> {
  await migrateDatabase(url)
  const sql = postgres(url, {
    max: connections,
    connect_timeout: 5,
    idle_timeout: 0,
    onnotice: () => undefined,
    connection: indexPlans,
    // Numbers up to 2^53 are numbers here; positions and milliseconds never pass it.
    types: { bigint: { to: 20, from: [20], serialize: String, parse: Number } },
    ...quickSocket(url),
  })
  const reading = openPages(url)
  return {
    store: new PostgresStore(sql),
    pages: reading,
    ping: async () => {
      await sql`select 1`
    },
    close: async () => {
      await Promise.all([sql.end({ timeout: 5 }), reading.close()])
    },
  }
}

const pageConnections = 4
const pageDeadlineMs = 8000

/** Connections are made when the first page is read. */
function openPages(url: string): PageReader & { close(): Promise<void> } {
  const sql = postgres(url, {
    max: pageConnections,
    connect_timeout: 5,
    idle_timeout: 60,
    onnotice: () => undefined,
    connection: {
      default_transaction_read_only: true,
      statement_timeout: pageDeadlineMs,
      plan_cache_mode: 'force_custom_plan',
      jit: false,
      // A page joins a few rows by key; a plan that reads a whole table for them is one that guessed wrong.
      enable_hashjoin: false,
      enable_mergejoin: false,
    },
    types: { bigint: { to: 20, from: [20], serialize: String, parse: Number } },
    ...quickSocket(url),
  })
  const dialect = new PgDialect()
  return {
    rows: async <T>(query: SQL) => {
      const { sql: text, params } = dialect.sqlToQuery(query)
      // What a row is, the statement says and nobody checks: the columns it names are those of the row's type.
      return sql.unsafe<T[] & object[]>(text, params.map(parameterOf), { prepare: true })
    },
    close: () => sql.end({ timeout: 5 }),
  }
}

/** Pages ask with texts, numbers and truth values; anything else in a condition is a defect, and no SQL. */
function parameterOf(value: unknown): string | number | boolean | null {
  const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  if (!plain && value !== null) throw new TypeError('a condition with a value that is none')
  return value
}

/**
 * Every statement of the store finds rows by key or index. A plan that was prepared while a table was small would scan
 * it for ever after, until the next ANALYZE; so on these connections an index is taken wherever there is one.
 */
const indexPlans = {
  plan_cache_mode: 'force_custom_plan',
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
}

/** postgres.js leaves Nagle's algorithm on, which delays small statements by up to 40 ms. */
function quickSocket(url: string): object {
  const { hostname, port } = new URL(url)
  const connect = () =>
    new Promise<Socket>((resolve, reject) => {
      const socket = new Socket()
      socket.setNoDelay(true)
      socket.once('error', reject)
      socket.connect(Number(port || 5432), hostname, () => {
        socket.off('error', reject)
        resolve(socket)
      })
    })
  return { socket: connect }
}

async function migrateDatabase(url: string): Promise<void> {
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol)) throw unusable('not an address')
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => undefined })
  try {
    // Several processes of one region may start together: one migrates, the others wait.
    await sql`select pg_advisory_lock(${migrationLock})`
    await migrate(drizzle(sql), { migrationsFolder: migrationsFolder() })
  } catch (error) {
    throw asUnavailable(error)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

function asUnavailable(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (!/^(ECONNREFUSED|ENOTFOUND|CONNECT_TIMEOUT|ECONNRESET|28P01|3D000)$/.test(code)) return error
  return unusable(code)
}

function unusable(why: string): StoreUnavailable {
  return new StoreUnavailable(
    'postgres_failed',
    `The database named by DATABASE_URL cannot be used (${why}): it has the form postgres://user:password@host:5432/name; check that the server runs, and user, password and name.`,
    `DATABASE_URL 指定的数据库无法使用（${why}）：格式为 postgres://用户:密码@主机:5432/库名；请检查数据库是否已启动，以及用户、密码和库名。`,
  )
}

/** From the sources and from a build alike, the migrations lie in the project's node/store/migrations. */
function migrationsFolder(): string {
  for (let folder = path.dirname(fileURLToPath(import.meta.url)); ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, 'node', 'store', 'migrations')
    if (existsSync(candidate)) return candidate
    if (folder === path.dirname(folder)) throw new Error('node/store/migrations is missing')
  }
}
