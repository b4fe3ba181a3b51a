/**
 * The hostile peer, in a process of its own: a thousand messages a second of every legal and illegal kind, and bodies
 * that never end. It has real keys and an agreement; what it posts under other names it cannot sign.
 */
import { connect, type Socket } from 'node:net'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { limits, utf8 } from '../../protocol/index.ts'
import { bodyOf, Scripted, scriptedCodes, type Answered } from './scripted.ts'

export interface AttackOrder {
  readonly do: 'attack'
  readonly url: string
  readonly keyringText: string
  readonly to: string
  readonly perSecond: number
  readonly slow: number
}

export interface AttackReport {
  readonly sent: number
  readonly seconds: number
  /** Not sent, because too many were without an answer. */
  readonly heldBack: number
  readonly answers: Record<string, number>
  /** Kinds and what they were answered, for the most part. */
  readonly byKind: Record<string, Record<string, number>>
}

type Kind = keyof typeof weights
/** Of a hundred messages. */
const weights = {
  next: 25,
  repeat: 15,
  read: 10,
  badSignature: 15,
  garbage: 10,
  stranger: 12,
  asHonest: 5,
  gap: 4,
  wrongAudience: 3,
  big: 1,
} as const
const mostOpen = 600
const tickMs = 10

/** Waits for orders of its parent; a second order ends the first. */
export function runAttacker(): void {
  let attack: Attack | undefined
  process.on('message', (order: AttackOrder | { do: 'stop' }) => {
    const before = attack
    attack = order.do === 'attack' ? new Attack(order, before?.peer) : undefined
    if (order.do === 'stop') process.send?.(before?.end())
    else process.send?.('started')
  })
}

/** Answers everything at once and does nothing: what an attack costs this machine without a node. */
export async function runSink(): Promise<void> {
  const server = createServer((incoming, outgoing) => {
    incoming.resume()
    incoming.on('error', () => undefined)
    outgoing.writeHead(429, { 'content-type': 'application/json' }).end('{"error":"rate_limited"}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  process.send?.(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`)
  process.on('message', () => undefined)
}

class Attack {
  readonly peer: Scripted
  private readonly order: AttackOrder
  private readonly from = performance.now()
  private readonly timer: NodeJS.Timeout
  private readonly slow: Socket[] = []
  private readonly answers: Record<string, number> = {}
  private readonly byKind: Record<string, Record<string, number>> = {}
  private sent = 0
  private heldBack = 0
  private open = 0
  private nextOnItsWay = false
  private last: Uint8Array
  private readonly bigBody: Uint8Array
  private ended = false

  constructor(order: AttackOrder, before: Scripted | undefined) {
    this.order = order
    this.peer = new Scripted(scriptedCodes.hostile, order.to, order.url, order.keyringText)
    // The stream goes on where it was; against the sink it does not move.
    if (before) this.peer.out = before.out
    this.last = bodyOf(this.peer.seal({}, this.peer.question()))
    const line = `{"id":"${'x'.repeat(limits.recordBytes - 20)}"}\n`
    const lines = line.repeat(Math.floor((limits.postBytes - 100_000) / line.length / 64))
    const envelope = this.peer.seal({}, this.peer.question()).jws
    this.bigBody = utf8(`${envelope}\n${lines}`.repeat(64).slice(0, limits.postBytes - 1) + '\n')
    this.timer = setInterval(() => this.tick(), tickMs)
    for (let i = 0; i < order.slow; i++) this.dribble(i)
  }

  end(): AttackReport {
    this.ended = true
    clearInterval(this.timer)
    for (const socket of this.slow) socket.destroy()
    const seconds = (performance.now() - this.from) / 1000
    const { sent, heldBack, answers, byKind } = this
    void this.peer.close()
    return { sent, seconds, heldBack, answers, byKind }
  }

  private tick(): void {
    const due = ((performance.now() - this.from) / 1000) * this.order.perSecond
    for (let burst = 0; this.sent + this.heldBack < due && burst < 200; burst++) {
      if (this.open >= mostOpen) this.heldBack += 1
      else void this.fire(draw())
    }
  }

  private async fire(kind: Kind): Promise<void> {
    this.sent += 1
    this.open += 1
    const answer = await this.message(kind).catch(() => 'no answer')
    this.open -= 1
    const code = typeof answer === 'string' ? answer : codeOf(answer)
    this.answers[code] = (this.answers[code] ?? 0) + 1
    const own = (this.byKind[kind] ??= {})
    own[code] = (own[code] ?? 0) + 1
  }

  private message(kind: Kind): Promise<Answered> {
    const { peer } = this
    switch (kind) {
      case 'next':
        return this.next()
      case 'repeat':
        return peer.post(peer.path('envelopes'), this.last)
      case 'read': {
        const purposes = [
          { what: 'restore', of: 'asked', after: { epoch: 1, seq: 0 } },
          { what: 'compare', home: peer.to, after: null },
          { what: 'heads' },
        ] as const
        const purpose = purposes[Math.floor(Math.random() * purposes.length)] ?? purposes[2]
        return peer.post(peer.path('requests'), utf8(peer.ask(purpose)))
      }
      case 'badSignature': {
        const text = Buffer.from(this.last).toString('utf8')
        return peer.post(peer.path('envelopes'), utf8(text.replace(/\.[\w-]{20}/, `.${'A'.repeat(20)}`)))
      }
      case 'garbage':
        return peer.post(peer.path('envelopes'), utf8('{"not":"an envelope"}\n'))
      case 'stranger':
        return peer.post(peer.path('envelopes', stranger()), this.last)
      case 'asHonest':
        return peer.post(peer.path('envelopes', scriptedCodes.honest), this.last)
      case 'gap':
        return peer.post(
          peer.path('envelopes'),
          bodyOf(peer.seal({ seq: peer.out.seq + 1000 }, peer.question())),
        )
      case 'wrongAudience':
        return peer.post(peer.path('envelopes'), bodyOf(peer.seal({ aud: '110000' }, peer.question())))
      case 'big':
        return peer.post(peer.path('envelopes'), this.bigBody)
    }
  }

  /** The honest half: the next of the stream, one at a time; while one is on its way the last comes again. */
  private async next(): Promise<Answered> {
    const { peer } = this
    if (this.nextOnItsWay) return peer.post(peer.path('envelopes'), this.last)
    this.nextOnItsWay = true
    try {
      const envelope = peer.seal({}, peer.question())
      const body = bodyOf(envelope)
      const answer = await peer.post(peer.path('envelopes'), body)
      if (answer.status === 200) {
        peer.moveTo(envelope)
        this.last = body
      }
      return answer
    } finally {
      this.nextOnItsWay = false
    }
  }

  /** A body that is announced and comes a byte a second, under its own name, a stranger's and the honest peer's. */
  private dribble(i: number): void {
    if (this.ended) return
    const { hostname, port } = new URL(this.order.url)
    const socket = connect(Number(port), hostname)
    this.slow[i] = socket
    const name = [scriptedCodes.hostile, stranger(), scriptedCodes.honest][i % 3] ?? ''
    const head = `POST ${this.peer.path('envelopes', name)} HTTP/1.1\r\nhost: node\r\ncontent-type: text/plain\r\n`
    socket.write(`${head}content-length: ${limits.postBytes - 1}\r\n\r\n`)
    const timer = setInterval(() => socket.write('x'), 1000)
    socket.on('error', () => undefined)
    socket.on('data', () => socket.destroy())
    socket.once('close', () => {
      clearInterval(timer)
      setTimeout(() => this.dribble(i), 250)
    })
  }
}

function draw(): Kind {
  let dice = Math.random() * 100
  for (const [kind, weight] of Object.entries(weights) as [Kind, number][]) {
    dice -= weight
    if (dice < 0) return kind
  }
  return 'next'
}

/** Of a thousand names nobody has. */
function stranger(): string {
  return String(991_000 + Math.floor(Math.random() * 1000))
}

function codeOf({ status, text }: Answered): string {
  const code = /"error":"([a-z_]+)"/.exec(text)?.[1]
  return code === undefined ? String(status) : `${status} ${code}`
}
