/** Settings that the administrator changes on the screen; what is not here is as the house ships it. */
import { pgTable, text } from 'drizzle-orm/pg-core'
import { whole } from '../store/columns.ts'

export const settings = pgTable('settings', {
  name: text('name').primaryKey(),
  /** JSON. */
  value: text('value').notNull(),
  changedMs: whole('changed_ms').notNull(),
})
