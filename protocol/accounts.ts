/**
 * Accounts of an office: who may sign in to its screens, in which role, for which part of its organisations.
 *
 * A role says what kind of work; the organisation says on whose people. Both are read anew for every request.
 */
import * as z from 'zod'
import { momentSchema } from './admin.ts'
import { uuidSchema } from './ids.ts'

/**
 * administrator 系统管理员: accounts, settings, peers, keys; sees no personal data. officer 组织部: the whole region.
 * committee 党委: its own branches. branch 支部书记/联络员: its own people. auditor 审计: the audit and counts, no change.
 */
export const roles = ['administrator', 'officer', 'committee', 'branch', 'auditor'] as const
export type Role = (typeof roles)[number]
/** Roles that work for one organisation and not for the whole region. */
export const rolesOfOneOrganisation: readonly Role[] = ['committee', 'branch']

const accountName = z.string().trim().min(2).max(30)
const password = z.string().min(1).max(1000)
const personName = z.string().trim().min(1).max(50)

export const accountSchema = z.strictObject({
  id: uuidSchema,
  account: z.string(),
  name: z.string(),
  role: z.enum(roles),
  organisation: z.strictObject({ id: uuidSchema, name: z.string() }).nullable(),
  disabled: z.boolean(),
  /** Waits for its holder to choose a password. */
  oneTimeUntil: momentSchema.nullable(),
  secondFactor: z.boolean(),
  /** May enter by the identity provider. */
  linked: z.boolean(),
  createdAt: momentSchema,
})
export type AccountView = z.infer<typeof accountSchema>
export const accountListSchema = z.strictObject({ accounts: z.array(accountSchema) })

export const newAccountSchema = z.strictObject({
  account: accountName,
  name: personName,
  role: z.enum(roles),
  organisation: uuidSchema.nullable(),
})
/** The one-time password is shown in this answer and never again. */
export const oneTimeSchema = z.strictObject({ account: accountSchema, oneTimePassword: z.string() })
export const accountChangeSchema = z.strictObject({
  name: personName.optional(),
  role: z.enum(roles).optional(),
  organisation: uuidSchema.nullable().optional(),
  disabled: z.boolean().optional(),
})

export const sessionViewSchema = z.strictObject({
  id: uuidSchema,
  account: uuidSchema,
  address: z.string(),
  program: z.string(),
  since: momentSchema,
  lastUsedAt: momentSchema,
  current: z.boolean(),
})
export const sessionListSchema = z.strictObject({ sessions: z.array(sessionViewSchema) })

/** What anybody may know before signing in. */
export const entranceSchema = z.strictObject({
  node: z.string(),
  name: z.string(),
  /** There is no account yet: the set-up code makes the first. */
  setUp: z.boolean(),
  /** The cookie that came along is that of a session, so a page may ask who is signed in. */
  signedIn: z.boolean(),
  /** Whom to ask for help; empty when the office has not said. */
  contact: z.string(),
  /** What the button says that leads to the identity provider of the office; null without one. */
  oidc: z.strictObject({ zh: z.string(), en: z.string() }).nullable(),
})
export const setUpSchema = z.strictObject({
  code: z.string().max(100),
  account: accountName,
  name: personName,
  password,
})
export const signInSchema = z.strictObject({ account: z.string().max(200), password })
export const signedInSchema = z.strictObject({ state: z.enum(['signed-in', 'second-factor']) })
export const codeSchema = z.union([
  z.strictObject({ code: z.string().regex(/^\d{6}$/) }),
  z.strictObject({ recoveryCode: z.string().min(5).max(40) }),
])
/** Where the browser goes to be vouched for. It comes back to `/oidc` of this node with `code` and `state`. */
export const providerBegunSchema = z.strictObject({ url: z.string() })
export const providerAnswerSchema = z.strictObject({
  code: z.string().min(1).max(4096),
  state: z.string().min(1).max(200),
  iss: z.string().max(500).optional(),
})
/** `not-linked`: the provider knows him, and no account here is his yet; `oidc.link` follows. */
export const providerEnteredSchema = z.strictObject({ state: z.enum(['signed-in', 'not-linked']) })
export const linkCodeSchema = z.strictObject({ code: z.string().min(5).max(40) })
/** Shown in this answer and never again. */
export const linkCodeGivenSchema = z.strictObject({ code: z.string(), until: momentSchema })
/** Who is signed in, and what his screens may show. */
export const whoSchema = z.strictObject({
  account: accountSchema,
  session: uuidSchema,
  /** He came with a one-time password: nothing else is answered until he has chosen his own. */
  mustChangePassword: z.boolean(),
  endsAt: momentSchema,
})
export type Who = z.infer<typeof whoSchema>
export const passwordChangeSchema = z.strictObject({ current: password, next: password })
export const passwordSchema = z.strictObject({ password })
export const secondFactorBegunSchema = z.strictObject({ uri: z.string(), recoveryCodes: z.array(z.string()) })
export const secondFactorCodeSchema = z.strictObject({ code: z.string().regex(/^\d{6}$/) })
