/**
 * What the parts of a world know of each other: machines, wires, actors and the stage they stand on. The classes behind
 * these are in node.ts, network.ts and world.ts; here are the words, so that no part has to import the whole.
 */
import { type HttpAnswer, type HttpLimits, type Http } from '../../node/platform.ts'
import { type Region } from '../../node/region.ts'
import { type Change, type MemoryStore } from '../../node/store/memory.ts'
import { type NodeId } from '../../protocol/index.ts'
import { type App } from '../harness/network.ts'
import { type Office } from '../harness/office.ts'
import { type Chance } from './chance.ts'
import { type Witness } from './invariants.ts'
import { type NodeClock, type Timeline } from './timeline.ts'

/** A fault of ours, which no code can be blamed for. The log shows its code. */
export class InjectedFault extends Error {
  readonly code = 'injected'
}

/** One process of a node: the production core, from its start to its crash. */
export interface Life {
  readonly number: number
  alive: boolean
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

export interface Machine {
  readonly id: NodeId
  readonly memory: MemoryStore
  readonly disk: Disk
  readonly clock: NodeClock
  readonly life: Life | undefined
  start(): Promise<void>
  crash(why: string): void
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
  from(machine: Machine, alive: () => boolean): Http
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
  /** What a process is taught when it starts, after an upgrade. */
  teach: ((life: Life) => void) | undefined
  step(line: string): void
  tell(line: string): void
  faulted(kind: string, line: string): void
  judge(error: unknown, where: string): void
  committed(machine: Machine, changes: readonly Change[]): void
  crashed(machine: Machine, what: string): void
  startLater(machine: Machine, delayMs: number): void
  answered(post: Post, answer: HttpAnswer): void
}

/** What a fault kind works with. */
export interface Storm {
  readonly world: Stage
  readonly chance: Chance
  /** The offices; operators who do things twice are a fault as well. */
  readonly days: { repeats: number }
}
