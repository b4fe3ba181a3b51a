/**
 * Configuration: the node's data directory with its config.json, and the few environment variables. The only reader of
 * the environment; everything else receives what it needs.
 */
import { z } from 'zod'
import { nodeIdSchema } from '../protocol/index.ts'

export const configFileSchema = z.strictObject({
  node: nodeIdSchema,
  name: z.string().min(1),
  /** Where peers reach us. */
  federation: z.strictObject({ host: z.string(), port: z.int().min(1).max(65535) }),
  /** The office's own API and screens. Other machines reach them through a proxy that speaks TLS. */
  local: z.strictObject({
    /** 127.0.0.1 unless the proxy is on another machine. */
    host: z.string().optional(),
    port: z.int().min(1).max(65535),
    /** Where browsers reach the screens: `https://…` of the proxy; without it this machine alone. */
    origin: z
      .url({ protocol: /^https?$/ })
      .refine((text) => new URL(text).origin === text)
      .optional(),
  }),
  /** An identity provider (OpenID Connect) that the office's people may sign in with as well. */
  oidc: z
    .strictObject({
      issuer: z.url({ protocol: /^https?$/ }),
      clientId: z.string().min(1),
      /** A file in this folder, or anywhere by its whole path, that holds the secret and nothing else. */
      clientSecretFile: z.string().min(1),
      /** The claim that is the account's name; without it an administrator links accounts by one-time codes. */
      claim: z.string().min(1).optional(),
      /** Beside `openid`: what the claim needs, such as `profile`. */
      scope: z.string().optional(),
      button: z.strictObject({ zh: z.string().min(1), en: z.string().min(1) }),
    })
    .optional(),
  /** Addresses and networks (CIDR) of our proxies: only what they say of where a request comes from is believed. */
  trustedProxies: z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).optional(),
})
export type ConfigFile = z.infer<typeof configFileSchema>

export interface Environment {
  /** A PostgreSQL of the office; without one the node runs its own in the data directory. */
  readonly databaseUrl: string | undefined
  readonly dataDir: string | undefined
  readonly logLevel: string
  /** The folder of the built screens; set by scripts/run.mjs. */
  readonly screens?: string
}

export function readEnvironment(): Environment {
  const { DATABASE_URL: databaseUrl, HUILIU_DATA: dataDir, HUILIU_LOG: logLevel } = process.env
  const screens = process.env['HUILIU_SCREENS']
  return {
    databaseUrl: databaseUrl === '' ? undefined : databaseUrl,
    dataDir: dataDir === '' ? undefined : dataDir,
    logLevel: logLevel === undefined || logLevel === '' ? 'info' : logLevel,
    ...(screens === undefined || screens === '' ? {} : { screens }),
  }
}

/** Files of a data directory. */
export const dataFiles = {
  config: 'config.json',
  keys: 'keys/keyring.json',
  token: 'keys/local-token',
  /** A folder: how far this node has ever signed. Not to be put back together with the database. */
  heads: 'heads',
} as const
