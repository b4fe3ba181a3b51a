/**
 * Signed reading between peers: pull (envelopes after a number, which also fills gaps and says that we are alive) and
 * compare. A request and its answer are bound by nonce and digest, so neither can be replayed or swapped.
 */
import {
  comparePageSchema,
  digestOf,
  envelopeLines,
  fromUtf8,
  headsSchema,
  isErased,
  jwsTypes,
  limits,
  parseStrict,
  readAnswerPayload,
  readJws,
  refuse,
  signAnswer,
  signRequest,
  utf8,
  verifyJws,
  type ComparePage,
  type Crypto,
  type Digest,
  type Heads,
  type NodeId,
  type Purpose,
  type Refusal,
  type RequestPayload,
  type Signer,
  type StreamHead,
} from '../../protocol/index.ts'
import { type Clock, type Http, type Ids, type Timers } from '../platform.ts'
import { type Reader, type Store } from '../store/port.ts'
import { type Alarms } from './alarms.ts'
import { announcedIn, follows, kidOf, type CopyProofs, type Restored } from './copies.ts'
import { tokenOf, type Gate } from './gate.ts'
import { type Inbox } from './inbox.ts'
import { lineOut, recordsOf } from './outbox.ts'
import { type Peer, type Peers, type StreamPlace } from './peers.ts'
import { envelopesIn, envelopesOut, recordsOut, streamsIn, streamsOut } from './tables.ts'

const requestTimeoutMs = 20_000
/**
 * Bytes of an answer, asked of the transport before anything is read: what an honest peer may say to that purpose and its
 * token. For heads that is less than 2 KiB, with room for the page of a proxy that says why there is no answer.
 */
const answerBytes: Readonly<Record<Purpose['what'], number>> = {
  heads: 16 * 1024,
  pull: limits.postBytes + limits.jwsBytes,
  compare: limits.postBytes,
  restore: 2 * limits.postBytes,
}
/** Pages of a peer's stream that are asked for in one run, however many it goes on giving. */
export const pagesPerRun = 32
/** More cases than two regions have with each other: a peer that lists on and on is not followed. */
export const mostCases = 1_000_000
/** Lines of a full page of copies: each envelope has its token, its records and a receipt. */
const linesPerPage = limits.pullEnvelopes * (limits.recordsPerEnvelope + 2)

/** A domain's page of cases for a comparison; federation adds how far the streams are. */
export type ComparedPage = Pick<ComparePage, 'cases' | 'denied' | 'next'>
export type CompareSource = (
  reader: Reader,
  peer: NodeId,
  home: NodeId,
  after: string | null,
) => Promise<ComparedPage>

export class PeerUnreachable extends Error {
  readonly code: string
  constructor(peer: NodeId, code: string) {
    super(`${peer} did not answer: ${code}`)
    this.code = code
  }
}

export interface StreamState {
  readonly sent: ComparePage['sent']
  readonly received: ComparePage['received']
  readonly unsent: number
}

/** How far a peer's stream was read for its keys, beyond what we have taken of it. */
interface Acquaintance {
  /** Our head of that stream and the peer's keys as we held them then: when one has changed it is read anew. */
  readonly basis: string
  /** The peer with the key that it has announced last: what follows is signed by no other. */
  readonly peer: Peer
  readonly head: StreamHead
}

/** How far both streams with a peer are, in this node's view. */
export async function streamState(reader: Reader, peer: NodeId): Promise<StreamState> {
  const out = await reader.get(streamsOut, { peer })
  const into = await reader.get(streamsIn, { peer })
  const after = out?.sealedPosition ?? 0
  const unsealed = await reader.count(recordsOut, { peer }, { orderBy: 'position', after })
  return {
    sent: { epoch: out?.epoch ?? 1, seq: out?.seq ?? 0, head: out?.head ?? null },
    received: { epoch: into?.epoch ?? 1, seq: into?.seq ?? 0, head: into?.head ?? null },
    unsent: unsealed + (out?.unreceipted ?? 0),
  }
}

export class Requests {
  private readonly self: NodeId
  private readonly store: Store
  private readonly peers: Peers
  private readonly gate: Gate
  private readonly inbox: Inbox
  private readonly proofs: CopyProofs
  private readonly http: Http
  private readonly crypto: Crypto
  private readonly clock: Clock
  private readonly ids: Ids
  private readonly compared: CompareSource
  private readonly alarms: Alarms
  private readonly giveWay: NonNullable<Timers['giveWay']>
  private readonly acquaintances = new Map<NodeId, Acquaintance>()

  constructor(parts: {
    self: NodeId
    store: Store
    peers: Peers
    gate: Gate
    inbox: Inbox
    proofs: CopyProofs
    http: Http
    crypto: Crypto
    clock: Clock
    ids: Ids
    compared: CompareSource
    alarms: Alarms
    timers?: Pick<Timers, 'giveWay'>
  }) {
    this.self = parts.self
    this.store = parts.store
    this.peers = parts.peers
    this.gate = parts.gate
    this.inbox = parts.inbox
    this.proofs = parts.proofs
    this.http = parts.http
    this.crypto = parts.crypto
    this.clock = parts.clock
    this.ids = parts.ids
    this.compared = parts.compared
    this.alarms = parts.alarms
    this.giveWay = parts.timers?.giveWay ?? (() => Promise.resolve())
  }

  /** Answers a request posted under a peer's name. */
  async answer(claimed: string, body: Uint8Array): Promise<{ ok: true; text: string } | Refusal> {
    const peer = await this.gate.peer(claimed)
    const asked = peer
      ? await this.gate.request(peer, body)
      : this.gate.stranger(tokenOf(body), jwsTypes.request)
    if (!peer || !asked.ok) {
      const refusal = asked.ok ? refuse('unknown_peer', '') : asked
      await this.gate.note(peer?.node, refusal, body)
      return refusal
    }
    const { request } = asked
    const { text, signer } = await this.store.read(async (reader) => ({
      text: await this.answerBody(reader, peer, request.purpose),
      signer: await this.peers.signerFor(reader, peer.node),
    }))
    return { ok: true, text: `${this.signedAnswer(signer, request, text)}\n${text}` }
  }

  /**
   * Asks a peer for what we have not got of its stream; the number of envelopes taken. Throws PeerUnreachable. What is
   * left after one run comes by itself, since the peer posts what has no receipt.
   */
  async pull(node: NodeId): Promise<number> {
    let taken = 0
    for (let page = 0; page < pagesPerRun; page++) {
      const { peer, stream } = await this.store.read(async (reader) => ({
        peer: await this.peers.get(reader, node),
        stream: await reader.get(streamsIn, { peer: node }),
      }))
      if (!peer || peer.paused || !stream) return taken
      const body = await this.ask(peer, { what: 'pull', epoch: stream.epoch, after: stream.seq })
      if (body === '') return taken
      const { refusal } = await this.inbox.receive(node, utf8(body))
      const now = await this.store.read((reader) => reader.get(streamsIn, { peer: node }))
      const more = (now?.seq ?? 0) - stream.seq
      taken += more
      // Without progress there is an end, whatever the peer goes on answering.
      if (refusal || more <= 0) return taken
    }
    return taken
  }

  /** A page of the peer's side of a comparison. */
  async compare(peer: Peer, home: NodeId, after: string | null): Promise<ComparePage> {
    const parsed = parseStrict(await this.ask(peer, { what: 'compare', home, after }))
    const page = parsed.ok ? comparePageSchema.safeParse(parsed.value) : undefined
    if (!page?.success || !goesOn(page.data, after)) throw new PeerUnreachable(peer.node, 'bad_answer')
    return page.data
  }

  /** How far a peer says it has both streams. */
  async heads(peer: Peer): Promise<Heads> {
    const parsed = parseStrict(await this.ask(peer, { what: 'heads' }))
    const heads = parsed.ok ? headsSchema.safeParse(parsed.value) : undefined
    if (!heads?.success) throw new PeerUnreachable(peer.node, 'bad_answer')
    return heads.data
  }

  /** The next envelopes of one stream after a place, with the receipts the peer has of them; empty at its end. */
  async restore(peer: Peer, of: 'asked' | 'answering', after: StreamPlace): Promise<Restored[]> {
    const restored = readRestored(await this.ask(peer, { what: 'restore', of, after }))
    if (!restored) throw new PeerUnreachable(peer.node, 'bad_answer')
    return restored
  }

  /**
   * The peer shows what we have receipted under a key that nothing here names: one that an agreement named, which is not
   * here any more. Only people have its file. The answer is what keeps us from reading on.
   */
  async missesKey(peer: NodeId, kid: Digest): Promise<PeerUnreachable> {
    await this.store.transaction(async (tx) => {
      if (!(await this.alarms.isOpen(tx, 'key_missing', peer)))
        await this.alarms.raiseOnceADay(tx, 'key_missing', peer, kid)
    })
    return new PeerUnreachable(peer, 'key_missing')
  }

  private async answerBody(reader: Reader, peer: Peer, purpose: Purpose): Promise<string> {
    switch (purpose.what) {
      case 'pull':
        return this.envelopesAfter(reader, peer.node, purpose.epoch, purpose.after)
      case 'compare': {
        const state = await streamState(reader, peer.node)
        const page = await this.compared(reader, peer.node, purpose.home, purpose.after)
        return JSON.stringify({ ...state, ...page } satisfies ComparePage)
      }
      case 'heads':
        return JSON.stringify(await headsWith(reader, peer.node))
      case 'restore':
        return this.restorable(reader, peer.node, purpose.of, purpose.after)
    }
  }

  private async envelopesAfter(reader: Reader, node: NodeId, epoch: number, after: number): Promise<string> {
    const page = { orderBy: 'seq', after, limit: limits.pullEnvelopes } as const
    const envelopes = await reader.find(envelopesOut, { peer: node, epoch }, page)
    let body = ''
    for (const envelope of envelopes) {
      const { jws } = envelope
      const text = envelopeLines({ jws, records: (await recordsOf(reader, envelope)).map(lineOut) })
      if (body !== '' && body.length + text.length > limits.postBytes / 3) break
      body += text
    }
    return body
  }

  /** Envelopes of one stream after a place, each with its receipt on a line of its own that begins with `+`. */
  private async restorable(
    reader: Reader,
    node: NodeId,
    of: 'asked' | 'answering',
    after: { epoch: number; seq: number },
  ): Promise<string> {
    let body = ''
    const table = of === 'asked' ? envelopesIn : envelopesOut
    for (const { epoch, seq } of await placesAfter(reader, table, node, after)) {
      const lines =
        of === 'asked'
          ? await linesTaken(reader, node, epoch, seq)
          : await linesSent(reader, node, epoch, seq)
      if (body !== '' && body.length + lines.length > limits.postBytes / 3) break
      body += lines
    }
    return body
  }

  private signedAnswer(signer: Signer, request: RequestPayload, text: string): string {
    const iat = Math.floor(this.clock.nowMs() / 1000)
    const digest = digestOf(this.crypto, text)
    return signAnswer(signer, { iss: this.self, aud: request.iss, iat, nonce: request.nonce, digest })
  }

  private async ask(peer: Peer, purpose: Purpose): Promise<string> {
    const { nonce, text } = await this.post(peer, purpose)
    const read = readJws(tokenIn(text), jwsTypes.answer)
    const unknown = read.ok && !peer.keys.has(read.jws.kid) ? read.jws.kid : undefined
    // A database that was restored does not know the keys that were announced since; the peer's own stream names them.
    return this.openAnswer(unknown ? await this.acquainted(peer, unknown) : peer, nonce, text)
  }

  /**
   * The peer with this key, if it has announced it in what we have not got of its stream, as far as that proves itself. A
   * long stream is read in several runs, each from where the one before it ended.
   */
  private async acquainted(asked: Peer, kid: Digest): Promise<Peer> {
    // The keys after the head, for what was taken while the answer was on its way may have announced some before it.
    const { into, known } = await this.store.read(async (reader) => ({
      into: await reader.get(streamsIn, { peer: asked.node }),
      known: (await this.peers.get(reader, asked.node)) ?? asked,
    }))
    const keys = [...known.keys].map(([id, { until, revoked }]) => [id, until, revoked])
    const basis = JSON.stringify([into?.head, keys])
    const before = this.acquaintances.get(known.node)
    let reached: Acquaintance | undefined =
      before?.basis === basis
        ? { ...before, peer: { ...known, keys: before.peer.keys } }
        : { basis, peer: known, head: into ?? { epoch: 1, seq: 0, head: null } }
    for (let page = 0; reached && page < pagesPerRun && !reached.peer.keys.has(kid); page++)
      reached = await this.readOn(known, reached, kid)
    if (reached) this.acquaintances.set(known.node, reached)
    else this.acquaintances.delete(known.node)
    return reached?.peer ?? known
  }

  /** One page further in the peer's stream, or up to the key; undefined where it ends or does not prove itself. */
  private async readOn(known: Peer, from: Acquaintance, kid: Digest): Promise<Acquaintance | undefined> {
    let { peer, head } = from
    const after = { epoch: head.epoch, seq: head.seq }
    const { text } = await this.post(peer, { what: 'restore', of: 'answering', after })
    const page = readRestored(bodyIn(text)) ?? []
    if (page.length === 0) return undefined
    for (const copy of page) {
      if (peer.keys.has(kid)) break
      await this.giveWay()
      const { envelope } = copy
      // What we have receipted holds, whatever became of the key it is signed under.
      const receipted = this.proofs.isReceipted(peer.node, copy)
      const missing = receipted ? kidOf(envelope.jws) : undefined
      if (missing !== undefined && !peer.keys.has(missing)) throw await this.missesKey(peer.node, missing)
      const proven = this.gate.prove(peer, envelope, receipted ? 'receipted' : 'erased too')
      if (!proven.ok || !follows(head, proven.proven.payload)) return undefined
      const { payload, contentId } = proven.proven
      for (const key of announcedIn(envelope)) {
        const rekeyed = this.peers.afterAnnouncement(known, key, payload)
        // One that is bad, or that the peer has had before, puts no other out of force.
        if (rekeyed !== known) peer = rekeyed
      }
      head = { epoch: payload.epoch, seq: payload.seq, head: contentId }
    }
    return { ...from, peer, head }
  }

  /** Posts a request under the key the peer should know, and where that is not certain, under our others. */
  private async post(peer: Peer, purpose: Purpose): Promise<{ nonce: string; text: string }> {
    if (peer.paused) throw new PeerUnreachable(peer.node, 'paused_here')
    const signers = await this.store.read((reader) => this.peers.askingFor(reader, peer.node))
    let refused = 'unreachable'
    for (const signer of signers) {
      const iat = Math.floor(this.clock.nowMs() / 1000)
      const nonce = this.ids.next()
      const request = {
        iss: this.self,
        aud: peer.node,
        iat,
        exp: iat + limits.requestSeconds,
        nonce,
        purpose,
      }
      const url = `${peer.url}/federation/v1/${this.self}/requests`
      const bounds = { timeoutMs: requestTimeoutMs, maxBytes: answerBytes[purpose.what] }
      const answer = await this.http
        .post(url, utf8(signRequest(signer, request)), bounds)
        .catch(() => undefined)
      const text = answer && (fromUtf8(answer.body) ?? '')
      if (answer?.status === 200) return { nonce, text: text ?? '' }
      refused = answer ? refusalCode(text ?? '', answer.status) : 'unreachable'
      if (refused !== 'bad_signature') break
    }
    throw new PeerUnreachable(peer.node, refused)
  }

  private openAnswer(peer: Peer, nonce: string, text: string): string {
    const body = bodyIn(text)
    const read = readJws(tokenIn(text), jwsTypes.answer)
    const key = read.ok ? peer.keys.get(read.jws.kid) : undefined
    const opened =
      read.ok && key && !key.revoked ? verifyJws(this.crypto, read.jws, key.publicKey) : undefined
    const answer = opened?.ok ? readAnswerPayload(opened.payload) : undefined
    if (!answer?.ok) throw new PeerUnreachable(peer.node, 'bad_answer')
    const { iss, aud, nonce: answered, digest } = answer.payload
    if (
      iss !== peer.node ||
      aud !== this.self ||
      answered !== nonce ||
      digest !== digestOf(this.crypto, body)
    )
      throw new PeerUnreachable(peer.node, 'bad_answer')
    return body
  }
}

function tokenIn(answer: string): string {
  return answer.slice(0, Math.max(answer.indexOf('\n'), 0))
}

function bodyIn(answer: string): string {
  return answer.slice(answer.indexOf('\n') + 1)
}

/** A page that is not the last ends where the next begins, and beyond where it began: so pages come to an end. */
function goesOn({ cases, next }: ComparePage, after: string | null): boolean {
  return next === null || (next === cases.at(-1)?.id && next > (after ?? ''))
}

/** The code a peer refuses with, as far as it has the form of one: the answer is unsigned and only shown. */
export function refusalCode(text: string, status: number): string {
  const code = /^\{"error":"([a-z_]{1,40})"/.exec(text)?.[1]
  return code ?? `status_${status}`
}

/** The copies of a page; undefined when it is none, or has more than a page may have. */
function readRestored(body: string): Restored[] | undefined {
  const restored: { envelope: { jws: string; records: string[] }; receipt: string | null }[] = []
  const lines = body === '' ? [] : body.replace(/\n$/, '').split('\n', linesPerPage + 1)
  if (lines.length > linesPerPage) return undefined
  for (const line of lines) {
    const current = restored.at(-1)
    if (line.startsWith('{') || isErased(line)) current?.envelope.records.push(line)
    else if (line.startsWith('+') && current) current.receipt = line.slice(1)
    else restored.push({ envelope: { jws: line, records: [] }, receipt: null })
    if (restored.length === 0 || restored.length > limits.pullEnvelopes) return undefined
  }
  return restored
}

async function headsWith(reader: Reader, peer: NodeId): Promise<Heads> {
  const { sent, received } = await streamState(reader, peer)
  const out = await reader.get(streamsOut, { peer })
  const into = await reader.get(streamsIn, { peer })
  return {
    sent: { ...sent, receipted: out?.receipted ?? 0 },
    received: { ...received, frozen: into?.frozen ?? false },
  }
}

/** The next places of a stream that have an envelope, all of one epoch; none at its end. */
async function placesAfter(
  reader: Reader,
  table: typeof envelopesIn | typeof envelopesOut,
  peer: NodeId,
  { epoch, seq }: StreamPlace,
): Promise<StreamPlace[]> {
  const limit = limits.pullEnvelopes
  const same = await reader.find(table, { peer, epoch }, { orderBy: 'seq', after: seq, limit })
  if (same.length > 0) return same
  // A stream may leap over any number of epochs, so the next that has any is looked for, not counted to.
  const [next] = await reader.find(table, { peer }, { orderBy: 'epoch', after: epoch, limit: 1 })
  return next ? reader.find(table, { peer, epoch: next.epoch }, { orderBy: 'seq', limit }) : []
}

async function linesTaken(reader: Reader, peer: NodeId, epoch: number, seq: number): Promise<string> {
  const envelope = await reader.get(envelopesIn, { peer, epoch, seq })
  return envelope ? `${envelope.jws}\n${envelope.lines}\n+${envelope.receipt}\n` : ''
}

async function linesSent(reader: Reader, peer: NodeId, epoch: number, seq: number): Promise<string> {
  const envelope = await reader.get(envelopesOut, { peer, epoch, seq })
  if (!envelope) return ''
  const records = (await recordsOf(reader, envelope)).map(lineOut)
  const receipt = envelope.receipt === null ? '' : `+${envelope.receipt}\n`
  return `${envelopeLines({ jws: envelope.jws, records })}${receipt}`
}
