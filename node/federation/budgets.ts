/**
 * What one peer may use of this node: posts, bytes, refusals and the time they took, each a bucket that fills again at a
 * steady rate, and a few posts at once. Whoever has emptied one is answered `rate_limited` before his bytes are read:
 * he loses nothing, and takes nothing from the others. Whose bytes they are is not proven then, so a bucket belongs to
 * a name together with the address it came from: nobody empties another's.
 */
import { limits } from '../../protocol/index.ts'
import { type Clock } from '../platform.ts'

interface Budget {
  /** Per second, and how much may be saved up. */
  readonly rate: number
  readonly most: number
}

/** An honest sender has one post on its way at a time and repeats it seldom: it stays far below each of these. */
export const budgets = {
  /** Posts of envelopes and requests. */
  posts: { rate: 100, most: 400 },
  /** Bytes of bodies: several full posts a second. */
  bytes: { rate: 8 * limits.postBytes, most: 16 * limits.postBytes },
  /** Posts that were refused: an honest one is refused after a loss or while keys change, a few times. */
  refusals: { rate: 2, most: 60 },
  /** Milliseconds between the first byte and the refusal: what a refused post costs at the most. */
  refusedMs: { rate: 20, most: 1000 },
} as const satisfies Record<string, Budget>
export type BudgetName = keyof typeof budgets

/** Posts under one name and address that may be on their way at once, and all together: each may hold a full body. */
const mostAtOnce = 4
const mostAtOnceOfAll = 32
/** Names and addresses remembered at once; beyond it the ones not heard of for longest are forgotten. */
const mostKept = 4096

interface Bucket {
  readonly left: Record<BudgetName, number>
  atMs: number
  inside: number
}

/** One post that was let in. */
export interface Visit {
  read(bytes: number): void
  refused(): void
  leave(): void
}

export class Budgets {
  private readonly clock: Clock
  private readonly buckets = new Map<string, Bucket>()
  private inside = 0

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** Lets a post in, or undefined when it must wait. */
  enter(claimed: string, address: string): Visit | undefined {
    const bucket = this.bucket(`${claimed.slice(0, 16)} ${address}`)
    const { left } = bucket
    const empty = Object.values(left).some((amount) => amount <= 0)
    if (empty || bucket.inside >= mostAtOnce || this.inside >= mostAtOnceOfAll) return undefined
    left.posts -= 1
    bucket.inside += 1
    this.inside += 1
    const fromMs = this.clock.nowMs()
    return {
      read: (bytes) => {
        left.bytes -= bytes
      },
      refused: () => {
        left.refusals -= 1
        left.refusedMs -= Math.max(0, this.clock.nowMs() - fromMs)
      },
      leave: () => {
        bucket.inside -= 1
        this.inside -= 1
      },
    }
  }

  private bucket(name: string): Bucket {
    const nowMs = this.clock.nowMs()
    let bucket = this.buckets.get(name)
    // The newest stand last, so the first is the one not heard of for longest.
    if (bucket) this.buckets.delete(name)
    else bucket = { left: full(), atMs: nowMs, inside: 0 }
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
