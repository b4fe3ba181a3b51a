/**
 * Taking in again what was said before a loss, from the signed copies a peer kept: the facts alone. Nothing is answered
 * and nothing is asked, for the answers stand in the same copies. What only this office knew (rosters, registers) is
 * not in them; it is linked again when its workbooks are imported.
 */
import { type FactRecord, type NodeId } from '../../protocol/index.ts'
import { type Peer } from '../federation/peers.ts'
import { type Members } from '../members/index.ts'
import { type Transaction } from '../store/port.ts'
import { type Clock } from '../platform.ts'
import { type Cases } from './cases.ts'
import { arrivals, queries } from './tables.ts'

export class FlowReplay {
  private readonly self: NodeId
  private readonly cases: Cases
  private readonly members: Members
  private readonly clock: Clock

  constructor(parts: { self: NodeId; cases: Cases; members: Members; clock: Clock }) {
    this.self = parts.self
    this.cases = parts.cases
    this.members = parts.members
    this.clock = parts.clock
  }

  /** False when the case of this record is not there yet. */
  async replay(tx: Transaction, peer: Peer, record: FactRecord, by: NodeId): Promise<boolean> {
    const ours = by === this.self
    switch (record.type) {
      case 'identity.queried':
        return ours ? this.askedAgain(tx, peer.node, record) : this.wasAsked(tx, peer.node, record)
      case 'identity.denied':
        return ours ? this.hadDenied(tx, record) : this.wasDenied(tx, record)
      case 'identity.asserted':
      case 'flow.published':
        if (record.type === 'identity.asserted' && ours) await this.hadAsserted(tx, record)
        return ours ? this.hadOpened(tx, peer.node, record) : this.wasOpened(tx, peer.node, record)
      default:
        return this.cases.replay(tx, peer.node, record, ours)
    }
  }

  private async askedAgain(
    tx: Transaction,
    home: NodeId,
    record: FactRecord<'identity.queried'>,
  ): Promise<boolean> {
    const [arrival] = await tx.find(arrivals, { home, tag: record.body.tag })
    if (arrival && arrival.state !== 'known')
      await tx.update(arrivals, { id: arrival.id }, { state: 'asked', query: record.id })
    return true
  }

  private async wasAsked(
    tx: Transaction,
    peer: NodeId,
    record: FactRecord<'identity.queried'>,
  ): Promise<boolean> {
    const { tag, name } = record.body
    if (await tx.get(queries, { id: record.id })) return true
    // Until our own word on it comes in the other stream it counts as denied: the member may be unknown here again.
    await tx.insert(queries, [
      { id: record.id, peer, tag, name, denied: true, askedMs: this.clock.nowMs() },
    ])
    return true
  }

  private async hadDenied(tx: Transaction, record: FactRecord<'identity.denied'>): Promise<boolean> {
    const query = await tx.get(queries, { id: record.body.query })
    if (query) await tx.update(queries, { id: query.id }, { denied: true })
    return query !== undefined
  }

  private async wasDenied(tx: Transaction, record: FactRecord<'identity.denied'>): Promise<boolean> {
    const [arrival] = await tx.find(arrivals, { query: record.body.query })
    if (arrival?.state === 'asked') await tx.update(arrivals, { id: arrival.id }, { state: 'denied' })
    return true
  }

  private async hadAsserted(tx: Transaction, record: FactRecord<'identity.asserted'>): Promise<void> {
    const id = record.body.query
    if (id !== null && (await tx.get(queries, { id }))) await tx.update(queries, { id }, { denied: false })
  }

  private async hadOpened(
    tx: Transaction,
    peer: NodeId,
    record: FactRecord<'identity.asserted' | 'flow.published'>,
  ): Promise<boolean> {
    if (!(await this.cases.get(tx, record.case ?? ''))) {
      const member = await this.members.byTag(tx, peer, record.body.tag)
      await this.cases.open(tx, record.case ?? '', peer, record.body.tag, member?.id ?? null)
    }
    return this.cases.replay(tx, peer, record, true)
  }

  private async wasOpened(
    tx: Transaction,
    peer: NodeId,
    record: FactRecord<'identity.asserted' | 'flow.published'>,
  ): Promise<boolean> {
    const { next } = await this.cases.hearOpening(tx, peer, record)
    const [arrival] = next ? await tx.find(arrivals, { home: peer, tag: record.body.tag }) : []
    if (next && arrival) {
      await this.cases.link(tx, next, arrival.id)
      await tx.update(arrivals, { id: arrival.id }, { state: 'known', caseId: next.row.id })
    }
    return next !== undefined
  }
}
