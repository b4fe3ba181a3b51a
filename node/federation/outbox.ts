/**
 * The outbox: records written in the transaction of the change they report, each with a position drawn after the lock
 * that guards it. The sealer takes them from there; nothing else sends.
 */
import {
  digestOf,
  erasedLine,
  readRecord,
  thumbprint,
  writeRecord,
  type BodyOf,
  type Crypto,
  type Digest,
  type FactRecord,
  type NodeId,
  type RecordType,
  type Uuid,
} from '../../protocol/index.ts'
import { DomainError } from '../errors.ts'
import { type Clock, type Ids } from '../platform.ts'
import { type Reader, type Row, type Transaction } from '../store/port.ts'
import { envelopesOut, recordsOut, streamsOut } from './tables.ts'

/** A record to be written; id, time and author are added here. */
export type Draft<T extends RecordType = RecordType> = {
  [K in T]: { type: K; case: Uuid | null; body: BodyOf<K> }
}[T]

/** Everything a domain says to one peer is written under this lock, so positions follow causes. */
export function pairLock(peer: NodeId): string {
  return `pair:${peer}`
}

/** The records of a sealed envelope, in its order: the peer's from its first to its last position. */
export function recordsOf(
  reader: Reader,
  { peer, firstPosition, records }: Pick<Row<typeof envelopesOut>, 'peer' | 'firstPosition' | 'records'>,
): Promise<Row<typeof recordsOut>[]> {
  const page = { orderBy: 'position', after: firstPosition - 1, limit: records } as const
  return reader.find(recordsOut, { peer }, page)
}

/** The line of a written record in its envelope. */
export function lineOut({ text, digest }: Row<typeof recordsOut>): string {
  return text ?? erasedLine(digest)
}

/** The key that the text of a record announces; undefined when it announces none. */
export function announcedKid(crypto: Crypto, text: string | null): Digest | undefined {
  const read = text === null ? undefined : readRecord(text)
  if (!read?.ok || !read.known || read.record.type !== 'keys.announced') return undefined
  return thumbprint(crypto, read.record.body.key)
}

/** The envelope that carries the record at this position; undefined while it is not sealed. */
export async function envelopeOf(
  reader: Reader,
  peer: NodeId,
  position: number,
): Promise<Row<typeof envelopesOut> | undefined> {
  const page = { orderBy: 'lastPosition', after: position - 1, limit: 1 } as const
  const [envelope] = await reader.find(envelopesOut, { peer }, page)
  return envelope && envelope.firstPosition <= position ? envelope : undefined
}

export class Outbox {
  private readonly self: NodeId
  private readonly clock: Clock
  private readonly ids: Ids
  private readonly crypto: Crypto
  private readonly wake: (peer: NodeId) => void
  private now = { second: NaN, text: '' }

  constructor(parts: { self: NodeId; clock: Clock; ids: Ids; crypto: Crypto; wake: (peer: NodeId) => void }) {
    this.self = parts.self
    this.clock = parts.clock
    this.ids = parts.ids
    this.crypto = parts.crypto
    this.wake = parts.wake
  }

  /** A record as it will be sent, not yet written: what it does to facts is tried on it first. */
  draft<T extends RecordType>(draft: Draft<T>): FactRecord<T> {
    return {
      id: this.ids.next(),
      type: draft.type,
      v: 1,
      case: draft.case,
      at: this.instant(),
      by: this.self,
      body: draft.body,
    } as FactRecord<T>
  }

  /** Now, to the second; many records are written within one. */
  private instant(): string {
    const second = Math.floor(this.clock.nowMs() / 1000)
    if (this.now.second !== second)
      this.now = { second, text: `${new Date(second * 1000).toISOString().slice(0, 19)}Z` }
    return this.now.text
  }

  /** Writes records for one peer, in this order. The caller holds `pairLock(peer)`. */
  async write(tx: Transaction, peer: NodeId, records: readonly FactRecord[]): Promise<void> {
    if (records.length === 0) return
    const stream = await tx.get(streamsOut, { peer })
    if (stream && stream.standing !== 'open') throw new DomainError('stream_closed', { region: peer })
    await this.put(tx, peer, records)
  }

  /**
   * The same into a stream that need not be open: what is put there waits behind what is sealed of it, and is said again
   * with the rest that waits when the stream goes on.
   */
  async put(tx: Transaction, peer: NodeId, records: readonly FactRecord[]): Promise<void> {
    const positions = await tx.positions(records.length)
    const writtenMs = this.clock.nowMs()
    const rows = records.map((record, i) => {
      const text = writeRecord(record)
      const { case: caseId, type } = record
      const digest = digestOf(this.crypto, text)
      return { peer, position: positions[i] ?? 0, caseId, type, digest, text, writtenMs, outcome: null }
    })
    await tx.insert(recordsOut, rows)
    tx.afterCommit(() => this.wake(peer))
  }
}
