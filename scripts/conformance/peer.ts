/**
 * One scripted peer of the node under test: its keys, its stream to the node, and a hand that may sign whatever a check
 * likes. The honest half (`take`) keeps a proper stream and folds what was applied into the case book.
 */
import {
  answerPayloadSchema,
  base64url,
  checkRecords,
  comparePageSchema,
  contentId,
  digestOf,
  envelopeLines,
  erasedLine,
  fromBase64url,
  fromUtf8,
  headsSchema,
  jwsTypes,
  limits,
  parseStrict,
  readEnvelopePayload,
  readJws,
  readReceiptPayload,
  readRecord,
  sealEnvelope,
  signPart,
  signJws,
  utf8,
  uuidV7,
  verifyJws,
  writeRecord,
  type AgreementTerms,
  type BodyOf,
  type ComparePage,
  type Digest,
  type Envelope,
  type EnvelopePayload,
  type FactRecord,
  type Heads,
  type Json,
  type JwsType,
  type NodeId,
  type Purpose,
  type RecordType,
  type SealedEnvelope,
  type Signer,
  type SigningKey,
  type Uuid,
} from '../../protocol/index.ts'
import { type Keyring } from '../../node/keyring.ts'
import { realPlatform } from '../../node/platform.ts'
import { CaseBook } from './case-book.ts'
import { demand, demandSame } from './demand.ts'
import { send, type Answer } from './http.ts'
import { readRestored, type Restored } from './restored.ts'
import { isBefore, TheirKeys, type Place } from './their-keys.ts'

export const crypto = realPlatform.crypto
export type Door = 'envelopes' | 'requests'

export function newId(): Uuid {
  return uuidV7(Date.now(), realPlatform.random.bytes(10))
}

export function newTag(): string {
  return base64url(realPlatform.random.bytes(32))
}

export function bodyOf(...envelopes: readonly Envelope[]): Uint8Array {
  return utf8(envelopes.map(envelopeLines).join(''))
}

/** One answered request: the answer's time and its body, after everything a peer must check of it. */
export interface Answered {
  readonly iat: number
  readonly body: string
}

/** An envelope of ours that the node has receipted, as it may be asked for. */
export interface Said {
  readonly place: Place
  readonly head: Digest
  readonly jws: string
  readonly records: string[]
  readonly receipt: string
  readonly outcomes: readonly string[]
}

export class Peer {
  readonly self: NodeId
  readonly node: NodeId
  readonly keyring: Keyring
  readonly terms: AgreementTerms
  readonly book: CaseBook
  readonly theirKeys: TheirKeys
  /** In order, without gaps. */
  readonly said: Said[] = []
  /** What it signs with now. */
  signer: Signer
  /** What it signs receipts with, when a check wants another than `signer`. */
  receiptSigner: Signer | undefined
  private readonly url: string
  epoch = 1
  seq = 0
  head: Digest | null = null
  /** Seconds by which the node's clock is before ours. */
  clockAhead = 0

  constructor(parts: { self: NodeId; node: NodeId; keyring: Keyring; terms: AgreementTerms; url: string }) {
    this.self = parts.self
    this.node = parts.node
    this.keyring = parts.keyring
    this.terms = parts.terms
    this.url = parts.url.replace(/\/$/, '')
    this.book = new CaseBook()
    this.signer = parts.keyring.signer
    const party = parts.terms.parties.find(({ node }) => node === parts.node)
    demand(party !== undefined, 'the agreement does not name the node')
    this.theirKeys = new TheirKeys(party.signing)
  }

  /** Another signing key. It signs nothing until `signer` is set to it. */
  async newKey(): Promise<{ key: SigningKey; signer: Signer }> {
    const kid = await this.keyring.addKey(realPlatform.random.bytes(32))
    const key = this.keyring.publicKey(kid)
    demand(key !== undefined, 'a key that was made is not there')
    return { key, signer: this.keyring.signerOf(kid) }
  }

  /** What the node may see of the time: its own, so that only the checks of time depend on clocks. */
  nowSeconds(): number {
    return Math.floor(Date.now() / 1000) + this.clockAhead
  }

  /** The pair key's name of a person with this ID number. */
  tagOf(idNumber: string): string {
    const party = this.terms.parties.find(({ node }) => node === this.node)
    demand(party !== undefined, 'the agreement does not name the node')
    return base64url(
      crypto.hmacSha256(this.keyring.pairKeyWith(this.self, party, this.terms.keyVersion), utf8(idNumber)),
    )
  }

  path(door: Door, issuer: string = this.self): string {
    return `${this.url}/federation/v1/${encodeURIComponent(issuer)}/${door}`
  }

  record<T extends RecordType>(type: T, caseId: Uuid | null, body: BodyOf<T>, id: Uuid = newId()): string {
    return writeRecord({ ...this.frame(type, caseId, 1, id), body } as FactRecord)
  }

  /** A record of a type or version that no version of the protocol has. */
  unknown(caseId: Uuid | null, body: object = {}, type = 'conformance.unknown', v = 1): string {
    return JSON.stringify({ ...this.frame(type, caseId, v, newId()), body })
  }

  frame(type: string, caseId: Uuid | null, v: number, id: Uuid): object {
    const at = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
    return { id, type, v, case: caseId, at, by: `${this.self}/conformance` }
  }

  /** The envelope that would come next, with whatever a check wants otherwise. The stream does not move. */
  seal(other: Partial<Omit<EnvelopePayload, 'records'>>, ...records: string[]): SealedEnvelope {
    return this.sealUnder(this.signer, other, ...records)
  }

  sealUnder(
    signer: Signer,
    other: Partial<Omit<EnvelopePayload, 'records'>>,
    ...records: string[]
  ): SealedEnvelope {
    const place = {
      iss: this.self,
      aud: this.node,
      epoch: this.epoch,
      seq: this.seq + 1,
      prev: this.head,
      iat: this.nowSeconds(),
    }
    return sealEnvelope(crypto, signer, { ...place, ...other }, records)
  }

  /** A token over these very bytes, with a true signature. */
  token(typ: JwsType, payload: string | Uint8Array): string {
    const bytes = typeof payload === 'string' ? utf8(payload) : payload
    return signPart(this.signer, typ, base64url(bytes))
  }

  post(body: Uint8Array, issuer: string = this.self, door: Door = 'envelopes'): Promise<Answer> {
    return send(this.path(door, issuer), body)
  }

  /** The stream has come to the end of this envelope. */
  moveTo({ payload, contentId: head }: SealedEnvelope): void {
    this.epoch = payload.epoch
    this.seq = payload.seq
    this.head = head
  }

  /** Says these records in the next envelope and gives their outcomes; the receipt must be right. */
  async take(...records: string[]): Promise<string[]> {
    const envelope = this.seal({}, ...records)
    const answer = await this.post(bodyOf(envelope))
    demandSame(answer.status, 200, `status of an honest envelope (${answer.text.slice(0, 80)})`)
    this.moveTo(envelope)
    return this.receiptsIn(answer, [envelope])[0] ?? []
  }

  /** The outcomes of each envelope, from receipts that hold in every member; folds what was applied. */
  receiptsIn(answer: Answer, envelopes: readonly SealedEnvelope[]): string[][] {
    const came = `${answer.status} as ${answer.type || 'nothing'}: ${answer.text.slice(0, 100)}`
    demand(answer.status === 200 && answer.type.startsWith('text/plain'), `instead of receipts came ${came}`)
    demand(answer.text.endsWith('\n'), 'the last receipt is not ended by a line end')
    const tokens = answer.text.slice(0, -1).split('\n')
    demandSame(tokens.length, envelopes.length, 'number of receipts')
    return envelopes.map((envelope, i) => {
      const receipt = tokens[i] ?? ''
      const outcomes = this.readReceipt(receipt, envelope)
      this.remember(envelope, receipt, outcomes)
      for (const [n, text] of envelope.records.entries()) if (outcomes[n] === 'applied') this.hear(text)
      return outcomes
    })
  }

  private remember(
    { jws, records, payload, contentId: head }: SealedEnvelope,
    receipt: string,
    outcomes: readonly string[],
  ): void {
    const { epoch, seq } = payload
    const last = this.said.at(-1)
    if (last && !isBefore(last.place, payload)) return
    this.said.push({ place: { epoch, seq }, head, jws, records: [...records], receipt, outcomes })
  }

  /** A record of ours has had its effect: what it erased is shown by nobody any longer. */
  private hear(text: string): void {
    this.book.hear(this.self, text)
    const read = readRecord(text)
    if (!read.ok || !read.known || read.record.type !== 'record.erased') return
    const { epoch, seq, index, digest } = read.record.body
    const said = this.said.find(({ place }) => place.epoch === epoch && place.seq === seq)
    if (said) said.records[index] = erasedLine(digest)
  }

  readReceipt(token: string, { payload, contentId: head }: SealedEnvelope): string[] {
    const read = readReceiptPayload(this.open(token, jwsTypes.receipt))
    demand(read.ok, 'a receipt does not fit its schema')
    const { iat, outcomes, ...rest } = read.payload
    const place = { epoch: payload.epoch, seq: payload.seq, head }
    demandSame(rest, { iss: this.node, aud: this.self, ...place }, 'members of a receipt')
    demandSame(outcomes.length, payload.records.count, 'outcomes in a receipt')
    demand(Math.abs(iat - this.nowSeconds()) < 86_400, 'iat of a receipt is not in seconds of today')
    return outcomes
  }

  /** The payload of a token of the node, read as strictly as the page demands. */
  open(token: string, typ: JwsType): Json {
    const read = readJws(token, typ)
    demand(read.ok, `a token of ${typ} is not as section 6 demands: ${read.ok ? '' : read.detail}`)
    const opened = verifyJws(crypto, read.jws, this.theirKeys.publicKey(read.jws.kid))
    demand(opened.ok, `a token of ${typ} does not hold: ${opened.ok ? '' : opened.detail}`)
    return opened.payload
  }

  request(purpose: object, other: object = {}, signer = this.signer): { nonce: Uuid; token: string } {
    const nonce = newId()
    const iat = this.nowSeconds()
    const bound = { iss: this.self, aud: this.node, iat, exp: iat + limits.requestSeconds, nonce, purpose }
    return { nonce, token: signJws(signer, jwsTypes.request, { ...bound, ...other }) }
  }

  async ask(purpose: Purpose, signer = this.signer): Promise<Answered> {
    const { nonce, token } = this.request(purpose, {}, signer)
    return this.readAnswer(await this.post(utf8(token), this.self, 'requests'), nonce)
  }

  readAnswer(answer: Answer, nonce: Uuid): Answered {
    demandSame(answer.status, 200, `status of an honest request (${answer.text.slice(0, 80)})`)
    demand(answer.type.startsWith('text/plain'), `an answer came as ${answer.type}`)
    const end = answer.text.indexOf('\n')
    demand(end > 0, 'an answer has no line end after its token')
    const body = answer.text.slice(end + 1)
    const payload = answerPayloadSchema.safeParse(this.open(answer.text.slice(0, end), jwsTypes.answer))
    demand(payload.success, 'an answer does not fit its schema')
    const { iat, ...rest } = payload.data
    const bound = { iss: this.node, aud: this.self, nonce, digest: digestOf(crypto, body) }
    demandSame(rest, bound, 'members of an answer')
    return { iat, body }
  }

  async compare(home: NodeId, after: Uuid | null = null): Promise<ComparePage> {
    const { body } = await this.ask({ what: 'compare', home, after })
    const parsed = parseStrict(body)
    demand(parsed.ok, 'the page of a comparison is not minimal JSON')
    const page = comparePageSchema.safeParse(parsed.value)
    demand(page.success, 'the page of a comparison does not fit section 17')
    return page.data
  }

  async heads(): Promise<Heads> {
    const parsed = parseStrict((await this.ask({ what: 'heads' })).body)
    demand(parsed.ok, 'heads are not minimal JSON')
    const heads = headsSchema.safeParse(parsed.value)
    demand(heads.success, 'heads do not fit section 16')
    return heads.data
  }

  /** One page of a stream as the node gives it back. */
  async restore(of: 'asked' | 'answering', after: Place): Promise<Restored[]> {
    return readRestored((await this.ask({ what: 'restore', of, after })).body)
  }

  /** Goes on where the node's copy of our stream ends: a second run of this program is the same peer. */
  async goOn(): Promise<void> {
    const { iat } = await this.ask({ what: 'pull', epoch: 1, after: limits.streamNumber })
    this.clockAhead = iat - Math.floor(Date.now() / 1000)
    const { received } = await this.heads()
    if (received.seq > 0) await this.takeBackAfter({ epoch: 1, seq: 0 })
    this.endAt(received)
  }

  /** The same for what the node has taken without a receipt that we believed, and for what it has not taken. */
  async realign(): Promise<void> {
    const { received } = await this.heads()
    if (received.epoch === this.epoch && received.seq === this.seq && received.head === this.head) return
    const before = this.said.length
    try {
      await this.takeBackAfter(this.said.at(-1)?.place ?? { epoch: 1, seq: 0 })
    } finally {
      this.endAt(received)
      for (const { records, outcomes } of this.said.slice(before))
        for (const [i, text] of records.entries()) if (outcomes[i] === 'applied') this.hear(text)
    }
  }

  private endAt({ epoch, seq, head }: Heads['received']): void {
    this.epoch = epoch
    this.seq = seq
    this.head = head
  }

  private async takeBackAfter(place: Place): Promise<void> {
    for (let after = place; ;) {
      const page = await this.restore('asked', after)
      for (const { envelope, receipt } of page) this.takeBack(envelope, receipt ?? '')
      const last = this.said.at(-1)
      if (page.length === 0 || !last || !isBefore(after, last.place)) return
      after = last.place
    }
  }

  private takeBack(envelope: Envelope, receipt: string): void {
    const read = readEnvelopePayload(ownPayload(envelope.jws))
    demand(read.ok, 'what was restored is no envelope of ours')
    const checked = checkRecords(crypto, read.payload, envelope.records)
    demand(checked.ok, 'what was restored has other records')
    const { digests } = checked
    const sealed = { ...envelope, payload: read.payload, contentId: contentId(crypto, envelope.jws), digests }
    this.remember(sealed, receipt, this.readReceipt(receipt, sealed))
  }
}

/** Unproven: that the envelope is ours shows in the node's receipt of it. */
function ownPayload(jws: string): Json {
  const text = fromUtf8(fromBase64url(jws.split('.')[1] ?? '') ?? new Uint8Array())
  const parsed = parseStrict(text ?? '')
  demand(parsed.ok, 'what was restored is no token')
  return parsed.value
}
