/** The usual beginnings of a test: a region and a peer whose bytes the test writes, or two regions with an agreement. */
import { type Tuning } from '../../node/region.ts'
import { type Store } from '../../node/store/port.ts'
import { deliveryLimits, type NodeId } from '../../protocol/index.ts'
import { settled, VirtualClock } from './clock.ts'
import { Network } from './network.ts'
import { Office } from './office.ts'
import { ScriptedPeer } from './peer.ts'
import { agree, openTestRegion, type TestRegion } from './region.ts'

export const xinyang: NodeId = '411500'
export const shenzhen: NodeId = '440300'
export const dongguan: NodeId = '441900'

export interface World {
  readonly clock: VirtualClock
  readonly network: Network
}

export function newWorld(): World {
  return { clock: new VirtualClock(), network: new Network() }
}

/** Xinyang, with a scripted Shenzhen as its peer. Posts to Shenzhen go nowhere. */
export async function withScriptedPeer(
  store?: Store,
): Promise<World & { us: TestRegion; peer: ScriptedPeer }> {
  const world = newWorld()
  const us = openTestRegion({ ...world, node: xinyang, ...(store ? { store } : {}) })
  const peer = new ScriptedPeer(shenzhen, xinyang)
  world.network.fate = ({ to }) => (to === shenzhen ? 'drop' : 'deliver')
  await peer.agreeWith(us)
  await settled()
  return { ...world, us, peer }
}

export interface Side extends TestRegion {
  readonly office: Office
}

export interface Pair extends World {
  readonly home: Side
  readonly host: Side
}

/** Xinyang as home and Shenzhen as host, agreed, with deliveries at once unless the test holds them. */
export async function twoRegions(seed = 1, tuning: Tuning = {}): Promise<Pair> {
  const world = newWorld()
  const open = (node: NodeId, n: number): Side => {
    const opened = openTestRegion({ ...world, node, seed: seed * 10 + n, tuning })
    return { ...opened, office: new Office(opened.region) }
  }
  const pair = { ...world, home: open(xinyang, 1), host: open(shenzhen, 2) }
  await agree(pair.home, pair.host, world.network)
  await settled()
  // They have greeted each other: what a test counts begins here.
  world.network.posts.length = 0
  return pair
}

/** Lets everything that is written arrive, however long peers had been backing off. */
export async function level({ clock, network, home, host }: Pair): Promise<void> {
  network.fate = () => 'deliver'
  network.release()
  for (let i = 0; i < 4; i++) {
    home.region.courier.wake(host.region.self)
    host.region.courier.wake(home.region.self)
    await settled()
    await clock.advance(61_000)
  }
}

/** Lets what one side has written so far arrive at the other, and nothing the other way. */
export async function deliver({ network, clock }: World, from: Side, to: Side): Promise<void> {
  network.fate = (post) => (post.from === from.region.self ? 'deliver' : 'drop')
  from.region.courier.heard(to.region.self)
  from.region.courier.wake(to.region.self)
  await settled()
  // Whoever was heard before and is heard again is tried so much later.
  await clock.advance(deliveryLimits.heardAgainMs)
  network.fate = () => 'drop'
}
