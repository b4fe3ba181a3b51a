/**
 * Rows on their way to a spreadsheet. As HTML each cell is marked as text, so that long numbers stay whole and nothing is
 * run as a formula; as plain text a cell that a spreadsheet would run gets an apostrophe before it (attacks.md W12).
 */
import { type Column } from './column.ts'

const runs = /^[=+\-@\t\r＝＋－＠]/

export function plainCell(text: string): string {
  const line = text.replace(/[\t\r\n]+/g, ' ')
  return runs.test(text) ? `'${line}` : line
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => escapes[character] ?? '')

export function asPlainText(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => row.map(plainCell).join('\t')).join('\n')
}

export function asHtml(rows: readonly (readonly string[])[]): string {
  const cell = (text: string) => `<td style="mso-number-format:'\\@'">${escaped(text)}</td>`
  return `<table>${rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('')}</table>`
}

/**
 * The heading and these rows. By a copy event of our own, because what is written by the newer way is cleaned by the
 * browser and loses the marks of its cells; where no event is raised, as plain text.
 */
export async function copyRows<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): Promise<void> {
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map((column) => column.text(row))),
  ]
  const plain = asPlainText(cells)
  if (!copyByEvent({ 'text/plain': plain, 'text/html': asHtml(cells) }))
    await navigator.clipboard.writeText(plain)
}

function copyByEvent(kinds: Record<string, string>): boolean {
  let raised = false
  const put = (event: ClipboardEvent) => {
    for (const [type, text] of Object.entries(kinds)) event.clipboardData?.setData(type, text)
    event.preventDefault()
    raised = true
  }
  document.addEventListener('copy', put, { once: true })
  document.execCommand('copy')
  document.removeEventListener('copy', put)
  return raised
}

export async function copyText(text: string): Promise<void> {
  if (!copyByEvent({ 'text/plain': text })) await navigator.clipboard.writeText(text)
}
