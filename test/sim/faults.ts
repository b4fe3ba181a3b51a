/**
 * The kinds of faults, each switched on or off for a seed, each with a strength of its own by chance ("swarm"). A new
 * kind is one more row: `start` sets its events going, `heal` undoes what lasts.
 */
import { Byzantine } from './byzantine.ts'
import { backUp, changeKeys, doubleNode, lose, undoubleAll } from './losses.ts'
import { Newer } from './newer.ts'
import { allOpen, damage, type Damage } from './observed.ts'
import { fair, type Machine, type Stage, type Storm, type Weather } from './stage.ts'

export interface FaultKind {
  readonly name: string
  readonly about: string
  /** Does what must be there before offices begin. */
  prepare?(storm: Storm): Promise<void>
  start(storm: Storm): void
  heal?(world: Stage): Promise<void>
}

const dayMs = 24 * 3_600_000

/** Again and again while the storm lasts, every `meanMs` on average. */
function often({ world, chance }: Storm, meanMs: number, task: () => void): void {
  world.timeline.after(chance.gap(meanMs), () => {
    if (!world.stormy) return
    task()
    often({ world, chance } as Storm, meanMs, task)
  })
}

function someNode({ world, chance }: Storm): Machine {
  return chance.pick([...world.nodes.values()])
}

function weather(world: Stage, change: Partial<Weather>): void {
  world.network.weather = { ...world.network.weather, ...change }
}

/** Days pass for everybody while somebody is away, or while an old post lies in somebody's drawer. */
function leap({ world, chance }: Storm, kind: string, fromDays: number, toDays: number): void {
  const days = chance.between(fromDays, toDays)
  world.faulted(kind, `${days} days pass`)
  world.timeline.leap(days * dayMs)
}

export const faultKinds: readonly FaultKind[] = [
  {
    name: 'F1',
    about: 'crash before or after any statement, commit, send or answer',
    start: (storm) => {
      const calls = storm.chance.spread(150, 6000)
      for (const node of storm.world.nodes.values()) armed(storm, node, calls)
      // A node that has been started again soon dies again, sometimes at once.
      often(storm, 8000, () => armed(storm, someNode(storm), storm.chance.pick([3, 30, calls])))
    },
    heal: (world) => {
      for (const { disk } of world.nodes.values()) disk.callsToCrash = Infinity
      return Promise.resolve()
    },
  },
  {
    name: 'F2',
    about: 'the answer is lost after the commit',
    start: ({ world, chance }) => weather(world, { loseAnswer: chance.spread(0.005, 0.2) }),
  },
  {
    name: 'F3',
    about: 'posts arrive twice, also weeks later',
    start: (storm) => {
      const { world, chance } = storm
      weather(world, { twice: chance.spread(0.01, 0.3) })
      often(storm, chance.spread(1000, 10_000), () => replayOld(storm))
      if (chance.under(0.6))
        world.timeline.after(chance.spread(20_000, 200_000), () => leap(storm, 'F3', 15, 40))
    },
  },
  {
    name: 'F4',
    about: 'a post arrives after later ones',
    start: ({ world, chance }) => weather(world, { late: chance.spread(0.003, 0.1) }),
  },
  {
    name: 'F5',
    about: 'slow wires, clogged directions',
    start: (storm) => {
      weather(storm.world, { latency: [1, storm.chance.spread(50, 5000)] })
      often(storm, storm.chance.spread(5000, 40_000), () => clog(storm))
    },
    heal: (world) => Promise.resolve(world.network.clogged.clear()),
  },
  {
    name: 'F6',
    about: 'posts are lost',
    start: ({ world, chance }) => weather(world, { drop: chance.spread(0.005, 0.2) }),
  },
  {
    name: 'F7',
    about: 'partitions, also in one direction only',
    start: (storm) => often(storm, storm.chance.spread(5000, 60_000), () => cut(storm)),
    heal: (world) => Promise.resolve(world.network.cut.clear()),
  },
  {
    name: 'F8',
    about: 'a node is away for days',
    start: (storm) => often(storm, storm.chance.spread(20_000, 120_000), () => sendAway(storm)),
  },
  {
    name: 'F9',
    about: 'clocks are off, jump, stand still',
    start: (storm) => often(storm, storm.chance.spread(5000, 60_000), () => disturbClock(storm)),
    heal: (world) => {
      for (const { clock } of world.nodes.values()) clock.set()
      return Promise.resolve()
    },
  },
  {
    name: 'F10',
    about: 'no space left for a while',
    start: (storm) => often(storm, storm.chance.spread(10_000, 80_000), () => fillDisk(storm)),
    heal: (world) => {
      for (const { disk } of world.nodes.values()) disk.full = false
      return Promise.resolve()
    },
  },
  {
    name: 'F11',
    about: 'slow disks: transactions overlap',
    start: ({ world, chance }) => {
      for (const { disk } of world.nodes.values())
        disk.slow = { often: chance.spread(0.002, 0.08), longestMs: chance.spread(20, 2000) }
    },
    heal: (world) => {
      for (const { disk } of world.nodes.values()) disk.slow = { often: 0, longestMs: 0 }
      return Promise.resolve()
    },
  },
  {
    name: 'F12',
    about: 'a database put back to an older copy, with its head store or without; a machine lost',
    start: (storm) => {
      often(storm, 8000, () => backUp(storm))
      often(storm, storm.chance.spread(25_000, 150_000), () => void lose(storm))
    },
  },
  {
    name: 'F13',
    about: 'a node started twice, on one database or on a copy',
    start: (storm) => often(storm, storm.chance.spread(30_000, 150_000), () => void doubleNode(storm)),
    heal: (world) => Promise.resolve(undoubleAll(world)),
  },
  {
    name: 'F14',
    about: 'a newer node writes types that the others learn later',
    prepare: (storm) => Newer.join(storm),
    start: (storm) => newerOf(storm.world)?.start(storm),
    heal: (world) => newerOf(world)?.settle() ?? Promise.resolve(),
  },
  {
    name: 'F15',
    about: 'keys are rotated, revoked, replaced',
    start: (storm) => often(storm, storm.chance.spread(15_000, 100_000), () => void changeKeys(storm)),
  },
  {
    name: 'F16',
    about: 'a hostile peer equivocates, replays, forges, mutates and floods',
    prepare: (storm) => Byzantine.join(storm),
    start: (storm) => byzantineOf(storm.world)?.start(storm),
  },
  {
    name: 'F17',
    about: 'a bit flips in a stored envelope, record or receipt, until an operator repairs it',
    start: (storm) => often(storm, storm.chance.spread(15_000, 90_000), () => void flipBit(storm)),
    heal: (world) => repairAll(world),
  },
  {
    name: 'F18',
    about: 'operators do things twice',
    start: ({ days, chance }) => void (days.repeats = chance.spread(0.02, 0.4)),
  },
]

function armed({ world, chance }: Storm, node: Machine, calls: number): void {
  world.tell(`F1 armed ${node.id}`)
  node.disk.callsToCrash = Math.floor(chance.gap(calls))
}

function replayOld({ world, chance }: Storm): void {
  const { old } = world.network
  if (old.length === 0) return
  const post = chance.pick(old)
  world.faulted('F3', `replay ${post.from}>${post.to} of ${post.sentMs}`)
  world.network.replay(post)
}

function direction({ world, chance }: Storm): [string, string] {
  const [from, to] = [chance.pick([...world.nodes.keys()]), chance.pick([...world.nodes.keys()])]
  return [`${from}>${to}`, `${to}>${from}`]
}

function clog(storm: Storm): void {
  const [way] = direction(storm)
  storm.world.faulted('F5', `clog ${way}`)
  storm.world.network.clogged.set(way, storm.chance.spread(2, 2000))
  storm.world.timeline.after(storm.chance.spread(500, 60_000), () => storm.world.network.clogged.delete(way))
}

function cut(storm: Storm): void {
  const { world, chance } = storm
  const [there, back] = direction(storm)
  const ways = chance.under(0.5) ? [there] : [there, back]
  if (ways.length === 1) world.saw('asymmetric partition')
  world.faulted('F7', `cut ${ways.join()}`)
  for (const way of ways) world.network.cut.add(way)
  world.timeline.after(chance.spread(500, 120_000), () =>
    ways.forEach((way) => world.network.cut.delete(way)),
  )
}

function sendAway(storm: Storm): void {
  const { world, chance } = storm
  const node = someNode(storm)
  if (!node.life) return
  world.faulted('F8', `${node.id} goes away`)
  node.crash('away')
  const awayMs = chance.spread(5000, 120_000)
  world.timeline.after(awayMs / 2, () => leap(storm, 'F8', 0, 9))
  world.startLater(node, awayMs)
}

function disturbClock(storm: Storm): void {
  const { world, chance } = storm
  const node = someNode(storm)
  const what = chance.pick(['skew', 'forward', 'back', 'freeze', 'set', 'set'] as const)
  world.faulted('F9', `${what} ${node.id}`)
  if (what === 'skew') node.clock.offMs += chance.between(-400_000, 400_000)
  if (what === 'forward') node.clock.offMs += chance.spread(1000, 20 * dayMs)
  if (what === 'back') node.clock.offMs -= chance.spread(1000, 20 * dayMs)
  if (what === 'set') {
    if (node.clock.offMs > dayMs) world.saw('a clock set back by days')
    node.clock.set()
  }
  if (what !== 'freeze') return
  world.saw('a clock standing still')
  node.clock.freeze()
  world.timeline.after(chance.spread(500, 60_000), () => node.clock.set())
}

function fillDisk(storm: Storm): void {
  const { disk, id } = someNode(storm)
  storm.world.faulted('F10', id)
  disk.full = true
  storm.world.timeline.after(storm.chance.spread(200, 30_000), () => (disk.full = false))
}

const damages = new WeakMap<Stage, Map<Machine, Damage>>()

/** While the machine was off, so that no transaction had read the row. The operator mends it the same way, later. */
async function flipBit(storm: Storm): Promise<void> {
  const { world, chance } = storm
  const node = someNode(storm)
  const known = damages.get(world) ?? new Map<Machine, Damage>()
  damages.set(world, known)
  if (known.has(node) || node.twin || !node.life || !(await allOpen(node.memory))) return
  // What is known of it now is known of this database.
  world.damaged.add(node.id)
  node.crash('for a flipped bit')
  const done = await damage(node.memory, chance)
  world.startLater(node, 10)
  if (!done) return void world.damaged.delete(node.id)
  known.set(node, done)
  if (done.receipt === undefined) world.spoilt.add(node.id)
  else world.damagedReceipts.add(done.receipt)
  world.saw('bit flipped in a stored row')
  world.faulted('F17', `${node.id} ${done.about}`)
  world.timeline.after(chance.spread(5000, 60_000), () => void repair(world, node))
}

async function repair(world: Stage, node: Machine): Promise<void> {
  const done = damages.get(world)?.get(node)
  if (!done) return
  damages.get(world)?.delete(node)
  node.crash('for repair')
  await done.undo()
  world.spoilt.delete(node.id)
  world.damaged.delete(node.id)
  world.tell(`F17 repaired ${node.id}`)
  world.startLater(node, 10)
}

async function repairAll(world: Stage): Promise<void> {
  for (const node of [...(damages.get(world)?.keys() ?? [])]) await repair(world, node)
}

function newerOf(world: Stage): Newer | undefined {
  return [...world.network.actors.values()].find((actor) => actor instanceof Newer)
}

function byzantineOf(world: Stage): Byzantine | undefined {
  return [...world.network.actors.values()].find((actor) => actor instanceof Byzantine)
}

/** Faults stop; what lasts is undone, as far as it can be. */
export async function healAll(world: Stage): Promise<void> {
  world.network.weather = fair
  for (const kind of faultKinds) await kind.heal?.(world)
}
