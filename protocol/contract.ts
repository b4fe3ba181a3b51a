/**
 * What a route of the local API states of itself: who may call it, on whose people, what goes in and out, whether it
 * changes anything, and whether it is audited. A node serves nothing that has no such row, and the documents, the
 * client and the tests of authorisation are made from these rows.
 */
import * as z from 'zod'
import { roles } from './accounts.ts'

/** `operator` is whoever holds the token of this machine: the command line. */
export const callers = [...roles, 'operator'] as const
export type CallerRole = (typeof callers)[number]

/** Who may call: anybody before signing in, whoever is signed in, or these roles. */
export type Access = 'anyone' | 'signed-in' | readonly CallerRole[]

/**
 * Whose people it concerns. `none`: nobody's. `region`: those of the whole region, so no role of one organisation may
 * call it. `part`: the answer holds what belongs to the caller's part. The others: what the path names, or the body's
 * organisation, must belong to the caller's part, else it does not exist for him.
 */
export const scopes = ['none', 'region', 'part', 'case', 'member', 'arrival', 'organisation'] as const
export type Scope = (typeof scopes)[number]

/**
 * What another site could make a browser do. `read` has no effect; `query` has none either and asks in a body, because
 * names and numbers stand in no address; `json` and `file` have one. All but `read` are heard from our pages alone.
 */
export type CsrfClass = 'read' | 'query' | 'json' | 'file'

/** Why it is written down: it changes something, shows what is masked, or lets data out. */
export type Audited = 'change' | 'reveal' | 'export'

export interface RouteContract {
  readonly method: 'GET' | 'POST'
  /** With `:name` for what `params` names. */
  readonly path: string
  readonly zh: string
  readonly en: string
  readonly access: Access
  readonly scope: Scope
  readonly csrf: CsrfClass
  readonly audit: Audited | null
  /** Members of the body that are written into the audit as they are; none of them names a person. */
  readonly noted?: readonly string[]
  /** Answered also to who came with a one-time password. */
  readonly beforePassword?: true
  /** Asked by the page and not by a person: it does not keep a session from being idle. */
  readonly background?: true
  readonly params?: z.ZodType<object>
  readonly query?: z.ZodType<object>
  readonly body?: z.ZodType
  readonly answer: z.ZodType | 'text' | 'html' | 'xlsx'
}

type Out<T> = T extends z.ZodType ? z.output<T> : Record<never, never>
export type ParamsOf<C extends RouteContract> = C extends { params: infer P } ? Out<P> : Record<never, never>
export type QueryOf<C extends RouteContract> = C extends { query: infer Q } ? Out<Q> : Record<never, never>
export type RequestOf<C extends RouteContract> = C extends { csrf: 'file' }
  ? Uint8Array
  : C extends { body: infer B }
    ? Out<B>
    : undefined
export type AnswerOf<C extends RouteContract> = C['answer'] extends 'text' | 'html'
  ? string
  : C['answer'] extends 'xlsx'
    ? Uint8Array
    : Out<C['answer']>

/** A keyset page: what `next` names is asked for as `after`. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.strictObject({ items: z.array(item), next: z.string().nullable() })
}
export const pageQuery = {
  after: z.string().min(1).max(300).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
}
