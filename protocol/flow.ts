/**
 * A member's stay elsewhere: what home writes of going out, what host writes of being there.
 *
 * One owner per fact. Home owns outflow and return, host owns arrival, placement and departure. Each side's facts
 * change only by that side's own records, so a record is judged against its own side's earlier ones and never against
 * what the other side happened to have said by then: an honest sender is never refused because of a crossing.
 */
import * as z from 'zod'
import {
  branchSchema,
  certificateSchema,
  contactSchema,
  dayOrMonthSchema,
  daySchema,
  lineSchema,
  longTextSchema,
  noteSchema,
  personSchema,
  placeSchema,
  tagSchema,
} from './fields.ts'
import { deviationSchema, matchGrades, type Deviation } from './identity.ts'
import { limits } from './limits.ts'

/** The outflow register's facts of one stay (流出登记; domain rule g2: reason, period, direction, contact). */
export const outflowSchema = z.strictObject({
  destination: placeSchema,
  leftOn: dayOrMonthSchema.optional(),
  reason: lineSchema.optional(),
  occupation: lineSchema.optional(),
  certificateNo: certificateSchema.optional(),
  branch: lineSchema.optional(),
  contact: contactSchema.optional(),
})
export type Outflow = z.infer<typeof outflowSchema>

export const closingReasons = [
  'returned',
  'transferred',
  'death',
  'removed',
  'abroad',
  'published-in-error',
  'other',
] as const
export const disputeReasons = ['not-arrived', 'wrong-person', 'left-already', 'other'] as const

export const flowBodies = {
  'flow.published': z.strictObject({ tag: tagSchema, person: personSchema, outflow: outflowSchema }),
  /** The whole of person or outflow as it is now; what is left out is unchanged. */
  'flow.amended': z
    .strictObject({ person: personSchema.optional(), outflow: outflowSchema.optional() })
    .refine((body) => body.person !== undefined || body.outflow !== undefined),
  'flow.returned': z.strictObject({ returnedOn: daySchema }),
  'flow.closed': z.strictObject({ reason: z.enum(closingReasons), note: noteSchema.optional() }),
  'notice.sent': z.strictObject({ on: daySchema, subject: lineSchema, text: longTextSchema }),
  /** Confirms identity. Written again when home's record or host's own changes, it replaces the earlier one. */
  'flow.arrived': z.strictObject({
    person: personSchema,
    match: z.enum(matchGrades),
    deviations: z.array(deviationSchema).max(limits.deviations).refine(eachStatedOnce),
    arrivedOn: dayOrMonthSchema.optional(),
    employer: lineSchema.optional(),
  }),
  'flow.disputed': z.strictObject({ reason: z.enum(disputeReasons), note: noteSchema.optional() }),
  'flow.placed': z.strictObject({ branch: branchSchema, on: dayOrMonthSchema.optional() }),
  'flow.relocated': z.strictObject({ branch: branchSchema, on: dayOrMonthSchema.optional() }),
  'flow.departed': z.strictObject({ departedOn: daySchema, destination: lineSchema.optional() }),
}

/** A field deviates once or not at all, so that counting deviations counts people. */
function eachStatedOnce(deviations: readonly Deviation[]): boolean {
  const fields = new Set(deviations.map(({ field }) => field))
  return fields.size === deviations.length && deviations.every(({ home, host }) => home !== host)
}
