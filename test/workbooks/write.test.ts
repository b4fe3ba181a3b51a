/**
 * Writing files: nothing in them starts to act, nothing is lost on the way back, and held rows return corrected.
 */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Sheet } from '../../node/workbooks/cells.ts'
import { interpret, readSheetsHere, writeCsv, writeHeldRows, writeTable } from '../../node/workbooks/index.ts'
import { checkCharacter } from '../../protocol/index.ts'

const SAMPLE = '信阳-党员花名册.xlsx'
const sample = new Uint8Array(readFileSync(new URL(`../../scripts/samples/${SAMPLE}`, import.meta.url)))
const columns = [{ heading: '甲' }, { heading: '乙', width: 20 }]

async function back(bytes: Uint8Array): Promise<string[][]> {
  const [sheet] = await readSheetsHere(bytes, 'x')
  return sheet?.rows.slice(1).map(({ cells }) => cells.map(({ text }) => text)) ?? []
}

const FORMULAS = [
  '=1+1',
  '+1',
  '-1',
  '@a',
  '\t=1',
  '\r=1',
  '\n=1',
  '＝1',
  '＋1',
  '－1',
  '＠a',
  "'=1",
  "''=1",
  '=cmd|"/c calc"!A1',
]
const naughty = fc.string({ unit: fc.constantFrom(...'=+-@\t\r\n＝＠\'",;甲_x0041 1'), maxLength: 12 })

describe('a formula in a text', () => {
  test.each(FORMULAS)('does not start a CSV cell, and comes back: %j', async (text) => {
    const bytes = writeCsv(columns, [[text, '乙']])
    const [, cell = ''] = new TextDecoder().decode(bytes).split('\r\n甲,乙\r\n'.slice(2))
    expect(cell.replace(/^"/, '')).toMatch(/^'/)
    expect(await back(bytes)).toEqual([[text, '乙']])
  })

  test.each(FORMULAS)('is text in a workbook, and comes back: %j', async (text) => {
    const bytes = await writeTable(columns, [[text, '乙']])
    const [sheet] = await readSheetsHere(bytes, 'x')
    expect(sheet?.rows[1]?.cells[0]).toEqual({ kind: 'text', text })
  })

  test('no text of any kind is lost in either', async () => {
    await fc.assert(
      fc.asyncProperty(naughty, naughty, async (one, two) => {
        const row = [`${one}`, `${two}。`]
        expect(await back(writeCsv(columns, [row]))).toEqual([row])
        expect(await back(await writeTable(columns, [row]))).toEqual([row])
      }),
    )
  })
})

describe('a table', () => {
  test('keeps numbers and booleans, and digits that no number can hold', async () => {
    const row = ['41159919660413416X', '411599199304029900', 2.5, true, undefined, -3]
    const wide = row.map((_, index) => ({ heading: `列${index}` }))
    const [sheet] = await readSheetsHere(await writeTable(wide, [row]), 'x')
    expect(sheet?.rows[1]?.cells).toEqual([
      { kind: 'text', text: '41159919660413416X' },
      { kind: 'text', text: '411599199304029900' },
      { kind: 'number', text: '2.5', value: 2.5 },
      { kind: 'boolean', text: 'TRUE', value: true },
      { kind: 'empty', text: '' },
      { kind: 'number', text: '-3', value: -3 },
    ])
    const csv = new TextDecoder('utf-8', { ignoreBOM: true }).decode(writeCsv(wide, [row]))
    expect(csv).toBe(
      '\uFEFF列0,列1,列2,列3,列4,列5\r\n"\t41159919660413416X","\t411599199304029900",2.5,true,,-3\r\n',
    )
  })
})

describe('the held rows of an import', () => {
  const roster = async () => interpret('roster', await readSheetsHere(sample, SAMPLE))

  test('are written under the source headings, with what is wrong and how to mend it', async () => {
    const source = await roster()
    const [sheet] = await readSheetsHere(await writeHeldRows(source), 'x')
    const [head, first] = sheet?.rows ?? []
    expect(head?.cells.map(({ text }) => text)).toEqual([...source.headings, '原行号', '问题', '建议'])
    expect(sheet?.rows).toHaveLength(1 + 22)
    expect(first?.cells.every(({ kind }) => kind === 'text')).toBe(true)
    expect(first?.cells.slice(-3).map(({ text }) => text)).toEqual([
      '10',
      '「公民身份号码」公民身份号码被存成了数字，后几位已经丢失。',
      '请先把该列单元格格式设为“文本”，再按身份证重新录入；丢失的数字无法从表中恢复。',
    ])
  })

  test('include those that the caller holds for reasons of its own', async () => {
    const reason = { problem: '花名册中没有此人。', suggestion: '请先导入花名册。' }
    const [sheet] = await readSheetsHere(await writeHeldRows(await roster(), new Map([[4, [reason]]])), 'x')
    expect(sheet?.rows).toHaveLength(1 + 23)
    expect(sheet?.rows[1]?.cells.slice(-2).map(({ text }) => text)).toEqual([
      reason.problem,
      reason.suggestion,
    ])
  })

  test('are accepted once the office has corrected them', async () => {
    const sheets = await readSheetsHere(await writeHeldRows(await roster()), '待更正.xlsx')
    const again = interpret('roster', sheets)
    expect(again.rows).toHaveLength(22)
    expect(again.rows.every(({ held }) => held)).toBe(true)
    expect(again.extraHeadings).toEqual([])
    const corrected = interpret(
      'roster',
      correct(sheets, again.columns.find(({ field }) => field === 'idNumber')?.column ?? ''),
    )
    expect(corrected.rows).toHaveLength(22)
    expect(corrected.rows.flatMap(({ faults }) => faults)).toEqual([])
  })
})

/** Enters an ID number in every row, as the office would from the cards. */
function correct(sheets: readonly Sheet[], letter: string): Sheet[] {
  const column = letter.charCodeAt(0) - 65
  return sheets.map(({ name, rows }) => ({
    name,
    rows: rows.map(({ row, cells }, index) => {
      if (index === 0) return { row, cells }
      const body = `41159919660413${String(index).padStart(3, '0')}`
      const idNumber = { kind: 'text' as const, text: body + checkCharacter(body) }
      return { row, cells: cells.map((cell, at) => (at === column ? idNumber : cell)) }
    }),
  }))
}
