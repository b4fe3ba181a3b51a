/**
 * HTTP as a peer that may misbehave: every header and every chunk is the caller's. Node's own client, because fetch
 * corrects what a check wants wrong, such as a Content-Length that is not followed by as many bytes.
 */
import { request, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { request as secureRequest } from 'node:https'
import { setImmediate as breath, setTimeout as pause } from 'node:timers/promises'
import { fromUtf8 } from '../../protocol/index.ts'
import { Deviation } from './demand.ts'

export interface Answer {
  readonly status: number
  readonly type: string
  readonly text: string
  /** The header, where there is one. */
  readonly retryAfter?: string
}

interface Sending {
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  /** Announces a body and sends none of it. */
  readonly announce?: number
  /** Sends chunks of this text without a Content-Length, until the node answers or the bound is reached. */
  readonly stream?: { readonly chunk: Uint8Array; readonly bytes: number }
  /** Sends the body in pieces of this many bytes, without a Content-Length. */
  readonly pieceBytes?: number
  /** The address of ours that it comes from; without one each post on this machine comes from another. */
  readonly from?: string
  /** A refusal for the budget is given back instead of waited for. */
  readonly impatient?: true
  readonly withinMs?: number
}

const answerWithinMs = 20_000

/** The node gave no answer: it let the time go by, or broke the line. */
export class NoAnswer extends Deviation {}

/** How long one post is repeated for the budget's sake. */
const patientMs = 120_000
/** Milliseconds that were waited as a node asked with 429: they count against no check. */
export const patience = { waitedMs: 0 }
export const plainText = 'text/plain; charset=utf-8'

/** As an honest client: what came too fast is posted again when the node says. */
export async function send(url: string, body: Uint8Array | undefined, how: Sending = {}): Promise<Answer> {
  for (let waited = 0; ;) {
    const answer = await sendUntilAnswered(url, body, how)
    if (answer.status !== 429 || how.impatient || waited > patientMs) return answer
    const waitMs = 1000 * Math.min(60, Math.max(1, Number(answer.retryAfter) || 1))
    await pause(waitMs)
    waited += waitMs
    patience.waitedMs += waitMs
  }
}

/**
 * A budget belongs to a name together with an address. All of 127.0.0.0/8 is this machine, so that refusals by the
 * hundred need not wait; a machine that has no such addresses waits.
 */
const spread = { on: true, next: 0 }

function ourAddress({ hostname }: URL): string | undefined {
  if (!spread.on || !hostname.startsWith('127.')) return undefined
  spread.next = (spread.next + 1) % 200
  return `127.0.0.${spread.next + 2}`
}

/** A node may answer and close before it has read all: then the answer can be lost on the way, and it is asked again. */
async function sendUntilAnswered(url: string, body: Uint8Array | undefined, how: Sending): Promise<Answer> {
  for (let tries = how.stream ? 3 : 1; ; tries--)
    try {
      return await sendOnce(url, body, how)
    } catch (error) {
      const noSuchAddress = (error as NodeJS.ErrnoException).code === 'EADDRNOTAVAIL' && spread.on
      if (noSuchAddress) spread.on = false
      else if (tries <= 1) throw noAnswer(error as NodeJS.ErrnoException, how)
    }
}

function noAnswer({ name, code, message }: NodeJS.ErrnoException, how: Sending): NoAnswer {
  const late = name === 'AbortError' || name === 'TimeoutError'
  if (late) return new NoAnswer(`no answer within ${(how.withinMs ?? answerWithinMs) / 1000} s`)
  return new NoAnswer(`no answer: ${code ?? message}`)
}

async function sendOnce(url: string, body: Uint8Array | undefined, how: Sending): Promise<Answer> {
  const target = new URL(url)
  const open = target.protocol === 'https:' ? secureRequest : request
  const length = how.announce ?? (how.pieceBytes === undefined ? body?.byteLength : undefined)
  const localAddress = how.from ?? ourAddress(target)
  const outgoing = open(target, {
    method: how.method ?? 'POST',
    agent: false,
    ...(localAddress === undefined ? {} : { localAddress }),
    headers: {
      'content-type': plainText,
      ...(length === undefined ? {} : { 'content-length': length }),
      ...how.headers,
    },
    signal: AbortSignal.timeout(how.withinMs ?? answerWithinMs),
  })
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve)
    outgoing.on('error', reject)
  })
  // Ended early by the node: what counts is whether an answer came before.
  answered.catch(() => undefined)
  if (how.stream) void pour(outgoing, how.stream, answered)
  else if (how.announce !== undefined) outgoing.flushHeaders()
  else {
    for (let at = 0; how.pieceBytes !== undefined && at < (body?.length ?? 0); at += how.pieceBytes)
      outgoing.write(body?.subarray(at, at + how.pieceBytes))
    outgoing.end(how.pieceBytes === undefined ? body : undefined)
  }
  const incoming = await answered
  try {
    return await readAnswer(incoming)
  } finally {
    outgoing.destroy()
  }
}

async function readAnswer(incoming: IncomingMessage): Promise<Answer> {
  const parts: Uint8Array[] = []
  for await (const part of incoming as AsyncIterable<Uint8Array>) parts.push(part)
  const retryAfter = incoming.headers['retry-after']
  return {
    status: incoming.statusCode ?? 0,
    type: (incoming.headers['content-type'] ?? '').toLowerCase(),
    text: fromUtf8(Buffer.concat(parts)) ?? 'not UTF-8',
    ...(retryAfter === undefined ? {} : { retryAfter }),
  }
}

async function pour(
  outgoing: ReturnType<typeof request>,
  { chunk, bytes }: NonNullable<Sending['stream']>,
  answered: Promise<unknown>,
): Promise<void> {
  let over = false
  const stop = () => (over = true)
  answered.then(stop, stop)
  for (let sent = 0; sent < bytes && !over; sent += chunk.length) {
    outgoing.write(chunk.subarray(0, Math.min(chunk.length, bytes - sent)))
    await breath()
  }
  if (!over) outgoing.end()
}
