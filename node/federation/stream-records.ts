/** Records about the streams themselves: what became of a parked one, another key, another epoch, an erased text. */
import {
  erasedLine,
  type FactRecord,
  type NodeId,
  type Outcome,
  type RecordType,
} from '../../protocol/index.ts'
import { type Reader, type Row, type Transaction } from '../store/port.ts'
import {
  applied,
  refused,
  type Applied,
  type Facts,
  type ForgetSide,
  type RecordHandler,
  type RecordPlace,
} from './handlers.ts'
import { recordsOf, type Draft } from './outbox.ts'
import { type Peer, type Peers } from './peers.ts'
import { envelopesIn, envelopesOut, recordsIn, recordsOut } from './tables.ts'

type StreamRecordType = Extract<
  RecordType,
  'outcome.settled' | 'keys.announced' | 'epoch.opened' | 'record.erased'
>

export class StreamRecords {
  readonly handlers: Record<StreamRecordType, RecordHandler>
  private readonly peers: Peers
  private readonly forget: ForgetSide
  private readonly facts: Pick<Facts, 'erasedBy'>

  constructor(parts: { peers: Peers; forget: ForgetSide; facts: Pick<Facts, 'erasedBy'> }) {
    this.facts = parts.facts
    this.peers = parts.peers
    this.forget = parts.forget
    const handler: RecordHandler = {
      apply: (tx, peer, record, at) => this.apply(tx, peer, record, at),
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
    const row = envelope && (await recordAt(tx, envelope, index))
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
    const blank = there && row.caseId === null && isBlank(row)
    if (!there || (row.caseId !== record.case && !blank)) return refused('bad_record')
    const forgotten = await this.forget(tx, peer, record.case ?? '', peer)
    if (forgotten.outcome === 'refused') {
      // That home had closed it may be among what came back without its text.
      if (!(await this.hasBlanks(tx, peer))) return forgotten
      await this.facts.erasedBy(tx, peer, record.case ?? '', peer)
    }
    if (blank) await tx.update(recordsIn, row, { caseId: record.case })
    await eraseLine(tx, row)
    return applied
  }

  private async hasBlanks(tx: Transaction, peer: NodeId): Promise<boolean> {
    return (await tx.find(recordsIn, { peer, ...blankRow, caseId: null }, { limit: 1 })).length > 0
  }
}

/** What became of a record that had waited, to be said to its writer. */
export function settlement(row: Row<typeof recordsIn>, outcome: Outcome): Draft<'outcome.settled'> {
  const { epoch, seq, idx, digest } = row
  return { type: 'outcome.settled', case: null, body: { epoch, seq, index: idx, digest, outcome } }
}

/** What is known of a record that was taken and whose text had been erased before it came back. */
const blankRow = { type: 'unreadable', outcome: 'applied' } as const
function isBlank({ type, outcome }: Row<typeof recordsIn>): boolean {
  return type === blankRow.type && outcome === blankRow.outcome
}

/** One of our records by its place in the stream; undefined when that place is not here. */
export async function recordSent(
  reader: Reader,
  peer: NodeId,
  { epoch, seq, index }: RecordPlace,
): Promise<Row<typeof recordsOut> | undefined> {
  const envelope = await reader.get(envelopesOut, { peer, epoch, seq })
  return envelope && recordAt(reader, envelope, index)
}

/** Where the records of envelopes stand that somebody is asking about. Once an envelope is sealed that never changes. */
const positionsAsked = new WeakMap<Reader, Map<string, readonly number[]>>()

/** The row of one record alone: a peer may name every one of an envelope, and many envelopes. */
async function recordAt(
  reader: Reader,
  envelope: Row<typeof envelopesOut>,
  index: number,
): Promise<Row<typeof recordsOut> | undefined> {
  const { peer, firstPosition, lastPosition, records } = envelope
  const together = lastPosition - firstPosition === records - 1
  const position = together ? firstPosition + index : (await positionsOf(reader, envelope))[index]
  if (position === undefined || position > lastPosition) return undefined
  return reader.get(recordsOut, { peer, position })
}

/** Read once while one asks: what was not written together has gaps between its positions. */
async function positionsOf(reader: Reader, envelope: Row<typeof envelopesOut>): Promise<readonly number[]> {
  const asked = positionsAsked.get(reader) ?? new Map<string, readonly number[]>()
  positionsAsked.set(reader, asked)
  const name = `${envelope.peer} ${envelope.firstPosition}`
  const known = asked.get(name) ?? (await recordsOf(reader, envelope)).map(({ position }) => position)
  asked.set(name, known)
  return known
}

/** What this transaction has erased: a peer may say so of one record again and again, and each look reads all of its envelope. */
const erasedHere = new WeakMap<Transaction, Set<string>>()

/** The text of a record that was taken goes; its digest stays in its place. */
export async function eraseLine(
  tx: Transaction,
  { peer, epoch, seq, idx, digest }: Row<typeof recordsIn>,
): Promise<void> {
  const erased = erasedHere.get(tx) ?? new Set()
  erasedHere.set(tx, erased)
  if (erased.has(`${peer} ${digest}`)) return
  erased.add(`${peer} ${digest}`)
  const envelope = await tx.get(envelopesIn, { peer, epoch, seq })
  if (!envelope) throw new TypeError('a record without its envelope')
  const lines = envelope.lines.split('\n')
  if (lines[idx] === erasedLine(digest)) return
  lines[idx] = erasedLine(digest)
  await tx.update(envelopesIn, envelope, { lines: lines.join('\n') })
}
