/**
 * The honest half of a node that no production code runs: real keys, a stream of its own over epochs and keys, a proper
 * copy of the other's stream with its receipts, and answers to signed requests from both. What it adds of its own accord
 * is up to who holds it.
 */
import { createHash } from 'node:crypto'
import { type HttpAnswer } from '../../node/platform.ts'
import {
  contentId,
  countersign,
  envelopeLines,
  erasedLine,
  fingerprint,
  jwsTypes,
  limits,
  place,
  parseStrictBytes,
  requestPayloadSchema,
  readJws,
  sealEnvelope,
  signAnswer,
  signReceipt,
  splitEnvelopes,
  utf8,
  type BodyOf,
  type Digest,
  type EnvelopePayload,
  type NodeId,
  type Purpose,
  type SealedEnvelope,
} from '../../protocol/index.ts'
import { openKeyring, type Keyring } from '../../node/keyring.ts'
import { keyringText } from '../harness/keys.ts'
import { ScriptedPeer } from '../harness/peer.ts'
import { simCrypto } from './keys.ts'
import { maybeClaims, receiptClaims, type Stream } from './ledger.ts'
import { type Life, type Post } from './stage.ts'

export function contentIdOf(jws: string): Digest {
  return contentId(simCrypto, jws)
}

/** An envelope with its lines as they stand now, and the receipt it has. */
interface Kept {
  readonly jws: string
  readonly records: string[]
  readonly epoch: number
  readonly seq: number
  readonly head: Digest
  receipt: string | null
}

const error = (status: number, code: string, more = ''): HttpAnswer => ({
  status,
  body: utf8(`{"error":"${code}"${more}}`),
})

export class SimPeer extends ScriptedPeer {
  epoch = 1
  readonly sent: Kept[] = []
  readonly taken: Kept[] = []
  private readonly keys: Keyring
  private sealing: Keyring['signer']

  constructor(node: NodeId, to: NodeId) {
    super(node, to)
    // Its own, because keys are added to it.
    this.keys = openKeyring(simCrypto, keyringText(node))
    this.sealing = this.keys.signer
  }

  get kid(): Digest {
    return this.sealing.kid
  }

  /** A new key, which signs nothing yet. */
  async newKey(seed: number): Promise<Digest> {
    return this.keys.addKey(createHash('sha256').update(`${this.node} ${this.to} ${seed}`).digest())
  }

  publicKey(kid: Digest): { kty: 'OKP'; crv: 'Ed25519'; x: string } {
    const key = this.keys.publicKey(kid)
    if (!key) throw new TypeError('no such key')
    return key
  }

  signWith(kid: Digest): void {
    this.sealing = this.keys.signerOf(kid)
    this.keys.use(kid)
  }

  /** The agreement file with both signatures; the region has signed it last. */
  async conclude({ region }: Life): Promise<string> {
    const { kid, signing, exchange } = this.keys
    const card = { node: this.node, name: `地区${this.node}`, signing, exchange }
    const terms = { replyDays: 15, queriesPerDay: 1000, years: 3 }
    const draft = region.agreements.propose(simCrypto, card, fingerprint(kid), terms)
    const both = countersign(simCrypto, this.keys.signer, draft)
    if (!both.ok) throw new Error(both.code)
    const url = `http://${this.node}.test`
    await region.sign({ document: both.text, url, fingerprint: fingerprint(kid) })
    return both.text
  }

  override seal(other: Partial<Omit<EnvelopePayload, 'records'>>, ...records: string[]): SealedEnvelope {
    const at = {
      iss: this.node,
      aud: this.to,
      epoch: this.epoch,
      seq: this.seq + 1,
      prev: this.head,
      iat: 1_772_323_200,
    }
    return sealEnvelope(simCrypto, this.sealing, { ...at, ...other }, records)
  }

  override say(...records: string[]): SealedEnvelope {
    return this.goOn(this.seal({}, ...records))
  }

  /** A new epoch after what the reader has taken of this stream. */
  open(
    after: { epoch: number; seq: number; head: Digest | null },
    reason: 'recovered' | 'fork' | 'key',
  ): SealedEnvelope {
    const { epoch, seq, head } = after
    const opening = this.record('epoch.opened', null, { after: { epoch, seq, head }, reason })
    const next = Math.max(this.epoch, epoch) + 1
    this.giveUp(after)
    return this.goOn(this.seal({ epoch: next, seq: 1, prev: head }, opening))
  }

  /** Goes on behind what the reader has taken, whatever was said beyond it. */
  goOnAfter(last: { epoch: number; seq: number; head: Digest | null }): void {
    this.giveUp(last)
    this.epoch = last.epoch
    this.seq = last.seq
    this.head = last.head
  }

  /** What was never taken is said no more. */
  private giveUp({ epoch, seq }: { epoch: number; seq: number }): void {
    const given = this.sent.findIndex((one) => one.epoch > epoch || (one.epoch === epoch && one.seq > seq))
    if (given >= 0) this.sent.splice(given)
  }

  private goOn(envelope: SealedEnvelope): SealedEnvelope {
    const { payload, jws, records, contentId: head } = envelope
    this.epoch = payload.epoch
    this.seq = payload.seq
    this.head = head
    this.sent.push({ jws, records: [...records], epoch: this.epoch, seq: this.seq, head, receipt: null })
    return envelope
  }

  receipted(tokens: readonly string[]): void {
    for (const token of tokens) {
      // A flipped bit may have made anything of it.
      const head = headIn(token)
      const sent = this.sent.findLast((one) => one.head === head)
      if (sent) sent.receipt ??= token
    }
  }

  override receipt(
    at: { epoch: number; seq: number; head: Digest },
    outcomes: string[],
    other: object = {},
  ): string {
    const payload = { iss: this.node, aud: this.to, iat: 1_772_323_200, ...at, outcomes, ...other }
    return signReceipt(this.sealing, payload)
  }

  /** Takes what was posted as an honest node would. What it need not verify it looks up: was this really sealed? */
  take(post: Post, stream: Stream): HttpAnswer {
    const opened = splitEnvelopes(Buffer.from(post.body).toString('utf8'))
    if (!opened.ok) return error(400, 'bad_encoding')
    const receipts: string[] = []
    for (const { jws, records } of opened.envelopes) {
      const head = contentIdOf(jws)
      const claims = stream.signed.has(head) && maybeClaims(jws)
      if (!claims) return receipts.length > 0 ? given(receipts) : error(401, 'bad_signature')
      const last = this.taken.at(-1)
      const before = { epoch: last?.epoch ?? 1, seq: last?.seq ?? 0, head: last?.head ?? null }
      const known = this.taken.find((one) => one.epoch === claims.epoch && one.seq === claims.seq)
      const placed = place({ ...before, frozen: false, thawed: false }, claims as EnvelopePayload)
      if (known?.head === head && known.receipt !== null) receipts.push(known.receipt)
      else if (placed.ok && placed.place === 'next') receipts.push(this.keep(jws, records, claims, head))
      else {
        const code = placed.ok ? (known ? 'fork' : 'wrong_epoch') : placed.code
        const have = `,"have":{"epoch":${before.epoch},"seq":${before.seq}}`
        return receipts.length > 0 ? given(receipts) : error(409, code, have)
      }
    }
    return given(receipts)
  }

  private keep(
    jws: string,
    records: readonly string[],
    { epoch, seq }: { epoch: number; seq: number },
    head: Digest,
  ): string {
    const outcomes = records.map(() => 'applied')
    const receipt = this.receipt({ epoch, seq, head }, outcomes)
    this.taken.push({ jws, records: [...records], epoch, seq, head, receipt })
    for (const text of records) {
      if (!text.includes('"type":"record.erased"')) continue
      const { body } = JSON.parse(text) as { body: BodyOf<'record.erased'> }
      const erased = this.taken.find((one) => one.epoch === body.epoch && one.seq === body.seq)
      if (erased) erased.records[body.index] = erasedLine(body.digest)
    }
    return receipt
  }

  /** Answers a request; who sent it was looked up by its name. */
  answer(post: Post, lie?: string): HttpAnswer {
    const read = readJws(Buffer.from(post.body).toString('utf8').trimEnd(), jwsTypes.request)
    if (!read.ok) return error(401, 'bad_signature')
    const parsed = parseStrictBytes(read.jws.payload)
    const request = parsed.ok ? requestPayloadSchema.safeParse(parsed.value) : undefined
    if (!request?.success) return error(400, 'bad_field')
    const { nonce, purpose } = request.data
    const body = lie ?? this.answerBody(purpose)
    const payload = {
      iss: this.node,
      aud: this.to,
      iat: 1_772_323_200,
      nonce,
      digest: simCrypto.digest(body),
    }
    return { status: 200, body: utf8(`${signAnswer(this.sealing, payload)}\n${body}`) }
  }

  private answerBody(purpose: Purpose): string {
    switch (purpose.what) {
      case 'pull':
        return linesOf(
          this.sent.filter(({ epoch, seq }) => epoch === purpose.epoch && seq > purpose.after),
          false,
        )
      case 'heads':
        return JSON.stringify(this.heads())
      case 'restore': {
        const { epoch, seq } = purpose.after
        const after = (one: Kept) => one.epoch > epoch || (one.epoch === epoch && one.seq > seq)
        const all = (purpose.of === 'asked' ? this.taken : this.sent).filter(after)
        return linesOf(all.slice(0, limits.pullEnvelopes), true)
      }
      case 'compare':
        return ''
    }
  }

  private heads(): object {
    const last = this.taken.at(-1)
    const receipted = this.sent.findLast((one) => one.epoch === this.epoch && one.receipt !== null)?.seq ?? 0
    return {
      sent: { epoch: this.epoch, seq: this.seq, head: this.head, receipted },
      received: { epoch: last?.epoch ?? 1, seq: last?.seq ?? 0, head: last?.head ?? null, frozen: false },
    }
  }
}

function headIn(token: string): string | undefined {
  try {
    return receiptClaims(token).head
  } catch {
    return undefined
  }
}

function linesOf(kept: readonly Kept[], receipts: boolean): string {
  let text = ''
  for (const { jws, records, receipt } of kept) {
    text += envelopeLines({ jws, records })
    if (receipts && receipt !== null) text += `+${receipt}\n`
  }
  return text
}

function given(receipts: readonly string[]): HttpAnswer {
  return { status: 200, body: utf8(receipts.map((token) => `${token}\n`).join('')) }
}
