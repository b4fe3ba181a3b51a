/**
 * Flows as home: publishing outflows, answering who is ours, amending, return and closing. Only home mints cases, so
 * whatever comes first (a register row or a host's query), both end in the one open case of that member and host.
 */
import {
  canonicalJson,
  type BodyOf,
  type DeviationField,
  type FactRecord,
  type NodeId,
  type Outflow,
  type Person,
  type Uuid,
} from '../../protocol/index.ts'
import { DomainError } from '../errors.ts'
import { applied, refused, type Applied } from '../federation/handlers.ts'
import { type Outbox } from '../federation/outbox.ts'
import { type Peer, type Peers } from '../federation/peers.ts'
import { type Member, type Members } from '../members/index.ts'
import { type Clock, type Ids } from '../platform.ts'
import { type Reader, type Row, type Transaction } from '../store/port.ts'
import { type Vault } from '../vault.ts'
import { adopted } from './adopting.ts'
import { type Case, type Cases } from './cases.ts'
import { type Query } from './retelling.ts'
import { queries, waitingOutflows } from './tables.ts'

/** One row of the outflow register: who, to which peer, and what is known of the stay. */
export interface OutflowEntry {
  readonly idNumber: string
  readonly host: NodeId
  readonly phone?: string | undefined
  readonly outflow: Outflow
}
export type OutflowResult = 'published' | 'amended' | 'unchanged' | 'waiting'

type SealedOutflow = Pick<OutflowEntry, 'phone' | 'outflow'>

export class HomeFlows {
  private readonly cases: Cases
  private readonly members: Members
  private readonly peers: Peers
  private readonly outbox: Outbox
  private readonly vault: Vault
  private readonly clock: Clock
  private readonly ids: Ids

  constructor(parts: {
    cases: Cases
    members: Members
    peers: Peers
    outbox: Outbox
    vault: Vault
    clock: Clock
    ids: Ids
  }) {
    this.cases = parts.cases
    this.members = parts.members
    this.peers = parts.peers
    this.outbox = parts.outbox
    this.vault = parts.vault
    this.clock = parts.clock
    this.ids = parts.ids
  }

  /**
   * Takes in rows of the outflow register. A row whose member is not on the roster waits, sealed, and is published by
   * itself when he is. Throws `agreement_needed` when a host is no peer. The caller holds the pair locks of all hosts.
   */
  async register(tx: Transaction, entries: readonly OutflowEntry[]): Promise<OutflowResult[]> {
    const tokens = entries.map(({ idNumber }) => this.members.idToken(idNumber))
    const known = await this.members.byTokens(tx, tokens)
    const results: OutflowResult[] = []
    for (const [i, entry] of entries.entries()) {
      const token = tokens[i] ?? ''
      const member = known.get(token)
      results.push(member ? await this.publish(tx, member, entry) : await this.wait(tx, token, entry))
    }
    return results
  }

  /** What follows from members that have become known or changed: waiting outflows, denied queries, open cases. */
  async membersKnown(tx: Transaction, members: readonly Member[]): Promise<void> {
    const waiting = await tx.findIn(
      waitingOutflows,
      'idToken',
      members.map(({ idToken }) => idToken),
    )
    const peers = await this.peers.all(tx)
    for (const member of members) {
      for (const row of waiting.filter(({ idToken }) => idToken === member.idToken))
        await this.publishWaiting(tx, member, row)
      for (const peer of peers) {
        await this.cases.linkMember(tx, peer.node, this.members.tagOf(peer, member), member)
        await this.answerDenied(tx, peer, member)
      }
      await this.amendPerson(tx, member)
    }
  }

  /** `identity.queried`: assert with the open case of that member and host, or open one; else deny, and remember. */
  async queried(tx: Transaction, peer: Peer, record: FactRecord<'identity.queried'>): Promise<Applied> {
    const { tag, name } = record.body
    if (await tx.get(queries, { id: record.id })) return refused('record_repeated')
    const member = await this.members.byTag(tx, peer.node, tag)
    await tx.insert(queries, [
      { id: record.id, peer: peer.node, tag, name, denied: !member, askedMs: this.clock.nowMs() },
    ])
    if (member) await this.assert(tx, peer, member, record.id)
    else await this.outbox.write(tx, peer.node, [this.denial(record.id)])
    return applied
  }

  /** A query that was taken and whose answer was lost. */
  async answerLost(tx: Transaction, peer: Peer, { id, tag }: Query): Promise<void> {
    const member = await this.members.byTag(tx, peer.node, tag)
    if (!member) return this.outbox.write(tx, peer.node, [this.denial(id)])
    await tx.update(queries, { id }, { denied: false })
    await this.assert(tx, peer, member, id)
  }

  async amend(tx: Transaction, subject: Case, body: BodyOf<'flow.amended'>): Promise<Case> {
    return this.cases.say(tx, subject, { type: 'flow.amended', case: subject.row.id, body })
  }

  /**
   * Takes host's word for what deviates: the roster is corrected, and with it every open case of the member. The caller
   * holds `rosterLock` and the pair locks of all peers.
   */
  async adopt(tx: Transaction, subject: Case, fields: readonly DeviationField[]): Promise<Case> {
    const theirs = adopted(subject.host, 'host', fields)
    const member = subject.row.member === null ? undefined : await this.members.get(tx, subject.row.member)
    const person = subject.home.person
    if (!member) return person ? this.amend(tx, subject, { person: { ...person, ...theirs } }) : subject
    if ('phone' in theirs) await this.cases.withRegisterPhone(tx, subject, undefined)
    const entry = { idNumber: this.members.idNumberOf(member), name: member.name, ...theirs }
    const enrolled = await this.members.enrol(tx, [entry])
    await this.membersKnown(
      tx,
      enrolled.map((each) => each.member),
    )
    return (await this.cases.get(tx, subject.row.id)) ?? subject
  }

  async registerReturn(tx: Transaction, subject: Case, body: BodyOf<'flow.returned'>): Promise<Case> {
    return this.cases.say(tx, subject, { type: 'flow.returned', case: subject.row.id, body })
  }

  async close(tx: Transaction, subject: Case, body: BodyOf<'flow.closed'>): Promise<Case> {
    return this.cases.say(tx, subject, { type: 'flow.closed', case: subject.row.id, body })
  }

  async notify(tx: Transaction, subject: Case, body: BodyOf<'notice.sent'>): Promise<Case> {
    return this.cases.say(tx, subject, { type: 'notice.sent', case: subject.row.id, body })
  }

  /** Which of these rows (`id token|host`) still wait for their member. */
  async stillWaiting(reader: Reader, refs: readonly string[]): Promise<Set<string>> {
    const tokens = refs.map((ref) => ref.split('|')[0] ?? '')
    const rows = await reader.findIn(waitingOutflows, 'idToken', tokens)
    return new Set(rows.map(({ idToken, peer }) => `${idToken}|${peer}`))
  }

  async deniedQueries(reader: Reader, peer: NodeId): Promise<Uuid[]> {
    return (await this.deniedNames(reader, peer)).map(([id]) => id)
  }

  /** Denied queries with the name under which host asked. */
  async deniedNames(reader: Reader, peer: NodeId): Promise<(readonly [Uuid, string])[]> {
    const denied = await reader.find(queries, { peer, denied: true }, { orderBy: 'id' })
    return denied.map(({ id, name }) => [id, name] as const)
  }

  private async publish(
    tx: Transaction,
    member: Member,
    entry: Omit<OutflowEntry, 'idNumber'>,
  ): Promise<OutflowResult> {
    const peer = await this.peerOf(tx, entry.host)
    const tag = this.members.tagOf(peer, member)
    const stays = await this.cases.ofPerson(tx, peer.node, 'home', tag)
    const open = stays.find(({ row }) => row.open)
    const person = personOf(member, entry.phone)
    if (open?.home.state === 'published') {
      const known = await this.cases.withRegisterPhone(tx, open, entry.phone)
      return this.republish(tx, known, person, entry.outflow)
    }
    const token = this.cases.outflowToken(entry.outflow)
    if (stays.some((stay) => stay.row.erasedOutflow === token || hasEnded(stay, entry.outflow)))
      return 'unchanged'
    const stay = open?.home.state === 'asserted' ? open : this.cases.mint(peer.node, tag, member)
    const subject = await this.cases.withRegisterPhone(tx, stay, entry.phone)
    if (open && stay !== open) await this.close(tx, open, { reason: 'returned' })
    const body = { tag, person, outflow: entry.outflow }
    await this.cases.say(tx, subject, { type: 'flow.published', case: subject.row.id, body })
    return 'published'
  }

  /** The register says it again: only what differs is worth a record. */
  private async republish(
    tx: Transaction,
    open: Case,
    person: Person,
    outflow: Outflow,
  ): Promise<OutflowResult> {
    const samePerson = canonicalJson(person) === canonicalJson(open.home.person)
    const sameOutflow = canonicalJson(outflow) === canonicalJson(open.home.outflow)
    if (samePerson && sameOutflow) return 'unchanged'
    await this.amend(tx, open, { ...(samePerson ? {} : { person }), ...(sameOutflow ? {} : { outflow }) })
    return 'amended'
  }

  private async wait(tx: Transaction, idToken: string, entry: OutflowEntry): Promise<OutflowResult> {
    await this.peerOf(tx, entry.host)
    const [before] = await tx.find(waitingOutflows, { idToken, peer: entry.host })
    const id = before?.id ?? this.ids.next()
    const held: SealedOutflow = { phone: entry.phone, outflow: entry.outflow }
    const sealed = this.vault.seal(waitingPlace(id), JSON.stringify(held))
    if (before) await tx.update(waitingOutflows, { id }, { sealed })
    else
      await tx.insert(waitingOutflows, [
        { id, peer: entry.host, idToken, sealed, sinceMs: this.clock.nowMs() },
      ])
    return 'waiting'
  }

  private async publishWaiting(
    tx: Transaction,
    member: Member,
    row: Row<typeof waitingOutflows>,
  ): Promise<void> {
    const held = JSON.parse(this.vault.open(waitingPlace(row.id), row.sealed)) as SealedOutflow
    await this.publish(tx, member, { host: row.peer, ...held })
    await tx.remove(waitingOutflows, { id: row.id })
  }

  private async answerDenied(tx: Transaction, peer: Peer, member: Member): Promise<void> {
    const tag = this.members.tagOf(peer, member)
    const denied = await tx.find(queries, { peer: peer.node, tag, denied: true }, { orderBy: 'id' })
    for (const { id } of denied) {
      await tx.update(queries, { id }, { denied: false })
      await this.assert(tx, peer, member, id)
    }
  }

  private async assert(tx: Transaction, peer: Peer, member: Member, query: Uuid): Promise<void> {
    const tag = this.members.tagOf(peer, member)
    const open = await this.cases.openFor(tx, peer.node, 'home', tag)
    const subject = open ?? this.cases.mint(peer.node, tag, member)
    const person = open?.home.state === 'published' && open.home.person ? open.home.person : personOf(member)
    await this.cases.say(tx, subject, {
      type: 'identity.asserted',
      case: subject.row.id,
      body: { query, tag, person },
    })
  }

  /** The roster was corrected: open cases follow. A phone given with the outflow stays, it is the newer one. */
  private async amendPerson(tx: Transaction, member: Member): Promise<void> {
    for (const open of await this.cases.openOfMember(tx, member.id)) {
      await this.cases.follow(tx, open, member.branch)
      if (open.home.state === 'returned') continue
      const person = personOf(member, open.row.registerPhone ?? undefined)
      if (canonicalJson(person) === canonicalJson(open.home.person)) continue
      if (open.home.state === 'published') await this.amend(tx, open, { person })
      else {
        const body = { query: null, tag: open.row.tag, person }
        await this.cases.say(tx, open, { type: 'identity.asserted', case: open.row.id, body })
      }
    }
  }

  private denial(query: Uuid): FactRecord<'identity.denied'> {
    return this.outbox.draft({ type: 'identity.denied', case: null, body: { query, reason: 'unknown' } })
  }

  private async peerOf(tx: Transaction, node: NodeId): Promise<Peer> {
    const peer = await this.peers.get(tx, node)
    if (!peer) throw new DomainError('agreement_needed', { region: node })
    return peer
  }
}

/**
 * Registers are cumulative: a row of a stay that has ended comes again with every import and says nothing new. A new
 * stay is another row, and one that began after the member had returned.
 */
function hasEnded({ home }: Case, outflow: Outflow): boolean {
  if (home.state !== 'returned' && home.state !== 'closed') return false
  if (canonicalJson(outflow) === canonicalJson(home.outflow)) return true
  if (outflow.leftOn === undefined || home.closed === 'published-in-error') return false
  return outflow.leftOn <= (home.returnedOn ?? home.outflow?.leftOn ?? '')
}

/** What home says of a person: name and category by the roster, the phone by the newer of register and roster. */
function personOf(member: Member, phone?: string): Person {
  const number = phone ?? member.phone ?? undefined
  return {
    name: member.name,
    ...(member.category === 'full' || member.category === 'probationary'
      ? { category: member.category }
      : {}),
    ...(number === undefined ? {} : { phone: number }),
  }
}

function waitingPlace(id: Uuid): string {
  return `waiting_outflows:sealed:${id}`
}
