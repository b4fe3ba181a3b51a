/**
 * The inbox: one transaction per proven envelope that places it in its stream, applies its records, writes our replies
 * into the outbox, moves our head and stores the signed receipt. A repeat gets the stored bytes and changes nothing.
 *
 * A record is applied, parked or refused (applying.ts); none of the three ever stops the stream.
 */
import {
  jwsTypes,
  limits,
  place,
  refuse,
  signReceipt,
  type Envelope,
  type NodeId,
  type Refusal,
  type Signer,
  type StreamHead,
} from '../../protocol/index.ts'
import { type Clock, type Timers } from '../platform.ts'
import { type Row, type Store, type Transaction } from '../store/port.ts'
import { dayOf, type Alarms } from './alarms.ts'
import { Applying } from './applying.ts'
import { itemsOf, opensAfter, storeEnvelope, takenBefore, type Item } from './envelopes-in.ts'
import { type Gate, type ProvenEnvelope } from './gate.ts'
import { type RecordHandlers } from './handlers.ts'
import { type Lease } from './lease.ts'
import { pairLock, type Outbox } from './outbox.ts'
import { Parked, type Waiting } from './parked.ts'
import { type Peer, type Peers } from './peers.ts'
import { type Standing, type Verdict } from './standing.ts'
import { envelopesIn, forks, recordsIn, streamsIn, streamsOut } from './tables.ts'

const nothingTaken = Promise.resolve<Received>({ receipts: [], refusal: undefined })
/** Records taken in one transaction, unless one envelope has more: a commit is the dearest thing here, and a peer's lock the second. */
const recordsPerTransaction = 1024
/** Records that are proven in one go, an envelope counting as some more and its length as well: a few milliseconds. */
const provenInOneGo = 128
const signatureInRecords = 16
/** The length of the commonest record: a longer one counts as so many of those. */
const lengthOfRecord = 512

export interface Received {
  /** Receipts of the envelopes taken, in order; then, if one was not, why. */
  readonly receipts: string[]
  readonly refusal: (Refusal & { have?: { epoch: number; seq: number } }) | undefined
}

/** What one transaction took: `stream` as it stands after it, when it has moved. */
interface Taken extends Received {
  readonly verdict?: Verdict
  readonly stream?: StreamHead | undefined
}

/** An envelope with its records read, which needs no database. */
interface Opened {
  readonly proven: ProvenEnvelope
  readonly items: readonly Item[]
}

/** What every envelope of a batch is taken with. */
interface Taking {
  readonly peer: Peer
  readonly signer: Signer
  readonly waiting: Waiting
}

const nothingSigned = refuse('unavailable', 'nothing is signed for this peer now')

export class Inbox {
  private readonly self: NodeId
  private readonly store: Store
  private readonly gate: Gate
  private readonly peers: Peers
  private readonly applying: Applying
  readonly parked: Parked
  private readonly standing: Standing
  private readonly lease: Lease
  private readonly alarms: Alarms
  private readonly clock: Clock
  /** Asks a peer how far it has our streams: wanted before the first receipt. */
  private readonly greet: (peer: NodeId) => void
  /** The same at once: `level` when it has seen no more of us than we hold. */
  private readonly ask: (peer: Peer) => Promise<string>
  private readonly giveWay: NonNullable<Timers['giveWay']>
  /** Peers that a post of theirs has us ask just now. */
  private readonly asking = new Set<NodeId>()

  constructor(parts: {
    self: NodeId
    store: Store
    gate: Gate
    peers: Peers
    outbox: Outbox
    handlers: RecordHandlers
    standing: Standing
    lease: Lease
    alarms: Alarms
    clock: Clock
    greet: (peer: NodeId) => void
    ask?: (peer: Peer) => Promise<string>
    timers?: Pick<Timers, 'giveWay'>
    onFault?: (error: unknown) => void
  }) {
    this.self = parts.self
    this.store = parts.store
    this.gate = parts.gate
    this.peers = parts.peers
    this.applying = new Applying(parts)
    this.parked = new Parked({ ...parts, applying: this.applying })
    this.standing = parts.standing
    this.lease = parts.lease
    this.alarms = parts.alarms
    this.clock = parts.clock
    this.greet = parts.greet
    this.ask = parts.ask ?? (() => Promise.resolve('level'))
    this.giveWay = parts.timers?.giveWay ?? (() => Promise.resolve())
  }

  /** Takes a body of consecutive envelopes posted under a peer's name. */
  async receive(claimed: string, body: Uint8Array): Promise<Received> {
    const opened = this.gate.open(body)
    const peer = await this.gate.peer(claimed)
    if (!opened.ok || !peer) {
      const refusal = opened.ok
        ? this.gate.stranger(opened.envelopes[0]?.jws ?? '', jwsTypes.envelope)
        : opened
      await this.gate.note(peer && claimed, refusal, body)
      return { receipts: [], refusal }
    }
    const received = await this.takeProven(peer, opened.envelopes)
    const { receipts, refusal } = received
    const rejected = opened.envelopes[receipts.length]
    if (refusal && rejected && refusal.code !== 'gap')
      await this.gate.note(claimed, refusal, Buffer.from(rejected.jws))
    return received
  }

  /**
   * Proves and takes envelopes in order, some in one transaction, up to the first that is refused. While the database
   * takes one batch the next is proven; but not behind another key, which is known only when it was taken.
   */
  private async takeProven(first: Peer, envelopes: readonly Envelope[]): Promise<Received> {
    const receipts: string[] = []
    let peer = first
    let proven = await this.proveBatch(peer, envelopes)
    for (let at = 0; ;) {
      const { batch, refusal } = proven
      const rekeyed = batch.at(-1)?.items.some(announcesKey) ?? false
      const taking = batch.length === 0 ? nothingTaken : this.take(peer, batch)
      at += batch.length
      const ahead = refusal || rekeyed ? undefined : this.proveBatch(peer, envelopes.slice(at))
      // Whoever awaits it meets its failure; until then it must not count as unheard of.
      ahead?.catch(() => undefined)
      const taken = await taking
      receipts.push(...taken.receipts)
      const refused = taken.refusal ?? refusal
      if (refused) return { receipts, refusal: refused }
      if (rekeyed) peer = (await this.gate.peer(peer.node)) ?? peer
      proven = await (ahead ?? this.proveBatch(peer, envelopes.slice(at)))
      if (proven.batch.length === 0 && !proven.refusal) return { receipts, refusal: undefined }
    }
  }

  /**
   * As many envelopes as one transaction takes, or up to another key; or up to the first that does not hold, and why. In
   * parts: what the database answers meanwhile is not kept waiting, else nothing would be done side by side.
   */
  private async proveBatch(
    peer: Peer,
    envelopes: readonly Envelope[],
  ): Promise<{ batch: Opened[]; refusal: Received['refusal'] }> {
    const batch: Opened[] = []
    let records = 0
    let inOneGo = 0
    for (const envelope of envelopes) {
      if (records >= recordsPerTransaction) break
      if (inOneGo >= provenInOneGo) {
        await this.giveWay()
        inOneGo = 0
      }
      inOneGo += weightOf(envelope)
      const proven = this.gate.prove(peer, envelope)
      if (!proven.ok) return { batch, refusal: proven }
      const items = itemsOf(proven.proven)
      batch.push({ proven: proven.proven, items })
      records += items.length
      if (items.some(announcesKey)) break
    }
    return { batch, refusal: undefined }
  }

  /** One transaction, and then the head store, before any receipt of it leaves. */
  private async take(peer: Peer, batch: readonly Opened[]): Promise<Received> {
    if (!(await this.lease.held()))
      return { receipts: [], refusal: refuse('unavailable', 'another process of this node takes envelopes') }
    // A machine put back as a whole has put its head store back too: only the peer can know of more.
    if (!this.standing.isConfirmed(peer.node) && (await this.askOnce(peer)) !== 'level')
      return { receipts: [], refusal: refuse('unavailable', 'this node has not compared heads yet') }
    const taken = await this.takeInOne(peer.node, batch)
    // Perhaps it is our copy that was restored. If so nothing is taken anew; the answer closes the stream.
    if (taken.refusal?.code === 'gap') await this.askOnce(peer)
    if (taken.verdict === 'unknown') this.greet(peer.node)
    if (taken.verdict === 'behind') await this.standing.fellBehind(`${peer.node} in`)
    if (taken.stream && !(await this.standing.advance('in', peer.node, taken.stream)))
      return { receipts: [], refusal: refuse('unavailable', 'this database is not the newest') }
    return taken
  }

  /** Undefined while another post of this peer waits for its answer: who never gives one holds one place, not all. */
  private async askOnce(peer: Peer): Promise<string | undefined> {
    const { node } = peer
    if (this.asking.has(node)) return undefined
    this.asking.add(node)
    return this.ask(peer).finally(() => this.asking.delete(node))
  }

  /** Each envelope in its place, until one is refused. What was taken before it stays taken. */
  private async takeInOne(node: NodeId, batch: readonly Opened[]): Promise<Taken> {
    return this.store.transaction(async (tx) => {
      await tx.lock([pairLock(node), `stream-in:${node}`])
      const [before, peer] = await Promise.all([
        tx.get(streamsIn, { peer: node }),
        this.peers.get(tx, node),
        tx.get(streamsOut, { peer: node }),
      ])
      if (!before || !peer)
        return { receipts: [], refusal: refuse('no_agreement', 'no stream from this peer') }
      const verdict = await this.standing.judge(tx, 'in', node, before)
      if (verdict !== 'level') return { receipts: [], refusal: nothingSigned, verdict }
      const signer = await this.peers.signerFor(tx, node)
      const waiting = await this.readAhead(tx, peer, batch, before)
      const receipts: string[] = []
      let refusal: Received['refusal']
      for (const { proven, items } of batch) {
        const holds = this.gate.stillHolds(peer, proven)
        const taken = holds.ok ? await this.takeOne(tx, { peer, signer, waiting }, proven, items) : holds
        if (!taken.ok) {
          refusal = taken
          break
        }
        receipts.push(taken.receipt)
      }
      const stream = await tx.get(streamsIn, { peer: node })
      return { receipts, refusal, stream: stream?.head === before.head ? undefined : stream }
    })
  }

  private async takeOne(
    tx: Transaction,
    taking: Taking,
    proven: ProvenEnvelope,
    items: readonly Item[],
  ): Promise<{ ok: true; receipt: string } | NonNullable<Received['refusal']>> {
    const { peer } = taking
    const stream = await tx.get(streamsIn, { peer: peer.node })
    if (!stream) return refuse('no_agreement', 'no stream from this peer')
    const have = { epoch: stream.epoch, seq: stream.seq }
    const placed = place(stream, proven.payload)
    if (!placed.ok && placed.code === 'fork') return this.keepFork(tx, stream, proven, placed)
    if (!placed.ok) return placed.code === 'frozen' ? placed : { ...placed, have }
    if (placed.place === 'earlier') return this.repeat(tx, stream, proven)
    if (placed.opens && !opensAfter(items, stream))
      return { ...refuse('wrong_epoch', 'an epoch that does not begin after our head'), have }
    if (!this.parked.hasRoom(taking.waiting, items)) return this.parked.full(tx, peer.node)
    return this.append(tx, taking, proven, items)
  }

  /** Reads in few round trips what the envelopes of a batch will need; the answer says what waits already. */
  private async readAhead(
    tx: Transaction,
    peer: Peer,
    opened: readonly Opened[],
    stream: StreamHead,
  ): Promise<Waiting> {
    const { node } = peer
    const items = opened.flatMap((each) => each.items)
    const places = opened.map(({ proven: { payload } }) => ({ epoch: payload.epoch, seq: payload.seq }))
    const earlier = places.filter(({ epoch, seq }) => epoch < stream.epoch || seq <= stream.seq)
    // An honest peer says nothing twice, so every row that is taken is a new one.
    tx.presumeNew(
      recordsIn,
      items.map(({ digest }) => ({ peer: node, digest })),
    )
    const [waiting] = await Promise.all([
      this.parked.before(tx, node, items),
      tx.getMany(
        envelopesIn,
        earlier.map((place) => ({ peer: node, ...place })),
      ),
      this.applying.prepare(tx, peer, items),
    ])
    return waiting
  }

  private async repeat(
    tx: Transaction,
    stream: Row<typeof streamsIn>,
    proven: ProvenEnvelope,
  ): Promise<{ ok: true; receipt: string } | NonNullable<Received['refusal']>> {
    const { epoch, seq } = proven.payload
    const stored = await tx.get(envelopesIn, { peer: stream.peer, epoch, seq })
    if (stored?.contentId === proven.contentId) return { ok: true, receipt: stored.receipt }
    // What was never taken of an epoch that has ended is no second story: it was given up.
    const have = { epoch: stream.epoch, seq: stream.seq }
    if (!stored) return { ...refuse('wrong_epoch', `epoch ${epoch} has ended`), have }
    return this.keepFork(tx, stream, proven, refuse('fork', `another envelope stands at ${epoch}/${seq}`))
  }

  /**
   * Two stories under one number: the second is kept as proof beside the first, the stream stops, and a person is told.
   * A second story of an epoch that has ended stops nothing: the way out of it was agreed already. One proof an epoch is
   * kept, and one alarm is open: who lies on and on fills nothing here.
   */
  private async keepFork(
    tx: Transaction,
    stream: Row<typeof streamsIn>,
    proven: ProvenEnvelope,
    refusal: Refusal,
  ): Promise<Refusal> {
    const { peer } = stream
    const { epoch, seq } = proven.payload
    const stops = epoch >= stream.epoch && !stream.frozen
    const [known] = await tx.find(forks, { peer, epoch }, { limit: 1 })
    if (known && !stops) return refusal
    const proof = { peer, epoch, seq, contentId: proven.contentId, jws: proven.envelope.jws }
    if (!known) await tx.insert(forks, [{ ...proof, seenMs: this.clock.nowMs() }])
    if (stops) await tx.update(streamsIn, { peer }, { frozen: true, thawed: false })
    if (!(await this.alarms.isOpen(tx, 'fork', peer)))
      await this.alarms.raise(tx, 'fork', peer, `${epoch}/${seq}`)
    return refusal
  }

  private async append(
    tx: Transaction,
    { peer, signer, waiting }: Taking,
    proven: ProvenEnvelope,
    items: readonly Item[],
  ): Promise<{ ok: true; receipt: string }> {
    const { epoch, seq } = proven.payload
    const known = await takenBefore(tx, peer.node, items)
    const outcomes = await this.applying.applyAll(tx, peer, items, known, waiting.cases, { epoch, seq })
    waiting.records += outcomes.filter((outcome) => outcome === 'parked').length
    const receivedMs = this.clock.nowMs()
    if (proven.payload.iat * 1000 > receivedMs + limits.skewWarningSeconds * 1000)
      await this.alarms.raise(tx, 'clock_skew', peer.node, dayOf(receivedMs))
    const receipt = signReceipt(signer, {
      iss: this.self,
      aud: peer.node,
      epoch,
      seq,
      head: proven.contentId,
      iat: Math.floor(receivedMs / 1000),
      outcomes,
    })
    await storeEnvelope(tx, peer.node, proven, items, known, outcomes, { receipt, receivedMs })
    const head = { epoch, seq, head: proven.contentId, heardMs: receivedMs }
    await tx.update(streamsIn, { peer: peer.node }, { ...head, frozen: false, thawed: false })
    return { ok: true, receipt }
  }
}

/** One that does not read, or that only a later version does, changes no key; it costs a batch at most. */
function announcesKey({ about }: Item): boolean {
  return about?.type === 'keys.announced'
}

/** What it costs to prove an envelope, in common records. */
function weightOf({ jws, records }: Envelope): number {
  const length = records.reduce((sum, line) => sum + line.length, jws.length)
  return signatureInRecords + Math.max(records.length, Math.ceil(length / lengthOfRecord))
}
