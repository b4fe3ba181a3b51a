/**
 * What one peer may use of this node: posts, bytes, refusals and time, each a bucket that fills again at a steady rate.
 * Whoever has emptied one is answered `rate_limited` before his bytes are looked at, loses nothing, and takes nothing
 * from the others. Whose bytes they are is not proven yet then, so a bucket belongs to a name and the address it came
 * from: nobody empties another's.
 */
import { limits, type NodeId } from '../../protocol/index.ts'
import { type Clock } from '../platform.ts'

export interface Budget {
  /** Per second, and how much may be saved up. */
  readonly rate: number
  readonly most: number
}

/** An honest sender has one post on its way at a time and repeats it seldom: it stays far below each of these. */
export const budgets = {
  /** Posts of envelopes and requests. */
  posts: { rate: 50, most: 200 },
  /** Bytes of bodies: several full posts a second. */
  bytes: { rate: 8 * limits.postBytes, most: 16 * limits.postBytes },
  /** Posts that were refused: an honest one is refused while it waits or after a loss, a few times. */
  refusals: { rate: 2, most: 60 },
  /** Milliseconds of this node's one thread spent on refused bytes. */
  refusedMs: { rate: 20, most: 400 },
} as const satisfies Record<string, Budget>
export type BudgetName = keyof typeof budgets

/** Names and addresses remembered at once; beyond it the ones not heard of for longest are forgotten. */
const mostKept = 4096

interface Bucket {
  readonly left: Record<BudgetName, number>
  atMs: number
}

export class Budgets {
  private readonly clock: Clock
  private readonly buckets = new Map<string, Bucket>()

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** Takes what a post costs before it is looked at; the name of the bucket that is empty, or undefined. */
  enter(claimed: NodeId, address: string, bytes: number): BudgetName | undefined {
    const { left } = this.bucket(`${claimed} ${address}`)
    const empty = (['posts', 'bytes', 'refusals', 'refusedMs'] as const).find((name) => left[name] <= 0)
    if (empty !== undefined) return empty
    left.posts -= 1
    left.bytes -= bytes
    return undefined
  }

  /** What a refusal has cost. Being asked to wait is nobody's fault. */
  refused(claimed: NodeId, address: string, spentMs: number): void {
    const { left } = this.bucket(`${claimed} ${address}`)
    left.refusals -= 1
    left.refusedMs -= spentMs
  }

  private bucket(name: string): Bucket {
    const nowMs = this.clock.nowMs()
    let bucket = this.buckets.get(name)
    // The newest stand last, so the first is the one not heard of for longest.
    if (bucket) this.buckets.delete(name)
    else bucket = { left: full(), atMs: nowMs }
    this.buckets.set(name, bucket)
    const [oldest] = this.buckets.keys()
    if (this.buckets.size > mostKept && oldest !== undefined) this.buckets.delete(oldest)
    refill(bucket, nowMs)
    return bucket
  }
}

function full(): Record<BudgetName, number> {
  return {
    posts: budgets.posts.most,
    bytes: budgets.bytes.most,
    refusals: budgets.refusals.most,
    refusedMs: budgets.refusedMs.most,
  }
}

/** A clock that was set back gives nothing and takes nothing. */
function refill(bucket: Bucket, nowMs: number): void {
  const seconds = Math.max(0, nowMs - bucket.atMs) / 1000
  bucket.atMs = nowMs
  for (const name of Object.keys(budgets) as BudgetName[]) {
    const { rate, most } = budgets[name]
    bucket.left[name] = Math.min(most, bucket.left[name] + rate * seconds)
  }
}
