/**
 * Facts told anew from the records of both streams, as far as a loss has touched them: which cases those are, what both
 * sides have said of each, what of our own still waits to be said behind it, and what no longer fits.
 */
import {
  readRecord,
  type FactRecord,
  type NodeId,
  type Outcome,
  type RecordCode,
  type RecordType,
  type Uuid,
} from '../../protocol/index.ts'
import { type Row, type Transaction } from '../store/port.ts'
import { type Alarms } from './alarms.ts'
import { lineOf } from './envelopes-in.ts'
import { isAnothers, opens } from './case-ids.ts'
import { type Facts, type RecordHandlers, type Told, type Unfit } from './handlers.ts'
import { type Peer } from './peers.ts'
import { eraseLine, recordSent } from './stream-records.ts'
import { recordsIn, recordsOut } from './tables.ts'
import { keepHead } from './witness.ts'

export type OutRow = Row<typeof recordsOut>

export class Retelling {
  private readonly parts: { self: NodeId; facts: Facts; handlers: RecordHandlers; alarms: Alarms }
  private readonly tx: Transaction
  private readonly peer: Peer
  /** Our records that the peer has not confirmed, by digest. */
  private readonly waiting: Map<string, OutRow>
  /** Records that came back: of ours, and of the peer's. */
  private readonly ours: FactRecord[] = []
  private readonly theirs: FactRecord[] = []
  /** Cases of which anything came back or waits. */
  private readonly touched = new Set<Uuid>()
  private readonly told = new Map<Uuid, Told[]>()
  /** Cases with a departure of ours that nobody here knew of when he wrote what waits. */
  private readonly unknownDepartures = new Set<Uuid>()
  /** Of ours some came back as parked: what became of them the peer may have said since. */
  private someParked = false
  /**
   * Records of the peer's that wait although later ones of their case were applied, by id: we had settled them, and our
   * word of it was lost.
   */
  private readonly overtaken = new Map<Uuid, InRow>()
  private readonly outcomes = new Map<Uuid, Outcome>()
  /** Ids of our records that the peer has refused: that they do not fit is no news. */
  private readonly refused = new Set<Uuid>()

  constructor(
    parts: { self: NodeId; facts: Facts; handlers: RecordHandlers; alarms: Alarms },
    tx: Transaction,
    peer: Peer,
    waiting: Map<string, OutRow>,
  ) {
    this.parts = parts
    this.tx = tx
    this.peer = peer
    this.waiting = waiting
  }

  /** A record of ours came back, with what the peer's receipt says of it. `knownHere`: it waited here for that receipt. */
  said(record: FactRecord, outcome: Outcome, knownHere: boolean): void {
    this.ours.push(record)
    if (record.type === 'flow.departed' && record.case !== null && !knownHere)
      this.unknownDepartures.add(record.case)
    if (outcome === 'parked') this.someParked = true
    if (record.case !== null) this.touched.add(record.case)
  }

  /** A record of the peer's that we had applied came back. */
  heard(record: FactRecord): void {
    this.theirs.push(record)
    if (record.case === null) return
    this.touched.add(record.case)
    this.told.get(record.case)?.push({ record, by: this.peer.node })
  }

  /** What had been parked becomes what was said of it since, on both sides. */
  async settle(): Promise<void> {
    for (const { body } of ofType(this.ours, 'outcome.settled')) {
      const { digest, outcome } = body
      // A restored node settles what had waited as soon as it starts, before it knows that it had said so.
      for (const [key, { type, text }] of this.waiting)
        if (type === 'outcome.settled' && text?.includes(`"digest":"${digest}"`)) this.waiting.delete(key)
      const row = await this.tx.get(recordsIn, { peer: this.peer.node, digest })
      if (!row?.parked) continue
      await this.tx.update(recordsIn, row, { parked: false, outcome })
      const record = outcome === 'applied' ? read(await lineOf(this.tx, row)) : undefined
      if (record) this.heard(record)
    }
    if (!this.someParked && ofType(this.theirs, 'outcome.settled').length === 0) return
    // Of a record of ours that is settled already this changes nothing.
    const handler = this.parts.handlers['outcome.settled']
    for (const record of await this.heardOf('outcome.settled'))
      await handler.apply(this.tx, this.peer, record, { epoch: 0, seq: 0, index: 0 })
  }

  /** What each side had told the other of its audit: that it came back from the peer confirms ours. */
  async witness(): Promise<void> {
    const { node } = this.peer
    for (const record of ofType(this.ours, 'audit.head')) await keepHead(this.tx, node, 'ours', record, null)
    for (const record of ofType(this.theirs, 'audit.head'))
      await keepHead(this.tx, node, 'theirs', record, null)
  }

  /** What was erased has no text, whatever an older copy still held. */
  async eraseTexts(): Promise<void> {
    const peer = this.peer.node
    for (const { body, case: caseId } of ofType(this.theirs, 'record.erased')) {
      const row = await this.tx.get(recordsIn, { peer, digest: body.digest })
      if (!row) continue
      if (row.caseId === null) await this.tx.update(recordsIn, row, { caseId })
      await eraseLine(this.tx, row)
    }
    for (const { body, case: caseId } of ofType(this.ours, 'record.erased')) {
      const row = await recordSent(this.tx, peer, body)
      if (row) await this.tx.update(recordsOut, row, { text: null, caseId })
    }
  }

  /** Do words of ours build on some of the peer's that are not here? */
  async lacksTheirs(): Promise<boolean> {
    const { facts } = this.parts
    const asked = new Set(ofType(this.theirs, 'identity.queried').map(({ id }) => id))
    for (const record of this.ours) {
      const query =
        record.type === 'identity.denied' || record.type === 'identity.asserted' ? record.body.query : null
      if (query !== null && !asked.has(query) && !(await facts.wasAsked(this.tx, query))) return true
      if (record.type === 'outcome.settled') {
        const { digest } = record.body
        if (!(await this.tx.get(recordsIn, { peer: this.peer.node, digest }))) return true
      }
    }
    for (const caseId of new Set(this.ours.map((record) => record.case)))
      if (caseId !== null && !(await this.isOpened(caseId))) return true
    return false
  }

  /** Why the peer may not say this now; undefined when it may. Whoever asks says afterwards whether it was `heard`. */
  async judge(record: FactRecord): Promise<RecordCode | undefined> {
    const { facts } = this.parts
    const { node } = this.peer
    if (record.type === 'identity.queried') {
      const known =
        this.theirs.some(({ id }) => id === record.id) || (await facts.wasAsked(this.tx, record.id))
      return known ? 'record_repeated' : undefined
    }
    if (record.type === 'identity.denied') {
      const { query } = record.body
      const asked = this.ours.some(({ id }) => id === query) || (await facts.hasAsked(this.tx, node, query))
      return asked ? undefined : 'query_unknown'
    }
    const told = { record, by: node }
    const unfit = await this.retell(record.case ?? '', [...(await this.toldOf(record.case ?? '')), told])
    return unfit.find((one) => one.told === told)?.code
  }

  /** Tells what can be told by now, and leaves open what cannot. */
  async tellWhatIsThere(): Promise<void> {
    await this.parts.facts.reset(this.tx, this.peer.node, this.touched)
    await this.recall()
    for (const caseId of this.touched) await this.retell(caseId, await this.toldOf(caseId))
  }

  /**
   * Tells every case that was touched. Behind what was said comes what waits, as far as it still can be said; what
   * cannot is for a person to see.
   */
  async tellAll(ownCases: ReadonlySet<Uuid>): Promise<void> {
    for (const { caseId } of this.waiting.values()) if (caseId !== null) this.touched.add(caseId)
    this.dropAnswered()
    // Of two lives of this node each may have opened a case of one person: the one the peer has refused gives way.
    for (const { caseId } of await this.refusedOpenings()) if (caseId !== null) this.touched.add(caseId)
    await this.parts.facts.reset(this.tx, this.peer.node, this.touched)
    await this.recall()
    // In the order in which they were opened: a later stay of a person is the one he is in.
    for (const caseId of [...this.touched].sort())
      await this.report(await this.retell(caseId, await this.toldOf(caseId), ownCases))
    for (const [digest, { text, caseId }] of this.waiting) await this.sayAgain(digest, read(text), caseId)
    await this.parts.facts.prune(this.tx, this.touched)
  }

  /** What became of records that had waited, to be said once more: judged in their place, as they had been. */
  async settlements(): Promise<{ row: InRow; outcome: Outcome }[]> {
    const settled: { row: InRow; outcome: Outcome }[] = []
    for (const [id, row] of this.overtaken) {
      const outcome = this.outcomes.get(id) ?? 'applied'
      await this.tx.update(recordsIn, row, { parked: false, outcome })
      settled.push({ row, outcome })
    }
    return settled
  }

  async resume(): Promise<void> {
    const said = await this.tx.find(recordsOut, { peer: this.peer.node, type: 'identity.denied' })
    const denied = ofType(
      said.map(({ text }) => read(text)).filter((record) => record !== undefined),
      'identity.denied',
    )
    await this.parts.facts.resume(this.tx, this.peer, new Set(denied.map(({ body }) => body.query)))
  }

  private async retell(
    caseId: Uuid,
    told: readonly Told[],
    ownCases?: ReadonlySet<Uuid>,
  ): Promise<readonly Unfit[]> {
    const { self, facts, alarms } = this.parts
    if (await isAnothers(this.tx, facts, { peer: this.peer.node, self, caseId, told })) {
      // What we had receipted of it while we knew nothing of the other's case is left out: a person must know.
      await alarms.raise(this.tx, 'replay_differs', this.peer.node, `displaced ${caseId}`)
      return told.map((one) => ({ told: one, code: 'case_unknown' }))
    }
    const home = ownCases && (ownCases.has(caseId) ? self : this.peer.node)
    const { unfit, displaced } = await facts.retell(this.tx, this.peer, caseId, told, home)
    if (displaced !== undefined)
      await alarms.raise(this.tx, 'replay_differs', displaced, `displaced ${caseId}`)
    return unfit
  }

  private async report(unfit: readonly Unfit[]): Promise<void> {
    for (const { told, code } of unfit) {
      const { id } = told.record
      if (this.overtaken.has(id)) this.outcomes.set(id, `refused:${code}`)
      if (this.overtaken.has(id) || this.refused.has(id)) continue
      const direction = told.by === this.parts.self ? 'out' : 'in'
      await this.parts.alarms.raise(
        this.tx,
        'replay_differs',
        this.peer.node,
        `${direction} ${told.record.id}`,
      )
    }
  }

  private refusedOpenings(): Promise<OutRow[]> {
    return this.tx.find(recordsOut, { peer: this.peer.node, outcome: refusedOpening })
  }

  private async sayAgain(digest: string, record: FactRecord | undefined, caseId: Uuid | null): Promise<void> {
    if (!record || caseId === null) return
    const stale = record.type === 'flow.arrived' && this.unknownDepartures.has(caseId)
    if (!stale && (await this.parts.facts.sayAgain(this.tx, this.peer, record)) === undefined) return
    this.waiting.delete(digest)
    await this.parts.alarms.raise(this.tx, 'replay_differs', this.peer.node, `unsaid ${caseId}`)
  }

  /** A restored database may have answered a question that was answered before. A denial never takes anything back. */
  private dropAnswered(): void {
    const denied = new Set(ofType(this.ours, 'identity.denied').map(({ body }) => body.query))
    const asserted = new Set(ofType(this.ours, 'identity.asserted').map(({ body }) => body.query))
    for (const [digest, { text }] of this.waiting) {
      const record = read(text)
      if (record?.type === 'identity.denied') {
        const { query } = record.body
        if (denied.has(query) || asserted.has(query)) this.waiting.delete(digest)
      } else if (record?.type === 'identity.asserted' && record.body.query !== null)
        if (asserted.has(record.body.query)) this.waiting.delete(digest)
    }
  }

  /** Questions and answers that came back, and what waits of them. */
  private async recall(): Promise<void> {
    const { self } = this.parts
    const by = (node: NodeId) => (record: FactRecord) => ({ record, by: node })
    const told = [...this.ours.map(by(self)), ...this.theirs.map(by(this.peer.node))]
    // Its answers to questions of ours that come back only now may have been taken before.
    if (ofType(this.ours, 'identity.queried').length > 0)
      for (const type of ['identity.denied', 'identity.asserted'] as const)
        told.push(...(await this.heardOf(type)).map(by(this.peer.node)))
    const waiting = [...this.waiting.values()]
      .map(({ text }) => read(text))
      .filter((one) => one !== undefined)
    told.push(...waiting.map(by(self)))
    const identity = told.filter(({ record }) => record.type.startsWith('identity.'))
    if (identity.length > 0) await this.parts.facts.recall(this.tx, this.peer, identity)
  }

  private async isOpened(caseId: Uuid): Promise<boolean> {
    const told = await this.toldOf(caseId)
    return (
      told.some((one) => opens(one) || one.record.type === 'record.erased') ||
      (await this.parts.facts.exists(this.tx, caseId))
    )
  }

  /** What both sides have said of a case, ours first; what was erased is not among it. */
  private async toldOf(caseId: Uuid): Promise<Told[]> {
    const known = this.told.get(caseId)
    if (known) return known
    const { self } = this.parts
    const peer = this.peer.node
    const told: Told[] = []
    for (const { text, outcome } of await this.tx.find(
      recordsOut,
      { peer, caseId },
      { orderBy: 'position' },
    )) {
      const record = read(text)
      if (!record) continue
      if (outcome?.startsWith('refused:')) this.refused.add(record.id)
      if (outcome !== refusedOpening) told.push({ record, by: self })
    }
    // What we have erased is gone here, whether or not the peer has heard of it.
    for (const { type, caseId: about, text } of this.waiting.values()) {
      const record = type === 'record.erased' && about === caseId ? read(text) : undefined
      if (record) told.push({ record, by: self })
    }
    const taken = (await this.tx.find(recordsIn, { peer, caseId })).sort(byPlace)
    const lastApplied = taken.findLast(({ outcome }) => outcome === 'applied')
    for (const row of taken) {
      const overtaken = row.parked && lastApplied !== undefined && byPlace(row, lastApplied) < 0
      const record = overtaken || row.outcome === 'applied' ? read(await lineOf(this.tx, row)) : undefined
      if (!record) continue
      told.push({ record, by: peer })
      if (overtaken) this.overtaken.set(record.id, row)
    }
    this.told.set(caseId, told)
    return told
  }

  /** All records of one type that this peer has said and we have applied. */
  private async heardOf<T extends RecordType>(type: T): Promise<FactRecord<T>[]> {
    const rows = await this.tx.find(recordsIn, { peer: this.peer.node, type, outcome: 'applied' })
    const records: FactRecord[] = []
    for (const row of rows.sort(byPlace)) {
      const record = read(await lineOf(this.tx, row))
      if (record) records.push(record)
    }
    return ofType(records, type)
  }
}

const refusedOpening = 'refused:case_exists'

function read(text: string | null): FactRecord | undefined {
  const found = text === null ? undefined : readRecord(text)
  return found?.ok && found.known ? found.record : undefined
}

function ofType<T extends RecordType>(records: readonly FactRecord[], type: T): FactRecord<T>[] {
  return records.filter(({ type: its }) => its === type) as FactRecord<T>[]
}

type InRow = Row<typeof recordsIn>
function byPlace(one: InRow, other: InRow): number {
  return one.epoch - other.epoch || one.seq - other.seq || one.idx - other.idx
}
