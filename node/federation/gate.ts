/**
 * The gate: the one door for every byte from a peer. Its steps stand in the order of design.md 3, each refuses with
 * its own code, and nothing it does has an effect: what passes is handed to the inbox, which has one transaction.
 *
 * A refused message leaves one audit row: when, which configured peer, the code, digest and size. Never its bytes.
 */
import {
  checkRecords,
  contentId,
  digestOf,
  fromUtf8,
  jwsTypes,
  limits,
  nodeIdSchema,
  readEnvelopePayload,
  readJws,
  readRequestPayload,
  refuse,
  splitEnvelopes,
  verifyJws,
  type Crypto,
  type Digest,
  type Envelope,
  type EnvelopePayload,
  type Json,
  type JwsType,
  type NodeId,
  type Refusal,
  type RequestPayload,
  type Result,
} from '../../protocol/index.ts'
import { type Clock, type Ids } from '../platform.ts'
import { type Store } from '../store/port.ts'
import { type Peer, type Peers } from './peers.ts'
import { nonces, refusals, streamsIn } from './tables.ts'

/** An envelope whose every byte is proven to be the peer's word to us. Its place in the stream is not judged yet. */
export interface ProvenEnvelope {
  readonly envelope: Envelope
  readonly payload: EnvelopePayload
  readonly contentId: Digest
}

/** Audit rows a minute for posts under names that are no peer's. */
const strangersNotedPerMinute = 60

export class Gate {
  private strangers = { minute: 0, noted: 0 }
  private readonly self: NodeId
  private readonly store: Store
  private readonly peers: Peers
  private readonly crypto: Crypto
  private readonly clock: Clock
  private readonly ids: Ids

  constructor(parts: { self: NodeId; store: Store; peers: Peers; crypto: Crypto; clock: Clock; ids: Ids }) {
    this.self = parts.self
    this.store = parts.store
    this.peers = parts.peers
    this.crypto = parts.crypto
    this.clock = parts.clock
    this.ids = parts.ids
  }

  /** The peer that may speak under this name, or why not. */
  async admit(claimed: string): Promise<Result<{ peer: Peer }>> {
    // A stranger's spelling never reaches the database.
    const peer = nodeIdSchema.safeParse(claimed).success
      ? await this.store.read((reader) => this.peers.get(reader, claimed))
      : undefined
    if (!peer) return refuse('unknown_peer', 'no active agreement under that name')
    return peer.paused ? refuse('suspended', 'paused by our operator') : { ok: true, peer }
  }

  /** Lines of a body; the envelopes in it are still unproven. */
  open(body: Uint8Array): Result<{ envelopes: Envelope[] }> {
    if (body.length > limits.postBytes) return refuse('too_large', 'body over the limit')
    const text = fromUtf8(body)
    return text === undefined ? refuse('bad_encoding', 'not UTF-8') : splitEnvelopes(text)
  }

  prove(peer: Peer, envelope: Envelope): Result<{ proven: ProvenEnvelope }> {
    const opened = this.verify(peer, envelope.jws, jwsTypes.envelope)
    if (!opened.ok) return opened
    const read = readEnvelopePayload(opened.payload)
    if (!read.ok) return read
    const { payload } = read
    const addressed = this.addressed(peer, payload)
    if (!addressed.ok) return addressed
    // Nothing is erased before it has arrived, so a missing record was taken out on the way.
    if (envelope.records.includes(null)) return refuse('digest_mismatch', 'a record is missing')
    const checked = checkRecords(this.crypto, payload, envelope.records)
    if (!checked.ok) return checked
    return { ok: true, proven: { envelope, payload, contentId: contentId(this.crypto, envelope.jws) } }
  }

  /** A signed read request, its times checked and its nonce spent. */
  async request(peer: Peer, body: Uint8Array): Promise<Result<{ request: RequestPayload }>> {
    if (body.length > limits.jwsBytes) return refuse('too_large', 'request over the limit')
    const opened = this.verify(peer, fromUtf8(body)?.trimEnd() ?? '', jwsTypes.request)
    if (!opened.ok) return opened
    const nowMs = this.clock.nowMs()
    const read = readRequestPayload(opened.payload, Math.floor(nowMs / 1000))
    if (!read.ok) return read
    const addressed = this.addressed(peer, read.payload)
    if (!addressed.ok) return addressed
    const spent = await this.spend(peer.node, read.payload)
    return spent
      ? { ok: true, request: read.payload }
      : refuse('replayed_nonce', 'this request was answered before')
  }

  /** Writes down a refusal of bytes posted under this name. The bytes themselves are dropped, and so is an unknown name. */
  async note(claimed: string, refusal: Refusal, bytes: Uint8Array): Promise<void> {
    if (refusal.code === 'unknown_peer' && !this.mayNoteStranger()) return
    const row = {
      id: this.ids.next(),
      atMs: this.clock.nowMs(),
      peer: refusal.code === 'unknown_peer' ? null : claimed,
      code: refusal.code,
      detail: refusal.detail,
    }
    const trace = { digest: digestOf(this.crypto, bytes), size: bytes.length }
    await this.store.transaction((tx) => tx.insert(refusals, [{ ...row, ...trace }]))
  }

  /** Strangers cannot fill our disk: beyond the bound their refusals in this minute leave no row. */
  private mayNoteStranger(): boolean {
    const minute = Math.floor(this.clock.nowMs() / 60_000)
    if (this.strangers.minute !== minute) this.strangers = { minute, noted: 0 }
    return this.strangers.noted++ < strangersNotedPerMinute
  }

  private verify(peer: Peer, token: string, typ: JwsType): Result<{ payload: Json }> {
    const read = readJws(token, typ)
    if (!read.ok) return read
    const key = peer.keys.get(read.jws.kid)
    if (!key) return refuse('bad_signature', 'no such key of this peer')
    return verifyJws(this.crypto, read.jws, key)
  }

  private addressed(peer: Peer, payload: { iss: string; aud: string }): Result<object> {
    if (payload.iss !== peer.node)
      return refuse('issuer_mismatch', 'issued by another node than it was posted as')
    return payload.aud === this.self ? { ok: true } : refuse('wrong_audience', 'meant for another node')
  }

  private async spend(peer: NodeId, request: RequestPayload): Promise<boolean> {
    return this.store.transaction(async (tx) => {
      await tx.lock([`nonces:${peer}`, `stream-in:${peer}`])
      const key = { peer, nonce: request.nonce }
      if (await tx.get(nonces, key)) return false
      const nowMs = this.clock.nowMs()
      for (const old of await tx.find(nonces, { peer }, { orderBy: 'expiresMs', limit: 100 }))
        if (old.expiresMs < nowMs) await tx.remove(nonces, old)
      await tx.insert(nonces, [{ ...key, expiresMs: (request.exp + limits.requestSeconds) * 1000 }])
      await tx.update(streamsIn, { peer }, { heardMs: nowMs })
      return true
    })
  }
}
