/**
 * Activities: what members do in organisation life, reported on their case by the side where it happened.
 *
 * A report is known by its mark (who, what kind, which day, which title, how much), so the same workbook twice reports
 * nothing twice. Reports about a person whom home has not confirmed wait, and go out by themselves when it does.
 */
import {
  digestOf,
  type Activity,
  type ActivityKind,
  type CaseActivity,
  type Crypto,
  type FactRecord,
  type RecordCode,
  type Side,
  type Uuid,
} from '../../protocol/index.ts'
import { DomainError } from '../errors.ts'
import { applied, refused, type Applied, type Told, type Unfit } from '../federation/handlers.ts'
import { type Outbox } from '../federation/outbox.ts'
import { type Peer } from '../federation/peers.ts'
import { type Arrival, type Case, type Cases } from '../flows/index.ts'
import { type Clock } from '../platform.ts'
import { type Reader, type Row, type Transaction } from '../store/port.ts'
import { activities, correctedMarks, waitingActivities } from './tables.ts'

export type ActivityRow = Row<typeof activities>
export type ReportResult = 'reported' | 'unchanged' | 'waiting'

interface Report {
  readonly subject: Case
  readonly activity: Activity
  /** See `mark`: the same report twice has the same. */
  readonly mark: string
}

export class Activities {
  private readonly cases: Cases
  private readonly outbox: Outbox
  private readonly crypto: Crypto
  private readonly clock: Clock

  constructor(parts: { cases: Cases; outbox: Outbox; crypto: Crypto; clock: Clock }) {
    this.cases = parts.cases
    this.outbox = parts.outbox
    this.crypto = parts.crypto
    this.clock = parts.clock
  }

  /** Reports activities of people in our arrivals register. The caller holds the pair locks of their homes. */
  async reportArrivals(
    tx: Transaction,
    entries: readonly { arrival: Arrival; activity: Activity }[],
  ): Promise<ReportResult[]> {
    const ids = new Set(entries.map(({ arrival }) => arrival.caseId).filter((id) => id !== null))
    const found = await this.cases.getMany(tx, [...ids])
    const subjects = new Map(found.map((subject) => [subject.row.id, subject]))
    const marked = entries.map(({ arrival, activity }) => ({
      arrival,
      activity,
      subject: subjects.get(arrival.caseId ?? ''),
      mark: this.mark(`arrival:${arrival.id}`, activity),
    }))
    const known = await this.knownMarks(tx, marked)
    const fresh = marked.filter(({ mark }) => !known.has(mark) && known.add(mark))
    await this.reportAll(
      tx,
      fresh.flatMap(({ subject, ...report }) => (subject ? [{ subject, ...report }] : [])),
    )
    await this.waitAll(
      tx,
      fresh.filter(({ subject }) => subject === undefined),
    )
    const isFresh = new Set<object>(fresh)
    return marked.map((report) =>
      report.subject === undefined ? 'waiting' : isFresh.has(report) ? 'reported' : 'unchanged',
    )
  }

  /** Reports one activity on a case, from either side. The caller holds the pair lock. */
  async reportOnCase(tx: Transaction, subject: Case, activity: Activity): Promise<ReportResult> {
    const mark = this.mark(personOf(subject), activity)
    if ((await this.knownMarks(tx, [{ mark }])).size > 0) return 'unchanged'
    await this.reportAll(tx, [{ subject, activity, mark }])
    return 'reported'
  }

  /** Corrects one of our own reports, or withdraws it with `activity: null`. */
  async correct(tx: Transaction, subject: Case, id: Uuid, activity: Activity | null): Promise<void> {
    const row = await tx.get(activities, { id })
    if (row?.caseId !== subject.row.id || row.side !== subject.row.side)
      throw new DomainError('activity_unknown')
    const record = this.outbox.draft({
      type: 'activity.corrected',
      case: subject.row.id,
      body: { corrects: id, activity },
    })
    await this.outbox.write(tx, subject.row.peer, [record])
    await this.applyCorrection(tx, row, activity)
    if (activity) await this.remark(tx, row, this.mark(personOf(subject), activity))
  }

  /** An arrival has been confirmed on a case: what waited goes out. */
  async arrivalConfirmed(tx: Transaction, subject: Case, arrival: Arrival): Promise<void> {
    const waiting = await tx.find(waitingActivities, { arrival: arrival.id }, { orderBy: 'on' })
    await this.reportAll(
      tx,
      waiting.map((row) => ({ subject, activity: activityOf(row), mark: row.mark })),
    )
    for (const row of waiting) await tx.remove(waitingActivities, row)
  }

  /** Marks of the waiting ones among these. */
  async stillWaiting(reader: Reader, marks: readonly string[]): Promise<Set<string>> {
    const rows = await reader.findIn(waitingActivities, 'mark', marks)
    return new Set(rows.map(({ mark }) => mark))
  }

  markFor(arrival: Arrival, activity: Activity): string {
    return this.mark(`arrival:${arrival.id}`, activity)
  }

  async ofCase(reader: Reader, caseId: Uuid): Promise<CaseActivity[]> {
    const rows = await reader.find(activities, { caseId, withdrawn: false }, { orderBy: 'on' })
    return rows.map((row) => ({ id: row.id, by: row.side as Side, activity: activityOf(row) }))
  }

  async ofCases(reader: Reader, caseIds: readonly Uuid[]): Promise<Map<Uuid, CaseActivity[]>> {
    const rows = await reader.findIn(activities, 'caseId', caseIds, { withdrawn: false })
    const groups = new Map<Uuid, CaseActivity[]>()
    for (const row of rows) {
      const item = { id: row.id, by: row.side as Side, activity: activityOf(row) }
      const group = groups.get(row.caseId)
      if (group) group.push(item)
      else groups.set(row.caseId, [item])
    }
    return groups
  }

  readonly handler = {
    prepare: async (tx: Transaction, _peer: Peer, records: readonly FactRecord[]): Promise<void> => {
      const cases = new Set(records.map((record) => record.case ?? ''))
      const corrected = records.flatMap((record) =>
        record.type === 'activity.corrected' ? [{ id: record.body.corrects }] : [],
      )
      await Promise.all([this.cases.getMany(tx, [...cases]), tx.getMany(activities, corrected)])
      tx.presumeNew(
        activities,
        records.flatMap(({ type, id }) => (type === 'activity.recorded' ? [{ id }] : [])),
      )
    },
    apply: async (tx: Transaction, peer: Peer, record: FactRecord): Promise<Applied> => {
      if (record.type === 'activity.corrected') return this.heardCorrection(tx, peer, record)
      const [result] = await this.heard(tx, peer, [reportOf(record)])
      return result ?? refused('bad_record')
    },
  }

  /** Reports come many in a row, and each leaves one row. */
  readonly reportHandler = {
    ...this.handler,
    applyMany: (tx: Transaction, peer: Peer, records: readonly FactRecord[]): Promise<Applied[]> =>
      this.heard(tx, peer, records.map(reportOf)),
  }

  /** Forgets what one side has reported on a case. */
  async forget(tx: Transaction, caseId: Uuid, side: Side): Promise<void> {
    for (const row of await tx.find(activities, { caseId, side })) await tx.remove(activities, { id: row.id })
  }

  async forgetAll(tx: Transaction, caseId: Uuid): Promise<void> {
    for (const row of await tx.find(activities, { caseId })) await tx.remove(activities, { id: row.id })
  }

  /** The reports on a case told anew from all that both sides have said; ours come back with their marks. */
  async retell(tx: Transaction, subject: Case, told: readonly Told[]): Promise<Unfit[]> {
    await this.forgetAll(tx, subject.row.id)
    const rows = new Map<Uuid, ActivityRow>()
    const unfit: Unfit[] = []
    for (const one of told) {
      const code = await this.retellOne(tx, subject, rows, one)
      if (code !== undefined) unfit.push({ told: one, code })
    }
    await tx.insert(activities, [...rows.values()])
    return unfit
  }

  private async retellOne(
    tx: Transaction,
    subject: Case,
    rows: Map<Uuid, ActivityRow>,
    { record, by }: Told,
  ): Promise<RecordCode | undefined> {
    const ours = by !== subject.row.peer
    const side = ours === (subject.row.side === 'home') ? 'home' : 'host'
    if (record.type === 'record.erased')
      for (const row of [...rows.values()]) if (row.side === side) rows.delete(row.id)
    if (record.type === 'activity.corrected') {
      const row = rows.get(record.body.corrects)
      if (row?.side !== side) return 'activity_unknown'
      const { activity } = record.body
      rows.set(row.id, { ...row, ...correctedColumns(activity), changedMs: this.clock.nowMs() })
      if (ours && activity) await this.remark(tx, row, this.mark(personOf(subject), activity))
    }
    if (record.type !== 'activity.recorded') return undefined
    const { id } = record
    if (rows.has(id) || (await tx.get(activities, { id }))) return 'record_repeated'
    const { activity } = record.body
    const mark = ours ? this.mark(personOf(subject), activity) : null
    const known = mark !== null && (await this.isReported(tx, mark, id, rows))
    if (mark !== null) await this.waitsNoMore(tx, mark)
    rows.set(id, this.rowOf(id, subject, side, activity, known ? null : mark))
    return undefined
  }

  /** Says again a report of ours that waited: not when the same was reported by what came back. */
  async sayAgain(tx: Transaction, subject: Case, record: FactRecord): Promise<RecordCode | undefined> {
    const side = subject.row.side as Side
    if (record.type === 'record.erased') await this.forget(tx, subject.row.id, side)
    if (record.type === 'activity.corrected') {
      const row = await tx.get(activities, { id: record.body.corrects })
      if (row?.side !== side) return 'activity_unknown'
      const { activity } = record.body
      await this.applyCorrection(tx, row, activity)
      if (activity) await this.remark(tx, row, this.mark(personOf(subject), activity))
    }
    if (record.type !== 'activity.recorded') return undefined
    const { id, body } = record
    const mark = this.mark(personOf(subject), body.activity)
    if (await this.isReported(tx, mark, id, new Map())) return 'record_repeated'
    await this.waitsNoMore(tx, mark)
    await tx.insert(activities, [this.rowOf(id, subject, side, body.activity, mark)])
    return undefined
  }

  /** A restored database may still keep a report waiting: it was said since. */
  private async waitsNoMore(tx: Transaction, mark: string): Promise<void> {
    if (await tx.get(waitingActivities, { mark })) await tx.remove(waitingActivities, { mark })
  }

  /** Is this report known under another id? */
  private async isReported(
    tx: Transaction,
    mark: string,
    id: Uuid,
    rows: ReadonlyMap<Uuid, ActivityRow>,
  ): Promise<boolean> {
    if ([...rows.values()].some((row) => row.mark === mark)) return true
    const corrected = await tx.get(correctedMarks, { mark })
    if (corrected && corrected.activity !== id) return true
    return (await tx.find(activities, { mark })).length > 0
  }

  private async heard(
    tx: Transaction,
    peer: Peer,
    records: readonly FactRecord<'activity.recorded'>[],
  ): Promise<Applied[]> {
    const allowed = await this.cases.mayReport(tx, peer.node, records)
    const known = await tx.getMany(
      activities,
      records.map(({ id }) => ({ id })),
    )
    const rows = new Map<Uuid, ActivityRow>()
    const results = records.map(({ id, body }, i) => {
      const place = allowed[i] ?? { code: 'case_unknown' }
      if ('code' in place) return refused(place.code)
      // Another content under an id that is taken, by either side or by a third: the first one stands.
      if (known[i] || rows.has(id)) return refused('record_repeated')
      rows.set(id, this.rowOf(id, place.subject, place.side, body.activity, null))
      return applied
    })
    await tx.insert(activities, [...rows.values()])
    return results
  }

  private async heardCorrection(
    tx: Transaction,
    peer: Peer,
    record: FactRecord<'activity.corrected'>,
  ): Promise<Applied> {
    const [allowed = { code: 'case_unknown' }] = await this.cases.mayReport(tx, peer.node, [record])
    if ('code' in allowed) return refused(allowed.code)
    const row = await tx.get(activities, { id: record.body.corrects })
    if (row?.caseId !== record.case || row?.side !== allowed.side) return refused('activity_unknown')
    await this.applyCorrection(tx, row, record.body.activity)
    return applied
  }

  /** A corrected report is known by what it said and by what it says now: neither workbook reports it again. */
  private async remark(tx: Transaction, row: ActivityRow, mark: string): Promise<void> {
    if ((await this.knownMarks(tx, [{ mark }])).size === 0)
      await tx.insert(correctedMarks, [{ mark, activity: row.id }])
  }

  /** Marks among these that were reported or wait already. */
  private async knownMarks(tx: Transaction, reports: readonly { mark: string }[]): Promise<Set<string>> {
    const marks = reports.map(({ mark }) => mark)
    const [reported, waiting, corrected] = await Promise.all([
      tx.findIn(activities, 'mark', marks),
      tx.findIn(waitingActivities, 'mark', marks),
      tx.findIn(correctedMarks, 'mark', marks),
    ])
    return new Set([...reported, ...waiting, ...corrected].map(({ mark }) => mark ?? ''))
  }

  /** Writes reports that are not known yet, each on its case, in one go per peer. Throws before anything is written. */
  private async reportAll(tx: Transaction, reports: readonly Report[]): Promise<void> {
    const drafted = reports.map(({ subject, activity, mark }) => {
      const record = this.outbox.draft({
        type: 'activity.recorded',
        case: subject.row.id,
        body: { activity },
      })
      const fault = this.cases.mayWrite(subject, record)
      if (fault !== undefined) throw new DomainError(fault)
      return { subject, activity, mark, record }
    })
    for (const peer of new Set(drafted.map(({ subject }) => subject.row.peer))) {
      const own = drafted.filter(({ subject }) => subject.row.peer === peer)
      await this.outbox.write(
        tx,
        peer,
        own.map(({ record }) => record),
      )
    }
    await tx.insert(
      activities,
      drafted.map(({ subject, activity, mark, record }) =>
        this.rowOf(record.id, subject, subject.row.side as Side, activity, mark),
      ),
    )
  }

  private async waitAll(
    tx: Transaction,
    reports: readonly { arrival: Arrival; activity: Activity; mark: string }[],
  ): Promise<void> {
    const sinceMs = this.clock.nowMs()
    const rows = reports.map(({ arrival, activity, mark }) => ({
      mark,
      arrival: arrival.id,
      ...columnsOf(activity),
      sinceMs,
    }))
    await tx.insert(waitingActivities, rows)
  }

  private rowOf(id: Uuid, subject: Case, side: Side, activity: Activity, mark: string | null): ActivityRow {
    const place = { id, caseId: subject.row.id, side, withdrawn: false, mark, changedMs: this.clock.nowMs() }
    return Object.assign(place, columnsOf(activity))
  }

  private async applyCorrection(tx: Transaction, row: ActivityRow, activity: Activity | null): Promise<void> {
    await tx.update(
      activities,
      { id: row.id },
      { ...correctedColumns(activity), changedMs: this.clock.nowMs() },
    )
  }

  private mark(person: string, activity: Activity): string {
    const { kind, on, title, amountFen } = columnsOf(activity)
    return digestOf(this.crypto, JSON.stringify([person, kind, on, title, amountFen]))
  }
}

function reportOf(record: FactRecord): FactRecord<'activity.recorded'> {
  if (record.type !== 'activity.recorded') throw new TypeError(`${record.type} is no report of an activity`)
  return record
}

function personOf({ row }: Case): string {
  return row.arrival === null ? `case:${row.id}` : `arrival:${row.arrival}`
}

function columnsOf(activity: Activity): {
  kind: string
  on: string
  title: string | null
  amountFen: number | null
} {
  return {
    kind: activity.kind,
    on: activity.on,
    title: activity.title ?? null,
    amountFen: activity.amountFen ?? null,
  }
}

function correctedColumns(activity: Activity | null): Partial<ActivityRow> {
  return activity === null ? { withdrawn: true } : { ...columnsOf(activity), withdrawn: false }
}

function activityOf(row: {
  kind: string
  on: string
  title: string | null
  amountFen: number | null
}): Activity {
  return {
    kind: row.kind as ActivityKind,
    on: row.on,
    ...(row.title === null ? {} : { title: row.title }),
    ...(row.amountFen === null ? {} : { amountFen: row.amountFen }),
  }
}
