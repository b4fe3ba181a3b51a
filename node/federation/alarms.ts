/**
 * Alarms: what a person must look at. One cause raises one alarm, however often it is met; it stays until somebody
 * acknowledges it by name. An alarm says what and where, never whose data.
 */
import { type NodeId, type Uuid } from '../../protocol/index.ts'
import { type Clock, type Ids } from '../platform.ts'
import { type Reader, type Row, type Store, type Transaction } from '../store/port.ts'
import { alarms } from './tables.ts'

export const alarmKinds = [
  /** A peer has told two stories under one number; its stream is stopped. Subject: epoch/seq. */
  'fork',
  /** Somebody has seen more of us than this database holds: it was restored or copied. Subject: what was found. */
  'behind',
  /** A peer's stream stands before what we already had of it: it was restored. Subject: epoch/seq, as it first said. */
  'peer_behind',
  /** What came back after a loss does not fit together. Subject: whose stream and which record, or `unsaid` and the case. */
  'replay_differs',
  /** A peer's clock and ours differ by more than five minutes. Subject: the day. */
  'clock_skew',
  /** An agreement ends within thirty days, or has ended. Subject: its id. */
  'agreement_ending',
  /** An agreement begins on a later day, so nothing is exchanged yet; perhaps a clock was ahead when it was signed. Subject: its id. */
  'agreement_ahead',
  /** As many records of a peer are parked as may be; it is let in again when this node knows their types. No subject. */
  'parked_full',
  /** What we had receipted of a peer is under a key that nothing here names: an agreement is missing. Subject: the key. */
  'key_missing',
  /** An account had more numbers shown in the clear than a day's work needs. Subject: the account's id. */
  'many_reveals',
] as const
export type AlarmKind = (typeof alarmKinds)[number]
export type Alarm = Row<typeof alarms>

export class Alarms {
  private readonly clock: Clock
  private readonly ids: Ids

  constructor(parts: { clock: Clock; ids: Ids }) {
    this.clock = parts.clock
    this.ids = parts.ids
  }

  /** Raises it unless the same is open already. `peer` is empty when it concerns this node itself. */
  async raise(tx: Transaction, kind: AlarmKind, peer: NodeId | '', subject: string): Promise<void> {
    await tx.lock([`alarm:${kind}:${peer}`])
    if ((await tx.find(alarms, { kind, peer, subject, open: true })).length > 0) return
    const acknowledged = { acknowledgedMs: null, acknowledgedBy: null }
    const raisedMs = this.clock.nowMs()
    await tx.insert(alarms, [
      { id: this.ids.next(), kind, peer, subject, raisedMs, open: true, ...acknowledged },
    ])
  }

  /** As `raise`, but not again on a day (UTC) on which somebody has acknowledged it already. */
  async raiseOnceADay(tx: Transaction, kind: AlarmKind, peer: NodeId | '', subject: string): Promise<void> {
    await tx.lock([`alarm:${kind}:${peer}`])
    const today = dayOf(this.clock.nowMs())
    const earlier = await tx.find(alarms, { kind, peer, subject })
    if (!earlier.some(({ raisedMs }) => dayOf(raisedMs) === today)) await this.raise(tx, kind, peer, subject)
  }

  /** Whatever its subject: for what is one cause, however many subjects somebody else may give it. */
  async isOpen(reader: Reader, kind: AlarmKind, peer: NodeId | '' = ''): Promise<boolean> {
    return (await reader.find(alarms, { kind, peer, open: true }, { limit: 1 })).length > 0
  }

  /** The newest first; acknowledged ones too when asked. */
  async list(reader: Reader, all = false): Promise<Alarm[]> {
    const rows = await reader.find(alarms, all ? {} : { open: true })
    return rows.sort((one, two) => two.raisedMs - one.raisedMs || (one.id < two.id ? 1 : -1))
  }

  /** False when there is no such open alarm. */
  async acknowledge(store: Store, id: Uuid, by: string): Promise<boolean> {
    return store.transaction(async (tx) => {
      const alarm = await tx.get(alarms, { id })
      if (!alarm?.open) return false
      await tx.update(alarms, { id }, { open: false, acknowledgedMs: this.clock.nowMs(), acknowledgedBy: by })
      return true
    })
  }
}

/** The subject of what is told once a day. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
