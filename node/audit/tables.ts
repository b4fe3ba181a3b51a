/** The audit of the office: entries that are only ever added. A trigger of the database refuses anything else. */
import { index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
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
  (t) => [
    index('audit_account').on(t.account, t.seq),
    index('audit_subject').on(t.subject, t.seq),
    index('audit_action').on(t.action, t.seq),
  ],
)

/** How long our audit was, and its head, as each peer was told day by day; and what each peer told of its own. */
export const auditHeads = pgTable(
  'audit_heads',
  {
    peer: text('peer').notNull(),
    /** ours or theirs. */
    whose: text('whose').notNull(),
    day: text('day').notNull(),
    entries: whole('entries').notNull(),
    head: text('head').notNull(),
    /** When it was written, by its writer's clock. */
    atMs: whole('at_ms').notNull(),
    /** Of ours: the record's position in the outbox, by which its receipt is found. */
    position: whole('position'),
  },
  (t) => [primaryKey({ columns: [t.peer, t.whose, t.day] })],
)
