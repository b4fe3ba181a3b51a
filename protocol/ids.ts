/**
 * Names of things: regions, records, cases and digests.
 *
 * A node is named by the GB/T 2260 code of its region (six digits). Records and cases have UUIDv7 ids (RFC 9562 §5.7);
 * order never depends on them.
 */
import * as z from 'zod'
import { hex } from './bytes.ts'
import { type Crypto } from './crypto.ts'

export type NodeId = string
export type Uuid = string
/** SHA-256 in base64url: 43 characters. */
export type Digest = string

export const nodeIdSchema = z.string().regex(/^[1-9]\d{5}$/)
export const uuidSchema = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
export const digestSchema = z.string().regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/)

/** A UUIDv7 from milliseconds since 1970 and ten random bytes. */
export function uuidV7(epochMs: number, random: Uint8Array): Uuid {
  const bytes = new Uint8Array(16)
  let rest = epochMs
  for (let i = 5; i >= 0; i--) {
    bytes[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  bytes.set(random.subarray(0, 10), 6)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const text = hex(bytes)
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join(
    '-',
  )
}

export function digestOf(crypto: Crypto, data: Uint8Array | string): Digest {
  return crypto.digest(data)
}
