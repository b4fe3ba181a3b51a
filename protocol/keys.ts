/**
 * Ed25519 public keys as JWK (RFC 8037) and their names, the RFC 7638 thumbprints.
 *
 * Keys reach a node only through an agreement that two people checked by comparing fingerprints; the gate finds the
 * key by (peer, kid) and takes the algorithm from there, never from a message.
 */
import * as z from 'zod'
import { fromBase64url, hex } from './bytes.ts'
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
  return crypto.digest(`{"crv":"${key.crv}","kty":"OKP","x":"${key.x}"}`)
}

/** A kid as two people read it to each other over the telephone: 64 hexadecimal digits in groups of four. */
export function fingerprint(kid: Digest): string {
  return hex(fromBase64url(kid) ?? new Uint8Array()).replace(/(.{4})(?=.)/g, '$1 ')
}

/** Is this what was read aloud, whatever the writing (blanks, hyphens, capitals)? */
export function isFingerprint(heard: string, kid: Digest): boolean {
  return heard.replace(/[\s-]/g, '').toLowerCase() === fingerprint(kid).replaceAll(' ', '')
}

/** y coordinates (little endian, hex) of the Ed25519 points of small order, in every accepted encoding of each. */
const smallOrderY = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
])
/** u coordinates of the X25519 points of small order: with one of them the "shared" secret is zero (RFC 7748 §6.1). */
const smallOrderU = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
])

export type KeyRefusal = 'bad_key' | 'weak_key'

/**
 * The 32 bytes of a signing key that may be enrolled. Refused: other than 32 bytes, points of small order in all 14
 * encodings (a signature under them proves nothing), and y coordinates not reduced modulo 2^255-19.
 */
export function enrolKey(key: SigningKey): Result<{ publicKey: Uint8Array }, KeyRefusal> {
  return enrolCoordinate(key.x, smallOrderY)
}

/** The 32 bytes of an exchange key that may be enrolled, by the same rules; its unused top bit must be zero. */
export function enrolExchangeKey(key: ExchangeKey): Result<{ publicKey: Uint8Array }, KeyRefusal> {
  const enrolled = enrolCoordinate(key.x, smallOrderU)
  if (enrolled.ok && (enrolled.publicKey[31] ?? 0) >= 0x80)
    return refuse('weak_key', 'another spelling of a key without its top bit')
  return enrolled
}

function enrolCoordinate(
  x: string,
  smallOrder: ReadonlySet<string>,
): Result<{ publicKey: Uint8Array }, KeyRefusal> {
  const publicKey = fromBase64url(x)
  if (publicKey?.length !== 32) return refuse('bad_key', 'not 32 bytes in canonical base64url')
  const coordinate = publicKey.slice()
  coordinate[31] = (coordinate[31] ?? 0) & 0x7f
  if (smallOrder.has(hex(coordinate))) return refuse('weak_key', 'a point of small order')
  const allOnes = coordinate.subarray(1, 31).every((byte) => byte === 0xff) && coordinate[31] === 0x7f
  if (allOnes && (coordinate[0] ?? 0) >= 0xed) return refuse('weak_key', 'not reduced modulo the field prime')
  return { ok: true, publicKey }
}
