/** The office of one node: its accounts, signing in and audit, over the node's own store. */
import {
  Accounts,
  IdentityProvider,
  Passwords,
  ProviderEntrance,
  SignIn,
  type PasswordTuning,
  type ProviderOptions,
} from './accounts/index.ts'
import { Audit } from './audit/index.ts'
import { Exports } from './exports/index.ts'
import { Kept } from './kept/index.ts'
import { type Log } from './log.ts'
import { type Random } from './platform.ts'
import { type Rates } from './rates.ts'
import { type Region } from './region.ts'
import { Settings } from './settings/index.ts'
import { Tree } from './tree/index.ts'

export interface OfficeParts {
  readonly region: Region
  readonly random: Random
  /** Where browsers reach the screens. */
  readonly origin: string
  readonly rates: Rates
  readonly oidc?: ProviderOptions | undefined
  readonly log: Log
  readonly passwords?: PasswordTuning
}

export interface Office {
  readonly accounts: Accounts
  readonly signIn: SignIn
  readonly audit: Audit
  readonly kept: Kept
  readonly exports: Exports
  readonly settings: Settings
  readonly tree: Tree
  readonly entrance: ProviderEntrance | undefined
}

export function openOffice(office: OfficeParts): Office {
  const { region, random, origin, rates, oidc, log, passwords: tuning } = office
  const { store, vault, clock, ids, organisations, crypto, name } = region
  const passwords = new Passwords(random, tuning)
  const settings = new Settings({ store, clock })
  const kept = new Kept({ store, vault, clock })
  const parts = { store, vault, passwords, attempts: rates, settings, clock, ids }
  const accounts = new Accounts({ ...parts, organisations, ended: (tx, id) => kept.forget(tx, id) })
  const signIn = new SignIn({ ...parts, issuer: `汇流 ${name}`, origin })
  const audit = new Audit({ store, clock, crypto })
  const exports = new Exports({ store, vault, clock, ids })
  region.eachDay(() => kept.removeStale())
  region.eachDay(() => exports.removeOld())
  region.eachDay(() => signIn.removeExpired())
  region.eachDay(async () => {
    const head = await audit.head()
    if (head) await region.witness.tell(head)
  })
  const redirectUri = `${origin}/oidc`
  const provider = oidc && new IdentityProvider({ options: oidc, redirectUri, clock, random, log })
  const secure = origin.startsWith('https:')
  const entrance = provider && new ProviderEntrance({ ...parts, random, rates, signIn, provider, secure })
  return {
    entrance,
    accounts,
    kept,
    settings,
    signIn,
    audit,
    exports,
    tree: new Tree({ ...region, accounts }),
  }
}
