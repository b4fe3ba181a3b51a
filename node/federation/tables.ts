/** What federation keeps: peers and agreements, both directions of each stream with their exact bytes, and the audit. */
import {
  boolean,
  index,
  integer,
  pgSequence,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { isFalse, isTrue, whole } from '../store/columns.ts'

/** Positions of written records: drawn after the lock, so ascending within everything one lock guards. */
export const outboxPosition = pgSequence('outbox_position')

/** Whose database this is: one row. A node refuses to work on another node's. */
export const identity = pgTable('identity', {
  node: text('node').primaryKey(),
  kid: text('kid').notNull(),
})

export const peers = pgTable('peers', {
  node: text('node').primaryKey(),
  name: text('name').notNull(),
  /** Base address of its federation port: local configuration, never from a message. */
  url: text('url').notNull(),
  paused: boolean('paused').notNull(),
})

export const agreements = pgTable(
  'agreements',
  {
    id: text('id').primaryKey(),
    peer: text('peer').notNull(),
    /** The document as it was signed. */
    document: text('document').notNull(),
    /** proposed (ours alone), active (both signatures) or ended. */
    state: text('state').notNull(),
    active: boolean('active').notNull(),
  },
  (t) => [uniqueIndex('agreements_one_active').on(t.peer).where(isTrue(t.active))],
)

export const peerKeys = pgTable(
  'peer_keys',
  { peer: text('peer').notNull(), kid: text('kid').notNull(), x: text('x').notNull() },
  (t) => [primaryKey({ columns: [t.peer, t.kid] })],
)

export const streamsOut = pgTable('streams_out', {
  peer: text('peer').primaryKey(),
  epoch: integer('epoch').notNull(),
  seq: integer('seq').notNull(),
  head: text('head'),
  /** The peer's receipts are stored up to here. */
  receipted: integer('receipted').notNull(),
  /** Sealed records without a stored receipt. */
  unreceipted: integer('unreceipted').notNull(),
})

export const recordsOut = pgTable(
  'records_out',
  {
    position: whole('position').primaryKey(),
    peer: text('peer').notNull(),
    recordId: text('record_id').notNull(),
    caseId: text('case_id'),
    type: text('type').notNull(),
    digest: text('digest').notNull(),
    /** Exact text; null once erased. */
    text: text('text'),
    writtenMs: whole('written_ms').notNull(),
    sealed: boolean('sealed').notNull(),
    epoch: integer('epoch'),
    seq: integer('seq'),
    idx: integer('idx'),
    /** Any outcome but `applied`, which the envelope's receipt says alone. */
    outcome: text('outcome'),
  },
  (t) => [
    index('records_out_unsealed').on(t.peer, t.position).where(isFalse(t.sealed)),
    index('records_out_place').on(t.peer, t.epoch, t.seq),
    index('records_out_case').on(t.caseId),
  ],
)

export const envelopesOut = pgTable(
  'envelopes_out',
  {
    peer: text('peer').notNull(),
    epoch: integer('epoch').notNull(),
    seq: integer('seq').notNull(),
    contentId: text('content_id').notNull(),
    jws: text('jws').notNull(),
    /** How many records it carries. */
    records: integer('records').notNull(),
    sealedMs: whole('sealed_ms').notNull(),
    receipted: boolean('receipted').notNull(),
    receipt: text('receipt'),
    receiptedMs: whole('receipted_ms'),
  },
  (t) => [
    primaryKey({ columns: [t.peer, t.epoch, t.seq] }),
    index('envelopes_out_unreceipted').on(t.peer, t.seq).where(isFalse(t.receipted)),
  ],
)

export const streamsIn = pgTable('streams_in', {
  peer: text('peer').primaryKey(),
  epoch: integer('epoch').notNull(),
  seq: integer('seq').notNull(),
  head: text('head'),
  frozen: boolean('frozen').notNull(),
  /** When the peer last proved to be there: a verified envelope or request. */
  heardMs: whole('heard_ms').notNull(),
})

export const recordsIn = pgTable(
  'records_in',
  {
    peer: text('peer').notNull(),
    digest: text('digest').notNull(),
    epoch: integer('epoch').notNull(),
    seq: integer('seq').notNull(),
    idx: integer('idx').notNull(),
    caseId: text('case_id'),
    type: text('type').notNull(),
    text: text('text'),
    /** What we answered in the receipt; parked ones are settled later. */
    outcome: text('outcome').notNull(),
    parked: boolean('parked').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.peer, t.digest] }),
    index('records_in_place').on(t.peer, t.epoch, t.seq),
    index('records_in_case').on(t.caseId),
    index('records_in_parked').on(t.peer).where(isTrue(t.parked)),
  ],
)

export const envelopesIn = pgTable(
  'envelopes_in',
  {
    peer: text('peer').notNull(),
    epoch: integer('epoch').notNull(),
    seq: integer('seq').notNull(),
    contentId: text('content_id').notNull(),
    jws: text('jws').notNull(),
    /** The bytes every repeat of this envelope is answered with. */
    receipt: text('receipt').notNull(),
    receivedMs: whole('received_ms').notNull(),
  },
  (t) => [primaryKey({ columns: [t.peer, t.epoch, t.seq] })],
)

/** Two different envelopes of one peer for one place: the proof, kept whole. */
export const forks = pgTable(
  'forks',
  {
    peer: text('peer').notNull(),
    epoch: integer('epoch').notNull(),
    seq: integer('seq').notNull(),
    contentId: text('content_id').notNull(),
    jws: text('jws').notNull(),
    seenMs: whole('seen_ms').notNull(),
  },
  (t) => [primaryKey({ columns: [t.peer, t.epoch, t.seq, t.contentId] })],
)

export const nonces = pgTable(
  'nonces',
  { peer: text('peer').notNull(), nonce: text('nonce').notNull(), expiresMs: whole('expires_ms').notNull() },
  (t) => [primaryKey({ columns: [t.peer, t.nonce] }), index('nonces_expiry').on(t.expiresMs)],
)

/** One line for every refusal at the gate: what, never the bytes. */
export const refusals = pgTable('refusals', {
  id: text('id').primaryKey(),
  atMs: whole('at_ms').notNull(),
  /** The node the bytes claimed to come from, when that is a configured peer. */
  peer: text('peer'),
  code: text('code').notNull(),
  detail: text('detail').notNull(),
  digest: text('digest').notNull(),
  size: integer('size').notNull(),
})
