/**
 * Signed reading between peers: pull (envelopes after a number, which also fills gaps and says that we are alive) and
 * compare. A request and its answer are bound by nonce and digest, so neither can be replayed or swapped.
 */
import {
  comparePageSchema,
  digestOf,
  envelopeLines,
  fromUtf8,
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
  type NodeId,
  type Purpose,
  type Refusal,
  type RequestPayload,
  type Result,
  type Signer,
} from '../../protocol/index.ts'
import { type Clock, type Http, type Ids } from '../platform.ts'
import { type Reader, type Store } from '../store/port.ts'
import { type Gate } from './gate.ts'
import { type Inbox } from './inbox.ts'
import { type Peer, type Peers } from './peers.ts'
import { envelopesOut, recordsOut, streamsIn, streamsOut } from './tables.ts'

const requestTimeoutMs = 20_000
const answerBytes = 8 * 1024 * 1024
/** Bytes of envelopes in one answer to a pull. */
const pullBytes = 4 * 1024 * 1024

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

/** How far both streams with a peer are, in this node's view. */
export async function streamState(reader: Reader, peer: NodeId): Promise<StreamState> {
  const out = await reader.get(streamsOut, { peer })
  const into = await reader.get(streamsIn, { peer })
  const unsealed = await reader.count(recordsOut, { peer, sealed: false })
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
  private readonly http: Http
  private readonly signer: Signer
  private readonly crypto: Crypto
  private readonly clock: Clock
  private readonly ids: Ids
  private readonly compared: CompareSource

  constructor(parts: {
    self: NodeId
    store: Store
    peers: Peers
    gate: Gate
    inbox: Inbox
    http: Http
    signer: Signer
    crypto: Crypto
    clock: Clock
    ids: Ids
    compared: CompareSource
  }) {
    this.self = parts.self
    this.store = parts.store
    this.peers = parts.peers
    this.gate = parts.gate
    this.inbox = parts.inbox
    this.http = parts.http
    this.signer = parts.signer
    this.crypto = parts.crypto
    this.clock = parts.clock
    this.ids = parts.ids
    this.compared = parts.compared
  }

  /** Answers a request posted under a peer's name. */
  async answer(claimed: string, body: Uint8Array): Promise<{ ok: true; text: string } | Refusal> {
    const admitted = await this.gate.admit(claimed)
    const asked = admitted.ok ? await this.admitRequest(admitted.peer, body) : admitted
    if (!admitted.ok || !asked.ok) {
      const refusal = asked.ok ? (admitted as Refusal) : asked
      await this.gate.note(claimed, refusal, body)
      return refusal
    }
    const { purpose } = asked.request
    const text = await this.store.read((reader) => this.answerBody(reader, admitted.peer, purpose))
    return { ok: true, text: `${this.signedAnswer(asked.request, text)}\n${text}` }
  }

  /** Asks a peer for what we have not got of its stream; the number of envelopes taken. Throws PeerUnreachable. */
  async pull(node: NodeId): Promise<number> {
    for (let taken = 0; ;) {
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
  }

  /** A page of the peer's side of a comparison. */
  async compare(peer: Peer, home: NodeId, after: string | null): Promise<ComparePage> {
    const parsed = parseStrict(await this.ask(peer, { what: 'compare', home, after }))
    const page = parsed.ok ? comparePageSchema.safeParse(parsed.value) : undefined
    if (!page?.success || !goesOn(page.data, after)) throw new PeerUnreachable(peer.node, 'bad_answer')
    return page.data
  }

  private async admitRequest(peer: Peer, body: Uint8Array): Promise<Result<{ request: RequestPayload }>> {
    const asked = await this.gate.request(peer, body)
    const purpose = asked.ok ? asked.request.purpose : undefined
    if (purpose?.what === 'compare' && purpose.home !== this.self && purpose.home !== peer.node)
      return refuse('bad_field', 'a comparison of cases that are not between us')
    return asked
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
    }
  }

  private async envelopesAfter(reader: Reader, node: NodeId, epoch: number, after: number): Promise<string> {
    const page = { orderBy: 'seq', after, limit: limits.pullEnvelopes } as const
    const envelopes = await reader.find(envelopesOut, { peer: node, epoch }, page)
    let body = ''
    for (const { jws, seq } of envelopes) {
      const rows = await reader.find(recordsOut, { peer: node, epoch, seq }, { orderBy: 'idx' })
      const text = envelopeLines({ jws, records: rows.map((row) => row.text) })
      if (body !== '' && body.length + text.length > pullBytes / 3) break
      body += text
    }
    return body
  }

  private signedAnswer(request: RequestPayload, text: string): string {
    const iat = Math.floor(this.clock.nowMs() / 1000)
    const digest = digestOf(this.crypto, text)
    return signAnswer(this.signer, { iss: this.self, aud: request.iss, iat, nonce: request.nonce, digest })
  }

  private async ask(peer: Peer, purpose: Purpose): Promise<string> {
    if (peer.paused) throw new PeerUnreachable(peer.node, 'paused_here')
    const iat = Math.floor(this.clock.nowMs() / 1000)
    const nonce = this.ids.next()
    const request = { iss: this.self, aud: peer.node, iat, exp: iat + limits.requestSeconds, nonce, purpose }
    const url = `${peer.url}/federation/v1/${this.self}/requests`
    const answer = await this.http
      .post(url, utf8(signRequest(this.signer, request)), {
        timeoutMs: requestTimeoutMs,
        maxBytes: answerBytes,
      })
      .catch(() => undefined)
    if (answer === undefined) throw new PeerUnreachable(peer.node, 'unreachable')
    if (answer.status !== 200)
      throw new PeerUnreachable(peer.node, refusalCode(fromUtf8(answer.body) ?? '', answer.status))
    return this.openAnswer(peer, nonce, fromUtf8(answer.body) ?? '')
  }

  private openAnswer(peer: Peer, nonce: string, text: string): string {
    const end = text.indexOf('\n')
    const body = text.slice(end + 1)
    const read = readJws(text.slice(0, Math.max(end, 0)), jwsTypes.answer)
    const key = read.ok ? peer.keys.get(read.jws.kid) : undefined
    const opened = read.ok && key ? verifyJws(this.crypto, read.jws, key) : undefined
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

/** A page that is not the last ends where the next begins, and beyond where it began: so pages come to an end. */
function goesOn({ cases, next }: ComparePage, after: string | null): boolean {
  return next === null || (next === cases.at(-1)?.id && next > (after ?? ''))
}

/** The code a peer refuses with, as far as it has the form of one: the answer is unsigned and only shown. */
export function refusalCode(text: string, status: number): string {
  const code = /^\{"error":"([a-z_]{1,40})"/.exec(text)?.[1]
  return code ?? `status_${status}`
}
