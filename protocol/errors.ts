/**
 * The closed union of reasons with which the gate refuses bytes and a node refuses a record.
 *
 * A refusal of bytes (GateCode) leaves nothing but an audit entry; a refusal of a record (RecordCode) is stated in
 * the signed receipt and is final for that content. Codes are stable: peers, operators and tests know them by name.
 */
export const gateCodes = [
  'unknown_peer',
  'too_large',
  'rate_limited',
  'bad_encoding',
  'bad_json',
  'header_not_allowed',
  'wrong_type',
  'bad_signature',
  'bad_field',
  'issuer_mismatch',
  'wrong_audience',
  'bad_time',
  'replayed_nonce',
  'no_agreement',
  'suspended',
  'wrong_epoch',
  'gap',
  'fork',
  'frozen',
  'digest_mismatch',
  'unsupported_encoding',
  'unavailable',
] as const
export type GateCode = (typeof gateCodes)[number]

export const recordCodes = [
  'bad_record',
  'record_repeated',
  'not_your_record',
  'family_not_agreed',
  'case_unknown',
  'case_elsewhere',
  'case_exists',
  'case_closed',
  'case_open',
  'not_published',
  'already_published',
  'already_returned',
  'not_arrived',
  'already_placed',
  'not_placed',
  'already_departed',
  'activity_unknown',
  'tag_taken',
  'query_unknown',
] as const
export type RecordCode = (typeof recordCodes)[number]

export type Refusal<Code extends string = GateCode> = { ok: false; code: Code; detail: string }
export type Result<T, Code extends string = GateCode> = ({ ok: true } & T) | Refusal<Code>

/** `detail` is for our own audit entry and never leaves the node; it must not quote the peer's bytes. */
export function refuse<Code extends string>(code: Code, detail: string): Refusal<Code> {
  return { ok: false, code, detail }
}
