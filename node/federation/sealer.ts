/**
 * The sealer: puts waiting records of one peer under one signature each 256, in the order of their positions, and
 * stores the exact bytes before anything is sent. An idle node seals one record at once; a backlog leaves full.
 */
import { limits, sealEnvelope, utf8, type Crypto, type NodeId, type Signer } from '../../protocol/index.ts'
import { type Clock } from '../platform.ts'
import { type Row, type Store, type Transaction } from '../store/port.ts'
import { envelopesOut, recordsOut, streamsOut } from './tables.ts'

/** Envelopes sealed in one transaction: enough to keep the disk busy, few enough to lose little on a crash. */
const envelopesPerSealing = 32

export class Sealer {
  private readonly self: NodeId
  private readonly store: Store
  private readonly signer: Signer
  private readonly crypto: Crypto
  private readonly clock: Clock
  private readonly tuning: { readonly recordsPerEnvelope?: number }

  constructor(parts: {
    self: NodeId
    store: Store
    signer: Signer
    crypto: Crypto
    clock: Clock
    tuning: { readonly recordsPerEnvelope?: number }
  }) {
    this.tuning = parts.tuning
    this.self = parts.self
    this.store = parts.store
    this.signer = parts.signer
    this.crypto = parts.crypto
    this.clock = parts.clock
  }

  /** Seals what waits for this peer, up to a bound; answers whether more may wait. */
  async seal(peer: NodeId): Promise<boolean> {
    return this.store.transaction(async (tx) => {
      await tx.lock([`stream-out:${peer}`])
      const most = this.tuning.recordsPerEnvelope ?? limits.recordsPerEnvelope
      const room = most * envelopesPerSealing
      const waiting = await tx.find(recordsOut, { peer, sealed: false }, { orderBy: 'position', limit: room })
      for (const batch of packed(waiting, most)) await this.sealBatch(tx, peer, batch)
      return waiting.length === room
    })
  }

  private async sealBatch(
    tx: Transaction,
    peer: NodeId,
    batch: readonly Row<typeof recordsOut>[],
  ): Promise<void> {
    const stream = await tx.get(streamsOut, { peer })
    if (!stream) throw new TypeError(`no stream to ${peer}`)
    const seq = stream.seq + 1
    const sealedMs = this.clock.nowMs()
    const place = {
      iss: this.self,
      aud: peer,
      epoch: stream.epoch,
      seq,
      prev: stream.head,
      iat: Math.floor(sealedMs / 1000),
    }
    const envelope = sealEnvelope(this.crypto, this.signer, place, batch.map(exactText))
    const { jws, contentId } = envelope
    const unreceipted = { receipted: false, receipt: null, receiptedMs: null }
    await tx.insert(envelopesOut, [
      { peer, epoch: stream.epoch, seq, contentId, jws, records: batch.length, sealedMs, ...unreceipted },
    ])
    for (const [idx, { position }] of batch.entries())
      await tx.update(recordsOut, { position }, { sealed: true, epoch: stream.epoch, seq, idx })
    await tx.update(
      streamsOut,
      { peer },
      { seq, head: contentId, unreceipted: stream.unreceipted + batch.length },
    )
  }
}

function exactText(row: Row<typeof recordsOut>): string {
  if (row.text === null) throw new TypeError('a record was erased before it was sealed')
  return row.text
}

function packed(rows: readonly Row<typeof recordsOut>[], most: number): Row<typeof recordsOut>[][] {
  const batches: Row<typeof recordsOut>[][] = []
  let size = Infinity
  for (const row of rows) {
    const bytes = utf8(exactText(row)).length
    const current = batches.at(-1)
    if (!current || current.length === most || size + bytes > limits.envelopeRecordBytes) {
      batches.push([row])
      size = bytes
    } else {
      current.push(row)
      size += bytes
    }
  }
  return batches
}
