/**
 * What a peer gives back after a loss, and what makes it believable: our own envelopes bear our signature and the peer's
 * receipt, the peer's envelopes bear its signature and our receipt, and each names the one before it.
 */
import {
  checkRecords,
  contentId,
  isErased,
  jwsTypes,
  parseStrictBytes,
  place,
  readEnvelopePayload,
  readJws,
  readReceiptPayload,
  readRecord,
  refuse,
  verifyJws,
  type Crypto,
  type Digest,
  type Envelope,
  type EnvelopePayload,
  type Heads as PeerHeads,
  type NodeId,
  type Outcome,
  type Result,
  type SigningKey,
  type StreamHead,
  type Uuid,
} from '../../protocol/index.ts'
import { type Keyring } from '../keyring.ts'
import { type ProvenEnvelope } from './gate.ts'
import { type Peer, type StreamPlace } from './peers.ts'

/** An envelope that a peer gave back, nothing of it proven yet. */
export interface Restored {
  readonly envelope: Envelope
  readonly receipt: string | null
}

/** What a peer gave back, in the order of the streams; nothing of it is believed yet. */
export interface Copies {
  readonly heads: PeerHeads
  readonly own: readonly Restored[]
  readonly theirs: readonly Restored[]
  /** Cases of which we are home, told when of some nothing else says so because their words were erased. */
  readonly ownCases: ReadonlySet<Uuid>
}

/** What only one of the two sides of a case may say. */
const saysWhoIsHome = /"type":"(flow\.|identity\.asserted|notice\.)/

/** Are there cases in these envelopes of which nothing is left that says whose they are? */
export function leavesOnlyErasures(copies: readonly Restored[]): boolean {
  const erased = new Set<string>()
  const told = new Set<string>()
  for (const { envelope } of copies)
    for (const text of envelope.records) {
      const caseId = isErased(text) ? undefined : /"case":"([^"]+)"/.exec(text)?.[1]
      if (caseId === undefined) continue
      if (text.includes('"type":"record.erased"')) erased.add(caseId)
      else if (saysWhoIsHome.test(text)) told.add(caseId)
    }
  return [...erased].some((id) => !told.has(id))
}

/** The peer's copies contradict themselves, us, or what it had confirmed. */
export class Unfit extends Error {}

export class CopyProofs {
  private readonly self: NodeId
  private readonly keyring: Keyring
  private readonly crypto: Crypto

  constructor(parts: { self: NodeId; keyring: Keyring; crypto: Crypto }) {
    this.self = parts.self
    this.keyring = parts.keyring
    this.crypto = parts.crypto
  }

  /** One of our own envelopes: whoever gives it back, nobody else can have signed it. */
  own(peer: NodeId, envelope: Restored['envelope']): Result<{ proven: ProvenEnvelope }> {
    const read = readJws(envelope.jws, jwsTypes.envelope)
    if (!read.ok) return read
    const key = this.keyring.publicKey(read.jws.kid)
    if (!key) return refuse('bad_signature', 'under no key of ours')
    const verified = verifyJws(this.crypto, read.jws, Buffer.from(key.x, 'base64url'))
    const opened = verified.ok ? readEnvelopePayload(verified.payload) : verified
    if (!opened.ok) return opened
    const { payload } = opened
    if (payload.iss !== this.self || payload.aud !== peer) return refuse('wrong_audience', 'another stream')
    const checked = checkRecords(this.crypto, payload, envelope.records)
    if (!checked.ok) return checked
    const id = contentId(this.crypto, envelope.jws)
    const proven = { envelope, payload, kid: read.jws.kid, contentId: id, digests: checked.digests }
    return { ok: true, proven }
  }

  /** What the peer's receipt says of one of our envelopes. */
  peerOutcomes(peer: Peer, proven: ProvenEnvelope, token: string): Outcome[] {
    const read = readJws(token, jwsTypes.receipt)
    const key = read.ok ? peer.keys.get(read.jws.kid)?.publicKey : undefined
    return this.outcomes(token, key, { iss: peer.node, aud: this.self }, proven)
  }

  /** What our own receipt said of one of the peer's. */
  ownOutcomes(peer: NodeId, proven: ProvenEnvelope, token: string): Outcome[] {
    const read = readJws(token, jwsTypes.receipt)
    const key = read.ok ? this.keyring.publicKey(read.jws.kid) : undefined
    const publicKey = key && Buffer.from(key.x, 'base64url')
    return this.outcomes(token, publicKey, { iss: this.self, aud: peer }, proven)
  }

  /** Did we sign the receipt that comes with this envelope? Of the envelope itself nothing is believed. */
  isReceipted(peer: NodeId, { envelope, receipt }: Restored): boolean {
    const read = readJws(receipt ?? '', jwsTypes.receipt)
    const key = read.ok ? this.keyring.publicKey(read.jws.kid) : undefined
    const verified =
      read.ok && key ? verifyJws(this.crypto, read.jws, Buffer.from(key.x, 'base64url')) : undefined
    const opened = verified?.ok ? readReceiptPayload(verified.payload) : undefined
    if (!opened?.ok) return false
    const { iss, aud, head } = opened.payload
    return iss === this.self && aud === peer && head === contentId(this.crypto, envelope.jws)
  }

  private outcomes(
    token: string,
    key: Uint8Array | undefined,
    parties: { iss: NodeId; aud: NodeId },
    { payload, contentId: id }: ProvenEnvelope,
  ): Outcome[] {
    const read = readJws(token, jwsTypes.receipt)
    const verified = read.ok && key ? verifyJws(this.crypto, read.jws, key) : undefined
    const opened = verified?.ok ? readReceiptPayload(verified.payload) : undefined
    if (!opened?.ok) throw new Unfit('no receipt')
    const { iss, aud, epoch, seq, head, outcomes } = opened.payload
    const answers = epoch === payload.epoch && seq === payload.seq && head === id
    if (iss !== parties.iss || aud !== parties.aud || !answers || outcomes.length !== payload.records.count)
      throw new Unfit('the receipt of another envelope')
    return outcomes
  }
}

/** Where a copy says it stands: only to ask for the page after it. */
export function placeOf({ envelope }: Restored): StreamPlace | undefined {
  const read = readJws(envelope.jws, jwsTypes.envelope)
  const parsed = read.ok ? parseStrictBytes(read.jws.payload) : read
  const payload = parsed.ok ? readEnvelopePayload(parsed.value) : parsed
  return payload.ok ? payload.payload : undefined
}

/** The key an envelope says it was signed under. */
export function kidOf(jws: string): Digest | undefined {
  const read = readJws(jws, jwsTypes.envelope)
  return read.ok ? read.jws.kid : undefined
}

/** Is this the envelope that comes after that head? */
export function follows(head: StreamHead, payload: EnvelopePayload): boolean {
  const placed = place({ ...head, frozen: false, thawed: false }, payload)
  return placed.ok && placed.place === 'next'
}

export function demandNext(head: StreamHead, payload: EnvelopePayload): void {
  if (!follows(head, payload)) throw new Unfit('out of its chain')
}

/** The keys that an envelope announces, whatever became of its records. */
export function announcedIn({ records }: Envelope): SigningKey[] {
  // Reading every record would take longer than all the rest.
  const announcements = records.filter((text) => text.includes('"type":"keys.announced"')).map(readRecord)
  return announcements.flatMap((read) =>
    read.ok && read.known && read.record.type === 'keys.announced' ? [read.record.body.key] : [],
  )
}
