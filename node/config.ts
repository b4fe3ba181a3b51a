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
  /** The office's own API: this machine only, until accounts exist. */
  local: z.strictObject({ port: z.int().min(1).max(65535) }),
})
export type ConfigFile = z.infer<typeof configFileSchema>

export interface Environment {
  /** A PostgreSQL of the office; without one the node runs its own in the data directory. */
  readonly databaseUrl: string | undefined
  readonly dataDir: string | undefined
  readonly logLevel: string
}

export function readEnvironment(): Environment {
  const { DATABASE_URL: databaseUrl, HUILIU_DATA: dataDir, HUILIU_LOG: logLevel } = process.env
  return {
    databaseUrl: databaseUrl === '' ? undefined : databaseUrl,
    dataDir: dataDir === '' ? undefined : dataDir,
    logLevel: logLevel === undefined || logLevel === '' ? 'info' : logLevel,
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
