/**
 * One peer's copies taken back in one transaction: envelopes and receipts as they were, facts by replaying what the
 * receipts say was applied. Nothing is judged a second time and nothing is answered here.
 *
 * The peer's envelopes come first and ours after them, for both were interleaved and nobody wrote down how. A record of
 * the peer's that builds on one of ours waits until ours is there. One of ours that builds on an envelope whose receipt
 * the peer never got brings that envelope in, with a receipt signed now.
 */
import {
  isErased,
  readRecord,
  signReceipt,
  thumbprint,
  typeRules,
  type Crypto,
  type Digest,
  type FactRecord,
  type NodeId,
  type Outcome,
  type StreamHead,
} from '../../protocol/index.ts'
import { type Keyring } from '../keyring.ts'
import { type Clock } from '../platform.ts'
import { type Row, type Transaction } from '../store/port.ts'
import { type Alarms } from './alarms.ts'
import { demandNext, erasedIn, kidOf, Unfit, type Copies, type CopyProofs } from './copies.ts'
import { type Gate, type ProvenEnvelope } from './gate.ts'
import { type Applied, type CaseFacts, type RecordHandlers, type RecordPlace } from './handlers.ts'
import { itemsOf, storeEnvelope, lineOf, type Item } from './envelopes-in.ts'
import { type Peer, type Peers } from './peers.ts'
import { type Restored } from './requests.ts'
import { envelopesOut, recordsIn, recordsOut, replacedKey, streamsIn, type streamsOut } from './tables.ts'

export type OutRow = Row<typeof recordsOut>

interface Placed {
  readonly record: FactRecord
  readonly at: RecordPlace
}

export interface RestorationParts {
  readonly self: NodeId
  readonly peers: Peers
  readonly gate: Gate
  readonly handlers: RecordHandlers
  readonly facts: CaseFacts
  readonly proofs: CopyProofs
  readonly alarms: Alarms
  readonly keyring: Keyring
  readonly crypto: Crypto
  readonly clock: Clock
}

export class Restoration {
  readonly ours: FactRecord[] = []
  readonly theirs: FactRecord[] = []
  private readonly parts: RestorationParts
  private readonly tx: Transaction
  private readonly node: NodeId
  private peer: Peer
  private into: StreamHead
  /** Where our stream stands in both nodes' copies: from here on the peer's word counts. */
  private own: StreamHead
  /** What the peer has not confirmed, by digest; said again when all is back. */
  private readonly waiting = new Map<Digest, OutRow>()
  private readonly deferred: Placed[] = []
  /** The peer's envelopes that have no receipt of ours as far as it knows. */
  private further: Restored[] = []
  /** What was written in the restored database before anybody noticed has been taken back. */
  private unsaid: Set<string> | undefined
  /** The key the peer expects next, and every key known to have signed this stream. */
  private kid: Digest
  private readonly kids = new Set<Digest>()

  constructor(
    parts: RestorationParts,
    tx: Transaction,
    peer: Peer,
    into: StreamHead,
    base: StreamHead,
    kid: Digest,
  ) {
    this.parts = parts
    this.tx = tx
    this.node = peer.node
    this.peer = peer
    this.into = into
    this.own = base
    this.kid = kid
  }

  /** Takes everything back; the answer is where both streams stand and which key signs ours. */
  async take(
    out: Row<typeof streamsOut>,
    copies: Copies,
  ): Promise<{ own: StreamHead; into: StreamHead; kid: Digest }> {
    await this.setAside(out)
    await this.openErased(copies)
    const receipted = copies.theirs.findIndex(({ receipt }) => receipt === null)
    this.further = receipted < 0 ? [] : copies.theirs.slice(receipted)
    for (const copy of receipted < 0 ? copies.theirs : copies.theirs.slice(0, receipted))
      await this.takeTheirs(copy)
    for (const copy of copies.own) await this.takeOwn(copy)
    for (const placed of this.deferred) await this.replayDeferred(placed)
    if (this.unsaid) await this.sayAgain(this.unsaid)
    const { received, sent } = copies.heads
    const { own, into } = this
    if (received.epoch !== own.epoch || received.seq !== own.seq || received.head !== own.head)
      throw new Unfit('less of ours than it had confirmed')
    if (sent.epoch === into.epoch ? sent.receipted > into.seq : sent.epoch > into.epoch && sent.receipted > 0)
      throw new Unfit('less of its own than we had receipted')
    await this.tx.update(streamsIn, { peer: this.node }, into)
    // A key that never signed here nor was announced here was named by a newer agreement, because others were lost.
    const named = out.kidFrom === replacedKey || !this.kids.has(out.kid)
    return { own, into, kid: named ? out.kid : this.kid }
  }

  /**
   * What the peer never confirmed, in the order it was written. Of keys, only those that come after the one in use: the
   * announcement of a key that was replaced since, because it was stolen, would bring it back into force.
   */
  unconfirmed(kid: Digest): OutRow[] {
    const newer = this.parts.keyring.kids()
    newer.splice(newer.indexOf(kid))
    return [...this.waiting.values()].filter(
      ({ type, text }) => type !== 'keys.announced' || newer.includes(this.announcedKid(text) ?? ''),
    )
  }

  /** Takes out what the peer has not confirmed: sealed without a receipt, and not sealed. */
  private async setAside(out: Row<typeof streamsOut>): Promise<void> {
    const { peer } = out
    const unreceipted = await this.tx.find(
      envelopesOut,
      { peer, receipted: false },
      { orderBy: 'lastPosition' },
    )
    const [first] = unreceipted
    const after = first ? first.firstPosition - 1 : out.sealedPosition
    for (const { text } of await this.tx.find(recordsOut, { peer, type: 'keys.announced' }))
      this.kids.add(this.announcedKid(text) ?? '')
    for (const row of await this.tx.find(recordsOut, { peer }, { orderBy: 'position', after })) {
      await this.tx.remove(recordsOut, { peer, position: row.position })
      if (row.type !== 'epoch.opened') this.waiting.set(row.digest, row)
    }
    for (const { epoch, seq } of unreceipted) await this.tx.remove(envelopesOut, { peer, epoch, seq })
    this.kids.add(this.kid)
  }

  /** Where both have erased their words, their erasures alone do not say whose case it was. */
  private async openErased({ own, theirs, ownCases }: Copies): Promise<void> {
    const byUs = erasedIn(own)
    for (const id of erasedIn(theirs))
      if (byUs.has(id) && !(await this.parts.facts.exists(this.tx, id)))
        await this.parts.facts.openErased(
          this.tx,
          this.node,
          id,
          ownCases.has(id) ? this.parts.self : this.node,
        )
  }

  private async takeTheirs({ envelope, receipt }: Restored): Promise<void> {
    const proven = this.parts.gate.prove(this.peer, envelope, 'receipted')
    if (!proven.ok) throw new Unfit(proven.code)
    const outcomes = this.parts.proofs.ownOutcomes(this.node, proven.proven, receipt ?? '')
    const items = itemsOf(proven.proven)
    await this.keepTheirs(proven.proven, items, outcomes, receipt ?? '')
    const { epoch, seq } = proven.proven.payload
    for (const [index, { read }] of items.entries()) {
      if (outcomes[index] !== 'applied' || !read.ok || !read.known) continue
      const placed = { record: read.record, at: { epoch, seq, index } }
      this.theirs.push(read.record)
      const under = kidOf(envelope.jws) ?? ''
      if (!(await this.replayTheirs(placed, under))) this.deferred.push(placed)
    }
  }

  private async keepTheirs(
    proven: ProvenEnvelope,
    items: readonly Item[],
    outcomes: readonly Outcome[],
    receipt: string,
  ): Promise<void> {
    const { epoch, seq } = proven.payload
    demandNext(this.into, proven.payload)
    const answer = { receipt, receivedMs: this.parts.clock.nowMs() }
    await storeEnvelope(this.tx, this.node, proven, items, outcomes, answer)
    this.into = { epoch, seq, head: proven.contentId }
  }

  private async replayTheirs({ record, at }: Placed, under: Digest): Promise<boolean> {
    if (record.type === 'keys.announced') {
      await this.parts.peers.announcedBefore(this.tx, this.peer, record.body.key, at, under)
      this.peer = (await this.parts.peers.get(this.tx, this.node)) ?? this.peer
      return true
    }
    return (await this.replay(record, this.node, at)).outcome === 'applied'
  }

  private async replayDeferred({ record, at }: Placed): Promise<void> {
    const again = await this.replay(record, this.node, at)
    if (again.outcome === 'refused') await this.differs('in', at)
  }

  private async takeOwn({ envelope, receipt }: Restored): Promise<void> {
    const proven = this.parts.proofs.own(this.node, envelope)
    if (!proven.ok) throw new Unfit(proven.code)
    const { payload, contentId } = proven.proven
    demandNext(this.own, payload)
    const outcomes = this.parts.proofs.peerOutcomes(this.peer, proven.proven, receipt ?? '')
    this.kid = kidOf(envelope.jws) ?? this.kid
    this.kids.add(this.kid)
    const lost = await this.storeOwn(proven.proven, outcomes, receipt ?? '')
    if (lost.length > 0) await this.unsayWaiting(new Set(lost.map(({ record }) => record.id)))
    for (const placed of lost) await this.replayLost(placed)
    for (const text of envelope.records) {
      const kid = this.announcedKid(text)
      if (kid === undefined) continue
      this.kids.add(kid)
      if (this.parts.keyring.holds(kid)) this.kid = kid
    }
    this.own = { epoch: payload.epoch, seq: payload.seq, head: contentId }
  }

  private announcedKid(text: string | null): Digest | undefined {
    const read = text === null ? undefined : readRecord(text)
    if (!read?.ok || !read.known || read.record.type !== 'keys.announced') return undefined
    return thumbprint(this.parts.crypto, read.record.body.key)
  }

  /** Stores one of our envelopes as it was; the answer lists the records whose facts this database does not have. */
  private async storeOwn(
    { envelope: { jws, records }, payload, contentId, digests }: ProvenEnvelope,
    outcomes: readonly Outcome[],
    receipt: string,
  ): Promise<Placed[]> {
    const { epoch, seq, iat } = payload
    const peer = this.node
    const positions = await this.tx.positions(records.length)
    const lost: Placed[] = []
    const rows = records.map((line, index) => {
      const text = isErased(line) ? null : line
      const read = text === null ? undefined : readRecord(text)
      const record = read?.ok && read.known ? read.record : undefined
      const digest = digests[index] ?? ''
      const outcome = outcomes[index] ?? 'parked'
      const written = this.waiting.delete(digest)
      if (record && !written && outcome === 'applied') lost.push({ record, at: { epoch, seq, index } })
      const about = { caseId: record?.case ?? null, type: record?.type ?? 'erased' }
      const said = outcome === 'applied' ? null : outcome
      return {
        peer,
        position: positions[index] ?? 0,
        ...about,
        digest,
        text,
        writtenMs: iat * 1000,
        outcome: said,
      }
    })
    await this.tx.insert(recordsOut, rows)
    const span = { firstPosition: rows[0]?.position ?? 0, lastPosition: rows.at(-1)?.position ?? 0 }
    const state = { sealedMs: iat * 1000, receipted: true, receipt, receiptedMs: this.parts.clock.nowMs() }
    await this.tx.insert(envelopesOut, [
      { peer, epoch, seq, contentId, jws, records: records.length, ...span, ...state },
    ])
    return lost
  }

  private async replayLost({ record, at }: Placed): Promise<void> {
    this.ours.push(record)
    let again = await this.replayOwn(record, at)
    while (again.outcome === 'refused' && (await this.takeFurther())) again = await this.replayOwn(record, at)
    if (again.outcome === 'refused') await this.differs('out', at)
  }

  private replayOwn(record: FactRecord, at: RecordPlace): Promise<Applied> {
    return record.type === 'outcome.settled'
      ? this.replaySettled(record)
      : this.replay(record, this.parts.self, at)
  }

  /** We had parked a record of the peer and then said what became of it: now it becomes just that. */
  private async replaySettled({ body }: FactRecord<'outcome.settled'>): Promise<Applied> {
    const { digest, outcome, epoch, seq, index } = body
    // A restored node settles what had waited as soon as it starts, before it knows that it had said so.
    for (const [waiting, { type, text }] of this.waiting)
      if (type === 'outcome.settled' && text?.includes(`"digest":"${digest}"`)) this.waiting.delete(waiting)
    const row = await this.tx.get(recordsIn, { peer: this.node, digest })
    if (!row) return { outcome: 'refused', code: 'bad_record' }
    if (!row.parked) return { outcome: 'applied' }
    await this.tx.update(recordsIn, row, { parked: false, outcome })
    const read = outcome === 'applied' ? readRecord(await lineOf(this.tx, row)) : undefined
    if (!read?.ok || !read.known) return { outcome: 'applied' }
    const placed = { record: read.record, at: { epoch, seq, index } }
    if (!(await this.replayTheirs(placed, ''))) this.deferred.push(placed)
    return { outcome: 'applied' }
  }

  /**
   * A lost record of ours has come back, so whatever still waits was written by a restored database that did not know
   * of it. It is taken back, and tried again behind all that was lost.
   */
  private async unsayWaiting(lost: ReadonlySet<string>): Promise<void> {
    if (this.unsaid) return
    this.unsaid = new Set([...this.waiting.values()].map(({ caseId }) => caseId).filter((id) => id !== null))
    for (const caseId of this.unsaid) {
      await this.parts.facts.unsay(this.tx, this.node, caseId)
      const said = await this.tx.find(recordsOut, { peer: this.node, caseId }, { orderBy: 'position' })
      for (const { text, outcome } of said) {
        const read = text === null || outcome !== null ? undefined : readRecord(text)
        // Those of this very envelope that were lost follow in their turn.
        if (read?.ok && read.known && !lost.has(read.record.id))
          await this.replay(read.record, this.parts.self)
      }
    }
  }

  /** What was taken back is said behind what was lost, as far as it still can be; what cannot is for a person to see. */
  private async sayAgain(unsaid: ReadonlySet<string>): Promise<void> {
    for (const [digest, { text, caseId }] of this.waiting) {
      const read = text === null || caseId === null ? undefined : readRecord(text)
      if (!read?.ok || !read.known) continue
      const again = await this.replay(read.record, this.parts.self)
      if (again.outcome === 'applied') continue
      this.waiting.delete(digest)
      await this.parts.alarms.raise(this.tx, 'replay_differs', this.node, `unsaid ${caseId ?? ''}`)
    }
    for (const caseId of unsaid) await this.parts.facts.prune(this.tx, caseId)
  }

  /** The next of the peer's envelopes that we had taken although it has no receipt; false when there is none. */
  private async takeFurther(): Promise<boolean> {
    const copy = this.further.shift()
    if (!copy) return false
    const proven = this.parts.gate.prove(this.peer, copy.envelope, 'erased too')
    if (!proven.ok) throw new Unfit(proven.code)
    const { payload, contentId: head } = proven.proven
    const { epoch, seq } = payload
    const items = itemsOf(proven.proven)
    const outcomes: Outcome[] = []
    for (const item of items) outcomes.push(await this.judge(item, { epoch, seq, index: item.idx }, copy))
    const iat = Math.floor(this.parts.clock.nowMs() / 1000)
    const words = { iss: this.parts.self, aud: this.node, epoch, seq, head, iat, outcomes }
    await this.keepTheirs(
      proven.proven,
      items,
      outcomes,
      signReceipt(this.parts.keyring.signerOf(this.kid), words),
    )
    return true
  }

  private async judge(
    { digest, read, about }: Item,
    at: RecordPlace,
    { envelope }: Restored,
  ): Promise<Outcome> {
    const earlier = await this.tx.get(recordsIn, { peer: this.node, digest })
    if (earlier) return earlier.outcome.startsWith('refused:') ? earlier.outcome : 'refused:record_repeated'
    if (!read.ok) return `refused:${read.code}`
    const caseId = about?.case ?? null
    const parked = await this.tx.find(recordsIn, { peer: this.node, parked: true })
    if (!read.known || (caseId !== null && parked.some((row) => row.caseId === caseId))) return 'parked'
    const { record } = read
    if (!this.parts.peers.agrees(this.peer, typeRules[record.type].family)) return 'refused:family_not_agreed'
    if (record.type === 'keys.announced') {
      await this.replayTheirs({ record, at }, kidOf(envelope.jws) ?? '')
      return 'applied'
    }
    const result = await this.replay(record, this.node, at)
    if (result.outcome === 'refused') return `refused:${result.code}`
    this.theirs.push(record)
    return 'applied'
  }

  private replay(record: FactRecord, by: NodeId, at?: RecordPlace): Promise<Applied> {
    return this.parts.handlers[record.type].replay(this.tx, this.peer, record, by, at)
  }

  private differs(direction: string, at: RecordPlace): Promise<void> {
    const subject = `${direction} ${at.epoch}/${at.seq}/${at.index}`
    return this.parts.alarms.raise(this.tx, 'replay_differs', this.node, subject)
  }
}
