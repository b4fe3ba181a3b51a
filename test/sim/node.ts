/**
 * One node of the simulation: its disk (a MemoryStore) lives on, while its process lives, crashes and is started again.
 * A life is the production composition over ports that die with it: what a dead process still awaits never has an effect.
 */
import { federationApp } from '../../node/http/federation.ts'
import { type Keyring } from '../../node/keyring.ts'
import { type Log } from '../../node/log.ts'
import { nodeJsCrypto, type Timers } from '../../node/platform.ts'
import { openRegion } from '../../node/region.ts'
import { MemoryStore } from '../../node/store/memory.ts'
import { type NodeId } from '../../protocol/index.ts'
import { testKeyring } from '../harness/keys.ts'
import { Office } from '../harness/office.ts'
import { seededRandom } from '../harness/random.ts'
import { SimStore } from './disk.ts'
import { Disk, type Life, type Machine, type Stage } from './stage.ts'
import { NodeClock } from './timeline.ts'

const keyrings = new Map<NodeId, Keyring>()

/** Keys are made from the name, so they are the same in every world. */
export function keyringOf(node: NodeId): Keyring {
  let keyring = keyrings.get(node)
  if (!keyring) keyrings.set(node, (keyring = testKeyring(node)))
  return keyring
}

export class SimNode implements Machine {
  readonly id: NodeId
  readonly memory = new MemoryStore()
  readonly disk = new Disk()
  readonly clock: NodeClock
  life: Life | undefined
  lives = 0
  /** Steps of the world when this life began, to see crashes in a row. */
  bornAt = 0
  /** The signature that is used up to a few records, so that streams get long. */
  recordsPerEnvelope = 256
  private readonly world: Stage

  constructor(id: NodeId, world: Stage) {
    this.id = id
    this.world = world
    this.clock = new NodeClock(world.timeline)
    this.memory.onCommit = (changes) => world.committed(this, changes)
  }

  /** Starts a process over what is on the disk. */
  boot(): Life {
    const number = ++this.lives
    const self: { life: Life | undefined } = { life: undefined }
    const alive = () => self.life?.alive ?? true
    const region = openRegion({
      self: this.id,
      name: `地区${this.id}`,
      keyring: keyringOf(this.id),
      store: new SimStore(this, alive, this.world),
      platform: {
        clock: this.clock,
        timers: this.timers(alive),
        random: seededRandom(this.world.chance.seed()),
        http: this.world.network.from(this, alive),
        crypto: nodeJsCrypto,
      },
      readSheets: () => Promise.reject(new Error('there are no workbooks in the simulation')),
      tuning: { recordsPerEnvelope: this.recordsPerEnvelope },
      onFault: (error) => alive() && this.world.judge(error, `background work of ${this.id}`),
    })
    const app = federationApp({
      ...region,
      heard: (peer) => region.courier.heard(peer),
      ready: () => Promise.resolve(true),
      log: this.log(alive),
    })
    const life = { number, alive: true, region, app, office: new Office(region) }
    self.life = life
    this.life = life
    this.bornAt = this.world.steps
    this.world.teach?.(life)
    return life
  }

  async start(): Promise<void> {
    const life = this.boot()
    this.world.step(`start ${this.id} ${life.number}`)
    try {
      await life.region.start()
    } catch (error) {
      if (!life.alive) return
      this.world.judge(error, `start of ${this.id}`)
      this.crash('start failed')
      this.world.startLater(this, 1000)
    }
  }

  /** The process is gone, here and now; the disk keeps what was committed. */
  crash(why: string): void {
    if (!this.life) return
    this.world.step(`crash ${this.id} ${this.life.number} ${why}`)
    if (this.lives > 1 && this.world.steps - this.bornAt < 4) this.world.saw('two crashes in a row')
    this.life.alive = false
    this.life = undefined
    this.disk.wakeAll()
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
