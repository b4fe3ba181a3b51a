/**
 * Counts for the overview. Counting a million rows takes longer than a page may, so each count is kept for a while and
 * says when it was made; whoever asks meanwhile gets the last one, and one counting at a time runs for one part.
 */
import { sql, type SQL } from 'drizzle-orm'
import { type PgColumn } from 'drizzle-orm/pg-core'
import { uuidV7, type Uuid } from '../../protocol/index.ts'
import { activities } from '../activities/tables.ts'
import { arrivals, cases } from '../flows/tables.ts'
import { members } from '../members/tables.ts'
import { organisations } from '../organisations/tables.ts'
import { type Clock } from '../platform.ts'
import { type PageReader } from '../store/database.ts'
import { importRows } from '../workbooks/tables.ts'
import { all, among, texts, type Within } from './conditions.ts'

const freshMs = 30_000
const trendFreshMs = 600_000
const months = 12
/** Parts remembered at once: every account of one organisation has its own. */
const mostKept = 500

export interface FlowCount {
  readonly peer: string
  readonly side: string
  readonly meaning: string
  readonly count: number
  /** Of these: out by home's word, there by host's word, there and in no branch. */
  readonly out: number
  readonly present: number
  readonly unplaced: number
}
export interface RegionCounts {
  readonly atMs: number
  readonly members: number
  readonly organisations: number
  readonly arrivals: { readonly state: string; readonly count: number }[]
  readonly flows: FlowCount[]
  readonly heldRows: number
}
export interface MonthCount {
  readonly month: string
  readonly published: number
  readonly arrived: number
  readonly activities: number
}
export interface OrganisationCount {
  readonly id: Uuid
  readonly members: number
  readonly away: number
  readonly here: number
}

interface Kept<T> {
  readonly atMs: number
  readonly value: Promise<T>
}

export class Counts {
  private readonly reader: PageReader
  private readonly clock: Clock
  private readonly kept = new Map<string, Kept<unknown>>()

  constructor(reader: PageReader, clock: Clock) {
    this.reader = reader
    this.clock = clock
  }

  now(within: Within): Promise<RegionCounts> {
    return this.keep(`now ${keyOf(within)}`, freshMs, () => this.count(within))
  }

  trend(within: Within): Promise<MonthCount[]> {
    return this.keep(`trend ${keyOf(within)}`, trendFreshMs, () => this.countMonths(within))
  }

  byOrganisation(within: Within): Promise<OrganisationCount[]> {
    return this.keep(`organisations ${keyOf(within)}`, freshMs, () =>
      this.reader.rows<OrganisationCount>(sql`
        select id, sum(members)::int8 as members, sum(away)::int8 as away, sum(here)::int8 as here from (
          select branch as id, count(*) as members, 0 as away, 0 as here from ${members}
            where ${all([sql`branch is not null`, ...among(members.branch, within)])} group by branch
          union all
          select organisation, 0, count(*) filter (where side = 'home'), count(*) filter (where side = 'host')
            from ${cases} where ${all([sql`open and organisation is not null`, ...among(cases.organisation, within)])}
            group by organisation) counted
        group by id`),
    )
  }

  private async count(within: Within): Promise<RegionCounts> {
    const atMs = this.clock.nowMs()
    const one = async (from: SQL, where: SQL) =>
      (
        await this.reader.rows<{ count: number }>(sql`select count(*) as count from ${from} where ${where}`)
      )[0]?.count ?? 0
    const organisation = within === undefined ? sql`true` : sql`${organisations.id} = any(${texts(within)})`
    return {
      atMs,
      members: await one(sql`${members}`, all(among(members.branch, within))),
      organisations: await one(sql`${organisations}`, organisation),
      arrivals: await this.reader.rows(sql`
        select state, count(*) as count from ${arrivals} where ${all(among(arrivals.branch, within))} group by state`),
      flows: await this.flows(within),
      heldRows: within === undefined ? await one(sql`${importRows}`, sql`${importRows.state} = 'held'`) : 0,
    }
  }

  /** Facts are written with their state first (protocol/case.ts), so the beginning of the text tells it. */
  private flows(within: Within): Promise<FlowCount[]> {
    return this.reader.rows<FlowCount>(sql`
      select peer, side, meaning, count(*) as count,
        count(*) filter (where home_facts like '{"state":"published"%') as out,
        count(*) filter (where host_facts like '{"state":"arrived"%' or host_facts like '{"state":"placed"%') as present,
        count(*) filter (where host_facts like '{"state":"arrived"%') as unplaced
      from ${cases} where ${all(among(cases.organisation, within))}
      group by peer, side, meaning order by peer, side, meaning`)
  }

  /** Ids begin with the time they were made at (UUIDv7), so a month is a range of ids. */
  private async countMonths(within: Within): Promise<MonthCount[]> {
    const starts = monthStarts(this.clock.nowMs())
    const bounds = starts.map(({ ms }) => uuidV7(ms, new Uint8Array(10)))
    const own = all([sql`${cases.side} = 'home'`, ...among(cases.organisation, within)])
    const published = await this.perMonth(sql`${cases}`, own, cases.id, bounds)
    const people = all(among(arrivals.branch, within))
    const arrived = await this.perMonth(sql`${arrivals}`, people, arrivals.id, bounds)
    // Case by case, in the index alone: the planner would rather read all reports of the year and pick ours.
    const ofPart = sql`(select id from ${cases} where ${all(among(cases.organisation, within))} offset 0) c
      cross join lateral (select id from ${activities} where case_id = c.id offset 0) ${activities}`
    const source = within === undefined ? sql`${activities}` : ofPart
    const reported = await this.perMonth(source, sql`true`, activities.id, bounds)
    return starts.slice(0, -1).map(({ month }, i) => ({
      month,
      published: published[i] ?? 0,
      arrived: arrived[i] ?? 0,
      activities: reported[i] ?? 0,
    }))
  }

  /** All months in one pass, from the index alone. */
  private async perMonth(from: SQL, where: SQL, id: PgColumn, bounds: readonly string[]): Promise<number[]> {
    const columns = bounds
      .slice(0, -1)
      .map((lo, i) => sql`count(*) filter (where ${id} >= ${lo} and ${id} < ${bounds[i + 1]})`)
    const [row] = await this.reader.rows<{ counts: string }>(sql`
      select array[${sql.join(columns, sql`, `)}]::int8[]::text as counts from ${from}
      where ${where} and ${id} >= ${bounds[0]}`)
    return (row?.counts ?? '{}').slice(1, -1).split(',').map(Number)
  }

  private keep<T>(key: string, forMs: number, work: () => Promise<T>): Promise<T> {
    const nowMs = this.clock.nowMs()
    const before = this.kept.get(key) as Kept<T> | undefined
    if (before && nowMs - before.atMs < forMs) return before.value
    const value = work()
    this.kept.delete(key)
    this.kept.set(key, { atMs: nowMs, value })
    const [oldest] = this.kept.keys()
    if (this.kept.size > mostKept && oldest !== undefined) this.kept.delete(oldest)
    // What could not be counted is counted anew by the next who asks; whoever waits for it is told.
    value.catch(() => this.kept.delete(key))
    // While a new count is made, the last one is good enough for everybody else.
    return before ? before.value.catch(() => value) : value
  }
}

function keyOf(within: Within): string {
  return within === undefined ? 'all' : [...within].sort().join()
}

/** The first moments of the last twelve months and of the next one, in UTC. */
function monthStarts(nowMs: number): { month: string; ms: number }[] {
  const now = new Date(nowMs)
  return Array.from({ length: months + 1 }, (_, i) => {
    const ms = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months + 1 + i, 1)
    return { month: new Date(ms).toISOString().slice(0, 7), ms }
  })
}
