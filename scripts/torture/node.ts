/**
 * The node under torture: the production node in a process of its own, whose clock can be set and whose event loop is
 * measured. The clock's error stands in a file of the data directory, so that it outlives a kill as a wrong clock does.
 */
import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { readEnvironment } from '../../node/config.ts'
import { realPlatform } from '../../node/platform.ts'
import { startNode } from '../../node/process.ts'

export type Order = { do: 'pid' } | { do: 'clock' } | { do: 'figures' }

/** Since the last time they were asked for, but for the memory, which is now. */
export interface Figures {
  readonly rssMb: number
  /** The longest the event loop did not come round, beyond the timer's own period. */
  readonly blockedMs: number
  readonly cpuMs: number
}

/** Beside the node's folder and not in it: the disk of that may be full. */
export function clockFileOf(dataDir: string): string {
  return `${dataDir}.clock-ahead-ms`
}
const periodMs = 5

export async function runTortureNode(dataDir: string): Promise<void> {
  let aheadMs = readAhead(dataDir)
  const clock = { nowMs: () => Date.now() + aheadMs }
  const loop = monitorEventLoopDelay({ resolution: periodMs })
  const environment = readEnvironment()
  const logLevel = process.env['HUILIU_LOG'] ?? 'warn'
  const node = await startNode(dataDir, { ...environment, logLevel }, {}, { ...realPlatform, clock })
  let cpu = process.cpuUsage()
  loop.enable()
  process.on('message', (order: Order) => {
    switch (order.do) {
      case 'pid':
        return void process.send?.(process.pid)
      case 'clock':
        aheadMs = readAhead(dataDir)
        return void process.send?.(aheadMs)
      case 'figures': {
        const { user, system } = process.cpuUsage(cpu)
        cpu = process.cpuUsage()
        const rssMb = process.memoryUsage().rss / 1024 / 1024
        const blockedMs = Math.max(0, loop.max / 1e6 - periodMs)
        loop.reset()
        return void process.send?.({ rssMb, blockedMs, cpuMs: (user + system) / 1000 } satisfies Figures)
      }
    }
  })
  const stop = () => void node.stop().then(() => process.exit(0))
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

function readAhead(dataDir: string): number {
  try {
    return Number(readFileSync(clockFileOf(dataDir), 'utf8'))
  } catch {
    return 0
  }
}
