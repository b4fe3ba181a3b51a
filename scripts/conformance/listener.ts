/**
 * The door of the test peers: what the node posts to them arrives here, is judged as section 6, 10 and 11 demand, and is
 * answered honestly unless a check has put a script in between. All peers share one address; the signed `aud` says which
 * of them was meant.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http'
import { once } from 'node:events'
import {
  checkRecords,
  contentId,
  digestOf,
  envelopeLines,
  fromBase64url,
  fromUtf8,
  isErased,
  jwsTypes,
  limits,
  place,
  readEnvelopePayload,
  readJws,
  readRecord,
  readRequestPayload,
  signAnswer,
  signReceipt,
  splitEnvelopes,
  type Digest,
  type Envelope,
  type EnvelopePayload,
  type FactRecord,
  type Heads,
  type NodeId,
  type Outcome,
  type Purpose,
  type Uuid,
} from '../../protocol/index.ts'
import { Deviation } from './demand.ts'
import { crypto, type Door, type Peer } from './peer.ts'
import { plainText } from './http.ts'
import { writeRestored, type Restored } from './restored.ts'
import { isBefore, type Place } from './their-keys.ts'

/** An envelope of the node after all its bytes were proven. */
export interface Proven extends Envelope {
  readonly payload: EnvelopePayload
  readonly contentId: Digest
  readonly digests: readonly Digest[]
  readonly text: string
}

export interface Delivery {
  readonly peer: Peer
  readonly door: Door
  /** Of a request. */
  readonly purpose?: Purpose
  readonly headers: IncomingHttpHeaders
  readonly atMs: number
  answeredMs: number
  readonly envelopes: readonly Proven[]
}

export interface Reply {
  readonly status: number
  readonly text: string
  readonly headers?: Record<string, string>
}

/** No answer: the connection is closed. */
export const silence: Reply = { status: 0, text: '' }

/** One record of the node's stream, with its place. */
export interface Heard {
  readonly record: FactRecord
  readonly text: string
  readonly digest: Digest
  readonly epoch: number
  readonly seq: number
  readonly index: number
}

/** An envelope of the node that was taken, as it may be asked for again. */
export interface Taken {
  readonly proven: Proven
  readonly receipt: string
}

interface Inbound {
  epoch: number
  seq: number
  head: Digest | null
  /** By place, in order. */
  readonly taken: Map<string, Taken>
  readonly heard: Heard[]
}

/** A verified request of the node, and what would be the honest answer to it. */
export interface Asked {
  readonly peer: Peer
  readonly purpose: Purpose
  readonly nonce: Uuid
  readonly body: string
}

/** Bytes after which an answer goes no further. */
const pageBytes = 1_000_000
const nameOf = ({ epoch, seq }: Place) => `${epoch}/${seq}`

export class Listener {
  /** What the node sent that no node may send. */
  readonly faults: string[] = []
  readonly deliveries: Delivery[] = []
  /** Paths that no peer has: a redirect that was followed ends up here. */
  readonly strays: string[] = []
  script: ((delivery: Delivery) => Reply | undefined) | undefined
  requestScript: ((asked: Asked) => Reply | undefined) | undefined
  /** Peers that answer nothing yet: they do not know themselves where they are. */
  readonly silent = new Set<NodeId>()
  outcome: (record: FactRecord) => Outcome = () => 'applied'
  private readonly peers = new Map<NodeId, Peer>()
  private readonly inbound = new Map<NodeId, Inbound>()
  private readonly waiting = new Set<() => void>()
  private readonly server: Server

  constructor() {
    this.server = createServer((incoming, outgoing) => {
      void this.handle(incoming)
        .catch((error: unknown): Reply => {
          this.fault(error instanceof Error ? error.message : String(error))
          return { status: 400, text: '{"error":"bad_field"}' }
        })
        .then(({ status, text, headers }) => {
          if (status === silence.status) outgoing.destroy()
          else outgoing.writeHead(status, { 'content-type': plainText, ...headers }).end(text)
          const last = this.deliveries.at(-1)
          if (last?.answeredMs === 0) last.answeredMs = Date.now()
          for (const wake of [...this.waiting]) wake()
        })
    })
  }

  async open(host: string, port: number): Promise<void> {
    this.server.listen(port, host)
    await once(this.server, 'listening')
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  welcome(peer: Peer): void {
    this.peers.set(peer.self, peer)
    this.silent.add(peer.self)
    this.inbound.set(peer.self, { epoch: 1, seq: 0, head: null, taken: new Map(), heard: [] })
  }

  honest(): void {
    this.script = undefined
    this.requestScript = undefined
    this.outcome = () => 'applied'
  }

  of(peer: Peer): Inbound {
    const found = this.inbound.get(peer.self)
    if (!found) throw new TypeError('a peer that is not listened for')
    return found
  }

  /** Waits until something is there; `look` is asked again after every delivery. */
  async until<T>(look: () => T | undefined, withinMs: number, what: string): Promise<T> {
    const deadline = Date.now() + withinMs
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      const leftMs = deadline - Date.now()
      if (leftMs <= 0) throw new Deviation(`not within ${withinMs / 1000} s: ${what}`)
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer)
          this.waiting.delete(done)
          resolve()
        }
        const timer = setTimeout(done, Math.min(leftMs, 100))
        this.waiting.add(done)
      })
    }
  }

  /** The first post of envelopes to this peer at or after a mark (`deliveries.length` of before). */
  async post(peer: Peer, mark: number, withinMs: number, what: string): Promise<Delivery> {
    const isPost = (each: Delivery) => each.peer === peer && each.door === 'envelopes' && each.answeredMs > 0
    return this.until(() => this.deliveries.slice(mark).find(isPost), withinMs, what)
  }

  record(peer: Peer, wanted: (heard: Heard) => boolean, what: string, withinMs = 10_000): Promise<Heard> {
    return this.until(() => this.of(peer).heard.find(wanted), withinMs, what)
  }

  /** Takes one envelope as an honest recipient; the receipt, or what to refuse it with. */
  take(peer: Peer, proven: Proven): { receipt: string } | Reply {
    const inbound = this.of(peer)
    const { epoch, seq } = proven.payload
    const stored = inbound.taken.get(nameOf(proven.payload))
    if (stored) {
      if (stored.proven.text !== proven.text) this.fault(`envelope ${seq} came again with other bytes`)
      return { receipt: stored.receipt }
    }
    const refused = this.misplaced(inbound, proven)
    if (refused !== undefined) {
      if (refused !== 'gap') this.fault(`envelope ${epoch}/${seq}: ${refused}`)
      const have = { epoch: inbound.epoch, seq: inbound.seq }
      return { status: 409, text: JSON.stringify({ error: refused, have }) }
    }
    if (proven.records.some(isErased))
      throw new Deviation(`envelope ${epoch}/${seq} came with a record erased`)
    const heard = this.readRecords(proven)
    const outcomes = heard.map(({ record }) => this.outcome(record))
    for (const [i, { text }] of heard.entries())
      if (outcomes[i] === 'applied') peer.book.hear(peer.node, text)
    const receipt = this.receipt(peer, proven, outcomes)
    this.keep(inbound, proven, receipt, heard)
    return { receipt }
  }

  /** Takes an envelope that the node gave back, with the receipt that an earlier run has given. */
  takeBack(peer: Peer, { envelope, receipt }: Restored): void {
    const proven = this.prove(peer, envelope)
    const inbound = this.of(peer)
    if (inbound.taken.has(nameOf(proven.payload))) return
    if (receipt === null) {
      this.take(peer, proven)
      return
    }
    const refused = this.misplaced(inbound, proven)
    if (refused !== undefined) throw new Deviation(`the stream of the node as it gave it back: ${refused}`)
    const heard = this.readRecords(proven)
    for (const { text } of heard) peer.book.hear(peer.node, text)
    this.keep(inbound, proven, receipt, heard)
  }

  private keep(inbound: Inbound, proven: Proven, receipt: string, heard: readonly Heard[]): void {
    const { epoch, seq } = proven.payload
    inbound.taken.set(nameOf({ epoch, seq }), { proven, receipt })
    inbound.heard.push(...heard)
    Object.assign(inbound, { epoch, seq, head: proven.contentId })
  }

  /** Section 11: why this is not the next envelope of its stream; undefined when it is. */
  private misplaced(inbound: Inbound, { payload, records }: Proven): string | undefined {
    const placed = place({ ...inbound, frozen: false, thawed: false }, payload)
    if (!placed.ok) return placed.code
    if (placed.place === 'earlier') return payload.epoch < inbound.epoch ? 'wrong_epoch' : 'fork'
    if (!placed.opens) return undefined
    const read = readRecord(records[0] ?? '')
    const opening =
      read.ok && read.known && read.record.type === 'epoch.opened' ? read.record.body.after : undefined
    const { epoch, seq, head } = inbound
    const after = opening && opening.epoch === epoch && opening.seq === seq && opening.head === head
    return after ? undefined : 'wrong_epoch'
  }

  takenAt(peer: Peer, place: Place): Taken | undefined {
    return this.of(peer).taken.get(nameOf(place))
  }

  receipt(peer: Peer, { payload, contentId: head }: Proven, outcomes: Outcome[], other: object = {}): string {
    const { epoch, seq } = payload
    const said = { iss: peer.self, aud: peer.node, epoch, seq, head, iat: peer.nowSeconds(), outcomes }
    return signReceipt(peer.receiptSigner ?? peer.signer, { ...said, ...other })
  }

  /** Opens an envelope and every record in it as the gate of a peer would; throws with the reason. */
  prove(peer: Peer, envelope: Envelope): Proven {
    const read = readEnvelopePayload(peer.open(envelope.jws, jwsTypes.envelope))
    if (!read.ok) throw new Deviation(`the payload of an envelope does not fit section 10: ${read.detail}`)
    const { payload } = read
    if (payload.iss !== peer.node || payload.aud !== peer.self)
      throw new Deviation('an envelope has another iss or aud than the pair')
    const token = readJws(envelope.jws, jwsTypes.envelope)
    if (!token.ok || !peer.theirKeys.signs(token.jws.kid, payload))
      throw new Deviation(`envelope ${nameOf(payload)} is signed by a key that does not sign there`)
    const checked = checkRecords(crypto, payload, envelope.records)
    if (!checked.ok) throw new Deviation(`the records of an envelope: ${checked.detail}`)
    for (const record of envelope.records) this.acquaint(peer, record, payload)
    const text = envelopeLines(envelope)
    const { digests } = checked
    return { ...envelope, payload, contentId: contentId(crypto, envelope.jws), digests, text }
  }

  /** The next envelope of the same post may be signed by the key that was announced in this one. */
  private acquaint(peer: Peer, line: string, at: Place): void {
    const record = readRecord(line)
    if (record.ok && record.known && record.record.type === 'keys.announced')
      peer.theirKeys.announced(record.record.body.key, at)
  }

  private readRecords({ records, digests, payload: { epoch, seq } }: Proven): Heard[] {
    return records.flatMap((text, index) => {
      if (isErased(text)) return []
      const read = readRecord(text)
      if (!read.ok) throw new Deviation(`record ${seq}/${index} is no record of section 9`)
      if (!read.known) throw new Deviation(`record ${seq}/${index} has a type that version 1 does not know`)
      return [{ record: read.record, text, digest: digests[index] ?? '', epoch, seq, index }]
    })
  }

  private fault(sentence: string): void {
    this.faults.push(sentence)
  }

  private async handle(incoming: IncomingMessage): Promise<Reply> {
    const parts: Uint8Array[] = []
    for await (const part of incoming as AsyncIterable<Uint8Array>) parts.push(part)
    const body = Buffer.concat(parts)
    const [, issuer, door] =
      /^\/federation\/v1\/([^/]+)\/(envelopes|requests)$/.exec(incoming.url ?? '') ?? []
    if (incoming.method !== 'POST' || issuer === undefined || door === undefined) {
      this.strays.push(incoming.url ?? '')
      return { status: 404, text: '{"error":"not_found"}' }
    }
    const text = fromUtf8(body) ?? ''
    const peer = this.peers.get(audienceOf(text))
    // Nobody whom this run plays: a node that speaks to an earlier run's peer does nothing wrong.
    if (peer?.node !== issuer) return { status: 401, text: '{"error":"bad_signature"}' }
    if (this.silent.has(peer.self)) return silence
    this.checkHeaders(incoming.headers, body.length)
    return door === 'envelopes'
      ? this.receive(peer, incoming.headers, text)
      : this.answer(peer, incoming.headers, text.trimEnd())
  }

  private checkHeaders(headers: IncomingHttpHeaders, bytes: number): void {
    if (headers['content-encoding'] !== undefined) this.fault('a body came compressed')
    if (!/^text\/plain; ?charset=utf-8$/i.test(headers['content-type'] ?? ''))
      this.fault(`a body came as ${headers['content-type'] ?? 'nothing'}`)
    if (bytes > limits.postBytes) this.fault(`a body of ${bytes} bytes came`)
  }

  private receive(peer: Peer, headers: IncomingHttpHeaders, text: string): Reply {
    const split = splitEnvelopes(text)
    if (!split.ok) throw new Deviation(`a post of the node: ${split.detail}`)
    const envelopes = split.envelopes.map((envelope) => this.prove(peer, envelope))
    const delivery: Delivery = {
      peer,
      door: 'envelopes',
      headers,
      atMs: Date.now(),
      answeredMs: 0,
      envelopes,
    }
    for (const [i, { payload }] of envelopes.entries())
      if (payload.seq !== (envelopes[0]?.payload.seq ?? 0) + i) this.fault('a post was not in order')
    this.deliveries.push(delivery)
    const scripted = this.script?.(delivery)
    if (scripted) return scripted
    const receipts: string[] = []
    for (const proven of envelopes) {
      const taken = this.take(peer, proven)
      if ('receipt' in taken) receipts.push(`${taken.receipt}\n`)
      else if (receipts.length === 0) return taken
      else break
    }
    return { status: 200, text: receipts.join('') }
  }

  /** What this peer has said and the node has receipted, what it has taken, and what its case book holds. */
  private answer(peer: Peer, headers: IncomingHttpHeaders, token: string): Reply {
    const read = readRequestPayload(peer.open(token, jwsTypes.request), peer.nowSeconds())
    if (!read.ok) throw new Deviation(`a request of the node: ${read.detail}`)
    const { iss, aud, nonce, purpose } = read.payload
    if (iss !== peer.node || aud !== peer.self) throw new Deviation('a request has another iss or aud')
    const delivery: Delivery = {
      peer,
      door: 'requests',
      purpose,
      headers,
      atMs: Date.now(),
      answeredMs: 0,
      envelopes: [],
    }
    this.deliveries.push(delivery)
    const asked: Asked = { peer, purpose, nonce, body: this.bodyFor(peer, purpose) }
    return this.requestScript?.(asked) ?? this.honestAnswer(asked)
  }

  /** `other` are members of the answer that a check wants otherwise. */
  honestAnswer({ peer, nonce, body }: Asked, other: object = {}): Reply {
    const bound = { iss: peer.self, aud: peer.node, iat: peer.nowSeconds(), nonce }
    const answer = signAnswer(peer.signer, { ...bound, digest: digestOf(crypto, body), ...other })
    return { status: 200, text: `${answer}\n${body}` }
  }

  private bodyFor(peer: Peer, purpose: Purpose): string {
    switch (purpose.what) {
      case 'pull':
        return paged(
          ownStream(peer)
            .filter(({ place }) => place.epoch === purpose.epoch && place.seq > purpose.after)
            .map(({ envelope }) => envelopeLines(envelope)),
        )
      case 'compare':
        return this.page(peer, purpose)
      case 'heads':
        return JSON.stringify(this.heads(peer))
      case 'restore': {
        const stream = purpose.of === 'answering' ? ownStream(peer) : this.takenStream(peer)
        return paged(stream.filter(({ place }) => isBefore(purpose.after, place)).map(writeRestored))
      }
    }
  }

  heads(peer: Peer): Heads {
    const { epoch, seq, head } = this.of(peer)
    const last = peer.said.at(-1)?.place
    const receipted = last?.epoch === peer.epoch ? last.seq : 0
    return {
      sent: { epoch: peer.epoch, seq: peer.seq, head: peer.head, receipted },
      received: { epoch, seq, head, frozen: false },
    }
  }

  private takenStream(peer: Peer): (Restored & { place: Place })[] {
    return [...this.of(peer).taken.values()].map(({ proven, receipt }) => ({
      place: proven.payload,
      envelope: proven,
      receipt,
    }))
  }

  private page(peer: Peer, { home, after }: { home: NodeId; after: string | null }): string {
    const { epoch, seq, head } = this.of(peer)
    const cases = peer.book.digests(home).filter(({ id }) => after === null || id > after)
    const cuts = {
      sent: { epoch: peer.epoch, seq: peer.seq, head: peer.head },
      received: { epoch, seq, head },
    }
    return JSON.stringify({ ...cuts, unsent: 0, cases, denied: [], next: null })
  }
}

function ownStream(peer: Peer): (Restored & { place: Place })[] {
  return peer.said.map(({ place, jws, records, receipt }) => ({ place, envelope: { jws, records }, receipt }))
}

/** As many texts as fit one answer, and at least one if there is any. */
function paged(texts: readonly string[]): string {
  let body = ''
  for (const text of texts.slice(0, limits.pullEnvelopes)) {
    if (body !== '' && body.length + text.length > pageBytes) break
    body += text
  }
  return body
}

/** Whom a body is meant for, as its first token says; nothing is believed of it yet. */
function audienceOf(text: string): string {
  const payload = fromUtf8(fromBase64url(text.split('.')[1] ?? '') ?? new Uint8Array())
  return /"aud":"([0-9]{6})"/.exec(payload ?? '')?.[1] ?? ''
}
