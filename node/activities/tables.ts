/** Activities on cases as either side reported them, and our own reports that still wait for a case. */
import { boolean, index, integer, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { isGiven, whole } from '../store/columns.ts'

export const activities = pgTable(
  'activities',
  {
    /** The id of the record that reported it. */
    id: text('id').primaryKey(),
    caseId: text('case_id').notNull(),
    /** home or host. */
    side: text('side').notNull(),
    kind: text('kind').notNull(),
    on: text('on_day').notNull(),
    title: text('title'),
    amountFen: integer('amount_fen'),
    withdrawn: boolean('withdrawn').notNull(),
    /** For our own: the same report twice is one activity. Null for the other side's. */
    mark: text('mark'),
    changedMs: whole('changed_ms').notNull(),
  },
  // With the id, kind and side behind, what some people did lately is found in the index alone.
  (t) => [
    index('activities_case').on(t.caseId, t.on, t.id, t.kind, t.side),
    index('activities_kind').on(t.side, t.kind, t.on, t.id),
    uniqueIndex('activities_mark').on(t.mark).where(isGiven(t.mark)),
  ],
)

/** Further marks of our own reports: what they say since they were corrected. */
export const correctedMarks = pgTable('corrected_marks', {
  mark: text('mark').primaryKey(),
  activity: text('activity').notNull(),
})

export const waitingActivities = pgTable(
  'waiting_activities',
  {
    mark: text('mark').primaryKey(),
    arrival: text('arrival').notNull(),
    kind: text('kind').notNull(),
    on: text('on_day').notNull(),
    title: text('title'),
    amountFen: integer('amount_fen'),
    sinceMs: whole('since_ms').notNull(),
  },
  (t) => [index('waiting_activities_arrival').on(t.arrival)],
)
