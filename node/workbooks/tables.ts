/** Imports of workbooks: what came in, what became of it, and the rows held for correction (sealed). */
import { index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { bytes, whole } from '../store/columns.ts'

export const imports = pgTable('imports', {
  id: text('id').primaryKey(),
  kind: text('kind').notNull(),
  /** SHA-256 of the file. */
  digest: text('digest').notNull(),
  atMs: whole('at_ms').notNull(),
  /** Headings and counts as JSON; nothing of any person. */
  summary: text('summary').notNull(),
})

export const importRows = pgTable(
  'import_rows',
  {
    importId: text('import_id').notNull(),
    row: integer('row').notNull(),
    /** held, flagged, duplicate or waiting; rows without a word against them are only counted. */
    state: text('state').notNull(),
    /** The first of the row's faults. */
    code: text('code').notNull(),
    /** What a waiting row waits as: the id of the waiting outflow, the mark of the waiting activity. */
    ref: text('ref'),
    /** Token of the person's name: the likely match of a row whose person is not found. */
    nameToken: text('name_token'),
    /** The row as it was read, as JSON, sealed. */
    sealed: bytes('sealed').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.importId, t.row] }),
    index('import_rows_state').on(t.importId, t.state),
    index('import_rows_name').on(t.nameToken),
  ],
)
