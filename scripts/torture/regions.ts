/**
 * Four regions on this machine, each a node process with its own PostgreSQL behind a proxy of ours, every pair of them
 * with an agreement. A region that was killed is brought back until it answers, however often that takes.
 */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort, NodeProcess } from '../network/node-process.ts'
import { clockFileOf, type Order } from './node.ts'
import { Proxy } from './proxy.ts'

export const regionNames = { 411500: '信阳', 440300: '深圳', 630100: '西宁', 632800: '海西' } as const

/** How long a node may need to come back before that is itself a violation: attacks.md bar 22 allows ten seconds alone. */
const backWithinMs = 240_000

export interface Return {
  readonly node: string
  readonly ms: number
  /** Starts that ended before the node answered. */
  readonly failed: number
}

export class RegionNode {
  readonly process: NodeProcess
  readonly proxy: Proxy
  readonly returns: Return[] = []
  /** What a process said that ended though nobody had asked it to. */
  readonly ends: string[] = []
  /** One hand at a time kills and starts. */
  busy = false
  /** Signed agreements by the other region's code. */
  readonly documents = new Map<string, string>()

  constructor(process: NodeProcess, proxy: Proxy) {
    this.process = process
    this.proxy = proxy
    process.onEnd = (lastWords) => {
      this.ends.push(lastWords.slice(-600))
      // As an office's service manager does (Restart=always).
      if (!this.busy) void this.restart().catch(() => undefined)
    }
  }

  get code(): string {
    return this.process.config.node
  }

  get name(): string {
    return this.process.name
  }

  get client(): NodeProcess['client'] {
    return this.process.client
  }

  /** Where peers reach it: through the proxy. */
  get federationUrl(): string {
    return this.proxy.url
  }

  /** Has it ended, it is started again; whoever is at it already does that. */
  async restart(): Promise<void> {
    if (this.busy || this.process.ready) return
    this.busy = true
    await this.bringBack().finally(() => (this.busy = false))
  }

  /** Starts until it answers. */
  async bringBack(): Promise<void> {
    const from = performance.now()
    for (let failed = 0; ; failed++) {
      try {
        await this.process.start()
        this.returns.push({ node: this.code, ms: performance.now() - from, failed })
        return
      } catch (error) {
        await this.process.kill()
        if (performance.now() - from > backWithinMs) throw error
        await delay(500)
      }
    }
  }

  async setClock(aheadMs: number): Promise<void> {
    await writeFile(clockFileOf(this.process.dataDir), String(aheadMs))
    // A node that is away reads it when it starts.
    if (this.process.ready) await this.tell({ do: 'clock' }).catch(() => undefined)
  }

  tell(order: Order): Promise<unknown> {
    return this.process.ask(order)
  }
}

export type Regions = ReadonlyMap<string, RegionNode>

/** Prepares and starts the four; `folderOf` may have put a disk of its own under one. */
export async function openRegions(
  folderOf: (code: string) => Promise<string>,
  onOutput: (text: string) => void,
): Promise<Map<string, RegionNode>> {
  const regions = new Map<string, RegionNode>()
  for (const [code, name] of Object.entries(regionNames)) {
    const [federation, local] = [await freePort(), await freePort()]
    const config = async () => ({
      ...{ node: code, name },
      federation: { host: '127.0.0.1', port: federation },
      local: { port: local },
    })
    const process = await NodeProcess.prepare(await folderOf(code), config, onOutput)
    process.program = path.resolve(globalThis.process.argv[1] ?? '')
    regions.set(code, new RegionNode(process, await Proxy.open({ host: '127.0.0.1', port: federation })))
  }
  await Promise.all([...regions.values()].map((region) => region.process.start()))
  return regions
}

export async function closeRegions(regions: Regions, keep: boolean): Promise<void> {
  for (const region of regions.values()) {
    await region.process.stop()
    await region.proxy.close()
    await (keep ? region.process.stopDatabase() : region.process.remove()).catch(() => undefined)
  }
}

/** Every two regions of the network, each pair once. */
export function pairsOf(regions: Regions): (readonly [RegionNode, RegionNode])[] {
  const all = [...regions.values()]
  return all.flatMap((one, i) => all.slice(i + 1).map((other) => [one, other] as const))
}

/** Both operators' parts for every pair. */
export async function agreeAll(regions: Regions): Promise<void> {
  for (const [one, other] of pairsOf(regions)) {
    const [ours, theirs] = [await one.client.node(), await other.client.node()]
    const terms = { fingerprint: theirs.fingerprint, replyDays: 15, queriesPerDay: 100_000, years: 3 }
    const { document: draft } = await one.client.propose({ card: await other.client.card(), ...terms })
    const towards = { url: one.federationUrl, fingerprint: ours.fingerprint }
    const { document } = await other.client.sign({ document: draft, ...towards })
    await one.client.sign({ document, url: other.federationUrl, fingerprint: theirs.fingerprint })
    one.documents.set(other.code, document)
    other.documents.set(one.code, document)
  }
}
