/**
 * Everything that is done to the four regions while their offices work: kills of nodes and of their databases, full
 * disks, wrong clocks, pauses, and what the proxies do to the lines. Drawn from the seed; counted by kind.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { childrenOf, postmasterOf } from './database.ts'
import { fillDisk } from './disk.ts'
import { faultKinds, type Ask, type Fault, type FaultKind, type Reply } from './proxy.ts'
import { type RegionNode, type Regions } from './regions.ts'

export type Deed = 'kill' | 'killPostmaster' | 'killBackend' | 'diskFull' | 'clock' | 'pause'

export interface FaultsWanted {
  readonly kills: number
  /** Of each of the others. */
  readonly others: number
  readonly seconds: number
  /** The region whose disk can be filled. */
  readonly diskOf: string | undefined
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
const clockErrors = [-3 * dayMs, -hourMs, -4 * minuteMs, 4 * minuteMs, hourMs, 3 * dayMs, 40 * dayMs]
/** Of all requests, the share that meets a fault on the line. */
const badLine = 0.12

export class Faults {
  readonly done: Record<Deed, number> = {
    ...{ kill: 0, killPostmaster: 0, killBackend: 0 },
    ...{ diskFull: 0, clock: 0, pause: 0 },
  }
  /** Repeats whose answer was not the first one's. */
  readonly otherAnswers: string[] = []
  repeatsCompared = 0
  private readonly regions: RegionNode[]
  private readonly diskRegion: RegionNode | undefined
  private readonly random: () => number
  private readonly wanted: FaultsWanted
  private readonly say: (sentence: string) => void
  private until = 0

  constructor(regions: Regions, wanted: FaultsWanted, random: () => number, say: (sentence: string) => void) {
    this.regions = [...regions.values()]
    this.diskRegion = wanted.diskOf === undefined ? undefined : regions.get(wanted.diskOf)
    this.wanted = wanted
    this.random = random
    this.say = say
  }

  /** Does all that is wanted; afterwards every node runs, every clock is right and every line is good. */
  async rage(): Promise<void> {
    const { kills, others, seconds } = this.wanted
    this.until = performance.now() + seconds * 1000
    for (const { proxy } of this.regions)
      proxy.plan = { fault: () => this.lineFault(), repeated: (...both) => this.compareRepeat(...both) }
    await Promise.all([
      this.evenly('kill', kills, seconds, () => this.kill()),
      this.evenly('killBackend', others, seconds, () => this.killBackend()),
      this.evenly('clock', others, seconds, () => this.wrongClock()),
      this.evenly('pause', others, seconds, () => this.pause()),
      this.evenly('diskFull', this.diskRegion ? others : 0, seconds, () => this.fullDisk()),
    ])
    for (const { proxy } of this.regions) proxy.plan = { repeated: (...both) => this.compareRepeat(...both) }
    await Promise.all(this.regions.map((region) => region.setClock(0)))
  }

  /** So many times, about evenly over the time; beyond the time until it is done. `deed` says whether it did it. */
  private async evenly(
    name: Deed,
    times: number,
    seconds: number,
    deed: () => Promise<boolean>,
  ): Promise<void> {
    const running = new Set<Promise<unknown>>()
    const failed: unknown[] = []
    const stepMs = (seconds * 1000) / Math.max(1, times)
    // A deed that is never possible must not keep the run for ever.
    const giveUp = performance.now() + seconds * 3000
    for (let done = 0; done < times && performance.now() < giveUp && failed.length === 0;) {
      const left = Math.max(0, this.until - performance.now())
      await delay(Math.min(stepMs, left / (times - done) + 20) * (0.5 + this.random()))
      const before = this.done[name]
      // A region that does not come back ends the run: without it nothing more is done to it, and nobody would say so.
      const run = deed()
        .catch((error: unknown) => failed.push(error))
        .finally(() => running.delete(run))
      running.add(run)
      // What needs long (a restart, a full disk) goes on beside the next.
      await Promise.race([run, delay(50)])
      done += this.done[name] > before ? 1 : 0
    }
    await Promise.all(running)
    if (failed.length > 0) throw failed[0]
  }

  /** What was done on all lines together. */
  onLines(): Record<FaultKind, number> {
    const total = { cutRequest: 0, cutAnswer: 0, hold: 0, repeat: 0, swallow: 0, reset: 0 }
    for (const { proxy } of this.regions) for (const kind of faultKinds) total[kind] += proxy.done[kind]
    return total
  }

  private someone(): RegionNode | undefined {
    return this.regions[Math.floor(this.random() * this.regions.length)]
  }

  /** kill -9 of the node; sometimes of its database server with it, or of the server alone. */
  private async kill(): Promise<boolean> {
    const victim = this.someone()
    if (!victim?.process.ready || victim.busy) return false
    victim.busy = true
    this.done.kill += 1
    try {
      const dice = this.random()
      if (dice < 0.15) await this.killPostmaster(victim)
      await victim.process.kill()
      if (dice > 0.9) await this.killPostmaster(victim)
      await delay(this.random() * 1500)
      await victim.bringBack()
    } finally {
      victim.busy = false
    }
    return true
  }

  private async killPostmaster(victim: RegionNode): Promise<void> {
    const pid = await postmasterOf(victim.process.dataDir)
    if (pid === undefined || !strike(pid, 'SIGKILL')) return
    this.done.killPostmaster += 1
  }

  /** One process of the server; the server then ends all sessions and recovers. */
  private async killBackend(): Promise<boolean> {
    const victim = this.someone()
    if (!victim?.process.ready) return false
    const postmaster = await postmasterOf(victim.process.dataDir)
    const children = postmaster === undefined ? [] : await childrenOf(postmaster)
    const pid = children[Math.floor(this.random() * children.length)]
    if (pid === undefined || !strike(pid, 'SIGKILL')) return false
    this.done.killBackend += 1
    return true
  }

  /** A clock that jumps, stays wrong for a while, and jumps back. */
  private async wrongClock(): Promise<boolean> {
    const victim = this.someone()
    const aheadMs = clockErrors[Math.floor(this.random() * clockErrors.length)] ?? 0
    if (!victim) return false
    await victim.setClock(aheadMs)
    this.done.clock += 1
    await delay(2000 + this.random() * 8000)
    await victim.setClock(0)
    return true
  }

  private async pause(): Promise<boolean> {
    const victim = this.someone()
    if (!victim?.process.ready || victim.busy) return false
    const pid = await victim.tell({ do: 'pid' }).catch(() => undefined)
    if (typeof pid !== 'number' || !strike(pid, 'SIGSTOP')) return false
    this.done.pause += 1
    await delay(1000 + this.random() * 5000)
    strike(pid, 'SIGCONT')
    return true
  }

  private async fullDisk(): Promise<boolean> {
    const victim = this.diskRegion
    if (!victim) return false
    this.done.diskFull += 1
    const free = await fillDisk(victim.process.dataDir)
    await delay(3000 + this.random() * 15_000)
    await free()
    return true
  }

  private lineFault(): Fault | undefined {
    if (this.random() > badLine) return undefined
    const bytes = Math.floor(this.random() ** 2 * 4000)
    const kinds: (() => Fault)[] = [
      () => ({ kind: 'cutRequest', bytes }),
      () => ({ kind: 'cutAnswer', bytes }),
      () => ({ kind: 'hold', ms: this.random() ** 3 * 8000 }),
      // Most at once, some minutes later.
      () => ({ kind: 'repeat', afterMs: this.random() ** 4 * 3 * minuteMs }),
      () => ({ kind: 'swallow' }),
      () => ({ kind: 'reset' }),
    ]
    return kinds[Math.floor(this.random() * kinds.length)]?.()
  }

  /** Receipts of a repeat are the first ones, byte for byte; a later answer may hold more of them, never others. */
  private compareRepeat({ path }: Ask, first: Reply, second: Reply): void {
    if (!path.endsWith('/envelopes') || first.status !== 200 || second.status !== 200) return
    this.repeatsCompared += 1
    const [short, long] = [first.body, second.body].sort((a, b) => a.length - b.length)
    if (short && long && !long.subarray(0, short.length).equals(short)) {
      this.otherAnswers.push(`${path}: a repeat was answered otherwise`)
      this.say('✗ a repeat was answered otherwise')
    }
  }
}

function strike(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}
