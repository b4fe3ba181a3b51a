/**
 * What an account keeps at the node between two visits: drafts that survive a closed tab, saved views, choices such as
 * columns and language. Names and numbers stand in drafts, so a browser's own storage is no place for them.
 */
import * as z from 'zod'
import { momentSchema } from './admin.ts'
import { canonicalJson } from './json.ts'

export const keptKinds = ['draft', 'view', 'choice'] as const
export type KeptKind = (typeof keptKinds)[number]

/** Of one value, as JSON: the largest form there is, a meeting of 500 people, is 20 KB. */
export const keptBytes = 32 * 1024
/** Of one account: a form left open here and there, and every list arranged in a few ways. */
export const keptMost = 200

/** Where it belongs, such as `cases/home` or `outflow/` and an id. Stored in the clear, so no name fits into it. */
export const keptKeySchema = z.string().regex(/^[a-z0-9][a-z0-9/:._-]{0,119}$/)
const place = { kind: z.enum(keptKinds), key: keptKeySchema }

/** JSON as a record may hold it: whole numbers, no member called by a decimal number. */
export const keptValueSchema = z
  .record(z.string(), z.unknown())
  .refine((value) => new TextEncoder().encode(canonicalJson(value)).length <= keptBytes)

/** All of a kind, or the one of this key. */
export const keptQuerySchema = z.strictObject({ ...place, key: keptKeySchema.optional() })
export const keptPutSchema = z.strictObject({ ...place, value: keptValueSchema })
export const keptDropSchema = z.strictObject(place)
export const keptItemSchema = z.strictObject({
  ...place,
  value: z.record(z.string(), z.unknown()),
  at: momentSchema,
})
export type KeptItem = z.infer<typeof keptItemSchema>
/** The latest first. */
export const keptListSchema = z.strictObject({ items: z.array(keptItemSchema) })
export const keptPlacedSchema = z.strictObject({ at: momentSchema })
