/**
 * Reading copies back from a peer, page by page. Each page is proven before the next is asked for: a recovery keeps all
 * that it reads until it is taken in, and a peer that gives what proves nothing must not be able to make it grow.
 */
import {
  jwsTypes,
  readJws,
  type ComparePage,
  type NodeId,
  type StreamHead,
  type Uuid,
} from '../../protocol/index.ts'
import { type Timers } from '../platform.ts'
import {
  announcedIn,
  demandNext,
  follows,
  kidOf,
  leavesOnlyErasures,
  Unfit,
  type CopyProofs,
  type Restored,
} from './copies.ts'
import { type Gate, type ProvenEnvelope } from './gate.ts'
import { type Peer, type Peers } from './peers.ts'
import { mostCases, pagesPerRun, type Requests } from './requests.ts'

/** How far a peer's stream has been read and proven, and the peer with the keys that it has announced up to there. */
interface Reached {
  readonly peer: Peer
  readonly head: StreamHead
}

export class CopyReader {
  private readonly self: NodeId
  private readonly peers: Peers
  private readonly requests: Requests
  private readonly gate: Gate
  private readonly proofs: CopyProofs
  private readonly giveWay: NonNullable<Timers['giveWay']>

  constructor(parts: {
    self: NodeId
    peers: Peers
    requests: Requests
    gate: Gate
    proofs: CopyProofs
    timers?: Pick<Timers, 'giveWay'>
  }) {
    this.self = parts.self
    this.peers = parts.peers
    this.requests = parts.requests
    this.gate = parts.gate
    this.proofs = parts.proofs
    this.giveWay = parts.timers?.giveWay ?? (() => Promise.resolve())
  }

  /** Our own envelopes after a place. There cannot be more of them than we have signed. */
  async own(peer: Peer, after: StreamHead): Promise<Restored[]> {
    const found: Restored[] = []
    for (let head = after; ;) {
      const page = await this.requests.restore(peer, 'asked', { epoch: head.epoch, seq: head.seq })
      if (page.length === 0) return found
      for (const copy of page) {
        await this.giveWay()
        const proven = this.proofs.own(peer.node, copy.envelope)
        if (!proven.ok) throw new Unfit(proven.code)
        // The keys of the receipts are in the peer's stream, so here only their form is seen, which bounds them.
        if (!readJws(copy.receipt ?? '', jwsTypes.receipt).ok) throw new Unfit('no receipt')
        demandNext(head, proven.proven.payload)
        head = headOf(proven.proven)
      }
      found.push(...page)
    }
  }

  /**
   * The peer's envelopes after a place. Those with our receipt cannot be more than we have taken. Of those after them it
   * may sign as many as it likes: we took at most what it gave in one run, and what proves nothing ends the reading.
   */
  async theirs(known: Peer, after: StreamHead): Promise<Restored[]> {
    const found: Restored[] = []
    let reached: Reached = { peer: known, head: after }
    for (let further = 0; further < pagesPerRun;) {
      const { epoch, seq } = reached.head
      const page = await this.requests.restore(known, 'answering', { epoch, seq })
      if (page.length === 0) return found
      found.push(...page)
      const end = further > 0 ? 0 : page.findIndex(({ receipt }) => receipt === null)
      for (const copy of end < 0 ? page : page.slice(0, end))
        reached = await this.readReceipted(reached, copy)
      if (end < 0) continue
      further++
      for (const copy of page.slice(end)) {
        const on = await this.readOn(reached, copy, 'vouched')
        // Perhaps it is not needed; if it is, the recovery says what is wrong with it.
        if (!on) return found
        reached = on
      }
    }
    return found
  }

  /** The peer's comparison says which cases are ours; asked only when the copies do not. */
  async ownCases(peer: Peer, copies: readonly Restored[]): Promise<Set<Uuid>> {
    const ours = new Set<Uuid>()
    if (!leavesOnlyErasures(copies)) return ours
    for (let after: Uuid | null = null; ;) {
      const page: ComparePage = await this.requests.compare(peer, this.self, after)
      for (const { id } of page.cases) ours.add(id)
      if (page.next === null) return ours
      if (ours.size > mostCases) throw new Unfit('cases without end')
      after = page.next
    }
  }

  private async readReceipted(reached: Reached, copy: Restored): Promise<Reached> {
    const { node, keys } = reached.peer
    const kid = kidOf(copy.envelope.jws)
    if (kid !== undefined && !keys.has(kid) && this.proofs.isReceipted(node, copy))
      throw await this.requests.missesKey(node, kid)
    const on = await this.readOn(reached, copy, 'receipted')
    if (!on) throw new Unfit('an envelope of the peer that does not hold')
    return on
  }

  /** One envelope further; undefined when it does not prove itself there. */
  private async readOn(
    { peer, head }: Reached,
    copy: Restored,
    as: 'receipted' | 'vouched',
  ): Promise<Reached | undefined> {
    await this.giveWay()
    const proven = this.gate.prove(peer, copy.envelope, as)
    if (!proven.ok) return undefined
    if (as === 'receipted') this.proofs.ownOutcomes(peer.node, proven.proven, copy.receipt ?? '')
    const { payload } = proven.proven
    if (!follows(head, payload)) return undefined
    let known = peer
    for (const key of announcedIn(copy.envelope)) known = this.peers.afterAnnouncement(known, key, payload)
    return { peer: known, head: headOf(proven.proven) }
  }
}

function headOf({ payload: { epoch, seq }, contentId }: ProvenEnvelope): StreamHead {
  return { epoch, seq, head: contentId }
}
