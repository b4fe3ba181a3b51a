/**
 * The restore drill: four regions at work; one of them gets back yesterday's database, or loses more than that. It must
 * notice before it signs anything, tell its operator once, and after one command hold again whatever it had told its
 * office was done and its peers had confirmed.
 *
 *     npm run drill -- [--runs 4] [--seconds 8] [--only everything] [--seed S] [--log]
 */
import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Command } from 'commander'
import { ApiRefused } from '../node/cli/client.ts'
import { temporaryFolder } from './network/node-process.ts'
import { persistently, untilLevel } from './network/office-day.ts'
import { seededRandom } from './network/random.ts'
import { copyOf, huiliu, lose, losses, lossWords, type Loss } from './torture/losses.ts'
import { runTortureNode } from './torture/node.ts'
import { importRoster, membersOf, openOffices } from './torture/offices.ts'
import { type Office } from './torture/office.ts'
import { agreeAll, closeRegions, openRegions, type RegionNode, type Regions } from './torture/regions.ts'
import { judge, violationsOf } from './torture/verdict.ts'
import { Witness } from './torture/witness.ts'

interface Options {
  readonly data?: string
  readonly runs: string
  readonly seconds: string
  readonly only?: string
  readonly seed: string
  readonly log?: true
}

const program = new Command('drill')
  .argument('[part]', 'used by the nodes themselves', 'parent')
  .option('--data <folder>')
  .option('--runs <count>', 'losses, of each kind in turn', String(losses.length))
  .option('--seconds <number>', 'of work between the copy and the loss', '8')
  .option('--only <loss>', `one kind: ${losses.join(', ')}`)
  .option('--seed <number>', 'of what the offices do', String(Date.now() % 1_000_000))
  .option('--log', 'show the nodes’ logs on standard error')
  .parse()
const options = program.opts<Options>()
const peopleEach = 200
/** How long a node may take to notice: its peers are asked at its start. */
const noticeWithinMs = 60_000
const recoverWithinMs = 120_000

interface Network {
  readonly regions: Regions
  readonly offices: ReadonlyMap<string, Office>
  readonly base: string
}

if (program.args[0] === 'start') await runTortureNode(options.data ?? '')
else process.exitCode = (await drill()) ? 0 : 1

async function drill(): Promise<boolean> {
  say(`seed ${options.seed}`)
  const base = await temporaryFolder('drill')
  const log = options.log ? (text: string) => process.stderr.write(text) : () => undefined
  const regions = await openRegions((code) => Promise.resolve(path.join(base, code)), log)
  let offices: ReadonlyMap<string, Office> = new Map()
  try {
    await agreeAll(regions)
    const settings = { random: seededRandom(Number(options.seed)), thinkMs: 150, amends: false, peopleEach }
    offices = await openOffices(regions, settings)
    const network = { regions, offices, base }
    for (const office of offices.values()) office.start()
    await delay(Number(options.seconds) * 1000)
    const violations: string[] = []
    const kinds = losses.filter((loss) => options.only === undefined || loss === options.only)
    for (let run = 0; run < Number(options.runs); run++) {
      const found = await loseOnce(network, run, kinds[run % kinds.length] ?? 'database')
      for (const violation of found.slice(0, 20)) say(`✗ ${violation}`)
      violations.push(...found)
    }
    say(violations.length === 0 ? `${options.runs} losses, nothing lost` : `${violations.length} violations`)
    return violations.length === 0
  } finally {
    await Promise.all([...offices.values()].map((office) => office.stop()))
    await closeRegions(regions, false)
    await rm(base, { recursive: true, force: true })
  }
}

/** One copy, one loss, one recovery; what is given are violations. The offices are at work before and after. */
async function loseOnce(network: Network, run: number, loss: Loss): Promise<string[]> {
  const { regions, offices, base } = network
  const victim = [...regions.values()][run % regions.size]
  const office = victim && offices.get(victim.code)
  if (!victim || !office) throw new TypeError('no such region')
  say(`— run ${run + 1}: ${victim.name} gets ${lossWords[loss]}`)
  const witness = new Witness((await victim.client.node()).kid)
  witness.listen(regions)
  await office.stop()
  await victim.process.stop()
  const copy = await copyOf(victim, path.join(base, 'copy'))
  await victim.bringBack()
  const importedBefore = loss === 'everything' ? 0 : office.imported.length
  office.start()
  await delay(Number(options.seconds) * 1000)

  await office.stop()
  await office.settle()
  await quiet(victim)
  const words = [...office.acknowledged.values()].reduce((all, one) => all + one, 0)
  say(
    `  ${words} words acknowledged and confirmed by the peers; ${witness.count} tokens of it seen on the lines`,
  )
  await victim.process.kill()
  await victim.process.stopDatabase()
  await lose(victim, loss, copy)
  witness.beginWatch()
  const started = performance.now()
  await victim.bringBack()
  if (loss === 'everything') await signAgain(victim, regions, base)
  const noticed = await notices(victim, started)
  const violations = [...noticed, ...(await refusesWords(victim))]
  if (witness.fresh.length > 0)
    violations.push(`it signed before it was recovered: ${witness.fresh.slice(0, 5).join('; ')}`)
  witness.endWatch()
  await recover(victim)
  await importAgain(victim, office, [...regions.keys()].indexOf(victim.code), loss, importedBefore)
  office.start()
  await delay(3000)
  return [...violations, ...(await conclude(network, victim, witness))]
}

async function quiet(victim: RegionNode): Promise<void> {
  for (;;) {
    const peers = await persistently(() => victim.client.peers())
    if (peers.every(({ unsent }) => unsent === 0)) return
    await delay(100)
  }
}

/** The operator signs the kept documents again; the other side knows them. */
async function signAgain(victim: RegionNode, regions: Regions, base: string): Promise<void> {
  for (const [code, document] of victim.documents) {
    const other = regions.get(code)
    if (!other) continue
    const file = path.join(base, 'agreement.json')
    await writeFile(file, document)
    const { fingerprint } = await other.client.node()
    const how = ['--file', file, '--url', other.federationUrl, '--fingerprint', fingerprint]
    say(`  huiliu peer sign … → ${await huiliu(victim, 'peer', 'sign', ...how)}`)
  }
}

/** Exactly one open alarm, and it says `behind`. */
async function notices(victim: RegionNode, started: number): Promise<string[]> {
  const open = async () => (await persistently(() => victim.client.alarms(false))).alarms
  while ((await open()).length === 0) {
    if (performance.now() - started > noticeWithinMs) return ['it did not notice']
    await delay(50)
  }
  say(`  noticed ${((performance.now() - started) / 1000).toFixed(1)} s after its start`)
  // A second cause would show itself now: every peer is asked, and the others go on sending.
  await delay(4000)
  const alarms = await open()
  for (const line of (await huiliu(victim, 'alarms')).split('\n')) say(`  | ${line}`)
  if (alarms.length === 1 && alarms[0]?.kind === 'behind') return []
  return [
    `open alarms: ${alarms.map(({ kind, peer, subject }) => `${kind} ${peer ?? ''} ${subject}`).join('; ')}`,
  ]
}

/** While it is behind, its office is told so, and nothing is acknowledged that could not be kept. */
async function refusesWords(victim: RegionNode): Promise<string[]> {
  for (const { node: peer } of await victim.client.peers())
    for (const home of [peer, victim.code])
      for (const { id } of (await victim.client.cases(peer, home)).slice(0, 1)) {
        const word = victim.client.act(id, 'activities', {
          on: '2026-10-15',
          kind: 'study',
          title: '不应发出',
        })
        const code = await word.then(
          () => 'acknowledged',
          (error: unknown) => (error instanceof ApiRefused ? error.code : String(error)),
        )
        if (!/^(stream_closed|not_arrived|not_published)$/.test(code))
          return [`a word to ${peer} was ${code} while it was behind`]
      }
  return []
}

async function recover(victim: RegionNode): Promise<void> {
  const from = performance.now()
  for (const line of (await huiliu(victim, 'recover')).split('\n')) say(`  | ${line}`)
  for (;;) {
    const peers = await persistently(() => victim.client.peers())
    if (peers.every(({ standing }) => standing === 'open')) break
    if (performance.now() - from > recoverWithinMs) {
      say(`  not recovered: ${peers.map(({ name, standing }) => `${name} ${standing}`).join(', ')}`)
      break
    }
    await delay(200)
  }
  say(`  recovered in ${((performance.now() - from) / 1000).toFixed(1)} s`)
}

/** Rosters and registers stood in no stream: the office imports what it had imported since the copy. */
async function importAgain(
  victim: RegionNode,
  office: Office,
  at: number,
  loss: Loss,
  from: number,
): Promise<void> {
  if (loss === 'everything') await importRoster(victim, membersOf(at, peopleEach))
  for (const [kind, bytes] of office.imported.slice(from))
    await persistently(() => victim.client.import(kind, bytes, `${kind}.csv`))
  say(`  ${office.imported.length - from} registers imported again`)
}

async function conclude(
  { regions, offices }: Network,
  victim: RegionNode,
  witness: Witness,
): Promise<string[]> {
  await Promise.all([...offices.values()].map((office) => office.stop()))
  const from = performance.now()
  const level = await untilLevel(regions).then(
    () => '',
    (error: unknown) => String(error),
  )
  const verdict = await judge(regions, offices, ['behind', 'peer_behind'])
  say(
    `  level after ${((performance.now() - from) / 1000).toFixed(1)} s: ${verdict.words} words, ${verdict.records} records, ${verdict.cases} cases: ` +
      `${verdict.lost.length} lost, ${verdict.repeated.length} repeated, ${verdict.diverged.length} diverged, ${witness.conflicts.length} second stories`,
  )
  for (const region of regions.values())
    for (const { id } of (await region.client.alarms(false)).alarms)
      await region.client.acknowledge(id, `drill at ${victim.name}`)
  for (const office of offices.values()) office.start()
  const stories = witness.conflicts.map((place) => `two stories: ${place}`)
  return [...(level === '' ? [] : [level]), ...violationsOf(verdict), ...stories]
}

function say(sentence: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${sentence}\n`)
}
