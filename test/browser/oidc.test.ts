/**
 * Signing in by the office's identity provider as a person does, against a real one: the way there and back, linking the
 * first time by a code, and what is said when the provider refuses, is away, or does not know the account.
 */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openProvider, type TestProvider } from '../harness/identity-provider.ts'
import { withoutBrowser } from './chromium.ts'
import { looked } from './examining.ts'
import { TwoOffices, type Person } from './two-offices.ts'

const button = { zh: '统一身份认证登录', en: 'Sign in with the office' }

describe.skipIf(withoutBrowser())('the identity provider on screen', { timeout: 120_000 }, () => {
  let world: TwoOffices
  let provider: TestProvider
  beforeAll(async () => {
    world = await TwoOffices.begin({
      alone: true,
      configure: async (origin, folder) => {
        provider = await openProvider(`${origin}/oidc`)
        const clientSecretFile = path.join(folder, 'secret')
        await writeFile(clientSecretFile, 'a secret of the office')
        return { oidc: { issuer: provider.issuer, clientId: 'huiliu', clientSecretFile, button } }
      },
    })
    await world.giveAccounts()
  }, 120_000)
  afterAll(async () => {
    await provider.close()
    await world.close()
  })

  async function toProvider(person: Person): Promise<void> {
    await person.page.goto('/')
    await person.click(person.page.getByRole('button', { name: button.zh }))
    await person.page.waitForURL((url) => url.origin === provider.issuer)
  }
  /** At the provider's own pages: who he is, and that we may know it. */
  async function vouched(person: Person, subject: string): Promise<void> {
    const { page } = person
    await toProvider(person)
    await page.locator('input[name=login]').fill(subject)
    await page.locator('input[name=password]').fill('any')
    await page.locator('button[type=submit]').click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.waitForURL((url) => url.pathname === '/oidc')
    // Pages of others may complain as they like.
    person.complaints.length = 0
  }
  /** The browser notes every refusal of the node. */
  const refusals = ({ complaints }: Person) => complaints.splice(0).map((one) => /\d{3}/.exec(one)?.[0])

  it('links an account by the code its administrator gives, once, and signs in by itself from then on', async () => {
    const administrator = await world.person(world.home, 'guanliyuan')
    await administrator.go('/accounts')
    const row = administrator.page.getByRole('row').filter({ hasText: 'zuzhibu' })
    await administrator.click(row.getByRole('button', { name: '更多' }))
    await administrator.click(administrator.page.getByRole('menuitem', { name: '关联统一身份认证' }))
    const dialog = administrator.page.getByRole('dialog')
    await administrator.click(dialog.getByRole('button', { name: '关联统一身份认证' }))
    const code = administrator.page.getByRole('dialog', { name: '一次性关联码' }).locator('.spell')
    await code.waitFor()
    await looked(administrator, 'oidc-link-code')
    const officer = await world.visitor(world.home)
    const { page } = officer
    await page.goto('/')
    await page.getByRole('button', { name: button.zh }).waitFor()
    await looked(officer, 'oidc-entrance')
    await vouched(officer, 'sub-officer')
    await page.getByRole('heading', { name: /关联本地账号/ }).waitFor()
    await page.getByLabel('一次性关联码').fill('aaaaa-bbbbb')
    await page.keyboard.press('Enter')
    await page.getByText(/关联码不正确、已使用或已过期/).waitFor()
    expect(refusals(officer)).toHaveLength(1)
    await looked(officer, 'oidc-link-wrong')
    await page.getByLabel('一次性关联码').fill((await code.textContent()) ?? '')
    await page.keyboard.press('Enter')
    await page.locator('.frame-header').getByText('组织部演示员').waitFor()
    await officer.go('/own')
    await page.getByText('已关联，可用它登录').waitFor()
    await looked(officer, 'oidc-own')
    const again = await world.visitor(world.home)
    await vouched(again, 'sub-officer')
    await again.page.locator('.frame-header').getByText('组织部演示员').waitFor()
    expect(new URL(again.page.url()).search).toBe('')
    expect(again.complaints).toEqual([])
  })

  it('says that nobody was signed in when the provider refuses, and leads back', async () => {
    const person = await world.visitor(world.home)
    const { page } = person
    await toProvider(person)
    await page.getByRole('link', { name: 'Cancel' }).click()
    await page.getByText(/统一身份认证未完成，没有登录/).waitFor()
    person.complaints.length = 0
    await looked(person, 'oidc-refused')
    expect(new URL(page.url()).search).toBe('')
    await person.click(page.getByRole('button', { name: '返回登录页' }))
    await page.getByLabel('密码', { exact: true }).waitFor()
  })

  it('says what to do when an account is disabled, an answer is made up, or the provider is away', async () => {
    const administrator = await world.person(world.home, 'guanliyuan')
    await administrator.go('/accounts')
    const row = administrator.page.getByRole('row').filter({ hasText: 'zuzhibu' })
    await row.getByText('已关联').waitFor()
    const disable = async () => {
      const { page } = administrator
      await administrator.click(row.getByRole('button', { name: '更多' }))
      await administrator.click(page.getByRole('menuitem', { name: '停用账号' }))
      await administrator.click(page.getByRole('dialog').getByRole('button', { name: '停用账号' }))
      await row.getByText('已停用').waitFor({ timeout: 10_000 })
    }
    // Who sees that nothing has happened does it again: seldom, on a machine with much to do, the first time has no effect.
    await disable().catch(async () => {
      await administrator.picture('oidc-not-disabled')
      await administrator.go('/accounts')
      if (!(await row.getByText('已停用').isVisible())) await disable()
    })
    const person = await world.visitor(world.home)
    await vouched(person, 'sub-officer')
    await person.page.getByText('您的身份已确认，但所关联的账号已停用。请联系系统管理员。').waitFor()
    expect(refusals(person)).toHaveLength(1)
    await looked(person, 'oidc-disabled')
    await person.page.goto('/oidc?code=made-up&state=made-up')
    await person.page.getByText('统一身份认证未完成或已超时。请重新登录。').waitFor()
    expect(refusals(person)).toHaveLength(1)
    await provider.close()
    await world.stop(world.home)
    await world.start(world.home)
    await person.page.goto('/')
    await person.click(person.page.getByRole('button', { name: button.zh }))
    await person.page.getByText(/统一身份认证平台没有应答.*请信息人员查看节点日志/).waitFor()
    person.complaints.length = 0
    await looked(person, 'oidc-away')
  })
})
