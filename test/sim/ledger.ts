/**
 * What the world knows and no node does: everything that was ever written, sealed and taken. It is fed by commits and by
 * what passes on the wires, and says nothing about how a node works.
 *
 * Of each stream it knows two things apart: what the two databases hold of it now (a database can be put back to what it
 * was), and what was ever said, which nothing can take back.
 */
import { nodeJsCrypto } from '../../node/platform.ts'
import {
  digestOfLine,
  listDigest,
  noHomeFacts,
  noHostFacts,
  type HomeFacts,
  type HostFacts,
  type NodeId,
} from '../../protocol/index.ts'

export interface SealedThere {
  readonly epoch: number
  readonly seq: number
  readonly contentId: string
  readonly digests: readonly string[]
}
export interface TakenThere extends SealedThere {
  readonly receipt: string
  readonly kid: string
  /** The step at which it was taken, as far as this database remembers. */
  readonly step: number
}

/** Everything one node says to another. */
export interface Stream {
  readonly issuer: NodeId
  readonly receiver: NodeId
  /** What the issuer's database holds: records in the order of their positions, envelopes in the order of the stream. */
  written: { digest: string; type: string; caseId: string | null }[]
  lastPosition: number
  sealed: SealedThere[]
  sealedRecords: number
  /** Receipts the issuer has stored, by content id. */
  receipted: Map<string, string>
  /** What the receiver's database holds. */
  taken: TakenThere[]
  takenRecords: number
  judged: Map<string, { place: number; outcome: string; first: string }>
  queues: Map<string, Queue>
  /** Content ids that the issuer's key has ever signed for this recipient, whatever became of them. */
  readonly signed: Set<string>
  /** What has left the issuer, by place: one content at one place, whatever happens to it. */
  readonly left: Map<string, string>
  /** The receipt of each content id, and every receipt that was ever signed for one. */
  readonly receipts: Map<string, string>
  readonly everReceipts: Set<string>
  /** Content ids that two lives of the receiver took, each without the other's receipt. */
  readonly twice: Set<string>
}

/** One case as one node should hold it: both sides folded from what that node has taken in and written. */
export interface CaseBook {
  home: HomeFacts
  host: HostFacts
}

/** Records of one stream on one case: the place of the last that was applied, and of those that wait. */
export interface Queue {
  lastApplied: number
  readonly parked: Set<number>
}

export interface ActivityBook {
  readonly said: string
  readonly withdrawn: boolean
  readonly caseId: string
  /** Who reported it; null where that is not told. */
  readonly by: NodeId | null
}

export class Ledger {
  private readonly streams = new Map<string, Stream>()
  private readonly books = new Map<string, CaseBook>()
  /** Activities as they should be and as they are, by node and id. */
  readonly due = new Map<string, ActivityBook>()
  readonly held = new Map<string, ActivityBook>()
  /** Case rows by node and id, as last committed. */
  readonly rows = new Map<string, { homeFacts: string; hostFacts: string; side: string; peer: string }>()
  /** The exact text of every record ever written, by digest. */
  readonly texts = new Map<string, string>()
  /** Ids of open cases by node, peer, side and person. */
  readonly open = new Map<string, Set<string>>()
  /** What offices find on their desks: cases of a node, and its own reports. */
  readonly desks = new Map<NodeId, { cases: string[]; reports: { id: string; caseId: string }[] }>()
  readonly denied = new Set<string>()
  readonly gaps = new Set<string>()

  stream(issuer: NodeId, receiver: NodeId): Stream {
    const name = `${issuer}>${receiver}`
    let stream = this.streams.get(name)
    if (!stream) {
      stream = {
        ...{ issuer, receiver, written: [], lastPosition: 0, sealed: [], sealedRecords: 0 },
        ...{ receipted: new Map(), taken: [], takenRecords: 0, judged: new Map(), queues: new Map() },
        ...{ signed: new Set(), left: new Map(), receipts: new Map() },
        ...{ everReceipts: new Set(), twice: new Set() },
      }
      this.streams.set(name, stream)
    }
    return stream
  }

  all(): Iterable<Stream> {
    return this.streams.values()
  }

  book(node: NodeId, caseId: string): CaseBook {
    const name = `${node}|${caseId}`
    let book = this.books.get(name)
    if (!book) {
      book = { home: noHomeFacts, host: noHostFacts }
      this.books.set(name, book)
    }
    return book
  }

  /** Cases whose id another peer had used while nobody here knew of them, by node, that peer and id. */
  private readonly displaced = new Set<string>()

  /** Nodes and peers of which a recovery left out what no longer fitted: a person was told. */
  readonly unsaid = new Set<string>()

  /** A case has become another: what was said of the one before it counts no longer. */
  displace(node: NodeId, peer: NodeId, caseId: string): void {
    this.displaced.add(`${node}|${peer}|${caseId}`)
    if (this.rows.get(`${node}|${caseId}`)?.peer === peer) this.forgetCase(node, caseId)
  }

  /** Another loss may have freed the id again, and then it was the first to use it. */
  isDisplaced(node: NodeId, peer: NodeId, caseId: string | null): boolean {
    return (
      this.displaced.has(`${node}|${peer}|${caseId}`) && this.rows.get(`${node}|${caseId}`)?.peer !== peer
    )
  }

  /** Everything about cases of one node with one peer is forgotten, to be told anew from its records. */
  forgetPair(node: NodeId, peer: NodeId): void {
    for (const [name, row] of this.rows) {
      if (row.peer === peer && name.startsWith(node)) this.forgetCase(node, name.slice(node.length + 1))
    }
    for (const person of this.open.keys()) if (person.startsWith(`${node}|${peer}|`)) this.open.delete(person)
  }

  forgetCase(node: NodeId, id: string): void {
    this.rows.delete(`${node}|${id}`)
    this.books.delete(`${node}|${id}`)
    // A case that another has displaced may have been open for another person, of another peer.
    for (const [person, open] of this.open) if (person.startsWith(`${node}|`)) open.delete(id)
    for (const books of [this.due, this.held])
      for (const [report, { caseId }] of books)
        if (report.startsWith(node) && caseId === id) books.delete(report)
  }

  desk(node: NodeId): { cases: string[]; reports: { id: string; caseId: string }[] } {
    let desk = this.desks.get(node)
    if (!desk) this.desks.set(node, (desk = { cases: [], reports: [] }))
    return desk
  }
}

export function queueOf({ queues }: Stream, caseId: string): Queue {
  let queue = queues.get(caseId)
  if (!queue) queues.set(caseId, (queue = { lastApplied: 0, parked: new Set() }))
  return queue
}

/** A place in a stream as one number: envelopes hold at most 256 records, and no run has a million of them. */
export function placeOf({ epoch, seq, idx }: { epoch: number; seq: number; idx: number }): number {
  return (epoch * 1_000_000 + seq) * 256 + idx
}

/** The key a token says it was signed under. */
export function kidOf(token: string): string {
  const header = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString('utf8')) as {
    kid?: string
  }
  return header.kid ?? ''
}

export interface EnvelopeClaims {
  readonly iss: string
  readonly aud: string
  readonly epoch: number
  readonly seq: number
  readonly prev: string | null
  readonly records: { readonly count: number; readonly digest: string }
}
export interface ReceiptClaims {
  readonly iss: string
  readonly aud: string
  readonly epoch: number
  readonly seq: number
  readonly head: string
  readonly outcomes: readonly string[]
}

/** What a token of an unknown hand says; undefined when it says nothing. */
export function maybeClaims(token: string): EnvelopeClaims | undefined {
  try {
    const claims = envelopeClaims(token)
    return Number.isInteger(claims.records.count) ? claims : undefined
  } catch {
    return undefined
  }
}

/** The digests of what is on the lines below a token. */
export function digestsOf(lines: readonly string[]): string[] {
  return lines.map((line) => digestOfLine(nodeJsCrypto, line))
}

/** Are these the digests that a token was signed over? */
export function isOver({ records: { count, digest } }: EnvelopeClaims, digests: readonly string[]): boolean {
  return count === digests.length && digest === listDigest(nodeJsCrypto, digests)
}

/** What a token says, unproven: the ledger compares it with what was really signed. */
export function claimsOf<Claims extends EnvelopeClaims | ReceiptClaims>(token: string): Claims {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as Claims
}
export const envelopeClaims = (token: string) => claimsOf<EnvelopeClaims>(token)
export const receiptClaims = (token: string) => claimsOf<ReceiptClaims>(token)
