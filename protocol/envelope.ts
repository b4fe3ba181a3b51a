/**
 * The envelope: one signature over 1 to 256 records, which ride beside it. What is signed is how many they are and one
 * digest over the list of their digests.
 *
 * On the wire one line holds the compact JWS and one line each record, byte for byte as it was signed; an erased
 * record is `#` and its digest. A line that begins with `{` or `#` belongs to the envelope above it; any other line
 * begins the next envelope. The frame never changes between versions, and no JSON is packed inside JSON, so any one
 * record can be shown to a third party with the JWS and the list of digests, and without its neighbours.
 */
import * as z from 'zod'
import { byteLength, fitsBytes, fromBase64url } from './bytes.ts'
import { type Crypto, type Signer } from './crypto.ts'
import { refuse, type Result } from './errors.ts'
import { digestOf, digestSchema, nodeIdSchema, streamNumberSchema, type Digest } from './ids.ts'
import { type Json } from './json.ts'
import { contentId, jwsTypes, signJws } from './jws.ts'
import { limits } from './limits.ts'

export const envelopePayloadSchema = z.strictObject({
  iss: nodeIdSchema,
  aud: nodeIdSchema,
  epoch: streamNumberSchema,
  seq: streamNumberSchema,
  /** Content id of the envelope before it in this stream; null only at the very beginning of a stream. */
  prev: digestSchema.nullable(),
  /** Seconds since 1970, a label only: late delivery is no fault. */
  iat: z.int().min(0),
  /** How many records ride beside it, and the digest of the list of theirs. */
  records: z.strictObject({ count: z.int().min(1).max(limits.recordsPerEnvelope), digest: digestSchema }),
})
export type EnvelopePayload = z.infer<typeof envelopePayloadSchema>

/** An envelope as bytes: what is stored, sent and shown as evidence. */
export interface Envelope {
  readonly jws: string
  /** The line of each record: its exact text, or what stands for one that was erased. */
  readonly records: readonly string[]
}

export interface SealedEnvelope extends Envelope {
  readonly payload: EnvelopePayload
  readonly contentId: Digest
  /** Of its records, in their order. */
  readonly digests: readonly Digest[]
}

/** What stands for an erased record. Its digest stays, so that the others remain provable. */
export function erasedLine(digest: Digest): string {
  return `#${digest}`
}

export function isErased(line: string): boolean {
  return line.startsWith('#')
}

/** The digest of the record on a line, which an erased one says itself. */
export function digestOfLine(crypto: Crypto, line: string): Digest {
  return isErased(line) ? line.slice(1) : digestOf(crypto, line)
}

/** The digest of a list of digests: SHA-256 of their bytes, one after the other. */
export function listDigest(crypto: Crypto, digests: readonly Digest[]): Digest {
  const bytes = new Uint8Array(32 * digests.length)
  for (const [i, digest] of digests.entries()) bytes.set(fromBase64url(digest) ?? [], 32 * i)
  return digestOf(crypto, bytes)
}

export function sealEnvelope(
  crypto: Crypto,
  signer: Signer,
  place: Omit<EnvelopePayload, 'records'>,
  records: readonly string[],
): SealedEnvelope {
  const digests = records.map((text) => digestOf(crypto, text))
  const payload = { ...place, records: { count: records.length, digest: listDigest(crypto, digests) } }
  const jws = signJws(signer, jwsTypes.envelope, payload)
  return { jws, records, payload, contentId: contentId(crypto, jws), digests }
}

export function envelopeLines(envelope: Envelope): string {
  return [envelope.jws, ...envelope.records].join('\n') + '\n'
}

/** Lines of the largest post. */
const mostLines = limits.envelopesPerPost * (1 + limits.recordsPerEnvelope)

/** Splits a body into envelopes by lines alone; nothing in them has been checked yet. */
export function splitEnvelopes(body: string): Result<{ envelopes: Envelope[] }> {
  if (!body.endsWith('\n')) return refuse('bad_encoding', 'the last line is not ended')
  const envelopes: { jws: string; records: string[] }[] = []
  // Among one line more than a post may have is one too many of something, so what is left out is refused all the same.
  for (const line of body.slice(0, -1).split('\n', mostLines + 1)) {
    const current = envelopes.at(-1)
    if (line.startsWith('{') || isErased(line)) {
      if (!current) return refuse('bad_encoding', 'a record before any envelope')
      current.records.push(line)
      if (current.records.length > limits.recordsPerEnvelope) return refuse('too_large', 'too many records')
    } else {
      envelopes.push({ jws: line, records: [] })
      if (envelopes.length > limits.envelopesPerPost) return refuse('too_large', 'too many envelopes')
    }
  }
  return { ok: true, envelopes }
}

export function readEnvelopePayload(payload: Json): Result<{ payload: EnvelopePayload }> {
  const read = envelopePayloadSchema.safeParse(payload)
  if (read.success) return { ok: true, payload: read.data }
  return refuse('bad_field', read.error.issues.map((issue) => issue.path.join('.') || issue.code).join(', '))
}

/** The records must be those that were signed, within their limits; the answer is their digests. Of an erased one its digest says enough. */
export function checkRecords(
  crypto: Crypto,
  { records: { count, digest } }: EnvelopePayload,
  records: Envelope['records'],
): Result<{ digests: Digest[] }> {
  if (records.length !== count) return refuse('digest_mismatch', 'number of records')
  if (!areWithinLimits(records)) return refuse('too_large', 'records over the limit')
  const digests: Digest[] = []
  for (const line of records) {
    const each = digestOfLine(crypto, line)
    if (isErased(line) && !digestSchema.safeParse(each).success)
      return refuse('digest_mismatch', 'an erased record without its digest')
    digests.push(each)
  }
  return listDigest(crypto, digests) === digest
    ? { ok: true, digests }
    : refuse('digest_mismatch', 'the records are not the signed ones')
}

function areWithinLimits(records: Envelope['records']): boolean {
  if (!records.every((line) => fitsBytes(line, limits.recordBytes))) return false
  const units = records.reduce((sum, line) => sum + line.length, 0)
  if (units * 3 <= limits.envelopeRecordBytes) return true
  return records.reduce((sum, line) => sum + byteLength(line), 0) <= limits.envelopeRecordBytes
}
