/**
 * The port other regions reach: posting envelopes, signed read requests, and liveness. It says nothing of this node to
 * strangers; who may speak and what is believed is decided behind it, by the gate.
 */
import { type HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { limits, refuse, type GateCode, type NodeId, type Refusal } from '../../protocol/index.ts'
import { type Budgets } from '../federation/budgets.ts'
import { type Received, type Inbox } from '../federation/inbox.ts'
import { type Requests } from '../federation/requests.ts'
import { defect, type Log } from '../log.ts'
import { addressesBehind, type Addresses } from './addresses.ts'
import { readBody, type NodeContext } from './body.ts'
import { gateStatus, lackOf, wireCode } from './errors.ts'

export interface FederationDoors {
  readonly inbox: Inbox
  readonly requests: Requests
  readonly budgets: Pick<Budgets, 'enter'>
  /** Lets time pass: who is told to wait waits for the answer, too. */
  readonly pause: (ms: number) => Promise<void>
  /** A verified word of this peer has just come in. */
  readonly heard: (peer: NodeId) => void
  readonly ready: () => Promise<boolean>
  /** Where a post comes from; without it the other end of its socket. */
  readonly addresses?: Addresses
  readonly log: Log
}

export function federationApp(doors: FederationDoors): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>()
  app.get('/livez', (context) => context.text('ok\n'))
  app.get('/readyz', async (context) =>
    (await doors.ready()) ? context.text('ok\n') : context.text('not ready\n', 503),
  )
  app.post('/federation/v1/:issuer/envelopes', async (context) => {
    const issuer = context.req.param('issuer')
    return withinBudget(context, doors, limits.postBytes, async (bytes) => {
      const received = await doors.inbox.receive(issuer, bytes)
      // It signed what we cannot take now: it is there, and may be asked for its heads.
      if (received.receipts.length > 0 || received.refusal?.code === 'unavailable') doors.heard(issuer)
      if (received.refusal) doors.log.warn('an envelope was refused', { code: received.refusal.code })
      const { receipts, refusal } = received
      // What was taken is receipted first; the sender meets the refusal of the next one when it posts that again.
      if (receipts.length === 0 && refusal) return { text: undefined, refusal }
      return { text: receipts.map((line) => `${line}\n`).join(''), refusal }
    })
  })
  app.post('/federation/v1/:issuer/requests', async (context) => {
    const issuer = context.req.param('issuer')
    // One line end may follow the token.
    return withinBudget(context, doors, limits.jwsBytes + 1, async (bytes) => {
      const answer = await doors.requests.answer(issuer, bytes)
      if (!answer.ok) return { text: undefined, refusal: answer }
      doors.heard(issuer)
      return { text: answer.text, refusal: undefined }
    })
  })
  app.notFound((context) => context.json({ error: 'not_found' }, 404))
  app.onError((error, context) => {
    doors.log.error('a peer’s request failed', defect(error))
    return context.json({ error: 'unavailable' }, 503)
  })
  return app
}

const waitMs = 1000
const direct = addressesBehind()

type Refused = Refusal & Pick<NonNullable<Received['refusal']>, 'have'>
/** The text of an answer, the refusal in which a post ended, or both: then the sender is told the text alone. */
type Answered =
  | { readonly text: string; readonly refusal: Refused | undefined }
  | { readonly text: undefined; readonly refusal: Refused }

/** Reads and answers one post within what its sender may use of this node; beyond that its bytes are not even read. */
async function withinBudget(
  context: NodeContext,
  doors: FederationDoors,
  maxBytes: number,
  answer: (bytes: Uint8Array) => Promise<Answered>,
): Promise<Response> {
  const { incoming } = context.env
  const address = (doors.addresses ?? direct).of(incoming)
  const visit = doors.budgets.enter(context.req.param('issuer') ?? '', address, () => incoming.destroy())
  if (!visit) {
    // On its connection, of which one address has a few only: so an answer to wait cannot be asked for without end.
    await doors.pause(waitMs)
    context.header('retry-after', '1')
    return refusal(context, refuse('rate_limited', ''))
  }
  try {
    const body = await readBody(context, maxBytes).catch(() => undefined)
    // The line broke, or the place was needed: nobody is left to hear the answer, and nothing of ours has failed.
    if (!body) return refusal(context, refuse('rate_limited', ''))
    if (!body.ok) {
      visit.refused()
      return refusal(context, refuse(body.why, ''))
    }
    visit.read(body.bytes.length)
    const answered = await answer(body.bytes)
    const inPart = answered.text === undefined ? undefined : 'in part'
    if (answered.refusal && !waiting.has(answered.refusal.code)) visit.refused(inPart)
    return answered.text === undefined ? refusal(context, answered.refusal) : context.text(answered.text)
  } catch (error) {
    // Bytes that call up a defect of ours are no better than refused ones; that this machine lacks something is nobody's fault.
    if (lackOf(error) === undefined) visit.refused()
    throw error
  } finally {
    visit.leave()
  }
}

/** Refusals that are nobody's fault: the sender is told to wait, or where to go on. */
const waiting: ReadonlySet<GateCode> = new Set(['unavailable', 'suspended', 'gap', 'no_agreement'])

function refusal(context: NodeContext, { code, ...rest }: Refused): Response {
  const have = rest.have === undefined ? {} : { have: rest.have }
  return context.json({ error: wireCode(code), ...have }, gateStatus[code])
}
