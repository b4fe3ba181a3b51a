/**
 * The guard of every route: who asks, whether this is for him, and on whose people. It stands in front of each handler
 * by its row in the route table, never by the beginning of a path (attacks.md W6).
 *
 * What is not for the caller answers as what does not exist, and is written into the audit (W1).
 */
import { timingSafeEqual } from 'node:crypto'
import { type Access, type RouteContract, type Scope, type Uuid } from '../../protocol/index.ts'
import { type SignIn, type Visitor } from '../accounts/index.ts'
import { DomainError, type ErrorCode } from '../errors.ts'
import { type Region } from '../region.ts'
import { type NodeContext } from './body.ts'
import { isWithin, type Caller, type Part } from './route.ts'

export interface Asking {
  readonly caller: Caller
  readonly cookies: readonly string[]
}

/** By the token of this machine, else by the session cookie. */
export async function whoAsks(
  context: NodeContext,
  visitor: Visitor,
  signIn: SignIn,
  token: string,
  background: boolean,
): Promise<Asking> {
  const given = context.req.header('authorization')
  if (given !== undefined) {
    const role = isToken(given, token) ? 'operator' : 'stranger'
    return { caller: { role, signedIn: undefined }, cookies: [] }
  }
  const { value, cookies } = await signIn.session(visitor, { background })
  const role = value ? (value.account.role as Caller['role']) : 'stranger'
  return { caller: { role, signedIn: value }, cookies }
}

function isToken(header: string, token: string): boolean {
  const given = Buffer.from(header)
  const wanted = Buffer.from(`Bearer ${token}`)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

/** Undefined when the route is for this caller; else what he is told. */
export function refusalOf({ access, beforePassword }: RouteContract, caller: Caller): ErrorCode | undefined {
  if (access === 'anyone') return undefined
  if (caller.role === 'stranger') return 'unauthorised'
  if (!isFor(access, caller)) return 'not_found'
  const mustChange = caller.signedIn !== undefined && caller.signedIn.account.oneTimeUntil !== null
  return mustChange && beforePassword !== true ? 'password_change_needed' : undefined
}

function isFor(access: Exclude<Access, 'anyone'>, { role, signedIn }: Caller): boolean {
  if (access === 'signed-in') return signedIn !== undefined
  return (access as readonly string[]).includes(role)
}

/** Whose people the caller may see, read anew for every request. */
export async function partOf(region: Region, { role, signedIn }: Caller): Promise<Part> {
  if (role === 'stranger') return new Set()
  if (role !== 'committee' && role !== 'branch') return 'all'
  const own = signedIn?.account.organisation ?? ''
  return region.store.read((reader) => region.organisations.withAllBelow(reader, own))
}

type Named = Extract<Scope, 'case' | 'member' | 'arrival' | 'organisation'>
const missing: Record<Named, ErrorCode> = {
  case: 'case_not_found',
  member: 'member_not_found',
  arrival: 'arrival_not_found',
  organisation: 'organisation_not_found',
}

/** The code with which what the path names is denied: it is not there, or it is none of the caller's people. */
export async function beyondPart(
  region: Region,
  scope: Scope,
  id: Uuid | undefined,
  part: Part,
): Promise<ErrorCode | undefined> {
  if (part === 'all' || !(scope in missing) || id === undefined) return undefined
  const found = await organisationOf(region, scope as Named, id)
  return isWithin(part, found) ? undefined : missing[scope as Named]
}

async function organisationOf(region: Region, scope: Named, id: Uuid): Promise<Uuid | null | undefined> {
  return region.store.read(async (reader) => {
    switch (scope) {
      case 'case':
        return (await region.cases.get(reader, id))?.row.organisation
      case 'member':
        return (await region.members.get(reader, id))?.branch
      case 'arrival':
        return (await region.host.arrival(reader, id))?.branch
      case 'organisation':
        return (await region.organisations.get(reader, id))?.id
    }
  })
}

/** Reads what the path and the query bring, each by its schema; throws what such a mistake is told as. */
export function read<T>(
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } } | undefined,
  value: unknown,
  fault: ErrorCode,
): T {
  if (!schema) return {} as T
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new DomainError(fault)
  return parsed.data
}
