/**
 * What one peer may use of this node: posts, bytes, refusals and the time they took, each a bucket that fills again at a
 * steady rate, and a few posts at once. Whoever has emptied one is answered `rate_limited` before his bytes are read:
 * he loses nothing, and takes nothing from the others. Whose bytes they are is not proven then, so a bucket belongs to
 * a name together with the place it came from, an address or a line of the sixth version: nobody empties another's.
 */
import { limits } from '../../protocol/index.ts'
import { type Clock } from '../platform.ts'
import { networkOf } from '../callers.ts'

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

/**
 * Refusals of one address under names that have proven nothing from there: whoever calls himself otherwise each time has
 * this budget once, and not once for each name.
 */
const unprovenRefusals: Budget = { rate: 4, most: 64 }
/** A body that is not there after so long may have to make room for another. */
const bodyGraceMs = 2_000
/** Posts under one name and address that may be on their way at once, and all together: each may hold a full body. */
const mostAtOnce = 4
const mostAtOnceOfAll = 32
/** Names and addresses remembered at once; beyond it the ones not heard of for longest are forgotten. */
const mostKept = 4096

interface Bucket {
  readonly left: Record<BudgetName, number>
  atMs: number
  inside: number
  /** Something was taken under this name from this address. */
  proven: boolean
}

/** What is known of a place under whatever names. */
interface Origin {
  refusals: number
  atMs: number
  inside: number
}

/** A post whose body is still on its way. */
interface Waiting {
  readonly bucket: Bucket
  readonly origin: Origin
  readonly sinceMs: number
  readonly end: () => void
}

/** One post that was let in. */
export interface Visit {
  read(bytes: number): void
  /** `in part`: something was taken before it, and the time that took is no refusal's. */
  refused(how?: 'in part'): void
  leave(): void
}

export class Budgets {
  private readonly clock: Clock
  private readonly buckets = new Map<string, Bucket>()
  private readonly origins = new Map<string, Origin>()
  /** The oldest first. */
  private readonly waiting = new Set<Waiting>()
  private inside = 0

  constructor(clock: Clock) {
    this.clock = clock
  }

  /**
   * Lets a post in, or undefined when it must wait. `displaced` is called when its body has not come and somebody else
   * needs the place more: one of an address that holds fewer, or anyone once it has taken too long.
   */
  enter(claimed: string, address: string, displaced: () => void = () => undefined): Visit | undefined {
    const nowMs = this.clock.nowMs()
    const from = networkOf(address)
    const bucket = this.bucket(`${claimed.slice(0, 16)} ${from}`, nowMs)
    const origin = this.origin(from, nowMs)
    const { left } = bucket
    const empty = Object.values(left).some((amount) => amount <= 0)
    if (empty || (!bucket.proven && origin.refusals <= 0)) return undefined
    if (bucket.inside >= mostAtOnce && !this.displace(origin, nowMs, bucket)) return undefined
    if (this.inside >= mostAtOnceOfAll && !this.displace(origin, nowMs)) return undefined
    left.posts -= 1
    return this.visit(bucket, origin, nowMs, displaced)
  }

  private visit(bucket: Bucket, origin: Origin, fromMs: number, displaced: () => void): Visit {
    const { left } = bucket
    let inside = true
    let taken = false
    const count = (change: 1 | -1) => {
      bucket.inside += change
      origin.inside += change
      this.inside += change
    }
    const leave = () => {
      this.waiting.delete(waiting)
      if (inside) count(-1)
      inside = false
    }
    const waiting: Waiting = {
      ...{ bucket, origin, sinceMs: fromMs },
      end: () => {
        leave()
        displaced()
      },
    }
    count(1)
    this.waiting.add(waiting)
    return {
      read: (bytes) => {
        this.waiting.delete(waiting)
        left.bytes -= bytes
        taken = true
      },
      refused: (how) => {
        left.refusals -= 1
        if (!bucket.proven) origin.refusals -= 1
        if (how === 'in part') return
        taken = false
        left.refusedMs -= Math.max(0, this.clock.nowMs() - fromMs)
      },
      leave: () => {
        if (taken) bucket.proven = true
        leave()
      },
    }
  }

  /** Ends the oldest post without its body that has less claim to its place than a newcomer from this address. */
  private displace(origin: Origin, nowMs: number, within?: Bucket): boolean {
    for (const waiting of this.waiting) {
      if (within && waiting.bucket !== within) continue
      const slow = nowMs - waiting.sinceMs > bodyGraceMs
      if (!slow && waiting.origin.inside <= origin.inside + 1) continue
      waiting.end()
      return true
    }
    return false
  }

  private bucket(name: string, nowMs: number): Bucket {
    let bucket = this.buckets.get(name)
    // The newest stand last, so the first is the one not heard of for longest.
    if (bucket) this.buckets.delete(name)
    else bucket = { left: full(), atMs: nowMs, inside: 0, proven: false }
    this.buckets.set(name, bucket)
    const [oldest] = this.buckets.keys()
    if (this.buckets.size > mostKept && oldest !== undefined) this.buckets.delete(oldest)
    refill(bucket, nowMs)
    return bucket
  }

  private origin(place: string, nowMs: number): Origin {
    const { rate, most } = unprovenRefusals
    const origin = this.origins.get(place) ?? { refusals: most, atMs: nowMs, inside: 0 }
    this.origins.delete(place)
    this.origins.set(place, origin)
    const [oldest] = this.origins.keys()
    if (this.origins.size > mostKept && oldest !== undefined) this.origins.delete(oldest)
    const seconds = Math.max(0, nowMs - origin.atMs) / 1000
    origin.refusals = Math.min(most, origin.refusals + rate * seconds)
    origin.atMs = nowMs
    return origin
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
