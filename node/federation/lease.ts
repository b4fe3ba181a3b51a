/**
 * The lease of the one process that signs. Several processes may serve a region on one database; whoever holds this
 * row seals, delivers and takes envelopes, the others answer that they cannot now. It is taken when it is needed and
 * runs out by itself, so a process that was killed is followed within seconds.
 *
 * Safety does not hang on it or on any clock: every stream has its lock and its number in the database.
 */
import { type Clock } from '../platform.ts'
import { type Store } from '../store/port.ts'
import { leases } from './tables.ts'

const leaseMs = 15_000

export class Lease {
  private readonly name: string
  private readonly holder: string
  private readonly store: Store
  private readonly clock: Clock
  private untilMs = 0
  private whenTaken = () => {}

  constructor(parts: { name: string; holder: string; store: Store; clock: Clock }) {
    this.name = parts.name
    this.holder = parts.holder
    this.store = parts.store
    this.clock = parts.clock
  }

  /** Has this done each time the lease has come to this process. */
  onTaken(work: () => void): void {
    this.whenTaken = work
  }

  /** True while this process may sign; takes or renews the lease when that is due. */
  async held(): Promise<boolean> {
    const nowMs = this.clock.nowMs()
    if (this.untilMs - nowMs > leaseMs / 2 && this.untilMs - nowMs <= leaseMs) return true
    const renewed = this.untilMs > nowMs
    this.untilMs = (await this.take(nowMs)) ?? 0
    const held = this.untilMs > nowMs
    if (held && !renewed) this.whenTaken()
    return held
  }

  /** Gives it to whoever comes next. Not needed for anything but speed, so it keeps nobody from stopping. */
  async release(): Promise<void> {
    if (this.untilMs === 0) return
    this.untilMs = 0
    const given = this.store.transaction(async (tx) => {
      await tx.lock([`lease:${this.name}`])
      const row = await tx.get(leases, { name: this.name })
      if (row?.holder === this.holder) await tx.remove(leases, { name: this.name })
    })
    await given.catch(() => undefined)
  }

  private take(nowMs: number): Promise<number | undefined> {
    return this.store.transaction(async (tx) => {
      await tx.lock([`lease:${this.name}`])
      const row = await tx.get(leases, { name: this.name })
      const untilMs = nowMs + leaseMs
      // A holder whose clock ran far ahead would keep it for ever: nobody holds it for longer than it lasts.
      const taken = row && row.holder !== this.holder && row.untilMs > nowMs && row.untilMs <= untilMs
      if (taken) return undefined
      if (row) await tx.update(leases, { name: this.name }, { holder: this.holder, untilMs })
      else await tx.insert(leases, [{ name: this.name, holder: this.holder, untilMs }])
      return untilMs
    })
  }
}
