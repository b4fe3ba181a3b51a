/**
 * The pure part of taking a posted body, from protocol/ alone: everything the gate and the stream can refuse without
 * knowing more than peers, keys, a head, and the content id stored under an earlier number.
 */
import {
  checkRecords,
  contentId,
  fromUtf8,
  isErased,
  jwsTypes,
  limits,
  place,
  readEnvelopePayload,
  readJws,
  readRecord,
  refuse,
  splitEnvelopes,
  utf8,
  verifyJws,
  type Envelope,
  type EnvelopePayload,
  type GateCode,
  type Result,
  type StreamHead,
  type StreamStop,
} from '../../protocol/index.ts'
import { nodeJsCrypto as crypto } from '../../node/platform.ts'

export interface EnvelopeVector {
  readonly comment: string
  readonly issuer: string
  readonly head: StreamHead & Partial<StreamStop>
  readonly body: readonly (string | [string, number])[]
  readonly taken?: { contentId: string; place: string }[]
  readonly before?: number
  readonly code?: string
  /** What stands under the number of an earlier envelope, where that is not what is posted; null for nothing. */
  readonly stored?: string | null
}

export type PeerKeys = ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>
export interface Received {
  readonly taken: { contentId: string; place: string }[]
  readonly code: GateCode | undefined
}

export function bodyText(body: EnvelopeVector['body']): string {
  return body.map((part) => (typeof part === 'string' ? part : part[0].repeat(part[1]))).join('')
}

export function receiveBody(self: string, peers: PeerKeys, vector: EnvelopeVector): Received {
  const keys = peers.get(vector.issuer)
  if (!keys) return { taken: [], code: 'unknown_peer' }
  const bytes = utf8(bodyText(vector.body))
  if (bytes.length > limits.postBytes) return { taken: [], code: 'too_large' }
  const split = splitEnvelopes(fromUtf8(bytes) ?? '')
  if (!split.ok) return { taken: [], code: split.code }
  const taken: Received['taken'] = []
  let head = { frozen: false, thawed: false, ...vector.head }
  for (const envelope of split.envelopes) {
    const proven = prove(self, vector.issuer, keys, envelope)
    if (!proven.ok) return { taken, code: proven.code }
    const placed = place(head, proven.payload)
    if (!placed.ok) return { taken, code: placed.code }
    const id = contentId(crypto, envelope.jws)
    if (placed.place === 'earlier' && vector.stored === null) return { taken, code: 'wrong_epoch' }
    if (placed.place === 'earlier' && id !== (vector.stored ?? id)) return { taken, code: 'fork' }
    if (placed.place === 'next') {
      if (placed.opens && !opensAfter(envelope, head)) return { taken, code: 'wrong_epoch' }
      const { epoch, seq } = proven.payload
      head = { epoch, seq, head: id, frozen: false, thawed: false }
    }
    taken.push({ contentId: id, place: placed.place })
  }
  return { taken, code: undefined }
}

/** Does this envelope begin the epoch behind this head? */
function opensAfter({ records: [first] }: Envelope, { epoch, seq, head }: StreamHead): boolean {
  const read = readRecord(first ?? '')
  if (!read.ok || !read.known || read.record.type !== 'epoch.opened') return false
  const { after } = read.record.body
  return after.epoch === epoch && after.seq === seq && after.head === head
}

function prove(
  self: string,
  issuer: string,
  keys: ReadonlyMap<string, Uint8Array>,
  envelope: Envelope,
): Result<{ payload: EnvelopePayload }> {
  const token = readJws(envelope.jws, jwsTypes.envelope)
  if (!token.ok) return token
  const key = keys.get(token.jws.kid)
  if (!key) return refuse('bad_signature', 'no such key')
  const opened = verifyJws(crypto, token.jws, key)
  if (!opened.ok) return opened
  const read = readEnvelopePayload(opened.payload)
  if (!read.ok) return read
  if (read.payload.iss !== issuer) return refuse('issuer_mismatch', '')
  if (read.payload.aud !== self) return refuse('wrong_audience', '')
  // Only what is given back by `restore` may lack a record.
  if (envelope.records.some(isErased)) return refuse('digest_mismatch', 'a record is missing')
  const checked = checkRecords(crypto, read.payload, envelope.records)
  return checked.ok ? read : checked
}
