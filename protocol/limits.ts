/**
 * Every bound of the protocol, with its unit and its reason. Nothing from a peer is read, kept or repeated
 * without one of these; a peer that needs more is refused with `too_large`, never truncated.
 */
export const limits = {
  /** Bytes of one record. A fact about one person fits in a tenth of it; longer things are attachments. */
  recordBytes: 16 * 1024,
  /** Records under one signature. More would not make a record cheaper and would make one refusal dearer. */
  recordsPerEnvelope: 256,
  /** Bytes of all records of one envelope, so that an inbox transaction stays well under a second. */
  envelopeRecordBytes: 1024 * 1024,
  /** Envelopes in one POST: one full receipt answer stays under 1 MiB. */
  envelopesPerPost: 64,
  /** Bytes of one POST: what a sender packs and a receiver buffers at the most. */
  postBytes: 4 * 1024 * 1024,
  /** Bytes of a compact JWS: a receipt of 256 refusals with the longest codes makes about 19 KiB of token. */
  jwsBytes: 32 * 1024,
  /** Bytes of a protected header after decoding: three short members. */
  headerBytes: 1024,
  /** Nesting of any JSON text on the wire. Our deepest record has 5. */
  jsonDepth: 16,
  /** Members of one JSON object. */
  jsonMembers: 200,
  /** Combining marks in a row, as in Unicode's Stream-Safe Text Format (UAX #15): normalising costs the square of a run. */
  combiningMarks: 30,
  /** Seconds a signed read request may be valid. */
  requestSeconds: 300,
  /** Seconds a peer's clock may differ before a warning is shown. Records are never refused for it. */
  skewWarningSeconds: 300,
  /** Envelopes in one answer to a pull. */
  pullEnvelopes: 64,
  /** Records of one peer that may be parked: an upgrade is weeks late before it has said so many new things. */
  parkedPerPeer: 10_000,
  /** The largest epoch, and the largest number of an envelope: each fits into 32 bits with its sign, and so does the next. */
  streamNumber: 2 ** 31 - 2,
  /** Characters of a person's name, after normalisation. */
  nameLength: 50,
  /** Characters of one free text (title, note, occupation, unit). */
  textLength: 500,
  /** Characters of a long text (a notice). */
  longTextLength: 4000,
  /** Deviations one arrival may state: one per compared attribute. */
  deviations: 16,
} as const

export type LimitName = keyof typeof limits
