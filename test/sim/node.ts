/**
 * One node of the simulation: its disks (a MemoryStore, a head store, a key file) live on, while its process lives,
 * crashes and is started again, sometimes twice. A life is the production composition over ports that die with it: what
 * a dead process still awaits never has an effect.
 */
import { claimDatabase } from '../../node/federation/identity.ts'
import { federationApp } from '../../node/http/federation.ts'
import { type Log } from '../../node/log.ts'
import { type Timers } from '../../node/platform.ts'
import { openRegion } from '../../node/region.ts'
import { MemoryStore, type MemorySnapshot } from '../../node/store/memory.ts'
import { type NodeId } from '../../protocol/index.ts'
import { keyringText } from '../harness/keys.ts'
import { Office } from '../harness/office.ts'
import { unlimited } from '../harness/region.ts'
import { seededRandom } from '../harness/random.ts'
import { callOut, SimHeads, SimStore } from './disk.ts'
import { openSimKeyring, simCrypto } from './keys.ts'
import { Disk, type Doubling, type Kept, type Life, type Machine, type Process, type Stage } from './stage.ts'
import { NodeClock } from './timeline.ts'

export class SimNode implements Machine {
  readonly id: NodeId
  readonly memory = new MemoryStore()
  readonly heads = new Map<string, string>()
  readonly disk = new Disk()
  readonly clock: NodeClock
  life: Life | undefined
  twin: Life | undefined
  lives = 0
  /** Steps of the world when this life began, to see crashes in a row. */
  bornAt = 0
  /** The signature that is used up to a few records, so that streams get long. */
  recordsPerEnvelope = 256
  private keyFile: string
  private doubling: Doubling | undefined
  private readonly world: Stage

  constructor(id: NodeId, world: Stage) {
    this.id = id
    this.world = world
    this.keyFile = keyringText(id)
    this.clock = new NodeClock(world.timeline)
    this.memory.onCommit = (changes) => world.committed(this, this.memory, changes)
  }

  /** Starts a process over what is on the disks. */
  boot(memory = this.memory, heads = this.heads): Life {
    const number = ++this.lives
    const self: { life: Life | undefined } = { life: undefined }
    const alive = () => self.life?.alive ?? true
    const process: Process = { machine: this, memory, alive, die: (what) => this.dies(self.life, what) }
    const region = openRegion({
      self: this.id,
      name: `地区${this.id}`,
      keyring: openSimKeyring(this.keyFile, {
        read: () => Promise.resolve(this.keyFile),
        write: async (text) => {
          await callOut(process, this.world, 'key file')
          this.keyFile = text
          await callOut(process, this.world, 'key kept')
        },
      }),
      store: new SimStore(process, this.world),
      headFiles: new SimHeads(process, heads, this.world),
      platform: {
        clock: this.clock,
        timers: this.timers(alive),
        random: seededRandom(this.world.chance.seed()),
        http: this.world.network.from(process),
        crypto: simCrypto,
      },
      readSheets: () => Promise.reject(new Error('there are no workbooks in the simulation')),
      tuning: { recordsPerEnvelope: this.recordsPerEnvelope },
      onFault: (error) => alive() && this.world.judge(error, `background work of ${this.id}`),
    })
    const app = federationApp({
      ...region,
      budgets: unlimited,
      pause: () => Promise.resolve(),
      heard: (peer) => region.courier.heard(peer),
      ready: () => Promise.resolve(true),
      log: this.log(alive),
    })
    const life = { number, memory, alive: true, claimed: false, region, app, office: new Office(region) }
    self.life = life
    this.world.teach?.(life)
    return life
  }

  async start(): Promise<void> {
    const life = this.boot()
    this.life = life
    this.bornAt = this.world.steps
    this.world.step(`start ${this.id} ${life.number}`)
    try {
      await this.claim(life)
      await life.region.start()
    } catch (error) {
      if (!life.alive) return
      this.world.judge(error, `start of ${this.id}`)
      this.dies(life, 'start failed')
    }
  }

  async claim(life: Life): Promise<void> {
    const { store, keyring } = life.region
    await claimDatabase(store, this.id, keyring)
    life.claimed = true
  }

  listening(): Life | undefined {
    return this.life && this.twin ? this.world.chance.pick([this.life, this.twin]) : (this.life ?? this.twin)
  }

  /** All processes are gone, here and now; the disks keep what was committed. */
  crash(why: string): void {
    for (const life of [this.life, this.twin]) if (life) this.end(life, why)
    this.disk.wakeAll()
  }

  keep(): Kept {
    return { store: this.memory.snapshot(), heads: new Map(this.heads) }
  }

  putBack(store: MemorySnapshot | undefined, heads: ReadonlyMap<string, string> | undefined): void {
    this.memory.restore(store ?? { tables: new Map(), position: 0 })
    if (heads) {
      this.heads.clear()
      for (const [name, text] of heads) this.heads.set(name, text)
    }
    this.world.putBack(this)
  }

  async double(how: Doubling): Promise<void> {
    if (this.twin || !this.life) return
    const { memory, heads } = this.secondDisks(how)
    this.doubling = how
    const twin = this.boot(memory, heads)
    this.twin = twin
    this.world.step(`start ${this.id} ${twin.number} as well, ${how}`)
    try {
      await this.claim(twin)
      await twin.region.start()
    } catch (error) {
      if (!twin.alive) return
      this.world.judge(error, `second start of ${this.id}`)
      this.dies(twin, 'start failed')
    }
  }

  undouble(survivor: 'first' | 'second'): void {
    const { twin, doubling } = this
    if (!twin) return
    if (survivor === 'first') return this.end(twin, 'as the second')
    this.crash('as the first')
    if (doubling === 'one store') return this.world.startLater(this, 1)
    this.putBack(twin.memory.snapshot(), this.twinHeads)
    this.world.startLater(this, 1)
  }

  private twinHeads: Map<string, string> | undefined
  private secondDisks(how: Doubling): { memory: MemoryStore; heads: Map<string, string> } {
    this.twinHeads = how === 'two head stores' ? new Map(this.heads) : undefined
    if (how === 'one store') return { memory: this.memory, heads: this.heads }
    const memory = new MemoryStore()
    memory.restore(this.memory.snapshot())
    memory.onCommit = (changes) => this.world.committed(this, memory, changes)
    return { memory, heads: this.twinHeads ?? this.heads }
  }

  private dies(life: Life | undefined, what: string): void {
    if (!life?.alive) return
    this.world.died(this, () => this.end(life, what))
    this.disk.wakeAll()
  }

  private end(life: Life, why: string): void {
    this.world.step(`crash ${this.id} ${life.number} ${why}`)
    if (this.lives > 1 && this.world.steps - this.bornAt < 4) this.world.saw('two crashes in a row')
    life.alive = false
    if (this.life === life) this.life = undefined
    if (this.twin === life) this.twin = undefined
  }

  private timers(alive: () => boolean): Timers {
    return {
      after: (delayMs, task) =>
        this.world.timeline.after(delayMs, () => {
          if (alive()) task()
        }),
    }
  }

  /** What production would log as a defect ends the run, unless it is a fault we made. */
  private log(alive: () => boolean): Log {
    return {
      info: () => undefined,
      warn: () => undefined,
      error: (event, fields) => {
        if (alive() && fields?.code !== 'injected')
          this.world.violate('no-unexpected-error', `${this.id}: ${event} ${JSON.stringify(fields)}`)
      },
    }
  }
}
