/**
 * The job the product is for, as two officers do it on their screens, with nothing but the screens' own words: one region
 * publishes an outflow, the other confirms the person, and both see the same case. And it goes on when a node dies.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { interpret, readSheetsHere } from '../../node/workbooks/index.ts'
import { withoutBrowser } from './chromium.ts'
import { TwoOffices, type Person } from './two-offices.ts'

/** People on the roster, named once, who are in no other workbook. */
async function peopleAtHome(world: TwoOffices): Promise<{ name: string; idNumber: string }[]> {
  const mentioned = new Set<string>()
  const roster: { name: string; idNumber: string }[] = []
  for (const { kind, path: file } of [world.offices.home, ...world.offices.hosts].flatMap(
    ({ files }) => files,
  )) {
    const table = interpret(kind, await readSheetsHere(await readFile(file), path.basename(file)))
    for (const { fields, faults } of table.rows) {
      const { name, idNumber } = fields
      if (name === undefined || idNumber === undefined) continue
      if (kind === 'roster' && faults.length === 0) roster.push({ name, idNumber })
      if (kind !== 'roster') mentioned.add(name).add(idNumber)
    }
  }
  const once = (name: string) => roster.filter((each) => each.name === name).length === 1
  return roster.filter(({ name, idNumber }) => !mentioned.has(name) && !mentioned.has(idNumber) && once(name))
}

describe.skipIf(withoutBrowser())('the main job on screen', { timeout: 120_000 }, () => {
  let world: TwoOffices
  let home: Person
  let host: Person
  let people: { name: string; idNumber: string }[]
  beforeAll(async () => {
    world = await TwoOffices.open()
    people = await peopleAtHome(world)
    home = await world.person(world.home, 'zuzhibu')
    host = await world.person(world.host, 'zuzhibu')
  }, 120_000)
  afterAll(() => world.close())

  async function publish({ name }: { name: string }): Promise<void> {
    const { page } = home
    await home.click(page.getByRole('menuitem', { name: '流出登记' }))
    await home.click(page.getByRole('button', { name: '登记流出' }))
    await page.getByRole('heading', { name: /请选择外出的党员/ }).waitFor()
    await page.getByLabel('搜索').fill(name)
    await page.keyboard.press('Enter')
    await home.click(page.getByRole('cell', { name, exact: true }))
    await page.getByLabel('外出地点').fill('深圳市南山区粤海街道')
    await page.getByLabel('外出日期').fill('2026.11.2')
    await home.click(page.getByRole('button', { name: '登记并通知流入地' }))
    await page.waitForURL(/\/cases\/[0-9a-f-]{36}$/)
    await page
      .getByText(/^(在途|待对方)$/)
      .first()
      .waitFor()
  }

  async function confirm({ name, idNumber }: { name: string; idNumber: string }): Promise<void> {
    const { page } = host
    await host.click(page.getByRole('menuitem', { name: '流入报到' }))
    const row = page.getByRole('row').filter({ hasText: name })
    await host.click(row.getByRole('button', { name: '确认报到' }))
    await page.getByLabel('身份证号').fill(idNumber)
    await host.click(page.getByRole('dialog').getByRole('button', { name: '确认报到' }))
  }

  it('takes at most ten clicks, and both officers see that the two sides agree without asking again', async () => {
    const person = people[0]
    if (!person) throw new Error('nobody to send')
    home.clicks = host.clicks = 0
    await publish(person)
    await home.picture('main-job-1-published')
    await confirm(person)
    await host.page.getByText('两地一致').first().waitFor({ timeout: 20_000 })
    await host.picture('main-job-2-confirmed')
    // Home's page was left open on the case: it has heard by itself.
    await home.page.getByText('两地一致').first().waitFor({ timeout: 20_000 })
    await home.picture('main-job-3-agreed')
    expect(home.clicks + host.clicks).toBeLessThanOrEqual(10)
    expect(home.clicks + host.clicks).toBeGreaterThan(0)
    const { client } = world.network.get(world.home) ?? {}
    const found = (await client?.cases(world.host, world.home))?.filter((each) => each.name === person.name)
    expect(found).toMatchObject([{ meaning: 'agreed', home: 'published' }])
    expect([...home.complaints, ...host.complaints]).toEqual([])
  })

  it('proves the case in the browser itself, record by record', async () => {
    await home.click(home.page.getByRole('tab', { name: '核验证据' }))
    await home.click(home.page.getByRole('button', { name: '核验证据' }))
    await home.page.getByText(/^\d+ 条记录的签名、摘要和回执全部有效$/).waitFor()
    await home.page.getByText(/由证据推出.*两地一致/).waitFor()
    await home.picture('case-evidence')
    expect(home.complaints).toEqual([])
  })

  it('goes on when the other node is away: what was published arrives when it is back', async () => {
    const person = people[1]
    if (!person) throw new Error('nobody to send')
    await world.stop(world.host)
    await publish(person)
    await home.page.getByText('已签发').first().waitFor()
    await world.start(world.host)
    await host.page.goto('/')
    await host.settled()
    host.complaints.length = 0
    await confirm(person)
    await home.page.getByText('两地一致').first().waitFor({ timeout: 30_000 })
    expect([...home.complaints, ...host.complaints]).toEqual([])
  })
})
