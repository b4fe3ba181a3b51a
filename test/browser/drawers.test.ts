/**
 * What opens over a page: drawers, dialogs, menus of columns and views, each as it stands open, under axe and in a picture;
 * and pages that lie behind others, such as a member's and an import's.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Locator } from 'playwright-core'
import { withoutBrowser } from './chromium.ts'
import { idNumberOf, nameOf } from '../harness/people.ts'
import { looked, over } from './examining.ts'
import { TwoOffices, type Person } from './two-offices.ts'

/** By a locator or by the name of a button. */
type Step = string | ((person: Person) => Locator)
const inMenu =
  (name: string): Step =>
  ({ page }) =>
    page.getByRole('menuitem', { name, exact: true })

describe.skipIf(withoutBrowser())('what opens over a page', { timeout: 120_000 }, () => {
  let world: TwoOffices
  let officer: Person
  let host: Person
  let administrator: Person
  beforeAll(async () => {
    world = await TwoOffices.open()
    officer = await world.person(world.home, 'zuzhibu')
    host = await world.person(world.host, 'zuzhibu')
    administrator = await world.person(world.home, 'guanliyuan')
  }, 120_000)
  afterAll(() => world.close())

  async function press(person: Person, ...steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      const target =
        typeof step === 'string' ? person.page.getByRole('button', { name: step }).first() : step(person)
      await person.click(target)
    }
  }

  /** Opens something, looks at it, and puts it away with Escape. */
  async function opened(person: Person, picture: string, ...steps: readonly Step[]): Promise<void> {
    await press(person, ...steps)
    const shown = person.page.locator(over).locator('visible=true').last()
    await shown.waitFor()
    await looked(person, `open-${picture}`, over)
    await person.page.keyboard.press('Escape')
    await shown.waitFor({ state: 'hidden' })
  }

  async function caseOf(at: string, meaning: string): Promise<string> {
    const { client } = world.network.get(at) ?? {}
    const cases = (await client?.cases(at === world.home ? world.host : world.home, world.home)) ?? []
    return `/cases/${cases.find((each) => each.meaning === meaning)?.id ?? ''}`
  }

  it('a member, with what can be opened there', async () => {
    const { page } = officer
    await officer.go('/members')
    await opened(officer, 'columns', '列')
    await press(officer, '导出 Excel')
    await page.getByRole('dialog', { name: '请第二人批准导出' }).waitFor()
    // The browser notes every refusal; this one is what the dialog is for.
    expect(officer.complaints.splice(0)).toEqual([expect.stringContaining('403')])
    await looked(officer, 'open-export-request', over)
    await page.getByRole('combobox', { name: '用途' }).press('Enter')
    await page.keyboard.press('Enter')
    await press(officer, '提出申请')
    await page.waitForURL(/\/exports$/)
    await page.getByText('待他人批准').first().waitFor()
    await officer.go('/members')
    await officer.click(page.locator('tr.row-link').first())
    await page.waitForURL(/\/members\/[0-9a-f-]{36}$/)
    await officer.settled()
    await looked(officer, 'member')
    await opened(officer, 'outflow', '登记流出')
    await opened(officer, 'reveal', '查看完整号码')
  })

  it('organisations: adding, renaming, moving, merging, removing', async () => {
    const { page } = officer
    await officer.go('/organisations')
    await opened(officer, 'organisation-add', '新增党组织')
    const row = page.getByRole('row').filter({ hasText: '支部' }).first()
    const more: Step = () => row.getByRole('button', { name: /的操作$/ })
    await opened(officer, 'organisation-rename', more, inMenu('更名'))
    await opened(officer, 'organisation-move', more, inMenu('调整隶属'))
    await opened(officer, 'organisation-merge', more, inMenu('并入另一组织'))
    await opened(officer, 'organisation-remove', more, inMenu('删除'))
    // A count leads to those who are counted.
    const away = page.locator('main a[href^="/outflow?organisation="]').nth(2)
    const count = Number(await away.textContent())
    await officer.click(away)
    await page.getByText(`共 ${count} 行`).waitFor()
    expect(await page.locator('tr.row-link').count()).toBe(count)
  })

  it('what home can do in a case', async () => {
    await officer.go(await caseOf(world.home, 'deviating'))
    await opened(officer, 'case-amend', '更正流出登记')
    for (const [picture, verb] of [
      ['return', '登记返回'],
      ['notice', '发送通知'],
      ['close', '办结'],
    ] as const)
      await opened(officer, `case-${picture}`, '更多', inMenu(verb))
  })

  it('what the host can do with who comes', async () => {
    const { page } = host
    await host.go('/arrivals')
    await opened(host, 'arrival-confirm', () =>
      page.getByRole('row').getByRole('button', { name: '确认报到' }).first(),
    )
    await host.go('/arrivals?tab=here')
    await host.click(page.getByRole('checkbox').nth(1))
    await opened(host, 'place-chosen', '编入党支部（1 人）')
    await host.go(await caseOf(world.host, 'agreed'))
    for (const [picture, verb] of [
      ['relocate', '调整党支部'],
      ['depart', '登记离开'],
      ['dispute', '提出异议'],
    ] as const)
      await opened(host, `case-${picture}`, '更多', inMenu(verb))
    await opened(host, 'case-report', '报送活动')
  })

  it('a meeting, with its people ticked, and a list that is pasted', async () => {
    const { page } = host
    await host.go('/activities/meeting')
    await host.click(page.getByRole('combobox', { name: '党组织' }))
    await host.click(page.locator('.ant-select-tree-title').first())
    await page.locator('tbody tr.ant-table-row').first().waitFor()
    await host.click(page.getByRole('checkbox').nth(1))
    await looked(host, 'open-meeting')
    await press(host, '粘贴名单')
    await page.getByRole('dialog').getByRole('textbox').fill('无此人\n')
    await page.getByText('名单中没有的姓名').waitFor()
    await looked(host, 'open-meeting-pasting', over)
    await page.keyboard.press('Escape')
    await host.go('/activities')
    await opened(host, 'activity-correct', '更正')
    await opened(host, 'activity-withdraw', '撤回')
  })

  it('a view that is kept', async () => {
    await officer.go('/outflow?meaning=deviating')
    const { page } = officer
    await page.getByText('党员类别 正式党员 / 预备党员').first().waitFor()
    await press(officer, '视图')
    await page.getByRole('menuitem', { name: '保存当前视图…' }).waitFor()
    await looked(officer, 'open-views')
    await opened(officer, 'view-name', inMenu('保存当前视图…'))
  })

  it('an import: its preview, and a held row corrected in place, also after the tab was closed', async () => {
    const row = (n: number, idNumber: string) => `${nameOf(n)},${idNumber},女,中共测试支部委员会`
    const wrong = (n: number) => idNumberOf(n).replace(/.$/, (last) => (last === '1' ? '2' : '1'))
    const rows = [row(1, idNumberOf(1)), row(2, wrong(2)), row(3, wrong(3))]
    const file = ['姓名,身份证号,性别,所在党支部', ...rows].join('\n')
    await officer.go('/import')
    const upload = { name: '新党员花名册.csv', mimeType: 'text/csv', buffer: Buffer.from(file) }
    await officer.page.locator('input[type=file]').setInputFiles(upload)
    await officer.page.getByRole('button', { name: '导入这 3 行' }).waitFor()
    await looked(officer, 'import-preview')
    await press(officer, '导入这 3 行')
    await officer.page.waitForURL(/\/import\/[0-9a-f-]{36}$/)
    const cell = (n: number, heading: string) => officer.page.getByLabel(`第 ${n} 行 ${heading}`)
    await cell(3, '身份证号').waitFor()
    await looked(officer, 'import-one')
    await opened(officer, 'import-reveal', '显示完整号码')
    await cell(3, '身份证号').fill(idNumberOf(2))
    await officer.page.keyboard.press('Enter')
    await officer.page.getByText('第 3 行已导入').waitFor()
    await cell(3, '身份证号').waitFor({ state: 'hidden' })
    const kept = officer.page.waitForResponse((answer) => answer.url().endsWith('/api/session/kept'))
    await cell(4, '姓名').fill('王改名')
    await kept
    const address = officer.page.url()
    await officer.page.close()
    officer.open(await officer.context.newPage())
    await officer.go(address)
    await officer.page.getByText(/^已恢复 .* 未提交的内容$/).waitFor()
    expect(await cell(4, '姓名').inputValue()).toBe('王改名')
    await looked(officer, 'import-draft')
    await cell(4, '身份证号').fill(idNumberOf(3))
    await officer.page.keyboard.press('Enter')
    await officer.page.getByText('没有待改正的行').waitFor()
    await officer.page.reload()
    await officer.page.getByText('没有待改正的行').waitFor()
    expect(await officer.page.getByText(/^已恢复/).count()).toBe(0)
  })

  it('accounts, and the decision on an export', async () => {
    const { page } = administrator
    await administrator.go('/exports')
    await opened(administrator, 'export-decide', '批准')
    await administrator.go('/accounts')
    await opened(administrator, 'account-sessions', '更多', inMenu('登录会话'))
    await opened(administrator, 'account-reset', '更多', inMenu('重置密码'))
    await press(administrator, '建立账号')
    const form = page.getByRole('dialog')
    await form.getByLabel('姓名').fill('新来的')
    await form.getByLabel('登录账号').fill('xinlaide')
    await form.getByLabel('角色').press('Enter')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await looked(administrator, 'open-account-new', over)
    await administrator.click(form.getByRole('button', { name: '建立账号' }))
    await page.getByRole('dialog', { name: '一次性密码' }).waitFor()
    await looked(administrator, 'open-one-time', over)
    await press(administrator, '已告知本人')
    await page.getByRole('cell', { name: 'xinlaide' }).waitFor()
  })

  it('settings, changed and saved', async () => {
    const { page } = administrator
    await administrator.go('/settings')
    await page.getByLabel('单位名称').fill('信阳市委组织部')
    await page.getByLabel('求助联系方式').fill('0376-1234567')
    await page.getByLabel('一人可导出的行数').fill('1000000000')
    await press(administrator, '保存')
    await page
      .getByText(/^可填 \d+ 至 \d+/)
      .first()
      .waitFor()
    await looked(administrator, 'settings-refused')
    // Far down on a long page the menu is still there.
    expect(await page.evaluate('document.querySelector("nav").getBoundingClientRect().top')).toBe(0)
    await page.getByLabel('一人可导出的行数').fill('300')
    await press(administrator, '保存')
    await page.getByText('已保存，立即生效').waitFor()
    await page.locator('.frame-header').getByText('信阳市委组织部').waitFor()
    const stranger = await world.visitor(world.home)
    await stranger.page.goto('/')
    await stranger.page.getByText('登录遇到问题，请联系：0376-1234567').waitFor()
    await administrator.go('/settings')
    expect(await page.getByLabel('一人可导出的行数').inputValue()).toBe('300')
    await looked(administrator, 'settings-saved')
  })

  it('one’s own account, and the audit verified', async () => {
    const { page } = officer
    await officer.go('/own')
    await press(officer, '启用两步验证')
    const password = world.accounts.find(({ node }) => node === world.home)?.password ?? ''
    await page.getByLabel('请先输入密码').fill(password)
    await press(officer, '继续')
    await page.getByRole('img', { name: '两步验证二维码' }).waitFor()
    await looked(officer, 'own-second-factor')
    const auditor = await world.person(world.home, 'shenji')
    await auditor.go('/audit')
    await auditor.page
      .getByRole('cell', { name: /^\d+–\d+$/ })
      .first()
      .waitFor()
    expect(await auditor.page.getByText('开始', { exact: true }).count()).toBe(0)
    await auditor.page.getByText(/一人可导出的行数 300/).waitFor()
    await opened(auditor, 'audit-verified', '核验完整性')
  })
})
