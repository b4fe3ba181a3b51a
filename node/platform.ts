/**
 * The machine, as ports: clock, chance, timers, HTTP out, cryptography and private files. Everything else in node/
 * receives these; the simulator gives its own. This is the only file of node/ that reads a clock or rolls a die.
 */
import * as nodeCrypto from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
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
  sha256: (bytes) => nodeCrypto.createHash('sha256').update(bytes).digest(),
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

export const realPlatform: Platform = {
  clock: { nowMs: () => Date.now() },
  random: { bytes: (length) => nodeCrypto.randomBytes(length), unit: () => Math.random() },
  timers: {
    after: (delayMs, task) => {
      const timer = setTimeout(task, delayMs)
      return () => clearTimeout(timer)
    },
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
  read: async (path) => {
    try {
      return await readFile(path, 'utf8')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }
  },
  write: async (path, text) => {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const temporary = `${path}.${process.pid}.new`
    const file = await open(temporary, 'w', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  },
}
