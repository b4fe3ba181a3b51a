/** What federation keeps: peers and agreements, both directions of each stream with their exact bytes, and the audit. */
import { sql } from 'drizzle-orm'
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
  /** The signing key that cards and new agreements name. */
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
  {
    peer: text('peer').notNull(),
    kid: text('kid').notNull(),
    x: text('x').notNull(),
    /** The first envelope of the peer's stream that this key may sign. */
    fromEpoch: integer('from_epoch').notNull(),
    fromSeq: integer('from_seq').notNull(),
    /** The last one; null while no other key has followed. What it signed before stays verifiable for ever. */
    untilEpoch: integer('until_epoch'),
    untilSeq: integer('until_seq'),
    /** A read under its successor was verified: reads under this one are over. */
    retired: boolean('retired').notNull(),
    /** Lost or stolen: nothing new is believed under it. */
    revoked: boolean('revoked').notNull(),
  },
  (t) => [primaryKey({ columns: [t.peer, t.kid] })],
)

/** `kidFrom` of a stream whose key was lost or stolen: what it signs next is under the key its agreement names. */
export const replacedKey = 0

export const streamsOut = pgTable('streams_out', {
  peer: text('peer').primaryKey(),
  epoch: integer('epoch').notNull(),
  seq: integer('seq').notNull(),
  head: text('head'),
  /** Records up to this position are sealed. Exact, because positions of one peer commit in order (the pair's lock). */
  sealedPosition: whole('sealed_position').notNull(),
  /** The peer's receipts are stored up to here. */
  receipted: integer('receipted').notNull(),
  /** Sealed records without a stored receipt. */
  unreceipted: integer('unreceipted').notNull(),
  /** The key that signs the next envelope, the number it began at, and the key before it. */
  kid: text('kid').notNull(),
  kidFrom: integer('kid_from').notNull(),
  formerKid: text('former_kid'),
  /** The peer's own signed word of how far it has our stream, in this epoch: vouches for receipts under a revoked key. */
  vouched: integer('vouched').notNull(),
  /** open; closed (more of it is known elsewhere than here: nothing is signed); recovering (the operator's word). */
  standing: text('standing').notNull(),
})

/** Records written for a peer, in the order of their positions; their places in the stream follow from the envelopes. */
export const recordsOut = pgTable(
  'records_out',
  {
    peer: text('peer').notNull(),
    position: whole('position').notNull(),
    caseId: text('case_id'),
    type: text('type').notNull(),
    digest: text('digest').notNull(),
    /** Exact text; null once erased. */
    text: text('text'),
    writtenMs: whole('written_ms').notNull(),
    /** Any outcome but `applied`, which the envelope's receipt says alone. */
    outcome: text('outcome'),
  },
  (t) => [primaryKey({ columns: [t.peer, t.position] }), index('records_out_case').on(t.caseId)],
)

export const envelopesOut = pgTable(
  'envelopes_out',
  {
    peer: text('peer').notNull(),
    epoch: integer('epoch').notNull(),
    seq: integer('seq').notNull(),
    contentId: text('content_id').notNull(),
    jws: text('jws').notNull(),
    /** How many records it carries: those of the peer from the first to the last position. */
    records: integer('records').notNull(),
    firstPosition: whole('first_position').notNull(),
    lastPosition: whole('last_position').notNull(),
    sealedMs: whole('sealed_ms').notNull(),
    receipted: boolean('receipted').notNull(),
    receipt: text('receipt'),
    receiptedMs: whole('receipted_ms'),
  },
  (t) => [
    primaryKey({ columns: [t.peer, t.epoch, t.seq] }),
    index('envelopes_out_unreceipted').on(t.peer, t.seq).where(isFalse(t.receipted)),
    index('envelopes_out_positions').on(t.peer, t.lastPosition),
  ],
)

export const streamsIn = pgTable('streams_in', {
  peer: text('peer').primaryKey(),
  epoch: integer('epoch').notNull(),
  seq: integer('seq').notNull(),
  head: text('head'),
  frozen: boolean('frozen').notNull(),
  /** Our operator lets a frozen stream go on in a new epoch. */
  thawed: boolean('thawed').notNull(),
  /** When the peer last proved to be there: a verified envelope or request. */
  heardMs: whole('heard_ms').notNull(),
})

/** What became of each record of a peer. Its text stands in the envelope it came in. */
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
    /** What we answered in the receipt; parked ones are settled later. */
    outcome: text('outcome').notNull(),
    parked: boolean('parked').notNull(),
  },
  (t) => [
    // The digest first: it decides each comparison on the way down, which the peer's name never does.
    primaryKey({ columns: [t.digest, t.peer] }),
    index('records_in_case').on(t.caseId),
    index('records_in_parked').on(t.peer, t.caseId).where(isTrue(t.parked)),
    // For the page of a peer alone: nothing of the port asks by it.
    index('records_in_refused')
      .on(t.peer, t.outcome, t.epoch, t.seq)
      .where(sql`outcome like 'refused:%'`),
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
    /** The lines of its records as they came, joined by line ends; `#` and its digest where one was erased. */
    lines: text('lines').notNull(),
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

/** One line for every refusal at the gate: what, never the bytes. The newest of each code of a peer, half a year long. */
export const refusals = pgTable(
  'refusals',
  {
    id: text('id').primaryKey(),
    atMs: whole('at_ms').notNull(),
    /** The node the bytes claimed to come from, when that is a configured peer. */
    peer: text('peer'),
    code: text('code').notNull(),
    detail: text('detail').notNull(),
    digest: text('digest').notNull(),
    size: integer('size').notNull(),
  },
  (t) => [index('refusals_code').on(t.peer, t.code, t.atMs), index('refusals_age').on(t.atMs)],
)

/** What a person must look at. Closed by acknowledging it, never by itself. */
export const alarms = pgTable(
  'alarms',
  {
    id: text('id').primaryKey(),
    kind: text('kind').notNull(),
    /** Whom it concerns; empty for the node itself. */
    peer: text('peer').notNull(),
    /** What it is about, so that one cause raises one alarm: a place in a stream, a key, a document. */
    subject: text('subject').notNull(),
    raisedMs: whole('raised_ms').notNull(),
    open: boolean('open').notNull(),
    acknowledgedMs: whole('acknowledged_ms'),
    acknowledgedBy: text('acknowledged_by'),
  },
  (t) => [uniqueIndex('alarms_one_open').on(t.kind, t.peer, t.subject).where(isTrue(t.open))],
)

/** Which process of this region does what only one may do. */
export const leases = pgTable('leases', {
  name: text('name').primaryKey(),
  holder: text('holder').notNull(),
  untilMs: whole('until_ms').notNull(),
})
