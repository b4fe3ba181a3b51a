/**
 * What people who live in spreadsheets do without thinking: copy rows into Excel, walk with the arrows, keep a view, close
 * a tab in the middle of a form. And what must not happen on the way: a text of somebody's that becomes part of the page.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withoutBrowser } from './chromium.ts'
import { TwoOffices, type Person } from './two-offices.ts'

const naughty = `<img src=x onerror="document.title='taken'">'"=1+1`

describe.skipIf(withoutBrowser())('habits', { timeout: 120_000 }, () => {
  let world: TwoOffices
  let officer: Person
  beforeAll(async () => {
    world = await TwoOffices.open()
    officer = await world.person(world.home, 'zuzhibu')
  }, 120_000)
  afterAll(() => world.close())

  it('copying takes the chosen rows with their headings into a spreadsheet, as text', async () => {
    const { page } = officer
    await officer.go('/outflow')
    await page.getByRole('checkbox').nth(1).check()
    await page.getByRole('checkbox').nth(2).check()
    await page.keyboard.press('Control+c')
    await page.getByText(/^已复制 2 行/).waitFor()
    const text = (await page.evaluate('navigator.clipboard.readText()')) as string
    const rows = text.split('\n').map((row) => row.split('\t'))
    expect(rows).toHaveLength(3)
    expect(rows[0]?.slice(0, 2)).toEqual(['姓名', '流入地'])
    expect(rows[1]?.[1]).toBe('深圳')
    expect(new Set(rows.map((row) => row.length)).size).toBe(1)
    expect(officer.complaints).toEqual([])
  })

  it('the keyboard walks the rows and opens one', async () => {
    const { page } = officer
    await officer.go('/outflow')
    await page.locator('tr.row-link').first().focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/cases\//)
    expect(officer.complaints).toEqual([])
  })

  it('a view is kept with the account, and found again in another browser', async () => {
    const { page } = officer
    await officer.go('/outflow?meaning=deviating')
    await officer.click(page.getByRole('button', { name: '视图' }))
    await officer.click(page.getByText('保存当前视图…'))
    await page.getByPlaceholder('视图名称').fill('有差异的')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    const elsewhere = await world.person(world.home, 'zuzhibu')
    await elsewhere.go('/outflow')
    await elsewhere.click(elsewhere.page.getByRole('button', { name: '视图' }))
    await elsewhere.click(elsewhere.page.getByRole('menuitem', { name: '有差异的', exact: true }))
    await elsewhere.page.waitForURL(/meaning=deviating/)
    expect([...officer.complaints, ...elsewhere.complaints]).toEqual([])
  })

  it('a form survives its tab: what was typed is there again, and gone once it is sent or dropped', async () => {
    const host = await world.person(world.host, 'zuzhibu')
    await host.go('/arrivals')
    await host.click(host.page.getByRole('button', { name: '登记报到' }))
    await host.page.getByRole('dialog').getByLabel('姓名').fill('草稿测试')
    await host.page.waitForResponse((response) => response.url().endsWith('/api/session/kept'))
    await host.page.close()
    const page = await host.context.newPage()
    host.listen(page)
    await page.goto('/arrivals')
    await page.getByRole('button', { name: '登记报到' }).click()
    await page.getByText(/^已恢复 .* 未提交的内容$/).waitFor()
    expect(await page.getByRole('dialog').getByLabel('姓名').inputValue()).toBe('草稿测试')
    await page.getByRole('button', { name: '清空重填' }).click()
    expect(await page.getByRole('dialog').getByLabel('姓名').inputValue()).toBe('')
    expect(host.complaints).toEqual([])
  })

  it('a text is a text: nothing in a name is run or becomes part of the page', async () => {
    const { page } = officer
    await officer.go('/organisations')
    const status = await page.evaluate(
      `fetch('/api/organisations', { method: 'POST', headers: { 'content-type': 'application/json' }, body: ${JSON.stringify(JSON.stringify({ name: naughty, kind: 'branch' }))} }).then((answer) => answer.status)`,
    )
    expect(status).toBe(200)
    await officer.go('/organisations')
    await page.getByText(naughty).first().waitFor()
    expect(await page.title()).toContain('党组织')
    expect(await page.locator('img[src="x"]').count()).toBe(0)
    expect(officer.complaints).toEqual([])
  })

  it('a number is masked until somebody says what for', async () => {
    const { page } = officer
    await officer.go('/members')
    await officer.click(page.locator('tr.row-link').first())
    await officer.settled()
    await page
      .getByText(/^\d{3}\*+[\dX]{4}/)
      .first()
      .waitFor()
    await officer.click(page.getByRole('button', { name: '查看完整号码' }).first())
    await officer.click(page.getByRole('tooltip').getByRole('button', { name: '查看', exact: true }))
    await page
      .getByText(/^\d{17}[\dX]$/)
      .first()
      .waitFor()
    expect(officer.complaints).toEqual([])
  })

  it('a mistake is told in the language of the screen, and nothing typed is lost', async () => {
    const { page } = officer
    await officer.go('/members')
    await officer.click(page.locator('tr.row-link').first())
    await officer.click(page.getByRole('button', { name: '登记流出' }).first())
    await page.getByLabel('外出地点').fill('深圳市')
    await page.getByLabel('外出日期').fill('2026-13-45')
    await officer.click(page.getByRole('button', { name: '登记并通知流入地' }))
    await page
      .getByText(/请填写日期/)
      .first()
      .waitFor()
    expect(await page.getByLabel('外出地点').inputValue()).toBe('深圳市')
    await page.keyboard.press('Escape')
    expect(officer.complaints).toEqual([])
  })

  it('a node that is gone is said, and the page is whole again when it is back', async () => {
    const host = await world.person(world.host, 'zuzhibu')
    await host.go('/outflow')
    await world.stop(world.host)
    await host.click(host.page.getByRole('menuitem', { name: '流入报到' }))
    await host.page
      .getByText(/节点没有应答/)
      .first()
      .waitFor({ timeout: 20_000 })
    await world.start(world.host)
    await host.click(host.page.getByRole('button', { name: '重试' }).first())
    await host.page.getByRole('tab', { name: '在本地的党员' }).waitFor()
    await host.page
      .getByText(/节点没有应答/)
      .first()
      .waitFor({ state: 'hidden', timeout: 20_000 })
  })
})
