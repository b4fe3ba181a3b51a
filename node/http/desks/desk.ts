/** What a desk needs beside its pages: what it keeps, the pulse, and exports that a second person allows. */
import {
  pulseKinds,
  pulseReaders,
  type ExportRequest,
  type PulseKind,
  type Role,
  type Uuid,
} from '../../../protocol/index.ts'
import { type Request } from '../../exports/index.ts'
import { signedIn, type Caller, type Desk, type OfficeDoors } from '../route.ts'
import { countOf, workbookOf } from './exports.ts'

type DeskRoute =
  | 'kept.get'
  | 'kept.put'
  | 'kept.drop'
  | 'pulse.look'
  | 'exports.ask'
  | 'exports.list'
  | 'exports.decide'
  | 'exports.fetch'

/** See deciders in protocol/desk-routes.ts. */
const deciders: readonly string[] = ['administrator', 'officer'] satisfies Role[]

export function deskDesk(doors: OfficeDoors): Desk<DeskRoute> {
  return { ...keeping(doors), ...pulse(doors), ...largeExports(doors) }
}

function keeping({ kept }: OfficeDoors) {
  return {
    'kept.get': async (call) => ({
      items: await kept.list(signedIn(call).account.id, call.body.kind, call.body.key),
    }),
    'kept.put': async (call) => {
      const { value, ...place } = call.body
      return { at: await kept.put(signedIn(call).account.id, place, value) }
    },
    'kept.drop': async (call) => {
      await kept.drop(signedIn(call).account.id, call.body)
      return {}
    },
  } satisfies Partial<Desk<DeskRoute>>
}

function pulse({ pulses }: OfficeDoors) {
  return {
    'pulse.look': async ({ caller: { role } }) => {
      const stamps = await pulses.now()
      const seen = (kind: PulseKind) => role !== 'stranger' && pulseReaders[kind].includes(role)
      return {
        stamps: Object.fromEntries(
          pulseKinds.map((kind) => [kind, seen(kind) ? stamps[kind] : '']),
        ) as Record<PulseKind, string>,
      }
    },
  } satisfies Partial<Desk<DeskRoute>>
}

function largeExports(doors: OfficeDoors) {
  const { exports, accounts } = doors
  const view = async (request: Request, caller: Caller) =>
    requestView(request, caller, new Map((await accounts.list()).map(({ id, name }) => [id, name])))
  return {
    'exports.ask': async (call) => {
      const { account } = signedIn(call)
      const rows = await countOf(doors, call.body.wanted, call.part)
      return view(await exports.ask(account, { ...call.body, rows }), call.caller)
    },
    'exports.list': async ({ caller }) => {
      const names = new Map((await accounts.list()).map(({ id, name }) => [id, name]))
      const views = (await exports.recent()).map((request) => requestView(request, caller, names))
      return { requests: views.filter(({ own }) => own || deciders.includes(caller.role)) }
    },
    'exports.decide': async (call) => {
      const { account } = signedIn(call)
      return view(await exports.decide(account, call.params.id, call.body.approve), call.caller)
    },
    'exports.fetch': async (call) => {
      const wanted = await exports.take(signedIn(call).account, call.params.id)
      return workbookOf(doors, wanted, call.part)
    },
  } satisfies Partial<Desk<DeskRoute>>
}

/** What of a query names no person. */
const shownFields = ['side', 'peer', 'meaning', 'organisation', 'year'] as const

function requestView(
  { row, wanted, words, state, untilMs }: Request,
  { role, signedIn: who }: Caller,
  names: ReadonlyMap<Uuid, string>,
): ExportRequest {
  const query: Readonly<Record<string, unknown>> = wanted.query
  const own = row.account === who?.account.id
  const moment = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())
  return {
    id: row.id,
    list: wanted.list,
    query: Object.fromEntries(
      shownFields.flatMap((field) => {
        const value = query[field]
        return typeof value === 'string' || typeof value === 'number' ? [[field, value]] : []
      }),
    ),
    searched: query['search'] !== undefined,
    ...{ rows: row.rows, purpose: row.purpose as ExportRequest['purpose'], words, state, own },
    askedAt: new Date(row.askedMs).toISOString(),
    askedBy: { id: row.account, name: names.get(row.account) ?? '', role: row.role },
    mayDecide: !own && state === 'waiting' && deciders.includes(role),
    decidedAt: moment(row.decidedMs),
    decidedBy: row.decidedBy === null ? null : (names.get(row.decidedBy) ?? ''),
    until: new Date(untilMs).toISOString(),
    fetched: row.fetched,
  }
}
