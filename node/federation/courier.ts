/**
 * The courier: for each peer, seals what waits and posts unreceipted envelopes in order until the peer's signed
 * receipt for each is stored. While one post is on its way the next envelopes are sealed, and the receipts of the post
 * before it are proven and stored. Backoff with jitter and a breaker between tries; a dead peer's queue has no age limit.
 *
 * Nothing lives only here: after a crash the queue is read from the store again, and a repeat is answered by the same
 * receipt. One run per peer at a time; a wake during a run makes one more.
 */
import {
  breakerOpen,
  deliveryLimits,
  freshDelivery,
  fromUtf8,
  mustWait,
  stepDelivery,
  utf8,
  type DeliveryState,
  type NodeId,
} from '../../protocol/index.ts'
import { type Clock, type Http, type HttpAnswer, type Random, type Timers } from '../platform.ts'
import { type Store } from '../store/port.ts'
import { dayOf, type Alarms } from './alarms.ts'
import { posts, storedParcels, tokensIn, type Parcel } from './parcels.ts'
import { type Peer, type Peers } from './peers.ts'
import { type Lease } from './lease.ts'
import { type Receipts } from './receipts.ts'
import { type Sealer, type Sealing } from './sealer.ts'

const postTimeoutMs = 20_000
const answerBytes = 4 * 1024 * 1024
/** Characters of a refusal, which are fewer than two hundred. */
const refusalLength = 4096
/** How often peers are looked at without being woken: another process of this region may have written. */
const lookEveryMs = 2_000

/** The one problem that is no answer: everything else the peer has said, so it was there. */
const unreachable = 'unreachable'

export interface DeliveryProblem {
  readonly code: string
  readonly atMs: number
}

/** Asks a peer how far it has both streams, and compares: level, behind, or the code for which it could not be asked. */
export type Handshake = (peer: Peer) => Promise<'level' | 'behind' | string>

/** What a run does next: go on at once, later after a failure, or end until it is woken. */
type Step = 'again' | 'later' | 'done'

interface Route {
  running: boolean
  again: boolean
  /** Envelopes without a receipt may be in the store: after a start, a failure, a gap. */
  unsure: boolean
  /** When this process last compared heads with the peer; -Infinity when it has to before anything else. */
  greetedMs: number
  /** The next envelopes, being sealed while others are on their way. */
  ahead: Promise<Sealing> | undefined
  /** The last answer, being settled while the next post is on its way. Nothing more is posted before it is known. */
  settling: Promise<Step> | undefined
  state: DeliveryState
  problem: DeliveryProblem | undefined
  cancelRetry: (() => void) | undefined
}

export class Courier {
  private readonly store: Store
  private readonly peers: Peers
  private readonly sealer: Sealer
  private readonly http: Http
  private readonly receipts: Receipts
  private readonly clock: Clock
  private readonly random: Random
  private readonly timers: Timers
  private readonly self: NodeId
  private readonly lease: Lease
  private readonly alarms: Alarms
  private readonly onFault: (error: unknown) => void
  private handshake: Handshake = () => Promise.resolve('level')
  private readonly routes = new Map<NodeId, Route>()
  private readonly runs = new Set<Promise<void>>()
  private stopped = false
  private cancelLook: (() => void) | undefined

  constructor(parts: {
    self: NodeId
    store: Store
    peers: Peers
    sealer: Sealer
    lease: Lease
    alarms: Alarms
    http: Http
    receipts: Receipts
    clock: Clock
    random: Random
    timers: Timers
    onFault: (error: unknown) => void
  }) {
    this.self = parts.self
    this.store = parts.store
    this.peers = parts.peers
    this.sealer = parts.sealer
    this.lease = parts.lease
    this.alarms = parts.alarms
    this.http = parts.http
    this.receipts = parts.receipts
    this.clock = parts.clock
    this.random = parts.random
    this.timers = parts.timers
    this.onFault = parts.onFault
  }

  start(): void {
    this.look()
  }

  /** How to greet a peer before the first signature; given once, before anything is delivered. */
  greetWith(handshake: Handshake): void {
    this.handshake = handshake
  }

  async stop(): Promise<void> {
    this.stopped = true
    this.cancelLook?.()
    for (const route of this.routes.values()) route.cancelRetry?.()
    await Promise.all(this.runs)
  }

  /** Something was written for this peer. */
  wake(peer: NodeId): void {
    const route = this.route(peer)
    if (this.stopped) return
    if (route.running) {
      route.again = true
      return
    }
    route.running = true
    const run = this.run(peer, route)
      .catch((error: unknown) => {
        // It may have failed between a post and its receipts.
        route.unsure = true
        this.onFault(error)
      })
      .finally(() => {
        route.running = false
        this.runs.delete(run)
        if (route.again) {
          route.again = false
          this.wake(peer)
        }
      })
    this.runs.add(run)
  }

  /** The peer has just proven to be there: no reason to wait any longer, unless it was there all the time or fails again. */
  heard(peer: NodeId): void {
    const route = this.route(peer)
    if (route.state.failures === 0) return
    const silent = route.problem?.code === unreachable
    route.state = stepDelivery(route.state, { kind: 'heard', nowMs: this.clock.nowMs(), silent })
    this.wake(peer)
  }

  /** The lease has come to this process: another one may have sealed meanwhile, and not sent. */
  takeOver(): void {
    for (const route of this.routes.values()) route.unsure = true
  }

  /** Heads are to be compared with this peer before the next signature. */
  greetAnew(peer: NodeId): void {
    this.route(peer).greetedMs = -Infinity
    this.wake(peer)
  }

  delivery(peer: NodeId): {
    failures: number
    breakerOpen: boolean
    notBeforeMs: number
    problem: DeliveryProblem | undefined
  } {
    const { state, problem } = this.route(peer)
    const { failures, notBeforeMs } = state
    return { failures, notBeforeMs, breakerOpen: breakerOpen(state), problem }
  }

  private look(): void {
    if (this.stopped) return
    const run = this.store
      .read((reader) => this.peers.all(reader))
      .then((all) => all.forEach(({ node }) => this.wake(node)))
      .catch(this.onFault)
      .finally(() => {
        this.runs.delete(run)
        if (!this.stopped) this.cancelLook = this.timers.after(lookEveryMs, () => this.look())
      })
    this.runs.add(run)
  }

  private route(peer: NodeId): Route {
    let route = this.routes.get(peer)
    if (!route) {
      route = {
        ...{ running: false, again: false, unsure: true, greetedMs: -Infinity },
        ...{ ahead: undefined, settling: undefined },
        ...{ state: freshDelivery, problem: undefined, cancelRetry: undefined },
      }
      this.routes.set(peer, route)
    }
    return route
  }

  private async run(node: NodeId, route: Route): Promise<void> {
    let step: Step = 'again'
    while (step === 'again' && !this.stopped) {
      // Asked anew for each post: a backlog takes long, and a person may pause the peer or revoke its key meanwhile.
      const peer = await this.whoMayBeSent(node, route)
      if (!peer) break
      // Not before it can be sent: what is written while the peer is away leaves under few signatures.
      step = mustWait(route.state, this.clock.nowMs()) ? 'later' : await this.step(peer, route)
      if (step === 'done') step = await this.settled(route, step)
    }
    const settled = await this.settled(route, step)
    if (step !== 'later') step = settled
    // Sealed and stored, but not to be sent in this run.
    if (route.ahead) route.unsure = true
    await this.leaveAhead(route)
    if (step === 'later') this.retryLater(node, route)
  }

  private async whoMayBeSent(node: NodeId, route: Route): Promise<Peer | undefined> {
    const peer = await this.store.read((reader) => this.peers.get(reader, node))
    if (!peer || peer.paused) return undefined
    if (!this.peers.inForce(peer, this.clock.nowMs())) await this.outOfForce(peer, route)
    else if (!(await this.lease.held())) this.stall(route, 'another_process')
    else return peer
    return undefined
  }

  /** One that has ended was warned of before; of one that has not begun only this tells. */
  private async outOfForce({ node, terms }: Peer, route: Route): Promise<void> {
    this.stall(route, 'no_agreement')
    if (terms.from <= dayOf(this.clock.nowMs())) return
    await this.store.transaction((tx) => this.alarms.raiseOnceADay(tx, 'agreement_ahead', node, terms.id))
  }

  private async step(peer: Peer, route: Route): Promise<Step> {
    // Now and then anew: another life of this node may have spoken with the peer, and neither says anything more. By
    // whichever way the clock has jumped since.
    if (Math.abs(this.clock.nowMs() - route.greetedMs) >= deliveryLimits.compareAgainMs) {
      const greeted = await this.greet(peer, route)
      if (greeted !== 'again') return greeted
    }
    if (route.unsure) {
      const before = await this.settled(route, 'again')
      if (before !== 'again') return before
      // Before they are read: what makes it unsure meanwhile holds. What is being sealed is stored by then, and read too.
      route.unsure = false
      await this.leaveAhead(route)
      const parcels = await this.store.read((reader) => storedParcels(reader, peer.node))
      if (parcels.length > 0) {
        route.unsure = true
        return this.deliver(peer, route, parcels)
      }
    }
    const ahead = route.ahead
    route.ahead = undefined
    const sealing = await (ahead ?? this.sealer.seal(peer.node))
    if (sealing.verdict === 'behind') return this.stalled(route, 'stream_closed')
    if (sealing.verdict !== 'level') return this.greet(peer, route)
    if (sealing.parcels.length === 0) {
      // Heads agree and all is receipted: whatever failed before is over.
      route.problem = undefined
      route.state = freshDelivery
      return 'done'
    }
    if (sealing.more) {
      route.ahead = this.sealer.seal(peer.node)
      // Whoever awaits it meets its failure; until then it must not count as unheard of.
      route.ahead.catch(() => undefined)
    }
    const delivered = await this.deliver(peer, route, sealing.parcels)
    return delivered === 'again' && !sealing.more ? 'done' : delivered
  }

  /** Heads are compared before anything is signed; a peer that cannot be asked now only holds up what depends on it. */
  private async greet(peer: Peer, route: Route): Promise<Step> {
    const greeted = await this.handshake(peer)
    if (greeted === 'behind') return this.stalled(route, 'stream_closed')
    if (greeted !== 'level') return this.failed(route, greeted)
    route.greetedMs = this.clock.nowMs()
    route.unsure = true
    return 'again'
  }

  private async leaveAhead(route: Route): Promise<void> {
    const { ahead } = route
    route.ahead = undefined
    await ahead
  }

  private stall(route: Route, code: string): void {
    route.problem = { code, atMs: this.clock.nowMs() }
  }

  private stalled(route: Route, code: string): Step {
    this.stall(route, code)
    // It may be sealed and not sent, when another process moved the head at the same moment.
    route.unsure = true
    return 'done'
  }

  private retryLater(node: NodeId, route: Route): void {
    if (this.stopped) return
    route.cancelRetry?.()
    const delayMs = Math.max(0, route.state.notBeforeMs - this.clock.nowMs())
    route.cancelRetry = this.timers.after(delayMs, () => this.wake(node))
  }

  /** Posts parcels in order, in as many posts as their size needs. */
  private async deliver(peer: Peer, route: Route, parcels: readonly Parcel[]): Promise<Step> {
    for (const post of posts(parcels)) {
      const answer = await this.post(peer, post)
      const before = await this.settled(route, 'again')
      // What is posted next is chosen anew then; this post is repeated, and answered with the same receipts.
      if (before !== 'again') return before
      route.settling = this.settle(peer, route, post, answer)
      // Whoever awaits it meets its failure; until then it must not count as unheard of.
      route.settling.catch(() => undefined)
      const complete = answer?.status === 200 && tokensIn(answer).length >= post.length
      if (complete) continue
      const after = await this.settled(route, 'again')
      if (after !== 'again' || route.unsure) return after
    }
    return 'again'
  }

  /** What the last answer comes to, when it has not been asked for yet. */
  private async settled(route: Route, otherwise: Step): Promise<Step> {
    const { settling } = route
    if (!settling) return otherwise
    route.settling = undefined
    const step = await settling
    return step === 'again' && !route.unsure ? otherwise : step
  }

  private async settle(
    peer: Peer,
    route: Route,
    post: readonly Parcel[],
    answer: HttpAnswer | undefined,
  ): Promise<Step> {
    const { taken, problem } = await this.takeAnswer(peer, route, post, answer)
    if (problem !== undefined) return this.failed(route, problem)
    route.problem = undefined
    route.state = stepDelivery(route.state, { kind: 'delivered' })
    // The peer took some and met something in the next: it will say what when that is posted first.
    if (taken < post.length) route.unsure = true
    return 'again'
  }

  private failed(route: Route, problem: string): Step {
    const nowMs = this.clock.nowMs()
    route.unsure = true
    route.problem = { code: problem, atMs: nowMs }
    route.state = stepDelivery(route.state, { kind: 'failed', nowMs, random: this.random.unit() })
    return 'later'
  }

  /** Undefined when there is no answer. */
  private async post(peer: Peer, parcels: readonly Parcel[]): Promise<HttpAnswer | undefined> {
    try {
      const url = `${peer.url}/federation/v1/${this.self}/envelopes`
      const body = utf8(parcels.map(({ text }) => text).join(''))
      return await this.http.post(url, body, { timeoutMs: postTimeoutMs, maxBytes: answerBytes })
    } catch {
      return undefined
    }
  }

  private async takeAnswer(
    peer: Peer,
    route: Route,
    parcels: readonly Parcel[],
    answer: HttpAnswer | undefined,
  ): Promise<{ taken: number; problem?: string }> {
    if (!answer) return { taken: 0, problem: unreachable }
    if (answer.status !== 200) {
      const text = fromUtf8(answer.body) ?? ''
      return { taken: 0, problem: this.refusedWith(text, route, answer.status) }
    }
    const taken = await this.receipts.take(peer, parcels, tokensIn(answer))
    if (taken > 0) return { taken }
    // A receipt under a key that was revoked needs the peer's word of its head, so that is asked for first.
    route.greetedMs = -Infinity
    return { taken, problem: 'bad_receipt' }
  }

  /**
   * A refusal is unsigned, so it changes no state. What the peer has receipted is never sent again, whatever it answers:
   * when its copy ends before that it has lost some of it, and receipts of ours with it, and takes both back together.
   */
  private refusedWith(text: string, route: Route, status: number): string {
    // Anybody on the way may have written it, at any length.
    if (text.length > refusalLength) return `status_${status}`
    try {
      const answer = JSON.parse(text) as { error?: unknown }
      // Its copy may hold more of us than we do, or less than it did.
      if (answer.error === 'wrong_epoch' || answer.error === 'gap') route.greetedMs = -Infinity
      return typeof answer.error === 'string' && /^[a-z_]{1,40}$/.test(answer.error)
        ? answer.error
        : `status_${status}`
    } catch {
      return `status_${status}`
    }
  }
}
