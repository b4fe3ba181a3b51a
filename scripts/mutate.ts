/**
 * Mutated messages without end against one production node in memory: its gate, inbox, requests, courier and
 * agreements. Every message must have exactly one answer of a closed set and exactly the effects that go with it.
 *
 *     npm run mutate -- [--messages 1000000] [--seed S] [--workers 2]
 *     npm run mutate -- --seed S --chunk N            one chunk again, the one in which a message broke something
 *
 * The same seed makes the same messages, counts and hash, however many workers share them.
 */
import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Command } from 'commander'
import { ChunkRun, chunkSize, MessageBroke, type ChunkResult } from '../test/mutation/run.ts'
import { report } from '../test/mutation/report.ts'

interface Options {
  messages: string
  seed: string
  workers: string
  chunk?: string
  first: string
}
type Word =
  | { result: ChunkResult }
  | { broke: { chunk: number; index: number; message: string; kind: string; body: string } }

const program = new Command('mutate')
  .argument('[part]', 'used by the run itself', 'parent')
  .option('--messages <count>', 'rounded up to whole thousands', '1000000')
  .option('--seed <number>', 'of everything', String(Date.now() % 2 ** 31))
  .option('--workers <count>', 'processes', '2')
  .option('--chunk <number>', 'this chunk alone')
  .option('--first <number>', 'used by the run itself', '0')
  .parse()
const options = program.opts<Options>()
const [seed, workers] = [Number(options.seed), Number(options.workers)]
const chunks = Math.ceil(Number(options.messages) / chunkSize)

if (program.args[0] === 'worker') await work()
else if (options.chunk !== undefined) finish([await oneChunk(Number(options.chunk))], Date.now())
else await parent()

/** Chunks are dealt out in turn; which worker has which changes nothing but the time it takes. */
async function work(): Promise<void> {
  for (let chunk = Number(options.first); chunk < chunks; chunk += workers) {
    const word = await oneChunk(chunk)
    process.send?.(word)
  }
  process.disconnect()
}

async function oneChunk(chunk: number): Promise<Word> {
  try {
    return { result: await new ChunkRun(seed, chunk).run() }
  } catch (error) {
    if (!(error instanceof MessageBroke)) throw error
    const { index, message, kind, law } = error
    const body = (await new ChunkRun(seed, chunk).shrunk(index, law).catch(() => undefined)) ?? error.body
    return { broke: { chunk, index, message, kind, body: Buffer.from(body).toString('base64') } }
  }
}

async function parent(): Promise<void> {
  const started = Date.now()
  const words: Word[] = []
  if (workers === 1) {
    for (let chunk = 0; chunk < chunks; chunk++) words.push(await oneChunk(chunk))
    return finish(words, started)
  }
  const one = (first: number) =>
    new Promise<void>((resolve, reject) => {
      const args = ['worker', '--first', String(first), '--messages', options.messages]
      const child = fork(path.resolve(process.argv[1] ?? ''), [
        ...args,
        '--seed',
        String(seed),
        '--workers',
        String(workers),
      ])
      child.on('message', (word: Word) => {
        words.push(word)
        if (words.length % 50 === 0) process.stderr.write(`${words.length} of ${chunks} thousand\n`)
      })
      child.on('exit', (code) =>
        code === 0 ? resolve() : reject(new Error(`a worker ended with ${String(code)}`)),
      )
    })
  await Promise.all(Array.from({ length: workers }, (_, first) => one(first)))
  finish(words, started)
}

function finish(words: readonly Word[], started: number): void {
  const results = words
    .flatMap((word) => ('result' in word ? [word.result] : []))
    .sort((a, b) => a.chunk - b.chunk)
  const hash = createHash('sha256')
  for (const { chunk, hash: own } of results) hash.update(`${chunk} ${own}\n`)
  for (const line of report(results.map(({ tally }) => tally))) console.log(line)
  const messages = results.reduce((sum, result) => sum + result.messages, 0)
  const seconds = (Date.now() - started) / 1000
  console.log(
    `\n${messages} messages in ${seconds.toFixed(1)} s, ${(messages / seconds).toFixed(0)} a second`,
  )
  console.log(`seed ${seed}, hash ${hash.digest('hex').slice(0, 32)}`)
  const broken = words.flatMap((word) => ('broke' in word ? [word.broke] : []))
  for (const each of broken.sort((a, b) => a.chunk - b.chunk).slice(0, 10)) void tellBroken(each)
  if (broken.length > 0) process.exitCode = 1
}

async function tellBroken({
  chunk,
  index,
  message,
  kind,
  body,
}: Extract<Word, { broke: object }>['broke']): Promise<void> {
  const file = `mutation-${seed}-${chunk}-${index}.json`
  await writeFile(file, JSON.stringify({ seed, chunk, index, kind, message, body }, null, 2) + '\n')
  console.log(
    `\n✗ ${message}\n  the message: ${file}\n  again: npm run mutate -- --seed ${seed} --chunk ${chunk}`,
  )
}
