/** A node's own PostgreSQL, seen from outside: its processes, to be killed, and its rows, to be counted. */
import { readFile, realpath } from 'node:fs/promises'
import path from 'node:path'
import postgres from 'postgres'
import { USER } from '../../node/store/embedded/cluster.ts'

export async function homeOf(dataDir: string): Promise<string> {
  return realpath(path.join(dataDir, 'postgresql'))
}

/** The server's process; undefined when none is noted. */
export async function postmasterOf(dataDir: string): Promise<number | undefined> {
  const file = await homeOf(dataDir)
    .then((home) => readFile(path.join(home, 'server', 'cluster', 'postmaster.pid'), 'utf8'))
    .catch(() => '')
  const pid = Number(file.split('\n')[0])
  return pid > 0 ? pid : undefined
}

/** Processes that the server has started: its backends and its background workers. */
export async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return text.split(' ').map(Number).filter(Boolean)
}

/** How often this server has panicked or come back from a crash, by its own log. */
export async function serverTroubles(dataDir: string): Promise<{ panics: number; recoveries: number }> {
  const home = await homeOf(dataDir)
  const log = await readFile(path.join(home, 'server.log'), 'utf8').catch(() => '')
  const count = (words: RegExp) => log.match(words)?.length ?? 0
  return { panics: count(/PANIC: /g), recoveries: count(/automatic recovery in progress/g) }
}

/** Asks the node's database something and closes again. */
export async function askDatabase<T>(dataDir: string, ask: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const home = await homeOf(dataDir)
  const [port, password] = await Promise.all([
    readFile(path.join(home, 'port'), 'utf8'),
    readFile(path.join(home, 'server', 'password'), 'utf8'),
  ])
  const where = { host: '127.0.0.1', port: Number(port), user: USER, password, database: 'huiliu' }
  const sql = postgres({ ...where, max: 1, connect_timeout: 10, onnotice: () => undefined })
  try {
    return await ask(sql)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** One record as the two ends of a stream know it. */
export interface Trace {
  readonly digest: string
  readonly type: string
  readonly outcome: string | null
}

/** What was written for a peer, in order; null as outcome means applied. */
export function recordsSent(dataDir: string, peer: string): Promise<Trace[]> {
  return askDatabase(
    dataDir,
    async (sql) =>
      await sql<
        Trace[]
      >`select digest, type, outcome from records_out where peer = ${peer} order by position`,
  )
}

/** What was taken of a peer, in the order of its stream. */
export function recordsTaken(dataDir: string, peer: string): Promise<Trace[]> {
  return askDatabase(
    dataDir,
    async (sql) =>
      await sql<
        Trace[]
      >`select digest, type, outcome from records_in where peer = ${peer} order by epoch, seq, idx`,
  )
}

export function databaseBytes(dataDir: string): Promise<number> {
  return askDatabase(dataDir, async (sql) => {
    const [row] = await sql`select pg_database_size('huiliu')::float8 as bytes`
    return Number(row?.['bytes'])
  })
}
