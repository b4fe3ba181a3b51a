/**
 * Taking in again what was said before a loss, from the signed copies a peer kept: the facts alone, without replies.
 *
 * What only this office knew (rosters, registers) is not in them. For a person of whom we had spoken as host a row
 * without an ID number stands in until the register is imported again, so that nobody is asked for or reported twice.
 */
import { type FactRecord, type NodeId } from '../../protocol/index.ts'
import { applied, refused, type Applied, type Replayed } from '../federation/handlers.ts'
import { type Peer } from '../federation/peers.ts'
import { type Members } from '../members/index.ts'
import { type Organisations } from '../organisations/index.ts'
import { type Clock, type Ids } from '../platform.ts'
import { type Row, type Transaction } from '../store/port.ts'
import { type Case, type Cases } from './cases.ts'
import { arrivals, queries } from './tables.ts'

type Arrival = Row<typeof arrivals>
type SaidOfArrival = Pick<Arrival, 'name'> & Partial<Arrival>

/** Who answers what was heard and not answered before the loss. */
export interface LostAnswers {
  queried(tx: Transaction, peer: Peer, record: FactRecord<'identity.queried'>): Promise<void>
  opened(tx: Transaction, peer: NodeId, caseId: string): Promise<void>
}

export class FlowReplay {
  private readonly self: NodeId
  private readonly cases: Cases
  private readonly members: Members
  private readonly organisations: Organisations
  private readonly answers: LostAnswers
  private readonly clock: Clock
  private readonly ids: Ids

  constructor(parts: {
    self: NodeId
    cases: Cases
    members: Members
    organisations: Organisations
    answers: LostAnswers
    clock: Clock
    ids: Ids
  }) {
    this.self = parts.self
    this.cases = parts.cases
    this.members = parts.members
    this.organisations = parts.organisations
    this.answers = parts.answers
    this.clock = parts.clock
    this.ids = parts.ids
  }

  /** Refused when what the record builds on is not there yet. */
  async replay(tx: Transaction, peer: Peer, record: FactRecord, by: NodeId): Promise<Applied> {
    const ours = by === this.self
    switch (record.type) {
      case 'identity.queried':
        return ours ? this.hadAsked(tx, peer.node, record) : this.wasAsked(tx, peer.node, record)
      case 'identity.denied':
        return ours ? this.hadDenied(tx, record) : this.wasDenied(tx, record)
      case 'identity.asserted':
      case 'flow.published':
        return ours ? this.hadOpened(tx, peer.node, record) : this.cases.hearOpening(tx, peer.node, record)
      case 'flow.arrived':
        return ours
          ? this.hadConfirmed(tx, peer.node, record)
          : this.cases.replay(tx, peer.node, record, ours)
      case 'flow.placed':
      case 'flow.relocated':
        if (ours) await this.organisations.restore(tx, record.body.branch)
        return this.cases.replay(tx, peer.node, record, ours)
      default:
        return this.cases.replay(tx, peer.node, record, ours)
    }
  }

  /** Answers what was heard and has no answer of ours. */
  async resume(tx: Transaction, peer: Peer, { ours, theirs }: Replayed): Promise<void> {
    const answered = new Set<string | null>()
    for (const { type, body } of ours)
      if (type === 'identity.asserted' || type === 'identity.denied') answered.add(body.query)
    for (const record of theirs)
      if (record.type === 'identity.queried' && !answered.has(record.id))
        await this.answers.queried(tx, peer, record)
    const spokenOf = new Set(theirs.map((record) => record.case).filter((id) => id !== null))
    for (const caseId of spokenOf) await this.answers.opened(tx, peer.node, caseId)
  }

  private async hadAsked(
    tx: Transaction,
    home: NodeId,
    { id: query, body: { tag, name, arrivedOn } }: FactRecord<'identity.queried'>,
  ): Promise<Applied> {
    const arrival = await this.arrivalOf(tx, home, tag, { name, arrivedOn: arrivedOn ?? null })
    await tx.update(arrivals, { id: arrival.id }, { state: 'asked', query, caseId: null })
    return applied
  }

  private async wasAsked(
    tx: Transaction,
    peer: NodeId,
    { id, body: { tag, name } }: FactRecord<'identity.queried'>,
  ): Promise<Applied> {
    if (await tx.get(queries, { id })) return refused('record_repeated')
    // Until our own word on it comes in the other stream it counts as denied: the member may be unknown here again.
    await tx.insert(queries, [{ id, peer, tag, name, denied: true, askedMs: this.clock.nowMs() }])
    return applied
  }

  private async hadDenied(tx: Transaction, record: FactRecord<'identity.denied'>): Promise<Applied> {
    const query = await tx.get(queries, { id: record.body.query })
    if (!query) return refused('query_unknown')
    await tx.update(queries, { id: query.id }, { denied: true })
    return applied
  }

  private async wasDenied(tx: Transaction, record: FactRecord<'identity.denied'>): Promise<Applied> {
    const [arrival] = await tx.find(arrivals, { query: record.body.query })
    if (!arrival) return refused('query_unknown')
    if (arrival.state === 'asked') await tx.update(arrivals, { id: arrival.id }, { state: 'denied' })
    return applied
  }

  private async hadOpened(
    tx: Transaction,
    peer: NodeId,
    record: FactRecord<'identity.asserted' | 'flow.published'>,
  ): Promise<Applied> {
    const { tag } = record.body
    const query = record.type === 'identity.asserted' ? record.body.query : null
    if (query !== null) {
      if (!(await tx.get(queries, { id: query }))) return refused('query_unknown')
      await tx.update(queries, { id: query }, { denied: false })
    }
    const known = await this.cases.get(tx, record.case ?? '')
    const open = await this.cases.openFor(tx, peer, 'home', tag)
    // A restored office may have opened another case of the same person before it knew.
    if (open && open.row.id !== record.case) return refused('case_exists')
    if (!known) {
      const member = await this.members.byTag(tx, peer, tag)
      await this.cases.open(tx, record.case ?? '', peer, tag, member?.id ?? null)
    }
    return this.cases.replay(tx, peer, record, true)
  }

  private async hadConfirmed(
    tx: Transaction,
    home: NodeId,
    record: FactRecord<'flow.arrived'>,
  ): Promise<Applied> {
    const { next, ...result } = await this.cases.replay(tx, home, record, true)
    if (!next) return result
    await this.linkArrival(tx, home, next, record)
    return applied
  }

  private async linkArrival(
    tx: Transaction,
    home: NodeId,
    subject: Case,
    { body: { person, arrivedOn, employer } }: FactRecord<'flow.arrived'>,
  ): Promise<void> {
    const arrival = await this.arrivalOf(tx, home, subject.row.tag, {
      ...{ name: person.name, category: person.category ?? null, phone: person.phone ?? null },
      ...{ arrivedOn: arrivedOn ?? null, employer: employer ?? null },
    })
    await this.cases.link(tx, subject, arrival)
    await tx.update(arrivals, { id: arrival.id }, { state: 'known', caseId: subject.row.id })
  }

  /** The row of the register, or one that stands in for it. */
  private async arrivalOf(tx: Transaction, home: NodeId, tag: string, said: SaidOfArrival): Promise<Arrival> {
    const [known] = await tx.find(arrivals, { home, tag })
    if (known) return known
    const nothing = { category: null, phone: null, arrivedOn: null, branch: null, employer: null }
    const person = { ...nothing, ...said, id: this.ids.next(), home, tag }
    const standIn = {
      ...{ ...person, idToken: `${standInToken}${tag}`, idSealed: new Uint8Array() },
      ...{ state: 'asked', query: null, caseId: null, changedMs: this.clock.nowMs() },
    }
    await tx.insert(arrivals, [standIn])
    return standIn
  }
}

const standInToken = 'tag:'

/** A person who came back from his home's copies, and whose ID number the register will tell again. */
export function isStandIn({ idToken }: Pick<Arrival, 'idToken'>): boolean {
  return idToken.startsWith(standInToken)
}
