/**
 * The sealer: puts waiting records of one peer under one signature each 256, in the order of their positions, and
 * stores the exact bytes before anything is sent. An idle node seals one record at once; a backlog leaves full.
 *
 * What waits are the records beyond the sealed position of the stream. That is exact, not a guess by number: positions
 * of one peer are drawn and committed under that pair's lock, so none can appear behind the mark (outbox.ts).
 */
import { envelopeLines, limits, sealEnvelope, type Crypto, type NodeId } from '../../protocol/index.ts'
import { type Keyring } from '../keyring.ts'
import { type Clock, type Timers } from '../platform.ts'
import { type Row, type Store, type Transaction } from '../store/port.ts'
import { announcedKid } from './outbox.ts'
import { type Parcel } from './parcels.ts'
import { type Standing, type Verdict } from './standing.ts'
import { envelopesOut, recordsOut, streamsOut } from './tables.ts'

/** Records sealed in one transaction, in at most one post's envelopes: enough to keep the disk busy, few enough for one post. */
const recordsPerSealing = 2048

/** Records sealed in one go, an envelope counting as some more: a few milliseconds. */
const sealedInOneGo = 256
const signatureInRecords = 8

export interface Sealing {
  /** What was sealed, ready to be posted. Empty when nothing waited, or when the stream may not be signed. */
  readonly parcels: Parcel[]
  readonly more: boolean
  readonly verdict: Verdict
}

type Waiting = Row<typeof recordsOut>
type Stream = Row<typeof streamsOut>
/** What a sealing moves in the row of its stream; the rest is for others to write. */
type Moved = Pick<Stream, 'seq' | 'head' | 'sealedPosition' | 'unreceipted'> &
  Partial<Pick<Stream, 'kid' | 'kidFrom' | 'formerKid'>>

export class Sealer {
  private readonly self: NodeId
  private readonly store: Store
  private readonly standing: Standing
  private readonly keyring: Keyring
  private readonly crypto: Crypto
  private readonly clock: Clock
  private readonly giveWay: NonNullable<Timers['giveWay']>
  private readonly tuning: { readonly recordsPerEnvelope?: number }

  constructor(parts: {
    self: NodeId
    store: Store
    standing: Standing
    keyring: Keyring
    crypto: Crypto
    clock: Clock
    timers?: Pick<Timers, 'giveWay'>
    tuning: { readonly recordsPerEnvelope?: number }
  }) {
    this.tuning = parts.tuning
    this.giveWay = parts.timers?.giveWay ?? (() => Promise.resolve())
    this.self = parts.self
    this.store = parts.store
    this.standing = parts.standing
    this.keyring = parts.keyring
    this.crypto = parts.crypto
    this.clock = parts.clock
  }

  /** Seals what waits for this peer, up to a bound. The head store knows of it before the answer does. */
  async seal(peer: NodeId): Promise<Sealing> {
    const sealed = await this.store.transaction((tx) => this.sealWaiting(tx, peer))
    const { verdict, stream, parcels, more } = sealed
    if (verdict === 'behind') await this.standing.fellBehind(`${peer} out`)
    if (parcels.length === 0 || !stream) return { parcels: [], more: false, verdict }
    const sent = await this.standing.advance('out', peer, stream)
    return sent ? { parcels, more, verdict } : { parcels: [], more: false, verdict: 'behind' }
  }

  private async sealWaiting(tx: Transaction, peer: NodeId): Promise<Sealing & { stream?: Stream }> {
    await tx.lock([`stream-out:${peer}`])
    const stream = await tx.get(streamsOut, { peer })
    if (!stream) throw new TypeError(`no stream to ${peer}`)
    const verdict = await this.standing.judge(tx, 'out', peer, stream)
    if (verdict !== 'level') return { parcels: [], more: false, verdict }
    const most = this.tuning.recordsPerEnvelope ?? limits.recordsPerEnvelope
    const room = most * Math.min(limits.envelopesPerPost, Math.ceil(recordsPerSealing / most))
    const after = stream.sealedPosition
    const waiting = await tx.find(recordsOut, { peer }, { orderBy: 'position', after, limit: room })
    const parcels: Parcel[] = []
    let reached = stream
    let moved: Moved | undefined
    let inOneGo = 0
    for (const batch of packed(waiting, most)) {
      // The office's own transactions go on between the parts.
      if (inOneGo >= sealedInOneGo) {
        await this.giveWay()
        inOneGo = 0
      }
      inOneGo += batch.length + signatureInRecords
      await this.keyring.knows(reached.kid)
      const { parcel, next } = this.sealBatch(reached, batch)
      parcels.push(parcel)
      moved = { ...moved, ...next }
      reached = { ...stream, ...moved }
    }
    if (!moved) return { parcels, more: false, verdict }
    await tx.insert(
      envelopesOut,
      parcels.map(({ envelope }) => envelope),
    )
    await tx.update(streamsOut, { peer }, moved)
    return { parcels, more: waiting.length === room, verdict, stream: reached }
  }

  /** One envelope, and what it moves in its stream. A key announced in it signs from the next one on. */
  private sealBatch(stream: Stream, batch: readonly Waiting[]): { parcel: Parcel; next: Moved } {
    const { peer, epoch } = stream
    const seq = stream.seq + 1
    const sealedMs = this.clock.nowMs()
    const iat = Math.floor(sealedMs / 1000)
    const place = { iss: this.self, aud: peer, epoch, seq, prev: stream.head, iat }
    const sealed = sealEnvelope(this.crypto, this.keyring.signerOf(stream.kid), place, batch.map(exactText))
    // A text that was damaged in the store since it was written is not signed: that would make it ours.
    if (batch.some(({ digest }, i) => digest !== sealed.digests[i]))
      throw new TypeError('a record that differs from its digest')
    const { jws, contentId } = sealed
    const records = batch.length
    const positions = { firstPosition: batch[0]?.position ?? 0, lastPosition: batch.at(-1)?.position ?? 0 }
    const unreceipted = { receipted: false, receipt: null, receiptedMs: null }
    const envelope = { peer, epoch, seq, contentId, jws, records, ...positions, sealedMs, ...unreceipted }
    const next = {
      ...{ seq, head: contentId, sealedPosition: positions.lastPosition },
      unreceipted: stream.unreceipted + records,
      ...this.announcedKey(stream, seq, batch.at(-1)),
    }
    return { parcel: { envelope, text: envelopeLines(sealed) }, next }
  }

  private announcedKey(stream: Stream, seq: number, last: Waiting | undefined): Partial<Moved> {
    if (last?.type !== 'keys.announced') return {}
    const kid = announcedKid(this.crypto, exactText(last))
    if (kid === undefined) throw new TypeError('an announcement that does not read')
    return { kid, kidFrom: seq + 1, formerKid: stream.kid }
  }
}

function exactText(row: Waiting): string {
  if (row.text === null) throw new TypeError('a record was erased before it was sealed')
  return row.text
}

/** Batches of at most `most` records that fit one envelope; an announced key ends its batch, so that the next has it. */
function packed(rows: readonly Waiting[], most: number): Waiting[][] {
  const batches: Waiting[][] = []
  let size = Infinity
  for (const row of rows) {
    const bytes = Buffer.byteLength(exactText(row))
    const current = batches.at(-1)
    const closed = current?.at(-1)?.type === 'keys.announced'
    if (!current || closed || current.length === most || size + bytes > limits.envelopeRecordBytes) {
      batches.push([row])
      size = bytes
    } else {
      current.push(row)
      size += bytes
    }
  }
  return batches
}
