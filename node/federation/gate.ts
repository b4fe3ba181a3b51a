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
  isErased,
  isTimely,
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
import { type Row, type Store, type Transaction } from '../store/port.ts'
import { dayOf, type Alarms } from './alarms.ts'
import { signsPlace, type Peer, type PeerKey, type Peers } from './peers.ts'
import { nonces, refusals, streamsIn } from './tables.ts'

/** An envelope whose every byte is proven to be the peer's word to us. Its place in the stream is not judged yet. */
export interface ProvenEnvelope {
  readonly envelope: Envelope
  readonly payload: EnvelopePayload
  /** Of the key that signed it. */
  readonly kid: Digest
  readonly contentId: Digest
  /** Of its records, in their order. */
  readonly digests: readonly Digest[]
}

/** Audit rows a minute for what one peer has signed, and for all together whose signature did not hold. */
const notedPerMinute = 60
/** Audit rows of one code under one name that are kept, the newest; and for how long. */
const notedOfCode = 1000
const notedForMs = 180 * 86_400_000
/** Rows removed with each one more, and in one go each day. */
const removedWithOne = 10
const removedAtOnce = 1000

export class Gate {
  /** Refusals of bytes that anybody may have posted under the name they came under. */
  private readonly unsigned = new WeakSet<Refusal>()
  private noted = { minute: 0, by: new Map<string, number>() }
  private readonly self: NodeId
  private readonly store: Store
  private readonly peers: Peers
  private readonly crypto: Crypto
  private readonly clock: Clock
  private readonly ids: Ids
  private readonly alarms: Alarms

  constructor(parts: {
    self: NodeId
    store: Store
    peers: Peers
    crypto: Crypto
    clock: Clock
    ids: Ids
    alarms: Alarms
  }) {
    this.self = parts.self
    this.store = parts.store
    this.peers = parts.peers
    this.crypto = parts.crypto
    this.clock = parts.clock
    this.ids = parts.ids
    this.alarms = parts.alarms
  }

  /** The peer that speaks under this name, if there is one. A stranger's spelling never reaches the database. */
  async peer(claimed: string): Promise<Peer | undefined> {
    if (!nodeIdSchema.safeParse(claimed).success) return undefined
    return this.store.read((reader) => this.peers.get(reader, claimed))
  }

  /** What a stranger is told: what he would be told under any name up to the key, and then that his signature is not good. */
  stranger(token: string, typ: JwsType): Refusal {
    const read = readJws(token, typ)
    return read.ok ? refuse('unknown_peer', 'no active agreement under that name') : read
  }

  /** Lines of a body; the envelopes in it are still unproven. */
  open(body: Uint8Array): Result<{ envelopes: Envelope[] }> {
    if (body.length > limits.postBytes) return this.anybodys(refuse('too_large', 'body over the limit'))
    const text = fromUtf8(body)
    const split = text === undefined ? refuse('bad_encoding', 'not UTF-8') : splitEnvelopes(text)
    return split.ok ? split : this.anybodys(split)
  }

  /**
   * Erased records are let by only in copies of what had arrived before (`erased too`). The key's place is not judged in
   * copies that bear our own receipt (`receipted`), since it was when we signed that, nor in those that the peer hands
   * over under a key in force (`vouched`): what it signed under a key that was lost since is its word all the same.
   */
  prove(
    peer: Peer,
    envelope: Envelope,
    copy: 'no copy' | 'erased too' | 'receipted' | 'vouched' = 'no copy',
  ): Result<{ proven: ProvenEnvelope }> {
    const opened = this.verify(peer, envelope.jws, jwsTypes.envelope)
    if (!opened.ok) return opened
    const read = readEnvelopePayload(opened.payload)
    if (!read.ok) return read
    const { payload } = read
    if (copy !== 'receipted' && copy !== 'vouched' && !signsPlace(opened.key, payload))
      return refuse('bad_signature', 'a key that does not sign there')
    const entitled = this.entitled(peer, payload)
    if (!entitled.ok) return entitled
    // Nothing is erased before it has arrived, so a missing record was taken out on the way.
    if (copy === 'no copy' && envelope.records.some(isErased))
      return refuse('digest_mismatch', 'a record is missing')
    const checked = checkRecords(this.crypto, payload, envelope.records)
    if (!checked.ok) return checked
    const id = contentId(this.crypto, envelope.jws)
    const proven = { envelope, payload, kid: opened.kid, contentId: id, digests: checked.digests }
    return { ok: true, proven }
  }

  /** Does it still count, asked under the lock of its stream? A person may have revoked, paused or ended since it was proven. */
  stillHolds(peer: Peer, { kid, payload }: ProvenEnvelope): Result<object> {
    const key = peer.keys.get(kid)
    return key && signsPlace(key, payload)
      ? this.entitled(peer, payload)
      : refuse('bad_signature', 'a key that does not sign there any more')
  }

  /** A signed read request, its times checked and its nonce spent. */
  async request(peer: Peer, body: Uint8Array): Promise<Result<{ request: RequestPayload }>> {
    const opened = this.verify(peer, tokenOf(body), jwsTypes.request)
    if (!opened.ok) return opened
    if (opened.key.revoked || opened.key.retired) return refuse('bad_signature', 'a key of the past')
    const nowMs = this.clock.nowMs()
    const read = readRequestPayload(opened.payload, Math.floor(nowMs / 1000))
    if (!read.ok) return read
    const entitled = this.entitled(peer, read.payload)
    if (!entitled.ok) return entitled
    const { purpose } = read.payload
    if (purpose.what === 'compare' && purpose.home !== this.self && purpose.home !== peer.node)
      return refuse('bad_field', 'a comparison of cases that are not between us')
    const spent = await this.spend(peer, opened.kid, read.payload)
    return spent
      ? { ok: true, request: read.payload }
      : refuse('replayed_nonce', 'this request was answered before')
  }

  /**
   * Writes down a refusal of bytes. The bytes themselves are dropped, and so is the name of a stranger. What has not
   * proven itself takes of the strangers' share, whose name it may bear: it leaves room for what the peer has signed.
   */
  async note(peer: NodeId | undefined, refusal: Refusal, bytes: Uint8Array): Promise<void> {
    if (!this.mayNote(this.unsigned.has(refusal) ? '' : (peer ?? ''))) return
    const row = {
      id: this.ids.next(),
      atMs: this.clock.nowMs(),
      peer: peer ?? null,
      code: refusal.code,
      detail: refusal.detail,
    }
    const trace = { digest: digestOf(this.crypto, bytes), size: bytes.length }
    await this.store.transaction(async (tx) => {
      await makeRoom(tx, row)
      await tx.insert(refusals, [{ ...row, ...trace }])
      // Times are looked at after the signature: one of the two clocks is wrong, and a person should know.
      if (refusal.code === 'bad_time' && peer !== undefined)
        await this.alarms.raise(tx, 'clock_skew', peer, dayOf(row.atMs))
    })
  }

  /** Nobody can fill our disk with refusals: beyond the bound those of this minute leave no row. */
  private mayNote(from: string): boolean {
    const minute = Math.floor(this.clock.nowMs() / 60_000)
    if (this.noted.minute !== minute) this.noted = { minute, by: new Map() }
    const already = this.noted.by.get(from) ?? 0
    this.noted.by.set(from, already + 1)
    return already < notedPerMinute
  }

  private verify(
    peer: Peer,
    token: string,
    typ: JwsType,
  ): Result<{ payload: Json; key: PeerKey; kid: Digest }> {
    const read = readJws(token, typ)
    if (!read.ok) return this.anybodys(read)
    const { kid } = read.jws
    const key = peer.keys.get(kid)
    if (!key) return this.anybodys(refuse('bad_signature', 'no such key of this peer'))
    const verified = verifyJws(this.crypto, read.jws, key.publicKey)
    if (verified.ok) return { ...verified, key, kid }
    return verified.code === 'bad_signature' ? this.anybodys(verified) : verified
  }

  private anybodys(refusal: Refusal): Refusal {
    this.unsigned.add(refusal)
    return refusal
  }

  /** The peer's own word to us, while we listen to it. Asked after its signature, so that nobody else learns of it. */
  private entitled(peer: Peer, payload: { iss: string; aud: string }): Result<object> {
    if (payload.iss !== peer.node)
      return refuse('issuer_mismatch', 'issued by another node than it was posted as')
    if (payload.aud !== this.self) return refuse('wrong_audience', 'meant for another node')
    if (peer.paused) return refuse('suspended', 'paused by our operator')
    return this.peers.inForce(peer, this.clock.nowMs())
      ? { ok: true }
      : refuse('no_agreement', 'the agreement is not in force today')
  }

  private async spend(peer: Peer, kid: Digest, request: RequestPayload): Promise<boolean> {
    const { node } = peer
    return this.store.transaction(async (tx) => {
      await tx.lock([`nonces:${node}`, `stream-in:${node}`])
      const key = { peer: node, nonce: request.nonce }
      if (await tx.get(nonces, key)) return false
      const nowMs = this.clock.nowMs()
      for (const old of await tx.find(nonces, { peer: node }, { orderBy: 'expiresMs', limit: 100 }))
        if (old.expiresMs < nowMs) await tx.remove(nonces, old)
      if (!isTimely(request, Math.floor(nowMs / 1000)))
        await this.alarms.raise(tx, 'clock_skew', node, dayOf(nowMs))
      // Nothing timely ends later than that. What is not is a question for heads, of which a repeat learns no more.
      const latestMs = nowMs + 2 * limits.requestSeconds * 1000
      const lastMs = Math.min(Math.max(request.exp * 1000, nowMs), latestMs)
      await tx.insert(nonces, [{ ...key, expiresMs: lastMs + limits.requestSeconds * 1000 }])
      await tx.update(streamsIn, { peer: node }, { heardMs: nowMs })
      await this.peers.retireBefore(tx, peer, kid)
      return true
    })
  }
}

/** A code that is met for ever under one name leaves its newest rows; and no other code loses one by it. */
async function makeRoom(
  tx: Transaction,
  { peer, code }: Pick<Row<typeof refusals>, 'peer' | 'code'>,
): Promise<void> {
  const over = (await tx.count(refusals, { peer, code })) + 1 - notedOfCode
  if (over <= 0) return
  await tx.lock([`refusals:${peer ?? ''}`])
  const page = { orderBy: 'atMs', limit: Math.min(over, removedWithOne) } as const
  for (const { id } of await tx.find(refusals, { peer, code }, page)) await tx.remove(refusals, { id })
}

/** The day's work: what is too old to be of use to anybody goes. */
export async function removeOldRefusals(store: Store, clock: Clock): Promise<void> {
  const untilMs = clock.nowMs() - notedForMs
  const page = { orderBy: 'atMs', limit: removedAtOnce } as const
  for (;;) {
    const oldest = await store.read((reader) => reader.find(refusals, {}, page))
    const old = oldest.filter(({ atMs }) => atMs < untilMs)
    if (old.length === 0) return
    await store.transaction(async (tx) => {
      for (const { id } of old) await tx.remove(refusals, { id })
    })
  }
}

/** A request's body is its token; one line end may follow. What is left too long is refused as a token. */
export function tokenOf(body: Uint8Array): string {
  return fromUtf8(body)?.replace(/\n$/, '') ?? ''
}
