/**
 * Cells of held rows as a screen shows them: ID numbers and telephone numbers masked, by the field of their column, and
 * wherever else one stands (offices write a number into the remarks, or a name's column is one to the left).
 */
import { maskIdNumber, maskPhone } from '../../protocol/index.ts'
import { type Summary } from './imports.ts'

type Cells = Readonly<Record<string, string>>

/** 15 or 17 digits and a last one or X; eleven digits that begin as a mobile number does, in a text or alone. */
const idNumberInside = /(?<!\d)(?:\d{17}[\dXx]|\d{15})(?!\d)/g
const phoneInside = /(?<!\d)1\d{10}(?!\d)/g
/** With fewer it is a word such as 无 or 待补, which the officer must be able to read. */
const leastDigits = 5

export function maskedCells({ columns }: Pick<Summary, 'columns'>, cells: Cells): Record<string, string> {
  const fields = new Map(columns.map(({ heading, field }) => [heading, field]))
  return Object.fromEntries(
    Object.entries(cells).map(([heading, text]) => [heading, masked(fields.get(heading), text)]),
  )
}

/** The cells as they are to be read: what came back masked as it was shown is what it was. */
export function unmasked(
  summary: Pick<Summary, 'columns'>,
  before: Cells,
  given: Cells,
): Record<string, string> {
  const shown = maskedCells(summary, before)
  return Object.fromEntries(
    Object.entries(given).map(([heading, text]) => [
      heading,
      text === shown[heading] ? (before[heading] ?? text) : text,
    ]),
  )
}

/** Those cells of which something is masked, as they are. */
export function hiddenCells(summary: Pick<Summary, 'columns'>, cells: Cells): Record<string, string> {
  const shown = maskedCells(summary, cells)
  return Object.fromEntries(Object.entries(cells).filter(([heading, text]) => shown[heading] !== text))
}

function masked(field: string | undefined, text: string): string {
  const digits = text.replace(/\D/g, '').length
  if (digits >= leastDigits && field === 'idNumber') return maskIdNumber(text)
  if (digits >= leastDigits && field === 'phone') return maskPhone(text)
  return text.replace(idNumberInside, maskIdNumber).replace(phoneInside, maskPhone)
}
