/**
 * Flows: members' stays elsewhere, as home and as host. The door of this room: verbs, what the inbox applies, and the
 * views and comparison of cases.
 */
import {
  caseView,
  compareCases,
  digestOf,
  sharedView,
  type CaseActivity,
  type CaseView,
  type Comparison,
  type Crypto,
  type FactRecord,
  type NodeId,
  type RecordType,
  type Side,
  type Uuid,
} from '../../protocol/index.ts'
import { type Applied, type RecordHandler } from '../federation/handlers.ts'
import { type Peer } from '../federation/peers.ts'
import { type ComparedPage } from '../federation/requests.ts'
import { type Reader, type Transaction } from '../store/port.ts'
import { type Case, type Cases, readCase } from './cases.ts'
import { type HomeFlows } from './home.ts'
import { type HostFlows } from './host.ts'
import { cases } from './tables.ts'

export { Cases, readCase, type Case, type CaseRow } from './cases.ts'
export { HomeFlows, type OutflowEntry, type OutflowResult } from './home.ts'
export { FlowRetelling, type LostAnswers } from './retelling.ts'
export { HostFlows, type Arrival, type ArrivalEntry, type ArrivalResult } from './host.ts'

type FlowRecordType = Extract<RecordType, `identity.${string}` | `flow.${string}` | 'notice.sent'>
export type ActivitiesOfCases = (reader: Reader, ids: readonly Uuid[]) => Promise<Map<Uuid, CaseActivity[]>>

const comparePage = 500

/** What the inbox does with each record type of this room. */
export function flowHandlers(parts: {
  cases: Cases
  home: HomeFlows
  host: HostFlows
}): Record<FlowRecordType, RecordHandler> {
  const { cases: book, home, host } = parts
  const prepare = async (tx: Transaction, _peer: Peer, records: readonly FactRecord[]) => {
    await book.getMany(
      tx,
      records.map((record) => record.case ?? ''),
    )
  }
  const handler: RecordHandler = {
    prepare,
    apply: (tx, peer, record) => applyFlow(home, host, book, tx, peer, record),
  }
  return {
    'identity.queried': handler,
    'identity.asserted': handler,
    'identity.denied': handler,
    'flow.published': handler,
    'flow.amended': handler,
    'flow.returned': handler,
    'flow.closed': handler,
    'notice.sent': handler,
    'flow.arrived': handler,
    'flow.disputed': handler,
    'flow.placed': handler,
    'flow.relocated': handler,
    'flow.departed': handler,
  }
}

async function applyFlow(
  home: HomeFlows,
  host: HostFlows,
  book: Cases,
  tx: Transaction,
  peer: Peer,
  record: FactRecord,
): Promise<Applied> {
  switch (record.type) {
    case 'identity.queried':
      return home.queried(tx, peer, record)
    case 'identity.asserted':
    case 'flow.published':
      return host.opened(tx, peer, record)
    case 'identity.denied':
      return host.denied(tx, peer, record)
    case 'flow.amended':
    case 'flow.returned':
    case 'flow.closed':
    case 'notice.sent':
      return host.amended(tx, peer, record)
    case 'flow.arrived':
    case 'flow.disputed':
    case 'flow.placed':
    case 'flow.relocated':
    case 'flow.departed':
      return book.hear(tx, peer.node, record)
    default:
      throw new TypeError(`${record.type} is no flow record`)
  }
}

/** Reading cases: both views side by side, the shared view both nodes must hold alike, and comparison. */
export class CaseViews {
  private readonly home: HomeFlows
  private readonly host: HostFlows
  private readonly activities: ActivitiesOfCases
  private readonly crypto: Crypto

  constructor(parts: { home: HomeFlows; host: HostFlows; activities: ActivitiesOfCases; crypto: Crypto }) {
    this.home = parts.home
    this.host = parts.host
    this.activities = parts.activities
    this.crypto = parts.crypto
  }

  view(subject: Case, inFlight: boolean): CaseView {
    return caseView(subject.home, subject.host, inFlight)
  }

  async shared(reader: Reader, subject: Case): Promise<string> {
    const groups = await this.activities(reader, [subject.row.id])
    return sharedView(subject.row.id, subject.home, subject.host, groups.get(subject.row.id) ?? [])
  }

  /** Cases between us and a peer in which `home` is home, in the order of their ids. */
  async list(
    reader: Reader,
    self: NodeId,
    peer: NodeId,
    home: NodeId,
    after: string | null,
    limit: number,
  ): Promise<Case[]> {
    const side: Side = home === self ? 'home' : 'host'
    const page = { orderBy: 'id', limit, ...(after === null ? {} : { after }) } as const
    return (await reader.find(cases, { peer, side }, page)).map(readCase)
  }

  /** Our page of a comparison, as the peer may see it: case ids, digests of shared views, denied queries. */
  async comparedPage(
    reader: Reader,
    self: NodeId,
    peer: NodeId,
    home: NodeId,
    after: string | null,
  ): Promise<ComparedPage> {
    const page = await this.list(reader, self, peer, home, after, comparePage)
    const groups = await this.activities(
      reader,
      page.map(({ row }) => row.id),
    )
    const compared = page.map((subject) => {
      const view = sharedView(subject.row.id, subject.home, subject.host, groups.get(subject.row.id) ?? [])
      return { id: subject.row.id, digest: digestOf(this.crypto, view) }
    })
    const next = page.length === comparePage ? (page.at(-1)?.row.id ?? null) : null
    return {
      cases: compared,
      denied: after === null ? await this.denied(reader, self, peer, home) : [],
      next,
    }
  }

  /** Our own count of the cases with a peer in which `home` is home. */
  async comparison(reader: Reader, self: NodeId, peer: NodeId, home: NodeId): Promise<Comparison> {
    const all = await this.list(reader, self, peer, home, null, Number.MAX_SAFE_INTEGER)
    const compared = all.map(({ row, home: homeFacts, host }) => ({ id: row.id, home: homeFacts, host }))
    return compareCases(compared, await this.denied(reader, self, peer, home))
  }

  /** The person behind each case, and behind each query that home denied. */
  async names(reader: Reader, self: NodeId, peer: NodeId, home: NodeId): Promise<Record<Uuid, string>> {
    const all = await this.list(reader, self, peer, home, null, Number.MAX_SAFE_INTEGER)
    const denied =
      home === self ? await this.home.deniedNames(reader, peer) : await this.host.deniedNames(reader, home)
    const named = all.map(
      ({ row, home: facts, host }) => [row.id, facts.person?.name ?? host.person?.name ?? ''] as const,
    )
    return Object.fromEntries([...named, ...denied])
  }

  private denied(reader: Reader, self: NodeId, peer: NodeId, home: NodeId): Promise<Uuid[]> {
    return home === self ? this.home.deniedQueries(reader, peer) : this.host.deniedQueries(reader, home)
  }
}
