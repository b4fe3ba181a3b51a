/**
 * Reading an .xlsx. The archive is checked and unpacked by archive.ts, every part is gone through by markup.ts, and what
 * is left is parsed by read-excel-file.
 *
 * The parser is handed an archive of ours: a workbook part that we write, with the visible sheets, and the sheets,
 * styles and texts of the file with the tags of rows and cells written anew, so that every address in them has been
 * checked against the limits.
 *
 * On the way, two things are learned that the parser does not tell: which cells hold an error, and which dates are
 * shown without their day, so that 1993年4月 does not become the first of April. Merged cells: the text is in the first
 * one and the others are empty, as the file stores it.
 */
import readXlsxFile from 'read-excel-file/universal'
import { packStored, unpack } from './archive.ts'
import {
  type Cell,
  EMPTY_CELL,
  MAX_COLUMNS,
  type Sheet,
  columnIndex,
  columnLetters,
  rowsOf,
} from './cells.ts'
import { WorkbookError } from './errors.ts'
import { type OpeningTag, rewriteMarkup } from './markup.ts'

/** Rows of one sheet, blank ones in between included. The largest counties have about thirty thousand members. */
export const MAX_ROWS = 50_000
/** Filled cells of all sheets together: the permitted rows with forty columns each. */
export const MAX_CELLS = 2_000_000
/** Tags of one sheet, or of the shared texts: four for each permitted cell, and those of the rows. */
const MAX_TAGS = 5 * MAX_CELLS
/** Tags of the parts that describe the workbook. WPS piles up styles, but not beyond some hundred thousand. */
const MAX_DESCRIBING_TAGS = 1_000_000

const WORKBOOK_PART = 'xl/workbook.xml'
const RELATIONS_PART = 'xl/_rels/workbook.xml.rels'
const RELATION_TYPE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'

/** Where the parts of the workbook are in its archive. */
interface Outline {
  epoch1904: boolean
  sheets: { name: string; part: string }[]
  styles: string | undefined
  texts: string | undefined
}

/**
 * The visible sheets, in their order. Throws WorkbookError: those of archive.ts, and 'workbook_not_a_workbook',
 * 'workbook_too_many_rows', 'workbook_too_many_columns', 'workbook_too_large', 'workbook_unreadable'.
 */
export async function readXlsx(bytes: Uint8Array): Promise<Sheet[]> {
  const outline = readOutline(unpack(bytes, (name) => name === WORKBOOK_PART || name === RELATIONS_PART))
  const wanted = new Set([...outline.sheets.map(({ part }) => part), outline.styles, outline.texts])
  const parts = unpack(bytes, (name) => wanted.has(name))
  const styles = checkStyles(outline.styles === undefined ? undefined : parts.get(outline.styles))
  const texts = outline.texts === undefined ? undefined : parts.get(outline.texts)
  const sheets = checkSheets(outline.sheets, parts, styles)
  const tables = await parseTables(
    packStored(
      new Map([
        ...describingParts(outline),
        ['xl/styles.xml', styles.xml],
        [
          'xl/sharedStrings.xml',
          texts === undefined ? EMPTY_PART : rewriteMarkup(texts, MAX_TAGS, () => undefined),
        ],
        ...sheets.map(({ xml }, index): [string, Uint8Array] => [`xl/worksheets/sheet${index + 1}.xml`, xml]),
      ]),
    ),
  )
  return sheets.map(({ name, marks }, index) => ({ name, rows: rowsOf(cellsOf(tables[index] ?? [], marks)) }))
}

const EMPTY_PART = new TextEncoder().encode('<empty/>')

/** Visits the tags of a part that describes others, for what they say. */
function visitTags(part: Uint8Array | undefined, visit: (tag: OpeningTag) => void): Uint8Array {
  return rewriteMarkup(part ?? EMPTY_PART, MAX_DESCRIBING_TAGS, (tag) => {
    visit(tag)
    return undefined
  })
}

function readOutline(parts: ReadonlyMap<string, Uint8Array>): Outline {
  if (!parts.has(WORKBOOK_PART)) throw new WorkbookError('workbook_not_a_workbook')
  const targets = new Map<string, { type: string; part: string }>()
  visitTags(parts.get(RELATIONS_PART), ({ name, attributes }) => {
    if (name !== 'Relationship') return
    const relation = attributes()
    const target = relation.get('Target') ?? ''
    const type = relation.get('Type')?.split('/').at(-1) ?? ''
    targets.set(relation.get('Id') ?? '', {
      type,
      part: target.startsWith('/') ? target.slice(1) : `xl/${target}`,
    })
  })
  const partOf = (type: string): string | undefined =>
    [...targets.values()].find((target) => target.type === type)?.part
  const outline: Outline = {
    epoch1904: false,
    sheets: [],
    styles: partOf('styles'),
    texts: partOf('sharedStrings'),
  }
  visitTags(parts.get(WORKBOOK_PART), ({ name, attributes }) => {
    if (name === 'workbookPr') outline.epoch1904 ||= /^(?:1|true)$/.test(attributes().get('date1904') ?? '')
    if (name !== 'sheet') return
    const sheet = attributes()
    const target = targets.get(sheet.get('id') ?? '')
    // A chart on a sheet of its own has no cells, and a hidden sheet is not what the office wants to hand in.
    if (target?.type !== 'worksheet' || /hidden/i.test(sheet.get('state') ?? '')) return
    outline.sheets.push({ name: sheet.get('name') ?? '', part: target.part })
  })
  return outline
}

/** The workbook part and its relations as we write them, for the parser. */
function describingParts({ epoch1904, sheets }: Outline): [string, Uint8Array][] {
  const relation = (id: string, type: string, target: string): string =>
    `<Relationship Id="${id}" Type="${RELATION_TYPE}/${type}" Target="${target}"/>`
  const ids = sheets.map((_, index) => index + 1)
  const relations = [
    relation('styles', 'styles', 'styles.xml'),
    relation('texts', 'sharedStrings', 'sharedStrings.xml'),
    ...ids.map((id) => relation(`sheet${id}`, 'worksheet', `worksheets/sheet${id}.xml`)),
  ]
  const listed = ids.map((id) => `<sheet name="${id}" sheetId="${id}" id="sheet${id}"/>`)
  const epoch = epoch1904 ? '<workbookPr date1904="1"/>' : ''
  const write = (xml: string): Uint8Array => new TextEncoder().encode(xml)
  return [
    [WORKBOOK_PART, write(`<workbook>${epoch}<sheets>${listed.join('')}</sheets></workbook>`)],
    [RELATIONS_PART, write(`<Relationships>${relations.join('')}</Relationships>`)],
  ]
}

/** The built-in formats that Chinese and Japanese Excel show as year and month only. */
const BUILT_IN_WITHOUT_DAY = ['17', '55', '57']

interface Styles {
  /** How many cell formats there are. */
  formats: number
  /** Those that show a date without its day, by index as cells write it. */
  withoutDay: ReadonlySet<string>
}

/** The styles, and the indexes of those cell formats that show a date without its day, such as yyyy"年"m"月". */
function checkStyles(part: Uint8Array | undefined): Styles & { xml: Uint8Array } {
  const formats = new Set(BUILT_IN_WITHOUT_DAY)
  const withoutDay = new Set<string>()
  let index = -1
  const xml = visitTags(part, ({ name, attributes }) => {
    if (name === 'numFmt') {
      const format = attributes()
      if (showsNoDay(format.get('formatCode') ?? '')) formats.add(format.get('numFmtId') ?? '')
    }
    // Cells refer to the formats in cellXfs by their place. What follows it has no xf any more.
    if (name === 'cellXfs') index = 0
    if (name === 'xf' && index >= 0 && formats.has(attributes().get('numFmtId') ?? ''))
      withoutDay.add(String(index))
    if (name === 'xf' && index >= 0) index++
  })
  return { xml, formats: Math.max(0, index), withoutDay }
}

function showsNoDay(code: string): boolean {
  const tokens = code.replace(/"[^"]*"|\\.|\[[^\]]*\]/g, ' ').toLowerCase()
  return /y/.test(tokens) && /m/.test(tokens) && !/[dhs]/.test(tokens)
}

/** What is learned about the cells of a sheet, by address such as 'E4'. */
interface Marks {
  /** Dates whose format shows no day. */
  withoutDay: Set<string>
  errors: Set<string>
}

interface CheckedSheet {
  name: string
  xml: Uint8Array
  marks: Marks
}

function checkSheets(
  sheets: Outline['sheets'],
  parts: ReadonlyMap<string, Uint8Array>,
  styles: Styles,
): CheckedSheet[] {
  let cells = 0
  return sheets.map(({ name, part }) => {
    const bytes = parts.get(part)
    if (bytes === undefined) throw new WorkbookError('workbook_unreadable')
    const position = new Position(styles)
    const xml = rewriteMarkup(bytes, MAX_TAGS, (tag) => position.visit(tag))
    cells += position.filled
    if (cells > MAX_CELLS) throw new WorkbookError('workbook_too_large', { limit: MAX_CELLS })
    return { name, xml, marks: position.marks }
  })
}

/** Follows the rows and cells of one sheet, and writes their tags with the address where they really are. */
class Position {
  readonly marks: Marks = { withoutDay: new Set(), errors: new Set() }
  /** Cells that are not empty from the start. */
  filled = 0
  #row = 0
  #column = -1
  readonly #styles: Styles

  constructor(styles: Styles) {
    this.#styles = styles
  }

  visit({ name, selfClosing, attributes }: OpeningTag): string | undefined {
    if (name === 'row') return this.#rowTag(attributes().get('r'), selfClosing ? '/>' : '>')
    return name === 'c' ? this.#cellTag(attributes(), selfClosing ? '/>' : '>') : undefined
  }

  /** Rows and cells need not say where they are; then they follow the one before (ECMA-376, 18.3.1.73 and 18.3.1.4). */
  #rowTag(given: string | undefined, end: string): string {
    const row = given === undefined ? this.#row + 1 : Number(given)
    if (!Number.isInteger(row) || row <= this.#row) throw new WorkbookError('workbook_unreadable')
    if (row > MAX_ROWS) throw new WorkbookError('workbook_too_many_rows', { limit: MAX_ROWS })
    this.#row = row
    this.#column = -1
    return `<row r="${row}"${end}`
  }

  #cellTag(attributes: ReadonlyMap<string, string>, end: string): string {
    const given = attributes.get('r')
    const [, letters, row] = /^([A-Z]{1,7})(\d{1,9})$/.exec(given ?? '') ?? []
    if (given !== undefined && Number(row) !== this.#row) throw new WorkbookError('workbook_unreadable')
    const column = letters === undefined ? this.#column + 1 : columnIndex(letters)
    if (column <= this.#column) throw new WorkbookError('workbook_unreadable')
    this.#column = column
    // An empty cell far to the right only has a colour or a border.
    if (column >= MAX_COLUMNS && end === '/>') return '<empty/>'
    if (column >= MAX_COLUMNS) throw new WorkbookError('workbook_too_many_columns', { limit: MAX_COLUMNS })
    return this.#writeCell(`${columnLetters(column)}${this.#row}`, attributes, end)
  }

  #writeCell(address: string, attributes: ReadonlyMap<string, string>, end: string): string {
    const style = attributes.get('s') ?? ''
    const type = attributes.get('t') ?? ''
    if (end === '>') this.filled++
    if (this.#styles.withoutDay.has(style)) this.marks.withoutDay.add(address)
    if (type === 'e') this.marks.errors.add(address)
    // A format that is not there is no reason to refuse the file, only to show the bare number.
    const styled = /^\d{1,6}$/.test(style) && Number(style) < this.#styles.formats ? ` s="${style}"` : ''
    const typed = /^[A-Za-z]{1,10}$/.test(type) ? ` t="${type}"` : ''
    return `<c r="${address}"${styled}${typed}${end}`
  }
}

/** A number as the file spells it, since JavaScript would round an 18-digit one. */
interface RawNumber {
  raw: string
}

async function parseTables(archive: Uint8Array<ArrayBuffer>): Promise<unknown[][][]> {
  try {
    const sheets = await readXlsxFile<RawNumber>(archive.buffer, {
      trim: false,
      parseNumber: (raw) => ({ raw }),
    })
    // A chart on a sheet of its own has no rows.
    return sheets.map(({ data }) => (data as unknown[][] | undefined) ?? [])
  } catch (error) {
    throw new WorkbookError('workbook_unreadable', {}, error)
  }
}

function cellsOf(table: readonly (readonly unknown[])[], marks: Marks | undefined): Cell[][] {
  return table.map((row, rowIndex) =>
    row.map((value, index) => cellOf(value, `${columnLetters(index)}${rowIndex + 1}`, marks)),
  )
}

function cellOf(value: unknown, address: string, marks: Marks | undefined): Cell {
  if (marks?.errors.has(address) === true) return { kind: 'error', text: '#N/A' }
  if (value === null || value === undefined || value === '') return EMPTY_CELL
  if (typeof value === 'string') return { kind: 'text', text: value }
  if (typeof value === 'boolean') return { kind: 'boolean', text: value ? 'TRUE' : 'FALSE', value }
  if (value instanceof Date) return dateCell(value, marks?.withoutDay.has(address) === true)
  return numberCell((value as RawNumber).raw)
}

function dateCell(date: Date, withoutDay: boolean): Cell {
  if (Number.isNaN(date.getTime())) return { kind: 'error', text: '#NUM!' }
  const iso = date.toISOString()
  if (!/^\d{4}-/.test(iso)) return { kind: 'error', text: '#NUM!' }
  if (withoutDay) return { kind: 'date', text: iso.slice(0, 7) }
  const time = iso.slice(11, 16)
  return { kind: 'date', text: time === '00:00' ? iso.slice(0, 10) : `${iso.slice(0, 10)} ${time}` }
}

function numberCell(raw: string): Cell {
  const value = Number(raw)
  if (!Number.isFinite(value)) return { kind: 'error', text: '#NUM!' }
  return { kind: 'number', text: numberText(raw, value), value }
}

/** Whole numbers with all their digits; others with the fifteen that Excel has, so that 2.3 is not 2.2999999999999998. */
function numberText(raw: string, value: number): string {
  if (/^-?\d+$/.test(raw)) return raw
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return value.toFixed(0)
  return String(Number(value.toPrecision(15)))
}
