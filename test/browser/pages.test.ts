/**
 * Every page, as each role meets it, in a real browser: it shows itself without a complaint, in both languages, on a
 * desk's screen and on a phone, and stands the examination of axe. Pictures of all of them are build output.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withoutBrowser } from './chromium.ts'
import { TwoOffices, type Person } from './two-offices.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Violation {
  readonly id: string
  readonly impact: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
}

/** What of the page somebody could not read, reach or understand. */
async function examined({ page }: Person): Promise<string[]> {
  await page.evaluate(axe)
  const violations = (await page.evaluate(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)`,
  )) as Violation[]
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .map(({ html, failureSummary }) => `${html} ${failureSummary}`)
          .slice(0, 3)
          .join(' | ')}`,
    )
}

async function overflow({ page }: Person): Promise<number> {
  return (await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')) as number
}

/** The addresses of the menu, in its order. */
async function menuOf({ page }: Person): Promise<string[]> {
  await page.locator('nav a').first().waitFor()
  return (await page.evaluate(
    `[...document.querySelectorAll('nav a')].map((link) => new URL(link.href).pathname)`,
  )) as string[]
}

function named(address: string): string {
  return (
    address
      .replace(/\/[0-9a-f-]{36}/, '/one')
      .replace(/[/?=]+/g, '-')
      .replace(/^-|-$/g, '') || 'overview'
  )
}

describe.skipIf(withoutBrowser())('every page', { timeout: 240_000 }, () => {
  let world: TwoOffices
  beforeAll(async () => {
    world = await TwoOffices.open()
  }, 120_000)
  afterAll(() => world.close())

  async function walk(person: Person, addresses: readonly string[], who: string): Promise<void> {
    for (const address of addresses) {
      await person.go(address)
      await person.picture(`${who}-${named(address)}`)
      expect(await examined(person), `${who} ${address}`).toEqual([])
      expect(await overflow(person), `${who} ${address} is cut off`).toBeLessThanOrEqual(0)
      expect(person.complaints, `${who} ${address}`).toEqual([])
    }
  }

  /** One of each thing that has a page of its own. */
  async function details(): Promise<string[]> {
    const { client } = world.network.get(world.home) ?? {}
    const cases = (await client?.cases(world.host, world.home)) ?? []
    const of = (meaning: string) => cases.find((each) => each.meaning === meaning)?.id ?? ''
    return [
      `/cases/${of('agreed')}`,
      `/cases/${of('deviating')}`,
      `/comparison/${world.host}`,
      `/peers/${world.host}`,
    ]
  }

  it('of the officer at home', async () => {
    const person = await world.person(world.home, 'zuzhibu')
    const menu = await menuOf(person)
    expect(menu.length).toBeGreaterThan(8)
    await walk(
      person,
      [...menu, ...(await details()), '/own', '/activities/meeting', '/activities/ledger'],
      'home-zh',
    )
  })

  it('of the officer at the host, in English', async () => {
    const person = await world.person(world.host, 'zuzhibu', { language: 'en' })
    await walk(person, [...(await menuOf(person)), '/arrivals?tab=register', '/arrivals?tab=here'], 'host-en')
  })

  it('of the administrator and the auditor', async () => {
    for (const account of ['guanliyuan', 'shenji']) {
      const person = await world.person(world.home, account)
      await walk(person, await menuOf(person), account)
    }
  })

  it('of a branch secretary, on a phone', async () => {
    const desk = await world.person(world.host, 'zhibu')
    const menu = await menuOf(desk)
    const phone = await world.person(world.host, 'zhibu', { width: 390 })
    await walk(phone, menu, 'phone-zhibu')
  })

  it('of confirming on a phone', async () => {
    const phone = await world.person(world.host, 'zuzhibu', { width: 390 })
    await walk(phone, ['/', '/arrivals', '/arrivals?tab=here', ...(await details()).slice(0, 2)], 'phone')
  })

  it('says so where there is none, and where nobody is signed in', async () => {
    const person = await world.person(world.home, 'shenji')
    await person.page.goto('/members')
    await person.page.getByText('没有这个页面').waitFor()
    await person.page.goto('/')
    await person.click(person.page.getByRole('button', { name: '审计演示员' }))
    await person.click(person.page.getByRole('menuitem', { name: '退出登录' }))
    await person.page.getByLabel('密码', { exact: true }).waitFor()
    await person.picture('entrance')
    expect(await examined(person)).toEqual([])
    expect(person.complaints).toEqual([])
  })

  it('keeps nothing of anybody in the browser: not in its storage, its title, its addresses', async () => {
    const person = await world.person(world.home, 'zuzhibu')
    const { client } = world.network.get(world.home) ?? {}
    const known = (await client?.cases(world.host, world.home))?.[0]
    await person.go('/outflow')
    await person.page.getByLabel('搜索').fill(known?.name ?? '')
    await person.page.keyboard.press('Enter')
    await person.click(person.page.getByRole('cell', { name: known?.name ?? '', exact: true }).first())
    await person.settled()
    const kept = (await person.page.evaluate(
      'JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), document.title, location.href, document.cookie])',
    )) as string
    expect(JSON.parse(kept)).toEqual([
      [['huiliu-language', 'zh']],
      [],
      expect.not.stringContaining(known?.name ?? '?'),
      expect.stringMatching(/\/cases\/[0-9a-f-]{36}$/),
      '',
    ])
  })
})
