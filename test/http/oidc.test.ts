/** Signing in by the office's identity provider, against a real one: whom it lets in, and what it does not. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type AccountView, type Who } from '../../protocol/index.ts'
import { Browser } from '../harness/accounts.ts'
import { openProvider, signInAt, type TestProvider } from '../harness/identity-provider.ts'
import { openTestRegion, silent, type TestRegion } from '../harness/region.ts'
import { openScreen, origin, type Answer, type Screen } from '../harness/screen.ts'
import { newWorld, xinyang, type World } from '../harness/world.ts'

const back = `${origin}/oidc`
const button = { zh: '统一身份认证', en: 'Sign in with the office' }
let provider: TestProvider
let world: World
let opened: TestRegion
let screen: Screen
let administrator: Browser
let addresses = 0

beforeAll(async () => {
  provider = await openProvider(back)
})
afterAll(() => provider.close())
beforeEach(async () => {
  await begin()
})
afterEach(() => opened.region.stop())

async function begin(claim?: string, issuer = provider.issuer, log = silent): Promise<void> {
  world = newWorld()
  opened = openTestRegion({ ...world, node: xinyang })
  const options = { issuer, clientId: 'huiliu', clientSecret: 'a secret of the office', claim, button }
  screen = openScreen(opened.region, log, undefined, options)
  administrator = await screen.somebody('administrator')
}

const codeOf = ({ json }: Answer) => (json as { error?: { code: string } }).error?.code
const newBrowser = () => new Browser(`10.7.${addresses >> 8}.${addresses++ & 255}`)
const create = async (account: string) =>
  (await screen.accounts.create({ account, name: '李娜', role: 'officer', organisation: null })).account
const who = async (browser: Browser) =>
  ((await screen.from(browser, 'GET /api/session')).json as Who).account as AccountView | undefined

/** As far as the provider's answer. */
async function vouched(
  browser: Browser,
  subject: string,
): Promise<{ code: string; state: string; iss: string }> {
  const { url } = (await screen.from(browser, 'POST /api/oidc/begin', {})).json as { url: string }
  const answer = await signInAt(url, subject, back)
  return {
    code: answer.get('code') ?? '',
    state: answer.get('state') ?? '',
    iss: answer.get('iss') ?? '',
  }
}
const finish = (browser: Browser, answer: object) => screen.from(browser, 'POST /api/oidc/finish', answer)
async function come(subject: string): Promise<{ browser: Browser; answer: Answer }> {
  const browser = newBrowser()
  return { browser, answer: await finish(browser, await vouched(browser, subject)) }
}
const link = (browser: Browser, code: string) => screen.from(browser, 'POST /api/oidc/link', { code })
const linkCode = async (id: string) =>
  ((await screen.from(administrator, `POST /api/accounts/${id}/link-code`, {})).json as { code: string }).code

describe('the way to the provider', () => {
  it('is not offered where none is configured', async () => {
    const plain = openScreen(opened.region)
    const browser = newBrowser()
    expect((await plain.from(browser, 'GET /api/entrance')).json).toMatchObject({ oidc: null })
    expect(codeOf(await plain.from(browser, 'POST /api/oidc/begin', {}))).toBe('oidc_not_offered')
    expect((await screen.from(browser, 'GET /api/entrance')).json).toMatchObject({ oidc: button })
  })

  it('has PKCE, a state, a nonce and one exact address to come back to', async () => {
    const browser = newBrowser()
    const ask = async () =>
      new URL(((await screen.from(browser, 'POST /api/oidc/begin', {})).json as { url: string }).url)
    const [one, two] = [(await ask()).searchParams, (await ask()).searchParams]
    expect(one.get('redirect_uri')).toBe(back)
    expect(one.get('code_challenge_method')).toBe('S256')
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(one.get(name)).toMatch(/^[\w-]{43}$/)
      expect(one.get(name)).not.toBe(two.get(name))
    }
    expect(browser.set.join()).toMatch(/huiliu_provider=[\w-]{43};.*HttpOnly; SameSite=Strict/)
  })

  it('ends with a sentence when the provider is away, and with a line in the log', async () => {
    const lines: unknown[] = []
    const log = { ...silent, warn: (...line: unknown[]) => void lines.push(line) }
    await begin(undefined, 'http://127.0.0.1:9', log)
    const answer = await screen.from(newBrowser(), 'POST /api/oidc/begin', {})
    expect([answer.status, codeOf(answer)]).toEqual([502, 'oidc_unreachable'])
    const event = 'the identity provider could not be asked for its addresses and keys'
    expect(lines).toEqual([[event, { code: expect.stringMatching(/^\w+$/) as string }]])
  })
})

describe('an answer of the provider', () => {
  it('is not taken from another browser, with another state, a made-up code, twice, or too late', async () => {
    const browser = newBrowser()
    const answer = await vouched(browser, 'sub-1')
    expect(codeOf(await finish(newBrowser(), answer))).toBe('oidc_refused')
    const forged = newBrowser()
    const own = await vouched(forged, 'sub-2')
    expect(codeOf(await finish(forged, { ...own, state: answer.state }))).toBe('oidc_refused')
    const guessing = newBrowser()
    const right = await vouched(guessing, 'sub-2')
    expect(codeOf(await finish(guessing, { ...right, code: 'made-up' }))).toBe('oidc_refused')
    expect((await finish(browser, answer)).json).toEqual({ state: 'not-linked' })
    expect(codeOf(await finish(browser, answer))).toBe('oidc_refused')
    const late = newBrowser()
    const slow = await vouched(late, 'sub-1')
    world.clock.jump(10 * 60_000)
    expect(codeOf(await finish(late, slow))).toBe('oidc_refused')
  })

  it('of another’s way, slipped to this browser with its code, signs nobody in', async () => {
    const victim = newBrowser()
    await vouched(victim, 'sub-victim')
    const attacker = await vouched(newBrowser(), 'sub-attacker')
    const mine = await vouched(victim, 'sub-victim')
    expect(codeOf(await finish(victim, { ...mine, code: attacker.code }))).toBe('oidc_refused')
  })
})

describe('linking by a one-time code', () => {
  it('makes no account, and takes no code but the one that was given, once, in time', async () => {
    const account = await create('li.na')
    const { browser, answer } = await come('sub-na')
    expect(answer.json).toEqual({ state: 'not-linked' })
    expect(await who(browser)).toBeUndefined()
    expect(codeOf(await link(browser, 'aaaaa-bbbbb'))).toBe('wrong_code')
    const old = await linkCode(account.id)
    const code = await linkCode(account.id)
    expect(codeOf(await link(browser, old))).toBe('wrong_code')
    expect(codeOf(await link(newBrowser(), code))).toBe('oidc_refused')
    expect((await link(browser, code)).json).toEqual({ state: 'signed-in' })
    expect(await who(browser)).toMatchObject({ account: 'li.na', linked: true, oneTimeUntil: null })
    const other = await come('sub-other')
    expect(codeOf(await link(other.browser, code))).toBe('wrong_code')
    const late = await linkCode((await create('late')).id)
    world.clock.jump(72 * 3_600_000)
    const slow = await come('sub-late')
    expect(codeOf(await link(slow.browser, late))).toBe('wrong_code')
  })

  it('lets the same person in from then on, and voids the one-time password nobody used', async () => {
    const { account, oneTimePassword } = await screen.accounts.create({
      ...{ account: 'li.na', name: '李娜', role: 'officer', organisation: null },
    })
    const first = await come('sub-na')
    await link(first.browser, await linkCode(account.id))
    const again = await come('sub-na')
    expect(again.answer.json).toEqual({ state: 'signed-in' })
    expect(await who(again.browser)).toMatchObject({ account: 'li.na' })
    const typed = await screen.from(newBrowser(), 'POST /api/session', {
      ...{ account: 'li.na', password: oneTimePassword },
    })
    expect(codeOf(typed)).toBe('wrong_credentials')
    const entries = await screen.audit.page({ after: undefined, limit: 100, account: account.id })
    expect(entries.filter(({ action }) => action === 'session.begin')).toHaveLength(2)
  })

  it('holds one person to one account, until an administrator ends it', async () => {
    const [one, two] = [await create('li.na'), await create('li.bo')]
    const first = await come('sub-na')
    await link(first.browser, await linkCode(one.id))
    const other = await come('sub-bo')
    expect(codeOf(await link(other.browser, await linkCode(one.id)))).toBe('oidc_unknown')
    const unlinked = await screen.from(administrator, `POST /api/accounts/${one.id}/unlink`, {})
    expect(unlinked.json).toMatchObject({ linked: false })
    const moved = await come('sub-na')
    expect(moved.answer.json).toEqual({ state: 'not-linked' })
    expect((await link(moved.browser, await linkCode(two.id))).json).toEqual({ state: 'signed-in' })
    expect(await who(moved.browser)).toMatchObject({ account: 'li.bo' })
  })

  it('lets nobody in whose account is disabled', async () => {
    const account = await create('li.na')
    const first = await come('sub-na')
    await link(first.browser, await linkCode(account.id))
    await screen.accounts.change(account.id, { disabled: true })
    expect(codeOf((await come('sub-na')).answer)).toBe('wrong_credentials')
  })
})

describe('by a claim that is the account’s name', () => {
  beforeEach(() => begin('preferred_username'))

  it('lets in whose name it is, and nobody whose name is no account’s', async () => {
    provider.names.set('sub-na', 'Li.Na')
    provider.names.set('sub-nobody', 'nobody.here')
    await create('li.na')
    const { browser, answer } = await come('sub-na')
    expect(answer.json).toEqual({ state: 'signed-in' })
    expect(await who(browser)).toMatchObject({ account: 'li.na', linked: true })
    expect(codeOf((await come('sub-nobody')).answer)).toBe('oidc_unknown')
    expect(codeOf((await come('sub-without-name')).answer)).toBe('oidc_unknown')
  })

  it('keeps to the person it let in first: the name given to another opens nothing', async () => {
    provider.names.set('sub-na', 'li.na')
    await create('li.na')
    await come('sub-na')
    provider.names.set('sub-new', 'li.na')
    expect(codeOf((await come('sub-new')).answer)).toBe('oidc_unknown')
    provider.names.set('sub-na', 'na.li')
    expect((await come('sub-na')).answer.json).toEqual({ state: 'signed-in' })
  })
})
