/**
 * From the sheets of a workbook to typed rows with their faults. Pure: the same sheets give the same answer, and
 * whether somebody is on the roster, or what may be stored, is decided elsewhere.
 *
 * Every row below the headings ends up in exactly one of two lists: `rows`, with what could be read and what is wrong
 * with the rest, or `skipped`, with the reason. No row disappears.
 */
import { resolvePlace, type RegionCode } from '../places/index.ts'
import { type Cell, EMPTY_CELL, type Sheet, type SheetRow } from './cells.ts'
import { type Fault, type FaultCode, SEVERITY_OF } from './faults.ts'
import { type Field, type WorkbookKind } from './fields.ts'
import { type Column, type SkipReason, type Table, findTable, skipReason } from './layouts.ts'
import {
  type ActivityKind,
  type Category,
  type Read,
  readActivityKind,
  readCategory,
  readDate,
  readFen,
  readIdNumber,
  readName,
  readPhone,
  readText,
} from './values.ts'

/** A place as written, with the code of the region when the text means exactly one. */
export interface WrittenPlace {
  text: string
  code?: RegionCode
}

/** Dates are 'YYYY-MM-DD', or 'YYYY-MM' where the register gives only the month. */
export interface RosterFields {
  name?: string
  idNumber?: string
  gender?: string
  ethnicity?: string
  bornOn?: string
  education?: string
  joinedOn?: string
  category?: Category
  branch?: string
  phone?: string
}

export interface OutflowFields {
  name?: string
  idNumber?: string
  branch?: string
  certificateNo?: string
  reason?: string
  leftOn?: string
  destination?: WrittenPlace
  occupation?: string
  phone?: string
  contact?: string
}

export interface ArrivalFields {
  name?: string
  idNumber?: string
  origin?: WrittenPlace
  arrivedOn?: string
  branch?: string
  employer?: string
  phone?: string
  category?: Category
}

export interface ActivityFields {
  name?: string
  idNumber?: string
  on?: string
  kind?: ActivityKind
  title?: string
  amountFen?: number
}

export interface FieldsOf {
  roster: RosterFields
  outflow: OutflowFields
  arrivals: ArrivalFields
  activities: ActivityFields
}

export interface ParsedRow<F> {
  /** The row's number in the sheet. */
  row: number
  /** Its number among the entries, from 1. */
  ordinal: number
  /** What the serial number column says. */
  serial?: string
  /** What could be read. A field that is empty, missing or unreadable is absent. */
  fields: F
  faults: Fault[]
  /** Whether a fault sets the row aside. */
  held: boolean
  /** Whether the row repeats an earlier one and is not to be stored. */
  duplicate: boolean
  /** The cells as written, by heading, for handing the row back to whoever wrote it. */
  cells: Record<string, string>
}

export interface Interpretation<K extends WorkbookKind = WorkbookKind> {
  kind: K
  sheet: string
  headerRow: number
  columns: { field: Field; heading: string; column: string }[]
  /** Headings of columns that mean nothing to us. Their cells are in `cells` all the same. */
  extraHeadings: string[]
  /** All headings in the order of the columns, as they are the keys of `cells`. */
  headings: string[]
  rows: ParsedRow<FieldsOf[K]>[]
  skipped: { row: number; why: SkipReason }[]
}

export interface InterpretContext {
  /** The name of the sheet to read, once a person has chosen among several. */
  sheet?: string
}

/**
 * Reads the table of this kind. Throws WorkbookError when there is none or more than one: 'workbook_no_header',
 * 'workbook_columns_missing', 'workbook_ambiguous_columns', 'workbook_several_tables'.
 */
export function interpret<K extends WorkbookKind>(
  kind: K,
  sheets: readonly Sheet[],
  context: InterpretContext = {},
): Interpretation<K> {
  const table = findTable(kind, sheets, context.sheet)
  const headings = uniqueHeadings(table)
  const rows: ParsedRow<FieldsOf[K]>[] = []
  const skipped: { row: number; why: SkipReason }[] = []
  for (const sheetRow of table.rows) {
    const why = skipReason(table, sheetRow)
    if (why !== undefined) skipped.push({ row: sheetRow.row, why })
    else rows.push(parseRow(kind, table, headings, sheetRow, rows.length + 1))
  }
  markRepeats(kind, rows)
  for (const row of rows) {
    row.held = isHeld(row)
    row.duplicate = !row.held && row.faults.some(({ severity }) => severity === 'duplicate')
  }
  return {
    kind,
    sheet: table.sheet,
    headerRow: table.headerRow,
    columns: table.columns.map(({ field, heading, column }) => ({ field, heading, column })),
    extraHeadings: table.extras.map(({ index, heading }) => headings.get(index) ?? heading),
    headings: [...headings.values()],
    rows,
    skipped,
  }
}

/** Headings by column index, in order; a heading that comes again gets a number, as it is a key of `cells`. */
function uniqueHeadings({ columns, extras }: Table): Map<number, string> {
  const used = new Map<string, number>()
  const all = [...columns, ...extras].sort((a, b) => a.index - b.index)
  return new Map(
    all.map(({ index, heading }) => {
      const times = (used.get(heading) ?? 0) + 1
      used.set(heading, times)
      return [index, times === 1 ? heading : `${heading}(${times})`]
    }),
  )
}

function parseRow<K extends WorkbookKind>(
  kind: K,
  table: Table,
  headings: ReadonlyMap<number, string>,
  { row, cells }: SheetRow,
  ordinal: number,
): ParsedRow<FieldsOf[K]> {
  const reader = new RowReader(table.columns, cells)
  const fields = FIELD_READERS[kind](reader)
  const serial = reader.cell('serial').text.trim()
  return {
    row,
    ordinal,
    ...(serial === '' ? {} : { serial }),
    fields,
    faults: reader.faults,
    held: false,
    duplicate: false,
    cells: Object.fromEntries([...headings].map(([index, heading]) => [heading, cells[index]?.text ?? ''])),
  }
}

/** Reads the cells of one row by field, and keeps the faults it meets. */
class RowReader {
  readonly faults: Fault[] = []
  readonly #columns: ReadonlyMap<Field, Column>
  readonly #cells: readonly Cell[]

  constructor(columns: readonly Column[], cells: readonly Cell[]) {
    this.#columns = new Map(columns.map((column) => [column.field, column]))
    this.#cells = cells
  }

  cell(field: Field): Cell {
    const index = this.#columns.get(field)?.index
    return (index === undefined ? undefined : this.#cells[index]) ?? EMPTY_CELL
  }

  heading(field: Field): string {
    return this.#columns.get(field)?.heading ?? ''
  }

  fault(code: FaultCode, field: Field, more: Pick<Fault, 'candidates'> = {}): undefined {
    const column = this.#columns.get(field)
    const where = column === undefined ? {} : { heading: column.heading, column: column.column }
    this.faults.push({ code, severity: SEVERITY_OF[code], field, ...where, ...more })
  }

  /** The value that was read, or undefined with the fault that says why not. */
  take<T>(field: Field, read: Read<T>, unreadable: FaultCode, missing?: FaultCode): T | undefined {
    if (read.is === 'value') return read.value
    if (read.is === 'unreadable') return this.fault(unreadable, field)
    return missing === undefined ? undefined : this.fault(missing, field)
  }

  text(field: Field): string | undefined {
    return this.take(field, readText(this.cell(field)), 'text-too-long')
  }

  name(): string | undefined {
    return this.take('name', readName(this.cell('name')), 'name-malformed', 'name-missing')
  }

  idNumber(): string | undefined {
    const read = readIdNumber(this.cell('idNumber'))
    return read.ok ? read.idNumber : this.fault(read.code, 'idNumber')
  }

  date(field: Field, unreadable: FaultCode, missing?: FaultCode): string | undefined {
    return this.take(field, readDate(this.cell(field)), unreadable, missing)
  }

  phone(): string | undefined {
    return this.take('phone', readPhone(this.cell('phone')), 'phone-unreadable')
  }

  category(): Category | undefined {
    return this.take(
      'category',
      readCategory(this.cell('category'), this.heading('category')),
      'category-unreadable',
    )
  }

  place(field: Field): WrittenPlace | undefined {
    const text = this.take(field, readText(this.cell(field)), 'place-unknown', 'place-missing')
    if (text === undefined) return undefined
    const resolution = resolveOffice(text)
    if (resolution.ok) return { text, code: resolution.code }
    const code = resolution.code === 'place_ambiguous' ? 'place-ambiguous' : 'place-unknown'
    this.fault(code, field, { candidates: resolution.candidates.map(({ path }) => path) })
    return { text }
  }
}

/** A column headed 流出地党组织 holds 信阳, and in other offices 中共信阳市委组织部. */
function resolveOffice(text: string): ReturnType<typeof resolvePlace> {
  const asWritten = resolvePlace(text)
  if (asWritten.ok) return asWritten
  const region = text
    .replace(/^(?:中共|中国共产党)/, '')
    .replace(/(?:委员会|委|党委|党工委)?(?:组织部|组织处)?$/, '')
  const asOffice = region === text || region === '' ? asWritten : resolvePlace(region)
  return asOffice.ok ? asOffice : asWritten
}

const FIELD_READERS: { [K in WorkbookKind]: (reader: RowReader) => FieldsOf[K] } = {
  roster: (reader) =>
    present<RosterFields>({
      name: reader.name(),
      idNumber: reader.idNumber(),
      gender: reader.text('gender'),
      ethnicity: reader.text('ethnicity'),
      bornOn: reader.date('bornOn', 'birth-unreadable'),
      education: reader.text('education'),
      joinedOn: reader.date('joinedOn', 'joined-unreadable'),
      category: reader.category(),
      branch: reader.text('branch'),
      phone: reader.phone(),
    }),
  outflow: (reader) =>
    present<OutflowFields>({
      name: reader.name(),
      idNumber: reader.idNumber(),
      branch: reader.text('branch'),
      certificateNo: reader.text('certificateNo'),
      reason: reader.text('reason'),
      leftOn: reader.date('leftOn', 'left-unreadable'),
      destination: reader.place('destination'),
      occupation: reader.text('occupation'),
      phone: reader.phone(),
      contact: reader.text('contact'),
    }),
  arrivals: (reader) =>
    present<ArrivalFields>({
      name: reader.name(),
      idNumber: reader.idNumber(),
      origin: reader.place('origin'),
      arrivedOn: reader.date('arrivedOn', 'arrived-unreadable'),
      branch: reader.text('branch'),
      employer: reader.text('employer'),
      phone: reader.phone(),
      category: reader.category(),
    }),
  activities: readActivity,
}

function readActivity(reader: RowReader): ActivityFields {
  const name = reader.name()
  const idNumber = reader.idNumber()
  const on = reader.date('on', 'date-unreadable', 'date-missing')
  const kind =
    reader.take('kind', readActivityKind(reader.cell('kind')), 'kind-unknown', 'kind-missing') ?? 'other'
  const amount = readFen(reader.cell('amount'))
  const amountFen = reader.take(
    'amount',
    amount,
    'amount-unreadable',
    kind === 'dues' ? 'amount-missing' : undefined,
  )
  return present<ActivityFields>({ name, idNumber, on, kind, title: activityTitle(reader, kind), amountFen })
}

/** A word for the kind that nobody knows is kept in front of the title, so that it is not lost in 'other'. */
function activityTitle(reader: RowReader, kind: ActivityKind): string | undefined {
  const title = reader.text('title')
  const word = readText(reader.cell('kind'))
  if (kind !== 'other' || word.is !== 'value' || readActivityKind(reader.cell('kind')).is === 'value')
    return title
  return title === undefined ? word.value : `${word.value}:${title}`
}

/** The fields without those that are undefined, so that absence has one form. */
function present<F extends object>(fields: { [P in keyof F]: F[P] | undefined }): F {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as F
}

/**
 * Marks rows with the same ID number. A row that says the same as the first is its duplicate. A row that says something
 * else about the same person is held, and so is the first: which one is right, only the office knows.
 */
function markRepeats<K extends WorkbookKind>(kind: K, rows: readonly ParsedRow<FieldsOf[K]>[]): void {
  const groups = new Map<string, ParsedRow<FieldsOf[K]>[]>()
  for (const row of rows) {
    const id = row.fields.idNumber
    // A row that is held anyway is compared once it has been corrected.
    if (id === undefined || isHeld(row)) continue
    const key = kind === 'activities' ? [id, ...identityOf(kind, row.fields)].join('\n') : id
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  for (const [first, ...others] of groups.values())
    for (const other of others) if (first !== undefined) markRepeat(kind, first, other)
}

function isHeld({ faults }: ParsedRow<unknown>): boolean {
  return faults.some(({ severity }) => severity === 'held')
}

function markRepeat<K extends WorkbookKind>(
  kind: K,
  first: ParsedRow<FieldsOf[K]>,
  other: ParsedRow<FieldsOf[K]>,
): void {
  const same = identityOf(kind, first.fields).join('\n') === identityOf(kind, other.fields).join('\n')
  if (same) {
    other.faults.push(repeatFault('duplicate-of', first))
    return
  }
  other.faults.push(repeatFault('duplicate-conflict', first))
  if (!first.faults.some(({ code }) => code === 'duplicate-conflict'))
    first.faults.push(repeatFault('duplicate-conflict', other))
}

function repeatFault(
  code: 'duplicate-of' | 'duplicate-conflict',
  { row, ordinal }: ParsedRow<unknown>,
): Fault {
  return { code, severity: SEVERITY_OF[code], field: 'idNumber', of: { row, ordinal } }
}

/** What two rows about one person must agree on to say the same. A phone may differ; it is no statement about the person. */
const IDENTITY: { [K in WorkbookKind]: (fields: FieldsOf[K]) => (string | number | undefined)[] } = {
  roster: ({ name, branch, category }) => [name, branch, category],
  outflow: ({ name, destination, leftOn }) => [name, destination?.code ?? destination?.text, leftOn],
  arrivals: ({ name, origin, arrivedOn }) => [name, origin?.code ?? origin?.text, arrivedOn],
  // Somebody does many things; only the very same thing on the same day is entered twice.
  activities: ({ name, on, kind, title, amountFen }) => [name, on, kind, title, amountFen],
}

function identityOf<K extends WorkbookKind>(kind: K, fields: FieldsOf[K]): (string | number | undefined)[] {
  return IDENTITY[kind](fields)
}
