/**
 * Where a node's PostgreSQL lives, and as whom it runs. For an ordinary account that is simple. For root it
 * is an unprivileged account, and a place that this account can reach.
 */
import { createHash } from 'node:crypto'
import * as fs from 'node:fs/promises'
import path from 'node:path'
import { works, type Binaries } from './binaries.ts'
import { ACCOUNT, accountNotMade, foreign, homeUnreachable, platformUnsupported } from './failures.ts'
import { codeOf, makeDirectory, readText, run, unless, type Account } from './machine.ts'

/** Where root puts what the unprivileged account must reach. */
const SYSTEM_DIR = '/var/lib/huiliu'

/** Everything that is settled before a server is looked for. */
export interface Place {
  readonly home: string
  readonly binaries: Binaries
  /** Null when the node is not root, and PostgreSQL runs as whoever runs the node. */
  readonly account: Account | null
}

export const serverDir = (place: Place): string => path.join(place.home, 'server')
export const clusterDir = (place: Place): string => path.join(place.home, 'server', 'cluster')
export const passwordFile = (place: Place): string => path.join(place.home, 'server', 'password')
export const portFile = (place: Place): string => path.join(place.home, 'port')
export const logFile = (place: Place): string => path.join(place.home, 'server.log')

export async function settle(wanted: string, packaged: Binaries): Promise<Place> {
  if (!(await works(packaged.root, null))) throw platformUnsupported()
  if (process.getuid?.() !== 0) {
    if ((await realPath(wanted)) === null) await fs.mkdir(wanted, { recursive: true, mode: 0o700 })
    return { home: await fs.realpath(wanted), binaries: packaged, account: null }
  }
  const present = await realPath(wanted)
  if (present !== null && present.startsWith(SYSTEM_DIR)) await claim(present, wanted)
  const account = (await ownerOf(present)) ?? (await systemAccount())
  const home = present ?? (await makeHome(wanted, account))
  if (!(await mayEnter(home, account))) throw homeUnreachable(home)
  return { home, binaries: await reachableBinaries(packaged, account), account }
}

/** Who owns the data already; null for nobody yet, or root, who cannot run PostgreSQL. */
async function ownerOf(home: string | null): Promise<Account | null> {
  if (home === null) return null
  for (const directory of [path.join(home, 'server', 'cluster'), home]) {
    const owner = await fs.stat(directory).catch(unless('ENOENT'))
    if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  }
  return null
}

async function systemAccount(): Promise<Account> {
  const present = (await accountNamed('postgres')) ?? (await accountNamed(ACCOUNT))
  if (present) return present
  const made = await run(
    'useradd',
    ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', ACCOUNT],
    null,
  )
  if (!made.ok) await run('adduser', ['-S', '-D', '-H', '-s', '/bin/false', ACCOUNT], null)
  const account = await accountNamed(ACCOUNT)
  if (account === null) throw accountNotMade(made.output)
  return account
}

async function accountNamed(name: string): Promise<Account | null> {
  const [uid, gid] = await Promise.all([run('id', ['-u', name], null), run('id', ['-g', name], null)])
  return uid.ok && gid.ok && Number(uid.output) > 0
    ? { uid: Number(uid.output), gid: Number(gid.output) }
    : null
}

const mayEnter = async (directory: string, account: Account): Promise<boolean> =>
  (await run('test', ['-x', directory], account)).ok

/**
 * The home belongs to root and the account only passes through it (0711), so that whoever holds the account
 * cannot put a link where root writes next, such as the log.
 */
async function makeHome(wanted: string, account: Account): Promise<string> {
  await fs.mkdir(path.dirname(wanted), { recursive: true })
  if (!(await mayEnter(path.dirname(wanted), account))) return makeHomeElsewhere(wanted)
  await makeDirectory(wanted, 0o711)
  return fs.realpath(wanted)
}

async function makeHomeElsewhere(wanted: string): Promise<string> {
  await makeDirectory(SYSTEM_DIR, 0o755)
  const name = path.basename(path.dirname(wanted)).replace(/[^\w-]/g, '') || 'data'
  const stem = path.join(
    SYSTEM_DIR,
    `${name}-${createHash('sha256').update(wanted).digest('hex').slice(0, 12)}`,
  )
  const home = await makeUnused(stem)
  await claim(home, wanted)
  try {
    await fs.symlink(home, wanted)
    return home
  } catch (error) {
    await fs.rm(home, { recursive: true })
    if (codeOf(error) === 'EEXIST') return fs.realpath(wanted)
    throw error
  }
}

/**
 * Notes in a home which link leads to it. A data directory that was moved may bring its link along; one that
 * was copied may not, or two nodes would write into one database.
 */
async function claim(home: string, wanted: string): Promise<void> {
  const note = path.join(home, 'belongs-to')
  const owner = (await readText(note))?.trim()
  if (owner === wanted) return
  if (owner !== undefined && (await fs.realpath(owner).catch(() => null)) === home) {
    throw foreign(wanted, [`it is a copy of the link ${owner}`, `它是链接 ${owner} 的副本`])
  }
  await fs.writeFile(note, `${wanted}\n`)
}

/** Data without a link to it may be of a node that was deleted; it is neither taken over nor removed. */
async function makeUnused(stem: string): Promise<string> {
  for (let number = 1; ; number++) {
    const directory = number === 1 ? stem : `${stem}-${number}`
    try {
      await fs.mkdir(directory)
      await fs.chmod(directory, 0o711)
      return directory
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
  }
}

async function reachableBinaries(packaged: Binaries, account: Account): Promise<Binaries> {
  if (await works(packaged.root, account)) return packaged
  const copy = path.join(SYSTEM_DIR, `postgresql-${packaged.version}`)
  if (!(await works(copy, account))) await copyBinaries(packaged.root, copy)
  if (!(await works(copy, account))) throw homeUnreachable(copy)
  return { ...packaged, root: copy }
}

async function copyBinaries(from: string, to: string): Promise<void> {
  await makeDirectory(SYSTEM_DIR, 0o755)
  const draft = await fs.mkdtemp(`${to}.draft-`)
  await fs.cp(from, draft, { recursive: true, verbatimSymlinks: true })
  await openToAll(draft)
  await run('sync', ['-f', draft], null)
  try {
    await fs.rename(draft, to)
  } catch (error) {
    // Another start was faster, or a power cut left a broken copy here: in both cases that one is replaced
    // while we hold a whole one.
    if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) throw error
    await fs.rename(to, `${draft}.old`).catch(unless('ENOENT'))
    await fs.rename(draft, to).catch(unless('ENOTEMPTY', 'EEXIST'))
    await fs.rm(`${draft}.old`, { recursive: true, force: true })
    await fs.rm(draft, { recursive: true, force: true })
  }
}

/** A clone made with a strict umask must still be readable by the account. */
async function openToAll(directory: string): Promise<void> {
  await fs.chmod(directory, 0o755)
  for (const entry of await fs.readdir(directory, { withFileTypes: true })) {
    const full = path.join(directory, entry.name)
    if (entry.isDirectory()) await openToAll(full)
    else if (entry.isFile()) await fs.chmod(full, path.basename(directory) === 'bin' ? 0o755 : 0o644)
  }
}

/**
 * Where a path leads; null when there is nothing. A link to nothing is not nothing: the data was there and is
 * lost or not mounted.
 */
async function realPath(wanted: string): Promise<string | null> {
  const itself = await fs.lstat(wanted).catch(unless('ENOENT'))
  if (!itself) return null
  const real = await fs.realpath(wanted).catch(unless('ENOENT'))
  if (!real) throw foreign(wanted, ['it links to a folder that is gone', '它链接到的目录已不存在'])
  return real
}
