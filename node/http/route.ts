/** What a handler of the route table is given and gives: typed by its row, so none can be missing or answer otherwise. */
import {
  type AnswerOf,
  type CallerRole,
  type ParamsOf,
  type QueryOf,
  type RequestOf,
  type RouteContract,
  type RouteName,
  type Routes,
  type Uuid,
} from '../../protocol/index.ts'
import {
  type Account,
  type Accounts,
  type ProviderEntrance,
  type SignedIn,
  type SignIn,
  type Visitor,
} from '../accounts/index.ts'
import { type Audit } from '../audit/index.ts'
import { DomainError } from '../errors.ts'
import { type Exports } from '../exports/index.ts'
import { type Kept } from '../kept/index.ts'
import { type Log } from '../log.ts'
import { type Counts, type Pages, type Pulses } from '../pages/index.ts'
import { type Rates } from '../rates.ts'
import { type Region } from '../region.ts'
import { type Settings } from '../settings/index.ts'
import { type Tree } from '../tree/index.ts'
import { type Addresses } from './addresses.ts'
import { type CaseDesk } from './case-desk.ts'
import { type App } from './parameters.ts'
import { type Site } from './site.ts'

export interface OfficeDoors {
  readonly region: Region
  readonly desk: CaseDesk
  readonly accounts: Accounts
  readonly signIn: SignIn
  readonly audit: Audit
  readonly pages: Pages
  readonly counts: Counts
  readonly pulses: Pulses
  readonly kept: Kept
  readonly exports: Exports
  readonly settings: Settings
  readonly tree: Tree
  /** By the office's identity provider, where the configuration names one. */
  readonly entrance: ProviderEntrance | undefined
  /** What of the configuration a page shows. */
  readonly configured: { readonly origin: string; readonly trustedProxies: string[] }
  readonly token: string
  readonly site: Site
  readonly rates: Rates
  readonly addresses: Addresses
  readonly federationUrl: string
  readonly log: Log
  /** The screens; without them the API alone is served. */
  readonly screens?: App
  /** Sees every answer before it leaves; tests hold it against the row's schema. */
  readonly onAnswer?: (name: RouteName, value: unknown) => void
}

/** Who asks: an account through its session, the token of this machine, or nobody yet. */
export interface Caller {
  readonly role: CallerRole | 'stranger'
  readonly signedIn: SignedIn | undefined
}

/** Whose people the caller may see: everybody's, or those of these organisations. */
export type Part = 'all' | ReadonlySet<Uuid>

export interface Call<C extends RouteContract> {
  readonly params: ParamsOf<C>
  readonly query: QueryOf<C>
  readonly body: RequestOf<C>
  readonly caller: Caller
  readonly part: Part
  readonly visitor: Visitor
  /** A header of the request, percent-decoded: texts that must not stand in a URL come in headers. */
  text(header: string): string | undefined
  /** Cookies to set with the answer. */
  set(cookies: readonly string[]): void
  /** Writes into the audit what the table cannot know, such as who signed in. */
  note(action: string, account: Account | undefined, outcome: string): Promise<void>
}

export type Handlers = {
  readonly [K in RouteName]: (call: Call<Routes[K]>) => Promise<AnswerOf<Routes[K]>>
}
/** The handlers of some routes; together they must be all. */
export type Desk<K extends RouteName> = Pick<Handlers, K>

/** The session of a route that only who is signed in reaches. */
export function signedIn({ caller }: { caller: Caller }): SignedIn {
  if (!caller.signedIn) throw new DomainError('unauthorised')
  return caller.signedIn
}

export function isWithin(part: Part, organisation: Uuid | null | undefined): boolean {
  return part === 'all' || (organisation != null && part.has(organisation))
}
