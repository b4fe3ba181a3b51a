/**
 * The admin contract: what the local API of a node answers to its own office's programs (command line, screens).
 *
 * Typed once here, parsed on arrival by whoever asks. It never crosses a border between regions.
 */
import * as z from 'zod'
import { differences, hostStates, homeStates, meanings, type HomeFacts, type HostFacts } from './case.ts'
import { branchSchema, dayOrMonthSchema, personSchema } from './fields.ts'
import { closingReasons, disputeReasons, outflowSchema } from './flow.ts'
import { deviationSchema, matchGrades } from './identity.ts'
import { outcomeSchema } from './record.ts'
import { nodeIdSchema, uuidSchema } from './ids.ts'

/** A moment as an answer of the local API writes it: RFC 3339 in UTC with milliseconds. */
export const momentSchema = z.iso.datetime()

export const importKinds = ['roster', 'outflow', 'arrivals', 'activities'] as const
export type ImportKind = (typeof importKinds)[number]

export const nodeInfoSchema = z.object({
  node: nodeIdSchema,
  name: z.string(),
  kid: z.string(),
  fingerprint: z.string(),
  signing: z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() }),
  exchange: z.object({ kty: z.literal('OKP'), crv: z.literal('X25519'), x: z.string() }),
  federationUrl: z.string(),
  members: z.int(),
})
export type NodeInfo = z.infer<typeof nodeInfoSchema>

const cut = z.object({ epoch: z.int(), seq: z.int(), head: z.string().nullable() })
export const peerStateSchema = z.object({
  node: nodeIdSchema,
  name: z.string(),
  url: z.string(),
  paused: z.boolean(),
  agreement: z.object({ id: uuidSchema, from: z.string(), until: z.string() }),
  /** Of the key it signs with now; empty where its keys were revoked. */
  fingerprint: z.string(),
  sent: cut,
  receipted: z.int(),
  received: cut,
  /** Records written for the peer without its receipt yet. */
  unsent: z.int(),
  parked: z.int(),
  /** Their stream is stopped after a fork. */
  frozen: z.boolean(),
  /** Ours: open; closed (this database is behind); recovering (on the operator's word). */
  standing: z.enum(['open', 'closed', 'recovering']),
  failures: z.int(),
  breakerOpen: z.boolean(),
  problem: z.object({ code: z.string(), at: z.string() }).nullable(),
  heardAt: z.string().nullable(),
})
export type PeerState = z.infer<typeof peerStateSchema>

export const alarmListSchema = z.object({
  alarms: z.array(
    z.object({
      id: uuidSchema,
      kind: z.string(),
      /** Null where it concerns the node itself. */
      peer: nodeIdSchema.nullable(),
      /** What it is about: a place in a stream, a document, a day. */
      subject: z.string(),
      raisedAt: z.string(),
      acknowledgedAt: z.string().nullable(),
      acknowledgedBy: z.string().nullable(),
    }),
  ),
})
export type AlarmList = z.infer<typeof alarmListSchema>

/** What came of `recover` at once. Who could not be asked is recovered as soon as it answers. */
export const recoveredSchema = z.object({
  peers: z.array(z.object({ node: nodeIdSchema, recovered: z.boolean(), code: z.string().nullable() })),
})
export type Recovered = z.infer<typeof recoveredSchema>

const sentences = z.object({ what: z.string(), where: z.string(), mend: z.string() })
export const importRowSchema = z.object({
  /** Row of the sheet, as Excel numbers it. */
  row: z.int(),
  /** Number among the entries, from 1. */
  ordinal: z.int(),
  state: z.enum(['held', 'flagged', 'duplicate', 'waiting']),
  code: z.string(),
  column: z.string().nullable(),
  zh: sentences,
  en: sentences,
})
export type ImportRow = z.infer<typeof importRowSchema>

export const importReportSchema = z.object({
  id: uuidSchema,
  kind: z.enum(importKinds),
  dryRun: z.boolean(),
  sheet: z.string(),
  headerRow: z.int(),
  columns: z.array(z.object({ field: z.string(), heading: z.string(), column: z.string() })),
  rows: z.int(),
  /** New or changed by this import. */
  accepted: z.int(),
  unchanged: z.int(),
  duplicates: z.int(),
  /** Held for correction of the row itself. */
  held: z.int(),
  /** Kept, and going out by themselves once the missing side is there. */
  waiting: z.int(),
  faults: z.record(z.string(), z.int()),
  /** Of an outflow register: published rows by host region. */
  byRegion: z.record(z.string(), z.int()),
  details: z.array(importRowSchema),
})
export type ImportReport = z.infer<typeof importReportSchema>

export const caseSummarySchema = z.object({
  id: uuidSchema,
  peer: nodeIdSchema,
  side: z.enum(['home', 'host']),
  name: z.string(),
  home: z.enum(homeStates),
  host: z.enum(hostStates),
  meaning: z.enum(meanings),
  differences: z.array(z.enum(differences)),
  deviations: z.array(z.string()),
  changedAt: z.string(),
})
export type CaseSummary = z.infer<typeof caseSummarySchema>
export const caseListSchema = z.object({ cases: z.array(caseSummarySchema), next: uuidSchema.nullable() })

export const timelineItemSchema = z.object({
  direction: z.enum(['sent', 'received']),
  type: z.string(),
  at: z.string(),
  /** written, sealed, delivered (receipt stored) or received. */
  state: z.enum(['written', 'sealed', 'delivered', 'received']),
  outcome: outcomeSchema.nullable(),
})
/** A person as a screen shows him: a phone may be masked. */
const shownPerson = personSchema.extend({ phone: z.string().optional() })
const shownDeviation = z.union([
  deviationSchema.options[0],
  deviationSchema.options[1],
  z.strictObject({ field: z.literal('phone'), home: z.string(), host: z.string() }),
])
export const homeFactsSchema = z.strictObject({
  state: z.enum(homeStates),
  person: shownPerson.nullable(),
  outflow: outflowSchema.nullable(),
  returnedOn: z.string().nullable(),
  closed: z.enum(closingReasons).nullable(),
  notices: z.int(),
}) satisfies z.ZodType<HomeFacts>
export const hostFactsSchema = z.strictObject({
  state: z.enum(hostStates),
  person: shownPerson.nullable(),
  match: z.enum(matchGrades).nullable(),
  deviations: z.array(shownDeviation),
  arrivedOn: dayOrMonthSchema.nullable(),
  employer: z.string().nullable(),
  branch: branchSchema.nullable(),
  departedOn: z.string().nullable(),
  dispute: z.enum(disputeReasons).nullable(),
}) satisfies z.ZodType<HostFacts>

export const caseDetailSchema = caseSummarySchema.extend({
  homeFacts: homeFactsSchema,
  hostFacts: hostFactsSchema,
  /** At home: whose case it is. Null at host, and while nobody on the roster is known for it. */
  member: uuidSchema.nullable(),
  /** When each side last said something about this case, as far as this node has it. */
  homeSaidAt: z.string().nullable(),
  hostSaidAt: z.string().nullable(),
  activities: z.array(
    z.object({
      id: uuidSchema,
      by: z.enum(['home', 'host']),
      on: z.string(),
      kind: z.string(),
      title: z.string().nullable(),
      amountFen: z.int().nullable(),
    }),
  ),
  timeline: z.array(timelineItemSchema),
})
export type CaseDetail = z.infer<typeof caseDetailSchema>

/** What the two sides of an agreement sign with: the document goes to the other, `active` when both have signed. */
export const signedAgreementSchema = z.object({ document: z.string(), active: z.boolean(), peer: z.string() })

export const comparisonReportSchema = z.object({
  home: nodeIdSchema,
  host: nodeIdSchema,
  /** Both streams stood at the same place on both sides, so every difference listed is one of substance. */
  level: z.boolean(),
  inFlight: z.int(),
  both: z.array(uuidSchema),
  homeOnly: z.array(uuidSchema),
  hostOnlyKnownToHome: z.array(uuidSchema),
  hostOnlyUnknownToHome: z.array(uuidSchema),
  casesWithDeviations: z.array(uuidSchema),
  deviations: z.object({
    name: z.array(uuidSchema),
    category: z.array(uuidSchema),
    phone: z.array(uuidSchema),
  }),
  /** Cases that the two nodes hold differently; empty when level, or something is broken. */
  unequal: z.array(uuidSchema),
  onlyHere: z.array(uuidSchema),
  onlyThere: z.array(uuidSchema),
  /** Who stands behind each case and denied query listed, as far as this node knows. */
  names: z.record(z.string(), z.string()),
})
export type ComparisonReport = z.infer<typeof comparisonReportSchema>

export const apiErrorSchema = z.object({
  error: z.object({
    code: z.string(),
    zh: z.string(),
    en: z.string(),
    /** When to try again, where waiting helps. */
    seconds: z.int().optional(),
    /** Under which the log has a defect. */
    id: uuidSchema.optional(),
  }),
})
export type ApiError = z.infer<typeof apiErrorSchema>
