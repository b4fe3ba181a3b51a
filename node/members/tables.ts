/** The members whose formal affiliation this region holds, and the tags under which each peer may ask for them. */
import { index, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { bytes, whole } from '../store/columns.ts'

export const members = pgTable(
  'members',
  {
    id: text('id').primaryKey(),
    idToken: text('id_token').notNull(),
    idSealed: bytes('id_sealed').notNull(),
    name: text('name').notNull(),
    category: text('category'),
    phone: text('phone'),
    gender: text('gender'),
    ethnicity: text('ethnicity'),
    /** YYYY-MM-DD or YYYY-MM, as the roster has it. */
    bornOn: text('born_on'),
    education: text('education'),
    joinedOn: text('joined_on'),
    branch: text('branch'),
    changedMs: whole('changed_ms').notNull(),
  },
  // Pattern operators serve equality, the beginning of a name and lists by name, whatever the database's collation.
  (t) => [
    uniqueIndex('members_id_token').on(t.idToken),
    index('members_name').on(t.name.op('text_pattern_ops'), t.id),
    index('members_branch').on(t.branch, t.name.op('text_pattern_ops'), t.id),
  ],
)

export const memberTags = pgTable(
  'member_tags',
  { peer: text('peer').notNull(), tag: text('tag').notNull(), member: text('member').notNull() },
  (t) => [primaryKey({ columns: [t.peer, t.tag] }), index('member_tags_member').on(t.member)],
)
