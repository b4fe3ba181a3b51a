/**
 * A record: one fact, written by one side, as minimal JSON in one line of at most 16 KiB.
 *
 *     { id, type, v, case, at, by, body }
 *
 * Types are closed and versioned; the table below says who may write each and whether it belongs to a case. A type or
 * version this node does not know is parked by the receiver, not refused, so that an upgrade loses nothing; a known
 * one with a wrong body is refused for ever.
 */
import * as z from 'zod'
import { activityBodies } from './activity.ts'
import { refuse, type Refusal } from './errors.ts'
import { instantSchema } from './fields.ts'
import { flowBodies } from './flow.ts'
import { identityBodies } from './identity.ts'
import { authorPattern, digestSchema, reachedNumberSchema, streamNumberSchema, uuidSchema } from './ids.ts'
import { signingKeySchema } from './keys.ts'
import { parseStrict, strictFault } from './json.ts'
import { limits } from './limits.ts'
import { readPlainReport } from './plain-report.ts'
import { fitsBytes } from './bytes.ts'

/** The outcome of one record at its receiver. `refused` is final for that content; `parked` is settled later. */
const settledSchema = z.union([z.literal('applied'), z.string().regex(/^refused:[a-z_]{1,40}$/)])
export const outcomeSchema = z.union([z.literal('parked'), ...settledSchema.options])
export type Outcome = z.infer<typeof outcomeSchema>

/** One record of a stream: where it stands, and its digest. */
const recordPlace = {
  epoch: streamNumberSchema,
  seq: streamNumberSchema,
  index: z
    .int()
    .min(0)
    .max(limits.recordsPerEnvelope - 1),
  digest: digestSchema,
}

export const peerBodies = {
  /** What became of a parked record of the other node's stream. */
  'outcome.settled': z.strictObject({ ...recordPlace, outcome: settledSchema }),
  /** The key that signs this stream from the envelope after the one that carries this record. */
  'keys.announced': z.strictObject({ key: signingKeySchema }),
  /** The first record of an epoch: the last envelope of the stream before it, which the receiver has confirmed. */
  'epoch.opened': z.strictObject({
    after: z.strictObject({
      epoch: streamNumberSchema,
      seq: reachedNumberSchema,
      head: digestSchema.nullable(),
    }),
    reason: z.enum(['recovered', 'fork', 'key']),
  }),
  /** A record of the writer's own stream whose text both sides remove; its digest stays. */
  'record.erased': z.strictObject(recordPlace),
  /** How long the writer's audit is, and the hash of its last entry: the receipt bears witness that it was so. */
  'audit.head': z.strictObject({ entries: z.int().min(1), head: digestSchema }),
}

export const bodySchemas = { ...identityBodies, ...flowBodies, ...activityBodies, ...peerBodies }
export type RecordType = keyof typeof bodySchemas
export type BodyOf<T extends RecordType> = z.infer<(typeof bodySchemas)[T]>

export const families = ['identity', 'flow', 'activity', 'peer'] as const
export type Family = (typeof families)[number]
export type Side = 'home' | 'host'

export interface TypeRule {
  readonly family: Family
  /** Which side of the case may write it; `peer` records belong to no side. */
  readonly writer: Side | 'either' | 'peer'
  /** Whether `case` names a case or is null. */
  readonly ofCase: boolean
}

export const typeRules: Record<RecordType, TypeRule> = {
  'identity.queried': { family: 'identity', writer: 'host', ofCase: false },
  'identity.asserted': { family: 'identity', writer: 'home', ofCase: true },
  'identity.denied': { family: 'identity', writer: 'home', ofCase: false },
  'flow.published': { family: 'flow', writer: 'home', ofCase: true },
  'flow.amended': { family: 'flow', writer: 'home', ofCase: true },
  'flow.returned': { family: 'flow', writer: 'home', ofCase: true },
  'flow.closed': { family: 'flow', writer: 'home', ofCase: true },
  'notice.sent': { family: 'flow', writer: 'home', ofCase: true },
  'flow.arrived': { family: 'flow', writer: 'host', ofCase: true },
  'flow.disputed': { family: 'flow', writer: 'host', ofCase: true },
  'flow.placed': { family: 'flow', writer: 'host', ofCase: true },
  'flow.relocated': { family: 'flow', writer: 'host', ofCase: true },
  'flow.departed': { family: 'flow', writer: 'host', ofCase: true },
  'activity.recorded': { family: 'activity', writer: 'either', ofCase: true },
  'activity.corrected': { family: 'activity', writer: 'either', ofCase: true },
  'outcome.settled': { family: 'peer', writer: 'peer', ofCase: false },
  'keys.announced': { family: 'peer', writer: 'peer', ofCase: false },
  'epoch.opened': { family: 'peer', writer: 'peer', ofCase: false },
  'record.erased': { family: 'peer', writer: 'peer', ofCase: true },
  'audit.head': { family: 'peer', writer: 'peer', ofCase: false },
}

const frameSchema = z.strictObject({
  id: uuidSchema,
  type: z.string().regex(/^[a-z]{2,20}\.[a-z]{2,20}$/),
  v: z.int().min(1).max(1000),
  case: uuidSchema.nullable(),
  at: instantSchema,
  /** The office or account that wrote it, as its own region names it; never a person's name. */
  by: z.string().regex(authorPattern),
  // Its members are for the type to judge.
  body: z.custom<Readonly<Record<string, unknown>>>(
    (body) => typeof body === 'object' && body !== null && !Array.isArray(body),
  ),
})
export type RecordFrame = z.infer<typeof frameSchema>

/** A record whose type and version this node knows and whose body fits. */
export type FactRecord<T extends RecordType = RecordType> = {
  [K in T]: Omit<RecordFrame, 'type' | 'body'> & { type: K; body: BodyOf<K> }
}[T]

export type ReadRecord =
  | { ok: true; known: true; record: FactRecord }
  | { ok: true; known: false; frame: RecordFrame }
  | Refusal<'bad_record'>

/** Reads the exact text of a record, which was already checked against its digest. */
export function readRecord(text: string): ReadRecord {
  const report = readPlainReport(text)
  if (report) return { ok: true, known: true, record: report }
  const parsed = parseStrict(text)
  return parsed.ok ? judged(parsed.value) : refuse('bad_record', parsed.detail)
}

function judged(value: unknown): ReadRecord {
  const frame = frameSchema.safeParse(value)
  if (!frame.success) return refuse('bad_record', `frame: ${pathsOf(frame.error)}`)
  if (!isKnown(frame.data)) return { ok: true, known: false, frame: frame.data }
  const body = bodySchemas[frame.data.type].safeParse(frame.data.body)
  if (!body.success) return refuse('bad_record', `body: ${pathsOf(body.error)}`)
  if (typeRules[frame.data.type].ofCase !== (frame.data.case !== null))
    return refuse('bad_record', 'case where none belongs, or none where one does')
  return { ok: true, known: true, record: Object.assign(frame.data, { body: body.data }) as FactRecord }
}

function isKnown(frame: RecordFrame): frame is RecordFrame & { type: RecordType } {
  return frame.v === 1 && Object.hasOwn(bodySchemas, frame.type)
}

/** Field names only: an error text never carries a value out of a record. */
function pathsOf(error: z.ZodError): string {
  return error.issues.map((issue) => issue.path.join('.') || issue.code).join(', ')
}

/**
 * The bytes of a new record. Throws when the draft does not fit its own schema or the size limit: a domain verb that
 * writes such a record has a defect, and nothing may be signed then.
 */
export function writeRecord(record: FactRecord): string {
  const { id, type, v, case: caseId, at, by, body } = record
  const members = { id, type, v, case: caseId, at, by, body }
  const text = JSON.stringify(members)
  if (readPlainReport(text)) return text
  // What is written here is minimal by its making; what it says is judged like anything that is read.
  const fault = strictFault(members)
  const read = fault === undefined ? judged(members) : refuse('bad_record', fault)
  if (!read.ok) throw new TypeError(`a ${type} that does not fit its schema: ${read.detail}`)
  if (!fitsBytes(text, limits.recordBytes)) throw new RangeError(`a ${type} over ${limits.recordBytes} bytes`)
  return text
}
