/**
 * The port other regions reach: posting envelopes, signed read requests, and liveness. It says nothing of this node to
 * strangers; who may speak and what is believed is decided behind it, by the gate.
 */
import { type HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { limits, refuse, type NodeId, type Refusal } from '../../protocol/index.ts'
import { type Received, type Inbox } from '../federation/inbox.ts'
import { type Requests } from '../federation/requests.ts'
import { defect, type Log } from '../log.ts'
import { readBody, type NodeContext } from './body.ts'
import { gateStatus, wireCode } from './errors.ts'

export interface FederationDoors {
  readonly inbox: Inbox
  readonly requests: Requests
  /** A verified word of this peer has just come in. */
  readonly heard: (peer: NodeId) => void
  readonly ready: () => Promise<boolean>
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
    const body = await readBody(context, limits.postBytes)
    if (!body.ok) return refusal(context, refuse(body.why, ''))
    const received = await doors.inbox.receive(issuer, body.bytes)
    if (received.receipts.length > 0) doors.heard(issuer)
    if (received.refusal) doors.log.warn('an envelope was refused', { code: received.refusal.code })
    // What was taken is receipted first; the sender meets the refusal of the next one when it posts that again.
    if (received.receipts.length > 0 || !received.refusal)
      return context.text(received.receipts.map((line) => `${line}\n`).join(''))
    return refusal(context, received.refusal)
  })
  app.post('/federation/v1/:issuer/requests', async (context) => {
    const issuer = context.req.param('issuer')
    const body = await readBody(context, limits.jwsBytes)
    if (!body.ok) return refusal(context, refuse(body.why, ''))
    const answer = await doors.requests.answer(issuer, body.bytes)
    if (!answer.ok) return refusal(context, answer)
    doors.heard(issuer)
    return context.text(answer.text)
  })
  app.notFound((context) => context.json({ error: 'not_found' }, 404))
  app.onError((error, context) => {
    doors.log.error('a peer’s request failed', defect(error))
    return context.json({ error: 'unavailable' }, 503)
  })
  return app
}

function refusal(
  context: NodeContext,
  { code, ...rest }: Refusal & Pick<NonNullable<Received['refusal']>, 'have'>,
): Response {
  const have = rest.have === undefined ? {} : { have: rest.have }
  return context.json({ error: wireCode(code), ...have }, gateStatus[code])
}
