/**
 * The small values that records are made of, each with its class: what may be logged, exported or shown follows from
 * the class, never from a list kept elsewhere (design: field classes live in the schema).
 */
import * as z from 'zod'
import { limits } from './limits.ts'
import { nodeIdSchema, uuidSchema } from './ids.ts'

export type FieldClass = 'public' | 'internal' | 'personal' | 'sensitive'
export const fieldClasses = z.registry<{ class: FieldClass }>()

function classed<T extends z.ZodType>(schema: T, fieldClass: FieldClass): T {
  fieldClasses.add(schema, { class: fieldClass })
  return schema
}

/** A calendar day (YYYY-MM-DD) that exists, in the office's own calendar; no time, no zone. */
export const dayPattern = /^(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/
export const daySchema = z.string().regex(dayPattern).refine(dayExists)
export const monthPattern = /^(?:19|20)\d\d-(?:0[1-9]|1[0-2])$/
/** A day, or a month (YYYY-MM) where the paper gives no day. */
export const dayOrMonthSchema = z.union([daySchema, z.string().regex(monthPattern)])
/** An instant in UTC to the second (RFC 3339, no leap seconds): a label for people; it decides nothing. */
export const instantPattern =
  /^20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/
export const instantSchema = z
  .string()
  .regex(instantPattern)
  .refine((instant) => dayExists(instant.slice(0, 10)))

const line = z
  .string()
  .min(1)
  .max(limits.textLength)
  .refine((text) => text === text.trim())
export const lineSchema = classed(line, 'internal')
export const noteSchema = classed(z.string().min(1).max(limits.textLength), 'personal')
export const longTextSchema = classed(z.string().min(1).max(limits.longTextLength), 'internal')
export const nameSchema = classed(z.string().min(1).max(limits.nameLength), 'personal')
export const phoneSchema = classed(z.string().regex(/^\+?\d{5,20}$/), 'personal')
export const categorySchema = classed(z.enum(['full', 'probationary']), 'sensitive')
export const certificateSchema = classed(z.string().min(1).max(limits.textLength), 'personal')
/** Who at home keeps in touch with the member, as the register has it: a name, often with a post or a number. */
export const contactSchema = classed(z.string().min(1).max(limits.textLength), 'personal')
/** 32 bytes of HMAC-SHA-256 over the normalised ID number under the pair key, base64url. */
export const tagSchema = classed(z.string().regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/), 'sensitive')

/** The attributes of a person that both sides hold and compare. */
export const personSchema = z.strictObject({
  name: nameSchema,
  category: categorySchema.optional(),
  phone: phoneSchema.optional(),
})
export type Person = z.infer<typeof personSchema>
export type Category = z.infer<typeof categorySchema>

export const placeSchema = z.strictObject({ code: nodeIdSchema, text: lineSchema })
/** A branch as its own region names it. */
export const branchSchema = z.strictObject({ id: uuidSchema, name: lineSchema })
export type Branch = z.infer<typeof branchSchema>

/** Whether a day of the right form stands in the calendar. */
export function dayExists(day: string): boolean {
  // Every month has 28 days, and most days are among them.
  if (Number(day.slice(8)) <= 28) return true
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number)
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
  return date <= (lengths[month - 1] ?? 0)
}
