/**
 * Names of things: regions, records, cases, digests and places in a stream.
 *
 * A node is named by the GB/T 2260 code of its region (six digits). Records and cases have UUIDv7 ids (RFC 9562 §5.7);
 * order never depends on them.
 */
import * as z from 'zod'
import { hex } from './bytes.ts'
import { type Crypto } from './crypto.ts'
import { limits } from './limits.ts'

export type NodeId = string
export type Uuid = string
/** SHA-256 in base64url: 43 characters. */
export type Digest = string

export const nodeIdSchema = z.string().regex(/^[1-9]\d{5}$/)
export const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
export const uuidSchema = z.string().regex(uuidPattern)
/** Who wrote a record, as its own region names it. */
export const authorPattern = /^[\w:/@.-]{1,64}$/
export const digestSchema = z.string().regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/)
/** An epoch, or the number of an envelope in one. */
export const streamNumberSchema = z.int().min(1).max(limits.streamNumber)
/** The number that a stream has reached in an epoch: 0 before its first envelope. */
export const reachedNumberSchema = z.int().min(0).max(limits.streamNumber)

/** A UUIDv7 from milliseconds since 1970 and ten random bytes. */
export function uuidV7(epochMs: number, random: Uint8Array): Uuid {
  const time = epochMs.toString(16).padStart(12, '0')
  const chance = hex(random)
  const variant = hexDigits.charAt(8 | (((random[2] ?? 0) >> 4) & 3))
  return `${time.slice(0, 8)}-${time.slice(8)}-7${chance.slice(1, 4)}-${variant}${chance.slice(5, 8)}-${chance.slice(8, 20)}`
}

const hexDigits = '0123456789abcdef'

export function digestOf(crypto: Crypto, data: Uint8Array | string): Digest {
  return crypto.digest(data)
}
