/**
 * The bad line between two nodes: an HTTP proxy of ours in front of one federation port. It reads a whole request, asks
 * its plan what shall happen to it, and cuts, holds, repeats, swallows or resets. It knows nothing of what it carries,
 * so what a node makes of it is the node's own doing.
 */
import { once } from 'node:events'
import {
  Agent,
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

export const faultKinds = ['cutRequest', 'cutAnswer', 'hold', 'repeat', 'swallow', 'reset'] as const
export type FaultKind = (typeof faultKinds)[number]

export type Fault =
  | { readonly kind: 'cutRequest' | 'cutAnswer'; readonly bytes: number }
  | { readonly kind: 'hold'; readonly ms: number }
  /** The request arrives once more, `afterMs` after its first answer; what it is answered then goes to nobody. */
  | { readonly kind: 'repeat'; readonly afterMs: number }
  | { readonly kind: 'swallow' | 'reset' }

export interface Reply {
  readonly status: number
  readonly type: string
  readonly body: Buffer
}

export interface Ask {
  readonly path: string
  readonly body: Buffer
}

export interface ProxyPlan {
  /** What happens to this request; undefined lets it through. */
  fault?(ask: Ask): Fault | undefined
  /** Whatever arrived here and what it was answered; undefined when it never got one. */
  seen?(ask: Ask, reply: Reply | undefined): void
  /** A request was repeated: both answers of the node. */
  repeated?(ask: Ask, first: Reply, second: Reply): void
}

export class Proxy {
  readonly url: string
  /** Faults done, by kind: what was planned and could not be done does not count. */
  readonly done: Record<FaultKind, number> = {
    ...{ cutRequest: 0, cutAnswer: 0, hold: 0, repeat: 0, swallow: 0, reset: 0 },
  }
  plan: ProxyPlan = {}
  private readonly target: { readonly host: string; readonly port: number }
  private readonly server: Server
  private readonly agent = new Agent({ keepAlive: true })
  private readonly later = new Set<NodeJS.Timeout>()

  private constructor(server: Server, url: string, target: { host: string; port: number }) {
    this.server = server
    this.url = url
    this.target = target
  }

  static async open(target: { host: string; port: number }, port = 0): Promise<Proxy> {
    const server = createServer()
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new TypeError('no port')
    const proxy = new Proxy(server, `http://127.0.0.1:${address.port}`, target)
    server.on('request', (incoming, outgoing) => {
      // A node that goes away in the middle of something is what this is for: the caller sees its connection end.
      void proxy.carry(incoming, outgoing).catch(() => incoming.socket.destroy())
    })
    return proxy
  }

  async close(): Promise<void> {
    for (const timer of this.later) clearTimeout(timer)
    this.later.clear()
    this.agent.destroy()
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  private async carry(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const ask = { path: incoming.url ?? '/', body: await wholeOf(incoming) }
    const fault = this.plan.fault?.(ask)
    if (fault?.kind === 'reset') {
      this.done.reset += 1
      this.plan.seen?.(ask, undefined)
      incoming.socket.resetAndDestroy()
      return
    }
    if (fault?.kind === 'cutRequest') return this.cutRequest(ask, fault.bytes, incoming)
    if (fault?.kind === 'hold') {
      this.done.hold += 1
      await delay(fault.ms)
    }
    const reply = await this.pass(ask)
    if (fault?.kind === 'repeat') this.repeatLater(ask, reply, fault.afterMs)
    if (fault?.kind === 'swallow') {
      this.done.swallow += 1
      incoming.socket.destroy()
      return
    }
    if (fault?.kind === 'cutAnswer') {
      this.done.cutAnswer += 1
      outgoing.writeHead(reply.status, { 'content-type': reply.type, 'content-length': reply.body.length })
      outgoing.write(reply.body.subarray(0, Math.min(fault.bytes, reply.body.length - 1)), () =>
        incoming.socket.destroy(),
      )
      return
    }
    outgoing.writeHead(reply.status, { 'content-type': reply.type, 'content-length': reply.body.length })
    outgoing.end(reply.body)
  }

  /** The request as it came, all of it, and the node's whole answer. */
  private async pass(ask: Ask): Promise<Reply> {
    try {
      const outgoing = request({
        ...{ ...this.target, path: ask.path, method: 'POST', agent: this.agent },
        headers: { 'content-type': 'text/plain; charset=utf-8', 'content-length': ask.body.length },
      })
      outgoing.end(ask.body)
      const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
      const type = incoming.headers['content-type'] ?? ''
      const reply = { status: incoming.statusCode ?? 0, type, body: await wholeOf(incoming) }
      this.plan.seen?.(ask, reply)
      return reply
    } catch (error) {
      this.plan.seen?.(ask, undefined)
      throw error
    }
  }

  /** The node receives so many bytes of the body it was promised, and then the end of the connection. */
  private async cutRequest(ask: Ask, bytes: number, incoming: IncomingMessage): Promise<void> {
    this.plan.seen?.(ask, undefined)
    const socket = connect(this.target.port, this.target.host)
    socket.on('error', () => undefined)
    const head = `POST ${ask.path} HTTP/1.1\r\nhost: node\r\ncontent-type: text/plain; charset=utf-8\r\n`
    socket.write(`${head}content-length: ${ask.body.length}\r\n\r\n`)
    socket.write(ask.body.subarray(0, Math.min(bytes, ask.body.length - 1)), () => socket.destroy())
    await once(socket, 'close')
    this.done.cutRequest += 1
    incoming.socket.destroy()
  }

  private repeatLater(ask: Ask, first: Reply, afterMs: number): void {
    const timer = setTimeout(() => {
      this.later.delete(timer)
      const again = this.pass(ask).then((second) => {
        this.done.repeat += 1
        this.plan.repeated?.(ask, first, second)
      })
      // The node is away at that moment: then it was not repeated.
      again.catch(() => undefined)
    }, afterMs)
    this.later.add(timer)
  }
}

async function wholeOf(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of incoming as AsyncIterable<Buffer>) parts.push(part)
  return Buffer.concat(parts)
}
