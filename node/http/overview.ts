/** What the office sees of its node and its peers: card, streams, backlog, and the comparison of counts. */
import {
  fingerprint,
  type ComparisonReport,
  type ComparePage,
  type NodeId,
  type NodeInfo,
  type PeerState,
} from '../../protocol/index.ts'
import { DomainError } from '../errors.ts'
import { mostCases, PeerUnreachable, streamState } from '../federation/requests.ts'
import { recordsIn, streamsIn, streamsOut } from '../federation/tables.ts'
import { type Peer } from '../federation/peers.ts'
import { type Region } from '../region.ts'
import { type Reader } from '../store/port.ts'

export async function nodeInfo(region: Region, federationUrl: string): Promise<NodeInfo> {
  const { node, name, signing, exchange } = region.agreements.card()
  const members = await region.store.read((reader) => region.members.count(reader))
  return {
    node,
    name,
    kid: region.keyring.kid,
    fingerprint: region.agreements.fingerprint(),
    signing,
    exchange,
    federationUrl,
    members,
  }
}

export async function peerStates(region: Region): Promise<PeerState[]> {
  return region.store.read(async (reader) => {
    const states: PeerState[] = []
    for (const peer of await region.peers.all(reader)) states.push(await peerState(region, reader, peer))
    return states
  })
}

async function peerState(region: Region, reader: Reader, peer: Peer): Promise<PeerState> {
  const { node, name, url, paused, terms } = peer
  const { sent, received, unsent } = await streamState(reader, node)
  const out = await reader.get(streamsOut, { peer: node })
  const into = await reader.get(streamsIn, { peer: node })
  const { failures, breakerOpen, problem } = region.courier.delivery(node)
  return {
    node,
    name,
    url,
    paused,
    agreement: { id: terms.id, from: terms.from, until: terms.until },
    fingerprint: fingerprintNow(peer),
    sent,
    receipted: out?.receipted ?? 0,
    received,
    unsent,
    parked: await reader.count(recordsIn, { peer: node, parked: true }),
    frozen: into?.frozen ?? false,
    standing: out?.standing === 'closed' || out?.standing === 'recovering' ? out.standing : 'open',
    failures,
    breakerOpen,
    problem: problem ? { code: problem.code, at: new Date(problem.atMs).toISOString() } : null,
    heardAt: into && into.heardMs > 0 ? new Date(into.heardMs).toISOString() : null,
  }
}

/** Of the key it signs with now, as its own page shows it: the one of the agreement, or what it announced since. None where all were revoked. */
function fingerprintNow({ keys }: Peer): string {
  const now = [...keys]
    .filter(([, { until, retired, revoked }]) => until === null && !retired && !revoked)
    .sort(([, { from: a }], [, { from: b }]) => b.epoch - a.epoch || b.seq - a.seq)[0]
  return now ? fingerprint(now[0]) : ''
}

/** Our count of the cases with a peer, and whether the peer holds the same ones alike. */
export async function comparePeer(region: Region, node: NodeId, home: NodeId): Promise<ComparisonReport> {
  const { self, store, peers, views } = region
  if (home !== self && home !== node) throw new DomainError('bad_request')
  const peer = await store.read((reader) => peers.get(reader, node))
  if (!peer) throw new DomainError('peer_not_found', { region: node })
  const theirs = await allPages(node, (after) => region.requests.compare(peer, home, after))
  const ours = await store.read(async (reader) => ({
    comparison: await views.comparison(reader, self, node, home),
    names: await views.names(reader, self, node, home),
    pages: await allPages(self, async (after) => ({
      ...(await streamState(reader, node)),
      ...(await views.comparedPage(reader, self, node, home, after)),
    })),
  }))
  const here = new Map(ours.pages.cases.map(({ id, digest }) => [id, digest]))
  const there = new Map(theirs.cases.map(({ id, digest }) => [id, digest]))
  const level = sameCut(ours.pages.sent, theirs.received) && sameCut(ours.pages.received, theirs.sent)
  return {
    ...ours.comparison,
    home,
    host: home === self ? node : self,
    level: level && theirs.steady && ours.pages.unsent === 0 && theirs.unsent === 0,
    inFlight: ours.pages.unsent + theirs.unsent,
    unequal: [...here].filter(([id, digest]) => there.has(id) && there.get(id) !== digest).map(([id]) => id),
    onlyHere: [...here.keys()].filter((id) => !there.has(id)),
    onlyThere: [...there.keys()].filter((id) => !here.has(id)),
    names: ours.names,
  }
}

/** Pages read one after the other; `steady` when nothing was sent or received between the first and the last. */
async function allPages(
  node: NodeId,
  page: (after: string | null) => Promise<ComparePage>,
): Promise<ComparePage & { steady: boolean }> {
  const first = await page(null)
  const cases = [...first.cases]
  let steady = true
  for (let next = first.next; next !== null;) {
    if (cases.length > mostCases) throw new PeerUnreachable(node, 'bad_answer')
    const more = await page(next)
    steady &&= sameCut(more.sent, first.sent) && sameCut(more.received, first.received)
    cases.push(...more.cases)
    next = more.next
  }
  return { ...first, cases, next: null, steady }
}

function sameCut(a: ComparePage['sent'], b: ComparePage['sent']): boolean {
  return a.epoch === b.epoch && a.seq === b.seq && a.head === b.head
}
