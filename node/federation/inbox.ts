/**
 * The inbox: one transaction per proven envelope that places it in its stream, applies its records, writes our replies
 * into the outbox, moves our head and stores the signed receipt. A repeat gets the stored bytes and changes nothing.
 *
 * A record is applied, parked or refused; none of the three ever stops the stream. Parked are types and versions we do
 * not know yet and, behind one, the later records of its case, so that an upgrade loses nothing and reorders nothing.
 */
import {
  place,
  readRecord,
  refuse,
  signReceipt,
  typeRules,
  type Crypto,
  type Envelope,
  type FactRecord,
  type NodeId,
  type Outcome,
  type RecordCode,
  type ReadRecord,
  type RecordFrame,
  type RecordType,
  type Refusal,
  type Signer,
} from '../../protocol/index.ts'
import { type Clock } from '../platform.ts'
import { type Row, type Store, type Transaction } from '../store/port.ts'
import { type Gate, type ProvenEnvelope } from './gate.ts'
import { pairLock, type Outbox } from './outbox.ts'
import { type Peer, type Peers } from './peers.ts'
import { envelopesIn, envelopesOut, forks, recordsIn, recordsOut, streamsIn } from './tables.ts'

/** Records taken in one transaction, unless one envelope has more: a commit is the dearest thing here, and a peer's lock the second. */
const recordsPerTransaction = 1024

export type Applied = { outcome: 'applied' } | { outcome: 'refused'; code: RecordCode }
export const applied: Applied = { outcome: 'applied' }
export function refused(code: RecordCode): Applied {
  return { outcome: 'refused', code }
}

/** What a domain does with a record of its types. It judges before it writes: a refusal leaves nothing behind. */
export interface RecordHandler {
  /** Reads, in few round trips, the rows that applying these records will need. Optional: only speed depends on it. */
  prepare?(tx: Transaction, peer: Peer, records: readonly FactRecord[]): Promise<void>
  apply(tx: Transaction, peer: Peer, record: FactRecord): Promise<Applied>
}
export type RecordHandlers = Record<Exclude<RecordType, 'outcome.settled'>, RecordHandler>

export interface Received {
  /** Receipts of the envelopes taken, in order; then, if one was not, why. */
  readonly receipts: string[]
  readonly refusal: (Refusal & { have?: { epoch: number; seq: number } }) | undefined
}

interface Item {
  readonly idx: number
  readonly digest: string
  readonly text: string | null
  readonly read: ReadRecord
  /** What can be said of it even when its type is unknown. */
  readonly about: FactRecord | RecordFrame | undefined
}

export class Inbox {
  private readonly self: NodeId
  private readonly store: Store
  private readonly gate: Gate
  private readonly peers: Peers
  private readonly outbox: Outbox
  private readonly handlers: RecordHandlers
  private readonly signer: Signer
  private readonly crypto: Crypto
  private readonly clock: Clock

  constructor(parts: {
    self: NodeId
    store: Store
    gate: Gate
    peers: Peers
    outbox: Outbox
    handlers: RecordHandlers
    signer: Signer
    crypto: Crypto
    clock: Clock
  }) {
    this.self = parts.self
    this.store = parts.store
    this.gate = parts.gate
    this.peers = parts.peers
    this.outbox = parts.outbox
    this.handlers = parts.handlers
    this.signer = parts.signer
    this.crypto = parts.crypto
    this.clock = parts.clock
  }

  /** Takes a body of consecutive envelopes posted under a peer's name. */
  async receive(claimed: string, body: Uint8Array): Promise<Received> {
    const admitted = await this.gate.admit(claimed)
    const opened = admitted.ok ? this.gate.open(body) : admitted
    if (!admitted.ok || !opened.ok) {
      const refusal = opened.ok ? refuse('unknown_peer', '') : opened
      await this.gate.note(claimed, refusal, body)
      return { receipts: [], refusal }
    }
    const received = await this.takeProven(admitted.peer, opened.envelopes)
    const { receipts, refusal } = received
    const rejected = opened.envelopes[receipts.length]
    if (refusal && rejected && refusal.code !== 'gap')
      await this.gate.note(claimed, refusal, Buffer.from(rejected.jws))
    return received
  }

  /** Proves and takes envelopes in order, some in one transaction, up to the first that is refused. */
  private async takeProven(peer: Peer, envelopes: readonly Envelope[]): Promise<Received> {
    const receipts: string[] = []
    for (let at = 0; at < envelopes.length;) {
      const batch: ProvenEnvelope[] = []
      let refusal: Received['refusal']
      for (let records = 0; at < envelopes.length && records < recordsPerTransaction; at++) {
        const envelope = envelopes[at]
        const proven = envelope && this.gate.prove(peer, envelope)
        if (!proven?.ok) {
          refusal = proven
          break
        }
        batch.push(proven.proven)
        records += proven.proven.payload.records.length
      }
      const taken = batch.length === 0 ? { receipts: [], refusal: undefined } : await this.take(peer, batch)
      receipts.push(...taken.receipts)
      if (taken.refusal ?? refusal) return { receipts, refusal: taken.refusal ?? refusal }
    }
    return { receipts, refusal: undefined }
  }

  /** Applies parked records whose time has come (after an upgrade), in stream order; tells the peer what became of them. */
  async settleParked(node: NodeId): Promise<number> {
    return this.store.transaction(async (tx) => {
      await tx.lock([pairLock(node)])
      const peer = await this.peers.get(tx, node)
      const parked = await tx.find(recordsIn, { peer: node, parked: true })
      if (!peer) return 0
      parked.sort((a, b) => a.epoch - b.epoch || a.seq - b.seq || a.idx - b.idx)
      const blocked = new Set<string>()
      let settled = 0
      for (const row of parked) {
        const read = readRecord(row.text ?? '')
        const outcome =
          row.caseId !== null && blocked.has(row.caseId) ? 'parked' : await this.outcomeOf(tx, peer, read)
        if (outcome === 'parked') {
          if (row.caseId !== null) blocked.add(row.caseId)
          continue
        }
        await tx.update(recordsIn, row, { parked: false, outcome })
        await this.tellSettled(tx, node, row, outcome)
        settled++
      }
      return settled
    })
  }

  /** One transaction: each envelope in its place, until one is refused. What was taken before it stays taken. */
  private async take(peer: Peer, batch: readonly ProvenEnvelope[]): Promise<Received> {
    return this.store.transaction(async (tx) => {
      await tx.lock([pairLock(peer.node), `stream-in:${peer.node}`])
      const opened = batch.map((proven) => ({ proven, items: itemsOf(proven) }))
      const blocked = await this.readAhead(tx, peer, opened)
      const receipts: string[] = []
      for (const { proven, items } of opened) {
        const taken = await this.takeOne(tx, peer, proven, items, blocked)
        if (!taken.ok) return { receipts, refusal: taken }
        receipts.push(taken.receipt)
      }
      return { receipts, refusal: undefined }
    })
  }

  private async takeOne(
    tx: Transaction,
    peer: Peer,
    proven: ProvenEnvelope,
    items: readonly Item[],
    blocked: Set<string>,
  ): Promise<{ ok: true; receipt: string } | NonNullable<Received['refusal']>> {
    const stream = await tx.get(streamsIn, { peer: peer.node })
    if (!stream) return refuse('no_agreement', 'no stream from this peer')
    if (stream.frozen) return refuse('frozen', 'this stream is frozen after a fork')
    const placed = place(stream, proven.payload)
    if (!placed.ok && placed.code === 'fork') return this.keepFork(tx, peer, proven, placed)
    if (!placed.ok) return { ...placed, have: { epoch: stream.epoch, seq: stream.seq } }
    if (placed.place === 'earlier') return this.repeat(tx, peer, proven)
    return this.append(tx, peer, proven, items, blocked)
  }

  /** Reads in few round trips what the envelopes of a batch will need; the answer names the cases behind a parked record. */
  private async readAhead(
    tx: Transaction,
    peer: Peer,
    opened: readonly { proven: ProvenEnvelope; items: readonly Item[] }[],
  ): Promise<Set<string>> {
    const items = opened.flatMap((each) => each.items)
    await tx.getMany(
      envelopesIn,
      opened.map(({ proven: { payload } }) => ({ peer: peer.node, epoch: payload.epoch, seq: payload.seq })),
    )
    await tx.getMany(
      recordsIn,
      items.map(({ digest }) => ({ peer: peer.node, digest })),
    )
    const parked = await tx.find(recordsIn, { peer: peer.node, parked: true })
    await this.prepare(tx, peer, items)
    return new Set(parked.map(({ caseId }) => caseId).filter((id) => id !== null))
  }

  private async repeat(
    tx: Transaction,
    peer: Peer,
    proven: ProvenEnvelope,
  ): Promise<{ ok: true; receipt: string } | Refusal> {
    const { epoch, seq } = proven.payload
    const stored = await tx.get(envelopesIn, { peer: peer.node, epoch, seq })
    if (stored?.contentId === proven.contentId) return { ok: true, receipt: stored.receipt }
    return this.keepFork(tx, peer, proven, refuse('fork', `another envelope stands at ${epoch}/${seq}`))
  }

  /** Two stories under one number: the second is kept as proof beside the first, and the stream stops for people to look. */
  private async keepFork(
    tx: Transaction,
    peer: Peer,
    proven: ProvenEnvelope,
    refusal: Refusal,
  ): Promise<Refusal> {
    const { epoch, seq } = proven.payload
    const proof = { peer: peer.node, epoch, seq, contentId: proven.contentId }
    if (!(await tx.get(forks, proof)))
      await tx.insert(forks, [{ ...proof, jws: proven.envelope.jws, seenMs: this.clock.nowMs() }])
    await tx.update(streamsIn, { peer: peer.node }, { frozen: true })
    return refusal
  }

  private async append(
    tx: Transaction,
    peer: Peer,
    proven: ProvenEnvelope,
    items: readonly Item[],
    blocked: Set<string>,
  ): Promise<{ ok: true; receipt: string }> {
    const { epoch, seq } = proven.payload
    const outcomes = await this.applyAll(tx, peer, items, blocked)
    const nowMs = this.clock.nowMs()
    const receipt = signReceipt(this.signer, {
      iss: this.self,
      aud: peer.node,
      epoch,
      seq,
      head: proven.contentId,
      iat: Math.floor(nowMs / 1000),
      outcomes,
    })
    await this.storeRecords(tx, peer, proven, items, outcomes)
    const envelope = { contentId: proven.contentId, jws: proven.envelope.jws, receipt, receivedMs: nowMs }
    await tx.insert(envelopesIn, [{ peer: peer.node, epoch, seq, ...envelope }])
    await tx.update(streamsIn, { peer: peer.node }, { seq, head: proven.contentId, heardMs: nowMs })
    return { ok: true, receipt }
  }

  private async applyAll(
    tx: Transaction,
    peer: Peer,
    items: readonly Item[],
    blocked: Set<string>,
  ): Promise<Outcome[]> {
    const earlier = await tx.getMany(
      recordsIn,
      items.map(({ digest }) => ({ peer: peer.node, digest })),
    )
    const outcomes: Outcome[] = []
    const seen = new Map<string, Outcome>()
    for (const [i, item] of items.entries()) {
      const before = seen.get(item.digest) ?? earlier[i]?.outcome
      const outcome =
        before === undefined ? await this.applyOne(tx, peer, item, blocked) : repeatedOutcome(before)
      seen.set(item.digest, outcome)
      outcomes.push(outcome)
    }
    return outcomes
  }

  private async applyOne(tx: Transaction, peer: Peer, item: Item, blocked: Set<string>): Promise<Outcome> {
    const caseId = item.about?.case ?? null
    const behindParked = caseId !== null && blocked.has(caseId)
    const outcome = behindParked ? 'parked' : await this.outcomeOf(tx, peer, item.read)
    if (outcome === 'parked' && caseId !== null) blocked.add(caseId)
    return outcome
  }

  private async outcomeOf(tx: Transaction, peer: Peer, read: ReadRecord): Promise<Outcome> {
    if (!read.ok) return `refused:${read.code}`
    if (!read.known) return 'parked'
    const { record } = read
    if (!this.peers.agrees(peer, typeRules[record.type].family)) return 'refused:family_not_agreed'
    const result =
      record.type === 'outcome.settled'
        ? await this.noteSettled(tx, peer, record)
        : await this.handlers[record.type].apply(tx, peer, record)
    return result.outcome === 'applied' ? 'applied' : `refused:${result.code}`
  }

  private async prepare(tx: Transaction, peer: Peer, items: readonly Item[]): Promise<void> {
    const groups = new Map<RecordHandler, FactRecord[]>()
    for (const { read } of items) {
      if (!read.ok || !read.known || read.record.type === 'outcome.settled') continue
      const handler = this.handlers[read.record.type]
      const group = groups.get(handler)
      if (group) group.push(read.record)
      else groups.set(handler, [read.record])
    }
    for (const [handler, records] of groups) await handler.prepare?.(tx, peer, records)
  }

  private async storeRecords(
    tx: Transaction,
    peer: Peer,
    proven: ProvenEnvelope,
    items: readonly Item[],
    outcomes: readonly Outcome[],
  ): Promise<void> {
    const { epoch, seq } = proven.payload
    const stored = await tx.getMany(
      recordsIn,
      items.map(({ digest }) => ({ peer: peer.node, digest })),
    )
    const rows = new Map<string, Row<typeof recordsIn>>()
    for (const [i, item] of items.entries()) {
      if (stored[i] || rows.has(item.digest)) continue
      const outcome = outcomes[i] ?? 'refused:bad_record'
      rows.set(item.digest, {
        peer: peer.node,
        digest: item.digest,
        epoch,
        seq,
        idx: item.idx,
        caseId: item.about?.case ?? null,
        type: item.about?.type ?? 'unreadable',
        text: storable(item.text),
        outcome,
        parked: outcome === 'parked',
      })
    }
    await tx.insert(recordsIn, [...rows.values()])
  }

  /** The peer says what became of a record of ours that it had parked. Once only: a final outcome is not rewritten. */
  private async noteSettled(
    tx: Transaction,
    peer: Peer,
    record: FactRecord<'outcome.settled'>,
  ): Promise<Applied> {
    const { epoch, seq, index, digest, outcome } = record.body
    // The courier writes outcomes too, from receipts, and knows only this lock.
    await tx.lock([`stream-out:${peer.node}`])
    const [row] = await tx.find(recordsOut, { peer: peer.node, epoch, seq, idx: index })
    if (row?.digest !== digest) return refused('bad_record')
    const envelope = await tx.get(envelopesOut, { peer: peer.node, epoch, seq })
    const receiptOnItsWay = row.outcome === null && envelope?.receipted === false
    if (row.outcome !== 'parked' && !receiptOnItsWay) return refused('bad_record')
    await tx.update(recordsOut, row, { outcome })
    return applied
  }

  private async tellSettled(
    tx: Transaction,
    peer: NodeId,
    row: Row<typeof recordsIn>,
    outcome: Outcome,
  ): Promise<void> {
    const { epoch, seq, idx, digest } = row
    const body = { epoch, seq, index: idx, digest, outcome }
    await this.outbox.write(tx, peer, [this.outbox.draft({ type: 'outcome.settled', case: null, body })])
  }
}

function itemsOf({ envelope, payload }: ProvenEnvelope): Item[] {
  return envelope.records.map((text, idx) => readItem(payload.records[idx] ?? '', text, idx))
}

function readItem(digest: string, text: string | null, idx: number): Item {
  const read = text === null ? refuse('bad_record', 'erased before it arrived') : readRecord(text)
  const about = read.ok ? (read.known ? read.record : read.frame) : undefined
  return { idx, digest, text, read, about }
}

/** PostgreSQL's text holds every character but NUL. A line with one is no record, so its digest alone says enough. */
function storable(text: string | null): string | null {
  return text?.includes('\u0000') ? null : text
}

/** The same content again is never applied again; what was refused stays refused for the same reason. */
function repeatedOutcome(before: string): Outcome {
  return before.startsWith('refused:') ? before : 'refused:record_repeated'
}
