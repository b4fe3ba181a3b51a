/**
 * Receipts of our envelopes: what a peer answers to a post is proven, each token against the envelope at its place, and
 * stored with what became of the records. From then on the envelope is the peer's, and is never posted again.
 */
import {
  jwsTypes,
  readJws,
  readReceiptPayload,
  verifyJws,
  type Crypto,
  type NodeId,
  type ReceiptPayload,
} from '../../protocol/index.ts'
import { type Clock, type Timers } from '../platform.ts'
import { type Row, type Store, type Transaction } from '../store/port.ts'
import { recordsOf } from './outbox.ts'
import { type Parcel } from './parcels.ts'
import { type Peer } from './peers.ts'
import { envelopesOut, recordsOut, streamsOut } from './tables.ts'

/** Receipts that are proven in one go: half a millisecond. */
const provenInOneGo = 4

type StoredEnvelope = Row<typeof envelopesOut>

export class Receipts {
  private readonly self: NodeId
  private readonly store: Store
  private readonly crypto: Crypto
  private readonly clock: Clock
  private readonly timers: Pick<Timers, 'giveWay'>

  constructor(parts: {
    self: NodeId
    store: Store
    crypto: Crypto
    clock: Clock
    timers: Pick<Timers, 'giveWay'>
  }) {
    this.self = parts.self
    this.store = parts.store
    this.crypto = parts.crypto
    this.clock = parts.clock
    this.timers = parts.timers
  }

  /**
   * Takes the receipts of the first of these parcels, in their order; the number taken. None when there is none or one
   * does not prove itself: who gives one bad receipt is not believed about the others of that answer.
   */
  async take(peer: Peer, parcels: readonly Parcel[], tokens: readonly string[]): Promise<number> {
    const vouched = await this.vouched(peer)
    const receipts: ReceiptPayload[] = []
    for (const [i, { envelope }] of parcels.slice(0, tokens.length).entries()) {
      // The next post is not kept waiting for the receipts of this one.
      if (i % provenInOneGo === 0) await this.timers.giveWay?.()
      const receipt = this.prove(peer, envelope, tokens[i] ?? '', vouched)
      if (!receipt) return 0
      receipts.push(receipt)
    }
    if (receipts.length > 0) await this.keep(peer.node, parcels, tokens, receipts)
    return receipts.length
  }

  /** How far the peer's own word vouches for receipts under a revoked key; not asked while it has none. */
  private async vouched({ node, keys }: Peer): Promise<number> {
    if (![...keys.values()].some(({ revoked }) => revoked)) return 0
    const stream = await this.store.read((reader) => reader.get(streamsOut, { peer: node }))
    return stream?.vouched ?? 0
  }

  private prove(
    peer: Peer,
    envelope: StoredEnvelope,
    token: string,
    vouched: number,
  ): ReceiptPayload | undefined {
    const read = readJws(token, jwsTypes.receipt)
    const key = read.ok ? peer.keys.get(read.jws.kid) : undefined
    const opened = read.ok && key ? verifyJws(this.crypto, read.jws, key.publicKey) : undefined
    const receipt = opened?.ok ? readReceiptPayload(opened.payload) : undefined
    if (!receipt?.ok) return undefined
    const { iss, aud, epoch, seq, head, outcomes } = receipt.payload
    const ours = iss === peer.node && aud === this.self && epoch === envelope.epoch && seq === envelope.seq
    // As sealed, not as it reads now: a token that was damaged in the store would have another content id.
    const same = head === envelope.contentId && outcomes.length === envelope.records
    // Under a key that was revoked anybody may have signed; the peer's word of its head under another key vouches for it.
    const believed = key?.revoked !== true || envelope.seq <= vouched
    return ours && same && believed ? receipt.payload : undefined
  }

  private async keep(
    node: NodeId,
    parcels: readonly Parcel[],
    tokens: readonly string[],
    receipts: readonly ReceiptPayload[],
  ): Promise<void> {
    await this.store.transaction(async (tx) => {
      await tx.lock([`stream-out:${node}`])
      const rows = await tx.getMany(
        envelopesOut,
        parcels.map(({ envelope }) => envelope),
      )
      const stream = await tx.get(streamsOut, { peer: node })
      if (!stream) return
      let { receipted, unreceipted } = stream
      for (const [i, { outcomes }] of receipts.entries()) {
        const stored = rows[i]
        const receipt = tokens[i]
        if (!stored || stored.receipted || receipt === undefined) continue
        await tx.update(envelopesOut, stored, { receipted: true, receipt, receiptedMs: this.clock.nowMs() })
        if (outcomes.some((outcome) => outcome !== 'applied')) await this.keepOutcomes(tx, stored, outcomes)
        if (stored.epoch === stream.epoch) receipted = Math.max(stored.seq, receipted)
        unreceipted -= stored.records
      }
      await tx.update(streamsOut, { peer: node }, { receipted, unreceipted })
    })
  }

  private async keepOutcomes(
    tx: Transaction,
    envelope: StoredEnvelope,
    outcomes: readonly string[],
  ): Promise<void> {
    const rows = await recordsOf(tx, envelope)
    for (const [i, outcome] of outcomes.entries()) {
      const row = rows[i]
      // What was parked may have been settled before the lost receipt came again: that word is the newer one.
      if (outcome !== 'applied' && row?.outcome === null) await tx.update(recordsOut, row, { outcome })
    }
  }
}
