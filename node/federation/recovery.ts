/**
 * Getting back what a restored or lost database no longer holds, from the signed copies of a peer: our own envelopes
 * with the peer's receipts, and the peer's envelopes with the receipts we had signed. Both are taken in with the
 * outcomes those receipts state, so nothing is judged or answered a second time. Then our stream goes on in a new
 * epoch after the head the peer confirmed: whatever else was signed and never arrived can do no harm any more.
 *
 * Each peer is one transaction: it is back, or nothing has changed.
 */
import {
  type BodyOf,
  type Crypto,
  type Digest,
  type Heads as PeerHeads,
  type NodeId,
  type StreamHead,
} from '../../protocol/index.ts'
import { type Keyring } from '../keyring.ts'
import { type Clock, type Timers } from '../platform.ts'
import { type Reader, type Row, type Store, type Transaction } from '../store/port.ts'
import { type Alarms } from './alarms.ts'
import { type CopyProofs, kidOf, placeOf, Unfit, type Copies } from './copies.ts'
import { CopyReader } from './copy-reader.ts'
import { type Gate } from './gate.ts'
import { type Facts, type RecordHandlers } from './handlers.ts'
import { announcedKid, pairLock, recordsOf, type Outbox } from './outbox.ts'
import { type Peer, type Peers, type StreamPlace } from './peers.ts'
import { PeerUnreachable, type Requests } from './requests.ts'
import { Restoration } from './restoration.ts'
import { type OutRow } from './retelling.ts'
import { type Standing } from './standing.ts'
import { envelopesOut, identity, recordsOut, replacedKey, streamsIn, streamsOut } from './tables.ts'

type Reason = BodyOf<'epoch.opened'>['reason']
type StreamOut = Row<typeof streamsOut>

/** Where our stream stood when the copies were asked for, and where both nodes' copies of it surely agree. */
interface Before {
  /** With the keys that are known now: an agreement may have brought one since this recovery was asked for. */
  readonly peer: Peer
  readonly out: StreamOut
  readonly into: Row<typeof streamsIn>
  readonly base: StreamHead
  readonly kid: Digest
}

export class Recovery {
  private readonly self: NodeId
  private readonly store: Store
  private readonly peers: Peers
  private readonly requests: Requests
  private readonly gate: Gate
  private readonly outbox: Outbox
  private readonly handlers: RecordHandlers
  private readonly facts: Facts
  private readonly standing: Standing
  private readonly alarms: Alarms
  private readonly keyring: Keyring
  private readonly crypto: Crypto
  private readonly clock: Clock
  private readonly proofs: CopyProofs
  private readonly copies: CopyReader
  private readonly reopened: () => void
  private readonly underWay = new Map<NodeId, Promise<'level' | string>>()

  constructor(parts: {
    self: NodeId
    store: Store
    peers: Peers
    requests: Requests
    gate: Gate
    outbox: Outbox
    handlers: RecordHandlers
    facts: Facts
    standing: Standing
    alarms: Alarms
    keyring: Keyring
    crypto: Crypto
    clock: Clock
    proofs: CopyProofs
    timers?: Pick<Timers, 'giveWay'>
    /** A stream may be signed again. */
    reopened: () => void
  }) {
    this.self = parts.self
    this.store = parts.store
    this.peers = parts.peers
    this.requests = parts.requests
    this.gate = parts.gate
    this.outbox = parts.outbox
    this.handlers = parts.handlers
    this.facts = parts.facts
    this.standing = parts.standing
    this.alarms = parts.alarms
    this.keyring = parts.keyring
    this.crypto = parts.crypto
    this.clock = parts.clock
    this.proofs = parts.proofs
    this.copies = new CopyReader(parts)
    this.reopened = parts.reopened
  }

  /** The operator's word: closed streams, or the one with this peer whatever its standing, may be recovered. */
  async allow(only?: NodeId): Promise<NodeId[]> {
    return this.store.transaction(async (tx) => {
      const match = only === undefined ? {} : { peer: only }
      await tx.lock((await tx.find(streamsOut, match)).map(({ peer }) => `stream-out:${peer}`))
      const streams = await tx.find(streamsOut, match)
      // One whose key was stolen waits for an agreement: nothing may be signed there under the old one.
      const free = streams.filter(
        ({ standing, kidFrom }) => !(standing === 'closed' && kidFrom === replacedKey),
      )
      const meant = free.filter(({ standing }) => only !== undefined || standing !== 'open')
      for (const { peer } of meant) await tx.update(streamsOut, { peer }, { standing: 'recovering' })
      return meant.map(({ peer }) => peer).sort()
    })
  }

  /** Recovers the streams with one peer. `level` when done, else the code for which it could not be. */
  recover(peer: Peer): Promise<'level' | string> {
    // The operator's command and the courier want the same: both hear what came of one attempt.
    const underWay = this.underWay.get(peer.node)
    if (underWay) return underWay
    const attempt = this.attempt(peer).finally(() => this.underWay.delete(peer.node))
    this.underWay.set(peer.node, attempt)
    return attempt
  }

  private async attempt(peer: Peer): Promise<'level' | string> {
    try {
      const heads = await this.requests.heads(peer)
      const before = await this.store.read((reader) => this.before(reader, peer.node))
      if (before?.out.standing !== 'recovering')
        return before?.out.standing === 'open' ? 'level' : 'stream_closed'
      const own = await this.copies.own(before.peer, before.base)
      const theirs = await this.copies.theirs(before.peer, before.into)
      const ownCases = await this.copies.ownCases(before.peer, [...own, ...theirs])
      const copies = { heads, own, theirs, ownCases }
      // What it has given back of ours it holds; and if that is more than it said before, it has moved meanwhile.
      if (own.length === 0 && lacksOurs(heads, before.base)) {
        await this.store.transaction((tx) => this.takeTheirs(tx, peer, before, copies))
        return 'peer_lost_too'
      }
      const kid = await this.store.transaction((tx) => this.takeBack(tx, peer, before, copies))
      this.keyring.use(kid)
      return 'level'
    } catch (error) {
      if (error instanceof PeerUnreachable) return error.code
      if (error instanceof Unfit) return 'bad_answer'
      throw error
    }
  }

  /** Can the peer show what it says it has seen of us: an envelope of ours, or a receipt, under our own signature? */
  async proves(peer: Peer, { received, sent }: PeerHeads, more: 'out' | 'in'): Promise<boolean> {
    const { epoch, seq } = more === 'out' ? received : { epoch: sent.epoch, seq: sent.receipted }
    const [copy] = await this.requests.restore(peer, more === 'out' ? 'asked' : 'answering', {
      epoch,
      seq: seq - 1,
    })
    const place = copy && placeOf(copy)
    if (!copy || place?.epoch !== epoch || place.seq !== seq) return false
    if (more === 'in') return this.proofs.isReceipted(peer.node, copy)
    const proven = this.proofs.own(peer.node, copy.envelope)
    return proven.ok && proven.proven.contentId === received.head
  }

  private async before(reader: Reader, node: NodeId): Promise<Before | undefined> {
    const out = await reader.get(streamsOut, { peer: node })
    const into = await reader.get(streamsIn, { peer: node })
    const peer = await this.peers.get(reader, node)
    if (!out || !into || !peer) return undefined
    for (let { epoch } = out; epoch > 0; epoch--) {
      const page = { orderBy: 'seq', descending: true, limit: 1 } as const
      const [last] = await reader.find(envelopesOut, { peer: node, epoch, receipted: true }, page)
      if (!last) continue
      const base = { epoch, seq: last.seq, head: last.contentId }
      return { peer, out, into, base, kid: await this.kidAfter(reader, last) }
    }
    const [first] = await reader.find(envelopesOut, { peer: node }, { orderBy: 'lastPosition', limit: 1 })
    const kid = (first && kidOf(first.jws)) ?? out.formerKid ?? out.kid
    return { peer, out, into, base: { epoch: 1, seq: 0, head: null }, kid }
  }

  /** The key that signs what follows this envelope. */
  private async kidAfter(reader: Reader, envelope: Row<typeof envelopesOut>): Promise<Digest> {
    const last = (await recordsOf(reader, envelope)).at(-1)
    const announced = last?.type === 'keys.announced' ? announcedKid(this.crypto, last.text) : undefined
    return announced ?? kidOf(envelope.jws) ?? ''
  }

  /** Where the two streams still stand as they did when the copies were asked for. */
  private async begin(
    tx: Transaction,
    peer: Peer,
    before: Before,
  ): Promise<{ out: StreamOut; restoration: Restoration }> {
    const { node } = peer
    await tx.lock([pairLock(node), `stream-in:${node}`, `stream-out:${node}`, 'identity'])
    const out = await tx.get(streamsOut, { peer: node })
    const into = await tx.get(streamsIn, { peer: node })
    const now = await this.peers.get(tx, node)
    if (!now || !out || out.head !== before.out.head || into?.head !== before.into.head)
      throw new Unfit('moved meanwhile')
    const { self, peers, gate, handlers, facts, proofs, alarms, keyring, crypto, clock } = this
    const parts = { self, peers, gate, handlers, facts, proofs, alarms, keyring, crypto, clock }
    return { out, restoration: new Restoration(parts, tx, now, into, before.base, before.kid) }
  }

  /** The peer has lost some of ours and waits for us, as we do for it: each first takes the other's stream back. */
  private async takeTheirs(tx: Transaction, peer: Peer, before: Before, copies: Copies): Promise<void> {
    const { restoration } = await this.begin(tx, peer, before)
    await restoration.takeTheirs(copies)
  }

  /** The answer is the key that signs new agreements and cards from now on. */
  private async takeBack(tx: Transaction, peer: Peer, before: Before, copies: Copies): Promise<Digest> {
    const { node } = peer
    const { out, restoration } = await this.begin(tx, peer, before)
    const back = await restoration.take(out, copies)
    const reason = reasonOf(copies.heads, out)
    const epoch = await this.standing.freshEpoch(node, out.epoch, back.own.epoch, copies.heads.received.epoch)
    await this.openEpoch(
      tx,
      { ...out, epoch, kid: back.kid },
      back.own,
      reason,
      restoration.unconfirmed(back.kid),
    )
    await restoration.resume(this.outbox)
    tx.afterCommit(this.reopened)
    // Before the commit: until it is durable the stream is still to be recovered, and nothing is signed.
    await this.standing.reopened(node, { epoch, seq: 0, head: back.own.head }, back.into)
    return this.newestOf(tx, back.kid)
  }

  /** After a total loss only the streams know which of our keys is in use. */
  private async newestOf(tx: Transaction, kid: Digest): Promise<Digest> {
    const kids = this.keyring.kids()
    const newer = kids.indexOf(kid) < kids.indexOf(this.keyring.kid)
    if (newer && (await tx.get(identity, { node: this.self })))
      await tx.update(identity, { node: this.self }, { kid })
    return newer ? kid : this.keyring.kid
  }

  /** The next epoch begins with its opening; after it comes, once more, what the peer never confirmed. */
  private async openEpoch(
    tx: Transaction,
    { peer, epoch, kid }: Pick<StreamOut, 'peer' | 'epoch' | 'kid'>,
    after: StreamHead,
    reason: Reason,
    waiting: readonly OutRow[],
  ): Promise<void> {
    const [sealedPosition = 0] = await tx.positions(1)
    const fresh = {
      sealedPosition,
      receipted: 0,
      unreceipted: 0,
      kid,
      kidFrom: 1,
      formerKid: null,
      vouched: 0,
    }
    await tx.update(streamsOut, { peer }, { epoch, seq: 0, head: after.head, ...fresh, standing: 'open' })
    const body = { after: { epoch: after.epoch, seq: after.seq, head: after.head }, reason }
    await this.outbox.write(tx, peer, [this.outbox.draft({ type: 'epoch.opened', case: null, body })])
    const positions = await tx.positions(waiting.length)
    await tx.insert(
      recordsOut,
      waiting.map((row, i) => ({ ...row, position: positions[i] ?? 0, outcome: null })),
    )
  }
}

/** Has the peer less of our stream than both nodes' copies of it together show? Then it was restored as well. */
function lacksOurs({ received }: PeerHeads, ours: StreamPlace): boolean {
  return received.epoch < ours.epoch || (received.epoch === ours.epoch && received.seq < ours.seq)
}

/** A frozen stream was forked; a key that was replaced is named by an agreement; anything else was a loss. */
function reasonOf({ received }: PeerHeads, { kidFrom }: StreamOut): Reason {
  if (received.frozen) return 'fork'
  return kidFrom === replacedKey ? 'key' : 'recovered'
}
