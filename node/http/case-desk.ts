/**
 * The case desk: what an officer does on one case, each in one transaction under the pair's lock, and what is shown of
 * cases. Which side may do what is decided here once, before the record is written.
 */
import {
  type Activity,
  type BodyOf,
  type CaseDetail,
  type CaseSummary,
  type DeviationField,
  type Evidence,
  type NodeId,
  type SigningKey,
  type Side,
  type Uuid,
} from '../../protocol/index.ts'
import { DomainError } from '../errors.ts'
import { pairLock } from '../federation/outbox.ts'
import { caseTimeline, inFlightCases } from '../federation/trace.ts'
import { type Case } from '../flows/index.ts'
import { rosterLock } from '../members/index.ts'
import { type Region } from '../region.ts'
import { type Reader, type Transaction } from '../store/port.ts'

const casesPerPage = 500

export class CaseDesk {
  private readonly region: Region

  constructor(region: Region) {
    this.region = region
  }

  async list(query: {
    peer: NodeId | undefined
    home: NodeId | undefined
    after: Uuid | null
  }): Promise<{ cases: CaseSummary[]; next: Uuid | null }> {
    const { self, store, views } = this.region
    const { peer } = query
    if (peer === undefined) throw new DomainError('bad_request')
    return store.read(async (reader) => {
      const page = await views.list(reader, self, peer, query.home ?? self, query.after, casesPerPage)
      const inFlight = await inFlightCases(reader, peer)
      const cases = page.map((subject) => this.summary(subject, inFlight.has(subject.row.id)))
      return { cases, next: page.length === casesPerPage ? (page.at(-1)?.row.id ?? null) : null }
    })
  }

  async detail(id: Uuid): Promise<CaseDetail> {
    return this.region.store.read(async (reader) => {
      const subject = await this.find(reader, id)
      const timeline = await caseTimeline(reader, subject.row.peer, id)
      const inFlight = timeline.some(({ direction, state }) => direction === 'sent' && state !== 'delivered')
      const activities = await this.region.activities.ofCase(reader, id)
      const last = (direction: 'sent' | 'received') =>
        timeline.findLast((item) => item.direction === direction)?.at ?? null
      const [ours, theirs] = [last('sent'), last('received')]
      return {
        ...this.summary(subject, inFlight),
        homeFacts: subject.home,
        hostFacts: { ...subject.host, deviations: [...subject.host.deviations] },
        member: subject.row.member,
        homeSaidAt: subject.row.side === 'home' ? ours : theirs,
        hostSaidAt: subject.row.side === 'host' ? ours : theirs,
        timeline,
        activities: activities.map(({ id: activityId, by, activity: { on, kind, title, amountFen } }) => ({
          id: activityId,
          by,
          on,
          kind,
          title: title ?? null,
          amountFen: amountFen ?? null,
        })),
      }
    })
  }

  /** The canonical text that must be byte-equal on both nodes once their streams are level. */
  async shared(id: Uuid): Promise<string> {
    return this.region.store.read(async (reader) =>
      this.region.views.shared(reader, await this.find(reader, id)),
    )
  }

  async evidence(id: Uuid): Promise<Evidence> {
    const { row } = await this.region.store.read((reader) => this.find(reader, id))
    const [home, host] = row.side === 'home' ? [this.region.self, row.peer] : [row.peer, this.region.self]
    return this.region.evidence.ofCase(id, home, host)
  }

  /** Ours and the peer's, also those that are not used any more: what they signed stays verifiable. */
  async keys(id: Uuid): Promise<{ node: NodeId; key: SigningKey }[]> {
    const { store, peers, self, keyring } = this.region
    return store.read(async (reader) => {
      const { row } = await this.find(reader, id)
      const own = keyring.kids().flatMap((kid) => keyring.publicKey(kid) ?? [])
      const theirs = await peers.keysOf(reader, row.peer)
      return [...own.map((key) => ({ node: self, key })), ...theirs.map((key) => ({ node: row.peer, key }))]
    })
  }

  amend(id: Uuid, body: BodyOf<'flow.amended'>): Promise<CaseSummary> {
    return this.act(id, 'home', (tx, subject) => this.region.home.amend(tx, subject, body))
  }

  registerReturn(id: Uuid, body: BodyOf<'flow.returned'>): Promise<CaseSummary> {
    return this.act(id, 'home', (tx, subject) => this.region.home.registerReturn(tx, subject, body))
  }

  close(id: Uuid, body: BodyOf<'flow.closed'>): Promise<CaseSummary> {
    return this.act(id, 'home', (tx, subject) => this.region.home.close(tx, subject, body))
  }

  notify(id: Uuid, body: BodyOf<'notice.sent'>): Promise<CaseSummary> {
    return this.act(id, 'home', (tx, subject) => this.region.home.notify(tx, subject, body))
  }

  place(id: Uuid, body: { branch: string; on?: string | undefined }): Promise<CaseSummary> {
    return this.act(id, 'host', (tx, subject) => this.region.host.place(tx, subject, body.branch, body.on))
  }

  depart(id: Uuid, body: BodyOf<'flow.departed'>): Promise<CaseSummary> {
    return this.act(id, 'host', (tx, subject) => this.region.host.depart(tx, subject, body))
  }

  dispute(id: Uuid, body: BodyOf<'flow.disputed'>): Promise<CaseSummary> {
    return this.act(id, 'host', (tx, subject) => this.region.host.dispute(tx, subject, body))
  }

  /** At home it may change every open case of the member, so all pairs wait for it. */
  adopt(id: Uuid, fields: readonly DeviationField[]): Promise<CaseSummary> {
    const { store, peers, home, host } = this.region
    return store.transaction(async (tx) => {
      const { row } = await this.find(tx, id)
      const pairs = row.side === 'home' ? (await peers.all(tx)).map(({ node }) => node) : [row.peer]
      await tx.lock([rosterLock, ...pairs.map(pairLock)])
      const subject = await this.find(tx, id)
      const flows = row.side === 'home' ? home : host
      return this.summary(await flows.adopt(tx, subject, fields), true)
    })
  }

  report(id: Uuid, activity: Activity): Promise<CaseSummary> {
    return this.act(id, 'either', async (tx, subject) => {
      await this.region.activities.reportOnCase(tx, subject, activity)
      return subject
    })
  }

  correct(id: Uuid, body: { corrects: Uuid; activity: Activity | null }): Promise<CaseSummary> {
    return this.act(id, 'either', async (tx, subject) => {
      await this.region.activities.correct(tx, subject, body.corrects, body.activity)
      return subject
    })
  }

  /** Removes, here and at the peer, what this side has said of a closed case. */
  erase(id: Uuid): Promise<CaseSummary> {
    return this.act(id, 'either', async (tx, subject) => {
      await this.region.erasure.eraseCase(tx, subject.row.peer, id)
      return this.find(tx, id)
    })
  }

  private async act(
    id: Uuid,
    side: Side | 'either',
    work: (tx: Transaction, subject: Case) => Promise<Case>,
  ): Promise<CaseSummary> {
    return this.region.store.transaction(async (tx) => {
      const { row } = await this.find(tx, id)
      if (side !== 'either' && row.side !== side)
        throw new DomainError(side === 'home' ? 'not_home_of_case' : 'not_host_of_case')
      await tx.lock([pairLock(row.peer)])
      return this.summary(await work(tx, await this.find(tx, id)), true)
    })
  }

  private async find(reader: Reader, id: Uuid): Promise<Case> {
    const subject = await this.region.cases.get(reader, id)
    if (!subject) throw new DomainError('case_not_found', { id })
    return subject
  }

  private summary(subject: Case, inFlight: boolean): CaseSummary {
    const { row, home, host } = subject
    const { meaning, differences } = this.region.views.view(subject, inFlight)
    return {
      id: row.id,
      peer: row.peer,
      side: row.side as Side,
      name: home.person?.name ?? host.person?.name ?? '',
      home: home.state,
      host: host.state,
      meaning,
      differences: [...differences],
      deviations: host.deviations.map(({ field }) => field),
      changedAt: new Date(row.changedMs).toISOString(),
    }
  }
}
