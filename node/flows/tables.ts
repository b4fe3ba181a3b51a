/** Cases with both sides' facts, and what each side holds before there is a case: arrivals, queries, waiting outflows. */
import { boolean, index, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { bytes, isTrue, whole } from '../store/columns.ts'

export const cases = pgTable(
  'cases',
  {
    id: text('id').primaryKey(),
    peer: text('peer').notNull(),
    /** Which side of this case we are: home or host. */
    side: text('side').notNull(),
    tag: text('tag').notNull(),
    /** Ours when we are home. */
    member: text('member'),
    /** Ours when we are host and the person has reported here. */
    arrival: text('arrival'),
    /** Ours when we are home: the phone that came with the outflow register, which outlives a change of the roster's. */
    registerPhone: text('register_phone'),
    /** Ours when we are home and have erased what we said: the register's row of this stay, as a keyed token. */
    erasedOutflow: text('erased_outflow'),
    /** Until home closes it. One open case per (member, host) is design.md 2. */
    open: boolean('open').notNull(),
    /** Canonical JSON of HomeFacts and HostFacts: caches of the records, rebuilt from them. */
    homeFacts: text('home_facts').notNull(),
    hostFacts: text('host_facts').notNull(),
    /** What lists show and ask by, from the facts: the name as home says it (else host), and what both mean together. */
    name: text('name').notNull(),
    meaning: text('meaning').notNull(),
    /** Whose people it concerns here: the member's branch when we are home, the one he is placed in when we are host. */
    organisation: text('organisation'),
    changedMs: whole('changed_ms').notNull(),
  },
  // Lists go by id (the newest case first), by the last change, or by name.
  (t) => [
    uniqueIndex('cases_one_open').on(t.peer, t.side, t.tag).where(isTrue(t.open)),
    index('cases_tag').on(t.peer, t.side, t.tag),
    index('cases_member').on(t.member),
    index('cases_side').on(t.side, t.id),
    index('cases_changed').on(t.side, t.changedMs, t.id),
    index('cases_meaning').on(t.side, t.meaning, t.id),
    index('cases_peer').on(t.peer, t.side, t.id),
    index('cases_organisation').on(t.organisation, t.side, t.id),
    index('cases_name').on(t.name.op('text_pattern_ops'), t.id),
  ],
)

/** People who have reported here, by the region they say they belong to. */
export const arrivals = pgTable(
  'arrivals',
  {
    id: text('id').primaryKey(),
    home: text('home').notNull(),
    idToken: text('id_token').notNull(),
    idSealed: bytes('id_sealed').notNull(),
    /** Null while there is no agreement with that home. */
    tag: text('tag'),
    name: text('name').notNull(),
    category: text('category'),
    phone: text('phone'),
    arrivedOn: text('arrived_on'),
    branch: text('branch'),
    employer: text('employer'),
    /** waiting (no agreement yet), asked, known or denied. */
    state: text('state').notNull(),
    query: text('query'),
    caseId: text('case_id'),
    changedMs: whole('changed_ms').notNull(),
  },
  (t) => [
    uniqueIndex('arrivals_person').on(t.home, t.idToken),
    index('arrivals_tag').on(t.home, t.tag),
    index('arrivals_token').on(t.idToken),
    index('arrivals_query').on(t.query),
    index('arrivals_state').on(t.home, t.state),
    index('arrivals_page').on(t.state, t.id),
    index('arrivals_branch').on(t.branch, t.id),
    index('arrivals_name').on(t.name.op('text_pattern_ops'), t.id),
  ],
)

/** Identity queries we have asked, each about a person of our arrivals register. */
export const asked = pgTable('asked', {
  id: text('id').primaryKey(),
  peer: text('peer').notNull(),
  arrival: text('arrival').notNull(),
})

/** Identity queries we were asked, with our last word on each. */
export const queries = pgTable(
  'queries',
  {
    id: text('id').primaryKey(),
    peer: text('peer').notNull(),
    tag: text('tag').notNull(),
    name: text('name').notNull(),
    denied: boolean('denied').notNull(),
    askedMs: whole('asked_ms').notNull(),
  },
  (t) => [index('queries_denied').on(t.peer, t.tag).where(isTrue(t.denied))],
)

/** Outflow register rows whose member is not on the roster (yet); published by themselves once it is. */
export const waitingOutflows = pgTable(
  'waiting_outflows',
  {
    id: text('id').primaryKey(),
    peer: text('peer').notNull(),
    idToken: text('id_token').notNull(),
    /** The row's fields as JSON, sealed: nobody but this office is concerned with it yet. */
    sealed: bytes('sealed').notNull(),
    sinceMs: whole('since_ms').notNull(),
  },
  (t) => [
    uniqueIndex('waiting_outflows_person').on(t.idToken, t.peer),
    index('waiting_outflows_peer').on(t.peer),
  ],
)
