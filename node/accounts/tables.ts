/**
 * Accounts of the office's people and what their signing in needs. The field names are those the sign-in library uses;
 * every moment is in milliseconds since 1970.
 */
import { boolean, index, integer, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { whole } from '../store/columns.ts'

export const accounts = pgTable(
  'accounts',
  {
    id: text('id').primaryKey(),
    /** What the person signs in with, in lower case. */
    username: text('username').notNull(),
    /** The person's name, for lists and the audit. */
    name: text('name').notNull(),
    /** The library wants one; ours is made from the id and leads nowhere. */
    email: text('email').notNull(),
    emailVerified: boolean('email_verified').notNull(),
    image: text('image'),
    /** See roles in protocol/accounts.ts. */
    role: text('role').notNull(),
    /** The committee or branch it works for; null for those who work for the whole region. */
    organisation: text('organisation'),
    disabled: boolean('disabled').notNull(),
    /** A one-time password given by an administrator is good for one thing only: choosing another, until then. */
    oneTimeUntil: whole('one_time_until'),
    twoFactorEnabled: boolean('two_factor_enabled').notNull(),
    createdAt: whole('created_at').notNull(),
    updatedAt: whole('updated_at').notNull(),
  },
  (t) => [uniqueIndex('accounts_username').on(t.username), uniqueIndex('accounts_email').on(t.email)],
)

/** Passwords (hashed), and the name under which an identity provider knows an account. */
export const credentials = pgTable(
  'credentials',
  {
    id: text('id').primaryKey(),
    userId: text('user_id').notNull(),
    providerId: text('provider_id').notNull(),
    accountId: text('account_id').notNull(),
    password: text('password'),
    accessToken: text('access_token'),
    refreshToken: text('refresh_token'),
    idToken: text('id_token'),
    accessTokenExpiresAt: whole('access_token_expires_at'),
    refreshTokenExpiresAt: whole('refresh_token_expires_at'),
    scope: text('scope'),
    createdAt: whole('created_at').notNull(),
    updatedAt: whole('updated_at').notNull(),
  },
  (t) => [
    index('credentials_user').on(t.userId),
    uniqueIndex('credentials_account').on(t.providerId, t.accountId),
  ],
)

export const sessions = pgTable(
  'sessions',
  {
    id: text('id').primaryKey(),
    userId: text('user_id').notNull(),
    /** SHA-256 of the token in the cookie: a copied database opens no session. */
    token: text('token').notNull(),
    /** Idle until then; each use moves it. */
    expiresAt: whole('expires_at').notNull(),
    ipAddress: text('ip_address'),
    userAgent: text('user_agent'),
    createdAt: whole('created_at').notNull(),
    updatedAt: whole('updated_at').notNull(),
  },
  (t) => [uniqueIndex('sessions_token').on(t.token), index('sessions_user').on(t.userId)],
)

/** Steps of a signing-in under way: the second factor that is awaited, the state of a provider's redirect. */
export const challenges = pgTable(
  'challenges',
  {
    id: text('id').primaryKey(),
    identifier: text('identifier').notNull(),
    value: text('value').notNull(),
    expiresAt: whole('expires_at').notNull(),
    createdAt: whole('created_at').notNull(),
    updatedAt: whole('updated_at').notNull(),
  },
  (t) => [index('challenges_identifier').on(t.identifier), index('challenges_expiry').on(t.expiresAt)],
)

export const secondFactors = pgTable(
  'second_factors',
  {
    id: text('id').primaryKey(),
    userId: text('user_id').notNull(),
    /** Encrypted under a key derived from the keyring's. */
    secret: text('secret').notNull(),
    /** Keyed digests of the recovery codes not used yet, as JSON. */
    backupCodes: text('backup_codes').notNull(),
    verified: boolean('verified').notNull(),
    failedVerificationCount: integer('failed_verification_count'),
    lockedUntil: whole('locked_until'),
  },
  (t) => [uniqueIndex('second_factors_user').on(t.userId)],
)

/** Second-factor codes that were given in, each good once within the time it could hold. */
export const usedCodes = pgTable(
  'used_codes',
  {
    account: text('account').notNull(),
    code: text('code').notNull(),
    expiresMs: whole('expires_ms').notNull(),
  },
  (t) => [primaryKey({ columns: [t.account, t.code] }), index('used_codes_expiry').on(t.expiresMs)],
)
