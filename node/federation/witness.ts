/**
 * Peers as witnesses of our audit (attacks.md W17): once a day each is told in its stream how long our audit is and the
 * hash of its last entry. Its signed receipt, and its own copy, show later whether the end was cut off or written anew.
 * The same is kept of what peers tell of theirs.
 */
import { readRecord, type Digest, type FactRecord, type NodeId } from '../../protocol/index.ts'
import { auditHeads } from '../audit/tables.ts'
import { DomainError } from '../errors.ts'
import { type Clock } from '../platform.ts'
import { type Reader, type Row, type Store, type Transaction } from '../store/port.ts'
import { dayOf } from './alarms.ts'
import { applied, type RecordHandler } from './handlers.ts'
import { envelopeOf, pairLock, type Outbox } from './outbox.ts'
import { type Peers } from './peers.ts'
import { recordsOut } from './tables.ts'

/** Days remembered of each peer and each side: more than a year, for the yearly inspection. */
const daysKept = 400

type HeadRow = Row<typeof auditHeads>
export interface AuditHead {
  readonly entries: number
  readonly head: Digest
}
export interface Witnessed extends AuditHead {
  readonly atMs: number
}

export class Witness {
  private readonly store: Store
  private readonly peers: Peers
  private readonly outbox: Outbox
  private readonly clock: Clock

  constructor(parts: { store: Store; peers: Peers; outbox: Outbox; clock: Clock }) {
    this.store = parts.store
    this.peers = parts.peers
    this.outbox = parts.outbox
    this.clock = parts.clock
  }

  readonly handlers: Record<'audit.head', RecordHandler> = {
    'audit.head': {
      apply: async (tx, peer, record) => {
        if (record.type !== 'audit.head') throw new TypeError(`${record.type} is no head of an audit`)
        await keepHead(tx, peer.node, 'theirs', record, null)
        return applied
      },
    },
  }

  /** Tells every peer that has not been told today. A peer to whom nothing can be written now is told another day. */
  async tell({ entries, head }: AuditHead): Promise<void> {
    const peers = await this.store.read((reader) => this.peers.all(reader))
    for (const { node } of peers)
      await this.store
        .transaction((tx) => this.tellOne(tx, node, { entries, head }))
        .catch((error: unknown) => {
          if (!(error instanceof DomainError) || error.code !== 'stream_closed') throw error
        })
  }

  /** The last head of ours that this peer has confirmed. */
  async ours(reader: Reader, peer: NodeId): Promise<Witnessed | undefined> {
    for (const row of await latest(reader, peer, 'ours', daysKept))
      if (await isConfirmed(reader, row)) return row as Witnessed & HeadRow
    return undefined
  }

  /** The last head that this peer told of its own audit. */
  async theirs(reader: Reader, peer: NodeId): Promise<Witnessed | undefined> {
    const [row] = await latest(reader, peer, 'theirs', 1)
    return row as (Witnessed & HeadRow) | undefined
  }

  private async tellOne(tx: Transaction, peer: NodeId, body: AuditHead): Promise<void> {
    await tx.lock([pairLock(peer)])
    const day = dayOf(this.clock.nowMs())
    if (await tx.get(auditHeads, { peer, whose: 'ours', day })) return
    const record = this.outbox.draft({ type: 'audit.head', case: null, body: { ...body } })
    await this.outbox.write(tx, peer, [record])
    const page = { orderBy: 'position', descending: true, limit: 1 } as const
    const [written] = await tx.find(recordsOut, { peer }, page)
    await keepHead(tx, peer, 'ours', record, written?.position ?? null)
  }
}

/** The latest of a day stands for the day. Without a position it is known from the peer itself, so confirmed. */
export async function keepHead(
  tx: Transaction,
  peer: NodeId,
  whose: 'ours' | 'theirs',
  { at, body }: FactRecord<'audit.head'>,
  position: number | null,
): Promise<void> {
  const key = { peer, whose, day: at.slice(0, 10) }
  const row = { ...key, ...body, atMs: Date.parse(at), position }
  const before = await tx.get(auditHeads, key)
  if (before) {
    if (before.atMs <= row.atMs) await tx.update(auditHeads, key, row)
    return
  }
  await tx.insert(auditHeads, [row])
  const days = await tx.find(auditHeads, { peer, whose }, { orderBy: 'day' })
  for (const { day } of days.slice(0, -daysKept)) await tx.remove(auditHeads, { peer, whose, day })
}

function latest(reader: Reader, peer: NodeId, whose: string, limit: number): Promise<HeadRow[]> {
  return reader.find(auditHeads, { peer, whose }, { orderBy: 'day', descending: true, limit })
}

async function isConfirmed(reader: Reader, { peer, position, head }: HeadRow): Promise<boolean> {
  if (position === null) return true
  const written = await reader.get(recordsOut, { peer, position })
  const read = written?.text == null ? undefined : readRecord(written.text)
  // After a loss other records may stand at the positions of those days.
  const same = read?.ok && read.known && read.record.type === 'audit.head' && read.record.body.head === head
  return same === true && (await envelopeOf(reader, peer, position))?.receipted === true
}
