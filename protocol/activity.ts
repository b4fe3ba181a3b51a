/**
 * What a member does in organisation life, reported by the side where it happened. An activity is named by the id of
 * the record that reported it; a correction names that id, and only the side that reported it may correct it.
 */
import * as z from 'zod'
import { dayOrMonthSchema, lineSchema } from './fields.ts'
import { uuidSchema } from './ids.ts'

export const activityKinds = [
  'dues',
  'branchAssembly',
  'branchCommittee',
  'groupMeeting',
  'lecture',
  'themeDay',
  'volunteer',
  'organisationLife',
  'appraisal',
  'annualReview',
  'study',
  'contact',
  'report',
  'other',
] as const
export type ActivityKind = (typeof activityKinds)[number]

export const maxAmountFen = 1_000_000_000

export const activitySchema = z
  .strictObject({
    on: dayOrMonthSchema,
    kind: z.enum(activityKinds),
    title: lineSchema.optional(),
    /** In fen (1/100 yuan); only dues have an amount. */
    amountFen: z.int().min(0).max(maxAmountFen).optional(),
  })
  .refine((activity) => (activity.kind === 'dues') === (activity.amountFen !== undefined))
export type Activity = z.infer<typeof activitySchema>

export const activityBodies = {
  'activity.recorded': z.strictObject({ activity: activitySchema }),
  /** `activity: null` withdraws it. */
  'activity.corrected': z.strictObject({ corrects: uuidSchema, activity: activitySchema.nullable() }),
}
