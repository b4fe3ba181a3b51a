/**
 * An office at work, and what it remembers of it: every word its node has acknowledged. Before it does anything on a
 * case it looks at it, so what was acknowledged must be there after every crash; what was asked and never answered may
 * be there or not, and the look decides which. At the end the counterpart must hold the same.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { type CaseSummary, type Side } from '../../protocol/index.ts'
import { ApiRefused } from '../../node/cli/client.ts'
import { arrivalsOf, outflowOf, type Person } from './people.ts'
import { type RegionNode, type Regions } from './regions.ts'
import { after, parseShared, wordOf, type SharedCase, type Wit } from './words.ts'

/** Someone whose stay both offices report, from one region in another. */
export interface Stay {
  readonly person: Person
  readonly home: string
  readonly host: string
  published: boolean
  arrived: boolean
}

/** What one side of a case must be: several possibilities while an answer is outstanding. */
interface Remembered {
  side: Side
  possible: SharedCase[]
}

export class Office {
  /** Acknowledged words, by verb. */
  readonly acknowledged = new Map<string, number>()
  readonly violations: string[] = []
  readonly memory = new Map<string, Remembered>()
  readonly stays: Stay[]
  /** Imports since the last backup, in order: what the office must import again after a loss. */
  readonly imported: (readonly ['outflow' | 'arrivals', Buffer])[] = []
  unanswered = 0
  lookedAgain = 0
  /** Refusals that are right for a while, such as of a node that must recover first. */
  tolerated: ReadonlySet<string> = new Set()
  private readonly region: RegionNode
  private readonly regions: Regions
  private readonly wit: Wit
  private readonly thinkMs: number
  private running = false
  private work = Promise.resolve()
  private serial = 0
  private readonly lists = new Map<string, CaseSummary[]>()

  constructor(parts: {
    region: RegionNode
    regions: Regions
    stays: Stay[]
    random: () => number
    thinkMs: number
    amends: boolean
  }) {
    this.region = parts.region
    this.regions = parts.regions
    this.stays = parts.stays
    this.thinkMs = parts.thinkMs
    const serial = () => `${this.region.code}-${++this.serial}`
    this.wit = { random: parts.random, serial, amends: parts.amends }
  }

  start(): void {
    this.running = true
    this.work = this.day()
  }

  async stop(): Promise<void> {
    this.running = false
    await this.work
  }

  /** A look at every case with an open question, so that one possibility is left of each. */
  async settle(): Promise<void> {
    for (const [id, { possible }] of this.memory) if (possible.length > 1) await this.look(id)
  }

  private async day(): Promise<void> {
    while (this.running) {
      await delay(this.thinkMs * (0.5 + this.wit.random()))
      try {
        await this.act()
      } catch (error) {
        // Away or failing: an office tries again later. A clear refusal of something lawful is a defect.
        const refused = error instanceof ApiRefused && error.status < 500
        if (refused && !this.tolerated.has(error.code))
          this.violate(`${this.region.name} refused a lawful word: ${error.code} (${error.message})`)
        await delay(this.thinkMs)
      }
    }
  }

  private violate(sentence: string): void {
    this.violations.push(sentence)
  }

  private async act(): Promise<void> {
    const dice = this.wit.random()
    if (dice < 0.1) return this.importRegister('outflow')
    if (dice < 0.2) return this.importRegister('arrivals')
    const id = await this.someCase()
    if (id !== undefined) await this.workOn(id)
  }

  /** Two people more in one register. An import is repeated until it is answered: that is safe by design. */
  private async importRegister(kind: 'outflow' | 'arrivals'): Promise<void> {
    const outward = kind === 'outflow'
    const open = this.stays.filter(
      (stay) =>
        (outward ? stay.home : stay.host) === this.region.code && !(outward ? stay.published : stay.arrived),
    )
    const [first] = open
    if (!first) return
    const other = outward ? first.host : first.home
    const stays = open.filter((stay) => (outward ? stay.host : stay.home) === other).slice(0, 2)
    const people = stays.map(({ person }) => person)
    const name = this.regions.get(other)?.name ?? ''
    const bytes = outward ? outflowOf(people, name) : arrivalsOf(people, name)
    for (;;) {
      try {
        const report = await this.region.client.import(kind, bytes, `${kind}.csv`)
        if (report.held + report.waiting > 0 && outward)
          this.violate(`${this.region.name}: rows were held: ${JSON.stringify(report.faults)}`)
        break
      } catch (error) {
        if (error instanceof ApiRefused && error.status < 500) throw error
        this.unanswered += 1
        if (!this.running) return
        await delay(this.thinkMs)
      }
    }
    this.imported.push([kind, bytes])
    for (const stay of stays) {
      if (outward) stay.published = true
      else stay.arrived = true
    }
    this.count(kind)
  }

  private async someCase(): Promise<string | undefined> {
    const others = [...this.regions.keys()].filter((code) => code !== this.region.code)
    const peer = others[Math.floor(this.wit.random() * others.length)] ?? ''
    const home = this.wit.random() < 0.5 ? peer : this.region.code
    const key = `${peer} ${home}`
    if (!this.lists.has(key) || this.wit.random() < 0.1)
      this.lists.set(key, await this.region.client.cases(peer, home))
    const list = this.lists.get(key) ?? []
    // The newest are worked on most, so that cases go all their way.
    const at = list.length - 1 - Math.floor(this.wit.random() ** 2 * list.length)
    return list[at]?.id
  }

  private async workOn(id: string): Promise<void> {
    const seen = await this.look(id)
    if (!seen) return
    const verb = wordOf(seen.side, seen.now, this.wit)
    if (!verb) return
    const remembered = { side: seen.side, possible: [seen.now, after(seen.side, seen.now, verb)] }
    this.memory.set(id, remembered)
    try {
      await this.region.client.act(id, verb.path, verb.body)
    } catch (error) {
      this.unanswered += 1
      if (error instanceof ApiRefused && error.status < 500) remembered.possible = [seen.now]
      throw error
    }
    remembered.possible = [after(seen.side, seen.now, verb)]
    this.count(verb.path)
  }

  /** The case as our node holds it; it must be one of what we remember. Undefined while we have no part in it. */
  private async look(id: string): Promise<{ side: Side; now: SharedCase } | undefined> {
    const now = parseShared(await this.region.client.shared(id))
    const known = this.memory.get(id)
    const side = known?.side ?? (await this.sideOf(id))
    // Until our own first word, others move it: home's opening by a query, host's arrival by its register.
    const ours = side === 'home' ? /published|returned|closed/.test(now.home) : now.host !== 'none'
    if (!known && !ours) return undefined
    if (known) {
      const mine = mineOf(side, now)
      const found = known.possible.filter((one) => mineOf(side, one) === mine)
      if (known.possible.length > 1) this.lookedAgain += 1
      if (found.length === 0)
        this.violate(
          `${this.region.name} case ${id}: acknowledged ${known.possible.map((one) => mineOf(side, one)).join(' or ')}, found ${mine}`,
        )
    }
    this.memory.set(id, { side, possible: [now] })
    return { side, now }
  }

  private async sideOf(id: string): Promise<Side> {
    return (await this.region.client.case(id)).side
  }

  private count(verb: string): void {
    this.acknowledged.set(verb, (this.acknowledged.get(verb) ?? 0) + 1)
  }
}

/** What one side has said, in one spelling. */
export function mineOf(side: Side, { home, homeSaid, host, hostSaid, activities }: SharedCase): string {
  const said = side === 'home' ? [home, homeSaid] : [host, hostSaid]
  const own = activities.filter(({ by }) => by === side).map(({ title, on }) => `${title}@${on}`)
  return JSON.stringify([...said, own.sort()])
}
