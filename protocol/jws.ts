/**
 * The compact JWS (RFC 7515) as this protocol allows it: three canonical base64url parts, a protected header of
 * exactly `{ alg, kid, typ }`, and Ed25519 (RFC 9864).
 *
 * Reading goes in steps the gate can count: shape, header, then, with the key found by the caller, the signature. The
 * payload is decoded only from bytes whose signature held.
 */
import { base64url, fromBase64url, utf8 } from './bytes.ts'
import { type Crypto, type Signer } from './crypto.ts'
import { refuse, type Result } from './errors.ts'
import { digestOf, type Digest } from './ids.ts'
import { parseStrictBytes, type Json } from './json.ts'
import { limits } from './limits.ts'

export const algorithm = 'Ed25519'

export const jwsTypes = {
  envelope: 'huiliu-envelope+jws',
  receipt: 'huiliu-receipt+jws',
  request: 'huiliu-request+jws',
  answer: 'huiliu-answer+jws',
  agreement: 'huiliu-agreement+jws',
} as const
export type JwsType = (typeof jwsTypes)[keyof typeof jwsTypes]

export interface UnverifiedJws {
  readonly kid: string
  readonly typ: string
  readonly signingInput: string
  readonly payload: Uint8Array
  readonly signature: Uint8Array
}

/** Shape and header of a token. Nothing in the result may be believed before `verifyJws`. */
export function readJws(token: string, typ: JwsType): Result<{ jws: UnverifiedJws }> {
  if (token.length > limits.jwsBytes) return refuse('too_large', 'token over the limit')
  const parts = token.split('.')
  const [header, payload, signature] = parts.map((part) => fromBase64url(part))
  if (parts.length !== 3 || !header?.length || !payload?.length || signature === undefined)
    return refuse('bad_encoding', 'not a compact JWS in canonical base64url')
  const read = readHeader(header, typ)
  if (!read.ok) return read
  if (signature.length !== 64) return refuse('bad_signature', 'signature is not 64 bytes')
  const signingInput = token.slice(0, token.lastIndexOf('.'))
  return { ok: true, jws: { kid: read.kid, typ, signingInput, payload, signature } }
}

function readHeader(bytes: Uint8Array, typ: JwsType): Result<{ kid: string }> {
  if (bytes.length > limits.headerBytes) return refuse('too_large', 'header over the limit')
  const parsed = parseStrictBytes(bytes)
  if (!parsed.ok) return parsed
  const header = parsed.value
  if (header === null || typeof header !== 'object' || Array.isArray(header))
    return refuse('header_not_allowed', 'header is not an object')
  if (Object.keys(header).sort().join() !== 'alg,kid,typ')
    return refuse('header_not_allowed', 'members other than alg, kid, typ')
  const { alg, kid } = header
  // The answer on the wire is the same as for a wrong signature, so that a prober learns nothing from it (J1, J2).
  if (alg !== algorithm) return refuse('bad_signature', 'alg is not Ed25519')
  if (typeof kid !== 'string') return refuse('header_not_allowed', 'kid is not a string')
  if (header['typ'] !== typ) return refuse('wrong_type', 'typ is for another purpose')
  return { ok: true, kid }
}

/** Checks the signature and only then reads the payload as strict JSON. */
export function verifyJws(
  crypto: Crypto,
  jws: UnverifiedJws,
  publicKey: Uint8Array,
): Result<{ payload: Json }> {
  if (!crypto.verify(publicKey, utf8(jws.signingInput), jws.signature))
    return refuse('bad_signature', 'signature does not verify')
  const parsed = parseStrictBytes(jws.payload)
  return parsed.ok ? { ok: true, payload: parsed.value } : parsed
}

export function signJws(signer: Signer, typ: JwsType, payload: unknown): string {
  return signPart(signer, typ, payloadPart(payload))
}

/** Signs a payload part as it stands, so that a second signer signs the very bytes the first one signed. */
export function signPart(signer: Signer, typ: JwsType, part: string): string {
  const input = `${payloadPart({ alg: algorithm, kid: signer.kid, typ })}.${part}`
  return `${input}.${base64url(signer.sign(utf8(input)))}`
}

export function payloadPart(value: unknown): string {
  return base64url(utf8(JSON.stringify(value)))
}

/** What a message is known by: the digest of what was signed, whatever its signature bytes (J20). */
export function contentId(crypto: Crypto, token: string): Digest {
  return digestOf(crypto, token.slice(0, token.lastIndexOf('.')))
}
