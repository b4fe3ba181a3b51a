/**
 * The case book: rows of `cases` with both sides' facts, changed only by records, ours as we write them and the
 * peer's as the inbox applies them, through the same pure steps.
 */
import {
  canonicalJson,
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
  type Outflow,
  type RecordCode,
  type Side,
  type Uuid,
} from '../../protocol/index.ts'
import { DomainError } from '../errors.ts'
import { applied, refused, type Applied, type Retold, type Told, type Unfit } from '../federation/handlers.ts'
import { type Draft, type Outbox } from '../federation/outbox.ts'
import { type Clock, type Ids } from '../platform.ts'
import { type Reader, type Row, type Transaction } from '../store/port.ts'
import { type Vault } from '../vault.ts'
import { arrivals, cases } from './tables.ts'

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
  private readonly vault: Pick<Vault, 'token'>
  private readonly clock: Clock
  private readonly ids: Ids

  constructor(parts: { outbox: Outbox; clock: Clock; ids: Ids; vault: Pick<Vault, 'token'> }) {
    this.outbox = parts.outbox
    this.vault = parts.vault
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

  /** May the peer report these activities on their cases now? Reports change no facts, so nothing is written here. */
  async mayReport(
    reader: Reader,
    peer: NodeId,
    records: readonly FactRecord<'activity.recorded' | 'activity.corrected'>[],
  ): Promise<({ subject: Case; side: Side } | { code: RecordCode })[]> {
    const ids = new Set(records.map((record) => record.case ?? ''))
    const subjects = new Map(
      (await this.getMany(reader, [...ids])).map((subject) => [subject.row.id, subject]),
    )
    return records.map((record) => {
      const subject = subjects.get(record.case ?? '')
      if (subject?.row.peer !== peer) return { code: 'case_unknown' }
      const side = subject.row.side === 'home' ? 'host' : 'home'
      const code = reportFault(subject, record, side)
      return code === undefined ? { subject, side } : { code }
    })
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

  /** That side has erased its words, whatever else came back of the case after a loss. */
  async erasedBy(tx: Transaction, peer: NodeId, id: Uuid, ours: boolean): Promise<Side> {
    const known = await this.get(tx, id)
    // Of a case of which nothing else is left home has erased the opening.
    const subject = known ?? this.fresh(id, peer, ours ? 'home' : 'host', '', null)
    const side = sideOf(subject, ours)
    if (subject.row.peer === peer) await this.keep(tx, this.erasedSide(subject, side))
    return side
  }

  /** Until they are told again another case of the person may be the open one. */
  async reset(tx: Transaction, peer: NodeId, ids: ReadonlySet<Uuid>): Promise<void> {
    for (const id of ids) {
      const row = await tx.get(cases, { id })
      if (row?.open && row.peer === peer) await tx.update(cases, { id }, { open: false })
    }
  }

  /** Ids of the open cases in which we are host. */
  async openAsHost(reader: Reader, peer: NodeId): Promise<Uuid[]> {
    const rows = await reader.find(cases, { peer, side: 'host', open: true }, { orderBy: 'id' })
    return rows.map(({ id }) => id)
  }

  /**
   * Folds a case anew from everything both sides have said of it, each side in its order; what does not fit is left out
   * and named. Without an opening that fits there is no case. `home` says whose it is where nothing else does.
   */
  async retell(
    tx: Transaction,
    peer: NodeId,
    id: Uuid,
    told: readonly Told[],
    home: NodeId | undefined,
  ): Promise<Retold & { subject: Case | undefined }> {
    const stored = await this.get(tx, id)
    const foreign = stored && stored.row.peer !== peer ? stored : undefined
    const known = foreign ? undefined : stored
    const all = (code: RecordCode) => ({
      subject: undefined,
      unfit: told.map((one) => ({ told: one, code })),
    })
    const tag =
      told.map(({ record }) => tagOf(record)).find((one) => one !== undefined) ?? known?.row.tag ?? ''
    const by = homeOf(told, peer) ?? (known && nodeHome(known, peer)) ?? home
    const side: Side = by === peer ? 'host' : 'home'
    const row = { ...(known?.row ?? this.fresh(id, peer, side, tag, null).row), side, tag }
    let subject: Case = { row, home: noHomeFacts, host: noHostFacts }
    const unfit: Unfit[] = []
    for (const one of told) {
      const next = this.foldTold(subject, one.record, sideOf(subject, one.by !== peer))
      if ('code' in next) unfit.push({ told: one, code: next.code })
      else subject = next.next
    }
    // Words of ours that the peer took, and no opening: home has erased it, and had closed the case.
    if (subject.home.state === 'unknown' && home !== undefined && told.some((one) => one.by !== peer))
      subject = { ...subject, home: { ...noHomeFacts, state: 'closed' } }
    const other = subject.home.state === 'closed' ? undefined : await this.openFor(tx, peer, side, tag)
    const conflict = other !== undefined && other.row.id !== id
    if (subject.home.state === 'unknown' || conflict) {
      if (known) await this.keep(tx, { ...subject, home: noHomeFacts, host: noHostFacts })
      return all(conflict ? 'case_exists' : 'case_unknown')
    }
    if (foreign) await this.displace(tx, foreign)
    return { subject: await this.keep(tx, subject), unfit, ...(foreign && { displaced: foreign.row.peer }) }
  }

  /** Says again what waited, on the case as it was told: the case then, or why that cannot be said any more. */
  async sayAgain(
    tx: Transaction,
    peer: NodeId,
    record: FactRecord,
  ): Promise<{ subject: Case } | { code: RecordCode }> {
    const tag = tagOf(record)
    const known = await this.get(tx, record.case ?? '')
    if (known ? known.row.peer !== peer : tag === undefined) return { code: 'case_unknown' }
    const subject = known ?? this.fresh(record.case ?? '', peer, 'home', tag ?? '', null)
    // A case of the person that both nodes know stands: one that only a restored database has opened gives way to it.
    if (tag !== undefined && subject.home.state === 'unknown' && (await this.openFor(tx, peer, 'home', tag)))
      return { code: 'case_exists' }
    const next = this.foldTold(subject, record, sideOf(subject, true))
    return 'code' in next ? next : { subject: await this.keep(tx, next.next) }
  }

  /** Removes those of these cases that nobody has opened. */
  async prune(tx: Transaction, ids: ReadonlySet<Uuid>): Promise<void> {
    for (const id of ids) {
      const subject = await this.get(tx, id)
      if (subject?.home.state === 'unknown') await tx.remove(cases, { id })
    }
  }

  /** Both nodes of a pair have signed that a case is theirs: a third that used its id meanwhile has none. */
  private async displace(tx: Transaction, { row }: Case): Promise<void> {
    if (row.arrival !== null) await tx.update(arrivals, { id: row.arrival }, { caseId: null })
    await tx.remove(cases, { id: row.id })
  }

  /** The member whose stay this is. */
  async linkOne(
    tx: Transaction,
    subject: Case,
    { id: member, branch: organisation }: { id: Uuid; branch: Uuid | null },
  ): Promise<Case> {
    await tx.update(cases, { id: subject.row.id }, { member, organisation })
    return { ...subject, row: { ...subject.row, member, organisation } }
  }

  /** Forgets what one side of a closed case has said; that home closed it stays. */
  async forget(tx: Transaction, peer: NodeId, id: Uuid, ours: boolean): Promise<Applied & { side?: Side }> {
    const subject = await this.get(tx, id)
    if (subject?.row.peer !== peer) return refused('case_unknown')
    if (subject.home.state !== 'closed') return refused('case_open')
    const side = sideOf(subject, ours)
    await this.keep(tx, this.erasedSide(subject, side))
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
    const organisation = (subject.host.branch ? subject.row.organisation : null) ?? arrival.branch
    const change = { arrival: arrival.id, organisation }
    if (subject.row.arrival === arrival.id && subject.row.organisation === organisation) return subject
    await tx.update(cases, { id: subject.row.id }, change)
    return { ...subject, row: { ...subject.row, ...change } }
  }

  /** The same fold over what was said before: judged by its own side's facts alone, for those are all that matters. */
  private foldTold(subject: Case, record: FactRecord, side: Side): { next: Case } | { code: RecordCode } {
    const tag = tagOf(record)
    if (tag !== undefined && tag !== subject.row.tag) return { code: 'tag_taken' }
    if (record.type === 'record.erased') return { next: this.erasedSide(subject, side) }
    if (record.type === 'activity.recorded' || record.type === 'activity.corrected') {
      const code = reportFault(subject, record, side)
      return code === undefined ? { next: subject } : { code }
    }
    return isHomeEvent(record) || isHostEvent(record) ? fold(subject, record, side) : { next: subject }
  }

  /** What one side had said is gone; that home had closed the case stays, for else nothing could have been erased. */
  private erasedSide(subject: Case, side: Side): Case {
    if (side === 'host') return { ...subject, host: noHostFacts }
    const { row, home } = subject
    const closed: HomeFacts = { ...noHomeFacts, state: 'closed' }
    if (row.side !== 'home') return { ...subject, home: closed }
    const erasedOutflow = home.outflow ? this.outflowToken(home.outflow) : row.erasedOutflow
    return { ...subject, home: closed, row: { ...row, registerPhone: null, erasedOutflow } }
  }

  /** What tells a row of the outflow register without saying it. */
  outflowToken(outflow: Outflow): string {
    return this.vault.token('erased-outflow', canonicalJson(outflow))
  }

  /** All there ever were of the people of this organisation. */
  async ofOrganisation(reader: Reader, organisation: Uuid): Promise<Case[]> {
    return (await reader.find(cases, { organisation })).map(readCase)
  }

  /** The person belongs to another branch now, and so does his case. */
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
      erasedOutflow: null,
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
    const { side, hostFacts: before } = subject.row
    // Only when it was said now: what was placed earlier may have been merged into another branch since.
    const placedIn = side === 'host' && !before.includes(host.branch?.id ?? '') ? host.branch?.id : undefined
    const changes = {
      ...{ side, tag: subject.row.tag },
      open: home.state !== 'closed' && home.state !== 'unknown',
      name: home.person?.name ?? host.person?.name ?? '',
      meaning: caseView(home, host).meaning,
      organisation: placedIn ?? subject.row.organisation,
      homeFacts: JSON.stringify(home),
      hostFacts: JSON.stringify(host),
      registerPhone: subject.row.registerPhone,
      erasedOutflow: subject.row.erasedOutflow,
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

/** Who opened the case: whoever said what only home says, or not what only host says. Undefined when nothing tells. */
function homeOf(told: readonly Told[], peer: NodeId): NodeId | 'this node' | undefined {
  for (const { record, by } of told) {
    if (isHomeEvent(record)) return by
    if (isHostEvent(record) && record.type.startsWith('flow.')) return by === peer ? 'this node' : peer
  }
  return undefined
}

function nodeHome({ row }: Case, peer: NodeId): NodeId | 'this node' {
  return row.side === 'home' ? 'this node' : peer
}

function tagOf(record: FactRecord): string | undefined {
  return record.type === 'identity.asserted' || record.type === 'flow.published' ? record.body.tag : undefined
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
