/**
 * From rows back to a file for people: the held rows of an import, and tables in general, as .xlsx or CSV.
 *
 * A file we write must not do anything when it is opened (ASVS 1.2.10). In an .xlsx a text cell is typed as text, and a
 * spreadsheet shows `=1+1` in it as it shows any text. A CSV has no types, so a text that begins with a formula
 * character, half-width or full-width, gets an apostrophe in front, which csv.ts takes off again.
 *
 * Digits have the opposite trouble: a spreadsheet takes an ID number for a number and drops its end. In .xlsx such
 * cells are text with the text format, which survives retyping; in CSV they get a tab in front, as offices do it.
 */
import writeXlsxFile, { type Cell as XlsxCell } from 'write-excel-file/universal'
import { type Fault } from './faults.ts'
import { type Interpretation } from './interpret.ts'
import { ANNOTATION_HEADINGS } from './layouts.ts'
import { describeFault } from './texts.ts'

/** Dates are written as the texts they are. */
export type TableValue = string | number | boolean | undefined

export interface TableColumn {
  heading: string
  /** In characters; Chinese ones count double. Left to the spreadsheet when absent. */
  width?: number
}

/** A reason to hold a row that is not in the row itself, such as a member who is not on the roster. */
export interface HeldReason {
  problem: string
  suggestion: string
}

/** Excel's own bound on one cell. */
const MAX_CELL_CHARACTERS = 32_767
const SHEET_NAME = 'Sheet1'
/** The heading under which an import finds the sheet row of the original again. */
const [ROW_HEADING, PROBLEM_HEADING, SUGGESTION_HEADING] = ANNOTATION_HEADINGS

/**
 * The held rows of an import as .xlsx, under the headings of the source and with the columns 原行号, 问题 and 建议 behind,
 * so that an office can correct the cells and import the file as it is. All cells are text. Held are the rows with a
 * fault that holds them and those for which the caller gives reasons, by sheet row.
 */
export function writeHeldRows(
  interpretation: Interpretation,
  heldReasons: ReadonlyMap<number, readonly HeldReason[]> = new Map(),
): Promise<Uint8Array> {
  const { headings } = interpretation
  const idHeading = interpretation.columns.find(({ field }) => field === 'idNumber')?.heading
  const columns = [...headings, ROW_HEADING, PROBLEM_HEADING, SUGGESTION_HEADING].map((heading) => ({
    heading,
  }))
  const rows = interpretation.rows.flatMap(({ row, held, cells, faults }) => {
    const reasons = [...faultReasons(row, faults), ...(heldReasons.get(row) ?? [])]
    if (!held && !heldReasons.has(row)) return []
    const joined = (text: (reason: HeldReason) => string): string => reasons.map(text).join('\n')
    const lost = faults.some(({ code }) => code === 'id-as-number')
    const source = headings.map((heading) => {
      const text = cells[heading]?.trim() ?? ''
      return lost && heading === idHeading ? withoutInventedDigits(text) : text
    })
    return [
      [...source, String(row), joined(({ problem }) => problem), joined(({ suggestion }) => suggestion)],
    ]
  })
  return writeTable(columns, rows)
}

/**
 * An ID number that Excel took for a number, with its lost digits as question marks. Written with the digits that
 * stand there now, it could pass the check by chance and come back as somebody else's.
 */
function withoutInventedDigits(text: string): string {
  return text.replace(/^(\d{15})\d+$/, '$1???')
}

function faultReasons(row: number, faults: readonly Fault[]): HeldReason[] {
  return faults.map((fault) => {
    const { what, mend } = describeFault(row, fault, 'zh')
    const field = fault.heading === undefined ? '' : `「${fault.heading}」`
    return { problem: field + what, suggestion: mend }
  })
}

/** A table as .xlsx with one sheet. Numbers and booleans keep their type, everything else is text. */
export async function writeTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly TableValue[])[],
): Promise<Uint8Array> {
  const header = columns.map(({ heading }) => ({ ...textCell(heading), fontWeight: 'bold' as const }))
  const data = [header, ...rows.map((row) => row.map(xlsxCell))]
  const widths = columns.map(({ width }) => (width === undefined ? {} : { width }))
  const file = writeXlsxFile(data, { sheet: SHEET_NAME, columns: widths })
  return new Uint8Array(await (await file.toBlob()).arrayBuffer())
}

function xlsxCell(value: TableValue): XlsxCell {
  if (value === undefined || value === '') return null
  if (typeof value === 'string') return textCell(value)
  if (typeof value === 'number' && Number.isFinite(value)) return { value, type: Number }
  return typeof value === 'boolean' ? { value, type: Boolean } : null
}

function textCell(text: string): { value: string; type: StringConstructor; format: string } {
  // The file format reads _x0041_ as A. Its first underscore is spelled out so that it stays what it is.
  const literal = text.slice(0, MAX_CELL_CHARACTERS).replace(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_')
  return { value: literal, type: String, format: '@' }
}

const FORMULA_START = /^'*[=+\-@\t\r\n＝＋－＠]/
/** More digits than Excel keeps of a number it is not told to leave alone. */
const LONG_DIGITS = /^\d{12,}X?$/

/** A table as CSV for Excel: UTF-8 with a byte order mark, CRLF, every value in quotes where it needs them. */
export function writeCsv(
  columns: readonly TableColumn[],
  rows: readonly (readonly TableValue[])[],
): Uint8Array {
  const lines = [columns.map(({ heading }) => heading), ...rows].map((row) => row.map(csvValue).join(','))
  return new TextEncoder().encode(`\uFEFF${lines.join('\r\n')}\r\n`)
}

function csvValue(value: TableValue): string {
  if (value === undefined) return ''
  if (typeof value !== 'string') return String(value)
  const safe = FORMULA_START.test(value) ? `'${value}` : LONG_DIGITS.test(value) ? `\t${value}` : value
  return /[",;\t\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
