/**
 * Token buckets: how much of something one name may use. Each holds so much at the most and fills again at a steady
 * rate, so whoever used it up waits and is never shut out for good.
 *
 * Kept in memory by each process: a restart forgives, and a name not heard of for longest is forgotten first.
 */
import { type Clock } from './platform.ts'

export interface Bucket {
  /** Saved up at the most, and the time after which another one is given. */
  readonly most: number
  readonly refillMs: number
}

/** Names remembered at once of one kind: many strangers push nobody's tries at a password out. */
const mostKept = 20_000

interface Level {
  left: number
  atMs: number
}

export class Buckets<Name extends string> {
  private readonly clock: Clock
  private readonly kinds: Record<Name, Bucket>
  private readonly levels = new Map<Name, Map<string, Level>>()

  constructor(clock: Clock, kinds: Record<Name, Bucket>) {
    this.clock = clock
    this.kinds = kinds
  }

  /** Takes one from each, or nothing from any: then the seconds until it can be had. */
  take(wanted: readonly (readonly [Name, string])[]): number {
    const nowMs = this.clock.nowMs()
    const levels = wanted.map(([name, key]) => ({ name, level: this.level(name, key, nowMs) }))
    const waits = levels.map(({ name, level }) =>
      level.left >= 1 ? 0 : Math.ceil(((1 - level.left) * this.kinds[name].refillMs) / 1000),
    )
    const seconds = Math.max(...waits)
    if (seconds === 0) for (const { level } of levels) level.left -= 1
    return seconds
  }

  /** Takes what was used afterwards; the bucket may owe some. */
  use(name: Name, key: string, amount: number): void {
    this.level(name, key, this.clock.nowMs()).left -= amount
  }

  forgive(name: Name, key: string): void {
    this.levels.get(name)?.delete(key)
  }

  private level(name: Name, key: string, nowMs: number): Level {
    const { most, refillMs } = this.kinds[name]
    const levels = this.levels.get(name) ?? new Map<string, Level>()
    this.levels.set(name, levels)
    const level = levels.get(key) ?? { left: most, atMs: nowMs }
    levels.delete(key)
    levels.set(key, level)
    const [oldest] = levels.keys()
    if (levels.size > mostKept && oldest !== undefined) levels.delete(oldest)
    // A clock that was set back gives nothing and takes nothing.
    level.left = Math.min(most, level.left + Math.max(0, nowMs - level.atMs) / refillMs)
    level.atMs = nowMs
    return level
  }
}
