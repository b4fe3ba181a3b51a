/**
 * Virtual time: one queue of events, the earliest first, those of one moment in an order by chance. An event is over
 * when every promise it set going has settled or waits for another event, so nothing depends on the machine.
 */
import { type Clock } from '../../node/platform.ts'
import { type Chance } from './chance.ts'

interface Event {
  readonly dueMs: number
  readonly tie: number
  task: (() => void) | undefined
}

export class Timeline implements Clock {
  private now: number
  private readonly heap: Event[] = []
  private readonly chance: Chance

  constructor(startMs: number, chance: Chance) {
    this.now = startMs
    this.chance = chance
  }

  nowMs(): number {
    return this.now
  }

  /** Runs the task after this time; the result takes it out again. */
  after(delayMs: number, task: () => void): () => void {
    const event: Event = { dueMs: this.now + Math.max(0, delayMs), tie: this.chance.unit(), task }
    this.push(event)
    return () => (event.task = undefined)
  }

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.after(ms, wake))
  }

  /** The whole world slept for so long: what fell due meanwhile comes at once. */
  leap(ms: number): void {
    this.now += ms
  }

  /** The next event, to its end. False when nothing is left to happen. */
  async next(untilMs = Infinity): Promise<boolean> {
    for (let event = this.heap[0]; event && event.dueMs <= untilMs; event = this.heap[0]) {
      this.pop()
      if (!event.task) continue
      this.now = Math.max(this.now, event.dueMs)
      event.task()
      await this.settle()
      return true
    }
    if (untilMs !== Infinity) this.now = Math.max(this.now, untilMs)
    return false
  }

  /** Lets everything that is set going come to its end, or to where it waits for an event. */
  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve))
  }

  private push(event: Event): void {
    const { heap } = this
    let at = heap.push(event) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent]
      if (!above || before(above, event)) break
      heap[at] = above
      at = parent
    }
    heap[at] = event
  }

  private pop(): void {
    const { heap } = this
    const last = heap.pop()
    if (!last || heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      const [left, right] = [heap[child], heap[child + 1]]
      if (left && right && before(right, left)) child++
      const below = heap[child]
      if (!below || before(last, below)) break
      heap[at] = below
      at = child
    }
    heap[at] = last
  }
}

function before(one: Event, other: Event): boolean {
  return one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.tie <= other.tie)
}

/** One node's own view of the time: it may be off, jump, or stand still, while its timers go on. */
export class NodeClock implements Clock {
  offMs = 0
  private frozenMs: number | undefined
  private readonly timeline: Timeline

  constructor(timeline: Timeline) {
    this.timeline = timeline
  }

  nowMs(): number {
    return this.frozenMs ?? Math.floor(this.timeline.nowMs() + this.offMs)
  }

  freeze(): void {
    this.frozenMs = this.nowMs()
  }

  /** Right again, as after a look at a time server. */
  set(): void {
    this.frozenMs = undefined
    this.offMs = 0
  }
}
