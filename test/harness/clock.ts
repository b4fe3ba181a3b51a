/**
 * Time under a test's hand: a clock and timers that move only when the test says so.
 *
 * What a node does between two moments of this clock is promises alone (memory store, in-memory network), and all of
 * them are finished when the event loop has turned; `settled` waits for exactly that and never for a duration.
 */
import { type Clock, type Timers } from '../../node/platform.ts'

/** Turns of the event loop after which no promise chain without I/O is left: one would do, two forgive a stream. */
const turns = 3

export async function settled(): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise<void>((resolve) => setImmediate(resolve))
}

interface Alarm {
  readonly dueMs: number
  readonly task: () => void
}

/** 2026-03-01T00:00:00Z, so that dates in tests are readable. */
export const firstMoment = Date.UTC(2026, 2, 1)

export class VirtualClock implements Clock, Timers {
  private now: number
  private alarms: Alarm[] = []

  constructor(startMs = firstMoment) {
    this.now = startMs
  }

  nowMs(): number {
    return this.now
  }

  after(delayMs: number, task: () => void): () => void {
    const alarm = { dueMs: this.now + delayMs, task }
    this.alarms.push(alarm)
    return () => {
      this.alarms = this.alarms.filter((other) => other !== alarm)
    }
  }

  /** Lets time pass, running in order what falls due and letting all of it finish. */
  async advance(ms: number): Promise<void> {
    const until = this.now + ms
    for (let next = this.nextUntil(until); next; next = this.nextUntil(until)) {
      this.alarms = this.alarms.filter((other) => other !== next)
      this.now = Math.max(this.now, next.dueMs)
      next.task()
      await settled()
    }
    this.now = until
    await settled()
  }

  /** Sets the clock without anything falling due, as an administrator or a bad battery would. */
  jump(ms: number): void {
    this.now += ms
  }

  private nextUntil(untilMs: number): Alarm | undefined {
    return this.alarms.filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0]
  }
}
