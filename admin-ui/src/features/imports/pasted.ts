/** Cells copied from a spreadsheet, as a CSV file that the node reads like any other. */

/** Rows and cells of what a spreadsheet puts on the clipboard: tabs between, quotes around cells with line breaks. */
export function readCells(text: string): string[][] {
  const rows: string[][] = [['']]
  let quoted = false
  for (const character of text.replace(/\r\n?/g, '\n')) {
    const row = rows.at(-1) ?? []
    const cell = row.at(-1) ?? ''
    if (character === '"' && (quoted || cell === '')) quoted = !quoted
    else if (!quoted && character === '\t') row.push('')
    else if (!quoted && character === '\n') rows.push([''])
    else row[row.length - 1] = cell + character
  }
  return rows.filter((row) => row.some((cell) => cell.trim() !== ''))
}

export function asCsv(cells: readonly (readonly string[])[]): Uint8Array<ArrayBuffer> {
  const lines = cells.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','))
  return new TextEncoder().encode(`\uFEFF${lines.join('\r\n')}\r\n`)
}
