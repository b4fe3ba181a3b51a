/**
 * The machine, as ports: clock, chance, timers, HTTP out, cryptography and private files. Everything else in node/
 * receives these; the simulator gives its own. This is the only file of node/ that reads a clock or rolls a die.
 */
import * as nodeCrypto from 'node:crypto'
import * as fs from 'node:fs'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import path from 'node:path'
import { type Crypto, uuidV7, type Uuid } from '../protocol/index.ts'

export interface Clock {
  /** Milliseconds since 1970. A label and a timer, never an order. */
  nowMs(): number
}

export interface Random {
  bytes(length: number): Uint8Array
  /** In [0, 1). */
  unit(): number
}

export interface Timers {
  /** Runs `task` once after `delayMs`; the result cancels it. */
  after(delayMs: number, task: () => void): () => void
  /** Lets what has come meanwhile go first: asked for between the parts of long work. Absent where nothing can have come. */
  readonly giveWay?: () => Promise<void>
}

export interface HttpAnswer {
  readonly status: number
  readonly body: Uint8Array
}

export interface HttpLimits {
  readonly timeoutMs: number
  readonly maxBytes: number
}

/** Posts to a peer's configured address. Never follows a redirect; throws when the peer cannot be reached in time. */
export interface Http {
  post(url: string, body: Uint8Array, limits: HttpLimits): Promise<HttpAnswer>
}

export interface Platform {
  readonly clock: Clock
  readonly random: Random
  readonly timers: Timers
  readonly http: Http
  readonly crypto: Crypto
}

/** New ids for records and rows, from the two ports they need. */
export interface Ids {
  next(): Uuid
}

export function idsFrom(clock: Clock, random: Random): Ids {
  return { next: () => uuidV7(clock.nowMs(), random.bytes(10)) }
}

/** SubjectPublicKeyInfo of an Ed25519 key is this prefix and the 32 bytes (RFC 8410 §10.1). */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex')
const keyObjects = new Map<string, nodeCrypto.KeyObject>()
/** Peers have a handful of keys; the bound only keeps a hostile caller from growing the map. */
const keyObjectsKept = 1000

function publicKeyObject(publicKey: Uint8Array): nodeCrypto.KeyObject {
  const name = Buffer.from(publicKey).toString('base64')
  let key = keyObjects.get(name)
  if (!key) {
    if (keyObjects.size >= keyObjectsKept) keyObjects.clear()
    key = nodeCrypto.createPublicKey({
      key: Buffer.concat([spkiPrefix, publicKey]),
      format: 'der',
      type: 'spki',
    })
    keyObjects.set(name, key)
  }
  return key
}

export const nodeJsCrypto: Crypto = {
  digest: (data) => nodeCrypto.hash('sha256', data, 'base64url'),
  hmacSha256: (key, bytes) => nodeCrypto.createHmac('sha256', key).update(bytes).digest(),
  verify: (publicKey, message, signature) => {
    // OpenSSL reads the first 32 bytes of a longer key and lets the rest be.
    if (publicKey.length !== 32) return false
    try {
      return nodeCrypto.verify(null, message, publicKeyObject(publicKey), signature)
    } catch {
      return false
    }
  },
}

async function post(url: string, body: Uint8Array, limits: HttpLimits): Promise<HttpAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    body,
    redirect: 'manual',
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    signal: AbortSignal.timeout(limits.timeoutMs),
  })
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    size += part.byteLength
    if (size > limits.maxBytes) throw new Error('the answer is over its limit')
    parts.push(part)
  }
  return { status: response.status, body: Buffer.concat(parts) }
}

/** Random bytes are asked for in small pieces, one for every id: they are fetched a page at a time, and used once. */
let pool = Buffer.alloc(0)
function pooledBytes(length: number): Uint8Array {
  if (length > 64) return nodeCrypto.randomBytes(length)
  if (pool.length < length) pool = nodeCrypto.randomBytes(4096)
  const bytes = pool.subarray(0, length)
  pool = pool.subarray(length)
  return bytes
}

export const realPlatform: Platform = {
  clock: { nowMs: () => Date.now() },
  random: { bytes: pooledBytes, unit: () => Math.random() },
  timers: {
    after: (delayMs, task) => {
      const timer = setTimeout(task, delayMs)
      return () => clearTimeout(timer)
    },
    giveWay: () => new Promise((resolve) => void setImmediate(resolve)),
  },
  http: { post },
  crypto: nodeJsCrypto,
}

/** Files only their owner may read: keys and the local token. */
export interface PrivateFiles {
  /** The file's text; undefined when there is none. */
  read(path: string): Promise<string | undefined>
  /** Writes whole or not at all, mode 0600, on disk before it returns. */
  write(path: string, text: string): Promise<void>
}

export const privateFiles: PrivateFiles = {
  read: async (file) => {
    try {
      return await readFile(file, 'utf8')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }
  },
  write: async (file, text) => {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
    const temporary = `${file}.${process.pid}.new`
    const handle = await open(temporary, 'w', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  },
}

/**
 * Heads on disk, one small file per stream: `<name>.<version>`. The next version appears by a hard link, which fails
 * when somebody else was first, so a swap is one atomic step also between processes. Not synced: after a loss of
 * power an older head may stand here, which forbids nothing; only a restored database must not be taken for a new one.
 *
 * A swap is eight small calls, and every record waits for one: made at once they take a tenth of a millisecond, and
 * several milliseconds when each waits for its turn in the thread pool.
 */
export function headFilesIn(folder: string): {
  read(name: string): Promise<string | undefined>
  swap(name: string, before: string | undefined, next: string): Promise<boolean>
} {
  const fileOf = (name: string, version: number) => path.join(folder, `${name}.${version}`)
  /** Asked of the folder each time: an older version may have been left beside a newer one by a process that died. */
  const newest = (name: string): number => {
    const versions = (unlessMissing(() => fs.readdirSync(folder)) ?? [])
      .filter((file) => file.startsWith(`${name}.`) && /^\d+$/.test(file.slice(name.length + 1)))
      .map((file) => Number(file.slice(name.length + 1)))
    return Math.max(0, ...versions)
  }
  const readVersion = (name: string, version: number) =>
    version === 0 ? undefined : unlessMissing(() => fs.readFileSync(fileOf(name, version), 'utf8'))
  const read = (name: string) => {
    for (let version = newest(name); ; version = newest(name)) {
      const text = readVersion(name, version)
      // When it is not there it was replaced between the two looks.
      if (text !== undefined || version === 0) return text
    }
  }
  const swap = (name: string, before: string | undefined, next: string) => {
    const version = newest(name)
    if (readVersion(name, version) !== before) return false
    // Several processes, each in a container of its own, may have the same number.
    const temporary = path.join(folder, `${name}.${nodeCrypto.randomBytes(8).toString('hex')}.new`)
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
    fs.writeFileSync(temporary, next, { mode: 0o600 })
    try {
      fs.linkSync(temporary, fileOf(name, version + 1))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
      throw error
    } finally {
      fs.unlinkSync(temporary)
    }
    // Others may have come and gone beyond this number since we looked: then ours replaced nothing.
    if (newest(name) !== version + 1) {
      unlessMissing(() => fs.unlinkSync(fileOf(name, version + 1)))
      return false
    }
    if (version > 0) unlessMissing(() => fs.unlinkSync(fileOf(name, version)))
    return true
  }
  // What they throw is a rejection, as the port has it.
  return {
    read: (name) => new Promise((resolve) => resolve(read(name))),
    swap: (name, before, next) => new Promise((resolve) => resolve(swap(name, before, next))),
  }
}

function unlessMissing<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
