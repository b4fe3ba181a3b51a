/**
 * How often signing in may be tried: per account from one address, per account, per address, and altogether. Guessing is
 * slow and nobody is ever locked out for good: an attacker who has emptied the account's bucket from many places delays
 * its owner by one refill (attacks.md W8).
 */
import { Buckets, type Bucket } from '../buckets.ts'
import { DomainError } from '../errors.ts'
import { type Clock } from '../platform.ts'

/** Whoever mistypes is done in three; 10,000 guesses from one address take 3 days, from everywhere 41 hours. */
export const attemptBuckets = {
  pair: { most: 5, refillMs: 30_000 },
  account: { most: 30, refillMs: 15_000 },
  address: { most: 30, refillMs: 5_000 },
  all: { most: 200, refillMs: 250 },
  /** Codes of a second factor: whoever is asked for one knows the password already. */
  code: { most: 5, refillMs: 60_000 },
} as const satisfies Record<string, Bucket>

export class Attempts {
  private readonly buckets: Buckets<keyof typeof attemptBuckets>

  constructor(clock: Clock) {
    this.buckets = new Buckets(clock, attemptBuckets)
  }

  /** One try at a password. Throws `too_many_attempts` with the seconds to wait; a refused try costs nobody anything. */
  password(account: string, address: string): void {
    const pair = `${account} ${address}`
    this.demand([
      ['pair', pair],
      ['account', account],
      ['address', address],
      ['all', ''],
    ])
  }

  /** One try at a code of this account's second factor. */
  code(account: string, address: string): void {
    this.demand([
      ['code', account],
      ['address', address],
      ['all', ''],
    ])
  }

  /** The right password was given: what this person mistyped before is forgiven, at this address. */
  passwordHeld(account: string, address: string): void {
    this.buckets.forgive('pair', `${account} ${address}`)
  }

  /** The same of a code. A password forgives no codes: whoever has stolen one would guess them without end. */
  codeHeld(account: string): void {
    this.buckets.forgive('code', account)
  }

  private demand(wanted: readonly (readonly [keyof typeof attemptBuckets, string])[]): void {
    const seconds = this.buckets.take(wanted)
    if (seconds > 0) throw new DomainError('too_many_attempts', { seconds })
  }
}
