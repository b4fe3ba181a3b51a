/**
 * A peer whose every byte the test writes: real keys, a real agreement, and a hand that may sign whatever it likes.
 * The honest half (`say`) keeps a proper stream; everything else is for misbehaving.
 */
import { type Keyring } from '../../node/keyring.ts'
import { nodeJsCrypto as crypto } from '../../node/platform.ts'
import {
  countersign,
  envelopeLines,
  fingerprint,
  sealEnvelope,
  signReceipt,
  utf8,
  writeRecord,
  type BodyOf,
  type Digest,
  type Envelope,
  type EnvelopePayload,
  type FactRecord,
  type NodeId,
  type RecordType,
  type SealedEnvelope,
  type Uuid,
} from '../../protocol/index.ts'
import { settled } from './clock.ts'
import { testKeyring } from './keys.ts'
import { type TestRegion } from './region.ts'

/** A UUIDv7 that can be read in a failing test: the number stands at its end. */
export function uuid(n: number): Uuid {
  return `019ca000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`
}

export class ScriptedPeer {
  readonly node: NodeId
  readonly keyring: Keyring
  readonly to: NodeId
  seq = 0
  head: Digest | null = null
  private ids = 0

  constructor(node: NodeId, to: NodeId, keys: string = node) {
    this.node = node
    this.to = to
    this.keyring = testKeyring(keys)
  }

  /** Concludes the agreement with a region, which proposes it. */
  async agreeWith({ region }: TestRegion, url = `http://${this.node}.test`): Promise<void> {
    const { kid, signing, exchange } = this.keyring
    const card = { node: this.node, name: `地区${this.node}`, signing, exchange }
    const terms = { replyDays: 15, queriesPerDay: 1000, years: 3 }
    const draft = region.agreements.propose(crypto, card, fingerprint(kid), terms)
    const both = countersign(crypto, this.keyring.signer, draft)
    if (!both.ok) throw new Error(both.code)
    region.courier.greetWith(() => Promise.resolve('level'))
    await region.sign({ document: both.text, url, fingerprint: fingerprint(kid) })
    // A scripted peer answers no request: both sides know that nothing was said before.
    const beginning = { epoch: 1, seq: 0, head: null }
    await region.standing.reopened(this.node, beginning, beginning)
    await settled()
  }

  /** What this peer would answer a process that asks how far it is: not further than that. */
  async confirms({ region }: Pick<TestRegion, 'region'>): Promise<void> {
    const nothing = { epoch: 1, seq: 0, head: null }
    const heads = { sent: { ...nothing, receipted: 0 }, received: { ...nothing, frozen: false } }
    const known = { taken: nothing, receipted: nothing }
    await region.standing.compare(this.node, heads, known, () => Promise.resolve(false))
  }

  record<T extends RecordType>(type: T, caseId: Uuid | null, body: BodyOf<T>, id = this.nextId()): string {
    const at = '2026-03-01T08:00:00Z'
    return writeRecord({ id, type, v: 1, case: caseId, at, by: this.node, body } as FactRecord)
  }

  /** A record of a type that nobody knows yet. */
  unknown(caseId: Uuid | null, type = 'future.thing', v = 1, id = this.nextId()): string {
    const at = '2026-03-01T08:00:00Z'
    return JSON.stringify({ id, type, v, case: caseId, at, by: this.node, body: { novelty: 1 } })
  }

  nextId(): Uuid {
    return uuid(Number(this.node) * 100_000 + ++this.ids)
  }

  /** The next envelope of the stream. */
  say(...records: string[]): SealedEnvelope {
    const envelope = this.seal({}, ...records)
    this.seq = envelope.payload.seq
    this.head = envelope.contentId
    return envelope
  }

  /** An envelope as it would come next, with whatever the test wants otherwise. The stream does not move. */
  seal(other: Partial<Omit<EnvelopePayload, 'records'>>, ...records: string[]): SealedEnvelope {
    const place = {
      iss: this.node,
      aud: this.to,
      epoch: 1,
      seq: this.seq + 1,
      prev: this.head,
      iat: 1_772_323_200,
    }
    return sealEnvelope(crypto, this.keyring.signer, { ...place, ...other }, records)
  }

  /** A receipt for an envelope that was posted to this peer. */
  receipt(
    place: { epoch: number; seq: number; head: Digest },
    outcomes: string[],
    other: object = {},
  ): string {
    const payload = { iss: this.node, aud: this.to, iat: 1_772_323_200, ...place, outcomes, ...other }
    return signReceipt(this.keyring.signer, payload)
  }
}

export function bodyOf(...envelopes: Envelope[]): Uint8Array {
  return utf8(envelopes.map(envelopeLines).join(''))
}
