/**
 * A whole region for a test: the production composition over a memory (or any other) store, virtual time, seeded
 * chance and the in-memory network. Two calls with the same seed make the same node, byte for byte.
 */
import { federationApp } from '../../node/http/federation.ts'
import { type Keyring } from '../../node/keyring.ts'
import { type Log } from '../../node/log.ts'
import { nodeJsCrypto } from '../../node/platform.ts'
import { openRegion, type Region, type Tuning } from '../../node/region.ts'
import { MemoryStore } from '../../node/store/memory.ts'
import { type Store } from '../../node/store/port.ts'
import { type SheetReader } from '../../node/workbooks/index.ts'
import { type NodeId } from '../../protocol/index.ts'
import { type VirtualClock } from './clock.ts'
import { testKeyring } from './keys.ts'
import { type App, type Network } from './network.ts'
import { seededRandom } from './random.ts'
import { MemoryHeads } from './heads.ts'
import { WatchedStore } from './watched-store.ts'

export const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** Tests post thousands of refused bodies at one moment of their clock. */
export const unlimited = {
  enter: () => ({ read: () => undefined, refused: () => undefined, leave: () => undefined }),
}

export interface TestRegion {
  readonly region: Region
  readonly app: App
  readonly store: WatchedStore
  readonly heads: MemoryHeads
  /** Defects of background work. A test ends with none. */
  readonly faults: unknown[]
}

export function openTestRegion(parts: {
  node: NodeId
  network: Network
  clock: VirtualClock
  store?: Store
  heads?: MemoryHeads
  seed?: number
  /** Names the keys; the node's code unless the test wants other ones. */
  keys?: string
  /** The node's own keyring, where it has one that changes. */
  keyring?: Keyring
  tuning?: Tuning
  /** How far this machine's clock is ahead of the world's. */
  aheadMs?: number
  /** For tests that bring workbooks. */
  readSheets?: SheetReader
}): TestRegion {
  const { node, network, clock } = parts
  const faults: unknown[] = []
  const store = new WatchedStore(parts.store ?? new MemoryStore())
  const heads = parts.heads ?? new MemoryHeads()
  const region = openRegion({
    self: node,
    name: `地区${node}`,
    keyring: parts.keyring ?? testKeyring(parts.keys ?? node),
    store,
    headFiles: heads,
    tuning: parts.tuning ?? {},
    platform: {
      clock: { nowMs: () => clock.nowMs() + (parts.aheadMs ?? 0) },
      timers: clock,
      random: seededRandom(parts.seed ?? Number(node)),
      http: network,
      crypto: nodeJsCrypto,
    },
    readSheets: parts.readSheets ?? (() => Promise.reject(new Error('no workbooks in this test'))),
    onFault: (error) => faults.push(error),
  })
  const app = federationApp({
    ...region,
    budgets: unlimited,
    pause: () => Promise.resolve(),
    heard: (peer) => region.courier.heard(peer),
    ready: () => Promise.resolve(true),
    log: silent,
  })
  network.connect(node, app)
  return { region, app, store, heads, faults }
}

/** Both operators compare fingerprints and sign: from here on the two regions are peers. */
export async function agree(a: TestRegion, b: TestRegion, network: Network): Promise<void> {
  const terms = { replyDays: 15, queriesPerDay: 1000, years: 3 }
  const { region: left } = a
  const { region: right } = b
  const draft = left.agreements.propose(
    nodeJsCrypto,
    right.agreements.card(),
    right.agreements.fingerprint(),
    terms,
  )
  const both = await right.sign({
    document: draft,
    url: network.urlOf(left.self),
    fingerprint: left.agreements.fingerprint(),
  })
  await left.sign({
    document: both.document,
    url: network.urlOf(right.self),
    fingerprint: right.agreements.fingerprint(),
  })
}
