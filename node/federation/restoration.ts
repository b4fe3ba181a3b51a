/**
 * One peer's copies taken back in one transaction: envelopes and receipts as they were, and then the facts, told anew
 * from both streams. Nothing is judged a second time and nothing is answered here.
 *
 * How both streams were interleaved nobody wrote down, and nothing depends on it: each side's facts come from that
 * side's records alone. Only where a word of ours builds on an envelope whose receipt the peer never got is that
 * envelope taken in too, with a receipt signed now.
 */
import {
  isErased,
  readRecord,
  signReceipt,
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
import { demandNext, kidOf, Unfit, type Copies, type CopyProofs, type Restored } from './copies.ts'
import { itemsOf, storeEnvelope, takenBefore, type Item } from './envelopes-in.ts'
import { type Gate, type ProvenEnvelope } from './gate.ts'
import { type Facts, type RecordHandlers, type RecordPlace } from './handlers.ts'
import { announcedKid, type Outbox } from './outbox.ts'
import { type Peer, type Peers } from './peers.ts'
import { Retelling, type OutRow } from './retelling.ts'
import { settlement } from './stream-records.ts'
import { envelopesOut, recordsIn, recordsOut, replacedKey, streamsIn, type streamsOut } from './tables.ts'

export interface RestorationParts {
  readonly self: NodeId
  readonly peers: Peers
  readonly gate: Gate
  readonly handlers: RecordHandlers
  readonly facts: Facts
  readonly proofs: CopyProofs
  readonly alarms: Alarms
  readonly keyring: Keyring
  readonly crypto: Crypto
  readonly clock: Clock
}

export class Restoration {
  private readonly parts: RestorationParts
  private readonly tx: Transaction
  private readonly node: NodeId
  private readonly retelling: Retelling
  private peer: Peer
  private into: StreamHead
  /** Where our stream stands in both nodes' copies: from here on the peer's word counts. */
  private own: StreamHead
  /** What the peer has not confirmed, by digest; said again when all is back. */
  private readonly waiting = new Map<Digest, OutRow>()
  /** The peer's envelopes that have no receipt of ours as far as it knows. */
  private further: readonly Restored[] = []
  /** The key the peer expects next, and every key known to have signed this stream. */
  private kid: Digest
  private readonly kids = new Set<Digest>()
  /** Those of them that the peer's copies of our stream name, so that it knew them before they were lost here. */
  private readonly confirmedKids = new Set<Digest>()

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
    this.retelling = new Retelling(parts, tx, peer, this.waiting)
  }

  /** Takes everything back; the answer is where both streams stand and which key signs ours. */
  async take(
    out: Row<typeof streamsOut>,
    copies: Copies,
  ): Promise<{ own: StreamHead; into: StreamHead; kid: Digest }> {
    await this.setAside(out)
    await this.takeAllTheirs(copies.theirs)
    for (const copy of copies.own) await this.takeOwn(copy)
    this.demandWhole(copies)
    await this.retelling.settle()
    await this.retelling.witness()
    await this.retelling.eraseTexts()
    await this.takeNeeded()
    await this.retelling.tellAll(copies.ownCases)
    await this.tx.update(streamsIn, { peer: this.node }, this.into)
    // A key that never signed here nor was announced here was named by a newer agreement, because others were lost. One
    // that the peer had taken in before ended no other by being named: what it announced since is still in force.
    const known = out.kidFrom === replacedKey ? this.confirmedKids : this.kids
    const named = !known.has(out.kid)
    return { own: this.own, into: this.into, kid: named ? out.kid : this.kid }
  }

  /**
   * Only the peer's stream, while the peer has lost some of ours and must have it back from us first. What of it builds
   * on words of ours that we lost is told when those are back.
   */
  async takeTheirs(copies: Copies): Promise<void> {
    await this.takeAllTheirs(copies.theirs)
    await this.retelling.settle()
    await this.retelling.witness()
    await this.retelling.eraseTexts()
    await this.retelling.tellWhatIsThere()
    await this.tx.update(streamsIn, { peer: this.node }, this.into)
  }

  /** Says what should have followed from the peer's words and was lost before it left. */
  async resume(outbox: Outbox): Promise<void> {
    for (const { row, outcome } of await this.retelling.settlements())
      await outbox.write(this.tx, this.node, [outbox.draft(settlement(row, outcome))])
    await this.retelling.resume()
  }

  /**
   * What the peer never confirmed, in the order it was written. Of keys, only those that come after the one in use: the
   * announcement of a key that was replaced since, because it was stolen, would bring it back into force.
   */
  unconfirmed(kid: Digest): OutRow[] {
    const newer = this.parts.keyring.kids()
    newer.splice(newer.indexOf(kid))
    return [...this.waiting.values()].filter(
      ({ type, text }) =>
        type !== 'keys.announced' || newer.includes(announcedKid(this.parts.crypto, text) ?? ''),
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
      this.kids.add(announcedKid(this.parts.crypto, text) ?? '')
    for (const row of await this.tx.find(recordsOut, { peer }, { orderBy: 'position', after })) {
      await this.tx.remove(recordsOut, { peer, position: row.position })
      if (row.type !== 'epoch.opened') this.waiting.set(row.digest, row)
    }
    for (const { epoch, seq } of unreceipted) await this.tx.remove(envelopesOut, { peer, epoch, seq })
    // After a total loss nothing here was signed, and the key is only the one that the newest agreement names.
    if (first || this.own.head !== null || this.kid !== out.kid) this.kids.add(this.kid)
  }

  private async takeAllTheirs(theirs: readonly Restored[]): Promise<void> {
    const end = theirs.findIndex(({ receipt }) => receipt === null)
    this.further = end < 0 ? [] : theirs.slice(end)
    for (const copy of end < 0 ? theirs : theirs.slice(0, end)) await this.takeOneOfTheirs(copy)
  }

  private async takeOneOfTheirs({ envelope, receipt }: Restored): Promise<void> {
    const proven = this.parts.gate.prove(this.peer, envelope, 'receipted')
    if (!proven.ok) throw new Unfit(proven.code)
    const outcomes = this.parts.proofs.ownOutcomes(this.node, proven.proven, receipt ?? '')
    const items = itemsOf(proven.proven)
    await this.keepTheirs(proven.proven, items, outcomes, receipt ?? '')
    const { epoch, seq } = proven.proven.payload
    for (const [index, { read }] of items.entries()) {
      if (outcomes[index] !== 'applied' || !read.ok || !read.known) continue
      const { record } = read
      if (record.type === 'keys.announced')
        await this.announcedBefore(record, { epoch, seq, index }, envelope.jws)
      this.retelling.heard(record)
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
    const before = await takenBefore(this.tx, this.node, items)
    await storeEnvelope(this.tx, this.node, proven, items, before, outcomes, answer)
    this.into = { epoch, seq, head: proven.contentId }
  }

  private async announcedBefore(
    { body }: FactRecord<'keys.announced'>,
    at: RecordPlace,
    jws: string,
  ): Promise<void> {
    await this.parts.peers.announcedBefore(this.tx, this.peer, body.key, at, kidOf(jws) ?? '')
    this.peer = (await this.parts.peers.get(this.tx, this.node)) ?? this.peer
  }

  private async takeOwn({ envelope, receipt }: Restored): Promise<void> {
    const proven = this.parts.proofs.own(this.node, envelope)
    if (!proven.ok) throw new Unfit(proven.code)
    const { payload, contentId } = proven.proven
    demandNext(this.own, payload)
    const outcomes = this.parts.proofs.peerOutcomes(this.peer, proven.proven, receipt ?? '')
    this.kid = kidOf(envelope.jws) ?? this.kid
    this.confirm(this.kid)
    await this.storeOwn(proven.proven, outcomes, receipt ?? '')
    for (const text of envelope.records) {
      const kid = announcedKid(this.parts.crypto, text)
      if (kid === undefined) continue
      this.confirm(kid)
      if (this.parts.keyring.holds(kid)) this.kid = kid
    }
    this.own = { epoch: payload.epoch, seq: payload.seq, head: contentId }
  }

  private confirm(kid: Digest): void {
    this.kids.add(kid)
    this.confirmedKids.add(kid)
  }

  /** Stores one of our envelopes as it was. */
  private async storeOwn(
    { envelope: { jws, records }, payload, contentId, digests }: ProvenEnvelope,
    outcomes: readonly Outcome[],
    receipt: string,
  ): Promise<void> {
    const { epoch, seq, iat } = payload
    const peer = this.node
    const positions = await this.tx.positions(records.length)
    const rows = records.map((line, index) => {
      const text = isErased(line) ? null : line
      const read = text === null ? undefined : readRecord(text)
      const record = read?.ok && read.known ? read.record : undefined
      const digest = digests[index] ?? ''
      const outcome = outcomes[index] ?? 'parked'
      const knownHere = this.waiting.delete(digest)
      if (record) this.retelling.said(record, outcome, knownHere)
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
  }

  private demandWhole({ heads: { received, sent } }: Copies): void {
    const { own, into } = this
    if (received.epoch !== own.epoch || received.seq !== own.seq || received.head !== own.head)
      throw new Unfit('less of ours than it had confirmed')
    if (sent.epoch === into.epoch ? sent.receipted > into.seq : sent.epoch > into.epoch && sent.receipted > 0)
      throw new Unfit('less of its own than we had receipted')
  }

  /** Envelopes of the peer that we had taken although it never got our receipt: as many as our own words build on. */
  private async takeNeeded(): Promise<void> {
    if (this.further.length === 0 || !(await this.retelling.lacksTheirs())) return
    await this.retelling.tellWhatIsThere()
    for (const copy of this.further) {
      if (!(await this.retelling.lacksTheirs())) return
      await this.takeFurther(copy)
    }
  }

  private async takeFurther(copy: Restored): Promise<void> {
    const proven = this.parts.gate.prove(this.peer, copy.envelope, 'vouched')
    if (!proven.ok) throw new Unfit(proven.code)
    const { payload, contentId: head } = proven.proven
    const { epoch, seq } = payload
    const items = itemsOf(proven.proven)
    const outcomes: Outcome[] = []
    for (const item of items)
      outcomes.push(await this.judge(item, { epoch, seq, index: item.idx }, copy.envelope.jws))
    const iat = Math.floor(this.parts.clock.nowMs() / 1000)
    const words = { iss: this.parts.self, aud: this.node, epoch, seq, head, iat, outcomes }
    const receipt = signReceipt(this.parts.keyring.signerOf(this.kid), words)
    await this.keepTheirs(proven.proven, items, outcomes, receipt)
    await this.retelling.settle()
    await this.retelling.witness()
    await this.retelling.eraseTexts()
  }

  private async judge({ digest, read, about }: Item, at: RecordPlace, jws: string): Promise<Outcome> {
    const earlier = await this.tx.get(recordsIn, { peer: this.node, digest })
    if (earlier) return earlier.outcome.startsWith('refused:') ? earlier.outcome : 'refused:record_repeated'
    if (!read.ok) return `refused:${read.code}`
    const caseId = about?.case ?? null
    const parked = await this.tx.find(recordsIn, { peer: this.node, parked: true })
    if (!read.known || (caseId !== null && parked.some((row) => row.caseId === caseId))) return 'parked'
    const { record } = read
    if (!this.parts.peers.agrees(this.peer, typeRules[record.type].family)) return 'refused:family_not_agreed'
    if (record.type === 'keys.announced') await this.announcedBefore(record, at, jws)
    else if (typeRules[record.type].family === 'peer') {
      // Of a case that is not told yet nothing could be erased.
      if (record.case !== null) await this.retelling.judge(record)
      const result = await this.parts.handlers[record.type].apply(this.tx, this.peer, record, at)
      return result.outcome === 'refused' ? `refused:${result.code}` : 'applied'
    } else {
      const code = await this.retelling.judge(record)
      if (code !== undefined) return `refused:${code}`
    }
    this.retelling.heard(record)
    return 'applied'
  }
}
