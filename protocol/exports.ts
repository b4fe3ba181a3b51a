/**
 * Exports that a second person allows (attacks.md W18). A short list leaves at once and is written down; a longer one is
 * asked for with its purpose, another person decides, and only then its workbook is made, from the very list asked for.
 */
import * as z from 'zod'
import { momentSchema } from './admin.ts'
import { uuidSchema } from './ids.ts'
import { caseQuerySchema, ledgerQuerySchema, memberQuerySchema } from './pages.ts'

/** An approval is good for so long: the day on which it was needed. */
export const exportHours = 24
/** A request nobody decided on lapses. */
export const exportWaitingDays = 7

export const exportPurposes = ['meeting', 'inspection', 'statistics', 'dues', 'contact', 'handover'] as const

/** A list as its page asks for it; where it goes on is not part of it. */
export const exportedListSchema = z.discriminatedUnion('list', [
  z.strictObject({ list: z.literal('cases'), query: caseQuerySchema }),
  z.strictObject({ list: z.literal('members'), query: memberQuerySchema }),
  z.strictObject({ list: z.literal('ledger'), query: ledgerQuerySchema }),
])
export type ExportedList = z.infer<typeof exportedListSchema>

export const exportAskSchema = z.strictObject({
  purpose: z.enum(exportPurposes),
  /** More about it, for who decides. */
  words: z.string().trim().max(200).optional(),
  wanted: exportedListSchema,
})
export const exportStates = ['waiting', 'ready', 'refused', 'lapsed'] as const
export const exportRequestSchema = z.strictObject({
  id: uuidSchema,
  list: z.enum(['cases', 'members', 'ledger']),
  /** What narrows the list, as far as it names no person; a search for a name only says that there is one. */
  query: z.record(z.string(), z.union([z.string(), z.int()])),
  searched: z.boolean(),
  /** Rows of the list when it was asked for. */
  rows: z.int(),
  purpose: z.enum(exportPurposes),
  words: z.string().nullable(),
  state: z.enum(exportStates),
  askedAt: momentSchema,
  askedBy: z.strictObject({ id: uuidSchema, name: z.string(), role: z.string() }),
  /** Asked by the caller. */
  own: z.boolean(),
  /** The caller may decide on it now. */
  mayDecide: z.boolean(),
  decidedAt: momentSchema.nullable(),
  decidedBy: z.string().nullable(),
  /** Until when its workbook can be fetched, or be decided on. */
  until: momentSchema,
  fetched: z.int(),
})
export type ExportRequest = z.infer<typeof exportRequestSchema>
export const exportListSchema = z.strictObject({ requests: z.array(exportRequestSchema) })
