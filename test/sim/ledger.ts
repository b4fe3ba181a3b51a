/**
 * What the world knows and no node does: everything that was ever written, sealed and taken, on both sides of every
 * stream. It is fed by commits alone and says nothing about how a node works.
 */
import {
  noHomeFacts,
  noHostFacts,
  type HomeFacts,
  type HostFacts,
  type NodeId,
} from '../../protocol/index.ts'

/** Everything one node says to another, in one epoch: epochs after the first get streams of their own. */
export interface Stream {
  readonly issuer: NodeId
  readonly receiver: NodeId
  /** Records in the order of their positions. */
  readonly written: { digest: string; type: string; caseId: string | null }[]
  lastPosition: number
  /** Envelopes by number, from 1. */
  readonly sealed: { contentId: string; digests: readonly string[] }[]
  sealedRecords: number
  /** What a scripted issuer has signed for this recipient, whatever its place. */
  readonly signed: Set<string>
  readonly taken: { contentId: string; receipt: string }[]
  takenRecords: number
  /** Receipts seen on the wire or in the store, by `seq`. */
  readonly receipts: Map<number, string>
  readonly judged: Map<string, { place: number; outcome: string; first: string }>
  readonly queues: Map<string, Queue>
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
}

export class Ledger {
  private readonly streams = new Map<string, Stream>()
  private readonly books = new Map<string, CaseBook>()
  /** Activities as they should be and as they are, by node and id. */
  readonly due = new Map<string, ActivityBook>()
  readonly held = new Map<string, ActivityBook>()
  /** Case rows by node and id, as last committed. */
  readonly rows = new Map<string, { homeFacts: string; hostFacts: string }>()
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
        ...{
          signed: new Set(),
          taken: [],
          takenRecords: 0,
          receipts: new Map(),
          judged: new Map(),
          queues: new Map(),
        },
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

/** A place in a stream as one number: envelopes hold at most 256 records. */
export function placeOf({ seq, idx }: { seq: number; idx: number }): number {
  return seq * 256 + idx
}

interface EnvelopeClaims {
  readonly iss: string
  readonly aud: string
  readonly epoch: number
  readonly seq: number
  readonly prev: string | null
  readonly records: readonly string[]
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
    return Array.isArray(claims.records) ? claims : undefined
  } catch {
    return undefined
  }
}

/** What a token says, unproven: the ledger compares it with what was really signed. */
export function claimsOf<Claims extends EnvelopeClaims | ReceiptClaims>(token: string): Claims {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as Claims
}
export const envelopeClaims = (token: string) => claimsOf<EnvelopeClaims>(token)
export const receiptClaims = (token: string) => claimsOf<ReceiptClaims>(token)
