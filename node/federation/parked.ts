/**
 * Parked records: those of types and versions that this node does not know yet and, behind one, the later ones of its
 * case. They wait for an upgrade, which settles them in the order of their stream. How many may wait is bounded for each
 * peer: beyond it the peer keeps what it would say, and loses nothing either.
 */
import { erasedLine, limits, readRecord, refuse, type NodeId, type Refusal } from '../../protocol/index.ts'
import { type Timers } from '../platform.ts'
import { type Row, type Store, type Transaction } from '../store/port.ts'
import { type Alarms } from './alarms.ts'
import { type Applying } from './applying.ts'
import { linesOf, type Item } from './envelopes-in.ts'
import { pairLock, type Outbox } from './outbox.ts'
import { type Peers } from './peers.ts'
import { settlement } from './stream-records.ts'
import { recordsIn, streamsOut } from './tables.ts'

/** What waits of one peer, as far as the envelopes that are being taken have to do with it. */
export interface Waiting {
  /** Cases behind a parked record, among those that are spoken of. */
  readonly cases: Set<string>
  /** How many records wait, counted when some of these will. */
  records: number
}

export class Parked {
  private readonly store: Store
  private readonly peers: Peers
  private readonly outbox: Outbox
  private readonly applying: Applying
  private readonly alarms: Alarms
  private readonly giveWay: NonNullable<Timers['giveWay']>
  private readonly onFault: (error: unknown) => void
  private settling = Promise.resolve()

  constructor(parts: {
    store: Store
    peers: Peers
    outbox: Outbox
    applying: Applying
    alarms: Alarms
    timers?: Pick<Timers, 'giveWay'>
    onFault?: (error: unknown) => void
  }) {
    this.store = parts.store
    this.peers = parts.peers
    this.outbox = parts.outbox
    this.applying = parts.applying
    this.alarms = parts.alarms
    this.giveWay = parts.timers?.giveWay ?? (() => Promise.resolve())
    this.onFault = parts.onFault ?? (() => undefined)
  }

  /** What waits before these records are taken. Costs by what they say, not by how much waits. */
  async before(tx: Transaction, peer: NodeId, items: readonly Item[]): Promise<Waiting> {
    const spokenOf = [...new Set(items.flatMap(({ about }) => about?.case ?? []))]
    const rows = await tx.findIn(recordsIn, 'caseId', spokenOf, { peer, parked: true })
    const cases = new Set(rows.map(({ caseId }) => caseId ?? ''))
    const more = cases.size > 0 || items.some(isUnknown)
    return { cases, records: more ? await tx.count(recordsIn, { peer, parked: true }) : 0 }
  }

  /** Has this envelope to wait at its sender, because it would park more than may wait here? */
  hasRoom({ cases, records }: Waiting, items: readonly Item[]): boolean {
    const parks = (item: Item) => isUnknown(item) || cases.has(item.about?.case ?? '')
    return records < limits.parkedPerPeer || !items.some(parks)
  }

  /** A person must know: nothing more of this peer arrives until this node is upgraded. */
  async full(tx: Transaction, peer: NodeId): Promise<Refusal> {
    await this.alarms.raiseOnceADay(tx, 'parked_full', peer, '')
    return refuse('unavailable', 'as many records are parked as may be')
  }

  /**
   * Settles what waits of every peer, in the background: at a start, once a day, when this process becomes the one that
   * takes envelopes, and when a stream was recovered. The answer comes when all that was asked for so far is done.
   */
  settleAll(): Promise<void> {
    const all = async () => {
      const peers = await this.store.read((reader) => this.peers.all(reader))
      // A defect in what one peer had parked keeps nobody else's from being settled.
      for (const { node } of peers) await this.settle(node).catch(this.onFault)
    }
    this.settling = this.settling.then(all).catch(this.onFault)
    return this.settling
  }

  /** Resolves when nothing is being settled. */
  rest(): Promise<void> {
    return this.settling
  }

  /** Applies those whose time has come (after an upgrade), in stream order; tells the peer what became of them. */
  async settle(node: NodeId): Promise<number> {
    return this.store.transaction(async (tx) => {
      await tx.lock([pairLock(node)])
      const peer = await this.peers.get(tx, node)
      const out = await tx.get(streamsOut, { peer: node })
      const parked = await tx.find(recordsIn, { peer: node, parked: true })
      if (!peer || out?.standing !== 'open') return 0
      parked.sort((a, b) => a.epoch - b.epoch || a.seq - b.seq || a.idx - b.idx)
      const blocked = new Set<string>()
      let envelope: { of: Row<typeof recordsIn>; lines: readonly string[] } | undefined
      let settled = 0
      for (const row of parked) {
        if (envelope?.of.seq !== row.seq || envelope.of.epoch !== row.epoch) {
          await this.giveWay()
          envelope = { of: row, lines: await linesOf(tx, row) }
        }
        const line = envelope.lines[row.idx] ?? erasedLine(row.digest)
        const outcome =
          row.caseId !== null && blocked.has(row.caseId)
            ? 'parked'
            : await this.applying.outcomeOf(tx, peer, readRecord(line), row)
        if (outcome === 'parked') {
          if (row.caseId !== null) blocked.add(row.caseId)
          continue
        }
        await tx.update(recordsIn, row, { parked: false, outcome })
        await this.outbox.write(tx, node, [this.outbox.draft(settlement(row, outcome))])
        settled++
      }
      return settled
    })
  }
}

function isUnknown({ read }: Item): boolean {
  return read.ok && !read.known
}
