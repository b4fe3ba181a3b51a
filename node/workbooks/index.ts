/**
 * The door of workbooks/: from an uploaded file to typed rows with their faults, and from rows back to a file.
 *
 * Reading in a worker thread is not behind this door but in worker.ts, which only main.ts and cli/ may start.
 */
export { type Cell, type Sheet, type SheetRow } from './cells.ts'
export { WorkbookError, type WorkbookErrorCode, type WorkbookErrorDetails } from './errors.ts'
export { type Fault, type FaultCode, type RowReference, SEVERITY_OF, type Severity } from './faults.ts'
export { FIELDS_OF, type Field, REQUIRED_FIELDS, WORKBOOK_KINDS, type WorkbookKind } from './fields.ts'
export {
  type ActivityFields,
  type ArrivalFields,
  type FieldsOf,
  type InterpretContext,
  type Interpretation,
  type OutflowFields,
  type ParsedRow,
  type RosterFields,
  type WrittenPlace,
  interpret,
} from './interpret.ts'
export { ANNOTATION_HEADINGS, type SkipReason, detectKind } from './layouts.ts'
export { type SheetReader, readSheetsHere } from './sheets.ts'
export { ACTIVITY_KINDS, type ActivityKind, type Category } from './values.ts'
export {
  FIELD_NAMES,
  type FaultSentences,
  KIND_NAMES,
  type Language,
  type Sentences,
  describeFault,
  describeWorkbookError,
} from './texts.ts'
export {
  type HeldReason,
  type TableColumn,
  type TableValue,
  writeCsv,
  writeHeldRows,
  writeTable,
} from './write.ts'
