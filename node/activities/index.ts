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
  type NodeId,
  type Side,
  type Uuid,
} from '../../protocol/index.ts'
import { DomainError } from '../errors.ts'
import { applied, refused, type Applied, type RecordPlace } from '../federation/handlers.ts'
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
    const ids = entries.map(({ arrival }) => arrival.caseId).filter((id) => id !== null)
    const subjects = new Map((await this.cases.getMany(tx, ids)).map((subject) => [subject.row.id, subject]))
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
    apply: (tx: Transaction, peer: Peer, record: FactRecord): Promise<Applied> => {
      if (record.type === 'activity.recorded') return this.heard(tx, peer, record)
      if (record.type === 'activity.corrected') return this.heardCorrection(tx, peer, record)
      throw new TypeError(`${record.type} is no activity`)
    },
    replay: (
      tx: Transaction,
      _peer: Peer,
      record: FactRecord,
      by: NodeId,
      at?: RecordPlace,
    ): Promise<Applied> => this.replay(tx, record, by, at !== undefined),
  }

  /** Forgets what one side has reported on a case. */
  async forget(tx: Transaction, caseId: Uuid, side: Side): Promise<void> {
    for (const row of await tx.find(activities, { caseId, side })) await tx.remove(activities, { id: row.id })
  }

  /** A report from before a loss; `said` unless it waits to be said. Ours come back with their marks. */
  private async replay(tx: Transaction, record: FactRecord, by: NodeId, said: boolean): Promise<Applied> {
    const subject = await this.cases.get(tx, record.case ?? '')
    if (!subject) return refused('case_unknown')
    const ours = by !== subject.row.peer
    if (record.type === 'activity.corrected') {
      const row = await tx.get(activities, { id: record.body.corrects })
      if (!row) return refused('activity_unknown')
      const { activity } = record.body
      await this.applyCorrection(tx, row, activity)
      if (ours && activity) await this.remark(tx, row, this.mark(personOf(subject), activity))
      return applied
    }
    if (record.type !== 'activity.recorded') throw new TypeError(`${record.type} is no activity`)
    if (await tx.get(activities, { id: record.id })) return applied
    const side = ours === (subject.row.side === 'home') ? 'home' : 'host'
    const { activity } = record.body
    const mark = ours ? this.mark(personOf(subject), activity) : null
    // A restored database may still keep it waiting: it was said since.
    if (mark !== null && said && (await tx.get(waitingActivities, { mark })))
      await tx.remove(waitingActivities, { mark })
    const known = mark !== null && (await this.knownMarks(tx, [{ mark }])).size > 0
    if (known && !said) return refused('record_repeated')
    await tx.insert(activities, [this.rowOf(record.id, subject, side, activity, known ? null : mark)])
    return applied
  }

  private async heard(
    tx: Transaction,
    peer: Peer,
    record: FactRecord<'activity.recorded'>,
  ): Promise<Applied> {
    const allowed = await this.cases.mayReport(tx, peer.node, record)
    if ('code' in allowed) return refused(allowed.code)
    // Another content under an id that is taken, by either side or by a third: the first one stands.
    if (await tx.get(activities, { id: record.id })) return refused('record_repeated')
    const { subject, side } = allowed
    await tx.insert(activities, [this.rowOf(record.id, subject, side, record.body.activity, null)])
    return applied
  }

  private async heardCorrection(
    tx: Transaction,
    peer: Peer,
    record: FactRecord<'activity.corrected'>,
  ): Promise<Applied> {
    const allowed = await this.cases.mayReport(tx, peer.node, record)
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
    const changes = activity === null ? { withdrawn: true } : { ...columnsOf(activity), withdrawn: false }
    await tx.update(activities, { id: row.id }, { ...changes, changedMs: this.clock.nowMs() })
  }

  private mark(person: string, activity: Activity): string {
    const { kind, on, title, amountFen } = columnsOf(activity)
    return digestOf(this.crypto, JSON.stringify([person, kind, on, title, amountFen]))
  }
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
