/**
 * A workbook as every reader gives it and interpret.ts takes it: sheets of rows of cells, with the numbers a person
 * sees at the edge of their screen. Plain data, so that it passes from a worker thread unchanged.
 */

export interface Sheet {
  name: string
  /** Rows with at least one cell, in order. Rows without any are left out, so `row` may jump. */
  rows: SheetRow[]
}

export interface SheetRow {
  /** The row's number in the sheet, from 1. */
  row: number
  /** From column A on. Empty cells at the end are left out. */
  cells: Cell[]
}

/**
 * `text` is what a person sees, except that dates are ISO (2024-02-19, with ' 08:30' behind when there is a time, and
 * 2024-02 where the cell's format shows no day). Text is as stored, blanks and tabs included.
 */
export type Cell =
  | { kind: 'empty'; text: '' }
  | { kind: 'text'; text: string }
  | { kind: 'number'; text: string; value: number }
  | { kind: 'date'; text: string }
  | { kind: 'boolean'; text: string; value: boolean }
  /** A formula that came to nothing, such as #N/A. */
  | { kind: 'error'; text: string }

export const EMPTY_CELL: Cell = { kind: 'empty', text: '' }

/** More columns than any register has; a sheet with more was filled by mistake or by malice. */
export const MAX_COLUMNS = 200

/** The letters over a column, from its index: 0 is A, 27 is AB. */
export function columnLetters(index: number): string {
  const rest = Math.floor(index / 26)
  return (rest > 0 ? columnLetters(rest - 1) : '') + String.fromCharCode(65 + (index % 26))
}

/** The index of a column from its letters. */
export function columnIndex(letters: string): number {
  return [...letters].reduce((index, letter) => index * 26 + letter.charCodeAt(0) - 64, 0) - 1
}

/** Rows from lists of cells, numbered from 1, without the empty ones and without empty ends. */
export function rowsOf(table: readonly (readonly Cell[])[]): SheetRow[] {
  return table.flatMap((cells, index) => {
    const end = cells.findLastIndex(({ kind }) => kind !== 'empty') + 1
    return end === 0 ? [] : [{ row: index + 1, cells: cells.slice(0, end) }]
  })
}
