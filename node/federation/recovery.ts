/**
 * Getting back what a restored or lost database no longer holds, from the signed copies of a peer: our own envelopes
 * with the peer's receipts, and the peer's envelopes with the receipts we had signed. Both are taken in with the
 * outcomes those receipts state, so nothing is judged or answered a second time. Then our stream goes on in a new
 * epoch after the head the peer confirmed: whatever else was signed and never arrived can do no harm any more.
 *
 * Each peer is one transaction: it is back, or nothing has changed.
 */
import {
  checkRecords,
  contentId,
  jwsTypes,
  parseStrictBytes,
  place,
  readEnvelopePayload,
  readJws,
  readReceiptPayload,
  readRecord,
  refuse,
  thumbprint,
  verifyJws,
  type BodyOf,
  type Crypto,
  type EnvelopePayload,
  type FactRecord,
  type Heads as PeerHeads,
  type NodeId,
  type Outcome,
  type Result,
  type StreamHead,
} from '../../protocol/index.ts'
import { type Keyring } from '../keyring.ts'
import { type Clock } from '../platform.ts'
import { type Row, type Store, type Transaction } from '../store/port.ts'
import { type Alarms } from './alarms.ts'
import { type Gate, type ProvenEnvelope } from './gate.ts'
import { type RecordHandlers, type RecordPlace } from './handlers.ts'
import { itemsOf, storeEnvelope, textOf } from './inbox.ts'
import { pairLock, type Outbox } from './outbox.ts'
import { type Peer, type Peers, type StreamPlace } from './peers.ts'
import { PeerUnreachable, type Requests, type Restored } from './requests.ts'
import { type Standing } from './standing.ts'
import { envelopesOut, recordsIn, recordsOut, streamsIn, streamsOut } from './tables.ts'

type Reason = BodyOf<'epoch.opened'>['reason']
type OutRow = Row<typeof recordsOut>

/** What a peer gave back, in the order of the streams; nothing of it is believed yet. */
interface Copies {
  readonly heads: PeerHeads
  readonly own: readonly Restored[]
  readonly theirs: readonly Restored[]
}

/** A record of the peer's that builds on one of ours, which comes later. */
interface Deferred {
  readonly record: FactRecord
  readonly at: RecordPlace
}

/** The peer's copies contradict themselves, us, or what it had confirmed. */
class Unfit extends Error {}

export class Recovery {
  private readonly self: NodeId
  private readonly store: Store
  private readonly peers: Peers
  private readonly requests: Requests
  private readonly gate: Gate
  private readonly outbox: Outbox
  private readonly handlers: RecordHandlers
  private readonly standing: Standing
  private readonly alarms: Alarms
  private readonly keyring: Keyring
  private readonly crypto: Crypto
  private readonly clock: Clock

  constructor(parts: {
    self: NodeId
    store: Store
    peers: Peers
    requests: Requests
    gate: Gate
    outbox: Outbox
    handlers: RecordHandlers
    standing: Standing
    alarms: Alarms
    keyring: Keyring
    crypto: Crypto
    clock: Clock
  }) {
    this.self = parts.self
    this.store = parts.store
    this.peers = parts.peers
    this.requests = parts.requests
    this.gate = parts.gate
    this.outbox = parts.outbox
    this.handlers = parts.handlers
    this.standing = parts.standing
    this.alarms = parts.alarms
    this.keyring = parts.keyring
    this.crypto = parts.crypto
    this.clock = parts.clock
  }

  /** The operator's word: closed streams, or the one with this peer whatever its standing, may be recovered. */
  async allow(only?: NodeId): Promise<NodeId[]> {
    return this.store.transaction(async (tx) => {
      const streams = only === undefined ? await tx.find(streamsOut, {}) : await tx.find(streamsOut, { peer: only })
      const meant = streams.filter(({ standing }) => only !== undefined || standing !== 'open')
      for (const { peer } of meant) await tx.update(streamsOut, { peer }, { standing: 'recovering' })
      return meant.map(({ peer }) => peer).sort()
    })
  }

  /** Recovers the streams with one peer. `level` when done, else the code for which it could not be. */
  async recover(peer: Peer): Promise<'level' | string> {
    const before = await this.store.read(async (reader) => ({
      out: await reader.get(streamsOut, { peer: peer.node }),
      into: await reader.get(streamsIn, { peer: peer.node }),
    }))
    const { out, into } = before
    if (!out || !into || out.standing !== 'recovering') return 'nothing_to_recover'
    try {
      const copies = await this.fetch(peer, out, into)
      const after = await this.store.transaction((tx) => this.takeBack(tx, peer, { out, into }, copies))
      await this.standing.reopened(peer.node, after.out, after.into)
      return 'level'
    } catch (error) {
      if (error instanceof PeerUnreachable) return error.code
      if (error instanceof Unfit) return 'bad_answer'
      throw error
    }
  }

  private async fetch(peer: Peer, out: Row<typeof streamsOut>, into: StreamHead): Promise<Copies> {
    const heads = await this.requests.heads(peer)
    const own = await this.fetchAll(peer, 'asked', { epoch: out.epoch, seq: out.receipted })
    const theirs = await this.fetchAll(peer, 'answering', into)
    // What we had not receipted comes by itself, in the ordinary way.
    const unreceipted = theirs.findIndex(({ receipt }) => receipt === null)
    return { heads, own, theirs: unreceipted < 0 ? theirs : theirs.slice(0, unreceipted) }
  }

  private async fetchAll(peer: Peer, of: 'asked' | 'answering', after: StreamPlace): Promise<Restored[]> {
    const found: Restored[] = []
    for (let from = after; ;) {
      const page = await this.requests.restore(peer, of, { epoch: from.epoch, seq: from.seq })
      const last = page.at(-1)
      if (!last) return found
      const next = placeOf(last)
      const onward = next && (next.epoch > from.epoch || (next.epoch === from.epoch && next.seq > from.seq))
      if (!onward) throw new Unfit('pages that do not go on')
      found.push(...page)
      from = next
    }
  }

  private async takeBack(
    tx: Transaction,
    peer: Peer,
    before: { out: StreamHead; into: StreamHead },
    copies: Copies,
  ): Promise<{ out: StreamHead; into: StreamHead }> {
    const { node } = peer
    await tx.lock([pairLock(node), `stream-in:${node}`, `stream-out:${node}`])
    const out = await tx.get(streamsOut, { peer: node })
    const into = await tx.get(streamsIn, { peer: node })
    if (!out || out.head !== before.out.head || into?.head !== before.into.head) throw new Unfit('moved meanwhile')
    const waiting = await this.setAside(tx, out)
    const deferred = await this.takeTheirs(tx, peer, into, copies.theirs)
    const own = await this.takeOwn(tx, peer, out, copies.own, waiting)
    await this.replayDeferred(tx, peer, deferred)
    const { received } = copies.heads
    const confirmed = received.epoch === own.epoch && received.seq === own.seq && received.head === own.head
    if (!confirmed) throw new Unfit('less than it had confirmed')
    const reopened = await this.openEpoch(tx, peer.node, own, reasonOf(copies.heads, out), waiting)
    return { out: reopened, into: (await tx.get(streamsIn, { peer: node })) ?? into }
  }

  /** Takes out what the peer has not confirmed: sealed without a receipt, and not sealed. It is said again later. */
  private async setAside(tx: Transaction, out: Row<typeof streamsOut>): Promise<Map<string, OutRow>> {
    const { peer } = out
    const unreceipted = await tx.find(envelopesOut, { peer, receipted: false }, { orderBy: 'seq' })
    const after = unreceipted[0] ? unreceipted[0].firstPosition - 1 : out.sealedPosition
    const waiting = await tx.find(recordsOut, { peer }, { orderBy: 'position', after })
    for (const row of waiting) await tx.remove(recordsOut, { peer, position: row.position })
    for (const { epoch, seq } of unreceipted) await tx.remove(envelopesOut, { peer, epoch, seq })
    const kept = waiting.filter(({ type }) => type !== 'epoch.opened')
    return new Map(kept.map((row) => [row.digest, row]))
  }

  private async takeTheirs(
    tx: Transaction,
    first: Peer,
    into: Row<typeof streamsIn>,
    copies: readonly Restored[],
  ): Promise<Deferred[]> {
    let peer = first
    let head: StreamHead = into
    const deferred: Deferred[] = []
    for (const { envelope, receipt } of copies) {
      const proven = this.gate.prove(peer, envelope, 'erased too')
      if (!proven.ok) throw new Unfit(proven.code)
      const { payload, contentId: id } = proven.proven
      follows(head, payload)
      const outcomes = this.ownReceipt(peer.node, proven.proven, receipt ?? '')
      const items = itemsOf(proven.proven)
      const answer = { receipt: receipt ?? '', receivedMs: this.clock.nowMs() }
      await storeEnvelope(tx, peer.node, proven.proven, items, outcomes, answer)
      for (const [index, { read }] of items.entries()) {
        const at = { epoch: payload.epoch, seq: payload.seq, index }
        if (outcomes[index] !== 'applied' || !read.ok || !read.known) continue
        const there = await this.handlers[read.record.type].replay(tx, peer, read.record, peer.node, at)
        if (!there) deferred.push({ record: read.record, at })
        if (read.record.type === 'keys.announced') peer = (await this.peers.get(tx, peer.node)) ?? peer
      }
      head = { epoch: payload.epoch, seq: payload.seq, head: id }
    }
    const { epoch, seq } = head
    await tx.update(streamsIn, { peer: peer.node }, { epoch, seq, head: head.head })
    return deferred
  }

  private async takeOwn(
    tx: Transaction,
    peer: Peer,
    out: Row<typeof streamsOut>,
    copies: readonly Restored[],
    waiting: Map<string, OutRow>,
  ): Promise<StreamHead> {
    let head = await this.receiptedHead(tx, out)
    for (const { envelope, receipt } of copies) {
      const proven = this.proveOwn(peer.node, envelope)
      if (!proven.ok) throw new Unfit(proven.code)
      const { payload, contentId: id } = proven.proven
      follows(head, payload)
      const outcomes = this.peerReceipt(peer, proven.proven, receipt ?? '')
      const replayed = await this.storeOwn(tx, peer.node, proven.proven, outcomes, receipt ?? '', waiting)
      for (const { record, at } of replayed) {
        await this.replayOwn(tx, peer, record, at)
        if (record.type === 'keys.announced') {
          const kid = thumbprint(this.crypto, record.body.key)
          if (this.keyring.holds(kid)) await tx.update(streamsOut, { peer: peer.node }, { kid })
        }
      }
      head = { epoch: payload.epoch, seq: payload.seq, head: id }
    }
    return head
  }

  private async receiptedHead(tx: Transaction, out: Row<typeof streamsOut>): Promise<StreamHead> {
    const { peer, epoch, receipted } = out
    const last = await tx.get(envelopesOut, { peer, epoch, seq: receipted })
    if (last) return { epoch, seq: receipted, head: last.contentId }
    // Nothing of this epoch is confirmed: it stands where it began, after the last of the one before.
    const page = { orderBy: 'seq', descending: true, limit: 1 } as const
    const [former] = await tx.find(envelopesOut, { peer, epoch: epoch - 1 }, page)
    return { epoch, seq: 0, head: former?.contentId ?? null }
  }

  /** Stores one of our envelopes as it was; the answer lists the records whose facts this database does not have. */
  private async storeOwn(
    tx: Transaction,
    peer: NodeId,
    { envelope: { jws, records }, payload, contentId: id }: ProvenEnvelope,
    outcomes: readonly Outcome[],
    receipt: string,
    waiting: Map<string, OutRow>,
  ): Promise<Deferred[]> {
    const { epoch, seq, iat } = payload
    const positions = await tx.positions(records.length)
    const lost: Deferred[] = []
    const rows = records.map((text, index) => {
      const read = text === null ? undefined : readRecord(text)
      const record = read?.ok && read.known ? read.record : undefined
      const digest = payload.records[index] ?? ''
      const outcome = outcomes[index] ?? 'parked'
      if (!waiting.delete(digest) && record && outcome === 'applied')
        lost.push({ record, at: { epoch, seq, index } })
      const about = { caseId: record?.case ?? null, type: record?.type ?? 'erased' }
      const said = outcome === 'applied' ? null : outcome
      return { peer, position: positions[index] ?? 0, ...about, digest, text, writtenMs: iat * 1000, outcome: said }
    })
    await tx.insert(recordsOut, rows)
    const span = { firstPosition: rows[0]?.position ?? 0, lastPosition: rows.at(-1)?.position ?? 0 }
    const state = { sealedMs: iat * 1000, receipted: true, receipt, receiptedMs: this.clock.nowMs() }
    await tx.insert(envelopesOut, [
      { peer, epoch, seq, contentId: id, jws, records: records.length, ...span, ...state },
    ])
    return lost
  }

  private async replayOwn(tx: Transaction, peer: Peer, record: FactRecord, at: RecordPlace): Promise<void> {
    if (record.type === 'outcome.settled') return this.replaySettled(tx, peer, record)
    const there = await this.handlers[record.type].replay(tx, peer, record, this.self, at)
    if (!there) await this.differs(tx, peer.node, 'out', at)
  }

  /** We had parked a record of the peer and then said what became of it: now it becomes just that. */
  private async replaySettled(
    tx: Transaction,
    peer: Peer,
    { body: { digest, outcome, epoch, seq, index } }: FactRecord<'outcome.settled'>,
  ): Promise<void> {
    const row = await tx.get(recordsIn, { peer: peer.node, digest })
    if (!row?.parked) return
    await tx.update(recordsIn, row, { parked: false, outcome })
    const read = outcome === 'applied' ? readRecord(await textOf(tx, row)) : undefined
    const at = { epoch, seq, index }
    if (read?.ok && read.known && !(await this.handlers[read.record.type].replay(tx, peer, read.record, peer.node, at)))
      await this.differs(tx, peer.node, 'in', at)
  }

  private async replayDeferred(tx: Transaction, peer: Peer, deferred: readonly Deferred[]): Promise<void> {
    for (const { record, at } of deferred)
      if (!(await this.handlers[record.type].replay(tx, peer, record, peer.node, at)))
        await this.differs(tx, peer.node, 'in', at)
  }

  /** The next epoch begins with its opening; after it comes, once more, what the peer never confirmed. */
  private async openEpoch(
    tx: Transaction,
    peer: NodeId,
    after: StreamHead,
    reason: Reason,
    waiting: ReadonlyMap<string, OutRow>,
  ): Promise<StreamHead> {
    const begun = after.epoch > 1 || after.seq > 0
    const epoch = begun ? after.epoch + 1 : 1
    const [mark = 0] = await tx.positions(1)
    const fresh = { sealedPosition: mark, receipted: 0, unreceipted: 0, kidFrom: 1, formerKid: null, vouched: 0 }
    const stream = { epoch, seq: 0, head: after.head }
    await tx.update(streamsOut, { peer }, { ...stream, ...fresh, standing: 'open' })
    if (begun) {
      const body = { after: { epoch: after.epoch, seq: after.seq, head: after.head }, reason }
      await this.outbox.write(tx, peer, [this.outbox.draft({ type: 'epoch.opened', case: null, body })])
    }
    const positions = await tx.positions(waiting.size)
    await tx.insert(
      recordsOut,
      [...waiting.values()].map((row, i) => ({ ...row, position: positions[i] ?? 0, outcome: null })),
    )
    return stream
  }

  private proveOwn(peer: NodeId, envelope: Restored['envelope']): Result<{ proven: ProvenEnvelope }> {
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
    return { ok: true, proven: { envelope, payload, contentId: contentId(this.crypto, envelope.jws) } }
  }

  private peerReceipt(peer: Peer, proven: ProvenEnvelope, token: string): Outcome[] {
    const read = readJws(token, jwsTypes.receipt)
    const key = read.ok ? peer.keys.get(read.jws.kid)?.publicKey : undefined
    return this.outcomesIn(token, key, { iss: peer.node, aud: this.self }, proven)
  }

  private ownReceipt(peer: NodeId, proven: ProvenEnvelope, token: string): Outcome[] {
    const read = readJws(token, jwsTypes.receipt)
    const key = read.ok ? this.keyring.publicKey(read.jws.kid) : undefined
    const publicKey = key && Buffer.from(key.x, 'base64url')
    return this.outcomesIn(token, publicKey, { iss: this.self, aud: peer }, proven)
  }

  private outcomesIn(
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
    if (iss !== parties.iss || aud !== parties.aud || !answers || outcomes.length !== payload.records.length)
      throw new Unfit('the receipt of another envelope')
    return outcomes
  }

  private differs(tx: Transaction, peer: NodeId, direction: string, at: RecordPlace): Promise<void> {
    return this.alarms.raise(tx, 'replay_differs', peer, `${direction} ${at.epoch}/${at.seq}/${at.index}`)
  }
}

/** Where a copy says it stands: only to ask for the page after it. */
function placeOf({ envelope }: Restored): StreamPlace | undefined {
  const read = readJws(envelope.jws, jwsTypes.envelope)
  const parsed = read.ok ? parseStrictBytes(read.jws.payload) : read
  const payload = parsed.ok ? readEnvelopePayload(parsed.value) : parsed
  return payload.ok ? payload.payload : undefined
}

function follows(head: StreamHead, payload: EnvelopePayload): void {
  const placed = place({ ...head, frozen: false, thawed: false }, payload)
  if (!placed.ok || placed.place !== 'next') throw new Unfit('out of its chain')
}

/** A frozen stream was forked; a stream whose key was replaced has no former key; anything else was a loss. */
function reasonOf({ received }: PeerHeads, out: Row<typeof streamsOut>): Reason {
  if (received.frozen) return 'fork'
  return out.kidFrom === out.seq + 1 && out.kidFrom > 1 && out.formerKid === null ? 'key' : 'recovered'
}
