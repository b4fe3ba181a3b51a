/**
 * Accounts of the office: the first one by the node's set-up code, all others made, changed and ended by an
 * administrator. The door of this room; signing in itself is in sign-in.ts.
 */
import { timingSafeEqual } from 'node:crypto'
import { type AccountView, type Role, rolesOfOneOrganisation, type Uuid } from '../../protocol/index.ts'
import { DomainError } from '../errors.ts'
import { type Organisations } from '../organisations/index.ts'
import { type Clock, type Ids } from '../platform.ts'
import { type Rates } from '../rates.ts'
import { type Settings } from '../settings/index.ts'
import { UniqueViolation, type Reader, type Row, type Store, type Transaction } from '../store/port.ts'
import { type Vault } from '../vault.ts'
import { demandGoodPassword, type Passwords } from './passwords.ts'
import { providerId } from './provider-entrance.ts'
import { accountName, isAlive, nameKey, type Account } from './sign-in.ts'
import { accounts, credentials, secondFactors, sessions } from './tables.ts'

export { IdentityProvider, type ProviderOptions } from './identity-provider.ts'
export { ProviderEntrance } from './provider-entrance.ts'
export { passwordLength, Passwords, type PasswordTuning } from './passwords.ts'
export { lastUsedMs, SignIn, type Account, type Answered, type SignedIn, type Visitor } from './sign-in.ts'

/** A one-time password waits so long for its holder. */
export const oneTimeMs = 72 * 3_600_000
/** All changes of accounts wait for each other: the last administrator is counted and kept under it. */
export const accountsLock = 'accounts'

export type Session = Row<typeof sessions>

export interface NewAccount {
  readonly account: string
  readonly name: string
  readonly role: Role
  readonly organisation: Uuid | null
}
export interface AccountChange {
  readonly name?: string | undefined
  readonly role?: Role | undefined
  readonly organisation?: Uuid | null | undefined
  readonly disabled?: boolean | undefined
}

export class Accounts {
  private readonly store: Store
  private readonly vault: Vault
  private readonly passwords: Passwords
  private readonly attempts: Rates
  private readonly organisations: Organisations
  private readonly clock: Clock
  private readonly ids: Ids
  private readonly settings: Settings
  private readonly ended: (tx: Transaction, id: Uuid) => Promise<void>

  constructor(parts: {
    store: Store
    vault: Vault
    passwords: Passwords
    attempts: Rates
    organisations: Organisations
    clock: Clock
    ids: Ids
    settings: Settings
    /** What else goes when an account is disabled. */
    ended?: (tx: Transaction, id: Uuid) => Promise<void>
  }) {
    this.store = parts.store
    this.vault = parts.vault
    this.passwords = parts.passwords
    this.attempts = parts.attempts
    this.organisations = parts.organisations
    this.clock = parts.clock
    this.ids = parts.ids
    this.settings = parts.settings
    this.ended = parts.ended ?? (() => Promise.resolve())
  }

  /**
   * What makes the first administrator. Made from the keyring, so every process and every start of this node prints
   * the same one until it is used, and nothing keeps it.
   */
  setUpCode(): string {
    const digits = Buffer.from(this.vault.token('set-up', 'first administrator'), 'base64url').toString('hex')
    return [0, 4, 8, 12].map((at) => digits.slice(at, at + 4).toUpperCase()).join('-')
  }

  async isSetUp(): Promise<boolean> {
    return this.store.read(async (reader) => (await reader.find(accounts, {}, { limit: 1 })).length > 0)
  }

  /** The first account, an administrator's. Throws `wrong_credentials` for another code than the printed one. */
  async setUp(
    address: string,
    given: { code: string; account: string; name: string; password: string },
  ): Promise<Account> {
    if (await this.isSetUp()) throw new DomainError('set_up_already')
    this.attempts.password('set-up', address)
    const [code, wanted] = [given.code.trim().toUpperCase(), this.setUpCode()].map((text) =>
      Buffer.from(text),
    )
    if (!code || !wanted || code.length !== wanted.length || !timingSafeEqual(code, wanted))
      throw new DomainError('wrong_credentials')
    demandGoodPassword(given.password, [given.account, given.name])
    const hash = await this.passwords.hash(given.password)
    return this.store.transaction(async (tx) => {
      await tx.lock([accountsLock])
      if ((await tx.count(accounts, {})) > 0) throw new DomainError('set_up_already')
      return this.add(tx, { ...given, role: 'administrator', organisation: null }, hash, null)
    })
  }

  /** A new account with a one-time password, which is told here and kept nowhere. */
  async create(wanted: NewAccount): Promise<{ account: Account; oneTimePassword: string }> {
    const oneTimePassword = this.passwords.oneTime()
    const hash = await this.passwords.hash(oneTimePassword)
    try {
      const account = await this.store.transaction(async (tx) => {
        await tx.lock([accountsLock])
        await this.demandFitting(tx, wanted.role, wanted.organisation)
        return this.add(tx, wanted, hash, this.clock.nowMs() + oneTimeMs)
      })
      return { account, oneTimePassword }
    } catch (error) {
      if (error instanceof UniqueViolation) throw new DomainError('account_taken')
      throw error
    }
  }

  /** Takes effect at the next request of whoever is signed in with it. */
  async change(id: Uuid, change: AccountChange): Promise<Account> {
    return this.store.transaction(async (tx) => {
      await tx.lock([accountsLock])
      const before = await this.get(tx, id)
      const role = change.role ?? (before.role as Role)
      // A role of the whole region has no organisation; it need not be taken away in so many words.
      const kept = rolesOfOneOrganisation.includes(role) ? before.organisation : null
      const organisation = change.organisation === undefined ? kept : change.organisation
      await this.demandFitting(tx, role, organisation)
      const patch = {
        role,
        organisation,
        name: change.name ?? before.name,
        disabled: change.disabled ?? before.disabled,
        updatedAt: this.clock.nowMs(),
      }
      const after = { ...before, ...patch }
      if (isAdministrator(before) && !isAdministrator(after)) await this.demandAnother(tx, id)
      await tx.update(accounts, { id }, patch)
      if (after.disabled) {
        await this.endAll(tx, id)
        await this.ended(tx, id)
      }
      return after
    })
  }

  /** A new one-time password; all sessions of the account end. */
  async resetPassword(id: Uuid): Promise<{ account: Account; oneTimePassword: string }> {
    const oneTimePassword = this.passwords.oneTime()
    const hash = await this.passwords.hash(oneTimePassword)
    const account = await this.store.transaction(async (tx) => {
      await tx.lock([accountsLock])
      const before = await this.get(tx, id)
      const [credential] = await tx.find(credentials, { userId: id, providerId: 'credential' })
      if (!credential) throw new DomainError('account_not_found')
      const nowMs = this.clock.nowMs()
      await tx.update(credentials, { id: credential.id }, { password: hash, updatedAt: nowMs })
      const patch = { oneTimeUntil: nowMs + oneTimeMs, updatedAt: nowMs }
      await tx.update(accounts, { id }, patch)
      await this.endAll(tx, id)
      return { ...before, ...patch }
    })
    return { account, oneTimePassword }
  }

  /** For somebody who has lost his telephone and his recovery codes. All sessions of the account end. */
  async resetSecondFactor(id: Uuid): Promise<Account> {
    return this.store.transaction(async (tx) => {
      await tx.lock([accountsLock])
      const before = await this.get(tx, id)
      for (const { id: factor } of await tx.find(secondFactors, { userId: id }))
        await tx.remove(secondFactors, { id: factor })
      const patch = { twoFactorEnabled: false, updatedAt: this.clock.nowMs() }
      await tx.update(accounts, { id }, patch)
      await this.endAll(tx, id)
      return { ...before, ...patch }
    })
  }

  async list(): Promise<Account[]> {
    return this.store.read((reader) => reader.find(accounts, {}, { orderBy: 'username' }))
  }

  /** The account that somebody who signs in names, if there is one. */
  async named(name: string): Promise<Account | undefined> {
    const username = nameKey(name)
    return this.store.read(async (reader) => (await reader.find(accounts, { username }))[0])
  }

  async find(id: Uuid): Promise<Account> {
    return this.store.read((reader) => this.get(reader, id))
  }

  async sessionsOf(id: Uuid): Promise<Session[]> {
    const settings = await this.settings.now()
    const rows = await this.store.read((reader) => reader.find(sessions, { userId: id }, { orderBy: 'id' }))
    return rows.filter((session) => isAlive(session, settings, this.clock.nowMs()))
  }

  /** Ends one session of the account, or all of them but one. */
  async endSessions(id: Uuid, which: { only: Uuid } | { butNot: Uuid | null }): Promise<number> {
    return this.store.transaction(async (tx) => {
      const all = await tx.find(sessions, { userId: id })
      const ended = all.filter((one) => ('only' in which ? one.id === which.only : one.id !== which.butNot))
      if ('only' in which && ended.length === 0) throw new DomainError('session_not_found')
      for (const { id: session } of ended) await tx.remove(sessions, { id: session })
      return ended.length
    })
  }

  async view(account: Account): Promise<AccountView> {
    const organisation =
      account.organisation === null
        ? undefined
        : await this.store.read((reader) => this.organisations.get(reader, account.organisation ?? ''))
    return {
      id: account.id,
      account: account.username,
      name: account.name,
      role: account.role as Role,
      organisation: organisation ? { id: organisation.id, name: organisation.name } : null,
      linked: await this.isLinked(account.id),
      disabled: account.disabled,
      oneTimeUntil: account.oneTimeUntil === null ? null : new Date(account.oneTimeUntil).toISOString(),
      secondFactor: account.twoFactorEnabled,
      createdAt: new Date(account.createdAt).toISOString(),
    }
  }

  /** An organisation has become part of another: who works for it works for that one from the next request on. */
  async moveAll(tx: Transaction, from: Uuid, to: Uuid): Promise<void> {
    for (const { id } of await tx.find(accounts, { organisation: from }))
      await tx.update(accounts, { id }, { organisation: to, updatedAt: this.clock.nowMs() })
  }

  async anyOf(reader: Reader, organisation: Uuid): Promise<boolean> {
    return (await reader.find(accounts, { organisation }, { limit: 1 })).length > 0
  }

  private async isLinked(userId: Uuid): Promise<boolean> {
    const rows = await this.store.read((reader) => reader.find(credentials, { userId, providerId }))
    return rows.length > 0
  }

  private async get(reader: Reader, id: Uuid): Promise<Account> {
    const account = await reader.get(accounts, { id })
    if (!account) throw new DomainError('account_not_found')
    return account
  }

  private async add(
    tx: Transaction,
    { account, name, role, organisation }: NewAccount,
    password: string,
    oneTimeUntil: number | null,
  ): Promise<Account> {
    const username = nameKey(account)
    if (!accountName.test(username)) throw new DomainError('bad_request', { field: 'account' })
    const id = this.ids.next()
    const times = { createdAt: this.clock.nowMs(), updatedAt: this.clock.nowMs() }
    const row: Account = {
      ...{ id, username, name, role, organisation, oneTimeUntil },
      ...{ email: `${id}@accounts.invalid`, emailVerified: false, image: null },
      ...{ disabled: false, twoFactorEnabled: false },
      ...times,
    }
    if ((await tx.find(accounts, { username })).length > 0) throw new DomainError('account_taken')
    await tx.insert(accounts, [row])
    const none = { accessToken: null, refreshToken: null, idToken: null, scope: null }
    await tx.insert(credentials, [
      {
        ...{ id: this.ids.next(), userId: id, providerId: 'credential', accountId: id, password },
        ...{ ...none, accessTokenExpiresAt: null, refreshTokenExpiresAt: null },
        ...times,
      },
    ])
    return row
  }

  private async demandFitting(reader: Reader, role: Role, organisation: Uuid | null): Promise<void> {
    const wanted = rolesOfOneOrganisation.includes(role) ? role : undefined
    if (wanted === undefined && organisation === null) return
    const found = organisation === null ? undefined : await this.organisations.get(reader, organisation)
    if (wanted === undefined || found?.kind !== wanted) throw new DomainError('account_organisation')
  }

  private async demandAnother(tx: Transaction, id: Uuid): Promise<void> {
    const others = await tx.find(accounts, { role: 'administrator', disabled: false })
    if (!others.some((other) => other.id !== id)) throw new DomainError('last_administrator')
  }

  private async endAll(tx: Transaction, id: Uuid): Promise<void> {
    for (const { id: session } of await tx.find(sessions, { userId: id }))
      await tx.remove(sessions, { id: session })
  }
}

function isAdministrator({ role, disabled }: Account): boolean {
  return role === 'administrator' && !disabled
}
