/**
 * Signed requests that read, and their signed answers. A request names one audience, one purpose, a short validity and
 * a nonce that is spent once; an answer names the nonce it answers, so neither can be replayed or swapped (J17, P9).
 */
import * as z from 'zod'
import { type Signer } from './crypto.ts'
import { refuse, type Result } from './errors.ts'
import { digestSchema, nodeIdSchema, reachedNumberSchema, streamNumberSchema, uuidSchema } from './ids.ts'
import { type Json } from './json.ts'
import { jwsTypes, signJws } from './jws.ts'
import { limits } from './limits.ts'

export const purposeSchema = z.discriminatedUnion('what', [
  /** Envelopes of the answering node's stream to the asker, after a number. Also tells the peer that we are alive. */
  z.strictObject({ what: z.literal('pull'), epoch: streamNumberSchema, after: reachedNumberSchema }),
  /** The answering node's side of a comparison of cases. */
  z.strictObject({ what: z.literal('compare'), home: nodeIdSchema, after: uuidSchema.nullable() }),
  /** How far the answering node has both streams: what a node compares its own heads with before it signs. */
  z.strictObject({ what: z.literal('heads') }),
  /**
   * Envelopes with their receipts, of the asker's own stream as the answering node took it (`asked`), or of the
   * answering node's stream (`answering`), after a place: how a node gets back what it lost.
   */
  z.strictObject({
    what: z.literal('restore'),
    of: z.enum(['asked', 'answering']),
    after: z.strictObject({ epoch: streamNumberSchema, seq: reachedNumberSchema }),
  }),
])
export type Purpose = z.infer<typeof purposeSchema>

const envelopeOfRequest = { iss: nodeIdSchema, aud: nodeIdSchema, iat: z.int().min(0), nonce: uuidSchema }

export const requestPayloadSchema = z.strictObject({
  ...envelopeOfRequest,
  exp: z.int().min(0),
  purpose: purposeSchema,
})
export type RequestPayload = z.infer<typeof requestPayloadSchema>

/** The answer to a request; its body rides beside it and is bound in by digest. */
export const answerPayloadSchema = z.strictObject({ ...envelopeOfRequest, digest: digestSchema })
export type AnswerPayload = z.infer<typeof answerPayloadSchema>

const headSchema = z.strictObject({
  epoch: streamNumberSchema,
  seq: reachedNumberSchema,
  head: digestSchema.nullable(),
})

/** The body of an answer to `heads`, in the answering node's words. */
export const headsSchema = z.strictObject({
  /** The last envelope it sealed for the asker, and how far it holds the asker's receipts in that epoch. */
  sent: headSchema.extend({ receipted: reachedNumberSchema }),
  /** The last envelope of the asker that it took, and whether it has stopped that stream. */
  received: headSchema.extend({ frozen: z.boolean() }),
})
export type Heads = z.infer<typeof headsSchema>

export function signRequest(signer: Signer, payload: RequestPayload): string {
  return signJws(signer, jwsTypes.request, payload)
}

export function signAnswer(signer: Signer, payload: AnswerPayload): string {
  return signJws(signer, jwsTypes.answer, payload)
}

/** Reads the payload of a verified request and checks its times against `nowSeconds`, where they decide anything. */
export function readRequestPayload(payload: Json, nowSeconds: number): Result<{ payload: RequestPayload }> {
  const read = requestPayloadSchema.safeParse(payload)
  if (!read.success) return refuse('bad_field', 'not a request')
  // Whoever asks how far it is may not know the time: it must hear of a loss before it signs anything.
  if (read.data.purpose.what !== 'heads' && !isTimely(read.data, nowSeconds))
    return refuse('bad_time', 'expired, not yet valid or valid for too long')
  return { ok: true, payload: read.data }
}

/** Is the request valid at this moment, and not for longer than it may be? */
export function isTimely({ iat, exp }: RequestPayload, nowSeconds: number): boolean {
  const long = exp - iat > limits.requestSeconds || exp < iat
  return !long && nowSeconds <= exp && iat <= nowSeconds + limits.requestSeconds
}

export function readAnswerPayload(payload: Json): Result<{ payload: AnswerPayload }> {
  const read = answerPayloadSchema.safeParse(payload)
  return read.success ? { ok: true, payload: read.data } : refuse('bad_field', 'not an answer')
}
