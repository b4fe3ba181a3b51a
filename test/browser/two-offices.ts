/**
 * Two running nodes with their screens, a day's work imported, and people who sit in front of a real browser: each
 * officer counts her clicks, and whatever her browser complains of is kept.
 */
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { type Browser, type BrowserContext, type Locator, type Page } from 'playwright-core'
import { ApiClient } from '../../node/cli/client.ts'
import { type ConfigFile } from '../../node/config.ts'
import { initDataDir, readDataDir, startNode, type RunningNode } from '../../node/process.ts'
import { demoAccounts, type DemoAccount, type DemoNode } from '../../scripts/network/demo-accounts.ts'
import { readOfficeFolder, type OfficeFolder } from '../../scripts/network/folder.ts'
import { freePort, temporaryFolder } from '../../scripts/network/node-process.ts'
import { concludeAgreements, importWorkbooks, untilLevel } from '../../scripts/network/office-day.ts'
import { buildScreens } from '../../scripts/screens.mjs'
import { openBrowser } from './chromium.ts'

const loading = '.ant-spin-spinning, .ant-skeleton-active, .ant-card-loading'
/** Build output: what the pages look like. */
export const pictures = path.resolve('build/screens')

/** What else a node is told, once it is known where its screens are; files may be put into the folder. */
type Configure = (origin: string, folder: string) => Promise<Partial<ConfigFile>>
const nothingElse: Configure = () => Promise.resolve({})
interface Screen {
  readonly width?: number
  readonly language?: 'zh' | 'en'
}
interface Beginning {
  readonly alone?: boolean
  readonly configure?: Configure
}

export class TwoOffices {
  readonly network = new Map<string, DemoNode>()
  readonly running = new Map<string, RunningNode>()
  private readonly base: string
  private readonly screens: string
  readonly offices: OfficeFolder
  readonly browser: Browser
  accounts: readonly DemoAccount[] = []

  private constructor(base: string, screens: string, offices: OfficeFolder, browser: Browser) {
    this.base = base
    this.screens = screens
    this.offices = offices
    this.browser = browser
  }

  /** 信阳 (home) and 深圳 (host) after the samples' day: agreements, imports, everything exchanged. */
  static async open(): Promise<TwoOffices> {
    const world = await TwoOffices.begin()
    const { offices, network } = world
    await concludeAgreements(offices, network)
    await importWorkbooks([offices.home, ...offices.hosts], network)
    await untilLevel(network)
    await world.giveAccounts()
    return world
  }

  /** Both as new nodes that know nobody, or home alone; `configure` says what else stands in a configuration. */
  static async begin({ alone = false, configure = nothingElse }: Beginning = {}): Promise<TwoOffices> {
    const base = await temporaryFolder('browser')
    const screens = process.env['HUILIU_SCREENS'] ?? (await buildScreens(process.cwd()))
    const all = await readOfficeFolder(path.resolve('scripts/samples'))
    const hosts = all.hosts.filter(({ files }) => !alone && files.length > 0)
    const offices = { home: all.home, hosts }
    const world = new TwoOffices(base, screens, offices, await openBrowser())
    await mkdir(pictures, { recursive: true })
    for (const { node, name } of [offices.home, ...offices.hosts]) await world.init(node, name, configure)
    return world
  }

  /** The demonstration's people; at a home without branches and a host that knows nobody, the fewer. */
  async giveAccounts(): Promise<void> {
    this.accounts = await demoAccounts(path.join(this.base, 'accounts.json'), this.offices, this.network)
  }

  dataDirOf(node: string): string {
    return path.join(this.base, node)
  }

  get home(): string {
    return this.offices.home.node
  }

  get host(): string {
    return this.offices.hosts[0]?.node ?? ''
  }

  private async init(node: string, name: string, configure: Configure): Promise<void> {
    const dataDir = this.dataDirOf(node)
    const [federation, local] = [await freePort(), await freePort()]
    const config = { node, name, federation: { host: '127.0.0.1', port: federation }, local: { port: local } }
    await initDataDir(dataDir, { ...config, ...(await configure(`http://127.0.0.1:${local}`, this.base)) })
    await this.start(node)
    const { token } = await readDataDir(dataDir)
    this.network.set(node, {
      client: new ApiClient({ port: local, token }),
      federationUrl: `http://127.0.0.1:${federation}`,
      localUrl: `http://127.0.0.1:${local}`,
    })
  }

  async start(node: string): Promise<void> {
    const dataDir = this.dataDirOf(node)
    const environment = { databaseUrl: undefined, dataDir, logLevel: 'silent', screens: this.screens }
    this.running.set(node, await startNode(dataDir, environment))
  }

  async stop(node: string): Promise<void> {
    await this.running.get(node)?.stop()
    this.running.delete(node)
  }

  /** Somebody in front of a browser of their own, signed in. */
  async person(node: string, account: string, more: Screen = {}): Promise<Person> {
    const person = await this.visitor(node, more)
    const password =
      this.accounts.find((each) => each.node === node && each.account === account)?.password ?? ''
    await person.signIn(account, password)
    return person
  }

  /** Somebody in front of a browser of their own, not signed in. */
  async visitor(node: string, { width = 1280, language = 'zh' }: Screen = {}): Promise<Person> {
    const context = await this.browser.newContext({
      viewport: { width, height: 800 },
      locale: 'zh-CN',
      timezoneId: 'Asia/Shanghai',
      baseURL: this.network.get(node)?.localUrl ?? '',
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    await context.addInitScript(`localStorage.setItem('huiliu-language', '${language}')`)
    return new Person(context, await context.newPage())
  }

  async close(): Promise<void> {
    await this.browser.close()
    await Promise.all([...this.running.keys()].map((node) => this.stop(node)))
    await rm(this.base, { recursive: true, force: true })
  }
}

export class Person {
  page: Page
  readonly context: BrowserContext
  clicks = 0
  /** What the browser has complained of: errors and warnings of the console, pages that fell, broken policies. */
  readonly complaints: string[] = []

  constructor(context: BrowserContext, page: Page) {
    this.context = context
    this.page = page
    this.listen(page)
  }

  /** Another tab, in front of the first. */
  open(page: Page): void {
    this.page = page
    this.listen(page)
  }

  listen(page: Page): void {
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text())
    })
    page.on('pageerror', (error) => this.complaints.push(error.message))
  }

  async signIn(account: string, password: string): Promise<void> {
    await this.page.goto('/')
    await this.page.getByLabel(/^(账号|Account)$/).fill(account)
    await this.page.getByLabel(/^(密码|Password)$/).fill(password)
    await this.page.keyboard.press('Enter')
    await this.page.locator('.frame-header').waitFor()
  }

  /** One click, counted. */
  async click(target: Locator): Promise<void> {
    this.clicks++
    await target.click()
  }

  async go(address: string): Promise<void> {
    await this.page.goto(address)
    await this.settled()
  }

  /** Nothing is being loaded any more. */
  async settled(): Promise<void> {
    await this.page.locator('main h1').first().waitFor()
    for (const one of await this.page.locator(loading).all()) await one.waitFor({ state: 'hidden' })
  }

  async picture(name: string, fullPage = false): Promise<void> {
    await this.page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage })
  }
}
