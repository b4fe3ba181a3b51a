/**
 * The office's own API: what the command line does by the token of this machine, and the screens by their sessions.
 * Every route is a row of protocol/'s route table and has its handler here; there is no other way in. No personal data
 * stands in a URL; errors come in both languages.
 */
import { type HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import {
  routes,
  type AuditEntry,
  type CallerRole,
  type RouteContract,
  type RouteName,
} from '../../protocol/index.ts'
import { type Account, type Visitor } from '../accounts/index.ts'
import { DomainError } from '../errors.ts'
import { defect } from '../log.ts'
import { readBody, type NodeContext } from './body.ts'
import { accountDesk } from './desks/accounts.ts'
import { backDesk } from './desks/back.ts'
import { contractDesk, contractPagePolicy } from './desks/contract.ts'
import { deskDesk } from './desks/desk.ts'
import { caseHandlers } from './desks/cases.ts'
import { entranceDesk } from './desks/entrance.ts'
import { exportDesk } from './desks/exports.ts'
import { nodeDesk } from './desks/node.ts'
import { pageDesk } from './desks/pages.ts'
import { workDesk } from './desks/work.ts'
import { describeError, domain, failureAnswer } from './errors.ts'
import { beyondPart, partOf, read, refusalOf, whoAsks, type Asking } from './guard.ts'
import { jsonBody, type App } from './parameters.ts'
import { type Rates } from '../rates.ts'
import { watchReveals } from './reveals.ts'
import { type Call, type Caller, type Handlers, type OfficeDoors } from './route.ts'

/** Workbooks are at most 10 MB packed (node/workbooks/archive.ts); a little more, so that the clear refusal is theirs. */
const fileBytes = 11 * 1024 * 1024
/** Characters of one word of a request that the audit keeps. */
const notedLength = 200

export function officeApp(doors: OfficeDoors): App {
  const app: App = new Hono<{ Bindings: HttpBindings }>()
  const headers = Object.entries(doors.site.headers())
  app.use(async (context, next) => {
    for (const [name, value] of headers) context.header(name, value)
    await next()
  })
  const handlers: Handlers = {
    ...entranceDesk(doors),
    ...accountDesk(doors),
    ...nodeDesk(doors),
    ...caseHandlers(doors),
    ...pageDesk(doors),
    ...workDesk(doors),
    ...exportDesk(doors),
    ...backDesk(doors),
    ...deskDesk(doors),
    ...contractDesk(),
  }
  // A path without a name in it before one with, so that none is taken for an id.
  const names = (Object.keys(routes) as RouteName[]).sort(
    (a, b) => Number(routes[a].path.includes(':')) - Number(routes[b].path.includes(':')),
  )
  for (const name of names) {
    const contract: RouteContract = routes[name]
    const handler = handlers[name] as (call: Call<RouteContract>) => Promise<unknown>
    app.on(contract.method, contract.path, (context) => serve(doors, name, contract, handler, context))
  }
  if (doors.screens) app.route('/', doors.screens)
  app.notFound(async (context) => {
    const { caller } = await asking(doors, context, { csrf: 'read' })
    const { status, body } = domain(caller.role === 'stranger' ? 'unauthorised' : 'not_found')
    return context.json(body, status)
  })
  app.onError((error, context) => told(doors, context, error))
  return app
}

function told({ log, region }: OfficeDoors, context: NodeContext, error: unknown): Response {
  const known = describeError(error)
  const { status, body } = known ?? failureAnswer(error, region.ids.next())
  if (!known) log.error('a local request failed', { ...defect(error), id: body.error.id ?? '' })
  if (body.error.seconds !== undefined) context.header('retry-after', String(body.error.seconds))
  return context.json(body, status)
}

/** Who asks, after what says nothing of persons: is the request one of ours, and has its sender not asked too much. */
async function asking(
  { site, rates, signIn, token, addresses }: OfficeDoors,
  context: NodeContext,
  { csrf, background }: Pick<RouteContract, 'csrf' | 'background'>,
): Promise<Asking & { visitor: Visitor }> {
  const visitor = visitorOf(context, addresses.of(context.env.incoming))
  if (context.req.header('authorization') === undefined) {
    const refused = site.refusal(csrf, (name) => context.req.header(name))
    if (refused !== undefined) throw new DomainError(refused)
  }
  const asked = await whoAsks(context, visitor, signIn, token, background === true)
  if (asked.caller.role === 'stranger') rates.stranger(visitor.address)
  return { ...asked, visitor }
}

/** The steps of every request, in this order: who, may he, what does he bring, on whose people, written down, done. */
async function serve(
  doors: OfficeDoors,
  name: RouteName,
  contract: RouteContract,
  handler: (call: Call<RouteContract>) => Promise<unknown>,
  context: NodeContext,
): Promise<Response> {
  const { caller, cookies, visitor } = await asking(doors, context, contract)
  for (const cookie of cookies) context.header('set-cookie', cookie, { append: true })
  const subject = Object.values(context.req.param())[0]?.slice(0, 64) ?? ''
  const note = (outcome: string, more: { about?: number; detail?: AuditEntry['detail'] } = {}) =>
    doors.audit.note({ ...actorOf(caller, visitor), action: name, subject, outcome, ...more })
  const account = caller.signedIn?.account.id
  // Before what is not for him is written down: whoever goes on and on asking for it does not fill the audit.
  if (account !== undefined) await withinRates(doors.rates, account, contract, note)
  const refused = refusalOf(contract, caller)
  if (refused === 'not_found') await note('not_for_role')
  if (refused !== undefined) throw new DomainError(refused)
  const call = await callOf(doors, contract, context, caller, visitor)
  const beyond = await beyondPart(doors.region, contract.scope, context.req.param('id'), call.part)
  if (beyond !== undefined) {
    await note('not_in_part')
    throw new DomainError(beyond)
  }
  const run = async () => {
    if (account === undefined) return handler(call)
    if (contract.audit === 'reveal') await watchReveals(doors, account)
    return doors.rates.timed(account, () => handler(call))
  }
  const value = contract.audit === null ? await run() : await audited(note, detailOf(contract, call), run)
  doors.onAnswer?.(name, value)
  return answer(context, contract, value)
}

/** Whoever reads out the register number by number is stopped, and the audit says so (attacks.md W18). */
async function withinRates(
  rates: Rates,
  account: string,
  contract: RouteContract,
  note: (outcome: string) => Promise<number>,
): Promise<void> {
  try {
    rates.account(account, contract)
  } catch (error) {
    const shows = contract.audit === 'reveal' || contract.audit === 'export'
    if (shows && rates.worthNoting(account)) await note('rate_limited')
    throw error
  }
}

/** Writes down that it begins, and how it ended. */
async function audited<T>(
  note: (outcome: string, more?: { about?: number; detail?: AuditEntry['detail'] }) => Promise<number>,
  detail: AuditEntry['detail'],
  work: () => Promise<T>,
): Promise<T> {
  const about = await note('begun', { detail })
  try {
    const value = await work()
    await note('done', { about })
    return value
  } catch (error) {
    await note(describeError(error)?.body.error.code ?? 'internal', { about })
    throw error
  }
}

async function callOf(
  doors: OfficeDoors,
  contract: RouteContract,
  context: NodeContext,
  caller: Caller,
  visitor: Visitor,
): Promise<Call<RouteContract>> {
  const params = read(contract.params, context.req.param(), 'not_found')
  const query = read(contract.query, context.req.query(), 'bad_request')
  const body = contract.csrf === 'file' ? await fileBody(context) : await formBody(contract, context)
  return {
    ...{ params, query, caller, visitor },
    body: body as undefined,
    part: await partOf(doors.region, caller),
    text: (header) => headerText(context, header),
    set: (cookies) => {
      for (const cookie of cookies) context.header('set-cookie', cookie, { append: true })
    },
    note: async (action, account: Account | undefined, outcome) => {
      const role = (account?.role ?? 'stranger') as CallerRole | 'stranger'
      const who = { account: account?.id ?? '', role, address: visitor.address } as const
      await doors.audit.note({ ...who, action, subject: account?.id ?? '', outcome })
    },
  }
}

function actorOf({ role, signedIn }: Caller, { address }: Visitor) {
  return { account: signedIn?.account.id ?? '', role, address } as const
}

/** Words of the request that its row lets into the audit. */
function detailOf({ noted = [] }: RouteContract, { params, query, body }: Call<RouteContract>) {
  const given = { ...params, ...query, ...(body as object | undefined) } as Record<string, unknown>
  const detail: AuditEntry['detail'] = {}
  for (const field of noted) {
    const value = given[field]
    if (typeof value === 'string') detail[field] = value.slice(0, notedLength)
    else if (typeof value === 'boolean' || value === null || Number.isInteger(value))
      detail[field] = value as boolean | null | number
  }
  return detail
}

async function fileBody(context: NodeContext): Promise<Uint8Array> {
  const body = await readBody(context, fileBytes)
  if (!body.ok) throw new DomainError(body.why === 'too_large' ? 'too_large' : 'bad_request')
  return body.bytes
}

async function formBody({ body }: RouteContract, context: NodeContext): Promise<unknown> {
  return body ? jsonBody(context, body) : undefined
}

function answer(context: NodeContext, { answer: kind }: RouteContract, value: unknown): Response {
  if (kind === 'text') return context.text(value as string)
  if (kind === 'html') {
    context.header('content-security-policy', contractPagePolicy)
    return context.html(value as string)
  }
  if (kind !== 'xlsx') return context.json(value as object)
  context.header('content-type', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet')
  return context.body(new Uint8Array(value as Uint8Array))
}

function visitorOf(context: NodeContext, address: string): Visitor {
  return {
    cookie: context.req.header('cookie') ?? '',
    address,
    userAgent: context.req.header('user-agent') ?? '',
  }
}

/** A text in a header, percent-encoded because headers are ASCII; it is no part of the URL, which may be logged. */
function headerText(context: NodeContext, name: string): string | undefined {
  const value = context.req.header(name)
  try {
    return value === undefined ? undefined : decodeURIComponent(value)
  } catch {
    throw new DomainError('bad_request')
  }
}
