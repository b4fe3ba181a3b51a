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

/** Names of organisations that were merged into another: workbooks go on using them. */
export const organisationNames = pgTable(
  'organisation_names',
  { name: text('name').primaryKey(), organisation: text('organisation').notNull() },
  (t) => [index('organisation_names_organisation').on(t.organisation)],
)
