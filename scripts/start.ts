/**
 * `npm start`: a demonstration federation of four regions on this machine, from workbooks to a shared, compared view,
 * and then serving until it is stopped. A second start continues with the same data; `--fresh` begins anew.
 */
import { createWriteStream } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Command } from 'commander'
import { StartRefused } from '../node/errors.ts'
import { StoreUnavailable } from '../node/store/embedded.ts'
import { table } from '../node/cli/table.ts'
import { countScenario, unequalCases, type ScenarioResult } from './network/count.ts'
import { demoAccounts, type DemoAccount } from './network/demo-accounts.ts'
import { databaseFor, dropDatabaseFor } from './network/databases.ts'
import { readOfficeFolder, type Office, type OfficeFolder } from './network/folder.ts'
import { NodeEnded, NodeProcess } from './network/node-process.ts'
import { concludeAgreements, importWorkbooks, nodeOf, untilLevel, type Played } from './network/office-day.ts'

const command = new Command('start')
  .description('a demonstration federation of four regions (四地演示网络)')
  .option('--fresh', 'begin anew: removes the demonstration data (清空演示数据，重新开始)')
  .option('--data <folder>', 'where the demonstration data is kept', '.data/demo')
  .option('--port <number>', 'first of the eight ports used', '7310')
  .parse()
const options = command.opts<{ fresh?: boolean; data: string; port: string }>()

const base = path.resolve(options.data)
const samples = path.resolve('scripts/samples')
const diaryFile = path.join(base, 'played.json')
const databaseUrl = process.env['DATABASE_URL'] === '' ? undefined : process.env['DATABASE_URL']
const network = new Map<string, NodeProcess>()
const started = Date.now()
const firstPort = Number(options.port)
const pidFile = `${base}.pid`

try {
  checkPort()
  await beAlone()
  const offices = await readOfficeFolder(samples)
  if (options.fresh === true) await removeData(offices)
  say('启动四个节点 … starting four nodes')
  await startNodes(offices)
  const played = await playOnce(offices)
  await untilLevel(network)
  say('准备演示账号 … making demonstration accounts')
  const accounts = await demoAccounts(path.join(base, 'accounts.json'), offices, network)
  await tell(await countScenario(offices, network, played), await unequalCases(offices, network))
  await tellCommands(offices)
  tellAccounts(offices, accounts)
  await untilStopped()
} catch (error) {
  console.error(sentence(error))
  process.exitCode = 1
} finally {
  await Promise.all([...network.values()].map((node) => node.stop()))
  if ((await readFile(pidFile, 'utf8').catch(() => '')) === String(process.pid))
    await rm(pidFile, { force: true })
}
process.exit()

function checkPort(): void {
  if (Number.isInteger(firstPort) && firstPort >= 1024 && firstPort <= 65_000) return
  throw new StartRefused(
    `--port ${options.port}: choose a whole number from 1024 to 65000; it and the seven after it are used.`,
    `--port ${options.port}：请填写 1024 到 65000 之间的整数，将使用该端口及其后七个端口。`,
  )
}

/** One demonstration per folder: a second one would take the nodes of the first for its own, or remove their data. */
async function beAlone(): Promise<void> {
  await mkdir(path.dirname(pidFile), { recursive: true, mode: 0o711 })
  for (;;) {
    try {
      return await writeFile(pidFile, String(process.pid), { flag: 'wx' })
    } catch {
      const pid = Number(await readFile(pidFile, 'utf8').catch(() => '0'))
      if (isAlive(pid))
        throw new StartRefused(
          `A demonstration with this data is running (process ${pid}): stop it first, or choose another folder with --data and --port.`,
          `使用该数据的演示正在运行（进程 ${pid}）：请先停止它，或用 --data 和 --port 另选目录和端口。`,
        )
      await rm(pidFile, { force: true })
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0)
  } catch {
    return false
  }
}

/** The ports stand in the nodes' own configuration, and their peers know them. */
function demandSamePort(node: NodeProcess, wanted: number): void {
  const { port } = node.config.federation
  if (port === wanted || command.getOptionValueSource('port') !== 'cli') return
  throw new StartRefused(
    `The data in ${options.data} was made for other ports (${node.name} has ${port}): leave out --port, or begin anew with --fresh.`,
    `${options.data} 中的数据使用其他端口（${node.name} 为 ${port}）：请去掉 --port，或用 --fresh 重新开始。`,
  )
}

function say(text: string): void {
  console.log(`[${((Date.now() - started) / 1000).toFixed(1)} s] ${text}`)
}

function all({ home, hosts }: OfficeFolder): Office[] {
  return [home, ...hosts]
}

async function startNodes(offices: OfficeFolder): Promise<void> {
  for (const [i, { node, name }] of all(offices).entries()) {
    const dataDir = path.join(base, node)
    const ports = { federation: firstPort + 2 * i, local: firstPort + 2 * i + 1 }
    const config = () =>
      Promise.resolve({
        node,
        name,
        federation: { host: '127.0.0.1', port: ports.federation },
        local: { port: ports.local },
      })
    await mkdir(dataDir, { recursive: true, mode: 0o711 })
    const log = createWriteStream(path.join(dataDir, 'node.log'), { flags: 'a', mode: 0o600 })
    const process = await NodeProcess.prepare(dataDir, config, (text) => log.write(text))
    demandSamePort(process, ports.federation)
    if (databaseUrl !== undefined) process.databaseUrl = await databaseFor(databaseUrl, node)
    network.set(node, process)
  }
  await Promise.all([...network.values()].map((node) => node.start()))
}

/** Plays the job, unless an earlier start has done it to the end. */
async function playOnce(offices: OfficeFolder): Promise<Played[]> {
  const diary = await readFile(diaryFile, 'utf8').catch(() => undefined)
  if (diary !== undefined) {
    say('沿用已有数据 … continuing with the data of an earlier start (npm start -- --fresh begins anew)')
    return JSON.parse(diary) as Played[]
  }
  say('签订共管协议 … concluding agreements')
  await concludeAgreements(offices, network)
  say('导入工作簿，交换记录 … importing workbooks, exchanging records')
  const played = await importWorkbooks(all(offices), network)
  await writeFile(
    diaryFile,
    JSON.stringify(
      played.map(({ office, file, report }) => ({ office, file, report: { ...report, details: [] } })),
    ),
  )
  return played
}

async function tell(result: ScenarioResult, unequal: readonly string[]): Promise<void> {
  const { roster, outflow, arrivals, activities, comparison } = result
  const hosts = Object.entries(outflow.byHost).map(([name, count]) => `${name} ${count}`)
  say(
    unequal.length === 0 ? '两地所存逐案一致 … both sides hold every case alike' : `✗ ${unequal.join('; ')}`,
  )
  console.log(`
${result.home} 花名册 roster       ${roster.rows} 行: 入册 members ${roster.members}, 待改正 held ${roster.held}, 重复 duplicates ${roster.duplicates}
${result.home} 流出登记 outflow     ${outflow.rows} 行: 已发布 published ${outflow.published} (${hosts.join(', ')}), 暂存 held ${outflow.held}
${result.host} 流入登记 arrivals    ${arrivals.rows} 行
${result.host} 活动 activities     ${activities.rows} 行: 已报送 applied ${activities.applied}, 暂存 held ${activities.held}

对账 comparison ${result.home} → ${result.host}
  双方都有 both ${comparison.both}，其中有不一致项 with deviations ${comparison.casesWithDeviations} (${Object.entries(
    comparison.deviationFields,
  )
    .map(([field, count]) => `${field} ${count}`)
    .join(', ')})
  仅流出地 home only ${comparison.homeOnly}
  仅流入地 host only: 流出地确认是其党员 known to home ${comparison.hostOnlyKnownToHome}, 流出地查无此人 unknown to home ${comparison.hostOnlyUnknownToHome}
`)
}

async function tellCommands(offices: OfficeFolder): Promise<void> {
  const home = nodeOf(network, offices.home)
  const host = offices.hosts[0]
  if (!host) return
  const list = await home.client.cases(host.node, offices.home.node)
  const deviating = list.find(({ meaning }) => meaning === 'deviating') ?? list[0]
  const data = path.relative('.', home.dataDir)
  console.log(`
可以试试（另开一个终端） look around in another terminal:
  npm run huiliu -- -d ${data} peer list
  npm run huiliu -- -d ${data} cases ${host.node}
  npm run huiliu -- -d ${data} case ${deviating?.id ?? 'ID'}
  npm run huiliu -- -d ${data} reconcile ${host.node}
  npm run huiliu -- -d ${data} evidence ${deviating?.id ?? 'ID'} -o evidence.json
`)
}

/** Last, because it is what a newcomer looks for. */
function tellAccounts(offices: OfficeFolder, accounts: readonly DemoAccount[]): void {
  const rows = all(offices).map((office) => {
    const { localUrl, config } = nodeOf(network, office)
    const own = accounts.filter(({ node }) => node === office.node).map(({ account }) => account)
    return [`${config.name} ${config.node}`, localUrl, own.join(', ')]
  })
  console.log(table(['节点 node', '在浏览器中打开 open in a browser', '演示账号 accounts'], rows))
  console.log(`
所有演示账号的密码 password of them all: ${accounts[0]?.password ?? ''}
zuzhibu 组织部 officer · guanliyuan 系统管理员 administrator · shenji 审计 auditor · zhibu 支部 branch

按 Ctrl-C 停止 … serving until Ctrl-C`)
}

async function untilStopped(): Promise<void> {
  await new Promise<void>((resolve) => {
    let stopping = false
    const stop = () => {
      // Ctrl-C reaches the nodes as well: from now on their ending is no surprise.
      stopping = true
      resolve()
    }
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
    for (const node of network.values())
      node.onEnd = (lastWords) => {
        if (stopping) return
        console.error(
          `节点 ${node.name} 意外停止 … node ${node.name} ended by itself: ${lastWords || 'see its node.log'}`,
        )
        process.exitCode = 1
        stop()
      }
  })
  say('正在停止 … stopping')
}

/** The data directories, their databases wherever these lie, and the diary. */
async function removeData(offices: OfficeFolder): Promise<void> {
  for (const { node } of all(offices)) {
    const dataDir = path.join(base, node)
    if (databaseUrl !== undefined) await dropDatabaseFor(databaseUrl, node)
    const left = await NodeProcess.prepare(dataDir, () =>
      Promise.reject(new Error('nothing to remove')),
    ).catch(() => undefined)
    await left?.remove()
  }
  await rm(base, { recursive: true, force: true })
}

function sentence(error: unknown): string {
  if (error instanceof NodeEnded) return error.message
  if (error instanceof StartRefused || error instanceof StoreUnavailable)
    return `${error.messageZh}\n${error.message}`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
