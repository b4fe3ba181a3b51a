/**
 * What the parts of a world know of each other: machines, wires, actors and the stage they stand on. The classes behind
 * these are in node.ts, network.ts and world.ts; here are the words, so that no part has to import the whole.
 */
import { type HttpAnswer, type HttpLimits, type Http } from '../../node/platform.ts'
import { type Region } from '../../node/region.ts'
import { type Change, type MemorySnapshot, type MemoryStore } from '../../node/store/memory.ts'
import { type NodeId } from '../../protocol/index.ts'
import { type App } from '../harness/network.ts'
import { type Office } from '../harness/office.ts'
import { type Chance } from './chance.ts'
import { type Witness } from './witness.ts'
import { type NodeClock, type Timeline } from './timeline.ts'

/** A fault of ours, which no code can be blamed for. The log shows its code. */
export class InjectedFault extends Error {
  readonly code = 'injected'
}

/** A peer that has still to revoke a stolen key and to sign an agreement under the one in its place. */
export interface Errand {
  readonly node: NodeId
  readonly peer: NodeId
  readonly old: string
  revoked: boolean
}

/** One process of a node: the production core, from its start to its crash. */
export interface Life {
  readonly number: number
  /** The database it works on: the node's, or a copy of it that somebody started as well. */
  readonly memory: MemoryStore
  alive: boolean
  /** The database is known to be its own, and its keyring which key is in use: before that nobody can ask it anything. */
  claimed: boolean
  readonly region: Region
  readonly app: App
  readonly office: Office
}

/** Faults of one node's disk and process, as the fault kinds set them. */
export class Disk {
  full = false
  /** How often a statement waits, and up to how long. */
  slow = { often: 0, longestMs: 0 }
  /** Calls from now until the process dies; infinity when it does not. */
  callsToCrash = Infinity
  /** Calls counted, for enumerating crashes. */
  calls = 0
  private readonly sleepers = new Set<() => void>()

  async wait(timeline: Timeline, ms: number): Promise<void> {
    await new Promise<void>((wake) => {
      const cancel = timeline.after(ms, () => {
        this.sleepers.delete(early)
        wake()
      })
      const early = () => {
        cancel()
        wake()
      }
      this.sleepers.add(early)
    })
  }

  wakeAll(): void {
    for (const wake of this.sleepers) wake()
    this.sleepers.clear()
  }
}

/** What a backup holds, and what may be left when a machine is lost. */
export interface Kept {
  readonly store: MemorySnapshot
  readonly heads: ReadonlyMap<string, string>
}

/** How a node is started a second time: on its own database, or on a copy with the same or a copied head store. */
export type Doubling = 'one store' | 'one head store' | 'two head stores'

export interface Machine {
  readonly id: NodeId
  readonly memory: MemoryStore
  /** The head store: it survives whatever happens to the database, unless a fault takes it too. */
  readonly heads: Map<string, string>
  readonly disk: Disk
  readonly clock: NodeClock
  readonly life: Life | undefined
  /** A second process of this node, when somebody has started one. */
  readonly twin: Life | undefined
  /** Steps of the world when the present life began. */
  readonly bornAt: number
  /** A process that listens, by chance when there are two. */
  listening(): Life | undefined
  start(): Promise<void>
  /** All its processes are gone. */
  crash(why: string): void
  keep(): Kept
  /** Puts the database back to what was kept, or to nothing; all processes must be gone. */
  putBack(store: MemorySnapshot | undefined, heads: ReadonlyMap<string, string> | undefined): void
  double(how: Doubling): Promise<void>
  /** Ends it: the second process, or the first and the second goes on alone. */
  undouble(survivor: 'first' | 'second'): void
}

/** One process of a machine, as its disk and wires see it. */
export interface Process {
  readonly machine: Machine
  readonly memory: MemoryStore
  alive(): boolean
  /** It dies at this call, and only it. */
  die(what: string): void
}

export interface Post {
  readonly from: NodeId
  readonly to: NodeId
  readonly door: 'envelopes' | 'requests'
  readonly body: Uint8Array
  readonly sentMs: number
}

/** A node that no production code runs: it answers as its script says. */
export interface Actor {
  readonly node: NodeId
  answer(post: Post): HttpAnswer | Promise<HttpAnswer>
  /** Concludes an agreement with a region, under the keys it has now. */
  agreeWith(life: Life): Promise<void>
}

/** How bad the wires are. All zero is a good network. */
export interface Weather {
  drop: number
  loseAnswer: number
  twice: number
  /** Held until later posts have overtaken it. */
  late: number
  /** Milliseconds one way, from and to. */
  latency: readonly [number, number]
}
export const fair: Weather = { drop: 0, loseAnswer: 0, twice: 0, late: 0, latency: [1, 40] }

export interface Wires {
  weather: Weather
  /** Directions `from>to` in which nothing passes. */
  readonly cut: Set<string>
  /** Directions that are slow, by how much. */
  readonly clogged: Map<string, number>
  readonly actors: Map<NodeId, Actor>
  /** Posts that somebody kept. */
  readonly old: readonly Post[]
  /** The way out of one process: it dies with it. */
  from(process: Process): Http
  post(post: Post, limits: HttpLimits): Promise<HttpAnswer>
  /** An old post comes again, whoever kept it. */
  replay(post: Post): void
  /** Hands a post to whoever listens there now; undefined when nobody does, or dies over it. */
  carry(post: Post): Promise<HttpAnswer | undefined>
}

export interface Stage extends Witness {
  readonly chance: Chance
  readonly timeline: Timeline
  readonly network: Wires
  readonly nodes: ReadonlyMap<NodeId, Machine>
  readonly living: readonly Machine[]
  readonly honest: Set<NodeId>
  readonly dead: ReadonlySet<NodeId>
  readonly steps: number
  readonly stormy: boolean
  /** Nodes that have a damaged row in what they send, and receipts that were damaged in a store. */
  readonly spoilt: Set<NodeId>
  readonly damagedReceipts: Set<string>
  /** Nodes with a row that a bit has flipped in: nobody copies or recovers these meanwhile. */
  readonly damaged: Set<NodeId>
  /** Peers that an operator has still to conclude an agreement with, because his key was stolen. */
  readonly errands: Errand[]
  /** Agreement files with both signatures, the older first, as operators keep them. */
  readonly documents: { readonly nodes: readonly NodeId[]; readonly document: string }[]
  readonly shaken: Set<NodeId>
  readonly forked: Set<NodeId>
  readonly doubled: Set<NodeId>
  /** Nodes whose head store was lost or put back: of what was under way then nobody can know. */
  readonly headless: Set<NodeId>
  readonly replacing: Set<string>
  readonly revoked: Set<string>
  /** Both operators conclude an agreement, under whatever keys they have now. */
  agree(left: Life, right: Life): Promise<void>
  /** What a process is taught when it starts, after an upgrade. */
  teach: ((life: Life) => void) | undefined
  step(line: string): void
  tell(line: string): void
  faulted(kind: string, line: string): void
  judge(error: unknown, where: string): void
  committed(machine: Machine, memory: MemoryStore, changes: readonly Change[]): void
  /** The database of this node is another than it was. */
  putBack(machine: Machine): void
  /** A fault takes this process; the machine starts another one later. */
  died(machine: Machine, end: () => void): void
  startLater(machine: Machine, delayMs: number): void
  /** Envelopes leave a node: of each place one content, whatever happens to it. */
  sent(post: Post): void
  answered(post: Post, answer: HttpAnswer): void
}

/** The life an operator can work with: it has begun, is alone on its disks, and nothing is being repaired in it. */
export function atWork(world: Stage, id: NodeId): Life | undefined {
  const node = world.nodes.get(id)
  return node?.life?.claimed && !node.twin && !world.damaged.has(id) ? node.life : undefined
}

/** What a fault kind works with. */
export interface Storm {
  readonly world: Stage
  readonly chance: Chance
  /** The offices; operators who do things twice are a fault as well. */
  readonly days: { repeats: number }
}
