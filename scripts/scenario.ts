/**
 * Plays the main job on any folder of workbooks: starts the nodes they need with fresh databases on free ports, plays
 * it over HTTP, checks that both sides hold every case alike, and prints what was counted.
 *
 *     npm run scenario -- FOLDER [--json] [--kill N --seed S] [--down REGION] [--keep FOLDER]
 */
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Command } from 'commander'
import { type ComparisonReport } from '../protocol/index.ts'
import { countScenario, unequalCases, type ScenarioResult } from './network/count.ts'
import { readOfficeFolder, type Office, type OfficeFolder } from './network/folder.ts'
import { freePort, NodeProcess, temporaryFolder } from './network/node-process.ts'
import {
  concludeAgreements,
  importWorkbooks,
  nodeOf,
  persistently,
  untilLevel,
  type Network,
  type Played,
} from './network/office-day.ts'
import { seededRandom } from './network/random.ts'

interface Options {
  json?: boolean
  kill?: string
  seed?: string
  down?: string
  keep?: string
  log?: boolean
}

const program = new Command('scenario')
  .argument('<folder>', 'workbooks named <region>-党员花名册.xlsx and so on')
  .option('--json', 'print one JSON object and nothing else on standard output')
  .option('--kill <count>', 'kill -9 random nodes at random moments and restart them')
  .option('--seed <number>', 'of the random moments', String(Date.now() % 1_000_000))
  .option('--down <region>', 'this node is away during the import and comes back later')
  .option('--keep <folder>', 'keep the nodes’ data here')
  .option('--log', 'show the nodes’ logs on standard error')
  .parse()

const [folder = '.'] = program.args
const options = program.opts<Options>()
const say = (text: string) => process.stderr.write(`${text}\n`)

const started = Date.now()
const base = options.keep ?? (await temporaryFolder('scenario'))
const network = new Map<string, NodeProcess>()
let failed = false
try {
  const offices = await readOfficeFolder(folder)
  await openNetwork(offices)
  await concludeAgreements(offices, network)
  say(`${network.size} nodes, agreements concluded after ${seconds()} s`)
  const killing =
    options.kill === undefined ? undefined : killAtRandom(Number(options.kill), Number(options.seed))
  const played =
    options.down === undefined
      ? await importWorkbooks(all(offices), network)
      : await importWithout(offices, options.down)
  await killing?.finished
  await untilLevel(network)
  say(`streams level after ${seconds()} s`)
  const result = await countScenario(offices, network, played)
  const unequal = await unequalCases(offices, network)
  const comparisons = await bothSides(offices, network)
  for (const sentence of [...unequal, ...comparisons]) say(`✗ ${sentence}`)
  failed = unequal.length + comparisons.length > 0
  print(result)
} catch (error) {
  failed = true
  say(error instanceof Error ? (error.stack ?? error.message) : String(error))
} finally {
  const close = (node: NodeProcess) => (options.keep === undefined ? node.remove() : node.stopDatabase())
  await Promise.all([...network.values()].map((node) => node.stop().then(() => close(node))))
  if (options.keep === undefined) await rm(base, { recursive: true, force: true })
}
process.exitCode = failed ? 1 : 0

function seconds(): string {
  return ((Date.now() - started) / 1000).toFixed(1)
}

function all({ home, hosts }: OfficeFolder): Office[] {
  return [home, ...hosts]
}

function print(result: ScenarioResult): void {
  if (!options.json) say(`done after ${seconds()} s`)
  process.stdout.write(`${JSON.stringify(result, null, options.json ? 0 : 1)}\n`)
}

async function openNetwork(offices: OfficeFolder): Promise<void> {
  for (const { node, name } of all(offices)) {
    const config = async () => ({
      node,
      name,
      federation: { host: '127.0.0.1', port: await freePort() },
      local: { port: await freePort() },
    })
    const output = options.log ? (text: string) => process.stderr.write(text) : undefined
    network.set(node, await NodeProcess.prepare(path.join(base, node), config, output))
  }
  await Promise.all([...network.values()].map((node) => node.start()))
}

/** One office's node is away while all others import; then it comes back and imports its own. */
async function importWithout(offices: OfficeFolder, region: string): Promise<Played[]> {
  const away = all(offices).find(({ node, name }) => name === region || node === region)
  if (!away) throw new Error(`--down ${region}: no such region in this folder`)
  await nodeOf(network, away).stop()
  const others = all(offices).filter((office) => office !== away)
  const played = await importWorkbooks(others, network)
  await delay(1000)
  const backlog = await Promise.all(
    others.map(async (office) =>
      (await nodeOf(network, office).client.peers()).find(({ node }) => node === away.node),
    ),
  )
  for (const state of backlog)
    if (state)
      say(
        `while ${away.name} was away: ${state.unsent} records waited for it (${state.problem?.code ?? 'nothing tried'})`,
      )
  if (backlog.every((state) => (state?.unsent ?? 0) === 0))
    throw new Error(`no backlog was shown for ${away.name}`)
  await nodeOf(network, away).start()
  return [...played, ...(await importWorkbooks([away], network))]
}

/** Kills at moments drawn from the seed, whether or not the node killed before is back already. */
function killAtRandom(count: number, seed: number): { finished: Promise<unknown> } {
  say(`killing ${count} times, seed ${seed}`)
  const random = seededRandom(seed)
  const nodes = [...network.values()]
  const work = async () => {
    const returning: Promise<void>[] = []
    for (let killed = 0; killed < count;) {
      await delay(20 + random() * 280)
      const victim = nodes[Math.floor(random() * nodes.length)]
      if (!victim?.ready) continue
      killed++
      await victim.kill()
      returning.push(delay(random() * 200).then(() => victim.start()))
    }
    await Promise.all(returning)
  }
  return { finished: work() }
}

/** Both sides must come to the same comparison of counts; a difference is said in words. */
async function bothSides(offices: OfficeFolder, nodes: Network): Promise<string[]> {
  const faults: string[] = []
  for (const host of offices.hosts) {
    const home = offices.home.node
    const here = await persistently(() => nodeOf(nodes, offices.home).client.comparison(host.node, home))
    const there = await persistently(() => nodeOf(nodes, host).client.comparison(home, home))
    for (const report of [here, there]) {
      if (!report.level) faults.push(`${offices.home.name}–${host.name}: streams are not level`)
      if (report.unequal.length + report.onlyHere.length + report.onlyThere.length > 0)
        faults.push(`${offices.home.name}–${host.name}: cases are held differently`)
    }
    if (counts(here) !== counts(there))
      faults.push(`${offices.home.name}–${host.name}: the two sides count differently`)
  }
  return faults
}

function counts(report: ComparisonReport): string {
  const { both, homeOnly, hostOnlyKnownToHome, hostOnlyUnknownToHome, casesWithDeviations, deviations } =
    report
  return JSON.stringify(
    [both, homeOnly, hostOnlyKnownToHome, hostOnlyUnknownToHome, casesWithDeviations, deviations].map(
      (part) => (Array.isArray(part) ? [...part].sort() : part),
    ),
  )
}
