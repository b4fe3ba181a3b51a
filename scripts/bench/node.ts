/** A node that the benchmark can tell to write: the production node in its own process, with counters around it. */
import { setTimeout as delay } from 'node:timers/promises'
import { type Activity, type NodeId } from '../../protocol/index.ts'
import { activities } from '../../node/activities/tables.ts'
import { readEnvironment } from '../../node/config.ts'
import { pairLock } from '../../node/federation/outbox.ts'
import { streamState } from '../../node/federation/requests.ts'
import { envelopesIn, envelopesOut, recordsIn, recordsOut, streamsOut } from '../../node/federation/tables.ts'
import { type Arrival } from '../../node/flows/index.ts'
import { arrivals } from '../../node/flows/tables.ts'
import { realPlatform } from '../../node/platform.ts'
import { startNode, type RunningNode } from '../../node/process.ts'
import { type Reader, type Row, type Transaction } from '../../node/store/port.ts'
import { type NodeFigures, type SingleTimes, type WriteTimes } from './figures.ts'
import { ProcessorProfile } from './profile.ts'
import { serverCpuMicros } from './server-time.ts'

type Order =
  | { do: 'figures' }
  | { do: 'raw'; count: number; side: 'sender' | 'receiver' }
  | { do: 'write'; peer: NodeId; count: number; size: number }
  | { do: 'single'; peer: NodeId; count: number }
  | { do: 'backlog'; peer: NodeId; count: number }
  | { do: 'drain'; peer: NodeId }
  | { do: 'profile' }
  | { do: 'profiled'; file: string }

/** Records in one transaction of the writing office: a bulk report of a branch's quarter. */
const rowsPerCommit = 1000
const tuning = { recordsPerEnvelope: 256 }
let sentBytes = 0
let onTheirWay = 0
let lastAnswerMs = 0
let recordBytes = 0
let round = 0
const profile = new ProcessorProfile()

export async function runBenchNode(dataDir: string): Promise<void> {
  const http = {
    post: (...[url, body, limits]: Parameters<typeof realPlatform.http.post>) => {
      sentBytes += body.length
      onTheirWay++
      return realPlatform.http.post(url, body, limits).finally(() => {
        onTheirWay--
        lastAnswerMs = performance.now()
      })
    },
  }
  const node = await startNode(dataDir, { ...readEnvironment(), logLevel: 'warn' }, tuning, {
    ...realPlatform,
    http,
  })
  process.on('message', (order: Order) => {
    void obey(node, dataDir, order).then((answer) => process.send?.(answer ?? 'done'))
  })
  const stop = () => void node.stop().then(() => process.exit(0))
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

async function obey(node: RunningNode, dataDir: string, order: Order): Promise<unknown> {
  switch (order.do) {
    case 'figures': {
      const { user, system } = process.cpuUsage()
      const peakMb = process.resourceUsage().maxRSS / 1024
      const serverMicros = await serverCpuMicros(dataDir)
      return {
        cpuMicros: user + system,
        serverMicros,
        peakMb,
        sentBytes,
        recordBytes,
      } satisfies NodeFigures
    }
    case 'raw':
      return rawInserts(node, order.count, order.side)
    case 'write': {
      tuning.recordsPerEnvelope = order.size
      const from = performance.now()
      await write(node, order.peer, order.count)
      const writtenSeconds = (performance.now() - from) / 1000
      await drain(node, order.peer)
      return { writtenSeconds, seconds: (performance.now() - from) / 1000 } satisfies WriteTimes
    }
    case 'single':
      return singles(node, order.peer, order.count)
    case 'backlog':
      tuning.recordsPerEnvelope = 256
      return write(node, order.peer, order.count)
    case 'drain':
      return drain(node, order.peer)
    case 'profile':
      return profile.start()
    case 'profiled':
      return profile.stop(order.file)
  }
}

async function write({ region }: RunningNode, peer: NodeId, count: number): Promise<void> {
  const known = await region.store.read((reader) => reader.find(arrivals, { home: peer, state: 'known' }))
  for (let written = 0; written < count; written += rowsPerCommit) {
    const entries = Array.from({ length: Math.min(rowsPerCommit, count - written) }, (_, i) =>
      ordinary(known, round, written + i),
    )
    await region.store.transaction(async (tx) => {
      await tx.lock([pairLock(peer)])
      await region.activities.reportArrivals(tx, entries)
    })
  }
  round++
}

/** One record at a time: the next is written when all is quiet again. */
async function singles(node: RunningNode, peer: NodeId, count: number): Promise<SingleTimes> {
  const receipts: number[] = []
  const commits: number[] = []
  for (let i = 0; i < count; i++) {
    await write(node, peer, 1)
    const committed = performance.now()
    await drain(node, peer)
    receipts.push(lastAnswerMs - committed)
    const from = performance.now()
    await node.region.store.transaction((tx) => tx.insert(recordsOut, [rawRecord(1e13 + i, 'single')]))
    commits.push(performance.now() - from)
  }
  return { commits, receipts }
}

function ordinary(
  known: readonly Arrival[],
  lap: number,
  i: number,
): { arrival: Arrival; activity: Activity } {
  const arrival = known[i % known.length]
  if (!arrival) throw new TypeError('nobody is known here')
  const activity: Activity = {
    on: '2026-10-15',
    kind: 'study',
    title: `第${lap}轮第${i}次集中学习,两学一做学习教育`,
  }
  return { arrival, activity }
}

async function drain({ region }: RunningNode, peer: NodeId): Promise<void> {
  // Looking must cost nothing beside the work: nobody looks while a post is on its way, and only then is counted what waits.
  const level = (reader: Reader) =>
    reader
      .get(streamsOut, { peer })
      .then(async (stream) => stream?.unreceipted === 0 && (await streamState(reader, peer)).unsent === 0)
  while (onTheirWay > 0 || !(await region.store.read(level))) await delay(5)
  recordBytes = await region.store.read(async (reader) => {
    const page = await reader.find(
      recordsOut,
      { peer },
      { orderBy: 'position', descending: true, limit: 1000 },
    )
    const mean = page.reduce((sum, { text }) => sum + Buffer.byteLength(text ?? ''), 0) / page.length
    return mean * (await reader.count(recordsOut, { peer }))
  })
}

const rawText = JSON.stringify({
  id: '0199',
  type: 'activity.recorded',
  v: 1,
  case: '0199',
  at: '2026-10-15T08:00:00Z',
  by: '440300',
  body: { activity: { on: '2026-10-15', kind: 'study', title: '第0轮第12345次集中学习,两学一做学习教育' } },
}).padEnd(330)

function rawTag(side: string, i: number): string {
  return `raw-${side}-${String(i).padStart(30, '0')}`
}

function rawRecord(i: number, side: string): Row<typeof recordsOut> {
  const [caseId, digest] = [rawTag(side, i % 80), rawTag(side, i)]
  const written = { text: rawText, writtenMs: 0, outcome: null }
  return { peer: 'raw', position: 1e12 + i, caseId, type: 'activity.recorded', digest, ...written }
}

/** The rows that one record leaves at this side, inserted barely, a thousand at a time, each thousand one commit. */
async function rawInserts(
  { region }: RunningNode,
  count: number,
  side: 'sender' | 'receiver',
): Promise<number> {
  const tag = (i: number) => rawTag(side, i)
  const from = performance.now()
  for (let at = 0; at < count; at += rowsPerCommit)
    await region.store.transaction(async (tx) => {
      const numbers = Array.from({ length: rowsPerCommit }, (_, i) => at + i)
      if (side === 'sender')
        await tx.insert(
          recordsOut,
          numbers.map((i) => rawRecord(i, side)),
        )
      else
        await tx.insert(
          recordsIn,
          numbers.map((i) => ({
            peer: 'raw',
            digest: tag(i),
            epoch: 1,
            seq: 1,
            idx: i,
            caseId: tag(i % 80),
            type: 'activity.recorded',
            outcome: 'applied',
            parked: false,
          })),
        )
      await rawEnvelopes(tx, numbers, side)
      await tx.insert(
        activities,
        numbers.map((i) => ({
          id: tag(i),
          caseId: tag(i % 80),
          side: 'host',
          kind: 'study',
          on: '2026-10-15',
          title: '第0轮第12345次集中学习,两学一做学习教育',
          amountFen: null,
          withdrawn: false,
          mark: side === 'sender' ? tag(i) : null,
          changedMs: i,
        })),
      )
    })
  return (performance.now() - from) / 1000
}

/** The envelopes of a thousand records, as full as they can be, with what is stored beside each. */
async function rawEnvelopes(
  tx: Transaction,
  numbers: readonly number[],
  side: 'sender' | 'receiver',
): Promise<void> {
  const jws = 'x'.repeat(500)
  const receipt = 'x'.repeat(4500)
  for (let at = 0; at < numbers.length; at += 256) {
    const [first = 0, records] = [numbers[at], Math.min(256, numbers.length - at)]
    const place = { peer: 'raw', epoch: 1, seq: first + 1, contentId: `raw-${first}`, jws, receipt }
    if (side === 'receiver')
      await tx.insert(envelopesIn, [
        { ...place, lines: Array.from({ length: records }, () => rawText).join('\n'), receivedMs: 0 },
      ])
    else
      await tx.insert(envelopesOut, [
        {
          ...{ ...place, records, firstPosition: 1e12 + first, lastPosition: 1e12 + first + records - 1 },
          ...{ sealedMs: 0, receipted: true, receiptedMs: 0 },
        },
      ])
  }
}
