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
  jwsTypes,
  personTag,
  proposeAgreement,
  readAgreement,
  readJws,
  thumbprint,
  type Agreement,
  type AgreementCode,
  type AgreementTerms,
  type Crypto,
  type Digest,
  type Family,
  type NodeId,
  type Party,
  type Signer,
  type SigningKey,
  type Uuid,
} from '../../protocol/index.ts'
import { type Keyring } from '../keyring.ts'
import { type Reader, type Row, type Transaction } from '../store/port.ts'
import { announcedKid, pairLock } from './outbox.ts'
import {
  agreements,
  envelopesOut,
  peerKeys,
  peers,
  recordsOut,
  replacedKey,
  streamsIn,
  streamsOut,
} from './tables.ts'

/** A place in a stream: which envelope of which epoch. */
export interface StreamPlace {
  readonly epoch: number
  readonly seq: number
}

export interface PeerKey {
  readonly publicKey: Uint8Array
  /** The envelopes it may sign; `until` null while no other key has followed. */
  readonly from: StreamPlace
  readonly until: StreamPlace | null
  readonly retired: boolean
  readonly revoked: boolean
}

export interface Peer {
  readonly node: NodeId
  readonly name: string
  readonly url: string
  readonly paused: boolean
  readonly terms: AgreementTerms
  /** By kid; old ones too, for what they signed. */
  readonly keys: ReadonlyMap<Digest, PeerKey>
}

/** May this key have signed the envelope at that place? */
export function signsPlace({ from, until }: PeerKey, place: StreamPlace): boolean {
  return !isBefore(place, from) && (until === null || !isBefore(until, place))
}

function isBefore(one: StreamPlace, other: StreamPlace): boolean {
  return one.epoch < other.epoch || (one.epoch === other.epoch && one.seq < other.seq)
}

export type AgreementRefusal =
  | AgreementCode
  | 'agreement_other_fingerprint'
  | 'agreement_not_ours'
  | 'agreement_incomplete'
  | 'agreement_key_revoked'

const dayMs = 86_400_000

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
    // Side by side: this is read for every post and every delivery.
    const [row, [agreement], keys] = await Promise.all([
      reader.get(peers, { node }),
      reader.find(agreements, { peer: node, active: true }),
      reader.find(peerKeys, { peer: node }),
    ])
    if (!row || !agreement) return undefined
    return {
      ...row,
      terms: this.termsOf(agreement.id, agreement.document),
      keys: new Map(keys.map((key) => [key.kid, readKey(key)])),
    }
  }

  /** All keys of the peer there have been, for verifying what they signed. */
  async keysOf(reader: Reader, node: NodeId): Promise<SigningKey[]> {
    const rows = await reader.find(peerKeys, { peer: node })
    return rows.map(({ x }) => ({ kty: 'OKP', crv: 'Ed25519', x }))
  }

  /** The key whose signature this peer can check now: the newest it has confirmed. */
  async signerFor(reader: Reader, peer: NodeId): Promise<Signer> {
    const stream = await reader.get(streamsOut, { peer })
    if (!stream) return this.keyring.signer
    // Several may have been announced and not confirmed: what the peer knows is the key of the next it must receipt.
    const { epoch, receipted, kidFrom, standing } = stream
    // Still without an agreement that names the one in its place: that will be our newest.
    if (kidFrom === replacedKey && standing === 'closed') return this.keyring.signer
    const next =
      stream.formerKid === null
        ? undefined
        : await reader.get(envelopesOut, { peer, epoch, seq: receipted + 1 })
    const read = next && readJws(next.jws, jwsTypes.envelope)
    // A token that was damaged in the store names no key of ours.
    const kid = read?.ok && (await this.keyring.knows(read.jws.kid)) ? read.jws.kid : stream.kid
    await this.keyring.knows(kid)
    return this.keyring.signerOf(kid)
  }

  /**
   * The keys to ask this peer under, the likeliest first: after a loss we may not know what we told it. None before one
   * that an agreement has put in their place: a peer that does not know it yet would still take what is on its way under
   * the old ones, after it has told us where they end.
   */
  async askingFor(reader: Reader, peer: NodeId): Promise<Signer[]> {
    const first = await this.signerFor(reader, peer)
    const stream = await reader.get(streamsOut, { peer })
    const kids = this.keyring.kids()
    const others = stream?.kidFrom === replacedKey ? kids.slice(0, kids.indexOf(first.kid)) : kids
    const asking = new Set([first.kid, ...others])
    return [...asking].map((kid) => this.keyring.signerOf(kid))
  }

  /** `keys.announced`: this peer's stream is signed by another key from the next envelope on. False: not a key to take. */
  async announced(
    tx: Transaction,
    peer: Peer,
    key: SigningKey,
    { epoch, seq }: StreamPlace,
  ): Promise<boolean> {
    const kid = thumbprint(this.crypto, key)
    // Not what was known of the peer before: another record of the same envelope may have announced it.
    if (!enrolKey(key).ok || (await tx.get(peerKeys, { peer: peer.node, kid }))) return false
    await this.endKeys(tx, peer.node, { epoch, seq }, false)
    await this.addKey(tx, peer.node, key, { epoch, seq: seq + 1 })
    return true
  }

  /**
   * The same from before a loss. An announcement under a key that was revoked since announced another that was revoked
   * with it: it is needed for what it signed, and ends none of those in use.
   */
  async announcedBefore(
    tx: Transaction,
    peer: Peer,
    key: SigningKey,
    at: StreamPlace,
    under: Digest,
  ): Promise<void> {
    const kid = thumbprint(this.crypto, key)
    if (peer.keys.has(kid) || !enrolKey(key).ok) return
    if (peer.keys.get(under)?.revoked !== true) await this.announced(tx, peer, key, at)
    else {
      await this.addKey(tx, peer.node, key, { epoch: at.epoch, seq: at.seq + 1 })
      const until = { untilEpoch: at.epoch, untilSeq: at.seq + 1 }
      await tx.update(peerKeys, { peer: peer.node, kid }, { ...until, revoked: true })
    }
  }

  /** The peer as it will be known once these announcements of its are taken. Nothing is stored. */
  afterAnnouncement(peer: Peer, key: SigningKey, { epoch, seq }: StreamPlace): Peer {
    const enrolled = enrolKey(key)
    const kid = thumbprint(this.crypto, key)
    if (!enrolled.ok || peer.keys.has(kid)) return peer
    const from = { epoch, seq: seq + 1 }
    const added = { publicKey: enrolled.publicKey, from, until: null, retired: false, revoked: false }
    return { ...peer, keys: new Map([...peer.keys, [kid, added]]) }
  }

  /** A read was verified under this key: the peer has left those before it. */
  async retireBefore(tx: Transaction, peer: Peer, kid: Digest): Promise<void> {
    if (peer.keys.get(kid)?.until !== null) return
    for (const [old, { until, retired }] of peer.keys)
      if (until !== null && !retired)
        await tx.update(peerKeys, { peer: peer.node, kid: old }, { retired: true })
  }

  /** Our operator's word that a key is lost or stolen. What we took under it stays; nothing new is believed. */
  async revoke(tx: Transaction, node: NodeId): Promise<boolean> {
    await tx.lock([pairLock(node), `stream-in:${node}`])
    const into = await tx.get(streamsIn, { peer: node })
    if (!into) return false
    await this.endKeys(tx, node, into, true)
    return true
  }

  async all(reader: Reader): Promise<Peer[]> {
    const rows = await reader.find(agreements, { active: true }, { orderBy: 'peer' })
    const found = await Promise.all(rows.map(({ peer }) => this.get(reader, peer)))
    return found.filter((peer) => peer !== undefined)
  }

  /** Is the agreement in force today? A day more at both ends, because two offices' days are not the same. */
  inForce({ terms }: Peer, nowMs: number): boolean {
    const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)
    return day(nowMs + dayMs) >= terms.from && day(nowMs - dayMs) <= terms.until
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
    const offered = this.read(introduction.document)
    const other = this.otherParty(offered)
    if (!isFingerprint(introduction.fingerprint, thumbprint(this.crypto, other.signing)))
      throw new AgreementError(
        'agreement_other_fingerprint',
        'the fingerprint is not the one in the document',
      )
    const signer = this.keyring.signerOf(this.ownKidIn(offered))
    const signed = countersign(this.crypto, signer, introduction.document)
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
    // Those of the streams too: no key is put aside while something is sealed or taken under it.
    await tx.lock([pairLock(node), `stream-in:${node}`, `stream-out:${node}`])
    const before = await tx.get(peers, { node })
    const row = { node, name, url, paused: before?.paused ?? false }
    if (before) await tx.update(peers, { node }, row)
    else await tx.insert(peers, [row])
    await this.storeAgreement(tx, node, agreement, document)
    const ours = this.ownKidIn(agreement)
    await this.beginStreams(tx, node, ours)
    if (isComplete(agreement)) await this.takeKeys(tx, other, ours)
  }

  private async beginStreams(tx: Transaction, peer: NodeId, kid: Digest): Promise<void> {
    const beginning = { peer, epoch: 1, seq: 0, head: null }
    if (!(await tx.get(streamsOut, { peer })))
      await tx.insert(streamsOut, [
        {
          ...beginning,
          ...{ sealedPosition: 0, receipted: 0, unreceipted: 0, vouched: 0, standing: 'open' },
          ...{ kid, kidFrom: 1, formerKid: null },
        },
      ])
    if (!(await tx.get(streamsIn, { peer })))
      await tx.insert(streamsIn, [{ ...beginning, frozen: false, thawed: false, heardMs: 0 }])
  }

  /** The agreement in force names a key: one that was not announced before replaces those that were lost. */
  private async takeKeys(tx: Transaction, other: Party, ours: Digest): Promise<void> {
    const peer = other.node
    const kid = thumbprint(this.crypto, other.signing)
    const known = await tx.find(peerKeys, { peer })
    if (known.some((key) => key.kid === kid && key.revoked))
      throw new AgreementError('agreement_key_revoked', 'a key that was revoked here comes never back')
    if (!known.some((key) => key.kid === kid)) {
      const into = await tx.get(streamsIn, { peer })
      const next = { epoch: into?.epoch ?? 1, seq: (into?.seq ?? 0) + 1 }
      if (into && known.length > 0) await this.endKeys(tx, peer, into, true)
      await this.addKey(tx, peer, other.signing, known.length > 0 ? next : { epoch: 1, seq: 1 })
    }
    const out = await tx.get(streamsOut, { peer })
    if (!out) return
    const announced = out.kid === ours && out.kidFrom <= out.receipted + 1
    if (announced || (out.kid !== ours && !this.isNewer(ours, out.kid))) return
    // Ours was replaced without an announcement, or none that the peer is known to have taken. It ends those it knows, so
    // what was signed under them and not taken is signed anew, in a new epoch.
    const unused = out.standing === 'open' && out.epoch === 1 && out.seq === 0
    const fresh = unused && !(await this.waitsToLeadBack(tx, peer, ours))
    const replaced = fresh ? {} : { kidFrom: replacedKey, formerKid: null, standing: 'recovering' }
    await tx.update(streamsOut, { peer }, { kid: ours, ...replaced })
  }

  /** An older key that waits to be announced in the first envelope would be followed, by us and not by the peer. */
  private async waitsToLeadBack(tx: Transaction, peer: NodeId, ours: Digest): Promise<boolean> {
    const waiting = await tx.find(recordsOut, { peer, type: 'keys.announced' })
    const kids = waiting.map(({ text }) => announcedKid(this.crypto, text))
    return kids.some((kid) => kid !== undefined && kid !== ours && !this.isNewer(kid, ours))
  }

  private async addKey(tx: Transaction, peer: NodeId, key: SigningKey, from: StreamPlace): Promise<void> {
    const kid = thumbprint(this.crypto, key)
    const state = { untilEpoch: null, untilSeq: null, retired: false, revoked: false }
    await tx.insert(peerKeys, [{ peer, kid, x: key.x, fromEpoch: from.epoch, fromSeq: from.seq, ...state }])
  }

  private async endKeys(tx: Transaction, peer: NodeId, last: StreamPlace, revoked: boolean): Promise<void> {
    for (const { kid, untilEpoch, untilSeq } of await tx.find(peerKeys, { peer })) {
      const until =
        untilEpoch === null ? { untilEpoch: last.epoch, untilSeq: last.seq } : { untilEpoch, untilSeq }
      await tx.update(peerKeys, { peer, kid }, { ...until, ...(revoked ? { revoked } : {}) })
    }
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
      us.exchange.x !== this.keyring.exchange.x ||
      !this.mayName(thumbprint(this.crypto, us.signing), agreement)
    )
      throw new AgreementError('agreement_not_ours', 'this node with these keys is not a party')
    const key = enrolKey(other.signing)
    if (!key.ok) throw new AgreementError(key.code, key.detail)
    return other
  }

  /** New agreements name our newest key. One that bears both signatures may name an older: it is taken in again after a loss. */
  private mayName(kid: Digest, agreement: Agreement): boolean {
    return kid === this.keyring.kid || (isComplete(agreement) && this.keyring.holds(kid))
  }

  private isNewer(kid: Digest, than: Digest): boolean {
    const kids = this.keyring.kids()
    return kids.indexOf(kid) < kids.indexOf(than)
  }

  private ownKidIn({ terms }: Agreement): Digest {
    const us = terms.parties.find(({ node }) => node === this.self)
    return us ? thumbprint(this.crypto, us.signing) : this.keyring.kid
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

function readKey(row: Row<typeof peerKeys>): PeerKey {
  const { x, fromEpoch, fromSeq, untilEpoch, untilSeq, retired, revoked } = row
  return {
    publicKey: Buffer.from(x, 'base64url'),
    from: { epoch: fromEpoch, seq: fromSeq },
    until: untilEpoch === null || untilSeq === null ? null : { epoch: untilEpoch, seq: untilSeq },
    retired,
    revoked,
  }
}
