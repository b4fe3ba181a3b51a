/**
 * How often signing in may be tried: per account from one address, per account, per address, and altogether. Each is a
 * bucket that fills again at a steady rate, so guessing is slow and nobody is ever locked out for good: an attacker who
 * has emptied the account's bucket from many places delays its owner by one refill (attacks.md W8).
 *
 * Kept in memory by each process: a restart forgives, and an address or name not heard of is forgotten.
 */
import { DomainError } from '../errors.ts'
import { type Clock } from '../platform.ts'

interface Bucket {
  /** Tries saved up at the most, and the time after which another is given. */
  readonly most: number
  readonly refillMs: number
}

/** Whoever mistypes is done in three; 10,000 guesses from one address take 3 days, from everywhere 35 hours. */
export const attemptBuckets = {
  pair: { most: 5, refillMs: 30_000 },
  account: { most: 30, refillMs: 15_000 },
  address: { most: 30, refillMs: 5_000 },
  all: { most: 200, refillMs: 250 },
  /** Codes of a second factor: whoever is asked for one knows the password already. */
  code: { most: 5, refillMs: 60_000 },
} as const satisfies Record<string, Bucket>
type BucketName = keyof typeof attemptBuckets

/** Accounts and addresses remembered at once; the longest unheard is forgotten first. */
const mostKept = 20_000

interface Level {
  left: number
  atMs: number
}

export class Attempts {
  private readonly clock: Clock
  private readonly levels = new Map<string, Level>()

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** One try at a password. Throws `too_many_attempts` with the seconds to wait; a refused try costs nobody anything. */
  password(account: string, address: string): void {
    this.take([
      ['pair', `${account} ${address}`],
      ['account', account],
      ['address', address],
      ['all', ''],
    ])
  }

  /** One try at a code of this account's second factor. */
  code(account: string, address: string): void {
    this.take([
      ['code', account],
      ['address', address],
      ['all', ''],
    ])
  }

  /** The right password was given: what this person mistyped before is forgiven, at this address. */
  passwordHeld(account: string, address: string): void {
    this.levels.delete(`pair ${account} ${address}`)
  }

  /** The same of a code. A password forgives no codes: whoever has stolen one would guess them without end. */
  codeHeld(account: string): void {
    this.levels.delete(`code ${account}`)
  }

  private take(wanted: readonly (readonly [BucketName, string])[]): void {
    const nowMs = this.clock.nowMs()
    const levels = wanted.map(([name, key]) => ({ name, level: this.level(name, key, nowMs) }))
    const waits = levels.map(({ name, level }) =>
      level.left >= 1 ? 0 : Math.ceil(((1 - level.left) * attemptBuckets[name].refillMs) / 1000),
    )
    const seconds = Math.max(...waits)
    if (seconds > 0) throw new DomainError('too_many_attempts', { seconds })
    for (const { level } of levels) level.left -= 1
  }

  private level(name: BucketName, key: string, nowMs: number): Level {
    const { most, refillMs } = attemptBuckets[name]
    const place = `${name} ${key}`
    const level = this.levels.get(place) ?? { left: most, atMs: nowMs }
    this.levels.delete(place)
    this.levels.set(place, level)
    const [oldest] = this.levels.keys()
    if (this.levels.size > mostKept && oldest !== undefined) this.levels.delete(oldest)
    level.left = Math.min(most, level.left + Math.max(0, nowMs - level.atMs) / refillMs)
    level.atMs = nowMs
    return level
  }
}
