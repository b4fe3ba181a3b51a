/**
 * Whether this database is the newest there is of this node, stream by stream. Nothing is signed before the head store
 * has said so, or, where it knows nothing, the peer. When anybody has seen more of us than we hold, all streams close:
 * one alarm, nothing signed, nothing taken, until an operator says `huiliu recover`.
 */
import { type Heads as PeerHeads, type NodeId, type StreamHead } from '../../protocol/index.ts'
import { type Reader, type Store, type Transaction } from '../store/port.ts'
import { type Alarms } from './alarms.ts'
import { type ContentAt, type Direction, type Heads } from './heads.ts'
import { type StreamPlace } from './peers.ts'
import { envelopesIn, envelopesOut, streamsIn, streamsOut } from './tables.ts'

/** `unknown`: the head store knows nothing of this stream, so the peer must be asked first. */
export type Verdict = 'level' | 'unknown' | 'behind' | 'closed'

/** Where our copy of a peer's stream ends, and how far its receipts for ours are here. */
export interface Known {
  readonly taken: StreamPlace
  readonly receipted: StreamPlace
}
const nothingKnown: Known = { taken: { epoch: 1, seq: 0 }, receipted: { epoch: 1, seq: 0 } }

export class Standing {
  private readonly store: Store
  private readonly heads: Heads
  private readonly alarms: Alarms
  /** Peers that have confirmed our heads in the life of this process. */
  private readonly confirmed = new Set<NodeId>()

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
    if ((await this.heads.advance(direction, peer, stream)) === 'moved') return true
    // Another hand has moved the head. If this database holds what it points to, it was another process of ours.
    const verdict = await this.store.read(async (reader) => {
      const now = await reader.get(direction === 'out' ? streamsOut : streamsIn, { peer })
      return now && this.heads.judge(direction, peer, now, contentIn(reader, direction, peer))
    })
    if (verdict === 'level') return (await this.heads.advance(direction, peer, stream)) !== 'lost'
    await this.fellBehind(`${peer} ${direction} ${stream.epoch}/${stream.seq}`)
    return false
  }

  /**
   * Somebody has seen more of us than we hold: every stream closes. When it is a peer that says so, those stay open
   * whose peers have confirmed our heads since this process began, or since they were recovered.
   */
  async fellBehind(subject: string, spared: ReadonlySet<NodeId> = new Set()): Promise<void> {
    await this.store.transaction(async (tx) => {
      const known = await tx.find(streamsOut, {})
      await tx.lock(known.map(({ peer }) => `stream-out:${peer}`))
      const open = (await tx.find(streamsOut, { standing: 'open' })).filter(({ peer }) => !spared.has(peer))
      if (open.length === 0) return
      for (const { peer } of open) await tx.update(streamsOut, { peer }, { standing: 'closed' })
      // One loss is one alarm, however many peers tell of it.
      if (!(await this.alarms.isOpen(tx, 'behind'))) await this.alarms.raise(tx, 'behind', '', subject)
    })
  }

  /**
   * Does the database reach what the head store says of both streams? Needs nobody's answer, so it is asked first. The
   * answer is how far both surely are by now; undefined when we are behind. Under the locks of both, because a head that
   * is moved while we read would look like one that we lack.
   */
  async reaches(peer: NodeId): Promise<Known | undefined> {
    const found = await this.store.transaction(async (tx) => {
      await tx.lock([`stream-in:${peer}`, `stream-out:${peer}`])
      const out = await tx.get(streamsOut, { peer })
      const into = await tx.get(streamsIn, { peer })
      if (out?.standing !== 'open' || !into) return { known: nothingKnown }
      for (const [direction, stream] of [
        ['out', out],
        ['in', into],
      ] as const)
        if ((await this.judge(tx, direction, peer, stream)) === 'behind') return { behind: direction }
      return { known: { taken: into, receipted: { epoch: out.epoch, seq: out.receipted } } }
    })
    if (found.behind === undefined) return found.known
    await this.fellBehind(`${peer} ${found.behind}`)
    return undefined
  }

  /**
   * Compares our heads with what a peer says of both streams. False when it has seen more of us than we hold, which it
   * must prove with what we signed: a word alone would let one peer stop the whole node. `known` is how far both streams
   * were before it was asked: what came while its answer was on the way says nothing against it.
   */
  async compare(
    peer: NodeId,
    theirs: PeerHeads,
    { taken, receipted }: Known,
    proves: (more: Direction) => Promise<boolean>,
  ): Promise<'level' | 'behind' | 'unproven'> {
    const found = await this.store.transaction(async (tx) => {
      await tx.lock([`stream-in:${peer}`, `stream-out:${peer}`])
      const out = await tx.get(streamsOut, { peer })
      const into = await tx.get(streamsIn, { peer })
      if (!out || !into || out.standing !== 'open') return undefined
      const more = (await seenMoreSent(tx, peer, theirs))
        ? 'out'
        : seenMoreReceipts(into, theirs)
          ? 'in'
          : undefined
      if (more === undefined && theirs.received.epoch === out.epoch && theirs.received.seq > out.vouched)
        await tx.update(streamsOut, { peer }, { vouched: theirs.received.seq })
      const lacks = receipted.seq > 0 && isBefore(theirs.received, receipted) && receipted.epoch === out.epoch
      const behind = isBefore(theirs.sent, taken) ? theirs.sent : lacks ? theirs.received : undefined
      // Where it stands is its own word alone: it could give another each time.
      if (behind && !(await this.alarms.isOpen(tx, 'peer_behind', peer)))
        await this.alarms.raise(tx, 'peer_behind', peer, `${behind.epoch}/${behind.seq}`)
      return { more, out, into } as const
    })
    if (found?.more === undefined) {
      if (found) await this.establish(peer, found.out, found.into)
      if (found) this.confirmed.add(peer)
      return 'level'
    }
    if (!(await proves(found.more))) return 'unproven'
    const { epoch, seq } =
      found.more === 'out' ? theirs.received : { ...theirs.sent, seq: theirs.sent.receipted }
    this.confirmed.delete(peer)
    await this.fellBehind(`${peer} ${found.more} ${epoch}/${seq}`, this.confirmed)
    return 'behind'
  }

  /** Has this peer confirmed our heads since this process began, or since they were recovered? */
  isConfirmed(peer: NodeId): boolean {
    return this.confirmed.has(peer)
  }

  /** The epoch after every one that this node, in whatever life of it, is known to have begun. */
  async freshEpoch(peer: NodeId, ...known: readonly number[]): Promise<number> {
    return Math.max(await this.heads.lastEpoch('out', peer), ...known) + 1
  }

  /** The operator's word is carried out: the stream may be signed again, from these heads on. */
  async reopened(peer: NodeId, out: StreamHead, into: StreamHead): Promise<void> {
    await this.heads.restate('out', peer, out)
    await this.heads.restate('in', peer, into)
    this.confirmed.add(peer)
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

async function seenMoreSent(tx: Transaction, peer: NodeId, { received }: PeerHeads): Promise<boolean> {
  if (received.seq === 0 && received.epoch === 1) return false
  const stored = await tx.get(envelopesOut, { peer, epoch: received.epoch, seq: received.seq })
  return stored?.contentId !== received.head && !(await hasLeft(tx, peer, received.epoch))
}

/**
 * Has the peer receipted what we signed in a later epoch? It took that after the head it had confirmed before, and gave
 * up with us whatever else was signed until then: who shows such an envelope has kept it back, or was restored himself.
 */
async function hasLeft(tx: Transaction, peer: NodeId, epoch: number): Promise<boolean> {
  const page = { orderBy: 'epoch', after: epoch, limit: 1 } as const
  return (await tx.find(envelopesOut, { peer, receipted: true }, page)).length > 0
}

function seenMoreReceipts(into: StreamHead, { sent }: PeerHeads): boolean {
  return sent.epoch === into.epoch ? sent.receipted > into.seq : sent.epoch > into.epoch && sent.receipted > 0
}

function isBefore(one: StreamPlace, other: StreamPlace): boolean {
  return one.epoch < other.epoch || (one.epoch === other.epoch && one.seq < other.seq)
}
