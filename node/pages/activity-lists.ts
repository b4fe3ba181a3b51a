/**
 * Which activities a list shows, each way along an index: all reports in the order of their ids; by kind, side or days
 * along the index of both, kind by kind and side by side, merged; those of some people one day after another in the
 * index by case.
 */
import { sql, type SQL } from 'drizzle-orm'
import { activityKinds, type ActivityQuery } from '../../protocol/index.ts'
import { activities } from '../activities/tables.ts'
import { cases } from '../flows/tables.ts'
import { all, among, placeOf, texts, type Within } from './conditions.ts'

interface Chosen {
  /** Ids and days, one more than the page holds. */
  readonly chosen: SQL
  readonly order: SQL
}

const latestDay = sql`a.on_day desc, a.id desc`

export function chosenActivities(query: ActivityQuery, within: Within): Chosen {
  const { after, limit, kind, by, from, until } = query
  const people = [
    ...among(cases.organisation, within),
    ...(query.case === undefined ? [] : [sql`${cases.id} = ${query.case}`]),
  ]
  if (people.length > 0) return { chosen: ofPeople(people, query), order: latestDay }
  if ((kind ?? by ?? from ?? until) !== undefined) return { chosen: ofKinds(query), order: latestDay }
  const [, afterId = ''] = after === undefined ? [] : placeOf(after)
  const beyond = after === undefined ? sql`true` : sql`id < ${afterId}`
  return {
    chosen: sql`select id, on_day from ${activities} where ${beyond} order by id desc limit ${limit + 1}`,
    order: sql`a.id desc`,
  }
}

function ofPeople(people: readonly SQL[], query: ActivityQuery): SQL {
  const { kind, by, limit } = query
  const conditions = [
    ...days(query),
    ...(kind === undefined ? [] : [sql`a.kind = ${kind}`]),
    ...(by === undefined ? [] : [sql`a.side = ${by}`]),
  ]
  return sql`select a.id, a.on_day from (select id from ${cases} where ${all(people)} offset 0) c
    join ${activities} a on a.case_id = c.id where ${all(conditions)} order by ${latestDay} limit ${limit + 1}`
}

/** Each kind of each side has its own stretch of the index: from each the latest, and of these the latest. */
function ofKinds(query: ActivityQuery): SQL {
  const { kind, by, limit } = query
  const kinds = kind === undefined ? activityKinds : [kind]
  const sides = by === undefined ? ['home', 'host'] : [by]
  return sql`select a.id, a.on_day from unnest(${texts(sides)}) s(side) cross join unnest(${texts(kinds)}) k(kind)
    cross join lateral (select id, on_day from ${activities} a
      where a.side = s.side and a.kind = k.kind and ${all(days(query))}
      order by a.on_day desc, a.id desc limit ${limit + 1}) a
    order by ${latestDay} limit ${limit + 1}`
}

function days({ from, until, after }: ActivityQuery): SQL[] {
  const [day = '', id = ''] = after === undefined ? [] : placeOf(after)
  return [
    ...(from === undefined ? [] : [sql`a.on_day >= ${firstOf(from)}`]),
    ...(until === undefined ? [] : [sql`a.on_day <= ${until}`]),
    ...(after === undefined ? [] : [sql`(a.on_day, a.id) < (${day}, ${id})`]),
  ]
}

/** A month stands before its days: from its first day on, what is known by the month alone is in it. */
function firstOf(day: string): string {
  return day.endsWith('-01') ? day.slice(0, 7) : day
}
