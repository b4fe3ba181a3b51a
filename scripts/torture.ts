/**
 * Four regions at work while everything breaks: nodes and databases are killed, a disk fills, clocks jump, processes
 * stand still, and the lines between them cut, hold, repeat, swallow and reset. Then all is healed, and nothing an office
 * was told is done may be missing, twice, or different on the two sides.
 *
 *     npm run torture -- [--minutes 20] [--kills 200] [--others 20] [--seed S] [--think 400] [--people 400] [--log]
 */
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { Command } from 'commander'
import { temporaryFolder } from './network/node-process.ts'
import { untilLevel } from './network/office-day.ts'
import { seededRandom } from './network/random.ts'
import { serverTroubles } from './torture/database.ts'
import { mountSmallDisk, unmount } from './torture/disk.ts'
import { Faults } from './torture/faults.ts'
import { runTortureNode } from './torture/node.ts'
import { openOffices } from './torture/offices.ts'
import { type Office } from './torture/office.ts'
import { agreeAll, closeRegions, openRegions, type Regions } from './torture/regions.ts'
import { judge, violationsOf } from './torture/verdict.ts'

interface Options {
  readonly data?: string
  readonly minutes: string
  readonly kills: string
  readonly others: string
  readonly seed: string
  readonly think: string
  readonly people: string
  readonly log?: true
}

const program = new Command('torture')
  .argument('[part]', 'used by the nodes themselves', 'parent')
  .option('--data <folder>')
  .option('--minutes <number>', 'how long the faults last', '20')
  .option('--kills <count>', 'kill -9 of nodes', '200')
  .option('--others <count>', 'of each other fault done to a node, at the least', '20')
  .option('--seed <number>', 'of what is done when', String(Date.now() % 1_000_000))
  .option('--think <ms>', 'between two words of an office', '400')
  .option('--people <count>', 'on the roster of each region', '400')
  .option('--log', 'show the nodes’ logs on standard error')
  .parse()
const options = program.opts<Options>()
/** The region whose data lies on a disk that can be filled. */
const diskOf = '440300'

if (program.args[0] === 'start') await runTortureNode(options.data ?? '')
else process.exitCode = (await torture()) ? 0 : 1

async function torture(): Promise<boolean> {
  const random = seededRandom(Number(options.seed))
  say(`seed ${options.seed}`)
  const base = await temporaryFolder('torture')
  const disk = path.join(base, diskOf)
  const mounted = await mountSmallDisk(disk)
  if (!mounted) say('no disk can be mounted here (not root): full disks are left out')
  const log = options.log ? (text: string) => process.stderr.write(text) : () => undefined
  const regions = await openRegions((code) => Promise.resolve(path.join(base, code)), log)
  try {
    await agreeAll(regions)
    const settings = {
      random,
      thinkMs: Number(options.think),
      amends: true,
      peopleEach: Number(options.people),
    }
    const offices = await openOffices(regions, settings)
    for (const office of offices.values()) office.start()
    const wanted = {
      kills: Number(options.kills),
      others: Number(options.others),
      seconds: Number(options.minutes) * 60,
      diskOf: mounted ? diskOf : undefined,
    }
    const faults = new Faults(regions, wanted, random, say)
    const progress = setInterval(() => say(summary(faults, offices)), 60_000)
    await faults.rage().finally(() => clearInterval(progress))
    say(`faults end: ${summary(faults, offices)}`)
    return await conclude(regions, offices, faults)
  } finally {
    await closeRegions(regions, false)
    if (mounted) unmount(disk)
    await rm(base, { recursive: true, force: true })
  }
}

/** Everything is healed: the offices end their day, the lines run empty, and what is there is judged. */
async function conclude(
  regions: Regions,
  offices: ReadonlyMap<string, Office>,
  faults: Faults,
): Promise<boolean> {
  await Promise.all([...regions.values()].map((region) => region.restart()))
  await Promise.all([...offices.values()].map((office) => office.stop()))
  const healed = performance.now()
  const level = await untilLevel(regions).then(
    () => `level ${((performance.now() - healed) / 1000).toFixed(1)} s after the offices had ended`,
    (error: unknown) => String(error),
  )
  say(level)
  if (!level.startsWith('level')) await sayStates(regions)
  // A clock that was set back by days is before the first day of every agreement.
  const verdict = await judge(regions, offices, ['clock_skew', 'agreement_ahead'])
  const violations = [...violationsOf(verdict), ...faults.otherAnswers]
  await sayRegions(regions)
  for (const violation of violations.slice(0, 50)) say(`✗ ${violation}`)
  say(summary(faults, offices))
  say(
    `${verdict.words} acknowledged words, ${verdict.records} records, ${verdict.cases} cases, ${faults.repeatsCompared} repeats answered: ` +
      `${verdict.lost.length} lost, ${verdict.repeated.length} repeated, ${verdict.diverged.length} diverged, ` +
      `${verdict.alarmed.length} alarms, ${faults.otherAnswers.length} other answers (seed ${options.seed})`,
  )
  return violations.length === 0 && level.startsWith('level')
}

function summary(faults: Faults, offices: ReadonlyMap<string, Office>): string {
  const sum = (pick: (office: Office) => number) =>
    [...offices.values()].reduce((all, one) => all + pick(one), 0)
  const words = sum(({ acknowledged }) => [...acknowledged.values()].reduce((all, one) => all + one, 0))
  const counts = Object.entries({ ...faults.done, ...faults.onLines() })
  return (
    `${counts.map(([kind, count]) => `${kind} ${count}`).join(', ')}; words ${words} acknowledged, ` +
    `${sum(({ unanswered }) => unanswered)} unanswered, violations ${sum(({ violations }) => violations.length)}`
  )
}

async function sayRegions(regions: Regions): Promise<void> {
  for (const { name, process: node, returns, ends } of regions.values()) {
    const ms = returns.map((one) => one.ms).sort((a, b) => a - b)
    const failed = returns.reduce((sum, one) => sum + one.failed, 0)
    const { panics, recoveries } = await serverTroubles(node.dataDir)
    say(
      `${name}: ${ms.length} returns, median ${((ms[ms.length >> 1] ?? 0) / 1000).toFixed(1)} s, longest ${((ms.at(-1) ?? 0) / 1000).toFixed(1)} s, ` +
        `${failed} failed starts, ${ends.length} ends of its own; PostgreSQL: ${panics} panics, ${recoveries} recoveries`,
    )
    for (const end of new Set(ends)) say(`  ended: ${/^\w*Error: .*$/m.exec(end)?.[0] ?? end.slice(-200)}`)
  }
}

async function sayStates(regions: Regions): Promise<void> {
  for (const { name, client } of regions.values())
    for (const state of await client.peers()) {
      const { sent, receipted, received, unsent, standing, failures, problem, frozen } = state
      say(
        `${name} ↔ ${state.name}: sent ${sent.epoch}/${sent.seq}, receipted ${receipted}, received ${received.epoch}/${received.seq}, unsent ${unsent}, ${standing}, frozen ${frozen}, failures ${failures}, ${problem?.code ?? 'no problem'}`,
      )
    }
}

function say(sentence: string): void {
  const time = new Date().toISOString().slice(11, 19)
  process.stdout.write(`${time} ${sentence}\n`)
}
