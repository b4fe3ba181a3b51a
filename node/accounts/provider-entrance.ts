/**
 * Entering by the office's identity provider. It makes no account: one must exist and be linked, by a one-time code that
 * an administrator gave for it, or, if the configuration names a claim, because the claim is its name. What is linked is
 * the provider's subject, which is never given to another person; a name may be.
 */
import { createHash } from 'node:crypto'
import { type Uuid } from '../../protocol/index.ts'
import { DomainError } from '../errors.ts'
import { type Clock, type Ids, type Random } from '../platform.ts'
import { type Rates } from '../rates.ts'
import { type Row, type Store, type Transaction } from '../store/port.ts'
import { type Vault } from '../vault.ts'
import { type Asked, type IdentityProvider, type Vouched } from './identity-provider.ts'
import { type Passwords } from './passwords.ts'
import { nameKey, type Account, type Answered, type SignIn, type Visitor } from './sign-in.ts'
import { accounts, challenges, credentials } from './tables.ts'

/** The way to the provider and back, and looking up one's code, must be done by then. */
const stepMs = 10 * 60_000
/** A code waits so long for its person, like a one-time password. */
export const linkCodeMs = 72 * 3_600_000
export const providerId = 'oidc'
const codeProvider = 'oidc-code'

type Step = ({ step: 'asked' } & Asked) | { step: 'unlinked'; subject: string }

export interface ProviderEntranceParts {
  readonly store: Store
  readonly vault: Vault
  readonly clock: Clock
  readonly ids: Ids
  readonly random: Random
  readonly rates: Rates
  readonly passwords: Passwords
  readonly signIn: SignIn
  readonly provider: IdentityProvider
  /** Browsers come over TLS. */
  readonly secure: boolean
}

export class ProviderEntrance {
  private readonly parts: ProviderEntranceParts

  constructor(parts: ProviderEntranceParts) {
    this.parts = parts
  }

  get provider(): IdentityProvider {
    return this.parts.provider
  }

  async begin(): Promise<Answered<string>> {
    const { url, asked } = await this.parts.provider.begin()
    return { value: url, cookies: [await this.keep({ step: 'asked', ...asked })] }
  }

  /** Undefined when the person is known to the provider and linked to no account yet: `link` is what follows. */
  async finish(
    visitor: Visitor,
    answer: { code: string; state: string; iss?: string | undefined },
  ): Promise<Answered<Account | undefined>> {
    const step = await this.take(visitor)
    if (step?.step !== 'asked') throw new DomainError('oidc_refused')
    const vouched = await this.parts.provider.finish(step, answer)
    const account = await this.linked(vouched)
    if (account) return this.enter(visitor, account)
    if (this.parts.provider.options.claim !== undefined) throw new DomainError('oidc_unknown')
    return { value: undefined, cookies: [await this.keep({ step: 'unlinked', subject: vouched.subject })] }
  }

  /** Throws `wrong_code` for another code than the one given for an account, and `oidc_refused` when it took too long. */
  async link(visitor: Visitor, code: string): Promise<Answered<Account | undefined>> {
    this.parts.rates.password('link code', visitor.address)
    const step = await this.look(visitor)
    if (step?.step !== 'unlinked') throw new DomainError('oidc_refused')
    const unusable = await this.parts.passwords.hash(this.parts.passwords.oneTime() + this.secret())
    const account = await this.parts.store.transaction(async (tx) => {
      await tx.lock(['oidc'])
      const [row] = await tx.find(credentials, { providerId: codeProvider, accountId: this.codeToken(code) })
      if (!row || (row.accessTokenExpiresAt ?? 0) <= this.parts.clock.nowMs())
        throw new DomainError('wrong_code')
      await tx.remove(credentials, { id: row.id })
      return this.bind(tx, row.userId, step.subject, unusable)
    })
    await this.take(visitor)
    return this.enter(visitor, account)
  }

  /** A code for one account, told here and kept as its keyed digest; another one given before is void. */
  async giveCode(id: Uuid): Promise<{ code: string; untilMs: number }> {
    const code = this.parts.passwords.oneTime()
    const untilMs = this.parts.clock.nowMs() + linkCodeMs
    await this.parts.store.transaction(async (tx) => {
      await tx.lock(['oidc'])
      if (!(await tx.get(accounts, { id }))) throw new DomainError('account_not_found')
      await removeAll(tx, id, codeProvider)
      await tx.insert(credentials, [this.row(id, codeProvider, this.codeToken(code), untilMs)])
    })
    return { code, untilMs }
  }

  async unlink(id: Uuid): Promise<void> {
    await this.parts.store.transaction(async (tx) => {
      await tx.lock(['oidc'])
      if (!(await tx.get(accounts, { id }))) throw new DomainError('account_not_found')
      for (const kind of [providerId, codeProvider]) await removeAll(tx, id, kind)
    })
  }

  private async linked({ subject, claim }: Vouched): Promise<Account | undefined> {
    const unusable = await this.parts.passwords.hash(this.secret())
    return this.parts.store.transaction(async (tx) => {
      await tx.lock(['oidc'])
      const [link] = await tx.find(credentials, { providerId, accountId: subject })
      if (link) return tx.get(accounts, { id: link.userId })
      if (claim === undefined) return undefined
      const [named] = await tx.find(accounts, { username: nameKey(claim) })
      if (!named || named.disabled) return undefined
      return this.bind(tx, named.id, subject, unusable)
    })
  }

  /** An account is linked to one subject. The one-time password that nobody used for it is void. */
  private async bind(tx: Transaction, id: Uuid, subject: string, unusable: string): Promise<Account> {
    const account = await tx.get(accounts, { id })
    const taken =
      (await tx.find(credentials, { providerId, userId: id })).length > 0 ||
      (await tx.find(credentials, { providerId, accountId: subject })).length > 0
    if (!account || taken) throw new DomainError('oidc_unknown')
    await tx.insert(credentials, [this.row(id, providerId, subject, null)])
    if (account.oneTimeUntil === null) return account
    const updatedAt = this.parts.clock.nowMs()
    for (const { id: credential } of await tx.find(credentials, { userId: id, providerId: 'credential' }))
      await tx.update(credentials, { id: credential }, { password: unusable, updatedAt })
    await tx.update(accounts, { id }, { oneTimeUntil: null, updatedAt })
    return { ...account, oneTimeUntil: null }
  }

  private async enter(visitor: Visitor, account: Account): Promise<Answered<Account>> {
    const { cookies } = await this.parts.signIn.enterAs(visitor, account)
    return { value: account, cookies: [...cookies, this.cookie('', 0)] }
  }

  private row(
    userId: Uuid,
    kind: string,
    accountId: string,
    untilMs: number | null,
  ): Row<typeof credentials> {
    const nowMs = this.parts.clock.nowMs()
    const none = { password: null, accessToken: null, refreshToken: null, idToken: null, scope: null }
    return {
      ...{ id: this.parts.ids.next(), userId, providerId: kind, accountId, ...none },
      ...{ accessTokenExpiresAt: untilMs, refreshTokenExpiresAt: null, createdAt: nowMs, updatedAt: nowMs },
    }
  }

  /** Kept under the digest of what the cookie says, sealed: it holds the secrets of a way that is not over. */
  private async keep(step: Step): Promise<string> {
    const value = this.secret()
    const nowMs = this.parts.clock.nowMs()
    const identifier = identifierOf(value)
    const sealed = Buffer.from(this.parts.vault.seal(identifier, JSON.stringify(step))).toString('base64url')
    const times = { createdAt: nowMs, updatedAt: nowMs, expiresAt: nowMs + stepMs }
    await this.parts.store.transaction((tx) =>
      tx.insert(challenges, [{ id: this.parts.ids.next(), identifier, value: sealed, ...times }]),
    )
    return this.cookie(value, stepMs / 1000)
  }

  private async look(visitor: Visitor): Promise<Step | undefined> {
    const identifier = this.identifierIn(visitor)
    const [row] = await this.parts.store.read((reader) => reader.find(challenges, { identifier }))
    return row && this.opened(row)
  }

  /** Once: who brings the same answer again has come too late. */
  private async take(visitor: Visitor): Promise<Step | undefined> {
    const identifier = this.identifierIn(visitor)
    return this.parts.store.transaction(async (tx) => {
      await tx.lock(['oidc'])
      const [row] = await tx.find(challenges, { identifier })
      if (!row) return undefined
      await tx.remove(challenges, { id: row.id })
      return this.opened(row)
    })
  }

  private opened({ identifier, value, expiresAt }: Row<typeof challenges>): Step | undefined {
    if (expiresAt <= this.parts.clock.nowMs()) return undefined
    return JSON.parse(this.parts.vault.open(identifier, Buffer.from(value, 'base64url'))) as Step
  }

  private identifierIn({ cookie }: Visitor): string {
    const name = `${this.cookieName()}=`
    const found = cookie.split(/;\s*/).find((part) => part.startsWith(name))
    return identifierOf(found?.slice(name.length) ?? '')
  }

  private cookieName(): string {
    return this.parts.secure ? '__Host-huiliu_provider' : 'huiliu_provider'
  }

  private cookie(value: string, seconds: number): string {
    const secure = this.parts.secure ? '; Secure' : ''
    return `${this.cookieName()}=${value}; Max-Age=${seconds}; Path=/; HttpOnly${secure}; SameSite=Strict`
  }

  private codeToken(code: string): string {
    return this.parts.vault.token('link-code', code.trim().toLowerCase())
  }

  private secret(): string {
    return Buffer.from(this.parts.random.bytes(32)).toString('base64url')
  }
}

async function removeAll(tx: Transaction, userId: Uuid, kind: string): Promise<void> {
  for (const { id } of await tx.find(credentials, { userId, providerId: kind }))
    await tx.remove(credentials, { id })
}

function identifierOf(value: string): string {
  return `provider ${createHash('sha256').update(value).digest('base64url')}`
}
