/**
 * Peers: the regions this node has an agreement with, their keys, and the tags under which both mean one person.
 *
 * A peer exists for the gate only while one agreement with both signatures is active. Its fingerprint was compared by
 * two people before (the caller hands over what the operator typed), its address is local configuration.
 */
import {
  countersign,
  enrolKey,
  isComplete,
  isFingerprint,
  personTag,
  proposeAgreement,
  readAgreement,
  thumbprint,
  type Agreement,
  type AgreementCode,
  type AgreementTerms,
  type Crypto,
  type Family,
  type NodeId,
  type Party,
  type Uuid,
} from '../../protocol/index.ts'
import { type Keyring } from '../keyring.ts'
import { type Reader, type Transaction } from '../store/port.ts'
import { pairLock } from './outbox.ts'
import { agreements, peerKeys, peers, streamsIn, streamsOut } from './tables.ts'

export interface Peer {
  readonly node: NodeId
  readonly name: string
  readonly url: string
  readonly paused: boolean
  readonly terms: AgreementTerms
  /** Public keys by kid. */
  readonly keys: ReadonlyMap<string, Uint8Array>
}

export type AgreementRefusal =
  AgreementCode | 'agreement_other_fingerprint' | 'agreement_not_ours' | 'agreement_incomplete'

export class AgreementError extends Error {
  readonly code: AgreementRefusal
  constructor(code: AgreementRefusal, detail: string) {
    super(`${code}: ${detail}`)
    this.code = code
  }
}

export interface Introduction {
  readonly document: string
  readonly url: string
  /** What the operator heard from the other operator by telephone; blanks do not matter. */
  readonly fingerprint: string
}

export class Peers {
  private readonly self: NodeId
  private readonly keyring: Keyring
  private readonly crypto: Crypto
  private readonly pairKeys = new Map<Uuid, Uint8Array>()
  private readonly terms = new Map<Uuid, { document: string; terms: AgreementTerms }>()

  constructor(self: NodeId, keyring: Keyring, crypto: Crypto) {
    this.self = self
    this.keyring = keyring
    this.crypto = crypto
  }

  /** The peer, while an agreement with it is active. */
  async get(reader: Reader, node: NodeId): Promise<Peer | undefined> {
    const row = await reader.get(peers, { node })
    const [agreement] = row ? await reader.find(agreements, { peer: node, active: true }) : []
    if (!row || !agreement) return undefined
    const keys = await reader.find(peerKeys, { peer: node })
    return {
      ...row,
      terms: this.termsOf(agreement.id, agreement.document),
      keys: new Map(keys.map(({ kid, x }) => [kid, Buffer.from(x, 'base64url')])),
    }
  }

  async all(reader: Reader): Promise<Peer[]> {
    const rows = await reader.find(agreements, { active: true }, { orderBy: 'peer' })
    const found = await Promise.all(rows.map(({ peer }) => this.get(reader, peer)))
    return found.filter((peer) => peer !== undefined)
  }

  agrees(peer: Peer, family: Family): boolean {
    return peer.terms.families.includes(family)
  }

  /** How this node and the peer name one person. `idNumber` is normalised. */
  tag(peer: Peer, idNumber: string): string {
    const known = this.pairKeys.get(peer.terms.id)
    const key = known ?? this.pairKeyOf(peer)
    this.pairKeys.set(peer.terms.id, key)
    return personTag(this.crypto, key, idNumber)
  }

  /** Our signature first: the document to hand to the other side. */
  propose(terms: AgreementTerms): string {
    return proposeAgreement(this.keyring.signer, terms)
  }

  /**
   * Adds our signature where it lacks and, when both are there, takes the agreement into force. Throws AgreementError.
   * The answer is the document to hand back; `active` says whether the peer may now speak.
   */
  async sign(
    tx: Transaction,
    introduction: Introduction,
  ): Promise<{ document: string; active: boolean; peer: NodeId }> {
    const other = this.otherParty(this.read(introduction.document))
    if (!isFingerprint(introduction.fingerprint, thumbprint(this.crypto, other.signing)))
      throw new AgreementError(
        'agreement_other_fingerprint',
        'the fingerprint is not the one in the document',
      )
    const signed = countersign(this.crypto, this.keyring.signer, introduction.document)
    if (!signed.ok) throw new AgreementError(signed.code, signed.detail)
    const agreement = this.read(signed.text)
    const active = isComplete(agreement)
    await this.enrol(tx, introduction.url, other, agreement, signed.text)
    return { document: signed.text, active, peer: other.node }
  }

  private async enrol(
    tx: Transaction,
    url: string,
    other: Party,
    agreement: Agreement,
    document: string,
  ): Promise<void> {
    const { node, name } = other
    await tx.lock([pairLock(node)])
    const before = await tx.get(peers, { node })
    const row = { node, name, url, paused: before?.paused ?? false }
    if (before) await tx.update(peers, { node }, row)
    else await tx.insert(peers, [row])
    const kid = thumbprint(this.crypto, other.signing)
    if (!(await tx.get(peerKeys, { peer: node, kid })))
      await tx.insert(peerKeys, [{ peer: node, kid, x: other.signing.x }])
    await this.storeAgreement(tx, node, agreement, document)
    if (!(await tx.get(streamsOut, { peer: node })))
      await tx.insert(streamsOut, [
        { peer: node, epoch: 1, seq: 0, head: null, receipted: 0, unreceipted: 0 },
      ])
    if (!(await tx.get(streamsIn, { peer: node })))
      await tx.insert(streamsIn, [{ peer: node, epoch: 1, seq: 0, head: null, frozen: false, heardMs: 0 }])
  }

  private async storeAgreement(
    tx: Transaction,
    peer: NodeId,
    agreement: Agreement,
    document: string,
  ): Promise<void> {
    const { id } = agreement.terms
    const before = await tx.get(agreements, { id })
    if (before?.state === 'ended')
      throw new AgreementError('agreement_terms', 'another agreement has replaced this one')
    const active = isComplete(agreement)
    // The proposal's own file signed once more: what is in force stays in force.
    if (before?.active && !active) return
    if (active)
      for (const other of await tx.find(agreements, { peer, active: true }))
        if (other.id !== id) await tx.update(agreements, { id: other.id }, { state: 'ended', active: false })
    const row = { id, peer, document, state: active ? 'active' : 'proposed', active }
    if (before) await tx.update(agreements, { id }, row)
    else await tx.insert(agreements, [row])
  }

  private otherParty(agreement: Agreement): Party {
    const { parties } = agreement.terms
    const us = parties.find(({ node }) => node === this.self)
    const other = parties.find(({ node }) => node !== this.self)
    if (
      !us ||
      !other ||
      thumbprint(this.crypto, us.signing) !== this.keyring.kid ||
      us.exchange.x !== this.keyring.exchange.x
    )
      throw new AgreementError('agreement_not_ours', 'this node with these keys is not a party')
    const key = enrolKey(other.signing)
    if (!key.ok) throw new AgreementError(key.code, key.detail)
    return other
  }

  private read(document: string): Agreement {
    const read = readAgreement(this.crypto, document)
    if (!read.ok) throw new AgreementError(read.code, read.detail)
    return read.agreement
  }

  /** Documents never change under their id, so each is read (and its signatures checked) once. */
  private termsOf(id: Uuid, document: string): AgreementTerms {
    const known = this.terms.get(id)
    if (known?.document === document) return known.terms
    const { terms } = this.read(document)
    this.terms.set(id, { document, terms })
    return terms
  }

  private pairKeyOf(peer: Peer): Uint8Array {
    const party = peer.terms.parties.find(({ node }) => node === peer.node)
    if (!party) throw new TypeError('an active agreement does not name its peer')
    return this.keyring.pairKeyWith(this.self, party, peer.terms.keyVersion)
  }
}
