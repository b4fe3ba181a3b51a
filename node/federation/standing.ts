/**
 * Whether this database is the newest there is of this node, stream by stream. Nothing is signed before the head store
 * has said so, or, where it knows nothing, the peer. When anybody has seen more of us than we hold, all streams close:
 * one alarm, nothing signed, nothing taken, until an operator says `huiliu recover`.
 */
import { type Heads as PeerHeads, type NodeId, type StreamHead } from '../../protocol/index.ts'
import { type Reader, type Store, type Transaction } from '../store/port.ts'
import { type Alarms } from './alarms.ts'
import { type ContentAt, type Direction, type Heads } from './heads.ts'
import { envelopesIn, envelopesOut, streamsIn, streamsOut } from './tables.ts'

/** `unknown`: the head store knows nothing of this stream, so the peer must be asked first. */
export type Verdict = 'level' | 'unknown' | 'behind' | 'closed'

export class Standing {
  private readonly store: Store
  private readonly heads: Heads
  private readonly alarms: Alarms

  constructor(parts: { store: Store; heads: Heads; alarms: Alarms }) {
    this.store = parts.store
    this.heads = parts.heads
    this.alarms = parts.alarms
  }

  /** May this stream be signed now, the database standing where `reader` sees it? */
  async judge(reader: Reader, direction: Direction, peer: NodeId, stream: StreamHead): Promise<Verdict> {
    const out = await reader.get(streamsOut, { peer })
    if (out?.standing !== 'open') return 'closed'
    return this.heads.judge(direction, peer, stream, contentIn(reader, direction, peer))
  }

  /** To be called after the commit and before any of it leaves this node. False: another life of this node signs too. */
  async advance(direction: Direction, peer: NodeId, stream: StreamHead): Promise<boolean> {
    if (await this.heads.advance(direction, peer, stream)) return true
    // Another hand moved the head meanwhile. If this database holds what it points to, it was another process of ours.
    const verdict = await this.store.read(async (reader) => {
      const now = await reader.get(direction === 'out' ? streamsOut : streamsIn, { peer })
      return now && this.heads.judge(direction, peer, now, contentIn(reader, direction, peer))
    })
    if (verdict === 'level') return this.heads.advance(direction, peer, stream)
    await this.fellBehind(`${peer} ${direction} ${stream.epoch}/${stream.seq}`)
    return false
  }

  /** Somebody has seen more of us than we hold: every stream closes. */
  async fellBehind(subject: string): Promise<void> {
    await this.store.transaction(async (tx) => {
      const open = await tx.find(streamsOut, { standing: 'open' })
      if (open.length === 0) return
      for (const { peer } of open) await tx.update(streamsOut, { peer }, { standing: 'closed' })
      await this.alarms.raise(tx, 'behind', '', subject)
    })
  }

  /** Compares our heads with what a peer says of both streams. False when it has seen more of us than we hold. */
  async compare(peer: NodeId, theirs: PeerHeads): Promise<boolean> {
    const found = await this.store.transaction(async (tx) => {
      await tx.lock([`stream-in:${peer}`, `stream-out:${peer}`])
      const out = await tx.get(streamsOut, { peer })
      const into = await tx.get(streamsIn, { peer })
      if (!out || !into || out.standing !== 'open') return { level: true, out, into: undefined }
      const more = (await seenMoreSent(tx, peer, theirs)) ?? seenMoreReceipts(into, theirs)
      if (more === undefined && theirs.received.epoch === out.epoch && theirs.received.seq > out.vouched)
        await tx.update(streamsOut, { peer }, { vouched: theirs.received.seq })
      if (isBefore(theirs.sent, into))
        await this.alarms.raise(tx, 'peer_behind', peer, `${theirs.sent.epoch}/${theirs.sent.seq}`)
      return { level: more === undefined, more, out, into }
    })
    if (!found.level) await this.fellBehind(`${peer} ${found.more ?? ''}`)
    else if (found.out && found.into) await this.establish(peer, found.out, found.into)
    return found.level
  }

  /** The epoch after every one that this node, in whatever life of it, is known to have begun. */
  async freshEpoch(peer: NodeId, ...known: readonly number[]): Promise<number> {
    return Math.max(await this.heads.lastEpoch('out', peer), ...known) + 1
  }

  /** The operator's word is carried out: the stream may be signed again, from these heads on. */
  async reopened(peer: NodeId, out: StreamHead, into: StreamHead): Promise<void> {
    await this.heads.restate('out', peer, out)
    await this.heads.restate('in', peer, into)
  }

  private async establish(peer: NodeId, out: StreamHead, into: StreamHead): Promise<void> {
    for (const [direction, stream] of [
      ['out', out],
      ['in', into],
    ] as const) {
      const verdict = await this.store.read((reader) =>
        this.heads.judge(direction, peer, stream, contentIn(reader, direction, peer)),
      )
      if (verdict === 'unknown') await this.heads.advance(direction, peer, stream)
    }
  }
}

function contentIn(reader: Reader, direction: Direction, peer: NodeId): ContentAt {
  const table = direction === 'out' ? envelopesOut : envelopesIn
  return async (epoch, seq) => (await reader.get(table, { peer, epoch, seq }))?.contentId
}

async function seenMoreSent(
  tx: Transaction,
  peer: NodeId,
  { received }: PeerHeads,
): Promise<string | undefined> {
  if (received.seq === 0 && received.epoch === 1) return undefined
  const stored = await tx.get(envelopesOut, { peer, epoch: received.epoch, seq: received.seq })
  return stored?.contentId === received.head ? undefined : `out ${received.epoch}/${received.seq}`
}

function seenMoreReceipts(into: StreamHead, { sent }: PeerHeads): string | undefined {
  const more =
    sent.epoch === into.epoch ? sent.receipted > into.seq : sent.epoch > into.epoch && sent.receipted > 0
  return more ? `in ${sent.epoch}/${sent.receipted}` : undefined
}

function isBefore(one: StreamHead, other: StreamHead): boolean {
  return one.epoch < other.epoch || (one.epoch === other.epoch && one.seq < other.seq)
}
