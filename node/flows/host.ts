/**
 * Flows as host: who has reported here, confirming them against home's word, placing, moving and letting go.
 *
 * A person is confirmed as soon as both are there: the row of our arrivals register and home's case. Whichever comes
 * second, the confirmation (grade and deviations) goes out in the same transaction. Without a case, home is asked.
 */
import {
  canonicalJson,
  deviationsOf,
  matchGradeOf,
  type BodyOf,
  type Branch,
  type Category,
  type DeviationField,
  type FactRecord,
  type NodeId,
  type Person,
  type Uuid,
} from '../../protocol/index.ts'
import { DomainError } from '../errors.ts'
import { applied, refused, type Applied } from '../federation/handlers.ts'
import { type Outbox } from '../federation/outbox.ts'
import { type Peer, type Peers } from '../federation/peers.ts'
import { type Organisations } from '../organisations/index.ts'
import { type Clock, type Ids } from '../platform.ts'
import { type Reader, type Row, type Transaction } from '../store/port.ts'
import { type Vault } from '../vault.ts'
import { adopted } from './adopting.ts'
import { type Case, type Cases } from './cases.ts'
import { isStandIn } from './retelling.ts'
import { arrivals, asked } from './tables.ts'

export type Arrival = Row<typeof arrivals>

/** One row of the arrivals register. */
export interface ArrivalEntry {
  readonly idNumber: string
  readonly home: NodeId
  readonly name: string
  readonly category?: Category | undefined
  readonly phone?: string | undefined
  readonly arrivedOn?: string | undefined
  readonly branch?: string | undefined
  readonly employer?: string | undefined
}
export type ArrivalResult = 'added' | 'changed' | 'unchanged'

/** Called, in the same transaction, when an arrival is confirmed on a case: what waited for it can go out. */
export type ArrivalConfirmed = (tx: Transaction, subject: Case, arrival: Arrival) => Promise<void>

export class HostFlows {
  private readonly cases: Cases
  private readonly peers: Peers
  private readonly outbox: Outbox
  private readonly organisations: Organisations
  private readonly vault: Vault
  private readonly clock: Clock
  private readonly ids: Ids
  private readonly confirmed: ArrivalConfirmed

  constructor(parts: {
    cases: Cases
    peers: Peers
    outbox: Outbox
    organisations: Organisations
    vault: Vault
    clock: Clock
    ids: Ids
    confirmed: ArrivalConfirmed
  }) {
    this.cases = parts.cases
    this.peers = parts.peers
    this.outbox = parts.outbox
    this.organisations = parts.organisations
    this.vault = parts.vault
    this.clock = parts.clock
    this.ids = parts.ids
    this.confirmed = parts.confirmed
  }

  /** Takes in rows of the arrivals register. The caller holds the pair locks of all homes named. */
  async register(tx: Transaction, entries: readonly ArrivalEntry[]): Promise<ArrivalResult[]> {
    const results: ArrivalResult[] = []
    for (const entry of entries) {
      const { arrival, result, moved } = await this.keepArrival(tx, entry)
      const peer = await this.peers.get(tx, entry.home)
      if (peer) await this.meet(tx, peer, arrival, entry.idNumber, moved)
      results.push(result)
    }
    return results
  }

  /** A new agreement: arrivals from that region that waited for one can now be matched or asked for. */
  async agreed(tx: Transaction, peer: Peer): Promise<void> {
    for (const arrival of await tx.find(arrivals, { home: peer.node, state: 'waiting' }))
      await this.meet(tx, peer, arrival, this.vault.open(arrivalPlace(arrival.id), arrival.idSealed))
  }

  /** `identity.asserted` and `flow.published`: home's case of a person, perhaps one who is here already. */
  async opened(
    tx: Transaction,
    peer: Peer,
    record: FactRecord<'identity.asserted' | 'flow.published'>,
  ): Promise<Applied> {
    const heard = await this.cases.hearOpening(tx, peer.node, record)
    if (!heard.next) return heard
    const [arrival] = await tx.find(arrivals, { home: peer.node, tag: record.body.tag })
    if (arrival && isHere(await this.lastStay(tx, arrival), arrival))
      await this.confirm(tx, heard.next, arrival)
    return applied
  }

  /** Home's other records: our confirmation is stated anew when its deviations have changed. */
  async amended(
    tx: Transaction,
    peer: Peer,
    record: FactRecord<'flow.amended' | 'flow.returned' | 'flow.closed' | 'notice.sent'>,
  ): Promise<Applied> {
    const heard = await this.cases.hear(tx, peer.node, record)
    if (!heard.next || record.type !== 'flow.amended') return heard
    const arrival =
      heard.next.row.arrival === null ? undefined : await tx.get(arrivals, { id: heard.next.row.arrival })
    if (arrival && heard.next.host.state !== 'departed') await this.confirm(tx, heard.next, arrival)
    return applied
  }

  /** Home has spoken of this case and our answer may have been lost: what is not said yet is said. */
  async answerLost(tx: Transaction, peer: NodeId, caseId: Uuid): Promise<void> {
    const subject = await this.cases.get(tx, caseId)
    if (subject?.row.side !== 'host' || !subject.row.open) return
    const [arrival] = await tx.find(arrivals, { home: peer, tag: subject.row.tag })
    if (!arrival || isStandIn(arrival)) return
    if (subject.row.arrival === arrival.id && subject.host.state === 'departed') return
    if (isHere(await this.lastStay(tx, arrival), arrival)) await this.confirm(tx, subject, arrival)
  }

  async denied(tx: Transaction, peer: Peer, record: FactRecord<'identity.denied'>): Promise<Applied> {
    const { query } = record.body
    const question = await tx.get(asked, { id: query })
    if (question?.peer !== peer.node) return refused('query_unknown')
    const arrival = await tx.get(arrivals, { id: question.arrival })
    // A person may have been asked for again since: the answer to the last question counts.
    if (arrival?.state === 'asked' && arrival.query === query)
      await this.patch(tx, arrival, { state: 'denied' })
    return applied
  }

  async place(tx: Transaction, subject: Case, branchName: string, on?: string): Promise<Case> {
    const branch = await this.branchOf(tx, branchName)
    const type = subject.host.state === 'placed' ? 'flow.relocated' : 'flow.placed'
    return this.cases.say(tx, subject, {
      type,
      case: subject.row.id,
      body: { branch, ...(on === undefined ? {} : { on }) },
    })
  }

  async depart(tx: Transaction, subject: Case, body: BodyOf<'flow.departed'>): Promise<Case> {
    return this.cases.say(tx, subject, { type: 'flow.departed', case: subject.row.id, body })
  }

  async dispute(tx: Transaction, subject: Case, body: BodyOf<'flow.disputed'>): Promise<Case> {
    return this.cases.say(tx, subject, { type: 'flow.disputed', case: subject.row.id, body })
  }

  /** Takes home's word for what deviates: our arrivals register is corrected, and our confirmation said anew. */
  async adopt(tx: Transaction, subject: Case, fields: readonly DeviationField[]): Promise<Case> {
    const theirs = adopted(subject.host, 'home', fields)
    const { arrival } = subject.row
    const kept = arrival === null ? undefined : await tx.get(arrivals, { id: arrival })
    if (!kept) throw new DomainError('arrival_not_found')
    await this.confirm(tx, subject, await this.patch(tx, kept, theirs))
    return (await this.cases.get(tx, subject.row.id)) ?? subject
  }

  async anyOf(reader: Reader, branch: Uuid): Promise<boolean> {
    return (await reader.find(arrivals, { branch }, { limit: 1 })).length > 0
  }

  /** The branch they reported to has become part of another. The caller holds all pair locks. */
  async moveAll(tx: Transaction, from: Uuid, to: Uuid): Promise<void> {
    for (const arrival of await tx.find(arrivals, { branch: from }))
      await this.patch(tx, arrival, { branch: to })
  }

  async arrival(reader: Reader, id: Uuid): Promise<Arrival | undefined> {
    return reader.get(arrivals, { id })
  }

  /** Undefined for somebody who came back from a peer's copies without his number. */
  idNumberOf(arrival: Arrival): string | undefined {
    return isStandIn(arrival) ? undefined : this.vault.open(arrivalPlace(arrival.id), arrival.idSealed)
  }

  async byTokens(reader: Reader, tokens: readonly string[]): Promise<Map<string, Arrival[]>> {
    const found = await reader.findIn(arrivals, 'idToken', tokens)
    const groups = new Map<string, Arrival[]>()
    for (const arrival of found)
      groups.set(arrival.idToken, [...(groups.get(arrival.idToken) ?? []), arrival])
    return groups
  }

  /** Queries to that home whose last answer is a denial. */
  async deniedQueries(reader: Reader, home: NodeId): Promise<Uuid[]> {
    return (await this.deniedNames(reader, home)).map(([id]) => id).sort()
  }

  /** The same with the name in our arrivals register. */
  async deniedNames(reader: Reader, home: NodeId): Promise<(readonly [Uuid, string])[]> {
    const denied = await reader.find(arrivals, { home, state: 'denied' })
    return denied.flatMap(({ query, name }) => (query === null ? [] : [[query, name] as const]))
  }

  /** Confirms the person on the open case, or asks home once. */
  private async meet(
    tx: Transaction,
    peer: Peer,
    arrival: Arrival,
    idNumber: string,
    moved = false,
  ): Promise<void> {
    const tag = this.peers.tag(peer, idNumber)
    const known = arrival.tag === tag ? arrival : await this.patch(tx, arrival, { tag })
    const open = await this.cases.openFor(tx, peer.node, 'host', tag)
    const last = await this.lastStay(tx, known)
    if (open) return isHere(last, known) ? this.confirm(tx, open, known, moved) : undefined
    const anew = known.state === 'known' && last !== undefined && reportedSince(last, known)
    if (known.state !== 'waiting' && !anew) return
    const about = known.arrivedOn === null ? {} : { arrivedOn: known.arrivedOn }
    const query = this.outbox.draft({
      type: 'identity.queried',
      case: null,
      body: { tag, name: known.name, ...about },
    })
    await this.outbox.write(tx, peer.node, [query])
    await tx.insert(asked, [{ id: query.id, peer: peer.node, arrival: known.id }])
    await this.patch(tx, known, { state: 'asked', query: query.id, caseId: null })
  }

  /** The case on which this arrival was confirmed the last time. */
  private async lastStay(tx: Transaction, arrival: Arrival): Promise<Case | undefined> {
    return arrival.caseId === null ? undefined : this.cases.get(tx, arrival.caseId)
  }

  /**
   * Says what we hold of the person on this case, as far as it is not said already. Once placed, it is the officer who
   * moves him; the register does so only when its own word has changed (`moved`).
   */
  private async confirm(tx: Transaction, subject: Case, arrival: Arrival, moved = false): Promise<void> {
    const linked = await this.cases.link(tx, subject, arrival)
    const body = arrivedBody(linked, arrival)
    const news =
      linked.host.state === 'none' || linked.host.state === 'departed' || !alreadySaid(linked, body)
    const here = news
      ? await this.cases.say(tx, linked, { type: 'flow.arrived', case: linked.row.id, body })
      : linked
    if (arrival.branch !== null && (moved || here.host.branch === null))
      await this.placeArrival(tx, here, arrival)
    const known = await this.patch(tx, arrival, { state: 'known', caseId: subject.row.id })
    await this.confirmed(tx, here, known)
  }

  private async placeArrival(tx: Transaction, subject: Case, arrival: Arrival): Promise<void> {
    const organisation = await this.organisations.get(tx, arrival.branch ?? '')
    if (organisation && subject.host.branch?.id !== organisation.id)
      await this.place(tx, subject, organisation.name, arrival.arrivedOn ?? undefined)
  }

  private async keepArrival(
    tx: Transaction,
    entry: ArrivalEntry,
  ): Promise<{ arrival: Arrival; result: ArrivalResult; moved: boolean }> {
    const idToken = this.vault.token('id-number', entry.idNumber)
    const before = await this.keptArrival(tx, entry, idToken)
    const branch =
      entry.branch === undefined ? null : (await this.organisations.branchNamed(tx, entry.branch)).id
    const fields = {
      name: entry.name,
      category: entry.category ?? null,
      phone: entry.phone ?? null,
      arrivedOn: entry.arrivedOn ?? null,
      branch,
      employer: entry.employer ?? null,
    }
    if (before && isStandIn(before)) {
      const sealed = this.vault.seal(arrivalPlace(before.id), entry.idNumber)
      const arrival = await this.patch(tx, before, { ...fields, idToken, idSealed: sealed })
      return { arrival, result: 'added', moved: false }
    }
    if (before) {
      const named = Object.entries(fields).filter(
        ([field, value]) => value !== null && before[field as keyof Arrival] !== value,
      )
      if (named.length === 0) return { arrival: before, result: 'unchanged', moved: false }
      const arrival = await this.patch(tx, before, Object.fromEntries(named))
      return { arrival, result: 'changed', moved: arrival.branch !== before.branch }
    }
    const id = this.ids.next()
    const person = {
      id,
      home: entry.home,
      idToken,
      idSealed: this.vault.seal(arrivalPlace(id), entry.idNumber),
      ...fields,
    }
    const arrival = {
      ...person,
      tag: null,
      state: 'waiting',
      query: null,
      caseId: null,
      changedMs: this.clock.nowMs(),
    }
    await tx.insert(arrivals, [arrival])
    return { arrival, result: 'added', moved: false }
  }

  /** The row of this person: by the number, or what came back of him from his home's copies without one. */
  private async keptArrival(
    tx: Transaction,
    entry: ArrivalEntry,
    idToken: string,
  ): Promise<Arrival | undefined> {
    const [arrival] = await tx.find(arrivals, { home: entry.home, idToken })
    if (arrival) return arrival
    const peer = await this.peers.get(tx, entry.home)
    const tag = peer && this.peers.tag(peer, entry.idNumber)
    const [standIn] = tag === undefined ? [] : await tx.find(arrivals, { home: entry.home, tag })
    return standIn && isStandIn(standIn) ? standIn : undefined
  }

  private async patch(tx: Transaction, arrival: Arrival, change: Partial<Arrival>): Promise<Arrival> {
    const patch = { ...change, changedMs: this.clock.nowMs() }
    await tx.update(arrivals, { id: arrival.id }, patch)
    return { ...arrival, ...patch }
  }

  private async branchOf(tx: Transaction, name: string): Promise<Branch> {
    const trimmed = name.trim()
    if (trimmed === '') throw new DomainError('branch_not_found')
    const { id, name: known } = await this.organisations.branchNamed(tx, trimmed)
    return { id, name: known }
  }
}

function arrivedBody(subject: Case, arrival: Arrival): BodyOf<'flow.arrived'> {
  const person: Person = {
    name: arrival.name,
    ...(arrival.category === 'full' || arrival.category === 'probationary'
      ? { category: arrival.category }
      : {}),
    ...(arrival.phone === null ? {} : { phone: arrival.phone }),
  }
  const home = subject.home.person ?? person
  return {
    person,
    match: matchGradeOf(home, person),
    deviations: deviationsOf(home, person),
    ...(arrival.arrivedOn === null ? {} : { arrivedOn: arrival.arrivedOn }),
    ...(arrival.employer === null ? {} : { employer: arrival.employer }),
  }
}

function alreadySaid(subject: Case, body: BodyOf<'flow.arrived'>): boolean {
  const { person, match, deviations, arrivedOn, employer } = subject.host
  const said = { person, match, deviations, arrivedOn, employer }
  return (
    canonicalJson(said) ===
    canonicalJson({ ...body, arrivedOn: body.arrivedOn ?? null, employer: body.employer ?? null })
  )
}

/** Somebody who departed is here again only if the register says so with a later day; an old register says nothing new. */
function isHere(last: Case | undefined, arrival: Arrival): boolean {
  return last?.host.state !== 'departed' || reportedSince(last, arrival)
}

function reportedSince({ host }: Case, arrival: Arrival): boolean {
  return (arrival.arrivedOn ?? '') > (host.departedOn ?? host.arrivedOn ?? '')
}

function arrivalPlace(id: Uuid): string {
  return `arrivals:id_sealed:${id}`
}
