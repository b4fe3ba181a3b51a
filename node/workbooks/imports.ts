/**
 * Importing a workbook: read, interpret, hand the good rows to the rooms that own them, and account for every row.
 *
 * Every row ends accepted, unchanged, duplicate, waiting (kept; goes out by itself when the missing side is there) or
 * held for correction. The same file again changes nothing. A dry run does all of it and rolls it back, so it shows
 * exactly what an import would do. Rows go in batches, each one transaction.
 */
import {
  digestOf,
  type Activity,
  type Crypto,
  type ImportReport,
  type ImportRow,
  type NodeId,
  type Uuid,
} from '../../protocol/index.ts'
import { type Activities, type ReportResult } from '../activities/index.ts'
import { DomainError } from '../errors.ts'
import { pairLock } from '../federation/outbox.ts'
import { type Peer, type Peers } from '../federation/peers.ts'
import { type Arrival, type Cases, type HomeFlows, type HostFlows } from '../flows/index.ts'
import { rosterLock, type Members } from '../members/index.ts'
import { type Clock, type Ids } from '../platform.ts'
import { type Reader, type Row, type Store, type Transaction } from '../store/port.ts'
import { type Vault } from '../vault.ts'
import { activityOf, identified, outflowEntry, peerCovering } from './entries.ts'
import { describeOutside, type Fate, type OutsideCode } from './fates.ts'
import { type Fault } from './faults.ts'
import {
  interpret,
  type ActivityFields,
  type ArrivalFields,
  type FieldsOf,
  type Interpretation,
  type OutflowFields,
  type ParsedRow,
  type RosterFields,
} from './interpret.ts'
import { type WorkbookKind } from './fields.ts'
import { type SheetReader } from './sheets.ts'
import { importRows, imports } from './tables.ts'
import { describeFault } from './texts.ts'
import { writeHeldRows } from './write.ts'

/** Rows in one transaction: large enough to be cheap, small enough that peers' messages do not wait long. */
const rowsPerBatch = 250
/** Rows listed in a report; the workbook of held rows has them all. */
const detailsInReport = 5000

export interface ImportRequest {
  readonly kind: WorkbookKind
  readonly bytes: Uint8Array
  readonly fileName: string
  readonly dryRun: boolean
  /** Which sheet, where several hold such a table. */
  readonly sheet?: string | undefined
}

/** A row set aside, as it is sealed. */
export interface StoredRow {
  readonly ordinal: number
  readonly cells: Record<string, string>
  readonly faults: Fault[]
  readonly outside?: { code: OutsideCode; match?: NonNullable<Extract<Fate, { state: 'held' }>['match']> }
}
/** What an import keeps of the sheet as a whole. */
export interface Summary {
  readonly sheet: string
  readonly headerRow: number
  readonly columns: Interpretation['columns']
  readonly headings: string[]
  readonly rows: number
  readonly accepted: number
  readonly unchanged: number
  readonly faults: Record<string, number>
  readonly byRegion: Record<NodeId, number>
}
export type Judged<K extends WorkbookKind> = { row: ParsedRow<FieldsOf[K]>; fate: Fate | undefined }

class DryRunEnds extends Error {}

export class Imports {
  private readonly store: Store
  private readonly readSheets: SheetReader
  private readonly peers: Peers
  private readonly members: Members
  private readonly cases: Cases
  private readonly home: HomeFlows
  private readonly host: HostFlows
  private readonly activities: Activities
  private readonly vault: Vault
  private readonly crypto: Crypto
  private readonly clock: Clock
  private readonly ids: Ids

  constructor(parts: {
    store: Store
    readSheets: SheetReader
    peers: Peers
    members: Members
    cases: Cases
    home: HomeFlows
    host: HostFlows
    activities: Activities
    vault: Vault
    crypto: Crypto
    clock: Clock
    ids: Ids
  }) {
    this.store = parts.store
    this.readSheets = parts.readSheets
    this.peers = parts.peers
    this.members = parts.members
    this.cases = parts.cases
    this.home = parts.home
    this.host = parts.host
    this.activities = parts.activities
    this.vault = parts.vault
    this.crypto = parts.crypto
    this.clock = parts.clock
    this.ids = parts.ids
  }

  /** Throws WorkbookError when the file as a whole cannot be taken. */
  async run(request: ImportRequest): Promise<ImportReport> {
    const sheets = await this.readSheets(request.bytes, request.fileName)
    const table = interpret(request.kind, sheets, request.sheet === undefined ? {} : { sheet: request.sheet })
    const judged: Judged<WorkbookKind>[] = []
    for (let at = 0; at < table.rows.length; at += rowsPerBatch)
      judged.push(...(await this.takeBatch(request, table.rows.slice(at, at + rowsPerBatch))))
    const id = this.ids.next()
    const { summary, rows } = this.account(id, table, judged)
    if (!request.dryRun)
      await this.store.transaction(async (tx) => {
        const digest = digestOf(this.crypto, request.bytes)
        await tx.insert(imports, [
          { id, kind: request.kind, digest, atMs: this.clock.nowMs(), summary: JSON.stringify(summary) },
        ])
        await tx.insert(importRows, rows)
      })
    return this.report(id, request.kind, request.dryRun, summary, rows, new Set())
  }

  /** The import as it stands now: rows that waited and have gone out since count as accepted. */
  async status(id: Uuid): Promise<ImportReport> {
    return this.store.read(async (reader) => {
      const row = await reader.get(imports, { id })
      if (!row) throw new DomainError('import_not_found', { id })
      const rows = await reader.find(importRows, { importId: id }, { orderBy: 'row' })
      const gone = await this.goneOut(reader, rows)
      return this.report(id, row.kind as WorkbookKind, false, JSON.parse(row.summary) as Summary, rows, gone)
    })
  }

  /** The rows held for correction, as a workbook that can be corrected and imported again. */
  async heldWorkbook(id: Uuid): Promise<Uint8Array> {
    const { row, rows } = await this.store.read(async (reader) => ({
      row: await reader.get(imports, { id }),
      rows: await reader.find(importRows, { importId: id }, { orderBy: 'row' }),
    }))
    if (!row) throw new DomainError('import_not_found', { id })
    const summary = JSON.parse(row.summary) as Summary
    const reasons = new Map<number, { problem: string; suggestion: string }[]>()
    const held: ParsedRow<FieldsOf[WorkbookKind]>[] = []
    for (const item of rows.filter(({ state }) => state === 'held' || state === 'waiting')) {
      const stored = this.open(item)
      const outside = stored.outside && describeOutside(item.row, stored.outside, 'zh')
      if (outside) reasons.set(item.row, [{ problem: outside.what, suggestion: outside.mend }])
      const { ordinal, cells, faults } = stored
      held.push({
        row: item.row,
        ordinal,
        fields: {},
        faults,
        held: item.state === 'held' && !outside,
        duplicate: false,
        cells,
      })
    }
    const { sheet, headerRow, columns, headings } = summary
    return writeHeldRows(
      {
        kind: row.kind as WorkbookKind,
        sheet,
        headerRow,
        columns,
        extraHeadings: [],
        headings,
        rows: held,
        skipped: [],
      },
      reasons,
    )
  }

  /** Judges rows and hands the good ones to the rooms that own them; what became of each. */
  async takeBatch(
    request: Pick<ImportRequest, 'kind' | 'dryRun'>,
    rows: readonly ParsedRow<FieldsOf[WorkbookKind]>[],
  ): Promise<Judged<WorkbookKind>[]> {
    let judged: Judged<WorkbookKind>[] = []
    const work = async (tx: Transaction) => {
      const peers = await this.lockAll(tx)
      const good = rows.filter((row) => !row.held && !row.duplicate)
      const fates = await this.take(tx, peers, request.kind, good)
      const byRow = new Map(good.map((row, i) => [row, fates[i]]))
      judged = rows.map((row) => ({ row, fate: byRow.get(row) }))
      if (request.dryRun) throw new DryRunEnds()
    }
    try {
      await this.store.transaction(work)
    } catch (error) {
      if (!(error instanceof DryRunEnds)) throw error
    }
    return judged
  }

  /** The peers whose pair locks are held; one agreed with since is left for the next batch. */
  private async lockAll(tx: Transaction): Promise<Peer[]> {
    const nodes = (await this.peers.all(tx)).map(({ node }) => node)
    await tx.lock([rosterLock, ...nodes.map(pairLock)])
    return (await this.peers.all(tx)).filter(({ node }) => nodes.includes(node))
  }

  private take(
    tx: Transaction,
    peers: readonly Peer[],
    kind: WorkbookKind,
    rows: readonly ParsedRow<FieldsOf[WorkbookKind]>[],
  ): Promise<Fate[]> {
    switch (kind) {
      case 'roster':
        return this.takeRoster(tx, rows)
      case 'outflow':
        return this.takeOutflow(tx, peers, rows)
      case 'arrivals':
        return this.takeArrivals(tx, peers, rows)
      case 'activities':
        return this.takeActivities(tx, rows)
    }
  }

  private async takeRoster(tx: Transaction, rows: readonly ParsedRow<RosterFields>[]): Promise<Fate[]> {
    const enrolled = await this.members.enrol(
      tx,
      rows.map(({ fields }) => ({ ...fields, ...identified(fields) })),
    )
    const changed = enrolled.filter(({ change }) => change !== 'unchanged').map(({ member }) => member)
    await this.home.membersKnown(tx, changed)
    return enrolled.map(({ change }) => ({ state: change === 'unchanged' ? 'unchanged' : 'accepted' }))
  }

  private async takeOutflow(
    tx: Transaction,
    peers: readonly Peer[],
    rows: readonly ParsedRow<OutflowFields>[],
  ): Promise<Fate[]> {
    const routed = rows.map(({ fields }) => ({ fields, host: peerCovering(peers, fields.destination) }))
    const entries = routed.flatMap(({ fields, host }) =>
      host === undefined ? [] : [{ fields, host, entry: outflowEntry(fields, host) }],
    )
    const results = await this.home.register(
      tx,
      entries.map(({ entry }) => entry),
    )
    const fates = new Map<OutflowFields, Fate>()
    for (const [i, { fields, host, entry }] of entries.entries()) {
      const result = results[i]
      if (result === 'waiting')
        fates.set(
          fields,
          await this.waitingOutflow(tx, fields, `${this.members.idToken(entry.idNumber)}|${host}`),
        )
      else fates.set(fields, { state: result === 'unchanged' ? 'unchanged' : 'accepted', region: host })
    }
    return routed.map(({ fields }) => fates.get(fields) ?? { state: 'held', code: 'no-agreement' })
  }

  private async waitingOutflow(tx: Transaction, fields: OutflowFields, ref: string): Promise<Fate> {
    const match = await this.likelyMatch(tx, fields.name ?? '')
    return { state: 'waiting', code: 'member-not-on-roster', ref, ...(match === undefined ? {} : { match }) }
  }

  private async takeArrivals(
    tx: Transaction,
    peers: readonly Peer[],
    rows: readonly ParsedRow<ArrivalFields>[],
  ): Promise<Fate[]> {
    const entries = rows.map(({ fields }) => ({
      ...fields,
      ...identified(fields),
      home: peerCovering(peers, fields.origin) ?? fields.origin?.code ?? '',
    }))
    const results = await this.host.register(tx, entries)
    return results.map((result) => ({ state: result === 'unchanged' ? 'unchanged' : 'accepted' }))
  }

  private async takeActivities(tx: Transaction, rows: readonly ParsedRow<ActivityFields>[]): Promise<Fate[]> {
    const tokens = rows.map(({ fields }) => this.members.idToken(fields.idNumber ?? ''))
    const arrivals = await this.host.byTokens(tx, tokens)
    const members = await this.members.byTokens(tx, tokens)
    const here = rows.map(({ fields }, i) => {
      const found = arrivals.get(tokens[i] ?? '')
      const arrival = found?.find(({ caseId }) => caseId !== null) ?? found?.[0]
      return arrival && { arrival, activity: activityOf(fields) }
    })
    const reports = here.filter((report) => report !== undefined)
    const results = await this.activities.reportArrivals(tx, reports)
    const resultOf = new Map(reports.map((report, i) => [report, results[i]]))
    const fates: Fate[] = []
    for (const [i, { fields }] of rows.entries()) {
      const report = here[i]
      const member = members.get(tokens[i] ?? '')
      if (report) fates.push(this.reportFate(report, resultOf.get(report)))
      else if (member) fates.push(await this.reportMember(tx, member.id, activityOf(fields)))
      else fates.push({ state: 'held', code: 'person-not-known-here' })
    }
    return fates
  }

  private reportFate(
    report: { arrival: Arrival; activity: Activity },
    result: ReportResult | undefined,
  ): Fate {
    if (result !== 'waiting') return { state: result === 'unchanged' ? 'unchanged' : 'accepted' }
    const ref = this.activities.markFor(report.arrival, report.activity)
    return { state: 'waiting', code: 'home-has-not-confirmed', ref }
  }

  /** Our own member who is away: home reports too, on every open case of his. */
  private async reportMember(tx: Transaction, member: Uuid, activity: Activity): Promise<Fate> {
    const open = await this.cases.openOfMember(tx, member)
    if (open.length === 0) return { state: 'held', code: 'person-not-known-here' }
    let reported = false
    for (const subject of open)
      reported = (await this.activities.reportOnCase(tx, subject, activity)) === 'reported' || reported
    return { state: reported ? 'accepted' : 'unchanged' }
  }

  private async likelyMatch(
    tx: Transaction,
    name: string,
  ): Promise<{ where: 'roster-held'; row: number; code: string } | { where: 'roster-other-id' } | undefined> {
    const held = await tx.find(importRows, { nameToken: this.nameToken(name), state: 'held' })
    const latest = held.sort((a, b) => (a.importId < b.importId ? 1 : -1))[0]
    if (latest) return { where: 'roster-held', row: latest.row, code: latest.code }
    return (await this.members.anyNamed(tx, name)) ? { where: 'roster-other-id' } : undefined
  }

  private account(
    importId: Uuid,
    table: Interpretation,
    judged: readonly Judged<WorkbookKind>[],
  ): { summary: Summary; rows: Row<typeof importRows>[] } {
    const faults: Record<string, number> = {}
    const byRegion: Record<NodeId, number> = {}
    const count = { accepted: 0, unchanged: 0 }
    const rows: Row<typeof importRows>[] = []
    for (const { row, fate } of judged) {
      for (const { code } of row.faults) faults[code] = (faults[code] ?? 0) + 1
      if (fate?.state === 'accepted' || fate?.state === 'unchanged') {
        count[fate.state]++
        if (fate.region !== undefined) byRegion[fate.region] = (byRegion[fate.region] ?? 0) + 1
      } else if (fate !== undefined && 'code' in fate) faults[fate.code] = (faults[fate.code] ?? 0) + 1
      const noted = this.noteRow(importId, table.kind, row, fate)
      if (noted) rows.push(noted)
    }
    const { sheet, headerRow, columns, headings } = table
    return {
      summary: { sheet, headerRow, columns, headings, rows: table.rows.length, ...count, faults, byRegion },
      rows,
    }
  }

  /** How a row that was not simply taken is kept. */
  noteRow(
    importId: Uuid,
    kind: WorkbookKind,
    row: ParsedRow<FieldsOf[WorkbookKind]>,
    fate: Fate | undefined,
  ): Row<typeof importRows> | undefined {
    const outside = fate?.state === 'held' || fate?.state === 'waiting' ? fate : undefined
    const [fault] = row.faults
    const code = outside?.code ?? fault?.code
    if (code === undefined) return undefined
    const state = outside?.state ?? (row.held ? 'held' : row.duplicate ? 'duplicate' : 'flagged')
    const stored: StoredRow = {
      ordinal: row.ordinal,
      cells: row.cells,
      faults: row.faults,
      ...(outside
        ? { outside: { code: outside.code, ...(outside.match ? { match: outside.match } : {}) } }
        : {}),
    }
    const sealed = this.vault.seal(rowPlace(importId, row.row), JSON.stringify(stored))
    const name = row.fields.name
    const nameToken =
      kind === 'roster' && state === 'held' && name !== undefined ? this.nameToken(name) : null
    return {
      importId,
      row: row.row,
      state,
      code,
      ref: outside?.state === 'waiting' ? outside.ref : null,
      nameToken,
      sealed,
    }
  }

  private report(
    id: Uuid,
    kind: WorkbookKind,
    dryRun: boolean,
    summary: Summary,
    rows: readonly Row<typeof importRows>[],
    gone: ReadonlySet<string>,
  ): ImportReport {
    const left = rows.filter(({ ref }) => ref === null || !gone.has(ref))
    const byRegion = { ...summary.byRegion }
    for (const ref of gone) {
      const region = ref.split('|')[1]
      if (kind === 'outflow' && region !== undefined) byRegion[region] = (byRegion[region] ?? 0) + 1
    }
    const count = (state: string) => left.filter((row) => row.state === state).length
    const { sheet, headerRow, columns, unchanged, faults } = summary
    return {
      id,
      kind,
      dryRun,
      sheet,
      headerRow,
      columns,
      rows: summary.rows,
      accepted: summary.accepted + rows.length - left.length,
      unchanged,
      duplicates: count('duplicate'),
      held: count('held'),
      waiting: count('waiting'),
      faults,
      byRegion,
      details: left.slice(0, detailsInReport).map((row) => this.describe(row)),
    }
  }

  private describe(row: Row<typeof importRows>): ImportRow {
    const { ordinal, faults, outside } = this.open(row)
    const fault = faults.find(({ code }) => code === row.code)
    const say = (language: 'zh' | 'en') => {
      if (outside) return describeOutside(row.row, outside, language)
      return fault ? describeFault(row.row, fault, language) : { what: row.code, where: '', mend: '' }
    }
    return {
      row: row.row,
      ordinal,
      state: row.state as ImportRow['state'],
      code: row.code,
      column: fault?.column ?? null,
      zh: say('zh'),
      en: say('en'),
    }
  }

  /** References of waiting rows that wait no longer. */
  private async goneOut(reader: Reader, rows: readonly Row<typeof importRows>[]): Promise<Set<string>> {
    const refs = rows.filter(({ state }) => state === 'waiting').map(({ ref }) => ref ?? '')
    const outflows = await this.home.stillWaiting(reader, refs)
    const activities = await this.activities.stillWaiting(reader, refs)
    return new Set(refs.filter((ref) => !outflows.has(ref) && !activities.has(ref)))
  }

  open(row: Row<typeof importRows>): StoredRow {
    return JSON.parse(this.vault.open(rowPlace(row.importId, row.row), row.sealed)) as StoredRow
  }

  private nameToken(name: string): string {
    return this.vault.token('name', name)
  }
}

function rowPlace(importId: Uuid, row: number): string {
  return `import_rows:sealed:${importId}/${row}`
}
