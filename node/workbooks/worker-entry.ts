/**
 * The worker thread of worker.ts: reads one workbook, answers once, ends. It is an entry point of its own because a
 * thread starts from a file.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { type Sheet } from './cells.ts'
import { WorkbookError, type WorkbookErrorCode, type WorkbookErrorDetails } from './errors.ts'
import { readSheetsHere } from './sheets.ts'

export interface Job {
  bytes: Uint8Array
  fileName: string
}

export type Answer =
  { ok: true; sheets: Sheet[] } | { ok: false; code: WorkbookErrorCode; details: WorkbookErrorDetails }

async function answer({ bytes, fileName }: Job): Promise<Answer> {
  try {
    return { ok: true, sheets: await readSheetsHere(bytes, fileName) }
  } catch (error) {
    if (error instanceof WorkbookError) return { ok: false, code: error.code, details: error.details }
    throw error
  }
}

parentPort?.postMessage(await answer(workerData as Job))
