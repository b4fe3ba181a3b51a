/** What the command line is lent by main.ts, and what each group of commands gets. */
import { type Command } from 'commander'
import { type ConfigFile } from '../config.ts'
import { type ApiAddress, type ApiClient } from './client.ts'

export interface CliParts {
  readonly dataDirFromEnvironment: string | undefined
  readonly init: (dataDir: string, config: ConfigFile) => Promise<{ kid: string }>
  readonly start: (dataDir: string) => Promise<void>
  readonly address: (dataDir: string) => Promise<ApiAddress>
  readonly print: (text: string) => void
}

/** A command under which others are hung, with the running node to ask and where to print. */
export interface Group {
  readonly program: Command
  readonly client: () => Promise<ApiClient>
  readonly print: (text: string) => void
}

/** Something a person mistyped, said in one sentence. */
export class UsageError extends Error {}
