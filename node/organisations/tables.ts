/** The tree of organisations of this region, down to branches. */
import { pgTable, text, uniqueIndex, index } from 'drizzle-orm/pg-core'

export const organisations = pgTable(
  'organisations',
  {
    id: text('id').primaryKey(),
    parent: text('parent'),
    name: text('name').notNull(),
    /** region, committee or branch. */
    kind: text('kind').notNull(),
  },
  (t) => [uniqueIndex('organisations_name').on(t.name), index('organisations_parent').on(t.parent)],
)
