/**
 * The inbox: one transaction per proven envelope that places it in its stream, applies its records, writes our replies
 * into the outbox, moves our head and stores the signed receipt. A repeat gets the stored bytes and changes nothing.
 *
 * A record is applied, parked or refused; none of the three ever stops the stream. Parked are types and versions we do
 * not know yet and, behind one, the later records of its case, so that an upgrade loses nothing and reorders nothing.
 */
import {
  jwsTypes,
  limits,
  place,
  readRecord,
  refuse,
  signReceipt,
  typeRules,
  type Envelope,
  type FactRecord,
  type NodeId,
  type Outcome,
  type ReadRecord,
  type RecordFrame,
  type Refusal,
  type Signer,
  type StreamHead,
} from '../../protocol/index.ts'
import { type Clock, type Timers } from '../platform.ts'
import { type Reader, type Row, type Store, type Transaction } from '../store/port.ts'
import { dayOf, type Alarms } from './alarms.ts'
import { itemsOf, opensAfter, storeEnvelope, lineOf, takenBefore, type Item } from './envelopes-in.ts'
import { type Gate, type ProvenEnvelope } from './gate.ts'
import { type Applied, type RecordHandler, type RecordHandlers } from './handlers.ts'
import { type Lease } from './lease.ts'
import { pairLock, type Outbox } from './outbox.ts'
import { type Peer, type Peers } from './peers.ts'
import { type Standing, type Verdict } from './standing.ts'
import { settlement } from './stream-records.ts'
import { envelopesIn, forks, recordsIn, streamsIn, streamsOut } from './tables.ts'

const nothingTaken = Promise.resolve<Received>({ receipts: [], refusal: undefined })
/** Records taken in one transaction, unless one envelope has more: a commit is the dearest thing here, and a peer's lock the second. */
const recordsPerTransaction = 1024
/** Records that are proven in one go, an envelope counting as some more: a few milliseconds. */
const provenInOneGo = 128
const signatureInRecords = 16

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
  /** Cases behind a parked record. */
  readonly blocked: Set<string>
}

const nothingSigned = refuse('unavailable', 'nothing is signed for this peer now')

export class Inbox {
  private readonly self: NodeId
  private readonly store: Store
  private readonly gate: Gate
  private readonly peers: Peers
  private readonly outbox: Outbox
  private readonly handlers: RecordHandlers
  private readonly standing: Standing
  private readonly lease: Lease
  private readonly alarms: Alarms
  private readonly clock: Clock
  /** Asks a peer how far it has our streams: wanted before the first receipt. */
  private readonly greet: (peer: NodeId) => void
  /** The same at once: `level` when it has seen no more of us than we hold. */
  private readonly ask: (peer: Peer) => Promise<string>
  private readonly giveWay: NonNullable<Timers['giveWay']>
  /** Questions on their way, so that many posts ask once. */
  private readonly asking = new Map<NodeId, Promise<string>>()

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
  }) {
    this.self = parts.self
    this.store = parts.store
    this.gate = parts.gate
    this.peers = parts.peers
    this.outbox = parts.outbox
    this.handlers = parts.handlers
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
      inOneGo += envelope.records.length + signatureInRecords
      const proven = this.gate.prove(peer, envelope)
      if (!proven.ok) return { batch, refusal: proven }
      const items = itemsOf(proven.proven)
      batch.push({ proven: proven.proven, items })
      records += items.length
      if (items.some(announcesKey)) break
    }
    return { batch, refusal: undefined }
  }

  /** Applies parked records whose time has come (after an upgrade), in stream order; tells the peer what became of them. */
  async settleParked(node: NodeId): Promise<number> {
    return this.store.transaction(async (tx) => {
      await tx.lock([pairLock(node)])
      const peer = await this.peers.get(tx, node)
      const out = await tx.get(streamsOut, { peer: node })
      const parked = await tx.find(recordsIn, { peer: node, parked: true })
      if (!peer || out?.standing !== 'open') return 0
      parked.sort((a, b) => a.epoch - b.epoch || a.seq - b.seq || a.idx - b.idx)
      const blocked = new Set<string>()
      let settled = 0
      for (const row of parked) {
        const outcome =
          row.caseId !== null && blocked.has(row.caseId)
            ? 'parked'
            : await this.outcomeOf(tx, peer, readRecord(await lineOf(tx, row)), row)
        if (outcome === 'parked') {
          if (row.caseId !== null) blocked.add(row.caseId)
          continue
        }
        await tx.update(recordsIn, row, { parked: false, outcome })
        await this.outbox.write(tx, node, [this.outbox.draft(settlement(row, outcome))])
        settled++
      }
      return settled
    })
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

  private askOnce(peer: Peer): Promise<string> {
    const { node } = peer
    const question = this.asking.get(node) ?? this.ask(peer).finally(() => this.asking.delete(node))
    this.asking.set(node, question)
    return question
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
      const blocked = await this.readAhead(tx, peer, batch, before)
      const receipts: string[] = []
      let refusal: Received['refusal']
      for (const { proven, items } of batch) {
        const holds = this.gate.stillHolds(peer, proven)
        const taken = holds.ok ? await this.takeOne(tx, { peer, signer, blocked }, proven, items) : holds
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
    return this.append(tx, taking, proven, items)
  }

  /** Reads in few round trips what the envelopes of a batch will need; the answer names the cases behind a parked record. */
  private async readAhead(
    tx: Transaction,
    peer: Peer,
    opened: readonly Opened[],
    stream: StreamHead,
  ): Promise<Set<string>> {
    const { node } = peer
    const items = opened.flatMap((each) => each.items)
    const places = opened.map(({ proven: { payload } }) => ({ epoch: payload.epoch, seq: payload.seq }))
    const earlier = places.filter(({ epoch, seq }) => epoch < stream.epoch || seq <= stream.seq)
    // An honest peer says nothing twice, so every row that is taken is a new one.
    tx.presumeNew(
      recordsIn,
      items.map(({ digest }) => ({ peer: node, digest })),
    )
    const [parked] = await Promise.all([
      tx.find(recordsIn, { peer: node, parked: true }),
      tx.getMany(
        envelopesIn,
        earlier.map((place) => ({ peer: node, ...place })),
      ),
      this.prepare(tx, peer, items),
    ])
    return new Set(parked.map(({ caseId }) => caseId).filter((id) => id !== null))
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
   * A second story of an epoch that has ended stops nothing: the way out of it was agreed already.
   */
  private async keepFork(
    tx: Transaction,
    stream: Row<typeof streamsIn>,
    proven: ProvenEnvelope,
    refusal: Refusal,
  ): Promise<Refusal> {
    const { peer } = stream
    const { epoch, seq } = proven.payload
    const proof = { peer, epoch, seq, contentId: proven.contentId }
    if (await tx.get(forks, proof)) return refusal
    await tx.insert(forks, [{ ...proof, jws: proven.envelope.jws, seenMs: this.clock.nowMs() }])
    if (epoch >= stream.epoch) await tx.update(streamsIn, { peer }, { frozen: true, thawed: false })
    await this.alarms.raise(tx, 'fork', peer, `${epoch}/${seq}`)
    return refusal
  }

  private async append(
    tx: Transaction,
    { peer, signer, blocked }: Taking,
    proven: ProvenEnvelope,
    items: readonly Item[],
  ): Promise<{ ok: true; receipt: string }> {
    const { epoch, seq } = proven.payload
    const known = await takenBefore(tx, peer.node, items)
    const outcomes = await this.applyAll(tx, peer, items, known, blocked, { epoch, seq })
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

  private async applyAll(
    tx: Transaction,
    peer: Peer,
    items: readonly Item[],
    known: readonly (Row<typeof recordsIn> | undefined)[],
    blocked: Set<string>,
    at: { epoch: number; seq: number },
  ): Promise<Outcome[]> {
    const outcomes: Outcome[] = []
    const seen = new Map<string, Outcome>()
    for (let item = items[0]; item; item = items[outcomes.length]) {
      const before = seen.get(item.digest) ?? known[outcomes.length]?.outcome
      const isFresh = (each: Item, i: number) =>
        !seen.has(each.digest) && known[i] === undefined && !blocked.has(each.about?.case ?? '')
      const alike = this.alikeFrom(peer, items, outcomes.length, isFresh)
      if (alike.records.length > 1) {
        for (const result of await alike.applyMany(tx, peer, alike.records)) {
          seen.set(items[outcomes.length]?.digest ?? '', outcomeFrom(result))
          outcomes.push(outcomeFrom(result))
        }
        continue
      }
      const outcome =
        before === undefined
          ? await this.applyOne(tx, peer, item, blocked, { ...at, idx: item.idx })
          : repeatedOutcome(before)
      seen.set(item.digest, outcome)
      outcomes.push(outcome)
    }
    return outcomes
  }

  /** Records in a row, from this place on, that one handler applies together; none where it applies one by one. */
  private alikeFrom(
    peer: Peer,
    items: readonly Item[],
    from: number,
    isFresh: (item: Item, i: number) => boolean,
  ): { records: FactRecord[]; applyMany: NonNullable<RecordHandler['applyMany']> } {
    const records: FactRecord[] = []
    const digests = new Set<string>()
    let handler: RecordHandler | undefined
    for (let i = from; i < items.length; i++) {
      const item = items[i]
      if (!item?.read.ok || !item.read.known || digests.has(item.digest) || !isFresh(item, i)) break
      const { record } = item.read
      const next = this.handlers[record.type]
      if (!next.applyMany || (handler && next !== handler)) break
      if (!this.peers.agrees(peer, typeRules[record.type].family)) break
      handler = next
      digests.add(item.digest)
      records.push(record)
    }
    const applyMany = (tx: Transaction, by: Peer, all: readonly FactRecord[]) =>
      handler?.applyMany?.(tx, by, all) ?? Promise.resolve([])
    return { records, applyMany }
  }

  private async applyOne(
    tx: Transaction,
    peer: Peer,
    item: Item,
    blocked: Set<string>,
    at: { epoch: number; seq: number; idx: number },
  ): Promise<Outcome> {
    const caseId = item.about?.case ?? null
    const behindParked = caseId !== null && blocked.has(caseId)
    const outcome = behindParked ? 'parked' : await this.outcomeOf(tx, peer, item.read, at)
    if (outcome === 'parked' && caseId !== null) blocked.add(caseId)
    return outcome
  }

  private async outcomeOf(
    tx: Transaction,
    peer: Peer,
    read: ReadRecord,
    { epoch, seq, idx }: { epoch: number; seq: number; idx: number },
  ): Promise<Outcome> {
    if (!read.ok) return `refused:${read.code}`
    if (!read.known) return 'parked'
    const { record } = read
    const { family } = typeRules[record.type]
    // Records about the streams themselves belong to every agreement.
    if (family !== 'peer' && !this.peers.agrees(peer, family)) return 'refused:family_not_agreed'
    const result = await this.handlers[record.type].apply(tx, peer, record, { epoch, seq, index: idx })
    return outcomeFrom(result)
  }

  private async prepare(tx: Transaction, peer: Peer, items: readonly Item[]): Promise<void> {
    const groups = new Map<RecordHandler, FactRecord[]>()
    for (const { read } of items) {
      if (!read.ok || !read.known) continue
      const handler = this.handlers[read.record.type]
      const group = groups.get(handler)
      if (group) group.push(read.record)
      else groups.set(handler, [read.record])
    }
    for (const [handler, records] of groups) await handler.prepare?.(tx, peer, records)
  }
}

/** One that does not read, or that only a later version does, changes no key; it costs a batch at most. */
function announcesKey({ about }: Item): boolean {
  return about?.type === 'keys.announced'
}

function outcomeFrom(result: Applied): Outcome {
  return result.outcome === 'applied' ? 'applied' : `refused:${result.code}`
}

/** The same content again is never applied again; what was refused stays refused for the same reason. */
function repeatedOutcome(before: string): Outcome {
  return before.startsWith('refused:') ? before : 'refused:record_repeated'
}
