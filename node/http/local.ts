/**
 * The office's own API, on 127.0.0.1 and behind a token: what the command line does, and later the screens. Its shapes
 * are protocol/'s admin contract. No personal data stands in a URL; errors come in both languages.
 */
import { timingSafeEqual } from 'node:crypto'
import { type HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { z } from 'zod'
import {
  activitySchema,
  bodySchemas,
  dayOrMonthSchema,
  importKinds,
  lineSchema,
  nodeIdSchema,
  uuidSchema,
  type BodyOf,
} from '../../protocol/index.ts'
import { DomainError } from '../errors.ts'
import { defect, type Log } from '../log.ts'
import { type Region } from '../region.ts'
import { type CaseDesk } from './case-desk.ts'
import { readBody, type NodeContext } from './body.ts'
import { describeError, domain } from './errors.ts'
import { comparePeer, nodeInfo, peerStates } from './overview.ts'
import { idOf, jsonBody, peerNode, type App } from './parameters.ts'
import { streamRoutes } from './streams.ts'

/** Workbooks are at most 10 MB packed (node/workbooks/archive.ts); a little more, so that the clear refusal is theirs. */
const fileBytes = 11 * 1024 * 1024

export interface LocalDoors {
  readonly region: Region
  readonly desk: CaseDesk
  readonly token: string
  readonly federationUrl: string
  readonly log: Log
}

export function localApp(doors: LocalDoors): App {
  const app: App = new Hono<{ Bindings: HttpBindings }>()
  app.use('/api/*', async (context, next) => {
    context.header('cache-control', 'no-store')
    if (!authorised(context, doors.token)) throw new DomainError('unauthorised')
    await next()
  })
  nodeRoutes(app, doors)
  peerRoutes(app, doors)
  importRoutes(app, doors)
  caseRoutes(app, doors)
  streamRoutes(app, doors.region)
  app.notFound((context) => context.json(domain('not_found').body, 404))
  app.onError((error, context) => {
    const told = describeError(error)
    if (!told) doors.log.error('a local request failed', defect(error))
    const { status, body } = told ?? domain('internal')
    return context.json(body, status)
  })
  return app
}

function nodeRoutes(app: App, { region, federationUrl }: LocalDoors): void {
  app.get('/api/node', async (context) => context.json(await nodeInfo(region, federationUrl)))
  app.get('/api/card', (context) => context.json(region.agreements.card()))
}

function peerRoutes(app: App, { region }: LocalDoors): void {
  app.get('/api/peers', async (context) => context.json({ peers: await peerStates(region) }))
  app.post('/api/peers/propose', async (context) => {
    const terms = {
      fingerprint: z.string(),
      replyDays: z.int(),
      queriesPerDay: z.int(),
      years: z.int().min(1).max(10),
    }
    const body = await jsonBody(context, z.strictObject({ card: z.unknown(), ...terms }))
    const document = region.agreements.propose(region.crypto, body.card, body.fingerprint, body)
    return context.json({ document })
  })
  app.post('/api/peers/sign', async (context) => {
    const body = await jsonBody(
      context,
      z.strictObject({ document: z.string(), url: z.url(), fingerprint: z.string() }),
    )
    return context.json(await region.sign(body))
  })
  app.post('/api/peers/:node/pause', async (context) => {
    const { paused } = await jsonBody(context, z.strictObject({ paused: z.boolean() }))
    const node = peerNode(context)
    if (!(await region.agreements.pause(node, paused))) throw new DomainError('peer_not_found')
    region.courier.wake(node)
    return context.json({ paused })
  })
  app.get('/api/peers/:node/comparison', async (context) => {
    const home = context.req.query('home') ?? region.self
    return context.json(await comparePeer(region, peerNode(context), home))
  })
}

function importRoutes(app: App, { region }: LocalDoors): void {
  app.post('/api/imports/:kind', async (context) => {
    const kind = z.enum(importKinds).safeParse(context.req.param('kind'))
    if (!kind.success) throw new DomainError('not_found')
    const body = await readBody(context, fileBytes)
    if (!body.ok) throw new DomainError(body.why === 'too_large' ? 'too_large' : 'bad_request')
    const dryRun = context.req.query('dryRun') === 'true'
    const fileName = headerText(context, 'x-file-name') ?? 'workbook'
    const sheet = headerText(context, 'x-sheet')
    return context.json(
      await region.imports.run({ kind: kind.data, bytes: body.bytes, fileName, dryRun, sheet }),
    )
  })
  app.get('/api/imports/:id', async (context) => context.json(await region.imports.status(idOf(context))))
  app.get('/api/imports/:id/held.xlsx', async (context) => {
    const bytes = await region.imports.heldWorkbook(idOf(context))
    context.header('content-type', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet')
    return context.body(new Uint8Array(bytes))
  })
}

function caseRoutes(app: App, { desk }: LocalDoors): void {
  const caseQuery = z.object({
    peer: nodeIdSchema.optional(),
    home: nodeIdSchema.optional(),
    after: uuidSchema.optional(),
  })
  const placing = z.strictObject({ branch: lineSchema, on: dayOrMonthSchema.optional() })
  const correction = z.strictObject({ corrects: uuidSchema, activity: activitySchema.nullable() })
  app.get('/api/cases', async (context) => {
    const query = caseQuery.safeParse(context.req.query())
    if (!query.success) throw new DomainError('bad_request')
    const { peer, home, after } = query.data
    return context.json(await desk.list({ peer, home, after: after ?? null }))
  })
  app.get('/api/cases/:id', async (context) => context.json(await desk.detail(idOf(context))))
  app.get('/api/cases/:id/shared', async (context) => context.text(await desk.shared(idOf(context))))
  app.get('/api/cases/:id/evidence', async (context) => context.json(await desk.evidence(idOf(context))))
  app.post('/api/cases/:id/amend', async (context) =>
    context.json(await desk.amend(idOf(context), await body(context, 'flow.amended'))),
  )
  app.post('/api/cases/:id/return', async (context) =>
    context.json(await desk.registerReturn(idOf(context), await body(context, 'flow.returned'))),
  )
  app.post('/api/cases/:id/close', async (context) =>
    context.json(await desk.close(idOf(context), await body(context, 'flow.closed'))),
  )
  app.post('/api/cases/:id/notice', async (context) =>
    context.json(await desk.notify(idOf(context), await body(context, 'notice.sent'))),
  )
  app.post('/api/cases/:id/place', async (context) =>
    context.json(await desk.place(idOf(context), await jsonBody(context, placing))),
  )
  app.post('/api/cases/:id/depart', async (context) =>
    context.json(await desk.depart(idOf(context), await body(context, 'flow.departed'))),
  )
  app.post('/api/cases/:id/dispute', async (context) =>
    context.json(await desk.dispute(idOf(context), await body(context, 'flow.disputed'))),
  )
  app.post('/api/cases/:id/activities', async (context) =>
    context.json(await desk.report(idOf(context), await jsonBody(context, activitySchema))),
  )
  app.post('/api/cases/:id/erase', async (context) => context.json(await desk.erase(idOf(context))))
  app.post('/api/cases/:id/corrections', async (context) =>
    context.json(await desk.correct(idOf(context), await jsonBody(context, correction))),
  )
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

function body<
  T extends
    'flow.amended' | 'flow.returned' | 'flow.closed' | 'notice.sent' | 'flow.departed' | 'flow.disputed',
>(context: NodeContext, type: T): Promise<BodyOf<T>> {
  return jsonBody(context, bodySchemas[type] as unknown as z.ZodType<BodyOf<T>>)
}

function authorised(context: NodeContext, token: string): boolean {
  const given = Buffer.from(context.req.header('authorization') ?? '')
  const wanted = Buffer.from(`Bearer ${token}`)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}
