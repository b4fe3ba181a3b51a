/**
 * The case book: rows of `cases` with both sides' facts, changed only by records, ours as we write them and the
 * peer's as the inbox applies them, through the same pure steps.
 */
import {
  caseView,
  isHomeEvent,
  isHostEvent,
  noHomeFacts,
  noHostFacts,
  stepHome,
  stepHost,
  type FactRecord,
  type HomeEvent,
  type HomeFacts,
  type HostEvent,
  type HostFacts,
  type NodeId,
  type RecordCode,
  type Side,
  type Uuid,
} from '../../protocol/index.ts'
import { DomainError } from '../errors.ts'
import { applied, refused, type Applied } from '../federation/handlers.ts'
import { type Draft, type Outbox } from '../federation/outbox.ts'
import { type Clock, type Ids } from '../platform.ts'
import { type Reader, type Row, type Transaction } from '../store/port.ts'
import { cases } from './tables.ts'

export type CaseRow = Row<typeof cases>
export interface Case {
  readonly row: CaseRow
  readonly home: HomeFacts
  readonly host: HostFacts
}

/** Rows are values: what was read of one once holds for ever, and a batch reads the same few cases again and again. */
const read = new WeakMap<CaseRow, Case>()

export function readCase(row: CaseRow): Case {
  let subject = read.get(row)
  if (!subject) {
    subject = {
      row,
      home: JSON.parse(row.homeFacts) as HomeFacts,
      host: JSON.parse(row.hostFacts) as HostFacts,
    }
    read.set(row, subject)
  }
  return subject
}

export class Cases {
  private readonly outbox: Outbox
  private readonly clock: Clock
  private readonly ids: Ids

  constructor(parts: { outbox: Outbox; clock: Clock; ids: Ids }) {
    this.outbox = parts.outbox
    this.clock = parts.clock
    this.ids = parts.ids
  }

  async get(reader: Reader, id: Uuid): Promise<Case | undefined> {
    const row = await reader.get(cases, { id })
    return row && readCase(row)
  }

  /** Reads cases at once; those that are read one by one later in this transaction come from memory. */
  async getMany(reader: Reader, ids: readonly Uuid[]): Promise<Case[]> {
    const rows = await reader.getMany(
      cases,
      ids.map((id) => ({ id })),
    )
    return rows.filter((row) => row !== undefined).map(readCase)
  }

  async openFor(reader: Reader, peer: NodeId, side: Side, tag: string): Promise<Case | undefined> {
    const [row] = await reader.find(cases, { peer, side, tag, open: true })
    return row && readCase(row)
  }

  /** All cases of a person with a peer, open or not. */
  async ofPerson(reader: Reader, peer: NodeId, side: Side, tag: string): Promise<Case[]> {
    return (await reader.find(cases, { peer, side, tag })).map(readCase)
  }

  async openOfMember(reader: Reader, member: Uuid): Promise<Case[]> {
    return (await reader.find(cases, { member, open: true })).map(readCase)
  }

  /** All stays of a member of ours, the newest first. */
  async ofMember(reader: Reader, member: Uuid): Promise<Case[]> {
    const rows = await reader.find(cases, { member }, { orderBy: 'id', descending: true })
    return rows.map(readCase)
  }

  /** Home mints a case; it is written with its first record, by `say`. */
  mint(peer: NodeId, tag: string, member: { id: Uuid; branch: Uuid | null }): Case {
    return this.fresh(this.ids.next(), peer, 'home', tag, member.id, member.branch)
  }

  /**
   * Writes one of our own records on a case and folds it into our side's facts. Throws DomainError with the record's
   * code when our own facts do not allow it. The caller holds the pair lock.
   */
  async say(tx: Transaction, subject: Case, draft: Draft<HomeEvent | HostEvent>): Promise<Case> {
    const record = this.outbox.draft(draft)
    const next = fold(subject, record, subject.row.side as Side)
    if ('code' in next) throw new DomainError(next.code)
    await this.outbox.write(tx, subject.row.peer, [record])
    return this.keep(tx, next.next)
  }

  /** Folds a record of the peer into its side's facts. */
  async hear(
    tx: Transaction,
    peer: NodeId,
    record: FactRecord<HomeEvent | HostEvent>,
  ): Promise<Applied & { next?: Case }> {
    const subject = await this.get(tx, record.case ?? '')
    if (subject?.row.peer !== peer) return refused('case_unknown')
    const theirSide = subject.row.side === 'home' ? 'host' : 'home'
    const next = fold(subject, record, theirSide)
    if ('code' in next) return refused(next.code)
    return { ...applied, next: await this.keep(tx, next.next) }
  }

  /** May the peer report activities on this case now? Reports change no facts, so nothing is written here. */
  async mayReport(
    reader: Reader,
    peer: NodeId,
    record: FactRecord<'activity.recorded' | 'activity.corrected'>,
  ): Promise<{ subject: Case; side: Side } | { code: RecordCode }> {
    const subject = await this.get(reader, record.case ?? '')
    if (subject?.row.peer !== peer) return { code: 'case_unknown' }
    const side = subject.row.side === 'home' ? 'host' : 'home'
    const code = reportFault(subject, record, side)
    return code === undefined ? { subject, side } : { code }
  }

  /** Why we may not write this report on our own side of the case; undefined when we may. */
  mayWrite(
    subject: Case,
    record: FactRecord<'activity.recorded' | 'activity.corrected'>,
  ): RecordCode | undefined {
    return reportFault(subject, record, subject.row.side as Side)
  }

  /** A case that home opens towards us with this record. Refused when it would be a second open one of the person. */
  async hearOpening(
    tx: Transaction,
    peer: NodeId,
    record: FactRecord<'identity.asserted' | 'flow.published'>,
  ): Promise<Applied & { next?: Case }> {
    const { tag } = record.body
    const known = await this.get(tx, record.case ?? '')
    if (known && known.row.peer !== peer) return refused('case_unknown')
    if (known) return known.row.tag === tag ? this.hear(tx, peer, record) : refused('tag_taken')
    if (await this.openFor(tx, peer, 'host', tag)) return refused('case_exists')
    const next = fold(this.fresh(record.case ?? '', peer, 'host', tag, null), record, 'home')
    if ('code' in next) return refused(next.code)
    return { ...applied, next: await this.keep(tx, next.next) }
  }

  /** A case we had opened and lost; its first record follows. */
  async open(tx: Transaction, id: Uuid, peer: NodeId, tag: string, member: Uuid | null): Promise<void> {
    await tx.insert(cases, [this.fresh(id, peer, 'home', tag, member).row])
  }

  /** A case of which nothing came back but that home had erased it: closed, and nobody's. */
  async openErased(tx: Transaction, peer: NodeId, id: Uuid, home: NodeId): Promise<void> {
    const fresh = this.fresh(id, peer, home === peer ? 'host' : 'home', '', null)
    await this.keep(tx, { ...fresh, home: { ...fresh.home, state: 'closed' } })
  }

  /** Folds again a record that was applied before a loss, ours or the peer's. Refused while its case is not there. */
  async replay(
    tx: Transaction,
    peer: NodeId,
    record: FactRecord,
    ours: boolean,
  ): Promise<Applied & { next?: Case }> {
    const subject = await this.get(tx, record.case ?? '')
    if (subject?.row.peer !== peer) return refused('case_unknown')
    const next = fold(subject, record, sideOf(subject, ours))
    if ('code' in next) return refused(next.code)
    return { ...applied, next: await this.keep(tx, next.next) }
  }

  /** Takes back all that our side says of a case, to fold it anew. */
  async unsay(tx: Transaction, peer: NodeId, id: Uuid): Promise<Side | undefined> {
    const subject = await this.get(tx, id)
    if (subject?.row.peer !== peer) return undefined
    const side = sideOf(subject, true)
    await this.keep(tx, { ...subject, ...(side === 'home' ? { home: noHomeFacts } : { host: noHostFacts }) })
    // Until it is opened again another case of the person may be the open one.
    if (side === 'home') await tx.update(cases, { id }, { open: false })
    return side
  }

  /** Removes a case of ours that was taken back and could not be opened again. */
  async prune(tx: Transaction, id: Uuid): Promise<void> {
    const subject = await this.get(tx, id)
    if (subject?.row.side === 'home' && subject.home.state === 'unknown') await tx.remove(cases, { id })
  }

  /** Forgets what one side of a closed case has said; that home closed it stays. */
  async forget(tx: Transaction, peer: NodeId, id: Uuid, ours: boolean): Promise<Applied & { side?: Side }> {
    const subject = await this.get(tx, id)
    if (subject?.row.peer !== peer) return refused('case_unknown')
    if (subject.home.state !== 'closed') return refused('case_open')
    const side = sideOf(subject, ours)
    const { state } = subject.home
    await this.keep(tx, {
      ...subject,
      ...(side === 'home' ? { home: { ...noHomeFacts, state } } : { host: noHostFacts }),
      ...(ours && side === 'home' ? { row: { ...subject.row, registerPhone: null } } : {}),
    })
    return { ...applied, side }
  }

  /** Keeps the phone the register gave with this stay; undefined when it gave none. */
  async withRegisterPhone(tx: Transaction, subject: Case, phone: string | undefined): Promise<Case> {
    const registerPhone = phone ?? null
    if (subject.row.registerPhone === registerPhone) return subject
    if (await tx.get(cases, { id: subject.row.id }))
      await tx.update(cases, { id: subject.row.id }, { registerPhone })
    return { ...subject, row: { ...subject.row, registerPhone } }
  }

  /** The roster knows the member of a case that came back without him. A phone it does not know was the register's. */
  async linkMember(
    tx: Transaction,
    peer: NodeId,
    tag: string,
    member: { id: Uuid; phone: string | null; branch: Uuid | null },
  ): Promise<void> {
    for (const { row, home } of await this.ofPerson(tx, peer, 'home', tag)) {
      if (row.member !== null) continue
      const phone = home.person?.phone ?? null
      const registerPhone = phone === member.phone ? null : phone
      const change = { member: member.id, registerPhone, organisation: member.branch }
      await tx.update(cases, { id: row.id }, change)
    }
  }

  /** The case belongs to this arrival, and until its person is placed to the branch he reported to. */
  async link(tx: Transaction, subject: Case, arrival: { id: Uuid; branch: Uuid | null }): Promise<Case> {
    const organisation = subject.host.branch?.id ?? arrival.branch
    const change = { arrival: arrival.id, organisation }
    if (subject.row.arrival === arrival.id && subject.row.organisation === organisation) return subject
    await tx.update(cases, { id: subject.row.id }, change)
    return { ...subject, row: { ...subject.row, ...change } }
  }

  /** The member belongs to another branch now, and so does his open case. */
  async follow(tx: Transaction, subject: Case, branch: Uuid | null): Promise<void> {
    if (subject.row.organisation === branch) return
    await tx.update(cases, { id: subject.row.id }, { organisation: branch })
  }

  private fresh(
    id: Uuid,
    peer: NodeId,
    side: Side,
    tag: string,
    member: Uuid | null,
    organisation: Uuid | null = null,
  ): Case {
    const facts = { homeFacts: JSON.stringify(noHomeFacts), hostFacts: JSON.stringify(noHostFacts) }
    return readCase({
      id,
      peer,
      side,
      tag,
      member,
      arrival: null,
      registerPhone: null,
      open: true,
      ...facts,
      name: '',
      meaning: 'pending',
      organisation,
      changedMs: 0,
    })
  }

  private async keep(tx: Transaction, subject: Case): Promise<Case> {
    const { home, host } = subject
    const placedIn = subject.row.side === 'host' ? host.branch?.id : undefined
    const changes = {
      open: home.state !== 'closed',
      name: home.person?.name ?? host.person?.name ?? '',
      meaning: caseView(home, host).meaning,
      organisation: placedIn ?? subject.row.organisation,
      homeFacts: JSON.stringify(home),
      hostFacts: JSON.stringify(host),
      registerPhone: subject.row.registerPhone,
      changedMs: this.clock.nowMs(),
    }
    const row = { ...subject.row, ...changes }
    if (await tx.get(cases, { id: row.id })) await tx.update(cases, { id: row.id }, changes)
    else await tx.insert(cases, [row])
    return { row, home, host }
  }
}

function sideOf({ row }: Case, ours: boolean): Side {
  return ours === (row.side === 'home') ? 'home' : 'host'
}

/** Home may report on any case it has opened; host once the person has arrived, by the table of its states. */
function reportFault(
  subject: Case,
  record: FactRecord<'activity.recorded' | 'activity.corrected'>,
  side: Side,
): RecordCode | undefined {
  if (side === 'home') return subject.home.state === 'unknown' ? 'not_published' : undefined
  const step = stepHost(subject.host, record)
  return step.ok ? undefined : step.code
}

/** The case after a record of one side; the code when that side may not write it, or not now. */
function fold(subject: Case, record: FactRecord, side: Side): { next: Case } | { code: RecordCode } {
  if (side === 'home' && isHomeEvent(record)) {
    const step = stepHome(subject.home, record)
    return step.ok ? { next: { ...subject, home: step.facts } } : { code: step.code }
  }
  if (side === 'host' && isHostEvent(record)) {
    const step = stepHost(subject.host, record)
    return step.ok ? { next: { ...subject, host: step.facts } } : { code: step.code }
  }
  return { code: 'not_your_record' }
}
