/**
 * The audit of an office: who did what, when, to which case or account; each entry names the one before it by digest,
 * so that an entry changed or taken out afterwards shows.
 */
import * as z from 'zod'
import { type Crypto } from './crypto.ts'
import { canonicalJson } from './json.ts'
import { digestOf, digestSchema, nodeIdSchema, type Digest } from './ids.ts'
import { callers, pageOf } from './contract.ts'

export const auditEntrySchema = z.strictObject({
  seq: z.int().min(1),
  at: z.iso.datetime(),
  /** The account's id; empty for the token of the machine and for strangers. */
  account: z.string(),
  role: z.enum([...callers, 'stranger']),
  /** The name of the route, or what else was done: sign-in, sign-in-refused, refused. */
  action: z.string(),
  /** What it was done to: the id of a case, member, account, peer. */
  subject: z.string(),
  /** begun, done, or the code of the refusal. What was begun has a second entry that says how it ended. */
  outcome: z.string(),
  /** The entry that began it. */
  about: z.int().nullable(),
  /** Purpose and other words of the request that name no person. */
  detail: z.record(z.string(), z.union([z.string(), z.int(), z.boolean(), z.null()])),
  address: z.string(),
  prev: digestSchema.nullable(),
  hash: digestSchema,
})
export type AuditEntry = z.infer<typeof auditEntrySchema>

/** SHA-256 over the canonical text of the entry without its hash. */
export function auditHash(crypto: Crypto, entry: Omit<AuditEntry, 'hash'>): Digest {
  const { seq, at, account, role, action, subject, outcome, about, detail, address, prev } = entry
  return digestOf(
    crypto,
    canonicalJson({ seq, at, account, role, action, subject, outcome, about, detail, address, prev }),
  )
}

/** With the account's name as it is now. */
export const shownAuditSchema = auditEntrySchema.extend({ who: z.string() })
export const auditPageSchema = pageOf(shownAuditSchema)
/** How long an audit was, and its hash then, as somebody else was told. */
export const auditHeadSchema = z.strictObject({
  entries: z.int(),
  head: digestSchema,
  at: z.iso.datetime(),
})
export const auditVerifiedSchema = z.strictObject({
  entries: z.int(),
  /** The hash of the last entry: whoever noted it elsewhere sees whether the end was cut off. */
  head: digestSchema.nullable(),
  /** The first entry that does not fit; null when all do. */
  brokenAt: z.int().nullable(),
  /** What each peer has confirmed last, by a signed receipt; null for none yet. */
  peers: z.array(
    z.strictObject({
      peer: nodeIdSchema,
      name: z.string(),
      witnessed: auditHeadSchema
        .extend({
          /** The audit still has that hash at that length. If not, its end was cut off or written anew since. */
          holds: z.boolean(),
        })
        .nullable(),
    }),
  ),
})
