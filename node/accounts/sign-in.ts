/**
 * Signing in: passwords, second factors and sessions, by better-auth over our store.
 *
 * Its own HTTP endpoints are not served: the verbs here call it, so that every way in goes through the node's route
 * table. What it leaves open is closed here: guessing is slowed before it is asked, a code is good once, recovery codes
 * and tokens of sessions are kept as digests, a session ends for good some hours after it began, and who is unknown,
 * disabled or too late with a one-time password is answered as one who mistyped.
 */
import { type BetterAuthPlugin } from 'better-auth'
import { createAuthEndpoint, isAPIError } from 'better-auth/api'
import { setSessionCookie } from 'better-auth/cookies'
import { betterAuth } from 'better-auth/minimal'
import { twoFactor, username } from 'better-auth/plugins'
import * as z from 'zod'
import { settingBounds, type SettingValues } from '../../protocol/index.ts'
import { DomainError } from '../errors.ts'
import { type Clock, type Ids } from '../platform.ts'
import { UniqueViolation, type Row, type Store } from '../store/port.ts'
import { type Rates } from '../rates.ts'
import { type Settings } from '../settings/index.ts'
import { type Vault } from '../vault.ts'
import { keptIn } from './keeping.ts'
import { demandGoodPassword, type Passwords } from './passwords.ts'
import { accounts, challenges, sessions, usedCodes } from './tables.ts'

/** The longest that a session may be left unused; the setting says how long it is now. */
const longestIdleMs = settingBounds.sessionIdleMinutes.most * 60_000
/** How often its use is written down; a page asks many times a minute. */
const noteUseSeconds = 60
/** The time a second-factor code may hold (its own 30 s and one before and after), and a little more. */
const codeHoldsMs = 120_000
const recoveryCodes = 10
const removedAtOnce = 1000

export type Account = Row<typeof accounts>

/** Where a request comes from, and the cookies it brings. */
export interface Visitor {
  readonly cookie: string
  readonly address: string
  readonly userAgent: string
}

/** What came of it, and the cookies to set in the browser. */
export interface Answered<T> {
  readonly value: T
  readonly cookies: readonly string[]
}

export interface SignedIn {
  readonly account: Account
  readonly session: string
  /** When the session ends, however busy. */
  readonly endsMs: number
}

export interface SignInParts {
  readonly store: Store
  readonly vault: Vault
  readonly passwords: Passwords
  readonly attempts: Rates
  readonly clock: Clock
  readonly ids: Ids
  readonly settings: Settings
  /** Shown in the authenticator app. */
  readonly issuer: string
  /** Where browsers reach the office's screen; https makes the cookies Secure and bound to the host. */
  readonly origin: string
}

type Library = ReturnType<typeof openLibrary>

export class SignIn {
  private readonly parts: SignInParts
  private readonly library: Library

  constructor(parts: SignInParts) {
    this.parts = parts
    this.library = openLibrary(parts)
  }

  /** Throws `wrong_credentials` whatever was wrong with them, after the same work. */
  async withPassword(
    visitor: Visitor,
    name: string,
    password: string,
  ): Promise<Answered<{ account: Account; state: 'signed-in' | 'second-factor' }>> {
    const key = nameKey(name)
    this.parts.attempts.password(key, visitor.address)
    const account = await this.byName(key)
    if (!account || !this.mayEnter(account)) {
      await this.parts.passwords.hash(password)
      throw new DomainError('wrong_credentials')
    }
    const { headers, response } = await asked('wrong_credentials', () =>
      this.library.api.signInUsername({
        body: { username: key, password },
        headers: headersOf(visitor),
        returnHeaders: true,
      }),
    )
    this.parts.attempts.passwordHeld(key, visitor.address)
    const state = response !== null && 'twoFactorRedirect' in response ? 'second-factor' : 'signed-in'
    return { value: { account, state }, cookies: headers.getSetCookie() }
  }

  /** The second step. Throws `wrong_code`, also when the first step is too long ago. */
  async withCode(
    visitor: Visitor,
    given: { code: string } | { recoveryCode: string },
  ): Promise<Answered<Account>> {
    const pending = await this.pendingAccount(visitor)
    if (!pending || !this.mayEnter(pending)) throw new DomainError('wrong_code')
    this.parts.attempts.code(pending.username, visitor.address)
    const input = { headers: headersOf(visitor), returnHeaders: true as const }
    const { headers } = await asked('wrong_code', async () => {
      if ('recoveryCode' in given) {
        const code = this.recoveryDigest(given.recoveryCode)
        return this.library.api.verifyBackupCode({ body: { code }, ...input })
      }
      await this.useOnce(pending, given.code)
      return this.library.api.verifyTOTP({ body: { code: given.code }, ...input })
    })
    this.parts.attempts.codeHeld(pending.username)
    return { value: pending, cookies: headers.getSetCookie() }
  }

  /**
   * Who is asking, by the session cookie; read anew for every request, so a change of the account counts at once. What
   * a page asks by itself (`background`) does not keep the session from being idle.
   */
  async session(
    visitor: Visitor,
    { background = false }: { background?: boolean } = {},
  ): Promise<Answered<SignedIn | undefined>> {
    if (!visitor.cookie.includes(sessionCookie)) return { value: undefined, cookies: [] }
    const asked = { headers: headersOf(visitor), returnHeaders: true as const }
    // First without noting its use: whether it was idle for too long is seen only before.
    const { headers, response } = await this.library.api.getSession({
      ...asked,
      query: { disableRefresh: true },
    })
    if (!response) return { value: undefined, cookies: headers.getSetCookie() }
    const { id: session } = response.session
    const times = {
      createdAt: response.session.createdAt.getTime(),
      expiresAt: response.session.expiresAt.getTime(),
    }
    const account = await this.parts.store.read((reader) => reader.get(accounts, { id: response.user.id }))
    const settings = await this.parts.settings.now()
    const nowMs = this.parts.clock.nowMs()
    if (!account || !isAlive(times, settings, nowMs) || !this.mayEnter(account)) {
      await this.endSession(session)
      return { value: undefined, cookies: [] }
    }
    const value = { account, session, endsMs: endsMs(times, settings) }
    if (background || nowMs - lastUsedMs(times) < noteUseSeconds * 1000) return { value, cookies: [] }
    const noted = await this.library.api.getSession(asked)
    return { value, cookies: noted.headers.getSetCookie() }
  }

  /** A session for whom somebody else vouches for; throws `wrong_credentials` when he may not enter here. */
  async enterAs(visitor: Visitor, account: Account): Promise<Answered<void>> {
    if (!this.mayEnter(account)) throw new DomainError('wrong_credentials')
    const { headers } = await this.library.api.enterAs({
      body: { userId: account.id },
      headers: headersOf(visitor),
      returnHeaders: true,
    })
    return { value: undefined, cookies: headers.getSetCookie() }
  }

  async signOut(visitor: Visitor): Promise<Answered<void>> {
    const { headers } = await this.library.api.signOut({ headers: headersOf(visitor), returnHeaders: true })
    return { value: undefined, cookies: headers.getSetCookie() }
  }

  /** Ends all other sessions of the account; this one goes on under a new token. */
  async changePassword(
    visitor: Visitor,
    { account }: SignedIn,
    current: string,
    next: string,
  ): Promise<Answered<void>> {
    this.parts.attempts.password(account.username, visitor.address)
    demandGoodPassword(next, [account.username, account.name])
    if (next === current) throw new DomainError('weak_password')
    const { headers } = await asked('wrong_credentials', () =>
      this.library.api.changePassword({
        body: { currentPassword: current, newPassword: next, revokeOtherSessions: true },
        headers: headersOf(visitor),
        returnHeaders: true,
      }),
    )
    await this.parts.store.transaction(async (tx) => {
      const now = await tx.get(accounts, { id: account.id })
      // An administrator may have given him a one-time password meanwhile: that one is to be changed as well.
      if (now?.oneTimeUntil !== account.oneTimeUntil) return
      const updatedAt = this.parts.clock.nowMs()
      await tx.update(accounts, { id: account.id }, { oneTimeUntil: null, updatedAt })
    })
    this.parts.attempts.passwordHeld(account.username, visitor.address)
    return { value: undefined, cookies: headers.getSetCookie() }
  }

  /** Begins a second factor: what the authenticator app reads, and recovery codes, shown this once. */
  async beginSecondFactor(
    visitor: Visitor,
    { account }: SignedIn,
    password: string,
  ): Promise<{ uri: string; recoveryCodes: string[] }> {
    if (account.twoFactorEnabled) throw new DomainError('second_factor_on')
    this.parts.attempts.password(account.username, visitor.address)
    const begun = await asked('wrong_credentials', () =>
      this.library.api.enableTwoFactor({
        body: { password, method: 'totp' },
        headers: headersOf(visitor),
      }),
    )
    if (begun.method !== 'totp') throw new TypeError('another second factor than was asked for')
    return {
      uri: begun.totpURI.replaceAll(encodeURIComponent(account.email), encodeURIComponent(account.username)),
      recoveryCodes: begun.backupCodes,
    }
  }

  /** The app's first code proves that it has the secret; from now on it is asked for. The session has a new token. */
  async confirmSecondFactor(
    visitor: Visitor,
    { account, session }: SignedIn,
    code: string,
  ): Promise<Answered<void>> {
    this.parts.attempts.code(account.username, visitor.address)
    const others = await this.otherSessions(account, session)
    const { headers } = await asked('wrong_code', async () => {
      await this.useOnce(account, code)
      return this.library.api.verifyTOTP({
        body: { code },
        headers: headersOf(visitor),
        returnHeaders: true,
      })
    })
    for (const id of others) await this.endSession(id)
    return { value: undefined, cookies: headers.getSetCookie() }
  }

  /** Sessions elsewhere end with a change of what one signs in with (attacks.md W3). */
  private async otherSessions({ id }: Account, session: string): Promise<string[]> {
    const rows = await this.parts.store.read((reader) => reader.find(sessions, { userId: id }))
    return rows.map((row) => row.id).filter((one) => one !== session)
  }

  async endSecondFactor(
    visitor: Visitor,
    { account, session }: SignedIn,
    password: string,
  ): Promise<Answered<void>> {
    this.parts.attempts.password(account.username, visitor.address)
    const others = await this.otherSessions(account, session)
    const { headers } = await asked('wrong_credentials', () =>
      this.library.api.disableTwoFactor({
        body: { password },
        headers: headersOf(visitor),
        returnHeaders: true,
      }),
    )
    for (const id of others) await this.endSession(id)
    return { value: undefined, cookies: headers.getSetCookie() }
  }

  /** Removes sessions and steps of signing in that are over; the library leaves those nobody asks for again. */
  async removeExpired(): Promise<void> {
    const nowMs = this.parts.clock.nowMs()
    const page = { limit: removedAtOnce } as const
    await this.parts.store.transaction(async (tx) => {
      for (const { id, expiresAt } of await tx.find(sessions, {}, { ...page, orderBy: 'expiresAt' }))
        if (expiresAt < nowMs) await tx.remove(sessions, { id })
      for (const { id, expiresAt } of await tx.find(challenges, {}, { ...page, orderBy: 'expiresAt' }))
        if (expiresAt < nowMs) await tx.remove(challenges, { id })
      for (const { account, code, expiresMs } of await tx.find(
        usedCodes,
        {},
        { ...page, orderBy: 'expiresMs' },
      ))
        if (expiresMs < nowMs) await tx.remove(usedCodes, { account, code })
    })
  }

  async endSession(id: string): Promise<void> {
    await this.parts.store.transaction(async (tx) => {
      if (await tx.get(sessions, { id })) await tx.remove(sessions, { id })
    })
  }

  /** Neither disabled nor late with a one-time password. */
  private mayEnter({ disabled, oneTimeUntil }: Account): boolean {
    return !disabled && (oneTimeUntil === null || oneTimeUntil > this.parts.clock.nowMs())
  }

  private async byName(name: string): Promise<Account | undefined> {
    return this.parts.store.read(async (reader) => (await reader.find(accounts, { username: name }))[0])
  }

  /** Whose second step this is: the library's signed cookie names a challenge, and that the account. */
  private async pendingAccount(visitor: Visitor): Promise<Account | undefined> {
    const { createAuthCookie, internalAdapter, secret } = await this.library.$context
    const { name } = createAuthCookie('two_factor')
    const identifier = await signedCookie(visitor.cookie, name, secret)
    const challenge =
      identifier === undefined ? null : await internalAdapter.findVerificationValue(identifier)
    if (!challenge || challenge.expiresAt.getTime() <= this.parts.clock.nowMs()) return undefined
    return this.parts.store.read((reader) => reader.get(accounts, { id: challenge.value }))
  }

  /** Throws when this code was given in before, right or wrong, within the time it may hold. */
  private async useOnce({ id }: Account, code: string): Promise<void> {
    const nowMs = this.parts.clock.nowMs()
    const digest = this.parts.vault.token('second-factor-code', `${id} ${code}`)
    try {
      await this.parts.store.transaction(async (tx) => {
        for (const old of await tx.find(usedCodes, { account: id }))
          if (old.expiresMs <= nowMs) await tx.remove(usedCodes, { account: id, code: old.code })
        await tx.insert(usedCodes, [{ account: id, code: digest, expiresMs: nowMs + codeHoldsMs }])
      })
    } catch (error) {
      if (error instanceof UniqueViolation) throw new DomainError('wrong_code')
      throw error
    }
  }

  private recoveryDigest(code: string): string {
    return recoveryDigest(this.parts.vault, code)
  }
}

/** When a session was last used, to the minute: the library moves its end with each use. */
export function lastUsedMs({ expiresAt }: { expiresAt: number }): number {
  return expiresAt - longestIdleMs
}

interface SessionTimes {
  readonly createdAt: number
  readonly expiresAt: number
}

/** When a session ends, however busy. */
function endsMs({ createdAt }: SessionTimes, { sessionAbsoluteHours }: SettingValues): number {
  return createdAt + sessionAbsoluteHours * 3_600_000
}

/** Neither idle for too long nor too old, by the settings as they are now. */
export function isAlive(times: SessionTimes, settings: SettingValues, nowMs: number): boolean {
  return nowMs <= endsMs(times, settings) && nowMs - lastUsedMs(times) <= settings.sessionIdleMinutes * 60_000
}

/** The name as it is compared: however it was typed, it is one account. */
export function nameKey(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase()
}

/** Names people sign in with: letters of any script, digits, and . _ - between them. */
export const accountName = /^[\p{L}\p{N}](?:[\p{L}\p{N}._-]{0,28}[\p{L}\p{N}])$/u

const sessionCookie = 'huiliu_session'

function openLibrary({ store, vault, passwords, ids, issuer, origin }: SignInParts) {
  const secure = origin.startsWith('https:')
  // Over https a cookie of another host, or of plain http, cannot take the place of ours.
  const cookie = (name: string) => ({
    name: secure ? `__Host-${name}` : name,
    attributes: { secure, httpOnly: true, sameSite: 'strict' as const, path: '/' },
  })
  return betterAuth({
    appName: issuer,
    baseURL: origin,
    basePath: '/api/auth',
    secret: vault.token('sign-in', 'cookies and second factors'),
    database: keptIn(store),
    telemetry: { enabled: false },
    logger: { disabled: true },
    rateLimit: { enabled: false },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: 1,
      maxPasswordLength: 1000,
      password: {
        hash: (password) => passwords.hash(password),
        verify: ({ hash, password }) => passwords.verify(hash, password),
      },
    },
    session: { expiresIn: longestIdleMs / 1000, updateAge: noteUseSeconds },
    advanced: {
      useSecureCookies: false,
      database: { generateId: () => ids.next() },
      cookies: {
        session_token: cookie(sessionCookie),
        session_data: cookie('huiliu_data'),
        dont_remember: cookie('huiliu_short'),
        two_factor: cookie('huiliu_step'),
        trust_device: cookie('huiliu_device'),
      },
      ipAddress: { ipAddressHeaders: [addressHeader] },
    },
    plugins: [
      entering,
      username({
        displayUsername: false,
        minUsernameLength: 2,
        usernameNormalization: nameKey,
        usernameValidator: (name) => accountName.test(nameKey(name)),
      }),
      twoFactor({
        issuer,
        // Slowed by ours, which never locks an account out.
        accountLockout: { enabled: false },
        backupCodeOptions: { amount: recoveryCodes, storeBackupCodes: digestsOnly(vault) },
      }),
    ],
  })
}

/** Our own way in, for whom the identity provider vouches for: a session and its cookie as the library makes them. */
const entering = {
  id: 'entering',
  endpoints: {
    enterAs: createAuthEndpoint(
      '/office/enter',
      { method: 'POST', body: z.object({ userId: z.string() }), metadata: { SERVER_ONLY: true } },
      async (call) => {
        const { internalAdapter } = call.context
        const user = await internalAdapter.findUserById(call.body.userId)
        if (!user) throw new DomainError('wrong_credentials')
        const session = await internalAdapter.createSession(user.id)
        await setSessionCookie(call, { session, user })
        return call.json({})
      },
    ),
  },
} satisfies BetterAuthPlugin

const addressHeader = 'x-huiliu-address'

function headersOf({ cookie, address, userAgent }: Visitor): Headers {
  return new Headers({ cookie, [addressHeader]: address, 'user-agent': userAgent.slice(0, 200) })
}

/** Runs a call of the library; what it refuses is our code, what it fails at stays a defect. */
async function asked<T>(code: 'wrong_credentials' | 'wrong_code', call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (isAPIError(error) && error.statusCode < 500) throw new DomainError(code)
    throw error
  }
}

function recoveryDigest(vault: Vault, code: string): string {
  return `d.${vault.token('recovery-code', code.trim())}`
}

/** The library keeps the list as this writes it. After a code was used it writes the rest again: digests stay digests. */
function digestsOnly(vault: Vault) {
  const digest = (code: string) => (code.startsWith('d.') ? code : recoveryDigest(vault, code))
  return {
    encrypt: (json: string) => Promise.resolve(JSON.stringify((JSON.parse(json) as string[]).map(digest))),
    decrypt: (json: string) => Promise.resolve(json),
  }
}

/** Percent-decoded; a cookie that cannot be is none of ours. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

/** The value of a cookie the library signed (value.signature, HMAC-SHA-256); undefined for any other. */
async function signedCookie(header: string, name: string, secret: string): Promise<string | undefined> {
  const found = header.split(/;\s*/).find((part) => part.startsWith(`${name}=`))
  if (found === undefined) return undefined
  const text = decoded(found.slice(name.length + 1))
  const at = text.lastIndexOf('.')
  const key = { name: 'HMAC', hash: 'SHA-256' }
  const imported = await crypto.subtle.importKey('raw', Buffer.from(secret), key, false, ['verify'])
  const signature = Buffer.from(text.slice(at + 1), 'base64')
  const value = text.slice(0, at)
  return (await crypto.subtle.verify(key, imported, signature, Buffer.from(value))) ? value : undefined
}
