/**
 * What federation asks of whoever understands a record: to judge and apply it, to take it in again after a loss, to
 * forget it. Federation itself knows streams and outcomes, and nothing of members and cases.
 */
import {
  type FactRecord,
  type NodeId,
  type RecordCode,
  type RecordType,
  type Uuid,
} from '../../protocol/index.ts'
import { type Transaction } from '../store/port.ts'
import { type Peer } from './peers.ts'

export type Applied = { outcome: 'applied' } | { outcome: 'refused'; code: RecordCode }
export const applied: Applied = { outcome: 'applied' }
export function refused(code: RecordCode): Applied {
  return { outcome: 'refused', code }
}

/** Where a record stands in the stream it came in. */
export interface RecordPlace {
  readonly epoch: number
  readonly seq: number
  readonly index: number
}

/** What is done with a record of one type. It judges before it writes: a refusal leaves nothing behind. */
export interface RecordHandler {
  /** Reads, in few round trips, the rows that applying these records will need. Optional: only speed depends on it. */
  prepare?(tx: Transaction, peer: Peer, records: readonly FactRecord[]): Promise<void>
  apply(tx: Transaction, peer: Peer, record: FactRecord, at: RecordPlace): Promise<Applied>
  /**
   * Takes in again a record that was applied before a loss: the facts alone, without any reply, whoever of the two wrote
   * it. False when what it builds on is not there yet.
   */
  replay(tx: Transaction, peer: Peer, record: FactRecord, by: NodeId, at: RecordPlace): Promise<boolean>
}
export type RecordHandlers = Record<RecordType, RecordHandler>

/** Forgets what one side of a closed case has said. Refused while the case is open. */
export type ForgetSide = (tx: Transaction, peer: NodeId, caseId: Uuid, by: NodeId) => Promise<Applied>
