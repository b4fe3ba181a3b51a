/**
 * One seed from its beginning to its end: a world, a storm of faults over offices at work, then fair weather in which all
 * must become level. What is drawn, and in which order, depends on the seed alone.
 */
import { Chance } from './chance.ts'
import { converge } from './convergence.ts'
import { faultKinds, healAll } from './faults.ts'
import { type Storm } from './stage.ts'
import { forget } from './newer.ts'
import { OfficeDays } from './office-days.ts'
import { employ } from './operators.ts'
import { type Sighting } from './sightings.ts'
import { World, type Violation } from './world.ts'

export interface SeedResult {
  readonly seed: number
  readonly steps: number
  readonly rounds: number
  readonly hash: string
  /** What the machine spent on it; not part of what is the same every time. */
  readonly cpuSeconds: number
  readonly violation: Violation | undefined
  readonly faults: Readonly<Record<string, number>>
  readonly seen: Readonly<Partial<Record<Sighting, number>>>
}

/** Steps of one seed, unless told: long enough for stories, short enough that the world stays small. */
export const stepsPerSeed = 5000

/** Virtual time after which a storm ends though nothing more happens in it. */
const longestStormMs = 4 * 3_600_000

export async function runSeed(
  seed: number,
  steps: number,
  faults: readonly string[] = faultKinds.map(({ name }) => name),
): Promise<SeedResult> {
  const draw = new Chance(seed ^ 0x5eed)
  const began = process.cpuUsage()
  const world = new World(seed, draw.between(3, 4))
  try {
    const rounds = await weatherThrough(world, draw, steps, faults)
    const { user, system } = process.cpuUsage(began)
    return {
      cpuSeconds: (user + system) / 1e6,
      ...{ seed, steps: world.steps, rounds, hash: world.trace.digest(), violation: world.violation },
      faults: Object.fromEntries(world.faults),
      seen: Object.fromEntries(world.seen),
    }
  } finally {
    forget()
  }
}

async function weatherThrough(
  world: World,
  draw: Chance,
  steps: number,
  faults: readonly string[],
): Promise<number> {
  for (const node of world.nodes.values()) node.recordsPerEnvelope = draw.pick([1, 2, 4, 16, 256])
  await world.open()
  const days = new OfficeDays(world)
  const storm: Storm = { world, chance: new Chance(draw.seed()), days }
  // Every seed has its own mixture: a fault that always happens hides what happens without it.
  const kinds = faultKinds.filter(({ name }) => faults.includes(name) && draw.under(0.6))
  for (const kind of kinds) await kind.prepare?.(storm)
  world.stormy = true
  days.start()
  const gapMs = draw.spread(1000, 20_000)
  const coffee = new Chance(draw.seed())
  employ(world, () => (world.stormy ? coffee.gap(gapMs) : 2000))
  for (const kind of kinds) kind.start(storm)
  world.tell(`storm of ${kinds.map(({ name }) => name).join()}`)
  await untilStep(world, steps)
  world.stormy = false
  await healAll(world)
  await liven(world, draw)
  return world.violation ? 0 : converge(world)
}

async function untilStep(world: World, steps: number): Promise<void> {
  const began = world.timeline.nowMs()
  let look = 0
  while (world.steps < steps && !world.violation && (await world.timeline.next())) {
    if (++look % 64 === 0) lookAtBreakers(world)
    if (look % 4096 === 0 && look > 100 * steps && world.timeline.nowMs() - began > longestStormMs) return
  }
}

/** All are started and talk again, except, in some seeds, one that never comes back. */
async function liven(world: World, draw: Chance): Promise<void> {
  const lost = draw.under(0.25) ? draw.pick([...world.nodes.values()]) : undefined
  if (lost) {
    world.saw('one region dead to the end')
    world.dead.add(lost.id)
    lost.crash('for ever')
  }
  for (const node of world.nodes.values()) {
    if (node === lost) continue
    if (!node.life) world.startLater(node, 1)
  }
  await world.pass(3000)
  for (const { id, life } of world.living)
    for (const peer of [...world.nodes.keys(), ...world.network.actors.keys()])
      void life?.region.agreements
        .pause(peer, false)
        .catch((error: unknown) => life.alive && world.judge(error, `resume at ${id}`))
  await world.pass(1000)
}

const openBreakers = new WeakMap<World, Set<string>>()

function lookAtBreakers(world: World): void {
  const open = openBreakers.get(world) ?? new Set()
  openBreakers.set(world, open)
  for (const { id, life } of world.living)
    for (const peer of world.nodes.keys()) {
      if (peer === id || !life) continue
      const route = `${id} ${life.number} ${peer}`
      const is = life.region.courier.delivery(peer).breakerOpen
      if (is && !open.has(route)) {
        open.add(route)
        world.saw('breaker open')
      } else if (!is && open.delete(route)) world.saw('breaker closed again')
    }
}
