/**
 * The case book: rows of `cases` with both sides' facts, changed only by records, ours as we write them and the
 * peer's as the inbox applies them, through the same pure steps.
 */
import {
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

export function readCase(row: CaseRow): Case {
  return { row, home: JSON.parse(row.homeFacts) as HomeFacts, host: JSON.parse(row.hostFacts) as HostFacts }
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

  /** Home mints a case; it is written with its first record, by `say`. */
  mint(peer: NodeId, tag: string, member: Uuid): Case {
    return this.fresh(this.ids.next(), peer, 'home', tag, member)
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

  /** Folds again a record that was applied before a loss, ours or the peer's. False while its case is not there. */
  async replay(tx: Transaction, peer: NodeId, record: FactRecord, ours: boolean): Promise<boolean> {
    const subject = await this.get(tx, record.case ?? '')
    if (subject?.row.peer !== peer) return false
    const side = ours === (subject.row.side === 'home') ? 'home' : 'host'
    const next = fold(subject, record, side)
    if ('code' in next) return false
    await this.keep(tx, next.next)
    return true
  }

  /** Forgets what one side of a closed case has said; that home closed it stays. */
  async forget(tx: Transaction, peer: NodeId, id: Uuid, ours: boolean): Promise<Applied & { side?: Side }> {
    const subject = await this.get(tx, id)
    if (subject?.row.peer !== peer) return refused('case_unknown')
    if (subject.home.state !== 'closed') return refused('case_open')
    const side = ours === (subject.row.side === 'home') ? 'home' : 'host'
    const { closed, state } = subject.home
    await this.keep(tx, {
      ...subject,
      ...(side === 'home' ? { home: { ...noHomeFacts, state, closed } } : { host: noHostFacts }),
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

  /** The roster knows the member of a case that came back without him. */
  async linkMember(tx: Transaction, peer: NodeId, tag: string, member: Uuid): Promise<void> {
    for (const { row } of await this.ofPerson(tx, peer, 'home', tag))
      if (row.member === null) await tx.update(cases, { id: row.id }, { member })
  }

  async link(tx: Transaction, subject: Case, arrival: Uuid): Promise<Case> {
    if (subject.row.arrival === arrival) return subject
    await tx.update(cases, { id: subject.row.id }, { arrival })
    return { ...subject, row: { ...subject.row, arrival } }
  }

  private fresh(id: Uuid, peer: NodeId, side: Side, tag: string, member: Uuid | null): Case {
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
      changedMs: 0,
    })
  }

  private async keep(tx: Transaction, subject: Case): Promise<Case> {
    const { home, host } = subject
    const changes = {
      open: home.state !== 'closed',
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
