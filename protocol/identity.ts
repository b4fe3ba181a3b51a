/**
 * Who a person is, said between two regions without an ID number on the wire.
 *
 * Both nodes derive one pair key (X25519, then HKDF-SHA-256) and name a person by `tag = HMAC(pair key, normalised ID
 * number)`. A tag hides the number from everybody but the partner, who could try all numbers: so a query needs a
 * stored arrival behind it, and denials are counted. Home asserts or denies; a denial is not final.
 */
import * as z from 'zod'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { base64url, utf8 } from './bytes.ts'
import { type Crypto } from './crypto.ts'
import { type NodeId, uuidSchema } from './ids.ts'
import {
  categorySchema,
  dayOrMonthSchema,
  nameSchema,
  personSchema,
  phoneSchema,
  tagSchema,
  type Person,
} from './fields.ts'

export const identityBodies = {
  /** Host asks: somebody is here who says they are yours. Its record id is the query's id. */
  'identity.queried': z.strictObject({
    tag: tagSchema,
    name: nameSchema,
    arrivedOn: dayOrMonthSchema.optional(),
  }),
  /** Home answers a query, or volunteers when a corrected roster makes the member known. */
  'identity.asserted': z.strictObject({ query: uuidSchema.nullable(), tag: tagSchema, person: personSchema }),
  /** Home does not know the tag. Home keeps the query and asserts when that changes. */
  'identity.denied': z.strictObject({ query: uuidSchema, reason: z.enum(['unknown']) }),
}

/**
 * The key both nodes of an agreement share. `shared` is the X25519 output (RFC 7748 §6.1); the salt binds the key
 * version and the info both parties, sorted, so both sides get the same 32 bytes.
 */
export function pairKey(
  shared: Uint8Array,
  parties: readonly [NodeId, NodeId],
  keyVersion: number,
): Uint8Array {
  const [first, second] = [...parties].sort()
  return hkdf(sha256, shared, utf8(`huiliu-pair/${keyVersion}`), utf8(`${first}|${second}`), 32)
}

/** The tag of a normalised ID number (18 characters, upper-case X) under a pair key. */
export function personTag(crypto: Crypto, key: Uint8Array, idNumber: string): string {
  return base64url(crypto.hmacSha256(key, utf8(idNumber)))
}

export const matchGrades = ['certain', 'probable', 'possible', 'certainly-not'] as const
export type MatchGrade = (typeof matchGrades)[number]

export const deviationSchema = z.discriminatedUnion('field', [
  z.strictObject({ field: z.literal('name'), home: nameSchema, host: nameSchema }),
  z.strictObject({ field: z.literal('category'), home: categorySchema, host: categorySchema }),
  z.strictObject({ field: z.literal('phone'), home: phoneSchema, host: phoneSchema }),
])
export type Deviation = z.infer<typeof deviationSchema>
export type DeviationField = Deviation['field']
export const deviationFieldSchema = z.enum(['name', 'category', 'phone'] satisfies DeviationField[])

/**
 * Where host's attributes of a person differ from home's. An attribute that one side does not hold is no deviation:
 * nothing is claimed against it.
 */
export function deviationsOf(home: Person, host: Person): Deviation[] {
  const list: Deviation[] = []
  if (home.name !== host.name) list.push({ field: 'name', home: home.name, host: host.name })
  if (home.category && host.category && home.category !== host.category)
    list.push({ field: 'category', home: home.category, host: host.category })
  if (home.phone && host.phone && home.phone !== host.phone)
    list.push({ field: 'phone', home: home.phone, host: host.phone })
  return list
}

/**
 * How sure host may be that the person in front of it is home's member, given that the tags (ID numbers) agree:
 * certain with the same name; probable when the names share a character in the same place (a wrong or similar
 * character, 龚胜平 / 龚光平); else possible, which a person must decide.
 */
export function matchGradeOf(home: Person, host: Person): MatchGrade {
  if (home.name === host.name) return 'certain'
  const homeName = [...home.name]
  return [...host.name].some((character, i) => character === homeName[i]) ? 'probable' : 'possible'
}
