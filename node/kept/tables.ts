/** What accounts keep between two visits: drafts, saved views, choices. Names and numbers stand in drafts, so all of it is sealed. */
import { index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { bytes, whole } from '../store/columns.ts'

export const kept = pgTable(
  'kept',
  {
    account: text('account').notNull(),
    /** draft, view or choice. */
    kind: text('kind').notNull(),
    key: text('key').notNull(),
    /** JSON, sealed. */
    sealed: bytes('sealed').notNull(),
    changedMs: whole('changed_ms').notNull(),
  },
  (t) => [primaryKey({ columns: [t.account, t.kind, t.key] }), index('kept_changed').on(t.kind, t.changedMs)],
)
