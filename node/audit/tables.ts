/** The audit of the office: entries that are only ever added. A trigger of the database refuses anything else. */
import { index, pgTable, text } from 'drizzle-orm/pg-core'
import { whole } from '../store/columns.ts'

export const audit = pgTable(
  'audit',
  {
    seq: whole('seq').primaryKey(),
    atMs: whole('at_ms').notNull(),
    /** Empty for the token of the machine and for strangers. */
    account: text('account').notNull(),
    role: text('role').notNull(),
    action: text('action').notNull(),
    subject: text('subject').notNull(),
    outcome: text('outcome').notNull(),
    about: whole('about'),
    /** JSON of words and numbers that name no person. */
    detail: text('detail').notNull(),
    address: text('address').notNull(),
    prev: text('prev'),
    hash: text('hash').notNull(),
  },
  (t) => [index('audit_account').on(t.account, t.seq), index('audit_subject').on(t.subject, t.seq)],
)
