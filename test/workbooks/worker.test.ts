/**
 * Reading in a worker thread: a file made to exhaust the reader ends in a refusal, and time is the caller's.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readSheetsHere } from '../../node/workbooks/index.ts'
import { readSheetsInWorker } from '../../node/workbooks/worker.ts'
import { sheetXml, workbookOf } from './archives.ts'

const SAMPLE = '信阳-党员花名册.xlsx'
const bytes = new Uint8Array(readFileSync(new URL(`../../scripts/samples/${SAMPLE}`, import.meta.url)))
const patient = (): AbortSignal => AbortSignal.timeout(60_000)

describe('reading in a worker', () => {
  test('refuses as reading here does', async () => {
    await expect(readSheetsInWorker(Uint8Array.of(1, 0), 'x', patient())).rejects.toMatchObject({
      name: 'WorkbookError',
      code: 'workbook_not_a_workbook',
    })
    const sparse = workbookOf({
      sheets: { 一: sheetXml('<row r="999999999"><c r="A999999999"><v>1</v></c></row>') },
    })
    await expect(readSheetsInWorker(sparse, 'x', patient())).rejects.toMatchObject({
      code: 'workbook_too_many_rows',
      details: { limit: 50_000 },
    })
  })

  test('stops when the caller does not want to wait', async () => {
    const slow = workbookOf({
      sheets: { 一: sheetXml(`<row>${'<c><v>1</v></c>'.repeat(150)}</row>`.repeat(10_000)) },
    })
    await expect(readSheetsInWorker(slow, 'x', AbortSignal.timeout(50))).rejects.toMatchObject({
      code: 'workbook_too_slow',
    })
    await expect(readSheetsInWorker(slow, 'x', AbortSignal.abort())).rejects.toMatchObject({
      code: 'workbook_too_slow',
    })
  })

  test('survives a file that unpacks to its hundred megabytes', async () => {
    const texts = `<sst>${'<si><t>a</t></si>'.repeat(5_500_000)}</sst>`
    const bomb = workbookOf({ sheets: { 一: sheetXml('') }, texts })
    expect(bomb.length).toBeLessThan(1024 * 1024)
    await expect(readSheetsInWorker(bomb, 'x', patient())).rejects.toMatchObject({
      code: 'workbook_too_large',
    })
  }, 60_000)

  test('gives what reading here gives, and leaves the bytes to the caller', async () => {
    const before = Uint8Array.from(bytes)
    expect(await readSheetsInWorker(bytes, SAMPLE, patient())).toEqual(await readSheetsHere(bytes, SAMPLE))
    expect(bytes).toEqual(before)
  })
})
