/**
 * How much one caller may ask of the office's API: requests, time of this node, and above all how many masked numbers he
 * may see (attacks.md W18, W22). Whoever uses it up waits; the others notice nothing.
 */
import { type RouteContract } from '../../protocol/index.ts'
import { Buckets, type Bucket } from '../buckets.ts'
import { DomainError } from '../errors.ts'
import { type Clock } from '../platform.ts'

export const rateBuckets = {
  /** A page asks a few at once; a person opens one every few seconds. */
  requests: { most: 200, refillMs: 50 },
  /** Milliseconds this node worked for one caller: a tenth of its time in the long run. */
  work: { most: 30_000, refillMs: 10 },
  /** Numbers shown in the clear: a morning's telephone calls, not a register. */
  reveals: { most: 30, refillMs: 60_000 },
  exports: { most: 10, refillMs: 120_000 },
  /** Refusals of one caller that are written down: the first, and one a minute. */
  noted: { most: 1, refillMs: 60_000 },
  /** Before anybody has signed in, by address. */
  strangers: { most: 60, refillMs: 200 },
} as const satisfies Record<string, Bucket>

export class Rates {
  private readonly buckets: Buckets<keyof typeof rateBuckets>
  private readonly clock: Clock

  constructor(clock: Clock) {
    this.clock = clock
    this.buckets = new Buckets(clock, rateBuckets)
  }

  /** Throws `rate_limited` with the seconds to wait. */
  stranger(address: string): void {
    this.demand([['strangers', address]])
  }

  account(id: string, { audit }: RouteContract): void {
    const special = audit === 'reveal' ? ['reveals' as const] : audit === 'export' ? ['exports' as const] : []
    this.demand((['requests', 'work', ...special] as const).map((name) => [name, id] as const))
  }

  /** Should this refusal be written down? Many in a row are one story. */
  worthNoting(id: string): boolean {
    return this.buckets.take([['noted', id]]) === 0
  }

  /** Counts the time that `work` takes for this caller. */
  async timed<T>(id: string, work: () => Promise<T>): Promise<T> {
    const fromMs = this.clock.nowMs()
    try {
      return await work()
    } finally {
      this.buckets.use('work', id, Math.max(0, this.clock.nowMs() - fromMs))
    }
  }

  private demand(wanted: readonly (readonly [keyof typeof rateBuckets, string])[]): void {
    const seconds = this.buckets.take(wanted)
    if (seconds > 0) throw new DomainError('rate_limited', { seconds })
  }
}
