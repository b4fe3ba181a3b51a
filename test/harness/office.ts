/** An office at work: registers and case verbs, each in one transaction under the locks the import takes. */
import { CaseDesk } from '../../node/http/case-desk.ts'
import { pairLock } from '../../node/federation/outbox.ts'
import {
  type ArrivalEntry,
  type ArrivalResult,
  type OutflowEntry,
  type OutflowResult,
} from '../../node/flows/index.ts'
import { arrivals, cases } from '../../node/flows/tables.ts'
import { rosterLock, type Enrolment, type RosterEntry } from '../../node/members/index.ts'
import { readCase, type Case } from '../../node/flows/cases.ts'
import { type ReportResult } from '../../node/activities/index.ts'
import { type Region } from '../../node/region.ts'
import { type Row, type Transaction } from '../../node/store/port.ts'
import { type Activity, type NodeId, type Uuid } from '../../protocol/index.ts'
import { recordsOut } from '../../node/federation/tables.ts'

export class Office {
  readonly desk: CaseDesk
  readonly region: Region

  constructor(region: Region) {
    this.region = region
    this.desk = new CaseDesk(region)
  }

  roster(...entries: RosterEntry[]): Promise<Enrolment[]> {
    return this.locked(async (tx) => {
      const enrolled = await this.region.members.enrol(tx, entries)
      const changed = enrolled.filter(({ change }) => change !== 'unchanged').map(({ member }) => member)
      await this.region.home.membersKnown(tx, changed)
      return enrolled
    })
  }

  outflow(...entries: OutflowEntry[]): Promise<OutflowResult[]> {
    return this.locked((tx) => this.region.home.register(tx, entries))
  }

  arrivals(...entries: ArrivalEntry[]): Promise<ArrivalResult[]> {
    return this.locked((tx) => this.region.host.register(tx, entries))
  }

  /** Reports activities of the person with this ID number in the arrivals register. */
  activities(idNumber: string, ...list: Activity[]): Promise<ReportResult[]> {
    return this.locked(async (tx) => {
      const token = this.region.members.idToken(idNumber)
      const arrival = (await this.region.host.byTokens(tx, [token])).get(token)?.[0]
      if (!arrival) throw new Error('nobody with that number has arrived')
      return this.region.activities.reportArrivals(
        tx,
        list.map((activity) => ({ arrival, activity })),
      )
    })
  }

  cases(peer: NodeId): Promise<Case[]> {
    return this.region.store.read(async (reader) =>
      (await reader.find(cases, { peer }, { orderBy: 'id' })).map(readCase),
    )
  }

  /** The only case there is with that peer. */
  async onlyCase(peer: NodeId): Promise<Case> {
    const [only, ...others] = await this.cases(peer)
    if (!only || others.length > 0)
      throw new Error(`${only ? others.length + 1 : 0} cases where one was meant`)
    return only
  }

  async openCases(peer: NodeId): Promise<Case[]> {
    return (await this.cases(peer)).filter(({ row }) => row.open)
  }

  arrivalRows(): Promise<Row<typeof arrivals>[]> {
    return this.region.store.read((reader) => reader.find(arrivals, {}, { orderBy: 'id' }))
  }

  /** Types of everything ever written for that peer, in order. */
  async said(peer: NodeId): Promise<string[]> {
    const rows = await this.region.store.read((reader) =>
      reader.find(recordsOut, { peer }, { orderBy: 'position' }),
    )
    return rows.map(({ type }) => type)
  }

  /** Shared views of all cases with that peer, by case. */
  async sharedViews(peer: NodeId): Promise<Map<Uuid, string>> {
    const views = new Map<Uuid, string>()
    for (const { row } of await this.cases(peer)) views.set(row.id, await this.desk.shared(row.id))
    return views
  }

  private locked<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    return this.region.store.transaction(async (tx) => {
      const peers = await this.region.peers.all(tx)
      await tx.lock([rosterLock, ...peers.map(({ node }) => pairLock(node))])
      return work(tx)
    })
  }
}
