/**
 * The operator's side of agreements: this node's card, proposing terms to another node's card, pausing a peer.
 *
 * A card is public (region, name, public keys). What makes it the right one is the fingerprint, which two operators
 * compare over another way; so nothing is signed without the operator typing what he heard.
 */
import {
  agreementTermsSchema,
  fingerprint,
  isFingerprint,
  partySchema,
  thumbprint,
  type Crypto,
  type NodeId,
  type Party,
} from '../../protocol/index.ts'
import { type Keyring } from '../keyring.ts'
import { type Clock, type Ids } from '../platform.ts'
import { type Store } from '../store/port.ts'
import { pairLock } from './outbox.ts'
import { AgreementError, type Peers } from './peers.ts'
import { type Alarms } from './alarms.ts'
import { peers as peerRows, streamsIn } from './tables.ts'

const endingSoonMs = 30 * 86_400_000

export interface Terms {
  readonly replyDays: number
  readonly queriesPerDay: number
  readonly years: number
}

export class AgreementBook {
  private readonly self: NodeId
  private readonly name: string
  private readonly keyring: Keyring
  private readonly store: Store
  private readonly peers: Peers
  private readonly ids: Ids
  private readonly clock: Clock

  constructor(parts: {
    self: NodeId
    name: string
    keyring: Keyring
    store: Store
    peers: Peers
    ids: Ids
    clock: Clock
  }) {
    this.self = parts.self
    this.name = parts.name
    this.keyring = parts.keyring
    this.store = parts.store
    this.peers = parts.peers
    this.ids = parts.ids
    this.clock = parts.clock
  }

  card(): Party {
    return {
      node: this.self,
      name: this.name,
      signing: this.keyring.signing,
      exchange: this.keyring.exchange,
    }
  }

  fingerprint(): string {
    return fingerprint(this.keyring.kid)
  }

  /** A proposal to the holder of this card, with our signature. Throws AgreementError. */
  propose(crypto: Crypto, card: unknown, heard: string, terms: Terms): string {
    const other = partySchema.safeParse(card)
    if (!other.success) throw new AgreementError('agreement_unreadable', 'not the card of a node')
    if (!isFingerprint(heard, thumbprint(crypto, other.data.signing)))
      throw new AgreementError(
        'agreement_other_fingerprint',
        'the card has another fingerprint than you heard',
      )
    const [first, second] = [this.card(), other.data].sort((a, b) => (a.node < b.node ? -1 : 1))
    if (!first || !second || first.node === second.node)
      throw new AgreementError('agreement_terms', 'a node cannot agree with itself')
    const from = new Date(this.clock.nowMs())
    const until = new Date(this.clock.nowMs())
    until.setUTCFullYear(from.getUTCFullYear() + terms.years)
    const agreement = agreementTermsSchema.safeParse({
      id: this.ids.next(),
      parties: [first, second],
      families: ['identity', 'flow', 'activity', 'peer'],
      rulePack: 'national-2024',
      replyDays: terms.replyDays,
      queriesPerDay: terms.queriesPerDay,
      keyVersion: 1,
      from: day(from),
      until: day(until),
    })
    // What the other side could not read is not signed.
    if (!agreement.success)
      throw new AgreementError(
        'agreement_terms',
        agreement.error.issues.map(({ path }) => path.join('.')).join(', '),
      )
    return this.peers.propose(agreement.data)
  }

  /** Lets a peer's stream that was stopped by a fork go on, in a new epoch only. */
  async thaw(node: NodeId): Promise<boolean> {
    return this.store.transaction(async (tx) => {
      await tx.lock([`stream-in:${node}`])
      if (!(await tx.get(streamsIn, { peer: node }))) return false
      await tx.update(streamsIn, { peer: node }, { thawed: true })
      return true
    })
  }

  /** Raises an alarm for every agreement that ends within thirty days, or has ended. */
  async warnOfEnding(alarms: Alarms): Promise<void> {
    const soon = day(new Date(this.clock.nowMs() + endingSoonMs))
    await this.store.transaction(async (tx) => {
      for (const { node, terms } of await this.peers.all(tx))
        if (terms.until <= soon) await alarms.raise(tx, 'agreement_ending', node, terms.id)
    })
  }

  /** Pauses or resumes all traffic with a peer; nothing that waits for it is lost. */
  async pause(node: NodeId, paused: boolean): Promise<boolean> {
    return this.store.transaction(async (tx) => {
      await tx.lock([pairLock(node)])
      if (!(await tx.get(peerRows, { node }))) return false
      await tx.update(peerRows, { node }, { paused })
      return true
    })
  }
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10)
}
