/**
 * Every page, as each role meets it, in a real browser: it shows itself without a complaint, in both languages, on a
 * desk's screen and on a phone, and stands the examination of axe. Pictures of all of them are build output.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withoutBrowser } from './chromium.ts'
import { cutOff, examined, looked, onPaper, overflow } from './examining.ts'
import { TwoOffices, type Person } from './two-offices.ts'

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
      await looked(person, `${who}-${named(address)}`)
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

  it('of confirming on a phone, and of its accounts', async () => {
    const phone = await world.person(world.host, 'zuzhibu', { width: 390 })
    const administrator = await world.person(world.home, 'guanliyuan', { width: 390 })
    await walk(administrator, ['/accounts'], 'phone')
    await administrator.page.locator('.list-cards').getByText('审计演示员').waitFor()
    await walk(phone, ['/', '/arrivals', '/arrivals?tab=here', ...(await details()).slice(0, 2)], 'phone')
  })

  it('on paper: what is for screens alone is left out, and every row and cell is there whole', async () => {
    const person = await world.person(world.home, 'zuzhibu')
    const { page } = person
    const [agreed = '', deviating = '', comparison = ''] = await details()
    const registers = ['/outflow', '/members', '/organisations', '/activities', comparison]
    for (const address of [...registers, agreed, deviating]) {
      await page.setViewportSize({ width: 1280, height: 800 })
      await person.go(address)
      const rows = await page.locator('main tbody tr:visible').count()
      await onPaper(person)
      await person.picture(`paper-${named(address)}`, true)
      expect(await page.locator('main tbody tr:visible').count(), `${address}: rows`).toBe(rows)
      expect.soft(await overflow(person), `${address} is wider than its paper`).toBeLessThanOrEqual(0)
      expect.soft(await cutOff(person), `${address} is cut off`).toEqual([])
      const screenOnly = 'nav, .frame-header, .list-tools, main button, .ant-checkbox'
      expect.soft(await page.locator(screenOnly).locator('visible=true').count(), address).toBe(0)
      await page.getByText(/^打印时间 .* 打印人 组织部演示员$/).waitFor()
      await page.emulateMedia({ media: 'screen' })
    }
    expect(person.complaints).toEqual([])
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
