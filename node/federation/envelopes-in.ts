/** An envelope of a peer as it is kept: its records read, stored with what became of them, and found again. */
import {
  erasedLine,
  isErased,
  readRecord,
  refuse,
  type FactRecord,
  type NodeId,
  type Outcome,
  type ReadRecord,
  type RecordFrame,
  type StreamHead,
} from '../../protocol/index.ts'
import { type Reader, type Row, type Transaction } from '../store/port.ts'
import { type ProvenEnvelope } from './gate.ts'
import { envelopesIn, recordsIn } from './tables.ts'

export interface Item {
  readonly idx: number
  readonly digest: string
  readonly read: ReadRecord
  /** What can be said of it even when its type is unknown. */
  readonly about: FactRecord | RecordFrame | undefined
}

/** The records of an envelope, each read. */
export function itemsOf({ envelope, digests }: ProvenEnvelope): Item[] {
  return envelope.records.map((line, idx) => readItem(digests[idx] ?? '', line, idx))
}

function readItem(digest: string, line: string, idx: number): Item {
  const read = isErased(line) ? refuse('bad_record', 'erased before it arrived') : readRecord(line)
  const about = read.ok ? (read.known ? read.record : read.frame) : undefined
  return { idx, digest, read, about }
}

/** Does this envelope begin the epoch after the one whose head this is? */
export function opensAfter([first]: readonly Item[], { epoch, seq, head }: StreamHead): boolean {
  const record = first?.read.ok && first.read.known ? first.read.record : undefined
  if (record?.type !== 'epoch.opened') return false
  const { after } = record.body
  return after.epoch === epoch && after.seq === seq && after.head === head
}

/** What is known of each of these records already: its content is its name, whatever envelope brings it. */
export function takenBefore(
  reader: Reader,
  peer: NodeId,
  items: readonly Item[],
): Promise<(Row<typeof recordsIn> | undefined)[]> {
  return reader.getMany(
    recordsIn,
    items.map(({ digest }) => ({ peer, digest })),
  )
}

/** Keeps an envelope as it came, and what became of each of its records; `before` as `takenBefore` has it. */
export async function storeEnvelope(
  tx: Transaction,
  peer: NodeId,
  { envelope: { jws, records }, payload: { epoch, seq }, contentId }: ProvenEnvelope,
  items: readonly Item[],
  before: readonly (Row<typeof recordsIn> | undefined)[],
  outcomes: readonly Outcome[],
  answer: { receipt: string; receivedMs: number },
): Promise<void> {
  const rows = new Map<string, Row<typeof recordsIn>>()
  for (const [i, { digest, idx, about }] of items.entries()) {
    if (before[i] || rows.has(digest)) continue
    const outcome = outcomes[i] ?? 'refused:bad_record'
    const [caseId, type] = [about?.case ?? null, about?.type ?? 'unreadable']
    rows.set(digest, { peer, digest, epoch, seq, idx, caseId, type, outcome, parked: outcome === 'parked' })
  }
  await tx.insert(recordsIn, [...rows.values()])
  const lines = records.map((line, i) => storable(line, items[i]?.digest ?? '')).join('\n')
  await tx.insert(envelopesIn, [{ peer, epoch, seq, contentId, jws, lines, ...answer }])
}

/** The lines of an envelope that was taken: of each record its exact text, or what stands for it once it was erased. */
export async function linesOf(
  reader: Reader,
  { peer, epoch, seq }: Pick<Row<typeof recordsIn>, 'peer' | 'epoch' | 'seq'>,
): Promise<string[]> {
  const envelope = await reader.get(envelopesIn, { peer, epoch, seq })
  return envelope?.lines.split('\n') ?? []
}

export async function lineOf(reader: Reader, row: Row<typeof recordsIn>): Promise<string> {
  return (await linesOf(reader, row))[row.idx] ?? erasedLine(row.digest)
}

/** PostgreSQL's text holds every character but NUL. A line with one is no record, so its digest alone says enough. */
function storable(line: string, digest: string): string {
  return line.includes('\u0000') ? erasedLine(digest) : line
}
