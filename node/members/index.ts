/**
 * Members: those whose formal affiliation this region holds. An ID number is stored sealed, found by its token, and
 * known to a peer only by the tag that both nodes derive.
 */
import { type Category, type NodeId, type Uuid } from '../../protocol/index.ts'
import { type Peer, type Peers } from '../federation/peers.ts'
import { type Organisations } from '../organisations/index.ts'
import { type Clock, type Ids } from '../platform.ts'
import { type Reader, type Row, type Transaction } from '../store/port.ts'
import { type Vault } from '../vault.ts'
import { members, memberTags } from './tables.ts'

export type Member = Row<typeof members>

/** A member as the roster has it. Dates as YYYY-MM-DD or YYYY-MM; absent where the roster has none that can be read. */
export interface RosterEntry {
  readonly idNumber: string
  readonly name: string
  readonly category?: Category | undefined
  readonly phone?: string | undefined
  readonly gender?: string | undefined
  readonly ethnicity?: string | undefined
  readonly bornOn?: string | undefined
  readonly education?: string | undefined
  readonly joinedOn?: string | undefined
  readonly branch?: string | undefined
}

export interface Enrolment {
  readonly change: 'added' | 'changed' | 'unchanged'
  readonly member: Member
}

/** Imports of the roster wait for each other, and for nothing else. */
export const rosterLock = 'roster'

export class Members {
  private readonly vault: Vault
  private readonly peers: Peers
  private readonly organisations: Organisations
  private readonly clock: Clock
  private readonly ids: Ids

  constructor(parts: { vault: Vault; peers: Peers; organisations: Organisations; clock: Clock; ids: Ids }) {
    this.vault = parts.vault
    this.peers = parts.peers
    this.organisations = parts.organisations
    this.clock = parts.clock
    this.ids = parts.ids
  }

  idToken(idNumber: string): string {
    return this.vault.token('id-number', idNumber)
  }

  idNumberOf(member: Member): string {
    return this.vault.open(place(member.id), member.idSealed)
  }

  /**
   * Adds or corrects members, one per entry. What the roster leaves empty is left as it was. The caller holds
   * `rosterLock` and the pair locks of all peers, so nobody asks for a member while he is becoming known.
   */
  async enrol(tx: Transaction, entries: readonly RosterEntry[]): Promise<Enrolment[]> {
    const tokens = entries.map(({ idNumber }) => this.idToken(idNumber))
    const known = new Map(
      (await tx.findIn(members, 'idToken', tokens)).map((member) => [member.idToken, member]),
    )
    const peers = await this.peers.all(tx)
    const results: Enrolment[] = []
    for (const [i, entry] of entries.entries()) {
      const token = tokens[i] ?? ''
      const before = known.get(token)
      const result = before ? await this.correct(tx, before, entry) : await this.add(tx, token, entry)
      if (!before) for (const peer of peers) await this.tagFor(tx, peer, result.member, entry.idNumber)
      known.set(token, result.member)
      results.push(result)
    }
    return results
  }

  async byTokens(reader: Reader, tokens: readonly string[]): Promise<Map<string, Member>> {
    const found = await reader.findIn(members, 'idToken', tokens)
    return new Map(found.map((member) => [member.idToken, member]))
  }

  async byTag(reader: Reader, peer: NodeId, tag: string): Promise<Member | undefined> {
    const row = await reader.get(memberTags, { peer, tag })
    return row && reader.get(members, { id: row.member })
  }

  async get(reader: Reader, id: string): Promise<Member | undefined> {
    return reader.get(members, { id })
  }

  async anyNamed(reader: Reader, name: string): Promise<boolean> {
    return (await reader.find(members, { name }, { limit: 1 })).length > 0
  }

  async count(reader: Reader): Promise<number> {
    return reader.count(members, {})
  }

  async anyOf(reader: Reader, branch: Uuid): Promise<boolean> {
    return (await reader.find(members, { branch }, { limit: 1 })).length > 0
  }

  /** A branch has become part of another. The caller holds `rosterLock`. */
  async moveAll(tx: Transaction, from: Uuid, to: Uuid): Promise<void> {
    const changedMs = this.clock.nowMs()
    for (const { id } of await tx.find(members, { branch: from }))
      await tx.update(members, { id }, { branch: to, changedMs })
  }

  tagOf(peer: Peer, member: Member): string {
    return this.peers.tag(peer, this.idNumberOf(member))
  }

  /** A new agreement: from now on this peer may ask for any of our members by tag. */
  async tagAll(tx: Transaction, peer: Peer): Promise<void> {
    await tx.lock([rosterLock])
    for (let after = ''; ;) {
      const page = await tx.find(members, {}, { orderBy: 'id', after, limit: 1000 })
      for (const member of page) await this.tagFor(tx, peer, member, this.idNumberOf(member))
      const last = page.at(-1)
      if (!last || page.length < 1000) return
      after = last.id
    }
  }

  private async tagFor(tx: Transaction, peer: Peer, member: Member, idNumber: string): Promise<void> {
    const tag = this.peers.tag(peer, idNumber)
    if (!(await tx.get(memberTags, { peer: peer.node, tag })))
      await tx.insert(memberTags, [{ peer: peer.node, tag, member: member.id }])
  }

  private async add(tx: Transaction, idToken: string, entry: RosterEntry): Promise<Enrolment> {
    const id = this.ids.next()
    const idSealed = this.vault.seal(place(id), entry.idNumber)
    const member = {
      id,
      idToken,
      idSealed,
      ...(await this.attributes(tx, entry)),
      changedMs: this.clock.nowMs(),
    }
    await tx.insert(members, [member])
    return { change: 'added', member }
  }

  private async correct(tx: Transaction, before: Member, entry: RosterEntry): Promise<Enrolment> {
    const named = Object.entries(await this.attributes(tx, entry)).filter(([, value]) => value !== null)
    const patch = Object.fromEntries(
      named.filter(([field, value]) => before[field as keyof Member] !== value),
    )
    if (Object.keys(patch).length === 0) return { change: 'unchanged', member: before }
    const change = { ...patch, changedMs: this.clock.nowMs() }
    await tx.update(members, { id: before.id }, change)
    return { change: 'changed', member: { ...before, ...change } }
  }

  private async attributes(
    tx: Transaction,
    entry: RosterEntry,
  ): Promise<Omit<Member, 'id' | 'idToken' | 'idSealed' | 'changedMs'>> {
    return {
      name: entry.name,
      category: entry.category ?? null,
      phone: entry.phone ?? null,
      gender: entry.gender ?? null,
      ethnicity: entry.ethnicity ?? null,
      bornOn: entry.bornOn ?? null,
      education: entry.education ?? null,
      joinedOn: entry.joinedOn ?? null,
      branch: entry.branch === undefined ? null : (await this.organisations.branchNamed(tx, entry.branch)).id,
    }
  }
}

function place(id: string): string {
  return `members:id_sealed:${id}`
}
