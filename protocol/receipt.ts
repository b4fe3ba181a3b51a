/**
 * The receipt: the receiver's signed word that its copy of a stream reaches up to `head`, and what became of each
 * record of that envelope. It is stored with the envelope, and every repeat of the envelope gets the same bytes.
 */
import * as z from 'zod'
import { type Signer } from './crypto.ts'
import { refuse, type Result } from './errors.ts'
import { digestSchema, nodeIdSchema, streamNumberSchema } from './ids.ts'
import { type Json } from './json.ts'
import { jwsTypes, signJws } from './jws.ts'
import { limits } from './limits.ts'
import { outcomeSchema } from './record.ts'

export const receiptPayloadSchema = z.strictObject({
  iss: nodeIdSchema,
  aud: nodeIdSchema,
  epoch: streamNumberSchema,
  seq: streamNumberSchema,
  /** Content id of the envelope this answers, which is the receiver's head of the stream at that moment. */
  head: digestSchema,
  iat: z.int().min(0),
  outcomes: z.array(outcomeSchema).min(1).max(limits.recordsPerEnvelope),
})
export type ReceiptPayload = z.infer<typeof receiptPayloadSchema>

export function signReceipt(signer: Signer, payload: ReceiptPayload): string {
  return signJws(signer, jwsTypes.receipt, payload)
}

export function readReceiptPayload(payload: Json): Result<{ payload: ReceiptPayload }> {
  const read = receiptPayloadSchema.safeParse(payload)
  return read.success ? { ok: true, payload: read.data } : refuse('bad_field', 'not a receipt')
}
