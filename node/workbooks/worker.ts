/**
 * Reading a workbook in a thread of its own, with a bound on its memory and on its time, so that a file made to
 * exhaust the reader ends in a refusal and not in a dead node, and a large honest one does not hold up the node.
 *
 * The bound on memory is the second line of defence. V8 keeps to it while JavaScript allocates, but ends the process
 * when one of its own functions asks for too much at once; that such requests never arise is what archive.ts, markup.ts
 * and xlsx.ts see to.
 *
 * The time is the caller's: an AbortSignal, because a clock is a port (node/platform.ts) and an import that the clerk
 * cancels ends the same way.
 *
 * The thread needs a file to start from. In a build that is worker-entry.js, looked for from wherever the bundler put
 * this code; running from source (tests, development) it is bundled on the spot, since Node 20 cannot run TypeScript.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { type Sheet } from './cells.ts'
import { WorkbookError } from './errors.ts'
import { type Answer, type Job } from './worker-entry.ts'

/**
 * The heap of the thread. 50 000 rows of 15 columns need about 400 MB at the peak, and what is inflated (at most
 * 100 MB, copied twice) lies outside the heap.
 */
export const WORKER_HEAP_MB = 768

const BUILT_ENTRY = 'node/workbooks/worker-entry.js'

/**
 * Reads a workbook as readSheetsHere does, in a worker thread. Throws WorkbookError: all of readSheetsHere, and
 * 'workbook_too_large' when the thread ran out of memory, 'workbook_too_slow' when the signal came first.
 */
export async function readSheetsInWorker(
  bytes: Uint8Array,
  fileName: string,
  signal: AbortSignal,
): Promise<Sheet[]> {
  const entry = await workerEntry()
  if (signal.aborted) throw new WorkbookError('workbook_too_slow')
  // The bytes are copied by the structured clone, so the caller's stay usable.
  const job: Job = { bytes, fileName }
  const worker = new Worker(entry, {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB },
    // The thread has no use for what the node was started with.
    env: {},
    execArgv: [],
  })
  try {
    const answer = await firstOf(worker, signal)
    if (answer.ok) return answer.sheets
    throw new WorkbookError(answer.code, answer.details)
  } finally {
    await worker.terminate()
  }
}

function firstOf(worker: Worker, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new WorkbookError('workbook_too_slow'))
    signal.addEventListener('abort', onAbort, { once: true })
    worker.once('message', (answer: Answer) => resolve(answer))
    worker.once('error', (error) => reject(asRefusal(error)))
    // After an answer this changes nothing; without one the thread died silently.
    worker.once('exit', () => {
      signal.removeEventListener('abort', onAbort)
      reject(new WorkbookError('workbook_unreadable'))
    })
  })
}

function asRefusal(error: Error): WorkbookError {
  const outOfMemory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
  return new WorkbookError(outOfMemory ? 'workbook_too_large' : 'workbook_unreadable', {}, error)
}

let sourceEntry: Promise<URL> | undefined

async function workerEntry(): Promise<URL> {
  if (!import.meta.url.endsWith('.ts')) return builtEntry(import.meta.url)
  sourceEntry ??= bundleEntry()
  return sourceEntry
}

/** This code may be in dist/node/main.js or in a chunk in dist/: the entry is below one of the folders above. */
function builtEntry(from: string): URL {
  for (let folder = new URL('.', from); ; folder = new URL('..', folder)) {
    const entry = new URL(BUILT_ENTRY, folder)
    if (existsSync(entry)) return entry
    if (folder.pathname === new URL('..', folder).pathname)
      throw new Error(`${BUILT_ENTRY} is not in the build`)
  }
}

async function bundleEntry(): Promise<URL> {
  const { build } = await import('esbuild')
  const bundle = await build({
    entryPoints: [fileURLToPath(new URL('./worker-entry.ts', import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    write: false,
    logLevel: 'silent',
  })
  const code = bundle.outputFiles[0]?.text ?? ''
  return new URL(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`)
}
