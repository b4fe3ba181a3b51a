/**
 * The courier: for each peer, seals what waits and posts unreceipted envelopes in order until the peer's signed
 * receipt for each is stored. Backoff with jitter and a breaker between tries; a dead peer's queue has no age limit.
 *
 * Nothing lives only here: after a crash the queue is read from the store again, and a repeat is answered by the same
 * receipt. One run per peer at a time; a wake during a run makes one more.
 */
import {
  breakerOpen,
  contentId,
  envelopeLines,
  freshDelivery,
  fromUtf8,
  jwsTypes,
  limits,
  readJws,
  readReceiptPayload,
  stepDelivery,
  utf8,
  verifyJws,
  type Crypto,
  type DeliveryState,
  type NodeId,
  type ReceiptPayload,
} from '../../protocol/index.ts'
import { type Clock, type Http, type HttpAnswer, type Random, type Timers } from '../platform.ts'
import { type Row, type Store } from '../store/port.ts'
import { type Peer, type Peers } from './peers.ts'
import { type Sealer } from './sealer.ts'
import { envelopesOut, recordsOut, streamsOut } from './tables.ts'

const postTimeoutMs = 20_000
const answerBytes = 4 * 1024 * 1024
/** How often peers are looked at without being woken: another process of this region may have written. */
const lookEveryMs = 2_000

type StoredEnvelope = Row<typeof envelopesOut>
interface Parcel {
  readonly envelope: StoredEnvelope
  readonly text: string
}

export interface DeliveryProblem {
  readonly code: string
  readonly atMs: number
}

interface Route {
  running: boolean
  again: boolean
  state: DeliveryState
  problem: DeliveryProblem | undefined
  /** Where the peer says its copy ends, when that is before what it has receipted. */
  resendAfter: number | undefined
  cancelRetry: (() => void) | undefined
}

export class Courier {
  private readonly store: Store
  private readonly peers: Peers
  private readonly sealer: Sealer
  private readonly http: Http
  private readonly crypto: Crypto
  private readonly clock: Clock
  private readonly random: Random
  private readonly timers: Timers
  private readonly self: NodeId
  private readonly onFault: (error: unknown) => void
  private readonly routes = new Map<NodeId, Route>()
  private readonly runs = new Set<Promise<void>>()
  private stopped = false
  private cancelLook: (() => void) | undefined

  constructor(parts: {
    self: NodeId
    store: Store
    peers: Peers
    sealer: Sealer
    http: Http
    crypto: Crypto
    clock: Clock
    random: Random
    timers: Timers
    onFault: (error: unknown) => void
  }) {
    this.self = parts.self
    this.store = parts.store
    this.peers = parts.peers
    this.sealer = parts.sealer
    this.http = parts.http
    this.crypto = parts.crypto
    this.clock = parts.clock
    this.random = parts.random
    this.timers = parts.timers
    this.onFault = parts.onFault
  }

  start(): void {
    this.look()
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
      .catch(this.onFault)
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

  /** The peer has just proven to be there: no reason to wait any longer. */
  heard(peer: NodeId): void {
    const route = this.route(peer)
    if (route.state.failures === 0) return
    route.state = stepDelivery(route.state, { kind: 'heard' })
    this.wake(peer)
  }

  delivery(peer: NodeId): {
    failures: number
    breakerOpen: boolean
    notBeforeMs: number
    problem: DeliveryProblem | undefined
  } {
    const { state, problem } = this.route(peer)
    return { ...state, breakerOpen: breakerOpen(state), problem }
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
        running: false,
        again: false,
        state: freshDelivery,
        problem: undefined,
        resendAfter: undefined,
        cancelRetry: undefined,
      }
      this.routes.set(peer, route)
    }
    return route
  }

  private async run(node: NodeId, route: Route): Promise<void> {
    const peer = await this.store.read((reader) => this.peers.get(reader, node))
    if (!peer || peer.paused) return
    for (let more = true; more && !this.stopped;) {
      // Not before it can be sent: what is written while the peer is away leaves under few signatures.
      if (this.clock.nowMs() < route.state.notBeforeMs) return this.retryLater(node, route)
      const moreToSeal = await this.sealer.seal(node)
      const parcels = await this.nextParcels(node, route)
      if (parcels.length > 0 && !(await this.deliver(peer, route, parcels)))
        return this.retryLater(node, route)
      more = moreToSeal || parcels.length > 0
    }
  }

  private retryLater(node: NodeId, route: Route): void {
    if (this.stopped) return
    route.cancelRetry?.()
    const delayMs = Math.max(0, route.state.notBeforeMs - this.clock.nowMs())
    route.cancelRetry = this.timers.after(delayMs, () => this.wake(node))
  }

  /** Posts parcels and stores the receipts that come back; false when it must be tried again later. */
  private async deliver(peer: Peer, route: Route, parcels: readonly Parcel[]): Promise<boolean> {
    const problem = await this.exchange(peer, route, parcels)
    route.problem = problem === undefined ? undefined : { code: problem, atMs: this.clock.nowMs() }
    route.state =
      problem === undefined
        ? stepDelivery(route.state, { kind: 'delivered' })
        : stepDelivery(route.state, { kind: 'failed', nowMs: this.clock.nowMs(), random: this.random.unit() })
    return problem === undefined
  }

  private async exchange(peer: Peer, route: Route, parcels: readonly Parcel[]): Promise<string | undefined> {
    let answer: HttpAnswer
    try {
      const url = `${peer.url}/federation/v1/${this.self}/envelopes`
      const body = utf8(parcels.map(({ text }) => text).join(''))
      answer = await this.http.post(url, body, { timeoutMs: postTimeoutMs, maxBytes: answerBytes })
    } catch {
      return 'unreachable'
    }
    const text = fromUtf8(answer.body) ?? ''
    if (answer.status !== 200) return this.refusedWith(text, route, answer.status, parcels)
    route.resendAfter = undefined
    const tokens = text.split('\n').filter((line) => line !== '')
    const receipts = parcels
      .slice(0, tokens.length)
      .map(({ envelope }, i) => this.proveReceipt(peer, envelope, tokens[i] ?? ''))
    if (receipts.length === 0 || receipts.some((receipt) => receipt === undefined)) return 'bad_receipt'
    await this.storeReceipts(peer.node, parcels, tokens, receipts as ReceiptPayload[])
    return undefined
  }

  /** A refusal is unsigned, so it changes no state but what we send next. */
  private refusedWith(text: string, route: Route, status: number, parcels: readonly Parcel[]): string {
    const posted = parcels[0]?.envelope.seq ?? 0
    try {
      const answer = JSON.parse(text) as { error?: unknown; have?: { seq?: unknown } }
      const seq = answer.have?.seq
      // A copy that lacks something ends before what we posted; any other number would only keep us from sending.
      if (answer.error === 'gap' && typeof seq === 'number' && Number.isSafeInteger(seq))
        route.resendAfter = seq >= 0 && seq < posted - 1 ? seq : undefined
      return typeof answer.error === 'string' && /^[a-z_]{1,40}$/.test(answer.error)
        ? answer.error
        : `status_${status}`
    } catch {
      return `status_${status}`
    }
  }

  private proveReceipt(peer: Peer, envelope: StoredEnvelope, token: string): ReceiptPayload | undefined {
    const read = readJws(token, jwsTypes.receipt)
    const key = read.ok ? peer.keys.get(read.jws.kid) : undefined
    const opened = read.ok && key ? verifyJws(this.crypto, read.jws, key) : undefined
    const receipt = opened?.ok ? readReceiptPayload(opened.payload) : undefined
    if (!receipt?.ok) return undefined
    const { iss, aud, epoch, seq, head, outcomes } = receipt.payload
    const ours = iss === peer.node && aud === this.self && epoch === envelope.epoch && seq === envelope.seq
    const same = head === contentId(this.crypto, envelope.jws) && outcomes.length === envelope.records
    return ours && same ? receipt.payload : undefined
  }

  private async storeReceipts(
    node: NodeId,
    parcels: readonly Parcel[],
    tokens: readonly string[],
    receipts: readonly ReceiptPayload[],
  ): Promise<void> {
    await this.store.transaction(async (tx) => {
      await tx.lock([`stream-out:${node}`])
      await tx.getMany(
        envelopesOut,
        parcels.map(({ envelope }) => envelope),
      )
      for (const [i, { outcomes }] of receipts.entries()) {
        const envelope = parcels[i]?.envelope
        const stored = envelope && (await tx.get(envelopesOut, envelope))
        const receipt = tokens[i]
        if (!stored || stored.receipted || receipt === undefined) continue
        await tx.update(envelopesOut, stored, { receipted: true, receipt, receiptedMs: this.clock.nowMs() })
        for (const [idx, outcome] of outcomes.entries()) {
          if (outcome === 'applied') continue
          const [row] = await tx.find(recordsOut, { peer: node, epoch: stored.epoch, seq: stored.seq, idx })
          // What was parked may have been settled before the lost receipt came again: that word is the newer one.
          if (row?.outcome === null) await tx.update(recordsOut, row, { outcome })
        }
        const stream = await tx.get(streamsOut, { peer: node })
        if (!stream) continue
        const receipted =
          stored.epoch === stream.epoch ? Math.max(stored.seq, stream.receipted) : stream.receipted
        const unreceipted = stream.unreceipted - stored.records
        await tx.update(streamsOut, { peer: node }, { receipted, unreceipted })
      }
    })
  }

  private async nextParcels(node: NodeId, route: Route): Promise<Parcel[]> {
    return this.store.read(async (reader) => {
      const next = await this.nextEnvelopes(reader, node, route)
      const epoch = next[0]?.epoch ?? 0
      const envelopes = next.filter((envelope) => envelope.epoch === epoch)
      const seqs = envelopes.map(({ seq }) => seq)
      const rows = await reader.findIn(recordsOut, 'seq', seqs, { peer: node, epoch })
      const parcels: Parcel[] = []
      let size = 0
      for (const envelope of envelopes) {
        const own = rows
          .filter(({ seq }) => seq === envelope.seq)
          .sort((one, two) => (one.idx ?? 0) - (two.idx ?? 0))
        const text = envelopeLines({ jws: envelope.jws, records: own.map((row) => row.text) })
        size += text.length * 3
        if (parcels.length > 0 && size > limits.postBytes) break
        parcels.push({ envelope, text })
      }
      return parcels
    })
  }

  private async nextEnvelopes(
    reader: Parameters<Parameters<Store['read']>[0]>[0],
    node: NodeId,
    route: Route,
  ): Promise<StoredEnvelope[]> {
    const page = { orderBy: 'seq', limit: limits.envelopesPerPost } as const
    if (route.resendAfter === undefined)
      return reader.find(envelopesOut, { peer: node, receipted: false }, page)
    const stream = await reader.get(streamsOut, { peer: node })
    return reader.find(
      envelopesOut,
      { peer: node, epoch: stream?.epoch ?? 1 },
      { ...page, after: route.resendAfter },
    )
  }
}
