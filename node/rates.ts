/**
 * How often who may try or ask what: guessing at passwords and codes is slow and nobody is ever locked out for good
 * (attacks.md W8); one caller of the office's API asks for so much, and above all sees so many masked numbers (W18, W22).
 * Whoever has used it up waits; the others notice nothing.
 */
import { type RouteContract } from '../protocol/index.ts'
import { Buckets, type Bucket } from './buckets.ts'
import { networkOf } from './callers.ts'
import { DomainError } from './errors.ts'
import { type Clock } from './platform.ts'

export const rateBuckets = {
  // Signing in. Whoever mistypes is done in three; 10,000 guesses from one address take 3 days, from everywhere 41 hours.
  pair: { most: 5, refillMs: 30_000 },
  accountTried: { most: 30, refillMs: 15_000 },
  addressTried: { most: 30, refillMs: 5_000 },
  allTried: { most: 200, refillMs: 250 },
  /** Codes of a second factor: whoever is asked for one knows the password already. */
  code: { most: 5, refillMs: 60_000 },
  /** Before anybody has signed in, by address. */
  strangers: { most: 60, refillMs: 200 },
  /** A page asks a few at once; a person opens one every few seconds. */
  requests: { most: 200, refillMs: 50 },
  /** Milliseconds this node worked for one caller: a tenth of its time in the long run. */
  work: { most: 30_000, refillMs: 10 },
  /** Numbers shown in the clear: a morning's telephone calls, not a register. */
  reveals: { most: 30, refillMs: 60_000 },
  exports: { most: 10, refillMs: 120_000 },
  /** Refusals of one caller that are written down: the first, and one a minute. */
  noted: { most: 1, refillMs: 60_000 },
} as const satisfies Record<string, Bucket>

type Name = keyof typeof rateBuckets
type Wanted = readonly (readonly [Name, string])[]
/** Desks remembered at which the right password was given. */
const desksKept = 20_000

export class Rates {
  private readonly buckets: Buckets<Name>
  private readonly clock: Clock
  /** Account and address where the right password was given, the latest last. */
  private readonly desks = new Set<string>()

  constructor(clock: Clock) {
    this.clock = clock
    this.buckets = new Buckets(clock, rateBuckets)
  }

  /**
   * One try at a password. Throws `too_many_attempts` with the seconds to wait; a refused try costs nobody anything. At
   * a desk where its holder came in before only his own tries count, so guessing from elsewhere does not keep him out.
   */
  password(account: string, address: string): void {
    const [from, desk] = [networkOf(address), deskOf(account, address)]
    const everywhere: Wanted = [
      ['accountTried', account],
      ['addressTried', from],
      ['allTried', ''],
    ]
    this.demand('too_many_attempts', [['pair', desk], ...(this.desks.has(desk) ? [] : everywhere)])
  }

  /** One try at a code of this account's second factor. */
  code(account: string, address: string): void {
    this.demand('too_many_attempts', [
      ['code', account],
      ['addressTried', networkOf(address)],
      ['allTried', ''],
    ])
  }

  /** The right password was given: what this person mistyped before is forgiven, at this address. */
  passwordHeld(account: string, address: string): void {
    const desk = deskOf(account, address)
    this.buckets.forgive('pair', desk)
    this.desks.delete(desk)
    this.desks.add(desk)
    const [oldest] = this.desks
    if (this.desks.size > desksKept && oldest !== undefined) this.desks.delete(oldest)
  }

  /** The same of a code. A password forgives no codes: whoever has stolen one would guess them without end. */
  codeHeld(account: string): void {
    this.buckets.forgive('code', account)
  }

  /** Throws `rate_limited` with the seconds to wait. */
  stranger(address: string): void {
    this.demand('rate_limited', [['strangers', networkOf(address)]])
  }

  account(id: string, { audit }: Pick<RouteContract, 'audit'>): void {
    const special = audit === 'reveal' ? ['reveals' as const] : audit === 'export' ? ['exports' as const] : []
    this.demand(
      'rate_limited',
      (['requests', 'work', ...special] as const).map((name) => [name, id] as const),
    )
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

  private demand(code: 'too_many_attempts' | 'rate_limited', wanted: Wanted): void {
    const seconds = this.buckets.take(wanted)
    if (seconds > 0) throw new DomainError(code, { seconds })
  }
}

function deskOf(account: string, address: string): string {
  return `${account} ${networkOf(address)}`
}
