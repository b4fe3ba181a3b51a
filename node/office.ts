/** The office of one node: its accounts, signing in and audit, over the node's own store. */
import { Accounts, Attempts, Passwords, SignIn, type PasswordTuning } from './accounts/index.ts'
import { Audit } from './audit/index.ts'
import { Exports } from './exports/index.ts'
import { Kept } from './kept/index.ts'
import { type Random } from './platform.ts'
import { type Region } from './region.ts'

export interface OfficeParts {
  readonly region: Region
  readonly random: Random
  /** Where browsers reach the screens. */
  readonly origin: string
  readonly passwords?: PasswordTuning
}

export interface Office {
  readonly accounts: Accounts
  readonly signIn: SignIn
  readonly audit: Audit
  readonly kept: Kept
  readonly exports: Exports
}

export function openOffice({ region, random, origin, passwords: tuning }: OfficeParts): Office {
  const { store, vault, clock, ids, organisations, crypto, name } = region
  const passwords = new Passwords(random, tuning)
  const attempts = new Attempts(clock)
  const parts = { store, vault, passwords, attempts, clock, ids }
  const kept = new Kept({ store, vault, clock })
  return {
    kept,
    exports: new Exports({ store, vault, clock, ids }),
    accounts: new Accounts({ ...parts, organisations, ended: (tx, id) => kept.forget(tx, id) }),
    signIn: new SignIn({ ...parts, issuer: `汇流 ${name}`, origin }),
    audit: new Audit({ store, clock, crypto }),
  }
}
