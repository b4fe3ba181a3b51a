/** Signing in: who is refused and how, sessions and their ends, second factors that hold once. */
import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { settingBounds } from '../../protocol/index.ts'
import { oneTimeMs, Passwords, type SignedIn } from '../../node/accounts/index.ts'
import { accounts as accountsTable, secondFactors, sessions } from '../../node/accounts/tables.ts'
import { Browser, goodPassword, openAccounts } from '../harness/accounts.ts'
import { freshDatabase, type FreshDatabase } from '../harness/database.ts'

const minuteMs = 60_000
const idleMs = settingBounds.sessionIdleMinutes.shipped * minuteMs
const absoluteMs = settingBounds.sessionAbsoluteHours.shipped * 60 * minuteMs
let office: ReturnType<typeof openAccounts>
let browser: Browser

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 2, 2, 8) })
  office = openAccounts()
  browser = new Browser()
  const code = office.accounts.setUpCode()
  await office.accounts.setUp('10.0.0.9', { code, account: 'Wang.Lei', name: '王磊', password: goodPassword })
})
afterEach(() => {
  vi.useRealTimers()
})

function later(ms: number): void {
  vi.setSystemTime(Date.now() + ms)
}

async function enter(who = browser, name = 'wang.lei', password = goodPassword): Promise<SignedIn> {
  who.take(await office.signIn.withPassword(who, name, password))
  return demand(who)
}

async function current(who = browser): Promise<SignedIn | undefined> {
  return who.take(await office.signIn.session(who))
}

async function demand(who = browser): Promise<SignedIn> {
  const session = await current(who)
  if (!session) throw new Error('not signed in')
  return session
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'let in',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  )

describe('a password', () => {
  it('lets in who has it, however the name is typed, and not who has another', async () => {
    expect(await codeOf(office.signIn.withPassword(browser, 'wang.lei', 'something else'))).toBe(
      'wrong_credentials',
    )
    expect(await current()).toBeUndefined()
    const { account } = await enter(browser, ' WANG.LEI ')
    expect(account.role).toBe('administrator')
  })

  it('is answered alike for the unknown, the disabled, and the late with a one-time password', async () => {
    const { account } = await office.accounts.create(clerk)
    await office.accounts.change(account.id, { disabled: true })
    const late = await office.accounts.create({ ...clerk, account: 'late' })
    later(oneTimeMs + 1)
    const answers = await Promise.all([
      codeOf(office.signIn.withPassword(browser, 'nobody', goodPassword)),
      codeOf(office.signIn.withPassword(browser, 'x', goodPassword)),
      codeOf(office.signIn.withPassword(browser, 'li.na', 'whatever')),
      codeOf(office.signIn.withPassword(browser, 'late', late.oneTimePassword)),
    ])
    expect(new Set(answers)).toEqual(new Set(['wrong_credentials']))
  })

  it('costs the same work for an unknown account as for a known one', async () => {
    const derive = vi.spyOn(Passwords.prototype as unknown as { derive: () => Promise<Buffer> }, 'derive')
    await codeOf(office.signIn.withPassword(browser, 'nobody', 'wrong'))
    const unknown = derive.mock.calls.length
    await codeOf(office.signIn.withPassword(browser, 'wang.lei', 'wrong'))
    expect(derive.mock.calls.length - unknown).toBe(unknown)
    expect(unknown).toBe(1)
    derive.mockRestore()
  })

  it('is slow to guess from one address, slower for one account from many, and nobody is locked out', async () => {
    let refused = 0
    for (let i = 0; i < 200; i++)
      if (
        (await codeOf(office.signIn.withPassword(browser, 'wang.lei', `guess ${i}`))) === 'too_many_attempts'
      )
        refused++
    expect(refused).toBe(195)
    expect(await codeOf(office.signIn.withPassword(browser, 'wang.lei', goodPassword))).toBe(
      'too_many_attempts',
    )
    // The owner at his own desk is not concerned.
    await enter(new Browser('10.0.0.2'))
    for (let i = 0; i < 60; i++)
      await codeOf(office.signIn.withPassword(new Browser(`10.1.0.${i}`), 'wang.lei', 'guess'))
    expect(await codeOf(office.signIn.withPassword(new Browser('10.0.0.3'), 'wang.lei', goodPassword))).toBe(
      'too_many_attempts',
    )
    later(16_000)
    await enter(new Browser('10.0.0.3'))
  })

  it('is not sprayed over accounts from one address', async () => {
    const codes: string[] = []
    for (let i = 0; i < 60; i++)
      codes.push(await codeOf(office.signIn.withPassword(browser, `name${i}`, 'Spring2026!')))
    expect(codes.filter((code) => code === 'too_many_attempts')).toHaveLength(30)
  })
})

const clerk = { account: 'li.na', name: '李娜', role: 'officer', organisation: null } as const

describe('a session', () => {
  it('is new with every signing in: one brought along is not taken over', async () => {
    browser.jar.set('huiliu_session', 'chosen-by-somebody.signature')
    const first = await enter()
    const before = browser.cookie
    expect(before).not.toContain('chosen-by-somebody')
    expect((await enter()).session).not.toBe(first.session)
    expect(browser.cookie).not.toBe(before)
  })

  it('stands in the store as a digest: a copied database opens none', async () => {
    await enter()
    const rows = await office.store.read((reader) => reader.find(sessions, {}))
    const token = decodeURIComponent(browser.jar.get('huiliu_session') ?? '').split('.')[0] ?? ''
    expect(token.length).toBeGreaterThanOrEqual(32)
    expect(JSON.stringify(rows)).not.toContain(token)
    browser.jar.set('huiliu_session', rows[0]?.token ?? '')
    expect(await current()).toBeUndefined()
  })

  it('has a cookie no script reads and no other site sends; over TLS it is bound to the host', async () => {
    await enter()
    expect(browser.set).toEqual([])
    browser.take(await office.signIn.withPassword(browser, 'wang.lei', goodPassword))
    expect(browser.set).toEqual([expect.stringMatching(/^huiliu_session=[^;]+;.*HttpOnly; SameSite=Strict$/)])
    expect(browser.set[0]).toMatch(/; Path=\/;/)
    const secured = openAccounts(office.store, 'https://office.test')
    browser.take(await secured.signIn.withPassword(browser, 'wang.lei', goodPassword))
    expect(browser.set).toEqual([
      expect.stringMatching(/^__Host-huiliu_session=.*; Secure; SameSite=Strict$/),
    ])
    expect(browser.set.join()).not.toMatch(/Domain/i)
    expect(await secured.signIn.session(browser)).toMatchObject({
      value: { account: { username: 'wang.lei' } },
    })
  })

  it('ends when it was idle, and however busy after a working day', async () => {
    await enter()
    later(idleMs - 1000)
    expect(await current()).toBeDefined()
    later(idleMs + 1000)
    expect(await current()).toBeUndefined()
    await enter()
    for (let ms = 0; ms < absoluteMs - 10 * minuteMs; ms += 10 * minuteMs) {
      later(10 * minuteMs)
      expect(await current()).toBeDefined()
    }
    later(11 * minuteMs)
    expect(await current()).toBeUndefined()
    expect(await office.store.read((reader) => reader.count(sessions, {}))).toBe(0)
  })

  it('is not good after signing out, though the cookie was kept', async () => {
    await enter()
    const kept = new Browser()
    kept.jar.set('huiliu_session', browser.jar.get('huiliu_session') ?? '')
    browser.take(await office.signIn.signOut(browser))
    expect(browser.cookie).not.toContain('huiliu_session=')
    expect(await current(kept)).toBeUndefined()
  })

  it('follows the account at the next request: role, disabled, password reset, ended by an administrator', async () => {
    const { account, oneTimePassword } = await office.accounts.create(clerk)
    const there = new Browser('10.0.0.5')
    expect((await enter(there, 'li.na', oneTimePassword)).account.role).toBe('officer')
    await office.accounts.change(account.id, { role: 'auditor' })
    expect((await current(there))?.account.role).toBe('auditor')
    await office.accounts.change(account.id, { disabled: true })
    expect(await current(there)).toBeUndefined()
    await office.accounts.change(account.id, { disabled: false })
    const again = await office.accounts.resetPassword(account.id)
    const second = await enter(there, 'li.na', again.oneTimePassword)
    await office.accounts.endSessions(account.id, { only: second.session })
    expect(await current(there)).toBeUndefined()
    await enter(there, 'li.na', again.oneTimePassword)
    await office.accounts.resetPassword(account.id)
    expect(await current(there)).toBeUndefined()
  })

  it('ends everywhere else when its holder changes the password', async () => {
    const elsewhere = new Browser('10.0.0.6')
    await enter(elsewhere)
    const here = await enter()
    const next = 'ganz andere 世界 maultasche'
    expect(await codeOf(office.signIn.changePassword(browser, here, 'not it', next))).toBe(
      'wrong_credentials',
    )
    expect(await codeOf(office.signIn.changePassword(browser, here, goodPassword, 'password12'))).toBe(
      'weak_password',
    )
    browser.take(await office.signIn.changePassword(browser, here, goodPassword, next))
    expect(await current(elsewhere)).toBeUndefined()
    expect(await current()).toBeDefined()
    expect(await codeOf(office.signIn.withPassword(elsewhere, 'wang.lei', goodPassword))).toBe(
      'wrong_credentials',
    )
  })
})

describe('a second factor', () => {
  async function enrolled(): Promise<{ secret: string; recoveryCodes: string[] }> {
    const begun = await office.signIn.beginSecondFactor(browser, await enter(), goodPassword)
    const secret = new URL(begun.uri).searchParams.get('secret') ?? ''
    expect(decodeURIComponent(begun.uri)).toContain('wang.lei')
    browser.take(await office.signIn.confirmSecondFactor(browser, await demand(), totp(secret)))
    later(2 * minuteMs)
    return { secret, recoveryCodes: begun.recoveryCodes }
  }

  it('is begun with the password again and holds from the first right code', async () => {
    const signedIn = await enter()
    expect(await codeOf(office.signIn.beginSecondFactor(browser, signedIn, 'not it'))).toBe(
      'wrong_credentials',
    )
    await office.signIn.beginSecondFactor(browser, signedIn, goodPassword)
    expect(await codeOf(office.signIn.confirmSecondFactor(browser, signedIn, '000000'))).toBe('wrong_code')
    const other = new Browser()
    expect((await office.signIn.withPassword(other, 'wang.lei', goodPassword)).value.state).toBe('signed-in')
  })

  it('is asked for before there is a session', async () => {
    const { secret } = await enrolled()
    const other = new Browser()
    expect(other.take(await office.signIn.withPassword(other, 'wang.lei', goodPassword)).state).toBe(
      'second-factor',
    )
    expect(await current(other)).toBeUndefined()
    other.take(await office.signIn.withCode(other, { code: totp(secret) }))
    expect(await current(other)).toBeDefined()
    expect(await codeOf(office.signIn.withCode(new Browser(), { code: totp(secret) }))).toBe('wrong_code')
  })

  it('ends the sessions elsewhere when it is confirmed, and when it is ended', async () => {
    const elsewhere = new Browser('10.0.0.7')
    await enter(elsewhere)
    const { secret } = await enrolled()
    expect(await current(elsewhere)).toBeUndefined()
    expect(await current()).toBeDefined()
    elsewhere.take(await office.signIn.withPassword(elsewhere, 'wang.lei', goodPassword))
    elsewhere.take(await office.signIn.withCode(elsewhere, { code: totp(secret) }))
    expect(await current(elsewhere)).toBeDefined()
    browser.take(await office.signIn.endSecondFactor(browser, await demand(), goodPassword))
    expect(await current(elsewhere)).toBeUndefined()
    expect(await current()).toBeDefined()
  })

  it('is refused, and breaks nothing, to whoever brings a cookie that cannot be read', async () => {
    for (const value of ['%E0%A4%A', '%', 'x.%zz', 'a.b'])
      for (const name of ['huiliu_step', 'huiliu_session']) {
        const other = new Browser()
        other.jar.set(name, value)
        expect(await codeOf(office.signIn.withCode(other, { code: '000000' }))).toBe('wrong_code')
        expect(await current(other)).toBeUndefined()
      }
  })

  it('takes a code once, within its window and from another browser too', async () => {
    const { secret } = await enrolled()
    const [one, two] = [new Browser(), new Browser()]
    one.take(await office.signIn.withPassword(one, 'wang.lei', goodPassword))
    two.take(await office.signIn.withPassword(two, 'wang.lei', goodPassword))
    const code = totp(secret)
    one.take(await office.signIn.withCode(one, { code }))
    expect(await codeOf(office.signIn.withCode(two, { code }))).toBe('wrong_code')
    later(29_000)
    expect(await codeOf(office.signIn.withCode(two, { code }))).toBe('wrong_code')
  })

  it('takes a recovery code once, and keeps none of them in the clear', async () => {
    const { recoveryCodes } = await enrolled()
    expect(recoveryCodes).toHaveLength(10)
    const [first = '', second = ''] = recoveryCodes
    const use = async (recoveryCode: string) => {
      const other = new Browser()
      other.take(await office.signIn.withPassword(other, 'wang.lei', goodPassword))
      return codeOf(office.signIn.withCode(other, { recoveryCode }))
    }
    expect([await use(first), await use(first), await use(second), await use('aaaaa-bbbbb')]).toEqual([
      'let in',
      'wrong_code',
      'let in',
      'wrong_code',
    ])
    const rows = JSON.stringify(await office.store.read((reader) => reader.find(secondFactors, {})))
    for (const code of recoveryCodes) expect(rows).not.toContain(code)
  })

  it('is not guessed: a few codes, then one a minute', async () => {
    await enrolled()
    let tried = 0
    for (let i = 0; i < 50; i++) {
      const other = new Browser(`10.2.0.${i}`)
      other.take(
        await office.signIn
          .withPassword(other, 'wang.lei', goodPassword)
          .catch(() => ({ value: undefined, cookies: [] })),
      )
      const code = String(100_000 + i)
      if ((await codeOf(office.signIn.withCode(other, { code }))) === 'wrong_code' && other.jar.size > 0)
        tried++
    }
    expect(tried).toBe(5)
  })

  it('is taken away by an administrator for who has lost it, and by its holder with his password', async () => {
    await enrolled()
    const [me] = await office.accounts.list()
    await office.accounts.resetSecondFactor(me?.id ?? '')
    expect(await current()).toBeUndefined()
    await enrolled()
    expect(await codeOf(office.signIn.endSecondFactor(browser, await demand(), 'not it'))).toBe(
      'wrong_credentials',
    )
    browser.take(await office.signIn.endSecondFactor(browser, await demand(), goodPassword))
    expect(await current()).toBeDefined()
    expect((await office.signIn.withPassword(new Browser(), 'wang.lei', goodPassword)).value.state).toBe(
      'signed-in',
    )
  })
})

describe('over PostgreSQL', () => {
  it('all of it works alike', async () => {
    const database: FreshDatabase = await freshDatabase()
    try {
      office = openAccounts(database.store)
      const code = office.accounts.setUpCode()
      await office.accounts.setUp('10.0.0.9', {
        code,
        account: 'wang.lei',
        name: '王磊',
        password: goodPassword,
      })
      const begun = await office.signIn.beginSecondFactor(browser, await enter(), goodPassword)
      const secret = new URL(begun.uri).searchParams.get('secret') ?? ''
      browser.take(await office.signIn.confirmSecondFactor(browser, await demand(), totp(secret)))
      const other = new Browser()
      other.take(await office.signIn.withPassword(other, 'wang.lei', goodPassword))
      other.take(await office.signIn.withCode(other, { recoveryCode: begun.recoveryCodes[3] ?? '' }))
      expect(await current(other)).toBeDefined()
      const [row] = await database.store.read((reader) => reader.find(accountsTable, {}))
      expect(row).toMatchObject({ username: 'wang.lei', twoFactorEnabled: true })
    } finally {
      await database.close()
    }
  })
})

/** RFC 6238 with the usual parameters, written apart from the library's own. */
function totp(base32: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...base32.replace(/=+$/, '')]
    .map((c) => alphabet.indexOf(c).toString(2).padStart(5, '0'))
    .join('')
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)))
  const mac = createHmac('sha1', key).update(counter).digest()
  const at = (mac.at(-1) ?? 0) & 15
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}
