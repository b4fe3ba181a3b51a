/** Exports asked for and what a second person decided on them. */
import { index, integer, pgTable, text } from 'drizzle-orm/pg-core'
import { bytes, whole } from '../store/columns.ts'

export const exportRequests = pgTable(
  'export_requests',
  {
    id: text('id').primaryKey(),
    account: text('account').notNull(),
    /** The asker's role and organisation when he asked: what was allowed is a list of that part and no other. */
    role: text('role').notNull(),
    organisation: text('organisation'),
    /** cases, members or ledger. */
    list: text('list').notNull(),
    /** The list's query and the words for who decides, as JSON, sealed: a search in it may be a name. */
    sealed: bytes('sealed').notNull(),
    rows: integer('rows').notNull(),
    purpose: text('purpose').notNull(),
    /** waiting, approved or refused. */
    state: text('state').notNull(),
    askedMs: whole('asked_ms').notNull(),
    decidedBy: text('decided_by'),
    decidedMs: whole('decided_ms'),
    /** How often its workbook was made. */
    fetched: integer('fetched').notNull(),
  },
  (t) => [index('export_requests_account').on(t.account), index('export_requests_asked').on(t.askedMs)],
)
