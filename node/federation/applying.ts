/**
 * What becomes of the records of an envelope, in their order: each is applied by the handler of its type, parked, or
 * refused; none of the three ever stops the stream. Parked are types and versions we do not know yet and, behind one, the
 * later records of its case, so that an upgrade loses nothing and reorders nothing.
 */
import { typeRules, type FactRecord, type Outcome, type ReadRecord } from '../../protocol/index.ts'
import { type Row, type Transaction } from '../store/port.ts'
import { type Item } from './envelopes-in.ts'
import { type Applied, type RecordHandler, type RecordHandlers } from './handlers.ts'
import { type Peer, type Peers } from './peers.ts'
import { type recordsIn } from './tables.ts'

export class Applying {
  private readonly peers: Peers
  private readonly handlers: RecordHandlers

  constructor(parts: { peers: Peers; handlers: RecordHandlers }) {
    this.peers = parts.peers
    this.handlers = parts.handlers
  }

  /** Reads in few round trips what these records will need. */
  async prepare(tx: Transaction, peer: Peer, items: readonly Item[]): Promise<void> {
    const groups = new Map<RecordHandler, FactRecord[]>()
    for (const { read } of items) {
      if (!read.ok || !read.known) continue
      const handler = this.handlers[read.record.type]
      const group = groups.get(handler)
      if (group) group.push(read.record)
      else groups.set(handler, [read.record])
    }
    for (const [handler, records] of groups) await handler.prepare?.(tx, peer, records)
  }

  /** The outcome of each; `known` are those that were taken before, `blocked` the cases behind a parked record. */
  async applyAll(
    tx: Transaction,
    peer: Peer,
    items: readonly Item[],
    known: readonly (Row<typeof recordsIn> | undefined)[],
    blocked: Set<string>,
    at: { epoch: number; seq: number },
  ): Promise<Outcome[]> {
    const outcomes: Outcome[] = []
    const seen = new Map<string, Outcome>()
    for (let item = items[0]; item; item = items[outcomes.length]) {
      const before = seen.get(item.digest) ?? known[outcomes.length]?.outcome
      const isFresh = (each: Item, i: number) =>
        !seen.has(each.digest) && known[i] === undefined && !blocked.has(each.about?.case ?? '')
      const alike = this.alikeFrom(peer, items, outcomes.length, isFresh)
      if (alike.records.length > 1) {
        for (const result of await alike.applyMany(tx, peer, alike.records)) {
          seen.set(items[outcomes.length]?.digest ?? '', outcomeFrom(result))
          outcomes.push(outcomeFrom(result))
        }
        continue
      }
      const outcome =
        before === undefined
          ? await this.applyOne(tx, peer, item, blocked, { ...at, idx: item.idx })
          : repeatedOutcome(before)
      seen.set(item.digest, outcome)
      outcomes.push(outcome)
    }
    return outcomes
  }

  /** Records in a row, from this place on, that one handler applies together; none where it applies one by one. */
  private alikeFrom(
    peer: Peer,
    items: readonly Item[],
    from: number,
    isFresh: (item: Item, i: number) => boolean,
  ): { records: FactRecord[]; applyMany: NonNullable<RecordHandler['applyMany']> } {
    const records: FactRecord[] = []
    const digests = new Set<string>()
    let handler: RecordHandler | undefined
    for (let i = from; i < items.length; i++) {
      const item = items[i]
      if (!item?.read.ok || !item.read.known || digests.has(item.digest) || !isFresh(item, i)) break
      const { record } = item.read
      const next = this.handlers[record.type]
      if (!next.applyMany || (handler && next !== handler)) break
      if (!this.peers.agrees(peer, typeRules[record.type].family)) break
      handler = next
      digests.add(item.digest)
      records.push(record)
    }
    const applyMany = (tx: Transaction, by: Peer, all: readonly FactRecord[]) =>
      handler?.applyMany?.(tx, by, all) ?? Promise.resolve([])
    return { records, applyMany }
  }

  private async applyOne(
    tx: Transaction,
    peer: Peer,
    item: Item,
    blocked: Set<string>,
    at: { epoch: number; seq: number; idx: number },
  ): Promise<Outcome> {
    const caseId = item.about?.case ?? null
    const behindParked = caseId !== null && blocked.has(caseId)
    const outcome = behindParked ? 'parked' : await this.outcomeOf(tx, peer, item.read, at)
    if (outcome === 'parked' && caseId !== null) blocked.add(caseId)
    return outcome
  }

  async outcomeOf(
    tx: Transaction,
    peer: Peer,
    read: ReadRecord,
    { epoch, seq, idx }: { epoch: number; seq: number; idx: number },
  ): Promise<Outcome> {
    if (!read.ok) return `refused:${read.code}`
    if (!read.known) return 'parked'
    const { record } = read
    const { family } = typeRules[record.type]
    // Records about the streams themselves belong to every agreement.
    if (family !== 'peer' && !this.peers.agrees(peer, family)) return 'refused:family_not_agreed'
    const result = await this.handlers[record.type].apply(tx, peer, record, { epoch, seq, index: idx })
    return outcomeFrom(result)
  }
}

function outcomeFrom(result: Applied): Outcome {
  return result.outcome === 'applied' ? 'applied' : `refused:${result.code}`
}

/** The same content again is never applied again; what was refused stays refused for the same reason. */
function repeatedOutcome(before: string): Outcome {
  return before.startsWith('refused:') ? before : 'refused:record_repeated'
}
