/**
 * What can be wrong with one row, and what follows from it.
 *
 * held       the row is set aside for a person; nothing of it is stored
 * flagged    the row is stored without the field, and the field is shown
 * duplicate  the row repeats an earlier one and adds nothing
 */
import { type Field } from './fields.ts'

export type Severity = 'held' | 'flagged' | 'duplicate'

export const SEVERITY_OF = {
  'id-missing': 'held',
  /** Excel took the ID number for a number, and its last digits are gone. */
  'id-as-number': 'held',
  'id-15-digits': 'held',
  'id-malformed': 'held',
  'id-bad-checksum': 'held',
  'id-birth-impossible': 'held',
  'name-missing': 'held',
  'name-malformed': 'held',
  'duplicate-of': 'duplicate',
  /** The same ID number with another name, branch, place or date: one of the rows is wrong, and nobody here knows which. */
  'duplicate-conflict': 'held',
  'birth-unreadable': 'flagged',
  'joined-unreadable': 'flagged',
  'left-unreadable': 'flagged',
  'arrived-unreadable': 'flagged',
  'category-unreadable': 'flagged',
  'phone-unreadable': 'flagged',
  /** A text far longer than the column is for. */
  'text-too-long': 'flagged',
  'place-missing': 'held',
  'place-unknown': 'held',
  'place-ambiguous': 'held',
  'date-missing': 'held',
  'date-unreadable': 'held',
  'kind-missing': 'flagged',
  'kind-unknown': 'flagged',
  'amount-missing': 'held',
  'amount-unreadable': 'held',
} as const satisfies Record<string, Severity>

export type FaultCode = keyof typeof SEVERITY_OF

/** A row by its two numbers: in the sheet, and among the rows that are entries. */
export interface RowReference {
  row: number
  ordinal: number
}

/** One thing wrong with one row. Carries no cell text: faults are counted and logged, rows are people. */
export interface Fault {
  code: FaultCode
  severity: Severity
  field?: Field
  /** The heading of the column concerned, as written. */
  heading?: string
  /** The letters over it. */
  column?: string
  /** The other row, for 'duplicate-of' (the first of them) and 'duplicate-conflict'. */
  of?: RowReference
  /** For 'place-ambiguous' and 'place-unknown': the places that may be meant, as paths from the province down. */
  candidates?: string[]
}
