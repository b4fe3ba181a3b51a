/**
 * What the pages of the screens read: lists by keyset, ledgers and counts, straight from PostgreSQL.
 *
 * This is a reader of its own and not the store's port, because a list needs ranges, beginnings of names, joins and
 * groups, which the port would have to promise for memory as well. It changes nothing, so no rule of the domain lives
 * here; what a row means is computed by the same pure functions as everywhere. Every condition is one an index serves
 * (test/pages/plans.test.ts), and what the caller may see is a condition of each statement, not a filter afterwards.
 */
import { sql, type SQL } from 'drizzle-orm'
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
import { envelopesOut, recordsOut, streamsOut } from '../federation/tables.ts'
import { type Arrival, type CaseRow } from '../flows/index.ts'
import { arrivals, cases } from '../flows/tables.ts'
import { type Member } from '../members/index.ts'
import { members } from '../members/tables.ts'
import { type PageReader } from '../store/database.ts'

import { all, among, texts, type Within } from './conditions.ts'

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

  /** The newest case first; those whose name begins with `search` by name. */
  cases(query: CaseQuery, within: Within): Promise<Page<CaseRow>> {
    const { side, peer, meaning, search } = query
    const own = among(cases.organisation, within)
    const of: Equals[] = [
      ...(peer === undefined ? [] : [[cases.peer, peer] as const]),
      [cases.side, side],
      ...(meaning === undefined ? [] : [[cases.meaning, meaning] as const]),
    ]
    if (search !== undefined || within !== undefined)
      return search === undefined
        ? this.sorted(caseList, [...of.map(equal), ...own], query)
        : this.byName(caseList, [...of.map(equal), ...own], search, several(within), query)
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

  /** Of everybody the newest report first; of some people the latest day first. */
  async activities(query: ActivityQuery, within: Within): Promise<Page<ActivityLine>> {
    const { after, limit } = query
    const of = [
      ...among(cases.organisation, within),
      ...(query.case === undefined ? [] : [sql`${cases.id} = ${query.case}`]),
    ]
    const [afterDay = '', afterId = ''] = after === undefined ? [] : placeOf(after)
    // One day after another in the index by case; all reports there are in the order of their own ids.
    const chosen =
      of.length === 0
        ? sql`select id, on_day from ${activities} where ${after === undefined ? sql`true` : sql`id < ${afterId}`}
            order by id desc limit ${limit + 1}`
        : sql`select a.id, a.on_day from (select id from ${cases} where ${all(of)} offset 0) c
            join ${activities} a on a.case_id = c.id
            where ${after === undefined ? sql`true` : sql`(a.on_day, a.id) < (${afterDay}, ${afterId})`}
            order by a.on_day desc, a.id desc limit ${limit + 1}`
    const order = of.length === 0 ? sql`a.id desc` : sql`a.on_day desc, a.id desc`
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

/** Columns under the names of their fields, so that a row is the row of the table's definition. */
function columnsOf(table: typeof cases | typeof arrivals | typeof members, fields: readonly string[]): SQL {
  const byField = table as unknown as Record<string, PgColumn>
  const list = fields.map((field) => sql`${byField[field]} as ${sql.identifier(field)}`)
  return sql.join(list, sql`, `)
}

const caseColumns = columnsOf(cases, [
  ...['id', 'peer', 'side', 'tag', 'member', 'arrival', 'registerPhone', 'open', 'homeFacts', 'hostFacts'],
  ...['name', 'meaning', 'organisation', 'changedMs'],
])
const arrivalColumns = columnsOf(arrivals, [
  ...[
    'id',
    'home',
    'idToken',
    'idSealed',
    'tag',
    'name',
    'category',
    'phone',
    'arrivedOn',
    'branch',
    'employer',
  ],
  ...['state', 'query', 'caseId', 'changedMs'],
])
const memberColumns = columnsOf(members, [
  ...['id', 'idToken', 'idSealed', 'name', 'category', 'phone', 'gender', 'ethnicity', 'bornOn', 'education'],
  ...['joinedOn', 'branch', 'changedMs'],
])

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

function placeText(name: string, id: Uuid): string {
  return Buffer.from(JSON.stringify([name, id])).toString('base64url')
}

function placeOf(text: string): [string, string] {
  try {
    const [name, id] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as unknown[]
    if (typeof name === 'string' && typeof id === 'string') return [name, id]
  } catch {
    // Not one of ours: a list from its beginning.
  }
  return ['', '']
}
