/**
 * Ed25519 public keys as JWK (RFC 8037) and their names, the RFC 7638 thumbprints.
 *
 * Keys reach a node only through an agreement that two people checked by comparing fingerprints; the gate finds the
 * key by (peer, kid) and takes the algorithm from there, never from a message.
 */
import { z } from 'zod'
import { base64url, fromBase64url, utf8 } from './bytes.ts'
import { type Crypto } from './crypto.ts'
import { refuse, type Result } from './errors.ts'
import { type Digest } from './ids.ts'

export const signingKeySchema = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string().length(43),
})
export const exchangeKeySchema = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('X25519'),
  x: z.string().length(43),
})
export type SigningKey = z.infer<typeof signingKeySchema>
export type ExchangeKey = z.infer<typeof exchangeKeySchema>

/** RFC 7638 §3.2: the required members in lexicographic order, without blanks. */
export function thumbprint(crypto: Crypto, key: SigningKey | ExchangeKey): Digest {
  return base64url(crypto.sha256(utf8(`{"crv":"${key.crv}","kty":"OKP","x":"${key.x}"}`)))
}

/** A thumbprint in groups of four, as two people read it to each other over the telephone. */
export function fingerprint(kid: Digest): string {
  return kid.replace(/(.{4})(?=.)/g, '$1 ')
}

/** y coordinates (little endian, hex) of the points of small order, in every accepted encoding of each. */
const smallOrder = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
])

/**
 * The 32 bytes of a key that may be enrolled. Refused: other than 32 bytes, points of small order in all 14 encodings
 * (a signature under them proves nothing), and y coordinates not reduced modulo 2^255-19.
 */
export function enrolKey(key: SigningKey): Result<{ publicKey: Uint8Array }, 'bad_key' | 'weak_key'> {
  const publicKey = fromBase64url(key.x)
  if (publicKey?.length !== 32) return refuse('bad_key', 'not 32 bytes in canonical base64url')
  const unsigned = publicKey.slice()
  unsigned[31] = (unsigned[31] ?? 0) & 0x7f
  const text = [...unsigned].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  if (smallOrder.has(text)) return refuse('weak_key', 'a point of small order')
  const allOnes = unsigned.subarray(1, 31).every((byte) => byte === 0xff) && unsigned[31] === 0x7f
  if (allOnes && (unsigned[0] ?? 0) >= 0xed) return refuse('weak_key', 'not reduced modulo the field prime')
  return { ok: true, publicKey }
}
