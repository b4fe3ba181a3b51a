/**
 * The envelope: one signature over the digests of 1 to 256 records, the records riding beside it.
 *
 * On the wire one line holds the compact JWS and one line each record, byte for byte as it was signed; an erased
 * record is the line `null`. A line that begins with `{`, and the line `null`, belong to the envelope above them; any
 * other line begins the next envelope. The frame never changes between versions, and no JSON is packed inside JSON, so
 * any one record can be shown to a third party with the JWS alone and without its neighbours.
 */
import { z } from 'zod'
import { byteLength } from './bytes.ts'
import { type Crypto, type Signer } from './crypto.ts'
import { refuse, type Result } from './errors.ts'
import { digestOf, digestSchema, nodeIdSchema, type Digest } from './ids.ts'
import { type Json } from './json.ts'
import { contentId, jwsTypes, signJws } from './jws.ts'
import { limits } from './limits.ts'

const position = z
  .int()
  .min(1)
  .max(Number.MAX_SAFE_INTEGER - 1)

export const envelopePayloadSchema = z.strictObject({
  iss: nodeIdSchema,
  aud: nodeIdSchema,
  epoch: position,
  seq: position,
  /** Content id of the envelope before it in this stream; null only at the very beginning of a stream. */
  prev: digestSchema.nullable(),
  /** Seconds since 1970, a label only: late delivery is no fault. */
  iat: z.int().min(0),
  records: z.array(digestSchema).min(1).max(limits.recordsPerEnvelope),
})
export type EnvelopePayload = z.infer<typeof envelopePayloadSchema>

/** An envelope as bytes: what is stored, sent and shown as evidence. */
export interface Envelope {
  readonly jws: string
  /** Exact texts; null where a record was erased. */
  readonly records: readonly (string | null)[]
}

export interface SealedEnvelope extends Envelope {
  readonly payload: EnvelopePayload
  readonly contentId: Digest
}

export function sealEnvelope(
  crypto: Crypto,
  signer: Signer,
  place: Omit<EnvelopePayload, 'records'>,
  records: readonly string[],
): SealedEnvelope {
  const payload = { ...place, records: records.map((text) => digestOf(crypto, text)) }
  const jws = signJws(signer, jwsTypes.envelope, payload)
  return { jws, records, payload, contentId: contentId(crypto, jws) }
}

export function envelopeLines(envelope: Envelope): string {
  return [envelope.jws, ...envelope.records.map((text) => text ?? 'null')].join('\n') + '\n'
}

/** Splits a body into envelopes by lines alone; nothing in them has been checked yet. */
export function splitEnvelopes(body: string): Result<{ envelopes: Envelope[] }> {
  if (!body.endsWith('\n')) return refuse('bad_encoding', 'the last line is not ended')
  const envelopes: { jws: string; records: (string | null)[] }[] = []
  for (const line of body.slice(0, -1).split('\n')) {
    const current = envelopes.at(-1)
    if (line.startsWith('{') || line === 'null') {
      if (!current) return refuse('bad_encoding', 'a record before any envelope')
      current.records.push(line === 'null' ? null : line)
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

/** Each record's bytes must be those that were signed, and within their limit. An erased one proves nothing and is let by. */
export function checkRecords(
  crypto: Crypto,
  payload: EnvelopePayload,
  records: Envelope['records'],
): Result<object> {
  if (records.length !== payload.records.length) return refuse('digest_mismatch', 'number of records')
  let total = 0
  for (const [i, text] of records.entries()) {
    if (text === null) continue
    const bytes = byteLength(text)
    total += bytes
    if (bytes > limits.recordBytes || total > limits.envelopeRecordBytes)
      return refuse('too_large', 'records over the limit')
    if (digestOf(crypto, text) !== payload.records[i])
      return refuse('digest_mismatch', 'a record is not the signed one')
  }
  return { ok: true }
}
