/**
 * The simulator: many seeds of a network of production nodes in one process, under faults, checked after every step.
 *
 *     npm run simulate -- [--steps 1000000] [--seeds 200] [--seed 1] [--faults F1,F7] [--workers 2]
 *     npm run simulate -- --seed 17            one seed again, with the trace of its end
 *     npm run simulate -- --plant all          planted defects must be found
 *     npm run simulate -- --crashes            every flow, with a crash at every single call
 *
 * Steps are those of the whole run, shared out over its seeds; with --seed they are those of that seed.
 *
 * Exit code 0 when all held (or every plant was caught), else 1.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createHash } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { Command } from 'commander'
import * as esbuild from 'esbuild'
import { allFaults, failureLines, runCampaign, Tally, type Campaign } from '../test/sim/campaign.ts'
import { enumerateCrashes } from '../test/sim/crashes.ts'
import { type Plant } from '../test/sim/plant.ts'
import { planted, plantNamed, plants } from '../test/sim/plants.ts'
import { stepsPerSeed, type SeedResult } from '../test/sim/run.ts'

interface Options {
  readonly seeds?: string
  readonly steps?: string
  readonly seed?: string
  readonly plant?: string
  readonly faults?: string
  readonly workers: string
  readonly crashes?: true
  readonly part?: string
}

const usualSteps = 1_000_000
const usualSeeds = 200

const options = new Command()
  .option(
    '--seeds <count>',
    `how many seeds: ${usualSeeds}, fewer in a short run, or 1 when --seed names one`,
  )
  .option('--steps <count>', 'steps of the whole run: 1000000, or of one seed when --seed names one')
  .option('--seed <number>', 'the first seed')
  .option('--plant <name>', 'build with this planted defect, which must be found; "all" for each of them')
  .option('--faults <list>', 'kinds of faults that may happen: all, or with a plant those that bring it out')
  .option('--workers <count>', 'processes', '2')
  .option('--crashes', 'crash each flow at every one of its calls')
  .option('--part <part>', 'for its own worker processes')
  .parse()
  .opts<Options>()

const faults = options.faults ?? allFaults.join(',')

/** Seeds until a plant counts as not found, and steps of each. */
const seedsPerPlant = 60
const stepsPerPlant = 2500

/** Steps of one seed before its weather turns fair. */
function stepsOf(seeds: number): number {
  if (options.seed !== undefined && options.seeds === undefined) return Number(options.steps ?? stepsPerSeed)
  return Math.max(1, Math.ceil(Number(options.steps ?? usualSteps) / seeds))
}

function campaignOf(part: number, of: number): Campaign {
  const firstSeed = Number(options.seed ?? 1)
  const few = Math.min(usualSeeds, Math.ceil(Number(options.steps ?? usualSteps) / stepsPerSeed))
  const seeds = Number(options.seeds ?? (options.seed === undefined ? few : 1))
  return { firstSeed, seeds, steps: stepsOf(seeds), faults: faults.split(','), part, of }
}

async function simulate(): Promise<boolean> {
  const tally = new Tally()
  const began = process.hrtime.bigint()
  const workers = Math.min(Number(options.workers), campaignOf(0, 1).seeds)
  if (workers > 1) await Promise.all(Array.from({ length: workers }, (_, n) => work(n, workers, tally)))
  else await runCampaign(campaignOf(0, 1), (result) => tally.add(result))
  const seconds = Number(process.hrtime.bigint() - began) / 1e9
  for (const line of tally.lines()) console.log(line)
  const hash = createHash('sha256').update(tally.hashes().join('\n')).digest('hex')
  const cpu = (1000 * tally.cpuSeconds) / Math.max(1, tally.steps)
  const rate = `${Math.round(tally.steps / seconds)} steps a second, ${cpu.toFixed(2)} CPU seconds per 1000 steps`
  console.log(`trace ${hash}; ${Math.round(seconds)} s, ${rate}`)
  return report(tally)
}

function report(tally: Tally): boolean {
  const { failure } = tally
  const missed = tally.missed(faults.split(','))
  if (failure) {
    const plant = options.plant === undefined ? '' : ` --plant ${options.plant}`
    const chosen = options.faults === undefined ? '' : ` --faults ${options.faults}`
    const { steps } = campaignOf(0, 1)
    const replay = `npm run simulate -- --seed ${failure.seed} --steps ${steps}${chosen}${plant}`
    for (const line of failureLines(failure, replay)) console.log(line)
  }
  if (!failure && missed.length > 0) console.log(`never seen: ${missed.join(', ')}`)
  return !failure && missed.length === 0
}

/** One process with its share of the seeds; the others stop too when it finds something. */
const children = new Set<ChildProcess>()
async function work(part: number, of: number, tally: Tally): Promise<void> {
  const child = fork(process.argv[1] ?? '', [...process.argv.slice(2), '--part', `${part}/${of}`])
  children.add(child)
  let failed = false
  child.on('message', (result: SeedResult) => {
    tally.add(result)
    failed ||= result.violation !== undefined
    if (failed) for (const other of children) other.kill()
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  children.delete(child)
  if (code !== 0 && !tally.failure) throw new Error(`worker ${part} of ${of} ended with ${code}`)
}

async function workPart(part: string): Promise<void> {
  const [n, of] = part.split('/').map(Number)
  await runCampaign(campaignOf(n ?? 0, of ?? 1), (result) => process.send?.(result))
  process.disconnect()
}

/** Builds the simulator with the defect in it and lets it run until it finds something. */
async function huntPlant(plant: Plant): Promise<boolean> {
  const folder = path.resolve('dist', `plant-${plant.name}-${process.pid}`)
  const outfile = path.join(folder, 'simulate.mjs')
  const spoil: esbuild.Plugin = {
    name: 'plant',
    setup: (build) =>
      build.onLoad({ filter: /\.ts$/ }, ({ path: file }) =>
        path.resolve(plant.file) === file
          ? { contents: planted(plant, readFileSync(file, 'utf8')), loader: 'ts' }
          : undefined,
      ),
  }
  const bundle = { bundle: true, format: 'esm', platform: 'node', packages: 'external' } as const
  try {
    await esbuild.build({
      entryPoints: ['scripts/simulate.ts'],
      outfile,
      ...bundle,
      plugins: [spoil],
      logLevel: 'error',
    })
    const tally = new Tally()
    const seeds = options.seeds ?? (options.seed === undefined ? String(seedsPerPlant) : '1')
    const each = Number(options.steps ?? stepsPerPlant)
    const share = ['--seeds', seeds, '--steps', String(each * Number(seeds))]
    const under = options.faults ?? plant.under ?? faults
    const args = ['--seed', options.seed ?? '1', ...share, '--faults', under]
    const child = fork(outfile, [...args, '--part', '0/1'])
    child.on('message', (result: SeedResult) => tally.add(result))
    const [code] = (await once(child, 'exit')) as [number | null]
    if (code !== 0) throw new Error(`the simulator with plant ${plant.name} ended with ${code}`)
    return tellPlant(plant, tally, each)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function tellPlant({ name, why }: Plant, tally: Tally, steps: number): boolean {
  const { failure } = tally
  if (!failure?.violation) {
    console.log(`SURVIVED ${name} (${why}): ${tally.steps} steps in ${tally.seeds} seeds`)
    return false
  }
  const { invariant, detail, step } = failure.violation
  console.log(
    `caught ${name} (${why}): ${invariant} in seed ${failure.seed} at step ${step}\n  ${detail.slice(0, 300)}`,
  )
  console.log(`  again: npm run simulate -- --plant ${name} --seed ${failure.seed} --steps ${steps}`)
  return true
}

async function hunt(name: string): Promise<boolean> {
  let all = true
  for (const plant of name === 'all' ? plants : [plantNamed(name)]) all = (await huntPlant(plant)) && all
  return all
}

async function crash(): Promise<boolean> {
  const found = await enumerateCrashes({ every: 1 })
  for (const { flow, calls, crashes } of found.flows)
    console.log(`${flow}: ${calls} calls, ${crashes} crashes`)
  for (const line of found.failures) console.log(line)
  return found.failures.length === 0
}

async function main(): Promise<void> {
  if (options.part !== undefined) return workPart(options.part)
  const held =
    options.crashes === true
      ? await crash()
      : options.plant === undefined
        ? await simulate()
        : await hunt(options.plant)
  process.exitCode = held ? 0 : 1
}

await main()
