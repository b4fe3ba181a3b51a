/**
 * Reading a CSV as Chinese offices save it: by Excel as GB18030, by other programs as UTF-8 with or without a byte
 * order mark, by "Unicode text" as UTF-16 with tabs. Which of comma, semicolon and tab separates is seen from the
 * first lines.
 *
 * Three customs are undone, because they are not part of what the cell says: the line `sep=;` at the top, the formula
 * ="0123" that keeps digits from becoming a number, and the apostrophe which write.ts puts before a formula character.
 */
import { parse } from 'csv-parse/sync'
import { type Cell, EMPTY_CELL, MAX_COLUMNS, type Sheet, rowsOf } from './cells.ts'
import { WorkbookError } from './errors.ts'

export const MAX_CSV_BYTES = 10 * 1024 * 1024
/** A quote that is never closed would otherwise make one cell of the rest of the file. */
const MAX_RECORD_CHARACTERS = 100_000
const SEPARATORS = [',', '\t', ';'] as const
/** Enough to see the separator even below a title and a line about the reporting unit. */
const LINES_TO_LOOK_AT = 20

/**
 * The one sheet of a CSV. Throws WorkbookError: 'workbook_too_large', 'workbook_encoding', 'workbook_unreadable',
 * 'workbook_too_many_columns'.
 */
export function readCsv(bytes: Uint8Array, sheetName: string): Sheet {
  if (bytes.length > MAX_CSV_BYTES) throw new WorkbookError('workbook_too_large', { limit: MAX_CSV_BYTES })
  const { text, separator } = takeSeparator(decode(bytes))
  const records = parseRecords(text, separator)
  if (records.some((record) => record.findLastIndex((value) => value !== '') >= MAX_COLUMNS))
    throw new WorkbookError('workbook_too_many_columns', { limit: MAX_COLUMNS })
  return { name: sheetName, rows: rowsOf(records.map((record) => record.map(cellOf))) }
}

function decode(bytes: Uint8Array): string {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe
  for (const encoding of utf16 ? ['utf-16le'] : ['utf-8', 'gb18030']) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes)
    } catch {
      // Not this encoding. The next one is tried, and after the last the file is refused.
    }
  }
  throw new WorkbookError('workbook_encoding')
}

function takeSeparator(text: string): { text: string; separator: string } {
  const declared = /^sep=(.)\r?\n/.exec(text)
  // The line is blanked, not cut off, so that row numbers stay those of the file.
  if (declared?.[1] !== undefined) return { text: text.slice('sep=x'.length), separator: declared[1] }
  return { text, separator: likeliestSeparator(text) }
}

/** The separator that comes equally often in the most of the first lines; a comma in doubt. */
function likeliestSeparator(text: string): string {
  const unquoted = text.slice(0, MAX_RECORD_CHARACTERS).replace(/"(?:[^"]|"")*"/g, '')
  const lines = unquoted.split(/\r?\n/, LINES_TO_LOOK_AT)
  const scores = SEPARATORS.map((separator) => ({ separator, score: agreement(lines, separator) }))
  return scores.reduce((best, next) => (next.score > best.score ? next : best)).separator
}

/** How many lines have the separator equally often, and in case of equal many lines, how often. */
function agreement(lines: readonly string[], separator: string): number {
  const groups = new Map<number, number>()
  for (const line of lines) {
    const times = Math.min(MAX_COLUMNS, line.split(separator).length - 1)
    if (times > 0) groups.set(times, (groups.get(times) ?? 0) + 1)
  }
  return Math.max(0, ...[...groups].map(([times, agreeing]) => agreeing + times / (MAX_COLUMNS + 1)))
}

function parseRecords(text: string, delimiter: string): string[][] {
  try {
    return parse(text, {
      delimiter,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: false,
      max_record_size: MAX_RECORD_CHARACTERS,
    })
  } catch (error) {
    throw new WorkbookError('workbook_unreadable', {}, error)
  }
}

function cellOf(value: string): Cell {
  if (value === '') return EMPTY_CELL
  const text = value.replace(/^="([^"]*)"$/, '$1').replace(/^'(?='*[=+\-@\t\r\n＝＋－＠])/, '')
  return text === '' ? EMPTY_CELL : { kind: 'text', text }
}
