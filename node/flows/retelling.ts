/**
 * Facts told anew after a loss, from the records of both streams and without any reply.
 *
 * What only this office knew (rosters, registers) is not in them. For a person of whom we had spoken as host a row
 * without an ID number stands in until the register is imported again, so that nobody is asked for or reported twice.
 */
import { type FactRecord, type NodeId, type RecordCode, type Side, type Uuid } from '../../protocol/index.ts'
import { type Facts, type Retold, type Told, type Unfit } from '../federation/handlers.ts'
import { type Peer } from '../federation/peers.ts'
import { type Members } from '../members/index.ts'
import { type Organisations } from '../organisations/index.ts'
import { type Clock, type Ids } from '../platform.ts'
import { type Row, type Transaction } from '../store/port.ts'
import { type Case, type Cases } from './cases.ts'
import { arrivals, asked, queries } from './tables.ts'

type Arrival = Row<typeof arrivals>
type SaidOfArrival = Pick<Arrival, 'name'> & Partial<Arrival>
export type Query = Pick<Row<typeof queries>, 'id' | 'tag'>

/** Who answers what was heard and not answered before the loss. */
export interface LostAnswers {
  queried(tx: Transaction, peer: Peer, query: Query): Promise<void>
  opened(tx: Transaction, peer: NodeId, caseId: Uuid): Promise<void>
}

/** Reports on a case, told anew. */
export interface Reports {
  retell(tx: Transaction, subject: Case, told: readonly Told[]): Promise<Unfit[]>
  sayAgain(tx: Transaction, subject: Case, record: FactRecord): Promise<RecordCode | undefined>
  forget(tx: Transaction, caseId: Uuid, side: Side): Promise<void>
  forgetAll(tx: Transaction, caseId: Uuid): Promise<void>
}

export class FlowRetelling implements Facts {
  private readonly self: NodeId
  private readonly cases: Cases
  private readonly members: Members
  private readonly organisations: Organisations
  private readonly reports: Reports
  private readonly answers: LostAnswers
  private readonly clock: Clock
  private readonly ids: Ids

  constructor(parts: {
    self: NodeId
    cases: Cases
    members: Members
    organisations: Organisations
    reports: Reports
    answers: LostAnswers
    clock: Clock
    ids: Ids
  }) {
    this.self = parts.self
    this.cases = parts.cases
    this.members = parts.members
    this.organisations = parts.organisations
    this.reports = parts.reports
    this.answers = parts.answers
    this.clock = parts.clock
    this.ids = parts.ids
  }

  async reset(tx: Transaction, peer: NodeId, caseIds: ReadonlySet<Uuid>): Promise<void> {
    await this.cases.reset(tx, peer, caseIds)
  }

  async exists(tx: Transaction, caseId: Uuid): Promise<boolean> {
    return (await this.cases.get(tx, caseId)) !== undefined
  }

  async heldWith(tx: Transaction, caseId: Uuid): Promise<{ peer: NodeId; ours: boolean } | undefined> {
    const row = (await this.cases.get(tx, caseId))?.row
    return row && { peer: row.peer, ours: row.side === 'home' }
  }

  async erasedBy(tx: Transaction, peer: NodeId, caseId: Uuid, by: NodeId): Promise<void> {
    const side = await this.cases.erasedBy(tx, peer, caseId, by === this.self)
    await this.reports.forget(tx, caseId, side)
  }

  async wasAsked(tx: Transaction, query: Uuid): Promise<boolean> {
    return (await tx.get(queries, { id: query })) !== undefined
  }

  async hasAsked(tx: Transaction, peer: NodeId, query: Uuid): Promise<boolean> {
    return (await tx.get(asked, { id: query }))?.peer === peer
  }

  async retell(
    tx: Transaction,
    peer: Peer,
    caseId: Uuid,
    told: readonly Told[],
    home: NodeId | undefined,
  ): Promise<Retold> {
    const { subject, ...retold } = await this.cases.retell(tx, peer.node, caseId, told, home)
    if (!subject) {
      const there = await this.cases.get(tx, caseId)
      if (!there || there.row.peer === peer.node) await this.reports.forgetAll(tx, caseId)
      return retold
    }
    const linked = await this.link(tx, peer, subject)
    const left = new Set(retold.unfit.map((one) => one.told))
    const fits = told.filter((one) => !left.has(one))
    for (const { record, by } of fits)
      if (by === this.self && (record.type === 'flow.placed' || record.type === 'flow.relocated'))
        await this.inBranch(tx, linked, record.body.branch)
    return { ...retold, unfit: [...retold.unfit, ...(await this.reports.retell(tx, linked, fits))] }
  }

  /** The branch is there, and where it was merged into another since, the case is that one's. */
  private async inBranch(
    tx: Transaction,
    subject: Case,
    branch: { readonly id: Uuid; readonly name: string },
  ): Promise<void> {
    const now = await this.organisations.restore(tx, branch)
    if (now !== branch.id && subject.host.branch?.id === branch.id) await this.cases.follow(tx, subject, now)
  }

  async sayAgain(tx: Transaction, peer: Peer, record: FactRecord): Promise<RecordCode | undefined> {
    const said = await this.cases.sayAgain(tx, peer.node, record)
    if ('code' in said) return said.code
    return this.reports.sayAgain(tx, await this.link(tx, peer, said.subject), record)
  }

  async prune(tx: Transaction, caseIds: ReadonlySet<Uuid>): Promise<void> {
    await this.cases.prune(tx, caseIds)
  }

  async recall(tx: Transaction, peer: Peer, told: readonly Told[]): Promise<void> {
    // A question stands in one stream and its answer in the other.
    for (const { record, by } of told)
      if (record.type === 'identity.queried')
        await (by === this.self
          ? this.hadAsked(tx, peer.node, record)
          : this.wasQueried(tx, peer.node, record))
    for (const { record, by } of told) {
      if (record.type === 'identity.denied')
        await (by === this.self
          ? this.hadAnswered(tx, record.body.query, true)
          : this.hadHeard(tx, record.body.query, 'denied'))
      if (record.type === 'identity.asserted' && record.body.query !== null)
        await (by === this.self
          ? this.hadAnswered(tx, record.body.query, false)
          : this.hadHeard(tx, record.body.query, 'known'))
    }
  }

  async resume(tx: Transaction, peer: Peer, denied: ReadonlySet<Uuid>): Promise<void> {
    const { node } = peer
    for (const query of await tx.find(queries, { peer: node, denied: true }, { orderBy: 'id' }))
      if (!denied.has(query.id)) await this.answers.queried(tx, peer, query)
    for (const caseId of await this.cases.openAsHost(tx, node)) await this.answers.opened(tx, node, caseId)
  }

  private async hadAsked(
    tx: Transaction,
    home: NodeId,
    { id: query, body: { tag, name, arrivedOn } }: FactRecord<'identity.queried'>,
  ): Promise<void> {
    const arrival = await this.arrivalOf(tx, home, tag, { name, arrivedOn: arrivedOn ?? null })
    if (!(await tx.get(asked, { id: query })))
      await tx.insert(asked, [{ id: query, peer: home, arrival: arrival.id }])
    await tx.update(arrivals, { id: arrival.id }, { state: 'asked', query, caseId: null })
  }

  private async wasQueried(
    tx: Transaction,
    peer: NodeId,
    { id, body: { tag, name } }: FactRecord<'identity.queried'>,
  ): Promise<void> {
    if (await tx.get(queries, { id })) return
    // Until our own word on it is there it counts as denied: the member may be unknown here again.
    await tx.insert(queries, [{ id, peer, tag, name, denied: true, askedMs: this.clock.nowMs() }])
  }

  private async hadAnswered(tx: Transaction, id: Uuid, denied: boolean): Promise<void> {
    if (await tx.get(queries, { id })) await tx.update(queries, { id }, { denied })
  }

  private async hadHeard(tx: Transaction, query: Uuid, state: 'known' | 'denied'): Promise<void> {
    const [arrival] = await tx.find(arrivals, { query })
    if (arrival?.state === 'asked' || (arrival?.state === 'denied' && state === 'known'))
      await tx.update(arrivals, { id: arrival.id }, { state })
  }

  /** To our own row of the person: the roster's, or the arrivals register's. */
  private async link(tx: Transaction, peer: Peer, subject: Case): Promise<Case> {
    const { row, host } = subject
    if (row.side === 'home') {
      const member = row.member === null ? await this.members.byTag(tx, peer.node, row.tag) : undefined
      return member ? this.cases.linkOne(tx, subject, member) : subject
    }
    if (host.person === null || row.tag === '') return subject
    const { name, category = null, phone = null } = host.person
    const { arrivedOn, employer } = host
    const said = { name, category, phone, arrivedOn, employer }
    const arrival = await this.arrivalOf(tx, peer.node, row.tag, said)
    const present = host.state === 'arrived' || host.state === 'placed'
    if (present || arrival.state !== 'asked')
      await tx.update(arrivals, { id: arrival.id }, { state: 'known', caseId: row.id })
    return this.cases.link(tx, subject, arrival)
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
