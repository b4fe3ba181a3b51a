/**
 * What federation asks of whoever understands a record: to judge and apply it, to tell its facts anew after a loss, to
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
   * Applies records that stand one behind the other and are all this handler's, in their order, each as if the ones
   * before it had been applied; an answer for each. Optional: only speed depends on it.
   */
  applyMany?(tx: Transaction, peer: Peer, records: readonly FactRecord[]): Promise<Applied[]>
}

export type RecordHandlers = Record<RecordType, RecordHandler>

/** A record that one of the two nodes has said. */
export interface Told {
  readonly record: FactRecord
  readonly by: NodeId
}

export interface Unfit {
  readonly told: Told
  readonly code: RecordCode
}

export interface Retold {
  readonly unfit: readonly Unfit[]
  /** Another peer that had taken the id of this case for one of its own while nobody here knew of it. */
  readonly displaced?: NodeId
}

/**
 * How facts come back after a loss: anew, from the records of both streams. How the two were interleaved nobody wrote
 * down and nothing depends on, because each side's facts come from that side's records alone.
 */
export interface Facts {
  /** None of these cases with this peer stands in the way of another until it is told. */
  reset(tx: Transaction, peer: NodeId, cases: ReadonlySet<Uuid>): Promise<void>
  /**
   * Tells a case from everything its two sides have said, each side in the order of its stream. What does not fit is
   * left out. `home` says whose case it is where every word of it was erased. Without it nothing is made of a case whose
   * opening is not there.
   */
  retell(
    tx: Transaction,
    peer: Peer,
    caseId: Uuid,
    told: readonly Told[],
    home: NodeId | undefined,
  ): Promise<Retold>
  /**
   * Says on a case what waited, behind all that was told. The answer is why that cannot be, now that it is known what
   * else was said; nothing has changed then.
   */
  sayAgain(tx: Transaction, peer: Peer, record: FactRecord): Promise<RecordCode | undefined>
  /** Removes those of these cases of which nothing was told and nothing could be said again. */
  prune(tx: Transaction, cases: ReadonlySet<Uuid>): Promise<void>
  /** Takes in again questions about a person and their answers, ours and the peer's, in the order of each stream. */
  recall(tx: Transaction, peer: Peer, told: readonly Told[]): Promise<void>
  /** Were we asked this? */
  wasAsked(tx: Transaction, query: Uuid): Promise<boolean>
  /** Did we ask this peer? */
  hasAsked(tx: Transaction, peer: NodeId, query: Uuid): Promise<boolean>
  /** Says what should have followed from words of the peer and was lost before it left. `denied`: queries we have denied. */
  resume(tx: Transaction, peer: Peer, denied: ReadonlySet<Uuid>): Promise<void>
  exists(tx: Transaction, caseId: Uuid): Promise<boolean>
  /** With which peer a case of this id is, and whether we opened it; undefined when there is none. */
  heldWith(tx: Transaction, caseId: Uuid): Promise<{ peer: NodeId; ours: boolean } | undefined>
  /** That side has erased its words, though not all that came before it came back: home had closed the case. */
  erasedBy(tx: Transaction, peer: NodeId, caseId: Uuid, by: NodeId): Promise<void>
}

/** Forgets what one side of a closed case has said. Refused while the case is open. */
export type ForgetSide = (tx: Transaction, peer: NodeId, caseId: Uuid, by: NodeId) => Promise<Applied>
