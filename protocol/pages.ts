/**
 * The pages of the screens: what each shows and may be asked for. Lists go by keyset (`after` is what `next` said), ask
 * in a body and never in an address (names and numbers are personal data), and show numbers masked.
 */
import * as z from 'zod'
import { activityKinds, activitySchema } from './activity.ts'
import { importKinds, momentSchema, peerStateSchema } from './admin.ts'
import { auditHeadSchema } from './audit.ts'
import { differences, homeStates, hostStates, meanings } from './case.ts'
import { pageOf } from './contract.ts'
import { categorySchema, dayOrMonthSchema, daySchema, lineSchema, nameSchema, phoneSchema } from './fields.ts'
import { outflowSchema } from './flow.ts'
import { matchGrades } from './identity.ts'
import { nodeIdSchema, uuidSchema } from './ids.ts'

const paging = {
  after: z.string().min(1).max(300).optional(),
  limit: z.int().min(1).max(200).default(50),
}
/** The beginning of a name. */
const search = z.string().trim().min(1).max(50)
const organisationRef = z.strictObject({ id: uuidSchema, name: z.string() })

// The overview.

export const overviewSchema = z.strictObject({
  /** Counted then; counts of a large region are counted anew every half minute. */
  asOf: momentSchema,
  counts: z.strictObject({
    members: z.int(),
    /** Ours who are away, by our own word. */
    away: z.int(),
    /** Others' who are here, by our own word. */
    here: z.int(),
    organisations: z.int(),
  }),
  /** What waits for somebody here. */
  waiting: z.strictObject({
    /** People here whose home has not answered yet, and those it does not know. */
    asked: z.int(),
    denied: z.int(),
    noAgreement: z.int(),
    /** Here and confirmed, in no branch yet. */
    unplaced: z.int(),
    deviating: z.int(),
    oneSided: z.int(),
    /** Rows of imports held for correction. Null where imports are not the caller's. */
    heldRows: z.int().nullable(),
    alarms: z.int().nullable(),
  }),
  /** Per month, the oldest first. */
  trend: z.array(
    z.strictObject({ month: z.string(), published: z.int(), arrived: z.int(), activities: z.int() }),
  ),
  /** Between us and each region: cases in which we are home, and in which we are host. */
  flows: z.array(
    z.strictObject({
      peer: nodeIdSchema,
      name: z.string(),
      side: z.enum(['home', 'host']),
      total: z.int(),
      agreed: z.int(),
      deviating: z.int(),
      oneSided: z.int(),
      pending: z.int(),
    }),
  ),
  /** Null where peers are not the caller's. */
  peers: z.array(peerStateSchema).nullable(),
})
export type Overview = z.infer<typeof overviewSchema>

/** Regions with an agreement, by code. */
export const regionListSchema = z.strictObject({
  regions: z.array(z.strictObject({ node: nodeIdSchema, name: z.string() })),
})

// Cases: outflows and stays.

/** newest: the newest case first, unless told otherwise; changed: the latest change first; name: by name. */
export const caseSorts = ['newest', 'changed', 'name'] as const
export const caseQuerySchema = z
  .strictObject({
    ...paging,
    side: z.enum(['home', 'host']),
    peer: nodeIdSchema.optional(),
    meaning: z.enum(meanings).exclude(['in-flight']).optional(),
    organisation: uuidSchema.optional(),
    /** What is searched for is listed by name. */
    search: search.optional(),
    sort: z.enum(caseSorts).optional(),
  })
  // Only orders that an index serves: over a whole region, no other than `newest` goes with a peer or a meaning.
  .refine(({ sort = 'newest', peer, meaning, organisation, search: name }) => {
    if (name !== undefined) return sort !== 'changed'
    return sort === 'newest' || organisation !== undefined || (peer ?? meaning) === undefined
  })
export type CaseQuery = z.infer<typeof caseQuerySchema>
const shownDeviation = z.strictObject({ field: z.string(), home: z.string(), host: z.string() })
export const caseRowSchema = z.strictObject({
  id: uuidSchema,
  peer: nodeIdSchema,
  side: z.enum(['home', 'host']),
  name: z.string(),
  home: z.enum(homeStates),
  host: z.enum(hostStates),
  meaning: z.enum(meanings),
  differences: z.array(z.enum(differences)),
  match: z.enum(matchGrades).nullable(),
  /** Side by side; phones masked. */
  deviations: z.array(shownDeviation),
  organisation: organisationRef.nullable(),
  /** By home: where to and since when. */
  destination: z.string().nullable(),
  leftOn: z.string().nullable(),
  /** By host: since when, in which branch, with which employer. */
  arrivedOn: z.string().nullable(),
  branch: z.string().nullable(),
  employer: z.string().nullable(),
  changedAt: momentSchema,
})
export type CaseRowView = z.infer<typeof caseRowSchema>
export const casePageSchema = pageOf(caseRowSchema)

// Arrivals: who has reported here.

export const arrivalStates = ['waiting', 'asked', 'known', 'denied'] as const
export const arrivalQuerySchema = z.strictObject({
  ...paging,
  state: z.enum(arrivalStates).optional(),
  organisation: uuidSchema.optional(),
  search: search.optional(),
})
export type ArrivalQuery = z.infer<typeof arrivalQuerySchema>
export const arrivalRowSchema = z.strictObject({
  id: uuidSchema,
  home: z.string(),
  name: z.string(),
  idNumber: z.string(),
  phone: z.string().nullable(),
  category: z.string().nullable(),
  arrivedOn: z.string().nullable(),
  employer: z.string().nullable(),
  organisation: organisationRef.nullable(),
  /** waiting: no agreement with that home; asked: home has not answered; denied: home does not know him. */
  state: z.enum(arrivalStates),
  case: uuidSchema.nullable(),
  match: z.enum(matchGrades).nullable(),
  deviations: z.array(shownDeviation),
  changedAt: momentSchema,
})
export const arrivalPageSchema = pageOf(arrivalRowSchema)
const idNumber = z.string().trim().min(15).max(18)
/** One person who reports here, as a row of the arrivals register. */
export const newArrivalSchema = z.strictObject({
  idNumber,
  home: nodeIdSchema,
  name: nameSchema,
  category: categorySchema.optional(),
  phone: phoneSchema.optional(),
  arrivedOn: dayOrMonthSchema.optional(),
  branch: lineSchema.optional(),
  employer: lineSchema.optional(),
})
export const registeredSchema = z.strictObject({ result: z.string() })

// Members.

/** Members are listed by name. */
export const memberSorts = ['name'] as const
export const memberQuerySchema = z.strictObject({
  ...paging,
  sort: z.enum(memberSorts).optional(),
  organisation: uuidSchema.optional(),
  /** The beginning of a name, or a whole ID number. */
  search: search.optional(),
})
export type MemberQuery = z.infer<typeof memberQuerySchema>
export const memberRowSchema = z.strictObject({
  id: uuidSchema,
  name: z.string(),
  idNumber: z.string(),
  phone: z.string().nullable(),
  category: z.string().nullable(),
  organisation: organisationRef.nullable(),
})
export const memberPageSchema = pageOf(memberRowSchema)
export const memberDetailSchema = memberRowSchema.extend({
  gender: z.string().nullable(),
  ethnicity: z.string().nullable(),
  bornOn: z.string().nullable(),
  education: z.string().nullable(),
  joinedOn: z.string().nullable(),
  changedAt: momentSchema,
  cases: z.array(caseRowSchema),
})
/** One stay of a member elsewhere, as a row of the outflow register. */
export const newOutflowSchema = z.strictObject({
  host: nodeIdSchema,
  phone: phoneSchema.optional(),
  outflow: outflowSchema,
})

export const revealPurposes = [
  'contact',
  'identity-check',
  'registration',
  'dues',
  'correction',
  'inspection',
] as const
export const revealSchema = z.strictObject({
  field: z.enum(['idNumber', 'phone']),
  purpose: z.enum(revealPurposes),
})
/** The phone that one side of a case holds. */
export const caseRevealSchema = z.strictObject({
  field: z.enum(['homePhone', 'hostPhone']),
  purpose: z.enum(revealPurposes),
})
export const revealedSchema = z.strictObject({ value: z.string().nullable() })

// Organisations.

export const organisationSchema = z.strictObject({
  id: uuidSchema,
  parent: uuidSchema.nullable(),
  name: z.string(),
  kind: z.enum(['region', 'committee', 'branch']),
  members: z.int(),
  /** Open cases of its people, away and here. */
  away: z.int(),
  here: z.int(),
})
export const organisationListSchema = z.strictObject({ organisations: z.array(organisationSchema) })
export const newOrganisationSchema = z.strictObject({
  name: lineSchema,
  kind: z.enum(['committee', 'branch']),
  /** The committee of a branch; without it it stands under the region. */
  parent: uuidSchema.optional(),
})
export const organisationChangeSchema = z.strictObject({
  name: lineSchema.optional(),
  parent: uuidSchema.optional(),
})
export const organisationNamedSchema = z.strictObject({
  id: uuidSchema,
  parent: uuidSchema.nullable(),
  name: z.string(),
  kind: z.string(),
})

/** The one it becomes part of: of the same kind. */
export const organisationMergeSchema = z.strictObject({ into: uuidSchema })

// Activities.

/** With any of the lower four, or of an organisation or case, the latest day is first; else the newest report. */
export const activityQuerySchema = z.strictObject({
  ...paging,
  organisation: uuidSchema.optional(),
  case: uuidSchema.optional(),
  kind: z.enum(activityKinds).optional(),
  /** The side that reported it. */
  by: z.enum(['home', 'host']).optional(),
  /** From and until this day, both included. What is known by its month alone is in it from the first of the month on. */
  from: daySchema.optional(),
  until: daySchema.optional(),
})
export type ActivityQuery = z.infer<typeof activityQuerySchema>
export const activityRowSchema = z.strictObject({
  id: uuidSchema,
  case: uuidSchema,
  name: z.string(),
  by: z.enum(['home', 'host']),
  /** Reported by us, so ours to correct. */
  ours: z.boolean(),
  on: z.string(),
  kind: z.enum(activityKinds),
  title: z.string().nullable(),
  amountFen: z.int().nullable(),
})
export const activityPageSchema = pageOf(activityRowSchema)
/** A branch met: one activity for everybody who was there. */
export const meetingSchema = z.strictObject({
  activity: activitySchema,
  cases: z.array(uuidSchema).min(1).max(500),
})
export const meetingResultSchema = z.strictObject({
  reported: z.int(),
  unchanged: z.int(),
  /** Who could not be reported on, with the code of why. */
  refused: z.array(z.strictObject({ case: uuidSchema, code: z.string() })),
})
export const ledgerQuerySchema = z.strictObject({
  ...paging,
  organisation: uuidSchema,
  year: z.int().min(1950).max(2100),
})
export type LedgerQuery = z.infer<typeof ledgerQuerySchema>
export const ledgerSchema = z.strictObject({
  rows: z.array(
    z.strictObject({
      case: uuidSchema,
      side: z.enum(['home', 'host']),
      name: z.string(),
      /** Activities but dues, January to December. */
      months: z.array(z.int()).length(12),
      /** Dues paid, in fen, January to December. */
      dues: z.array(z.int()).length(12),
      lastOn: z.string().nullable(),
    }),
  ),
  next: z.string().nullable(),
})

// Peers, imports, settings.

export const peerDetailSchema = peerStateSchema.extend({
  terms: z.strictObject({
    from: z.string(),
    until: z.string(),
    families: z.array(z.string()),
    rulePack: z.string(),
    replyDays: z.int(),
    queriesPerDay: z.int(),
  }),
  /** Their records that wait here for what they build on, the oldest first. */
  parkedRecords: z.array(
    z.strictObject({ type: z.string(), case: uuidSchema.nullable(), epoch: z.int(), seq: z.int() }),
  ),
  /** Our latest records that they parked or refused. */
  outcomes: z.array(
    z.strictObject({
      type: z.string(),
      case: uuidSchema.nullable(),
      outcome: z.string(),
      writtenAt: momentSchema,
    }),
  ),
  /** Bytes that were refused at the gate in the name of this peer, by code. */
  refusals: z.array(z.strictObject({ code: z.string(), count: z.int(), lastAt: momentSchema })),
  /** Records of theirs that we took in and refused, by code. */
  refusedOfTheirs: z.array(z.strictObject({ code: z.string(), count: z.int(), lastAt: momentSchema })),
  /** What they told us last of their own audit: we are its witness. */
  theirAudit: auditHeadSchema.nullable(),
})

export const importRowStates = ['held', 'waiting', 'flagged', 'duplicate'] as const
export const importListSchema = pageOf(
  z.strictObject({
    id: uuidSchema,
    kind: z.enum(importKinds),
    at: momentSchema,
    rows: z.int(),
    held: z.int(),
    waiting: z.int(),
  }),
)
const faultSentences = z.strictObject({ what: z.string(), where: z.string(), mend: z.string() })
export const heldRowSchema = z.strictObject({
  row: z.int(),
  state: z.enum(importRowStates),
  /** By heading, as the sheet has them; numbers of persons masked. A masked one sent back as it is stays as it was. */
  cells: z.record(z.string(), z.string()),
  faults: z.array(
    z.strictObject({
      code: z.string(),
      heading: z.string().nullable(),
      zh: faultSentences,
      en: faultSentences,
    }),
  ),
})
export type HeldRow = z.infer<typeof heldRowSchema>
export const heldRowsSchema = z.strictObject({
  headings: z.array(z.string()),
  items: z.array(heldRowSchema),
  next: z.string().nullable(),
})
/** What is masked in a row, in the clear, by heading. */
export const rowRevealSchema = z.strictObject({ purpose: z.enum(revealPurposes) })
export const rowRevealedSchema = z.strictObject({ cells: z.record(z.string(), z.string()) })
export const correctedRowSchema = z.strictObject({
  /** What became of the row with these cells; it stands as it was before when it is still held. */
  state: z.enum(['accepted', 'unchanged', 'waiting', 'held']),
  row: heldRowSchema.nullable(),
})
