/**
 * The files of a database: made once, whole or not at all, and checked to be this node's before each start.
 */
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs/promises'
import path from 'node:path'
import { binary } from './binaries.ts'
import { diskFull, foreign, initdbFailed, otherMajor } from './failures.ts'
import { clusterDir, passwordFile, serverDir, type Place } from './home.ts'
import {
  exists,
  freeBytesAt,
  isAlive,
  readText,
  run,
  syncDirectory,
  unless,
  type Account,
} from './machine.ts'

/**
 * An empty cluster takes 40 MB and its first write-ahead log as much again; the rest is room to begin
 * working.
 */
const FREE_BYTES_TO_BEGIN = 200_000_000
/** The role that owns everything. */
export const USER = 'huiliu'

export interface ClusterOptions {
  readonly log: (sentence: string) => void
  readonly freeBytes?: (directory: string) => Promise<number>
}

export async function createClusterOnce(place: Place, options: ClusterOptions): Promise<void> {
  if (await exists(serverDir(place))) return
  if (await exists(path.join(place.home, 'PG_VERSION')))
    throw foreign(place.home, ['it holds a database of another program', '其中是其他程序的数据库'])
  // Only a first start is refused for lack of space: a node with data must be able to read and to confirm
  // until the very end.
  const free = await (options.freeBytes ?? freeBytesAt)(place.home)
  if (free < FREE_BYTES_TO_BEGIN) throw diskFull(place.home)
  await sweepDrafts(place.home)
  options.log(`Creating the PostgreSQL ${place.binaries.version} database of this node in ${place.home}`)
  const draft = await fs.mkdtemp(path.join(place.home, `init-${process.pid}-`))
  try {
    await fillDraft(draft, place)
    await fs.rename(draft, serverDir(place)).catch(unless('ENOTEMPTY', 'EEXIST'))
    await syncDirectory(place.home)
  } finally {
    await fs.rm(draft, { recursive: true, force: true })
  }
}

async function fillDraft(draft: string, place: Place): Promise<void> {
  const cluster = path.join(draft, 'cluster')
  const password = path.join(draft, 'password')
  await fs.mkdir(cluster, { mode: 0o700 })
  await fs.writeFile(password, randomBytes(24).toString('base64url'), { mode: 0o600, flush: true })
  if (place.account) {
    await fs.chmod(draft, 0o711)
    await fs.chown(cluster, place.account.uid, place.account.gid)
    await fs.chown(password, place.account.uid, place.account.gid)
  }
  const made = await run(
    binary(place.binaries.root, 'initdb'),
    initdbArguments(cluster, password),
    place.account,
  )
  if (!made.ok) throw initdbFailed(place.home, made.output)
  if (place.account) await fs.chown(password, 0, 0)
}

/**
 * The builtin provider sorts by code point whatever the machine's language is, and no upgrade of the machine
 * can change it.
 */
const initdbArguments = (cluster: string, password: string): string[] => [
  `--pgdata=${cluster}`,
  `--pwfile=${password}`,
  `--username=${USER}`,
  '--auth=scram-sha-256',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--data-checksums',
  '--no-instructions',
]

/** Drafts of starts that were killed. */
async function sweepDrafts(home: string): Promise<void> {
  for (const name of await fs.readdir(home)) {
    const pid = /^init-(\d+)-/.exec(name)?.[1]
    if (pid === undefined || isAlive(Number(pid))) continue
    // Its initdb may outlive it by a moment and still write; then the next start sweeps.
    await fs.rm(path.join(home, name), { recursive: true, force: true }).catch(unless('ENOTEMPTY'))
  }
}

export async function demandOurs(place: Place): Promise<void> {
  const made = (await readText(path.join(clusterDir(place), 'PG_VERSION')))?.trim()
  const major = place.binaries.version.split('.')[0]
  if (made === undefined || !(await exists(passwordFile(place))))
    throw foreign(serverDir(place), ['files are missing from it', '其中缺少文件'])
  if (made !== major) throw otherMajor(place.home, made, `${major}`)
  if (place.account) await giveBack(clusterDir(place), place.account)
}

/** Data that root restored from an archive belongs to root; the server could not read it. */
async function giveBack(directory: string, account: Account): Promise<void> {
  if ((await fs.stat(directory)).uid !== 0) return
  for (const entry of await fs.readdir(directory, { recursive: true })) {
    await fs.lchown(path.join(directory, entry), account.uid, account.gid)
  }
  await fs.chmod(directory, 0o700)
  await fs.chown(directory, account.uid, account.gid)
}
