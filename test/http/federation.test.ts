/** The port other regions reach, over real sockets: bounds hold whatever the headers say, and answers are codes alone. */
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { Budgets, budgets as bounds } from '../../node/federation/budgets.ts'
import { federationApp } from '../../node/http/federation.ts'
import { listen } from '../../node/http/listen.ts'
import { freePort } from '../../scripts/network/node-process.ts'
import { limits, splitEnvelopes } from '../../protocol/index.ts'
import { VirtualClock } from '../harness/clock.ts'
import { dumpOf, type Dump } from '../harness/dump.ts'
import { bodyOf, uuid, type ScriptedPeer } from '../harness/peer.ts'
import { silent, unlimited, type TestRegion } from '../harness/region.ts'
import { shenzhen, withScriptedPeer } from '../harness/world.ts'

let us: TestRegion
let peer: ScriptedPeer
let port = 0
let stop = () => Promise.resolve()
let handled = 0
let failing: Error | undefined
let ready = true
let budgets: Pick<Budgets, 'enter'> = unlimited
const heard: string[] = []
let before: Dump

beforeAll(async () => {
  ;({ us, peer } = await withScriptedPeer())
  const { inbox, requests } = us.region
  const app = federationApp({
    inbox: Object.assign(Object.create(inbox) as typeof inbox, {
      receive: (claimed: string, body: Uint8Array) => {
        handled++
        if (failing) throw failing
        return inbox.receive(claimed, body)
      },
    }),
    requests,
    budgets: { enter: (...who) => budgets.enter(...who) },
    pause: () => Promise.resolve(),
    heard: (node) => heard.push(node),
    ready: () => Promise.resolve(ready),
    log: silent,
  })
  port = await freePort()
  stop = await listen(app.fetch, '127.0.0.1', port)
})
afterAll(() => stop())
beforeEach(async () => {
  handled = 0
  before = await dumpOf(us.store)
})

const envelopes = `/federation/v1/${shenzhen}/envelopes`

interface Answered {
  status: number
  text: string
  headers: IncomingMessage['headers']
}

/** One request with exactly these headers; `write` sends the body. */
async function send(
  path: string,
  headers: Record<string, string | number>,
  write: (request: ReturnType<typeof httpRequest>) => void,
): Promise<Answered> {
  const request = httpRequest({ host: '127.0.0.1', port, path, method: 'POST', headers, agent: false })
  // A server that has refused may close while we are still sending.
  request.on('error', () => undefined)
  write(request)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let text = ''
  for await (const part of response.setEncoding('utf8')) text += String(part)
  request.destroy()
  return { status: response.statusCode ?? 0, text, headers: response.headers }
}

const post = (path: string, body: Uint8Array | string, headers: Record<string, string> = {}) =>
  send(path, { 'content-length': Buffer.byteLength(body), ...headers }, (request) => request.end(body))

describe('a body', () => {
  it('in chunks over the limit is answered 413, and nothing looks at it', async () => {
    const answer = await send(envelopes, { 'transfer-encoding': 'chunked' }, (request) => {
      const chunk = Buffer.alloc(64 * 1024, 'x')
      let left = limits.postBytes / chunk.length + 4
      const more = () => {
        while (left-- > 0) if (!request.write(chunk)) return void request.once('drain', more)
        request.end()
      }
      more()
    })
    expect([answer.status, answer.text]).toEqual([413, '{"error":"too_large"}'])
    expect(handled).toBe(0)
    expect(await dumpOf(us.store)).toEqual(before)
  })

  it('announced over the limit is answered 413 before it is sent', async () => {
    const answer = await send(envelopes, { 'content-length': limits.postBytes + 1 }, (request) =>
      request.write('x'),
    )
    expect([answer.status, answer.text]).toEqual([413, '{"error":"too_large"}'])
    expect(handled).toBe(0)
  })

  it('that is longer than announced ends where it was announced to end', async () => {
    const body = Buffer.from(bodyOf(peer.seal({}, peer.unknown(null))))
    const socket = connect(port, '127.0.0.1')
    const head = `POST ${envelopes} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n`
    socket.end(Buffer.concat([Buffer.from(head), body]))
    let text = ''
    for await (const part of socket.setEncoding('utf8')) text += String(part)
    expect(text).toContain('HTTP/1.1 400 Bad Request')
    expect(text).not.toContain('200 OK')
    const { refusals: _noted, ...rest } = await dumpOf(us.store)
    expect(rest).toEqual(Object.fromEntries(Object.entries(before).filter(([name]) => name !== 'refusals')))
  })

  it('that is shorter than announced is not taken', async () => {
    const body = bodyOf(peer.seal({}, peer.unknown(null)))
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(`POST ${envelopes} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length + 10}\r\n\r\n`)
    await new Promise((sent) => socket.write(body, sent))
    socket.destroy()
    await once(socket, 'close')
    expect((await post('/nothing', '')).status).toBe(404)
    expect(handled).toBe(0)
    expect(await dumpOf(us.store)).toEqual(before)
  })

  it.each(['gzip', 'br', 'deflate', 'identity', 'x'])(
    'with content-encoding %s is answered 415',
    async (encoding) => {
      const answer = await post(envelopes, gzipSync(Buffer.alloc(1000)), { 'content-encoding': encoding })
      expect([answer.status, answer.text]).toEqual([415, '{"error":"unsupported_encoding"}'])
      expect(handled).toBe(0)
    },
  )

  it('of a request is bounded by the size of a token', async () => {
    const path = `/federation/v1/${shenzhen}/requests`
    const answer = await post(path, 'x'.repeat(limits.jwsBytes + 1))
    expect([answer.status, answer.text]).toEqual([413, '{"error":"too_large"}'])
  })
})

describe('a sender beyond his budget', () => {
  const clock = new VirtualClock()
  const refused = [429, '{"error":"rate_limited"}', '1']
  const said = ({ status, text, headers }: Answered) => [status, text, headers['retry-after']]
  beforeEach(() => {
    budgets = new Budgets(clock)
  })
  afterEach(() => {
    budgets = unlimited
    failing = undefined
  })

  it('is told to wait before his bytes are read, leaves no trace, and is heard again after a while', async () => {
    for (let i = 0; i < bounds.refusals.most; i++) expect((await post(envelopes, 'x')).status).toBe(400)
    before = await dumpOf(us.store)
    handled = 0
    const good = bodyOf(peer.seal({}, peer.unknown(null)))
    for (const path of [envelopes, `/federation/v1/${shenzhen}/requests`]) {
      const request = { 'content-length': limits.postBytes }
      expect(said(await send(path, request, (open) => open.write('x')))).toEqual(refused)
      expect(said(await post(path, good))).toEqual(refused)
    }
    expect(handled).toBe(0)
    expect(await dumpOf(us.store)).toEqual(before)
    expect((await post('/federation/v1/441900/envelopes', 'x')).status).toBe(400)
    clock.jump(1_000)
    expect((await post(envelopes, 'x')).status).toBe(400)
  })

  it('is none who is asked to wait, or where to go on', async () => {
    const early = bodyOf(peer.seal({ seq: 99 }, peer.unknown(null)))
    for (let i = 0; i < bounds.refusals.most + 10; i++)
      expect((await post(envelopes, early)).status).toBe(409)
  })

  it('is one who puts a good envelope before each bad one, and hears its receipt as long as he is heard', async () => {
    const good = peer.say(peer.unknown(null))
    const bad = { ...peer.seal({}, peer.unknown(null)), records: ['{}'] }
    for (let i = 0; i < bounds.refusals.most; i++)
      expect((await post(envelopes, bodyOf(good, bad))).status).toBe(200)
    expect(said(await post(envelopes, bodyOf(good, bad)))).toEqual(refused)
  })

  it('is none whose post ends in a gap behind what was taken', async () => {
    const good = peer.say(peer.unknown(null))
    const early = peer.seal({ seq: 99 }, peer.unknown(null))
    for (let i = 0; i < bounds.refusals.most + 10; i++)
      expect((await post(envelopes, bodyOf(good, early))).status).toBe(200)
  })

  it.each([
    ['who calls up a defect of ours', new TypeError('a defect'), 429],
    ['is none while our database is away', Object.assign(new Error(), { code: 'ECONNREFUSED' }), 503],
    ['is none while our disk is full', Object.assign(new Error(), { code: '53100' }), 503],
  ])('%s', async (_who, error, status) => {
    failing = error
    for (let i = 0; i < bounds.refusals.most; i++) expect((await post(envelopes, 'x')).status).toBe(503)
    expect((await post(envelopes, 'x')).status).toBe(status)
  })

  it('with four bodies on their way, sends the fifth when one of them has ended', async () => {
    const sockets = Array.from({ length: 4 }, () => connect(port, '127.0.0.1'))
    for (const socket of sockets)
      await new Promise((sent) =>
        socket.write(`POST ${envelopes} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n`, sent),
      )
    await vi.waitFor(async () => expect(said(await post(envelopes, 'x'))).toEqual(refused))
    for (const socket of sockets) socket.destroy()
    await vi.waitFor(async () => expect((await post(envelopes, 'x')).status).toBe(400))
  })
})

describe('an answer', () => {
  it('to true envelopes is their receipts, and the peer counts as heard', async () => {
    heard.length = 0
    const answer = await post(envelopes, bodyOf(peer.say(peer.unknown(null)), peer.say(peer.unknown(null))))
    expect(answer.status).toBe(200)
    expect(splitEnvelopes(answer.text)).toMatchObject({ ok: true, envelopes: [{}, {}] })
    expect(heard).toEqual([shenzhen])
  })

  it('to the first of two is its receipt; the second hears its refusal when it comes again', async () => {
    const good = peer.say(peer.unknown(null))
    const bad = { ...peer.seal({}, peer.unknown(null)), records: ['{}'] }
    const answer = await post(envelopes, bodyOf(good, bad))
    expect([answer.status, answer.text.split('\n').length]).toEqual([200, 2])
    const again = await post(envelopes, bodyOf(bad))
    expect([again.status, again.text]).toEqual([400, '{"error":"digest_mismatch"}'])
  })

  it.each<[string, () => Promise<Answered>, number, string]>([
    [
      'a stranger',
      () => post('/federation/v1/999999/envelopes', bodyOf(peer.seal({}, peer.unknown(null)))),
      401,
      '{"error":"bad_signature"}',
    ],
    [
      'a stranger’s rubbish',
      () => post('/federation/v1/999999/envelopes', 'x\n'),
      400,
      '{"error":"bad_encoding"}',
    ],
    ['rubbish', () => post(envelopes, 'x'), 400, '{"error":"bad_encoding"}'],
    [
      'a gap',
      () => post(envelopes, bodyOf(peer.seal({ seq: 99 }, peer.unknown(null)))),
      409,
      '{"error":"gap","have":{"epoch":1,"seq":5}}',
    ],
    [
      'another audience',
      () => post(envelopes, bodyOf(peer.seal({ aud: '441900' }, peer.unknown(null)))),
      401,
      '{"error":"wrong_audience"}',
    ],
    ['an unknown address', () => post('/federation/v2/x', ''), 404, '{"error":"not_found"}'],
    [
      'a request that is none',
      () => post(`/federation/v1/${shenzhen}/requests`, '{}'),
      400,
      '{"error":"bad_encoding"}',
    ],
  ])('to %s is a code and nothing else', async (_name, make, status, text) => {
    heard.length = 0
    const answer = await make()
    expect([answer.status, answer.text]).toEqual([status, text])
    expect(heard).toEqual([])
  })

  it('to a defect of ours says that we are not there for the moment, not why', async () => {
    failing = new Error('王五 is in the message')
    const answer = await post(
      envelopes,
      bodyOf(
        peer.seal({}, peer.record('notice.sent', uuid(1), { on: '2026-01-01', subject: 'x', text: 'y' })),
      ),
    )
    failing = undefined
    expect([answer.status, answer.text]).toEqual([503, '{"error":"unavailable"}'])
  })

  it('tells strangers nothing of the program', async () => {
    for (const path of ['/livez', '/readyz', '/', '/metrics']) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`)
      const text = await response.text()
      expect(['ok\n', '{"error":"not_found"}']).toContain(text)
      for (const name of ['server', 'x-powered-by']) expect(response.headers.get(name)).toBeNull()
    }
    ready = false
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(503)
    expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200)
    ready = true
  })
})

it('cannot listen where somebody listens, and says so to a person', async () => {
  const app = federationApp({
    ...us.region,
    budgets: unlimited,
    pause: () => Promise.resolve(),
    heard: () => undefined,
    ready: () => Promise.resolve(true),
    log: silent,
  })
  await expect(listen(app.fetch, '127.0.0.1', port)).rejects.toMatchObject({
    message: expect.stringContaining(`${port}`) as string,
    messageZh: expect.stringContaining(`${port}`) as string,
  })
})
