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
   * it. Refused when what it builds on is not there yet. `at` is its place; one that waits to be said has none.
   */
  replay(tx: Transaction, peer: Peer, record: FactRecord, by: NodeId, at?: RecordPlace): Promise<Applied>
  /** Says what should have followed from replayed records of the peer and was lost before it left. */
  resume?(tx: Transaction, peer: Peer, replayed: Replayed): Promise<void>
}

/** What came back from a peer's copies, in the order of the streams. */
export interface Replayed {
  readonly ours: readonly FactRecord[]
  readonly theirs: readonly FactRecord[]
}

export type RecordHandlers = Record<RecordType, RecordHandler>

/** What federation must be able to do with a case without knowing what it is. */
export interface CaseFacts {
  exists(tx: Transaction, caseId: Uuid): Promise<boolean>
  /** A closed case of which only its erasure by home is left. */
  openErased(tx: Transaction, peer: NodeId, caseId: Uuid, home: NodeId): Promise<void>
  /** Takes back what this side says of a case, so that it can be folded anew from its records. */
  unsay(tx: Transaction, peer: NodeId, caseId: Uuid): Promise<void>
  /** Removes it when nothing of ours came of it. */
  prune(tx: Transaction, caseId: Uuid): Promise<void>
}

/** Forgets what one side of a closed case has said. Refused while the case is open. */
export type ForgetSide = (tx: Transaction, peer: NodeId, caseId: Uuid, by: NodeId) => Promise<Applied>
