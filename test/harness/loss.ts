/**
 * Losing and restoring a node: a region whose process, store and head store can be stopped, rewound, lost or doubled
 * apart from each other, as disks, backups and virtual machines do it. Its keyring is what stays, like the key file.
 */
import { expect } from 'vitest'
import { alarms, streamsOut } from '../../node/federation/tables.ts'
import { claimDatabase } from '../../node/federation/identity.ts'
import { openKeyring, type Keyring } from '../../node/keyring.ts'
import { nodeJsCrypto } from '../../node/platform.ts'
import { MemoryStore, type MemorySnapshot } from '../../node/store/memory.ts'
import { isErased, type NodeId } from '../../protocol/index.ts'
import { settled } from './clock.ts'
import { MemoryHeads } from './heads.ts'
import { keyringText } from './keys.ts'
import { Office } from './office.ts'
import { agree, openTestRegion, type TestRegion } from './region.ts'
import { newWorld, shenzhen, xinyang, type Side, type World } from './world.ts'

export interface Kept {
  readonly store: MemorySnapshot
  readonly heads: ReadonlyMap<string, string>
}

/** One node over all its lives. */
export class Node implements Side {
  readonly node: NodeId
  readonly keyring: Keyring
  memory = new MemoryStore()
  heads = new MemoryHeads()
  private readonly world: World
  private now: TestRegion
  private seed: number
  /** How far this machine's clock is ahead, from its next start on. */
  clockAheadMs = 0
  /** Faults of processes that are gone. */
  readonly before: unknown[] = []

  constructor(world: World, node: NodeId, seed = 1) {
    this.world = world
    this.node = node
    this.seed = Number(node) + seed * 1000
    // Its own, because keys are added to it.
    this.keyring = openKeyring(nodeJsCrypto, keyringText(node))
    this.now = this.open()
  }

  get region(): TestRegion['region'] {
    return this.now.region
  }
  get app(): TestRegion['app'] {
    return this.now.app
  }
  get store(): TestRegion['store'] {
    return this.now.store
  }
  get faults(): unknown[] {
    return [...this.before, ...this.now.faults]
  }
  get office(): Office {
    return new Office(this.now.region)
  }

  async claim(): Promise<void> {
    await claimDatabase(this.memory, this.node, this.keyring)
  }

  /** Everything a backup of the database and a copy of the head store hold now. */
  keep(): Kept {
    return { store: this.memory.snapshot(), heads: new Map(this.heads.files) }
  }

  /** The process dies. */
  async stop(): Promise<void> {
    this.before.push(...this.now.faults)
    this.world.network.disconnect(this.node)
    await this.now.region.stop()
  }

  /** The process starts on whatever the disks hold. */
  async start(): Promise<void> {
    this.now = this.open()
    await this.claim()
    await this.now.region.start()
    await settled()
  }

  /** Stops, puts the database (and the head store, if meant) back to what was kept, and starts again. */
  async restore(kept: Kept, heads: 'heads kept' | 'heads too' | 'heads lost' = 'heads kept'): Promise<void> {
    await this.stop()
    this.memory = new MemoryStore()
    this.memory.restore(kept.store)
    if (heads !== 'heads kept') this.heads.files.clear()
    if (heads === 'heads too') for (const [name, text] of kept.heads) this.heads.files.set(name, text)
    await this.start()
  }

  /** A second machine with the same keys: on a copy of the database, with or without its own copy of the head store. */
  clone(kept: Kept, heads: 'one head store' | 'two head stores'): Node {
    const twin = Object.create(Node.prototype) as Node
    const memory = new MemoryStore()
    memory.restore(kept.store)
    const files = heads === 'one head store' ? this.heads : new MemoryHeads()
    if (heads === 'two head stores') for (const [name, text] of kept.heads) files.files.set(name, text)
    Object.assign(twin, { world: this.world, node: this.node, keyring: this.keyring, memory, heads: files })
    Object.assign(twin, { seed: this.seed + 77, before: [] })
    twin.now = twin.open()
    return twin
  }

  openAlarms(): Promise<string[]> {
    return this.memory.read(async (reader) =>
      (await reader.find(alarms, { open: true })).map(({ kind, peer }) => `${kind} ${peer}`.trim()).sort(),
    )
  }

  standing(): Promise<string[]> {
    return this.memory.read(async (reader) =>
      (await reader.find(streamsOut, {}, { orderBy: 'peer' })).map(({ standing }) => standing),
    )
  }

  /** The operator's one command, and time for it to be carried out. */
  async recover(only?: NodeId): Promise<void> {
    await this.region.recovery.allow(only)
    await this.world.clock.advance(61_000)
  }

  private open(): TestRegion {
    const { node, memory, heads, keyring, clockAheadMs: aheadMs } = this
    return openTestRegion({ ...this.world, node, store: memory, heads, keyring, aheadMs, seed: this.seed++ })
  }
}

export interface Nodes extends World {
  readonly home: Node
  readonly host: Node
}

export async function twoNodes(seed = 1): Promise<Nodes> {
  const world = newWorld()
  const nodes = { ...world, home: new Node(world, xinyang, seed), host: new Node(world, shenzhen, seed) }
  for (const node of [nodes.home, nodes.host]) await node.claim()
  await agree(nodes.home, nodes.host, world.network)
  await settled()
  for (const node of [nodes.home, nodes.host]) await node.region.start()
  await settled()
  return nodes
}

/** One more node, with an agreement with `peer`. */
export async function joined(world: World, node: NodeId, peer: Node): Promise<Node> {
  const another = new Node(world, node)
  await another.claim()
  await agree(peer, another, world.network)
  await another.region.start()
  await settled()
  return another
}

/** Envelopes and receipts that left a node from now on. The same bytes again are nothing new. */
export function watchSigned({ network }: World, node: NodeId): Set<string> {
  const tokens = new Set<string>()
  const before = network.answered
  const take = (bytes: Uint8Array) => {
    for (const line of Buffer.from(bytes).toString().split('\n'))
      if (line !== '' && !line.startsWith('{') && !isErased(line)) tokens.add(line)
  }
  network.answered = (post, answer) => {
    if (post.door === 'envelopes' && post.from === node) take(post.body)
    if (post.door === 'envelopes' && post.to === node && answer.status === 200) take(answer.body)
    return before(post, answer)
  }
  return tokens
}

/** Both hold the same cases with byte-equal shared views and the same denied queries, and nothing is on its way. */
export async function expectSame({ home, host }: Nodes): Promise<void> {
  expect([...home.faults, ...host.faults]).toEqual([])
  const ours = await home.office.sharedViews(host.node)
  const theirs = await host.office.sharedViews(home.node)
  expect([...theirs]).toEqual([...ours])
  for (const homeNode of [home.node, host.node]) {
    const pages = []
    for (const [one, other] of [
      [home, host],
      [host, home],
    ] as const)
      pages.push(
        await one.memory.read((reader) =>
          one.region.views.comparedPage(reader, one.node, other.node, homeNode, null),
        ),
      )
    expect(pages[1]).toEqual(pages[0])
  }
}
