/**
 * Mending the tree of organisations where people hang on it: removing one that is empty, merging one into another. It
 * touches members, cases, arrivals and accounts, so it holds all their locks and does it in one transaction.
 *
 * People here who are placed in a branch that is merged are said to be relocated, because their home has that branch
 * by name and id in our own signed word.
 */
import { type NodeId, type Uuid } from '../../protocol/index.ts'
import { accountsLock, type Accounts } from '../accounts/index.ts'
import { DomainError } from '../errors.ts'
import { pairLock } from '../federation/outbox.ts'
import { type Peers } from '../federation/peers.ts'
import { type Case, type Cases, type HostFlows } from '../flows/index.ts'
import { rosterLock, type Members } from '../members/index.ts'
import { treeLock, type Organisation, type Organisations } from '../organisations/index.ts'
import { type Store, type Transaction } from '../store/port.ts'

export class Tree {
  private readonly store: Store
  private readonly organisations: Organisations
  private readonly members: Members
  private readonly cases: Cases
  private readonly host: HostFlows
  private readonly accounts: Accounts
  private readonly peers: Peers

  constructor(parts: {
    store: Store
    organisations: Organisations
    members: Members
    cases: Cases
    host: HostFlows
    accounts: Accounts
    peers: Peers
  }) {
    this.store = parts.store
    this.organisations = parts.organisations
    this.members = parts.members
    this.cases = parts.cases
    this.host = parts.host
    this.accounts = parts.accounts
    this.peers = parts.peers
  }

  /** Throws `organisation_not_empty` while anybody or anything hangs on it. */
  async remove(id: Uuid): Promise<void> {
    await this.alone(async (tx) => {
      const found = await this.demand(tx, id)
      const hangs =
        (await this.organisations.below(tx, id)).length > 0 ||
        (await this.members.anyOf(tx, id)) ||
        (await this.cases.ofOrganisation(tx, id)).length > 0 ||
        (await this.host.anyOf(tx, id)) ||
        (await this.accounts.anyOf(tx, id))
      if (hangs) throw new DomainError('organisation_not_empty')
      await this.organisations.remove(tx, found)
    })
  }

  /** All that hangs on it hangs on the other from now on, which also answers to its name. */
  async merge(id: Uuid, into: Uuid): Promise<Organisation> {
    return this.alone(async (tx) => {
      const [from, to] = [await this.demand(tx, id), await this.demand(tx, into)]
      if (from.id === to.id || from.kind !== to.kind) throw new DomainError('organisation_place')
      await this.members.moveAll(tx, id, into)
      await this.host.moveAll(tx, id, into)
      for (const subject of await this.cases.ofOrganisation(tx, id)) await this.move(tx, subject, from, to)
      await this.accounts.moveAll(tx, id, into)
      await this.organisations.absorb(tx, from, to)
      return to
    })
  }

  private async move(tx: Transaction, subject: Case, from: Organisation, to: Organisation): Promise<void> {
    const { row, host } = subject
    const placedHere =
      row.side === 'host' && row.open && host.state === 'placed' && host.branch?.id === from.id
    if (placedHere) await this.host.place(tx, subject, to.name)
    else await this.cases.follow(tx, subject, to.id)
  }

  private async demand(tx: Transaction, id: Uuid): Promise<Organisation> {
    const found = await this.organisations.get(tx, id)
    if (!found) throw new DomainError('organisation_not_found')
    if (found.kind === 'region') throw new DomainError('organisation_place')
    return found
  }

  /** Under every lock that guards what names an organisation. A peer agreed with meanwhile is waited for anew. */
  private async alone<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    let nodes: NodeId[] = []
    for (;;) {
      const done = await this.store.transaction(async (tx) => {
        nodes = (await this.peers.all(tx)).map(({ node }) => node)
        await tx.lock([accountsLock, rosterLock, treeLock, ...nodes.map(pairLock)])
        const now = await this.peers.all(tx)
        return now.every(({ node }) => nodes.includes(node)) ? { value: await work(tx) } : undefined
      })
      if (done) return done.value
    }
  }
}
