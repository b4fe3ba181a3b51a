/**
 * The server process of a cluster: found or launched, joined by one session, and shut down by its last user.
 * PostgreSQL's own lock file decides who holds a cluster; this file reads it and never removes it.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { constants } from 'node:fs'
import * as fs from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { binary } from './binaries.ts'
import { USER } from './cluster.ts'
import {
  diskFull,
  failed,
  foreign,
  NO_SPACE,
  portTaken,
  refused,
  stillStopping,
  StoreUnavailable,
} from './failures.ts'
import { clusterDir, logFile, portFile, type Place } from './home.ts'
import {
  codeOf,
  freePort,
  isAlive,
  portIsFree,
  readText,
  run,
  stat,
  surroundings,
  unless,
} from './machine.ts'

/** A log longer than this is set aside (one older log is kept) when the server starts. */
const LOG_BYTES_MAX = 5_000_000
/** Enough for the last words of a server. */
const LOG_BYTES_READ = 64_000
const POLL_MS = 20
/** Before a launch is tried again: the children of a server that was killed need a moment to notice. */
const RELAUNCH_AFTER_MS = 200
/** After a power cut the server first replays its write-ahead log, at most max_wal_size of it. */
const READY_WITHIN_MS = 600_000
/** How long a server that calls itself ready may keep us out, while it is shutting down or full. */
const ATTACH_WITHIN_MS = 10_000
const STOP_WITHIN_MS = 30_000
/**
 * How often one start tries to launch a server that is gone again at once, or whose free port was taken
 * meanwhile.
 */
const LAUNCHES_MAX = 5
/** The advisory lock that each user of the server shares, in the database "postgres". */
const USERS_LOCK = 4_814_285
/**
 * No process has this number on any platform (pid_max is far below), and it fits the C int that PostgreSQL
 * reads.
 */
const NO_PROCESS = 2_147_483_646

/**
 * Sized for one county on a small machine. On the command line, so that a new version of the node changes
 * them everywhere. The three log settings keep names and ID numbers out of the log: no ERROR lines, no
 * DETAIL, no statements. The node sees every error itself.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '40',
  shared_buffers: '128MB',
  max_wal_size: '1GB',
  wal_compression: 'on',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'log',
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
  cluster_name: 'huiliu',
}

interface PidFile {
  readonly pid: number
  readonly port: number
  readonly status: string
}

export interface Server {
  readonly session: postgres.Sql
  readonly pid: number
  readonly port: number
}

export interface ServerOptions {
  readonly port?: number
  readonly log: (sentence: string) => void
}

export interface Found {
  readonly server: Server
  readonly adopted: boolean
}

/**
 * Looks at the cluster until a session is open: adopts the server that is ready, waits for one that starts or
 * stops, launches one where there is none. Every outside event only changes what the next look sees, so two
 * starts at once need no lock of ours.
 */
export async function obtainServer(place: Place, password: string, options: ServerOptions): Promise<Found> {
  const launched: (number | null)[] = []
  let refusedMs = 0
  for (let waitedMs = 0; waitedMs < READY_WITHIN_MS; waitedMs += POLL_MS) {
    const file = await readPidFile(place)
    if (file === null || !(await holdsCluster(file.pid, place))) {
      if (launched.length >= LAUNCHES_MAX) break
      launched.push(await launch(place, options))
    } else if (file.status === 'ready') {
      const session = await attach(place, file.port, password)
      const adopted = !launched.includes(file.pid)
      if (session && adopted)
        options.log(`PostgreSQL is already running here (process ${file.pid}) and is used again`)
      if (session) return { server: { session, pid: file.pid, port: file.port }, adopted }
      refusedMs += POLL_MS
      if (refusedMs > ATTACH_WITHIN_MS) throw refused(file.pid, place.home)
    }
    await sleep(POLL_MS)
  }
  throw await postgresFailed(place, 0)
}

/**
 * PostgreSQL documents the lines of postmaster.pid: process, directory, start, port, socket, address, shared
 * memory, status.
 */
async function readPidFile(place: Place): Promise<PidFile | null> {
  const text = await readText(path.join(clusterDir(place), 'postmaster.pid'))
  if (text === null) return null
  const lines = text.split('\n')
  return { pid: Number(lines[0]), port: Number(lines[3]), status: lines[7]?.trim() ?? '' }
}

/**
 * Whether a process is the server of this very cluster: after a power cut its number may belong to anything.
 * A server's working directory is its cluster; where /proc does not say, its command line does.
 */
async function holdsCluster(pid: number, place: Place): Promise<boolean> {
  if (!(pid > 0) || !isAlive(pid)) return false
  if (process.platform === 'win32') return true
  if (process.platform !== 'linux') {
    return (await run('ps', ['-ww', '-o', 'command=', '-p', `${pid}`], null)).output.includes(
      clusterDir(place),
    )
  }
  const [cwd, cluster] = await Promise.all([stat(`/proc/${pid}/cwd`), stat(clusterDir(place))])
  return cwd !== null && cluster !== null && cwd.ino === cluster.ino && cwd.dev === cluster.dev
}

const PASSING_TROUBLE =
  /could not bind |lock file "postmaster.pid" already exists|could not create lock file|pre-existing shared memory block/

/**
 * Starts a server and waits until it is ready or gone. Returns its process number, or null when looking again
 * will help: another start was faster, or took the port that was free a moment ago.
 */
async function launch(place: Place, options: ServerOptions): Promise<number | null> {
  await disarm(place)
  await setLogAside(place)
  const port = await choosePort(place, options.port)
  const logged = (await stat(logFile(place)))?.size ?? 0
  const pid = await spawnServer(place, port)
  if (pid !== null) return pid
  const said = await logSince(place, logged)
  if (/could not bind /.test(said) && options.port !== undefined) throw portTaken(options.port)
  if (!PASSING_TROUBLE.test(said)) throw await postgresFailed(place, logged)
  await sleep(RELAUNCH_AFTER_MS)
  return null
}

/**
 * A lock file left by a power cut names a process that is gone. If another program has that number by now,
 * PostgreSQL would refuse to start. The number is replaced, not the file removed: its other lines let
 * PostgreSQL find a shared memory segment that is still in use, so even if we are mistaken no second server
 * opens the cluster.
 */
async function disarm(place: Place): Promise<void> {
  const file = path.join(clusterDir(place), 'postmaster.pid')
  const text = await readText(file)
  const pid = Number(text?.split('\n')[0])
  if (text === null || !isAlive(pid) || (await holdsCluster(pid, place))) return
  const handle = await fs.open(file, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0)).catch(unless('ENOENT'))
  if (!handle) return
  try {
    // No pid is longer than this number, so what is written covers all that was there and the file is never
    // seen cut short.
    await handle.write(text.replace(/^.*/, `${NO_PROCESS}`), 0)
  } finally {
    await handle.close()
  }
}

async function choosePort(place: Place, given: number | undefined): Promise<number> {
  if (given !== undefined) {
    if (await portIsFree(given)) return given
    throw portTaken(given)
  }
  const remembered = Number(await readText(portFile(place)))
  return remembered > 0 && (await portIsFree(remembered)) ? remembered : freePort()
}

/** A full disk must not keep a node with data from starting; then the port is only not remembered. */
export async function rememberPort(place: Place, port: number): Promise<void> {
  if (Number(await readText(portFile(place))) === port) return
  await fs.writeFile(portFile(place), `${port}\n`).catch(unless('ENOSPC', 'EDQUOT'))
}

/**
 * A process group of its own, so that Ctrl-C in a terminal reaches the node only, which must still write. A
 * fixed environment, so that no PG… variable or language of the machine changes the server.
 */
async function spawnServer(place: Place, port: number): Promise<number | null> {
  const settings = Object.entries({ ...SETTINGS, port: `${port}` }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  const log = await fs.open(logFile(place), 'a', 0o600)
  const child = spawn(binary(place.binaries.root, 'postgres'), ['-D', clusterDir(place), ...settings], {
    ...surroundings(place.account),
    cwd: place.home,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  })
  const ended = new Promise<'ended'>((resolve) => {
    child.once('exit', () => resolve('ended'))
    child.once('error', () => resolve('ended'))
  })
  await log.close()
  child.unref()
  return (await becomesReady(child, ended, place)) ? (child.pid ?? null) : null
}

async function becomesReady(child: ChildProcess, ended: Promise<'ended'>, place: Place): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < READY_WITHIN_MS; waitedMs += POLL_MS) {
    if ((await Promise.race([ended, sleep(POLL_MS)])) === 'ended') return false
    const file = await readPidFile(place)
    if (file !== null && file.pid === child.pid && file.status === 'ready') return true
  }
  return false
}

/**
 * Opens the session that marks us as a user of the server, if it is the server of this cluster and lets us
 * in.
 */
async function attach(place: Place, port: number, password: string): Promise<postgres.Sql | null> {
  const session = postgres({
    host: '127.0.0.1',
    port,
    user: USER,
    password,
    database: 'postgres',
    ssl: false,
    max: 1,
    // The lock is as old as the session, so the driver must never renew it.
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: 5,
    connection: { application_name: 'huiliu-keeper' },
    onnotice: () => undefined,
  })
  try {
    const [row] = await session`select current_setting('data_directory') as directory`
    const directory = await fs.realpath(`${row?.['directory']}`)
    if (directory !== clusterDir(place))
      throw foreign(place.home, [`its server is that of ${directory}`, `其服务器属于 ${directory}`])
    await session`select pg_advisory_lock_shared(${USERS_LOCK})`
    return session
  } catch (error) {
    await session.end({ timeout: 0 })
    if (codeOf(error) === '28P01')
      throw foreign(place.home, ['its password does not fit its database', '密码与数据库不符'])
    if (error instanceof StoreUnavailable) throw error
    return null
  }
}

export async function stopServer(
  place: Place,
  server: Server,
  log: (sentence: string) => void,
): Promise<void> {
  try {
    if (await isLastUser(server.session)) await shutDown(place, server)
    else log('PostgreSQL is left running, because another process of this node still uses it')
  } finally {
    // Not before: whoever waits for its lock would get it from a server that was told to stop and has not noticed yet.
    await server.session.end({ timeout: 0 })
  }
}

async function shutDown(place: Place, { pid }: Server): Promise<void> {
  if (await holdsCluster(pid, place)) await interrupt(pid, place)
  for (let waitedMs = 0; await holdsCluster(pid, place); waitedMs += POLL_MS) {
    if (waitedMs > STOP_WITHIN_MS) throw stillStopping(pid, logFile(place))
    await sleep(POLL_MS)
  }
}

/**
 * Gives up the shared lock and takes it alone if nobody else shares it; that also keeps newcomers out until
 * the server is gone.
 */
async function isLastUser(session: postgres.Sql): Promise<boolean> {
  try {
    await session`select pg_advisory_unlock_shared(${USERS_LOCK})`
    const [row] = await session`select pg_try_advisory_lock(${USERS_LOCK}) as last`
    return row?.['last'] === true
  } catch {
    // The server cannot answer: whatever is left of it has no users.
    return true
  }
}

/** SIGINT is PostgreSQL's "fast shutdown". Windows knows no such signal, and pg_ctl has another way there. */
async function interrupt(pid: number, place: Place): Promise<void> {
  if (process.platform !== 'win32') process.kill(pid, 'SIGINT')
  else await run(binary(place.binaries.root, 'pg_ctl'), ['stop', '-D', clusterDir(place), '-m', 'fast'], null)
}

async function setLogAside(place: Place): Promise<void> {
  const { size } = (await stat(logFile(place))) ?? { size: 0 }
  if (size > LOG_BYTES_MAX) await fs.rename(logFile(place), `${logFile(place)}.1`)
}

/** What the log gained since it had this length; of a long gain only the end. */
async function logSince(place: Place, offset: number): Promise<string> {
  const log = await fs.open(logFile(place)).catch(unless('ENOENT'))
  if (!log) return ''
  try {
    const { size } = await log.stat()
    const from = Math.max(offset, size - LOG_BYTES_READ)
    const { buffer, bytesRead } = await log.read(Buffer.alloc(LOG_BYTES_READ), 0, LOG_BYTES_READ, from)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await log.close()
  }
}

/** The server's own last word, from what it has logged since it was started. */
async function postgresFailed(place: Place, offset: number): Promise<StoreUnavailable> {
  const said = await logSince(place, offset)
  if (NO_SPACE.test(said)) return diskFull(place.home)
  const lines = said.split('\n').filter((line) => line.trim() !== '')
  const last = lines.findLast((line) => /(FATAL|PANIC): /.test(line)) ?? lines.at(-1) ?? 'it wrote nothing'
  return failed(last.replace(/^.*?(FATAL|PANIC): +/, '').trim(), logFile(place))
}
