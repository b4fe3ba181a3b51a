/**
 * The refusals of a whole workbook. Faults of single rows are no errors: they are part of what interpret.ts returns.
 *
 * A refusal says which limit or which columns, in the words of the layout. It never carries a cell's text, because
 * refusals are logged and rows are people.
 */
import { type Field, type WorkbookKind } from './fields.ts'

export type WorkbookErrorCode =
  /** More than the permitted bytes, packed or unpacked, or more zip entries or cells than any register has. */
  | 'workbook_too_large'
  | 'workbook_too_many_rows'
  | 'workbook_too_many_columns'
  /** Reading took longer than the caller was willing to wait. */
  | 'workbook_too_slow'
  /** Neither a zip nor a text: a picture, a PDF, a Word document, a web page saved as .xls. */
  | 'workbook_not_a_workbook'
  /** An Excel 97–2003 file (.xls) or a WPS .et. */
  | 'workbook_old_format'
  | 'workbook_encrypted'
  /** Damaged, or contradicting itself about its sizes. */
  | 'workbook_unreadable'
  /** Zip entries that point out of the archive. No spreadsheet program writes such a file. */
  | 'workbook_unsafe_paths'
  /** A text that is neither UTF-8 nor GB18030. */
  | 'workbook_encoding'
  | 'workbook_no_header'
  | 'workbook_columns_missing'
  | 'workbook_ambiguous_columns'
  /** Several sheets hold a table of this kind, and choosing one would silently drop the others. */
  | 'workbook_several_tables'

export interface WorkbookErrorDetails {
  kind?: WorkbookKind
  /** The fields that are missing, or claimed twice. */
  fields?: Field[]
  /** The columns that claim the same field, as letters. */
  columns?: string[]
  /** The names of the sheets to choose from. */
  sheets?: string[]
  /** The limit that was exceeded, in the unit of its code (bytes, rows, columns, entries, cells). */
  limit?: number
}

/** Thrown by everything in workbooks/ that refuses a whole file. */
export class WorkbookError extends Error {
  readonly code: WorkbookErrorCode
  readonly details: WorkbookErrorDetails

  constructor(code: WorkbookErrorCode, details: WorkbookErrorDetails = {}, cause?: unknown) {
    super(code, cause === undefined ? undefined : { cause })
    this.name = 'WorkbookError'
    this.code = code
    this.details = details
  }
}
