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

/** The heading and these rows. Falls back to plain text where a browser gives nothing more (pages without TLS). */
export async function copyRows<Row>(shown: readonly Column<Row>[], rows: readonly Row[]): Promise<void> {
  const columns = shown.filter(({ work }) => work !== true)
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map((column) => column.text(row))),
  ]
  const kinds = { 'text/plain': asPlainText(cells), 'text/html': asHtml(cells) }
  const blobs = Object.entries(kinds).map(([type, text]) => [type, new Blob([text], { type })])
  if (typeof ClipboardItem !== 'undefined' && navigator.clipboard !== undefined)
    return navigator.clipboard.write([new ClipboardItem(Object.fromEntries(blobs) as Record<string, Blob>)])
  copyByCommand(kinds)
}

/** A text as it is. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text)
  copyByCommand({ 'text/plain': text })
}

function copyByCommand(kinds: Record<string, string>): void {
  const put = (event: ClipboardEvent) => {
    for (const [type, text] of Object.entries(kinds)) event.clipboardData?.setData(type, text)
    event.preventDefault()
  }
  document.addEventListener('copy', put, { once: true })
  document.execCommand('copy')
  document.removeEventListener('copy', put)
}
