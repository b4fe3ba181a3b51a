/**
 * What the pages of the screens read: lists by keyset, ledgers and counts, straight from PostgreSQL.
 *
 * This is a reader of its own and not the store's port, because a list needs ranges, beginnings of names, joins and
 * groups, which the port would have to promise for memory as well. It changes nothing, so no rule of the domain lives
 * here; what a row means is computed by the same pure functions as everywhere. Every condition is one an index serves
 * (test/pages/plans.test.ts), and what the caller may see is a condition of each statement, not a filter afterwards.
 */
import { getTableColumns, sql, type SQL } from 'drizzle-orm'
import { type PgColumn, type PgTable } from 'drizzle-orm/pg-core'
import {
  type ActivityQuery,
  type ArrivalQuery,
  type CaseQuery,
  type ExportedList,
  type MemberQuery,
  type Uuid,
} from '../../protocol/index.ts'
import { activities } from '../activities/tables.ts'
import { envelopesIn, envelopesOut, recordsIn, recordsOut, streamsOut } from '../federation/tables.ts'
import { type Arrival, type CaseRow } from '../flows/index.ts'
import { arrivals, cases } from '../flows/tables.ts'
import { type Member } from '../members/index.ts'
import { members } from '../members/tables.ts'
import { type PageReader } from '../store/database.ts'

import { chosenActivities } from './activity-lists.ts'
import { all, among, placeOf, placeText, texts, type Within } from './conditions.ts'

export { type Within } from './conditions.ts'
export { Counts, type RegionCounts } from './counts.ts'
export { Pulses } from './pulse.ts'

export interface Page<T> {
  readonly rows: T[]
  readonly next: string | null
}

export interface ActivityLine {
  readonly id: Uuid
  readonly caseId: Uuid
  readonly name: string
  readonly caseSide: string
  readonly by: string
  readonly on: string
  readonly kind: string
  readonly title: string | null
  readonly amountFen: number | null
}

export interface LedgerLine {
  readonly caseId: Uuid
  readonly side: string
  readonly name: string
  /** YYYY-MM, or null for a case without activities in the year. */
  readonly month: string | null
  readonly count: number
  readonly dues: number
  readonly lastOn: string | null
}

export class Pages {
  private readonly reader: PageReader

  constructor(reader: PageReader) {
    this.reader = reader
  }

  /** In the order asked for (protocol/pages.ts says which goes with what); those searched for by name. */
  cases(query: CaseQuery, within: Within): Promise<Page<CaseRow>> {
    const { side, peer, meaning, search, sort = 'newest' } = query
    const own = among(cases.organisation, within)
    const of: Equals[] = [
      ...(peer === undefined ? [] : [[cases.peer, peer] as const]),
      [cases.side, side],
      ...(meaning === undefined ? [] : [[cases.meaning, meaning] as const]),
    ]
    const conditions = [...of.map(equal), ...own]
    if (search !== undefined || sort === 'name')
      return this.byName(
        caseList,
        conditions,
        search,
        (within !== undefined && search === undefined) || several(within),
        query,
      )
    if (sort === 'changed') return this.latestChanged(side, conditions, within !== undefined, query)
    if (within !== undefined) return this.sorted(caseList, conditions, query)
    // The index by peer has no meaning in it: that is a filter there.
    const [along, rest] = peer === undefined ? [of, []] : [of.slice(0, 2), of.slice(2)]
    return this.along(caseList, along, rest.map(equal), query)
  }

  arrivals(query: ArrivalQuery, within: Within): Promise<Page<Arrival>> {
    const { state, search } = query
    const of: Equals[] = state === undefined ? [] : [[arrivals.state, state]]
    const conditions = [...of.map(equal), ...among(arrivals.branch, within)]
    if (search !== undefined) return this.byName(arrivalList, conditions, search, several(within), query)
    if (within !== undefined) return this.sorted(arrivalList, conditions, query)
    return this.along(arrivalList, of, [], query)
  }

  /** By name; with a whole ID number, by its token, the one member who has it. */
  async members(query: MemberQuery, within: Within, idToken: string | undefined): Promise<Page<Member>> {
    const conditions = among(members.branch, within)
    if (idToken === undefined)
      return this.byName(memberList, conditions, query.search, several(within), query)
    const where = all([...conditions, sql`${members.idToken} = ${idToken}`])
    const rows = await this.reader.rows<Member>(
      sql`select ${memberList.columns} from ${members} where ${where}`,
    )
    return { rows, next: null }
  }

  /** Rows of a list that is to be exported; counts no further than `most`. */
  async countRows({ list, query }: ExportedList, within: Within, most: number): Promise<number> {
    const [from, conditions] = countedIn(list, query, within)
    const [row] = await this.reader.rows<{ count: number }>(
      sql`select count(*) as count from (select 1 from ${from} where ${all(conditions)} limit ${most}) counted`,
    )
    return row?.count ?? 0
  }

  /** Of everybody the newest report first; of some people, or of some kind or days, the latest day first. */
  async activities(query: ActivityQuery, within: Within): Promise<Page<ActivityLine>> {
    const { limit } = query
    const { chosen, order } = chosenActivities(query, within)
    const lines = await this.reader.rows<ActivityLine & { withdrawn: boolean }>(sql`
      with chosen as materialized (${chosen})
      select a.id, a.case_id as "caseId", c.name, c.side as "caseSide", a.side as by, a.on_day as on, a.kind, a.title,
        a.amount_fen as "amountFen", a.withdrawn
      from chosen join ${activities} a on a.id = chosen.id join ${cases} c on c.id = a.case_id order by ${order}`)
    const { rows, next } = paged(lines, limit, ({ on, id }) => placeText(on, id))
    return { rows: rows.filter(({ withdrawn }) => !withdrawn), next }
  }

  /** Activities and dues by person and month of a year, person by person. */
  async ledger(
    query: { after?: string | undefined; limit: number; year: number },
    within: readonly Uuid[],
  ): Promise<{ lines: LedgerLine[]; next: string | null }> {
    const { year } = query
    const conditions = among(cases.organisation, within)
    const people = { ...caseList, columns: sql`id, name` }
    const page = await this.byName<{ id: Uuid; name: string }>(people, conditions, undefined, true, query)
    const [from, until] = [`${year}-01`, `${year}-12-31`]
    const lines = await this.reader.rows<LedgerLine>(sql`
      select c.id as "caseId", c.side, c.name, substr(a.on_day, 1, 7) as month,
        count(a.id) filter (where a.kind <> 'dues') as count,
        coalesce(sum(a.amount_fen) filter (where a.kind = 'dues'), 0)::int8 as dues, max(a.on_day) as "lastOn"
      from ${cases} c left join ${activities} a
        on a.case_id = c.id and not a.withdrawn and a.on_day between ${from} and ${until}
      where c.id = any(${texts(page.rows.map(({ id }) => id))}) and (c.open or a.id is not null)
      group by c.id, c.side, c.name, month order by c.name using ~<~, c.id, month`)
    return { lines, next: page.next }
  }

  /** Those among these cases of which a record of ours has no receipt yet. */
  async inFlight(ids: readonly Uuid[]): Promise<Set<Uuid>> {
    if (ids.length === 0) return new Set()
    const rows = await this.reader.rows<{ id: Uuid }>(sql`
      select distinct r.case_id as id from ${recordsOut} r join ${streamsOut} s on s.peer = r.peer
      where r.case_id = any(${texts(ids)}) and r.position >= coalesce(
        (select min(e.first_position) from ${envelopesOut} e where e.peer = r.peer and not e.receipted),
        s.sealed_position + 1)`)
    return new Set(rows.map(({ id }) => id))
  }

  /** Our latest records that this peer parked or refused. Looks back over a bounded part of the stream. */
  async outcomes(peer: string): Promise<OutcomeLine[]> {
    return this.reader.rows<OutcomeLine>(sql`
      select type, case_id as "caseId", outcome, written_ms as "writtenMs" from (
        select * from ${recordsOut} where ${recordsOut.peer} = ${peer} order by position desc limit 20000) latest
      where outcome is not null order by position desc limit 50`)
  }

  /** Records of this peer that we refused, by code. */
  async refusedOf(peer: string): Promise<{ code: string; count: number; lastMs: number }[]> {
    return this.reader.rows(sql`
      select substr(r.outcome, ${'refused:'.length + 1}::int) as code, r.count, coalesce(e.received_ms, 0) as "lastMs"
      from (select outcome, count(*) as count, max(array[epoch, seq]) as latest from ${recordsIn}
        where peer = ${peer} and outcome like 'refused:%' group by outcome) r
      left join ${envelopesIn} e on e.peer = ${peer} and e.epoch = r.latest[1] and e.seq = r.latest[2]
      order by r.outcome`)
  }

  /** The latest change first: along the index of a side, or of some people found first and sorted then. */
  private async latestChanged(
    side: string,
    conditions: readonly SQL[],
    few: boolean,
    { after, limit }: Asked,
  ): Promise<Page<CaseRow>> {
    const [ms = '', id = ''] = after === undefined ? [] : placeOf(after)
    const changedMs = Number.isSafeInteger(Number(ms)) ? Number(ms) : 0
    const beyond = after === undefined ? [] : [sql`(changed_ms, id) < (${changedMs}, ${id})`]
    const found = sql`select ${caseColumns} from ${cases} where ${all([...conditions, ...beyond])}`
    const rows = await this.reader.rows<CaseRow>(
      few
        ? sql`with found as materialized (${found}) select * from found
            order by "changedMs" desc, id desc limit ${limit + 1}`
        : sql`select ${caseColumns} from ${cases}
            where (side, changed_ms) >= (${side}, 0) and ${
              after === undefined
                ? sql`(side, changed_ms) <= (${side}, ${Number.MAX_SAFE_INTEGER})`
                : sql`(side, changed_ms, id) < (${side}, ${changedMs}, ${id})`
            } order by side desc, changed_ms desc, id desc limit ${limit + 1}`,
    )
    return paged(rows, limit, (row) => placeText(String(row.changedMs), row.id))
  }

  /**
   * The newest first, along an index that begins with these columns. They are bounded from both sides instead of being
   * compared: by what is equal the planner need not sort, and would rather walk the primary key and hope to meet
   * enough rows, which it never does where there are none.
   */
  private async along<T extends { id: Uuid }>(
    { columns, from, id }: List,
    of: readonly Equals[],
    conditions: readonly SQL[],
    { after, limit }: Asked,
  ): Promise<Page<T>> {
    const fields = sql.join(
      of.map(([column]) => sql`${column}`),
      sql`, `,
    )
    const values = sql.join(
      of.map(([, value]) => sql`${value}`),
      sql`, `,
    )
    const bounds = of.length === 0 ? [] : [sql`(${fields}) >= (${values})`, sql`(${fields}) <= (${values})`]
    const place = of.length === 0 ? sql`${id} < ${after}` : sql`(${fields}, ${id}) < (${values}, ${after})`
    const where = all([...bounds, ...(after === undefined ? [] : [place]), ...conditions])
    const order = sql.join(
      [...of.map(([column]) => column), id].map((column) => sql`${column} desc`),
      sql`, `,
    )
    const rows = await this.reader.rows<T>(
      sql`select ${columns} from ${from} where ${where} order by ${order} limit ${limit + 1}`,
    )
    return paged(rows, limit, (row) => row.id)
  }

  /** The newest first, where few enough fit to be found first and sorted then. */
  private async sorted<T extends { id: Uuid }>(
    { columns, from, id }: List,
    conditions: readonly SQL[],
    { after, limit }: Asked,
  ): Promise<Page<T>> {
    const where = all([...conditions, ...(after === undefined ? [] : [sql`${id} < ${after}`])])
    const rows = await this.reader.rows<T>(sql`
      with found as materialized (select ${columns} from ${from} where ${where})
      select * from found order by id desc limit ${limit + 1}`)
    return paged(rows, limit, (row) => row.id)
  }

  private async byName<T extends { id: Uuid; name: string }>(
    { columns, from, id, name }: List,
    conditions: readonly SQL[],
    search: string | undefined,
    few: boolean,
    { after, limit }: Asked,
  ): Promise<Page<T>> {
    const begins = search === undefined ? [] : [sql`${name} like ${`${escaped(search)}%`}`]
    const [afterName = '', afterId = ''] = after === undefined ? [] : placeOf(after)
    const beyond =
      after === undefined
        ? []
        : [sql`${name} ~>=~ ${afterName} and (${name} ~>~ ${afterName} or ${id} > ${afterId})`]
    const found = sql`select ${columns} from ${from} where ${all([...conditions, ...begins, ...beyond])}`
    const rows = await this.reader.rows<T>(
      few
        ? sql`with found as materialized (${found}) select * from found order by name using ~<~, id limit ${limit + 1}`
        : sql`${found} order by ${name} using ~<~, ${id} limit ${limit + 1}`,
    )
    return paged(rows, limit, (row) => placeText(row.name, row.id))
  }
}

/** A table that is listed. */
interface List {
  readonly columns: SQL
  readonly from: PgTable
  readonly id: PgColumn
  readonly name: PgColumn
}
type Equals = readonly [PgColumn, string]
interface Asked {
  readonly after?: string | undefined
  readonly limit: number
}

function equal([column, value]: Equals): SQL {
  return sql`${column} = ${value}`
}

export interface OutcomeLine {
  readonly type: string
  readonly caseId: Uuid | null
  readonly outcome: string
  readonly writtenMs: number
}

/** All columns of a table under the names of their fields, so that a row is the row of its definition. */
function columnsOf(table: PgTable): SQL {
  const list = Object.entries(getTableColumns(table)).map(
    ([field, column]) => sql`${column} as ${sql.identifier(field)}`,
  )
  return sql.join(list, sql`, `)
}

const caseColumns = columnsOf(cases)
const arrivalColumns = columnsOf(arrivals)
const memberColumns = columnsOf(members)

const caseList: List = { columns: caseColumns, from: cases, id: cases.id, name: cases.name }
const arrivalList: List = { columns: arrivalColumns, from: arrivals, id: arrivals.id, name: arrivals.name }
const memberList: List = { columns: memberColumns, from: members, id: members.id, name: members.name }

function countedIn(
  list: ExportedList['list'],
  query: ExportedList['query'],
  within: Within,
): [PgTable, SQL[]] {
  const begins = (name: PgColumn) =>
    'search' in query && query.search !== undefined ? [sql`${name} like ${`${escaped(query.search)}%`}`] : []
  if (list === 'members') return [members, [...among(members.branch, within), ...begins(members.name)]]
  const own = [...among(cases.organisation, within), ...begins(cases.name)]
  if (!('side' in query)) return [cases, own]
  const { side, peer, meaning } = query
  const of: (readonly [PgColumn, string | undefined])[] = [
    [cases.side, side],
    [cases.peer, peer],
    [cases.meaning, meaning],
  ]
  const named = of.flatMap(([column, value]) => (value === undefined ? [] : [sql`${column} = ${value}`]))
  return [cases, [...named, ...own]]
}

function several(within: Within): boolean {
  return within !== undefined && within.length !== 1
}

function escaped(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&')
}

function paged<T>(rows: T[], limit: number, place: (row: T) => string): Page<T> {
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return { rows: page, next: rows.length > limit && last !== undefined ? place(last) : null }
}
