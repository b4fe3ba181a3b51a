/** Records about the streams themselves: what became of a parked one, another key, another epoch, an erased text. */
import { erasedLine, type FactRecord, type NodeId, type RecordType, type Uuid } from '../../protocol/index.ts'
import { type Row, type Transaction } from '../store/port.ts'
import {
  applied,
  refused,
  type Applied,
  type CaseFacts,
  type ForgetSide,
  type RecordHandler,
  type RecordPlace,
} from './handlers.ts'
import { recordsOf } from './outbox.ts'
import { type Peer, type Peers } from './peers.ts'
import { envelopesIn, envelopesOut, recordsIn, recordsOut } from './tables.ts'

type StreamRecordType = Extract<
  RecordType,
  'outcome.settled' | 'keys.announced' | 'epoch.opened' | 'record.erased'
>

export class StreamRecords {
  readonly handlers: Record<StreamRecordType, RecordHandler>
  private readonly self: NodeId
  private readonly peers: Peers
  private readonly forget: ForgetSide
  private readonly facts: CaseFacts

  constructor(parts: { self: NodeId; peers: Peers; forget: ForgetSide; facts: CaseFacts }) {
    this.facts = parts.facts
    this.self = parts.self
    this.peers = parts.peers
    this.forget = parts.forget
    const handler: RecordHandler = {
      apply: (tx, peer, record, at) => this.apply(tx, peer, record, at),
      replay: (tx, peer, record, by, at) => this.replay(tx, peer, record, by, at),
    }
    this.handlers = {
      'outcome.settled': handler,
      'keys.announced': handler,
      'epoch.opened': handler,
      'record.erased': handler,
    }
  }

  private async apply(tx: Transaction, peer: Peer, record: FactRecord, at: RecordPlace): Promise<Applied> {
    switch (record.type) {
      case 'outcome.settled':
        return this.settled(tx, peer, record)
      case 'keys.announced':
        return (await this.peers.announced(tx, peer, record.body.key, at)) ? applied : refused('bad_record')
      case 'epoch.opened':
        // That it names our head was seen when its envelope was placed; anywhere else it opens nothing.
        return at.epoch > 1 && at.seq === 1 && at.index === 0 ? applied : refused('bad_record')
      case 'record.erased':
        return this.erased(tx, peer.node, record)
      default:
        throw new TypeError(`${record.type} is no record about a stream`)
    }
  }

  /** The peer says what became of a record of ours that it had parked. Once only: a final outcome is not rewritten. */
  private async settled(
    tx: Transaction,
    peer: Peer,
    record: FactRecord<'outcome.settled'>,
  ): Promise<Applied> {
    const { epoch, seq, index, digest, outcome } = record.body
    // The courier writes outcomes too, from receipts, and knows only this lock.
    await tx.lock([`stream-out:${peer.node}`])
    const envelope = await tx.get(envelopesOut, { peer: peer.node, epoch, seq })
    const row = envelope && (await recordsOf(tx, envelope))[index]
    if (!envelope || row?.digest !== digest) return refused('bad_record')
    const receiptOnItsWay = row.outcome === null && !envelope.receipted
    if (row.outcome !== 'parked' && !receiptOnItsWay) return refused('bad_record')
    await tx.update(recordsOut, row, { outcome })
    return applied
  }

  /** Text and facts go, digest and outcome stay: the chain and every other record remain provable. */
  private async erased(tx: Transaction, peer: NodeId, record: FactRecord<'record.erased'>): Promise<Applied> {
    const { epoch, seq, index, digest } = record.body
    const row = await tx.get(recordsIn, { peer, digest })
    const there = row?.epoch === epoch && row.seq === seq && row.idx === index
    // Taken back after a loss from a writer that had erased it already: such a copy says neither case nor type.
    if (there && row.caseId === null && row.type === 'unreadable' && row.outcome === 'applied')
      return this.wasErased(tx, peer, record)
    if (!there || row.caseId !== record.case) return refused('bad_record')
    const forgotten = await this.forget(tx, peer, record.case ?? '', peer)
    if (forgotten.outcome === 'refused') return forgotten
    await eraseLine(tx, row)
    return applied
  }

  /** The copy of an erased record says neither its case nor its type; its erasure does. */
  private async wasErased(
    tx: Transaction,
    peer: NodeId,
    record: FactRecord<'record.erased'>,
  ): Promise<Applied> {
    const row = await tx.get(recordsIn, { peer, digest: record.body.digest })
    if (row?.caseId === null) await tx.update(recordsIn, row, { caseId: record.case })
    if (row) await eraseLine(tx, row)
    return this.hadErased(tx, peer, record.case ?? '', peer)
  }

  /** We erased it before the loss; a database from before that still has the text. */
  private async eraseOwn(
    tx: Transaction,
    peer: NodeId,
    record: FactRecord<'record.erased'>,
  ): Promise<Applied> {
    const { epoch, seq, index } = record.body
    const envelope = await tx.get(envelopesOut, { peer, epoch, seq })
    const row = envelope && (await recordsOf(tx, envelope))[index]
    if (row) await tx.update(recordsOut, row, { text: null, caseId: record.case })
    return this.hadErased(tx, peer, record.case ?? '', this.self)
  }

  /** A case of which nothing else is left: whoever erased its opening was home, and home had closed it. */
  private async hadErased(tx: Transaction, peer: NodeId, caseId: Uuid, by: NodeId): Promise<Applied> {
    if (!(await this.facts.exists(tx, caseId))) await this.facts.openErased(tx, peer, caseId, by)
    return this.forget(tx, peer, caseId, by)
  }

  private async replay(
    tx: Transaction,
    peer: Peer,
    record: FactRecord,
    by: NodeId,
    at?: RecordPlace,
  ): Promise<Applied> {
    if (by === this.self)
      return record.type === 'record.erased' ? this.eraseOwn(tx, peer.node, record) : applied
    if (record.type === 'record.erased') return this.wasErased(tx, peer.node, record)
    if (at === undefined) return applied
    return record.type === 'epoch.opened' ? applied : this.apply(tx, peer, record, at)
  }
}

/** The text of a record that was taken goes; its digest stays in its place. */
async function eraseLine(
  tx: Transaction,
  { peer, epoch, seq, idx, digest }: Row<typeof recordsIn>,
): Promise<void> {
  const envelope = await tx.get(envelopesIn, { peer, epoch, seq })
  if (!envelope) throw new TypeError('a record without its envelope')
  const lines = envelope.lines.split('\n')
  lines[idx] = erasedLine(digest)
  await tx.update(envelopesIn, envelope, { lines: lines.join('\n') })
}
