/**
 * Crashes enumerated, not drawn: each flow between two offices is run once to count the calls of both nodes to disk and
 * network, and then once for every one of these calls and node, with a crash at that call. The node starts again, the
 * officer does again what he was not told is done, and both must end level, with all invariants held on the way.
 */
import { type NodeId } from '../../protocol/index.ts'
import { idNumberOf } from '../harness/people.ts'
import { Chance } from './chance.ts'
import { converge } from './convergence.ts'
import { forget, Newer } from './newer.ts'
import { type Kept, type Life } from './stage.ts'
import { World } from './world.ts'

const [homeId, hostId] = ['411500', '440300'] as const
/** Longer than a flow takes on good wires, shorter than a courier's look. */
const flowMs = 900

interface Offices {
  readonly world: World
  readonly home: Life
  readonly host: Life
}
interface Flow {
  readonly name: string
  /** What has happened before; each with time to arrive. */
  readonly before: readonly Doing[]
  readonly act: Doing
  /** There is no agreement yet. */
  readonly strangers?: true
}
type Doing = (offices: Offices) => Promise<unknown>

const idNumber = idNumberOf(1)
const outflow = { destination: { code: hostId as NodeId, text: '深圳' }, leftOn: '2025-03-01' }
const activity = { on: '2025-05-01', kind: 'study', title: '学习' } as const

const roster: Doing = ({ home }) => home.office.roster({ idNumber, name: '王五' })
const publish: Doing = ({ home }) => home.office.outflow({ idNumber, host: hostId, outflow })
const arrive: Doing = ({ host }) =>
  host.office.arrivals({ idNumber, home: homeId, name: '王武', arrivedOn: '2025-04-01', branch: '第一支部' })
const desk = ({ home, world }: Offices) => ({ desk: home.office.desk, id: idOf(world, homeId) })
const hostDesk = ({ host, world }: Offices) => ({ desk: host.office.desk, id: idOf(world, hostId) })
const report: Doing = (offices) => hostDesk(offices).desk.report(hostDesk(offices).id, activity)
const here = [roster, publish, arrive] as const

function idOf(world: World, node: NodeId): string {
  return world.ledger.desk(node).cases[0] ?? ''
}

/** Written while no post gets through, so that a pull has something to fetch. */
const unheard: Doing = async (offices) => {
  offices.world.network.cut.add(`${homeId}>${hostId}`)
  const { desk: at, id } = desk(offices)
  await at.notify(id, { on: '2025-05-01', subject: '通知', text: '内容' })
}

/** Everything that is told of a node before what is lost of it. */
const copies = new WeakMap<World, Kept>()
const keep: Doing = ({ world }) => {
  const kept = world.nodes.get(homeId)?.keep()
  if (kept) copies.set(world, kept)
  return Promise.resolve()
}
const restore: Doing = async ({ world }) => {
  const node = world.nodes.get(homeId)
  const kept = copies.get(world)
  if (!node || !kept) return
  node.crash('to be restored')
  node.putBack(kept.store, undefined)
  await node.start()
}
const close: Doing = (offices) => desk(offices).desk.close(desk(offices).id, { reason: 'returned' })

const newer = ({ world }: Offices) => [...world.network.actors.values()].find((one) => one instanceof Newer)
const joinNewer: Doing = ({ world }) => Newer.join({ world, chance: new Chance(5), days: { repeats: 0 } })
const parked: Doing = (offices) => Promise.resolve(newer(offices)?.sayWhatWaits(hostId))

export const flows: readonly Flow[] = [
  {
    name: 'agreement',
    strangers: true,
    before: [roster, arrive],
    act: ({ world, home, host }) => world.agree(home, host),
  },
  { name: 'roster', before: [], act: roster },
  { name: 'publish', before: [roster], act: publish },
  { name: 'waiting outflow', before: [publish], act: roster },
  { name: 'query and assertion', before: [roster], act: arrive },
  { name: 'query and denial', before: [], act: arrive },
  { name: 'denial and assertion', before: [arrive], act: roster },
  { name: 'arrival', before: [roster, publish], act: arrive },
  { name: 'publication of one who is here', before: [roster, arrive], act: publish },
  { name: 'amend', before: here, act: (o) => desk(o).desk.amend(desk(o).id, { person: { name: '王伍' } }) },
  {
    name: 'relocate',
    before: here,
    act: (o) => hostDesk(o).desk.place(hostDesk(o).id, { branch: '第二支部' }),
  },
  { name: 'activity', before: here, act: report },
  {
    name: 'waiting activity',
    before: [arrive, ({ host }) => host.office.activities(idNumber, activity)],
    act: roster,
  },
  {
    name: 'correction',
    before: [...here, report],
    act: (o) => {
      const [first] = o.world.ledger.desk(hostId).reports
      const body = { corrects: first?.id ?? '', activity: { ...activity, title: '改' } }
      return hostDesk(o).desk.correct(hostDesk(o).id, body)
    },
  },
  {
    name: 'dispute',
    before: here,
    act: (o) => hostDesk(o).desk.dispute(hostDesk(o).id, { reason: 'other' }),
  },
  {
    name: 'departure',
    before: here,
    act: (o) => hostDesk(o).desk.depart(hostDesk(o).id, { departedOn: '2025-06-01' }),
  },
  {
    name: 'return',
    before: here,
    act: (o) => desk(o).desk.registerReturn(desk(o).id, { returnedOn: '2025-06-01' }),
  },
  { name: 'close', before: here, act: (o) => desk(o).desk.close(desk(o).id, { reason: 'returned' }) },
  {
    name: 'pull',
    before: [...here, unheard],
    act: ({ world, host }) => {
      world.network.cut.clear()
      return host.region.requests.pull(homeId)
    },
  },
  {
    name: 'comparison',
    before: here,
    act: async ({ host: { region } }) => {
      const peer = await region.store.read((reader) => region.peers.get(reader, homeId))
      return peer && region.requests.compare(peer, homeId, null)
    },
  },
  { name: 'rotate', before: here, act: ({ home }) => home.region.ownKeys.rotate() },
  {
    name: 'recover',
    before: [roster, keep, publish, arrive, restore],
    act: async ({ home: { region } }) => {
      await region.recovery.allow()
      const peer = await region.store.read((reader) => region.peers.get(reader, hostId))
      if (peer) await region.recovery.recover(peer)
    },
  },
  { name: 'erase', before: [...here, close], act: (o) => desk(o).desk.erase(desk(o).id) },
  {
    name: 'park and settle',
    before: [joinNewer, parked, parked, parked],
    act: (offices) => newer(offices)?.upgradeInPlace(offices.host) ?? Promise.resolve(),
  },
  {
    name: 'pause and resume',
    before: here,
    act: async ({ home: { region, office }, world }) => {
      await region.agreements.pause(hostId, true)
      await office.desk.notify(idOf(world, homeId), { on: '2025-05-01', subject: '通知', text: '内容' })
      await region.agreements.pause(hostId, false)
    },
  },
]

export interface Enumeration {
  readonly flows: { readonly flow: string; readonly calls: number; readonly crashes: number }[]
  readonly failures: string[]
}

/** Crashes each flow at every `every`th call of each node; all of them with 1. */
export async function enumerateCrashes({ every }: { every: number }): Promise<Enumeration> {
  const found: Enumeration = { flows: [], failures: [] }
  for (const flow of flows) {
    const counts = await callsOf(flow)
    let crashes = 0
    for (const [node, calls] of counts)
      for (let k = found.flows.length % every; k < calls; k += every) {
        const failure = await crashAt(flow, node, k)
        if (failure !== undefined) found.failures.push(`${flow.name}, ${node} at call ${k}: ${failure}`)
        crashes++
      }
    found.flows.push({ flow: flow.name, calls: [...counts.values()].reduce((sum, n) => sum + n, 0), crashes })
  }
  return found
}

async function callsOf(flow: Flow): Promise<Map<NodeId, number>> {
  const world = await prepared(flow)
  for (const { disk } of world.nodes.values()) disk.calls = 0
  await perform(world, flow.act)
  forget()
  if (world.violation) throw new Error(`${flow.name} without any crash: ${world.violation.detail}`)
  return new Map([...world.nodes].map(([id, { disk }]) => [id, disk.calls]))
}

async function crashAt(flow: Flow, node: NodeId, k: number): Promise<string | undefined> {
  const world = await prepared(flow)
  const crashing = world.nodes.get(node)
  if (!crashing) throw new RangeError(node)
  const { lives } = crashing
  crashing.disk.callsToCrash = k
  const told = await perform(world, flow.act)
  crashing.disk.callsToCrash = Infinity
  if (crashing.life && crashing.lives === lives)
    return 'it did not crash: the flow is not the same every time'
  await world.pass(30_000)
  // The officer does again what he was not told is done. That it may have been done is no harm.
  if (!told) await perform(world, flow.act)
  for (const { life } of world.living)
    for (const peer of world.nodes.keys()) await life?.region.agreements.pause(peer, false)
  await converge(world)
  forget()
  return world.violation && `${world.violation.invariant}: ${world.violation.detail}`
}

async function prepared({ before, strangers }: Flow): Promise<World> {
  const world = new World(1, 2)
  await world.open(!strangers)
  for (const doing of before) await perform(world, doing)
  return world
}

/** Does it, and lets what follows happen. True when the officer was told that it is done. */
async function perform(world: World, doing: Doing): Promise<boolean> {
  const [home, host] = [homeId, hostId].map((id) => world.nodes.get(id)?.life)
  if (!home || !host) return false
  let told = false
  void doing({ world, home, host }).then(
    () => (told = true),
    (error: unknown) => {
      if (home.alive && host.alive) world.judge(error, 'the office')
    },
  )
  await world.pass(flowMs)
  return told
}
