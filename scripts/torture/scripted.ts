/**
 * A peer without a node behind it: real keys, a real agreement, a stream of its own, and a door that answers what is
 * posted to it. What it posts is its caller's business, honest or not.
 */
import { once } from 'node:events'
import { Agent, createServer, request, type IncomingMessage, type Server } from 'node:http'
import {
  base64url,
  contentId,
  countersign,
  digestOf,
  envelopeLines,
  fingerprint,
  jwsTypes,
  limits,
  parseStrictBytes,
  readEnvelopePayload,
  readJws,
  readRequestPayload,
  sealEnvelope,
  signAnswer,
  signReceipt,
  signRequest,
  splitEnvelopes,
  utf8,
  uuidV7,
  writeRecord,
  type EnvelopePayload,
  type FactRecord,
  type Json,
  type NodeId,
  type Purpose,
  type SealedEnvelope,
  type StreamHead,
  type Uuid,
} from '../../protocol/index.ts'
import { newKeyringFile, openKeyring, type Keyring } from '../../node/keyring.ts'
import { realPlatform } from '../../node/platform.ts'
import { type NodeProcess } from '../network/node-process.ts'

const { crypto, random } = realPlatform
/** Names that GB/T 2260 does not assign. */
export const scriptedCodes = { honest: '990011', hostile: '990012' } as const

const answerWithinMs = 20_000

export interface Answered {
  readonly status: number
  readonly text: string
}

export class Scripted {
  readonly self: NodeId
  readonly to: NodeId
  readonly keyringText: string
  out: StreamHead = { epoch: 1, seq: 0, head: null }
  private into: StreamHead = { epoch: 1, seq: 0, head: null }
  private readonly keyring: Keyring
  private readonly target: URL
  /** From where it posts: loopback has many addresses, as peers have. */
  from: string | undefined
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 256 })
  private server: Server | undefined

  constructor(self: NodeId, to: NodeId, url: string, keyringText = newKeyringFile()) {
    this.self = self
    this.to = to
    this.keyringText = keyringText
    this.keyring = openKeyring(crypto, keyringText)
    this.target = new URL(url)
  }

  /** Opens its door and concludes the agreement, which the node proposes. */
  async agree(node: NodeProcess): Promise<void> {
    const url = await this.listen()
    const { signing, exchange, kid } = this.keyring
    const card = { node: this.self, name: `测试${this.self}`, signing, exchange }
    const terms = { fingerprint: fingerprint(kid), replyDays: 15, queriesPerDay: 1_000_000, years: 1 }
    const { document } = await node.client.propose({ card, ...terms })
    const both = countersign(crypto, this.keyring.signer, document)
    if (!both.ok) throw new Error(both.code)
    await node.client.sign({ document: both.text, url, fingerprint: fingerprint(kid) })
  }

  async close(): Promise<void> {
    this.agent.destroy()
    if (!this.server) return
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  /** A question about somebody nobody knows: legal, and answered by a denial. */
  question(): string {
    const body = { tag: base64url(random.bytes(32)), name: '测试' }
    const at = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
    const frame = { id: newId(), type: 'identity.queried', v: 1, case: null, at, by: this.self }
    return writeRecord({ ...frame, body } as FactRecord)
  }

  /** The envelope that would come next, with whatever is wanted otherwise; the stream does not move. */
  seal(other: Partial<Omit<EnvelopePayload, 'records'>>, ...records: string[]): SealedEnvelope {
    const { epoch, seq, head } = this.out
    const place = { iss: this.self, aud: this.to, epoch, seq: seq + 1, prev: head, iat: nowSeconds() }
    return sealEnvelope(crypto, this.keyring.signer, { ...place, ...other }, records)
  }

  moveTo({ payload: { epoch, seq }, contentId: head }: SealedEnvelope): void {
    this.out = { epoch, seq, head }
  }

  ask(purpose: Purpose): string {
    const iat = nowSeconds()
    const bound = { iss: this.self, aud: this.to, iat, exp: iat + limits.requestSeconds, nonce: newId() }
    return signRequest(this.keyring.signer, { ...bound, purpose })
  }

  path(door: 'envelopes' | 'requests', issuer: string = this.self): string {
    return `/federation/v1/${issuer}/${door}`
  }

  /** Posts bytes; throws when there is no answer. */
  async post(path: string, body: Uint8Array): Promise<Answered> {
    const outgoing = request(new URL(path, this.target), {
      ...{ method: 'POST', agent: this.agent, signal: AbortSignal.timeout(answerWithinMs) },
      ...(this.from === undefined ? {} : { localAddress: this.from }),
      headers: { 'content-type': 'text/plain; charset=utf-8', 'content-length': body.length },
    })
    outgoing.end(body)
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
    return { status: incoming.statusCode ?? 0, text: (await wholeOf(incoming)).toString('utf8') }
  }

  private async listen(): Promise<string> {
    this.server = createServer((incoming, outgoing) => {
      void wholeOf(incoming)
        .then((body) => this.answer(incoming.url ?? '', body))
        .then(
          (text) => outgoing.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(text),
          () => outgoing.writeHead(400).end('{"error":"bad_field"}'),
        )
    })
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    const address = this.server.address()
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  }

  private answer(path: string, body: Buffer): string {
    return path.endsWith('/requests') ? this.answerRequest(body) : this.takeEnvelopes(body)
  }

  /** Every envelope is taken, in whatever place: the node under test is believed here. */
  private takeEnvelopes(body: Buffer): string {
    const split = splitEnvelopes(body.toString('utf8'))
    if (!split.ok) throw new Error(split.code)
    const receipts = split.envelopes.map(({ jws, records }) => {
      const read = readEnvelopePayload(payloadOf(jws, jwsTypes.envelope))
      if (!read.ok) throw new Error(read.code)
      const { epoch, seq } = read.payload
      this.into = { epoch, seq, head: contentId(crypto, jws) }
      const outcomes = records.map(() => 'applied')
      const place = { iss: this.self, aud: this.to, epoch, seq, head: contentId(crypto, jws) }
      return signReceipt(this.keyring.signer, { ...place, iat: nowSeconds(), outcomes })
    })
    return receipts.map((line) => `${line}\n`).join('')
  }

  private answerRequest(body: Buffer): string {
    const read = readRequestPayload(
      payloadOf(body.toString('utf8').trimEnd(), jwsTypes.request),
      nowSeconds(),
    )
    if (!read.ok) throw new Error(read.code)
    const { nonce, purpose } = read.payload
    const sent = { ...this.out, receipted: 0 }
    const heads = JSON.stringify({ sent, received: { ...this.into, frozen: false } })
    const text = purpose.what === 'heads' ? heads : ''
    const bound = { iss: this.self, aud: this.to, iat: nowSeconds(), nonce, digest: digestOf(crypto, text) }
    return `${signAnswer(this.keyring.signer, bound)}\n${text}`
  }
}

export function bodyOf(...envelopes: readonly SealedEnvelope[]): Uint8Array {
  return utf8(envelopes.map(envelopeLines).join(''))
}

export function newId(): Uuid {
  return uuidV7(Date.now(), random.bytes(10))
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

function payloadOf(token: string, typ: (typeof jwsTypes)[keyof typeof jwsTypes]): Json {
  const read = readJws(token, typ)
  const parsed = read.ok ? parseStrictBytes(read.jws.payload) : read
  if (!parsed.ok) throw new Error(parsed.code)
  return parsed.value
}

async function wholeOf(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of incoming as AsyncIterable<Buffer>) parts.push(part)
  return Buffer.concat(parts)
}
