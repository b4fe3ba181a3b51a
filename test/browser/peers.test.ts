/**
 * What administrators do between two nodes, on their screens: an agreement up to the last signature on both sides, pausing,
 * a peer that is silent or tells two stories, recovering, and keys. The telephone is the test: it reads the fingerprints.
 */
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeJsCrypto as crypto } from '../../node/platform.ts'
import { readDataDir } from '../../node/process.ts'
import { envelopeLines, sealEnvelope } from '../../protocol/index.ts'
import { untilLevel } from '../../scripts/network/office-day.ts'
import { idNumberOf, nameOf } from '../harness/people.ts'
import { withoutBrowser } from './chromium.ts'
import { looked, over } from './examining.ts'
import { TwoOffices, type Person } from './two-offices.ts'

const password = '石榴 quartz nebel 17'

describe.skipIf(withoutBrowser())('between two nodes, on screen', { timeout: 120_000 }, () => {
  let world: TwoOffices
  let home: Person
  let host: Person
  beforeAll(async () => {
    world = await TwoOffices.begin()
    home = await newAdministrator(world.home)
    host = await newAdministrator(world.host)
  }, 120_000)
  afterAll(() => world.close())

  const clientOf = (node: string) => {
    const client = world.network.get(node)?.client
    if (!client) throw new TypeError(`no node ${node}`)
    return client
  }
  const addressOf = (node: string) => world.network.get(node)?.federationUrl ?? ''

  /** Comes with a one-time password, and chooses one of his own before anything else. */
  async function newAdministrator(node: string): Promise<Person> {
    const wanted = { account: 'guanliyuan', name: '管理员', role: 'administrator' } as const
    const { oneTimePassword } = await clientOf(node).addAccount(wanted)
    const person = await world.visitor(node)
    const { page } = person
    await page.goto('/')
    await page.getByLabel('账号').fill(wanted.account)
    await page.getByLabel('密码', { exact: true }).fill(oneTimePassword)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: '请设置自己的密码' }).waitFor()
    await looked(person, 'new-password')
    await page.getByLabel('一次性密码').fill(oneTimePassword)
    for (const field of await page.locator('input[autocomplete=new-password]').all())
      await field.fill(password)
    await page.keyboard.press('Enter')
    await page.locator('.frame-header').waitFor()
    return person
  }

  /** A picture before the word is part of a button's name. */
  const button = ({ page }: Person, name: string) =>
    page.getByRole('button', { name: new RegExp(`(^|\\s)${name}$`) }).first()

  /** The text of what a button saves as a file. */
  async function saved(person: Person): Promise<{ name: string; buffer: Buffer; mimeType: string }> {
    const coming = person.page.waitForEvent('download')
    await person.click(button(person, '保存为文件'))
    const download = await coming
    const buffer = await readFile(await download.path())
    return { name: download.suggestedFilename(), buffer, mimeType: 'application/json' }
  }

  async function hear({ page }: Person, fingerprint: string): Promise<void> {
    const groups = page.getByRole('group', { name: '对方指纹' }).getByRole('button')
    for (const [at, group] of fingerprint.split(' ').entries()) {
      expect(await groups.nth(at).textContent()).toBe(group)
      await groups.nth(at).click()
    }
    await page.getByText('已核对 16 / 16 组').waitFor()
  }

  async function sign(person: Person, document: Awaited<ReturnType<typeof saved>>, other: string) {
    await person.page.locator('input[type=file]').setInputFiles(document)
    await person.page.getByText(/电话核对指纹/).waitFor()
    expect(await button(person, '签名').isDisabled()).toBe(true)
    await hear(person, (await clientOf(other).node()).fingerprint)
    await person.page.getByLabel('对方节点地址').fill(addressOf(other))
    await looked(person, `agreement-sign-${other}`)
    await person.click(button(person, '签名'))
  }

  it('an agreement is concluded, from the cards to the last signature on both sides', async () => {
    await host.go('/peers/own')
    await looked(host, 'peers-own')
    const card = await saved(host)
    await home.go('/peers')
    await home.click(button(home, '签订协议'))
    await home.page.locator('input[type=file]').setInputFiles(card)
    await hear(home, (await clientOf(world.host).node()).fingerprint)
    await looked(home, 'agreement-propose')
    await home.click(button(home, '签名并生成协议'))
    await home.page.getByText('已签名，请发给对方').waitFor()
    await looked(home, 'agreement-proposed')
    const proposed = await saved(home)
    await host.go('/peers/new')
    await host.click(host.page.getByText('已收到对方的协议文件'))
    await sign(host, proposed, world.home)
    await host.page.getByText('协议已在本节点生效').waitFor()
    await looked(host, 'agreement-signed')
    const both = await saved(host)
    await home.click(button(home, '对方已发回签好的文件，打开它'))
    await sign(home, both, world.host)
    await home.page.getByText('协议已在本节点生效').waitFor()
    for (const person of [home, host]) {
      await person.click(person.page.getByRole('menuitem', { name: '协议与往来' }))
      await person.page.getByText('已送达', { exact: true }).first().waitFor()
    }
  })

  /** So that there is something to deliver: people of home go to the host. */
  async function publish(...numbers: number[]): Promise<void> {
    const people = numbers.map((n) => `${nameOf(n)},${idNumberOf(n)}`)
    const sheet = (headings: string, more: string) =>
      new TextEncoder().encode([headings, ...people.map((one) => `${one}${more}`)].join('\n'))
    await clientOf(world.home).import(
      'roster',
      sheet('姓名,身份证号,所在党支部', ',中共测试支部委员会'),
      'r.csv',
    )
    await clientOf(world.home).import('outflow', sheet('姓名,身份证号,流入地', ',深圳'), 'o.csv')
  }
  /** So that the host has said something: one of them reports there. */
  async function report(n: number): Promise<void> {
    const row = `${nameOf(n)},${idNumberOf(n)},信阳,2026-11-01`
    const text = `姓名,身份证号,流出地,流入日期\n${row}`
    await clientOf(world.host).import('arrivals', new TextEncoder().encode(text), 'a.csv')
  }

  const condition = (person: Person, word: string) =>
    person.page.locator('main .ant-tag').getByText(word, { exact: true }).first().waitFor({ timeout: 20_000 })

  async function confirm(person: Person, action: string, picture: string): Promise<void> {
    const dialog = person.page.getByRole('dialog', { name: action })
    await dialog.waitFor()
    await looked(person, picture, over)
    await person.click(dialog.getByRole('button', { name: action, exact: true }))
    await dialog.waitFor({ state: 'hidden' })
  }
  async function more(person: Person, verb: string): Promise<void> {
    await person.click(button(person, '更多'))
    await person.click(person.page.getByRole('menuitem', { name: verb, exact: true }))
  }

  it('exchange is paused, and goes on', async () => {
    await home.go(`/peers/${world.host}`)
    await home.click(button(home, '暂停往来'))
    await confirm(home, '暂停往来', 'peer-pause')
    await condition(home, '已暂停')
    await publish(1)
    await home.page.getByText('条待送达').first().waitFor()
    await looked(home, 'peer-paused')
    await home.click(button(home, '恢复往来'))
    await condition(home, '已送达')
    await report(1)
    await untilLevel(world.network)
    await looked(home, 'peer')
  })

  it('a peer that does not answer is named, and nothing is lost', async () => {
    await world.stop(world.host)
    await publish(2, 3)
    await condition(home, '对方无应答')
    await home.page.getByText(/[1-9]\d* 条记录待送达，恢复后自动补传/).waitFor()
    await looked(home, 'peer-silent')
    await world.start(world.host)
    await condition(home, '已送达')
    await untilLevel(world.network)
  })

  it('a peer that tells two stories is frozen, seen to, thawed, and recovers', async () => {
    const [peer] = await clientOf(world.home).peers()
    if (!peer || peer.received.seq === 0) throw new Error('the host has said nothing')
    const { keyring } = await readDataDir(world.dataDirOf(world.host))
    const { epoch, seq } = peer.received
    const place = { iss: world.host, aud: world.home, epoch, seq, prev: crypto.digest('another'), iat: 0 }
    const now = { ...place, iat: Math.floor(Date.now() / 1000) }
    const other = sealEnvelope(crypto, keyring.signer, now, ['{"another":"story"}'])
    await fetch(`${addressOf(world.home)}/federation/v1/${world.host}/envelopes`, {
      method: 'POST',
      body: envelopeLines(other),
    })
    await home.go(`/peers/${world.host}`)
    await condition(home, '已冻结')
    await home.page.getByText('同一编号两份内容').first().waitFor()
    await looked(home, 'peer-frozen')
    await home.click(home.page.getByRole('menuitem', { name: '协议与往来' }))
    await home.page.getByText('同一编号两份内容').first().waitFor()
    await looked(home, 'peers-alarm')
    await home.click(button(home, '确认已处理'))
    await home.page.getByText('没有未处理的告警').waitFor()
    await home.click(home.page.getByRole('switch', { name: '显示已处理的' }))
    await home.page.getByText(/管理员 于 .* 确认处理/).waitFor()
    await home.go(`/peers/${world.host}`)
    await more(home, '解除冻结')
    await confirm(home, '解除冻结', 'peer-thaw')
    await host.page.goto(`/peers/${world.home}`)
    await host.settled()
    host.complaints.length = 0
    await more(host, '从对方恢复')
    await confirm(host, '从对方恢复', 'peer-recover')
    await host.page.getByText('已恢复', { exact: true }).waitFor()
    await condition(host, '已送达')
    await condition(home, '已送达')
    await report(2)
    await untilLevel(world.network)
    await looked(host, 'peer-recovered')
  })

  it('a key is rotated, and the peer learns of it by itself', async () => {
    await home.go('/peers/own')
    const before = await home.page.getByRole('group', { name: '本节点指纹' }).textContent()
    await home.click(button(home, '定期更换'))
    await confirm(home, '定期更换', 'key-rotate')
    await home.page.getByRole('group', { name: '新的指纹' }).waitFor()
    await looked(home, 'key-rotated', over)
    const after = await home.page.getByRole('group', { name: '新的指纹' }).textContent()
    expect(after).not.toBe(before)
    await home.click(button(home, '知道了'))
    await home.click(button(home, '丢失或泄露后更换'))
    await home.page
      .getByRole('dialog')
      .getByText(/旧密钥将作废/)
      .waitFor()
    await looked(home, 'key-replace', over)
    expect(
      await home.page.getByRole('dialog').getByRole('button', { name: '丢失或泄露后更换' }).isDisabled(),
    ).toBe(true)
    await home.page.keyboard.press('Escape')
    await host.go(`/peers/${world.home}`)
    const theirs = host.page.getByRole('group', { name: '对方（信阳）' })
    await expect.poll(() => theirs.textContent(), { timeout: 20_000 }).toBe(after)
  })

  it('a stolen key is revoked once its owner’s name is typed, and the page says what follows', async () => {
    await home.go(`/peers/${world.host}`)
    await more(home, '吊销对方密钥')
    const dialog = home.page.getByRole('dialog')
    const go = dialog.getByRole('button', { name: '吊销对方密钥' })
    expect(await go.isDisabled()).toBe(true)
    await dialog.getByLabel('请输入“深圳”确认').fill('深圳')
    await looked(home, 'peer-revoke', over)
    await home.click(go)
    await home.page.getByText('已吊销深圳的密钥').waitFor()
    await dialog.waitFor({ state: 'hidden' })
    await condition(home, '密钥已吊销')
    await looked(home, 'peer-revoked')
  })
})
