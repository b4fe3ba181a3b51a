/** Section 10 and 15: bodies, lines, payloads, addresses and digests, each refused with its status and code. */
import { gzipSync } from 'node:zlib'
import {
  digestOf,
  envelopeLines,
  erasedLine,
  jwsTypes,
  limits,
  signJws,
  utf8,
} from '../../../protocol/index.ts'
import { type Check } from '../check.ts'
import { demandSame, Deviation } from '../demand.ts'
import { NoAnswer, send, type Answer } from '../http.ts'
import { bodyOf, crypto, newTag, type Peer } from '../peer.ts'
import { demandRefusal, refusalCheck, type Row } from './refusals.ts'
import { honest, signed } from './tokens.ts'

const text =
  (make: (peer: Peer) => string): Row['body'] =>
  (peer) =>
    utf8(make(peer))
const lines = (peer: Peer) => envelopeLines(honest(peer))
/** The honest payload with some members otherwise; undefined leaves one out. */
const changed = (members: object): Row['body'] =>
  signed((good) => JSON.stringify({ ...(JSON.parse(good) as object), ...members }))
const query = (peer: Peer) => peer.record('identity.queried', null, { tag: newTag(), name: '测试' })

const bodies: readonly Row[] = [
  { id: 'body.empty', says: 'An empty body', code: 'bad_encoding', body: text(() => '') },
  {
    id: 'body.not-ended',
    says: 'A last line that is not ended',
    code: 'bad_encoding',
    body: text((peer) => lines(peer).slice(0, -1)),
  },
  {
    id: 'body.record-first',
    says: 'A record before any envelope',
    code: 'bad_encoding',
    body: text((peer) => `${query(peer)}\n`),
  },
  {
    id: 'body.erased-first',
    says: 'An erased record before any envelope',
    code: 'bad_encoding',
    body: text(() => `${erasedLine(newTag())}\n`),
  },
  {
    id: 'body.blank-line',
    says: 'A blank line before an envelope',
    code: 'bad_encoding',
    body: text((peer) => `\n${lines(peer)}`),
  },
  {
    id: 'body.crlf',
    says: 'Lines ended by CR LF',
    code: 'bad_encoding',
    body: text((peer) => lines(peer).replaceAll('\n', '\r\n')),
  },
  {
    id: 'body.bom',
    says: 'A byte-order mark',
    code: 'bad_encoding',
    body: text((peer) => `\ufeff${lines(peer)}`),
  },
  {
    id: 'body.not-utf8',
    says: 'Bytes that are not UTF-8',
    code: 'bad_encoding',
    body: (peer) => Buffer.concat([utf8(lines(peer).slice(0, -1)), Uint8Array.of(0xc0, 0x80, 0x0a)]),
  },
]

const payloads: readonly Row[] = [
  {
    id: 'payload.extra',
    says: 'An unknown member in a payload',
    code: 'bad_field',
    body: changed({ exp: 1 }),
  },
  {
    id: 'payload.missing',
    says: 'A payload without epoch',
    code: 'bad_field',
    body: changed({ epoch: undefined }),
  },
  { id: 'payload.not-object', says: 'A payload that is a list', code: 'bad_field', body: signed(() => '[]') },
  {
    id: 'payload.aud-list',
    says: 'A recipient in a list',
    code: 'bad_field',
    body: (peer, world) => changed({ aud: [peer.node] })(peer, world),
  },
  { id: 'payload.seq-zero', says: 'seq 0', code: 'bad_field', body: changed({ seq: 0 }) },
  { id: 'payload.seq-text', says: 'seq as text', code: 'bad_field', body: changed({ seq: '1' }) },
  {
    id: 'payload.seq-end',
    says: 'seq 2^31-1, which has no successor',
    code: 'bad_field',
    body: changed({ seq: limits.streamNumber + 1 }),
  },
  {
    id: 'payload.epoch-end',
    says: 'epoch 2^31-1, which has no successor',
    code: 'bad_field',
    body: changed({ epoch: limits.streamNumber + 1 }),
  },
  {
    id: 'payload.seq-beyond',
    says: 'seq 2^53',
    code: 'bad_json',
    body: signed((good) => good.replace(/"seq":\d+/, '"seq":9007199254740992')),
  },
  { id: 'payload.epoch-zero', says: 'epoch 0', code: 'bad_field', body: changed({ epoch: 0 }) },
  { id: 'payload.iat-negative', says: 'iat before 1970', code: 'bad_field', body: changed({ iat: -1 }) },
  {
    id: 'payload.prev-short',
    says: 'prev that is no digest',
    code: 'bad_field',
    body: changed({ prev: 'A'.repeat(42) }),
  },
  {
    id: 'payload.digest-spelling',
    says: 'A digest in another spelling',
    code: 'bad_field',
    body: changed({ records: { count: 1, digest: `${'A'.repeat(42)}B` } }),
  },
  {
    id: 'payload.no-records',
    says: 'No records',
    code: 'bad_field',
    body: changed({ records: { count: 0, digest: 'A'.repeat(43) } }),
  },
  {
    id: 'payload.list',
    says: 'A list of digests in the place of their digest',
    code: 'bad_field',
    body: changed({ records: ['A'.repeat(43)] }),
  },
  {
    id: 'limit.records-over',
    section: 20,
    says: 'One record over recordsPerEnvelope in a payload',
    code: 'bad_field',
    body: changed({ records: { count: limits.recordsPerEnvelope + 1, digest: 'A'.repeat(43) } }),
  },
]

const addresses: readonly Row[] = [
  {
    id: 'address.audience',
    says: 'An envelope for another node',
    code: 'wrong_audience',
    body: (peer) => bodyOf(peer.seal({ aud: '100001' }, query(peer))),
  },
  {
    id: 'address.reflected',
    says: 'An envelope for its own issuer',
    code: 'wrong_audience',
    body: (peer) => bodyOf(peer.seal({ aud: peer.self }, query(peer))),
  },
  {
    id: 'address.issuer',
    says: 'An envelope issued by another node than it is posted as',
    code: 'issuer_mismatch',
    body: (peer) => bodyOf(peer.seal({ iss: '100001' }, query(peer))),
  },
  {
    id: 'address.issuer-before-audience',
    says: 'Wrong issuer and wrong audience: the issuer is met first',
    code: 'issuer_mismatch',
    body: (peer) => bodyOf(peer.seal({ iss: '100001', aud: '100001' }, query(peer))),
  },
  {
    id: 'address.other-key',
    says: 'The words of another peer, true under its own key, posted as this one',
    code: 'bad_signature',
    needs: ['second'],
    body: (_, { second }) => bodyOf(honest(second)),
  },
  {
    id: 'address.claimed',
    says: 'Another peer signs in this one’s name and posts it as itself',
    code: 'issuer_mismatch',
    needs: ['second'],
    issuer: ({ second }) => second.self,
    body: (peer, { second }) => bodyOf(second.seal({ iss: peer.self }, query(second))),
  },
  {
    id: 'address.unsigned-before-digests',
    says: 'Wrong audience and wrong records: the audience is met first',
    code: 'wrong_audience',
    body: (peer) => bodyOf({ ...peer.seal({ aud: '100001' }, query(peer)), records: [] }),
  },
]

const riders: readonly Row[] = [
  { id: 'records.missing', says: 'A record too few', code: 'digest_mismatch', body: riding((a) => [a]) },
  {
    id: 'records.more',
    says: 'A record too many',
    code: 'digest_mismatch',
    body: riding((a, b) => [a, b, b]),
  },
  {
    id: 'records.exchanged',
    says: 'Two records exchanged',
    code: 'digest_mismatch',
    body: riding((a, b) => [b, a]),
  },
  {
    id: 'records.twice',
    says: 'One record twice and the other not',
    code: 'digest_mismatch',
    body: riding((a) => [a, a]),
  },
  {
    id: 'records.changed',
    says: 'One character of a record changed',
    code: 'digest_mismatch',
    body: riding((a, b) => [a, b.replace('测试', '测验')]),
  },
  {
    id: 'records.blank',
    says: 'A blank added to a record',
    code: 'digest_mismatch',
    body: riding((a, b) => [a, b.replace(',', ', ')]),
  },
  {
    id: 'records.erased',
    says: 'The digest in the place of a record',
    code: 'digest_mismatch',
    body: riding((a, b) => [a, gone(b)]),
  },
  {
    id: 'records.erased-more',
    says: 'An erased record too many',
    code: 'digest_mismatch',
    body: riding((a, b) => [a, b, gone(b)]),
  },
  {
    id: 'records.null',
    says: 'A line of null, which is no record and no token',
    code: 'digest_mismatch',
    body: riding((a) => [a, 'null']),
  },
]

const gone = (text: string) => erasedLine(digestOf(crypto, text))

function riding(change: (a: string, b: string) => string[]): Row['body'] {
  return (peer) => {
    const [a, b] = [query(peer), query(peer)]
    return bodyOf({ jws: peer.seal({}, a, b).jws, records: change(a, b) })
  }
}

const http: readonly Check[] = [
  {
    id: 'http.stranger',
    section: 15,
    says: 'A stranger is answered as a peer whose signature is wrong, byte for byte, at both doors, whatever name it claims and whatever it posts: bad_signature.',
    codes: ['bad_signature', 'unknown_peer'],
    run: ({ first }) => sameForAll(first, strangers(first)),
  },
  {
    id: 'http.paused',
    section: 15,
    says: 'A peer that is paused cannot be told from a name that nobody has, except by whoever has its key: suspended.',
    codes: ['suspended'],
    needs: ['second', 'operator'],
    run: async ({ first, second, operator }) => {
      await operator.pause(second.self, true)
      try {
        await sameForAll(first, [second.self, '999999'])
        demandRefusal(await second.post(bodyOf(honest(second))), 'suspended')
      } finally {
        await operator.pause(second.self, false)
      }
    },
  },
  {
    id: 'http.lapsed',
    section: 15,
    says: 'A peer whose agreement has ended is refused at both doors, and only whoever has its key learns of it: no_agreement.',
    codes: ['no_agreement'],
    needs: ['lapsed'],
    run: async ({ first, lapsed }) => {
      await sameForAll(first, [lapsed.self, '999999'])
      demandRefusal(await lapsed.post(bodyOf(honest(lapsed))), 'no_agreement')
      const { token } = lapsed.request({ what: 'heads' })
      demandRefusal(await lapsed.post(utf8(token), lapsed.self, 'requests'), 'no_agreement')
    },
  },
  {
    id: 'http.lapsed-order',
    section: 15,
    says: 'Who signed and whom it is for is looked at before the agreement: issuer_mismatch, wrong_audience.',
    codes: ['issuer_mismatch', 'wrong_audience'],
    needs: ['lapsed'],
    run: async ({ lapsed }) => {
      for (const [code, other] of [
        ['issuer_mismatch', { iss: '100001' }],
        ['wrong_audience', { aud: '100001' }],
      ] as const) {
        demandRefusal(await lapsed.post(bodyOf(lapsed.seal(other, query(lapsed)))), code)
        const { token } = lapsed.request({ what: 'heads' }, other)
        demandRefusal(await lapsed.post(utf8(token), lapsed.self, 'requests'), code)
      }
    },
  },
  {
    id: 'http.compressed',
    section: 15,
    says: 'A compressed body is refused at both doors, even with nothing wrong in it: unsupported_encoding.',
    codes: ['unsupported_encoding'],
    run: (world) =>
      world.unchanged(world.first, async () => {
        const peer = world.first
        const { token } = peer.request({ what: 'pull', epoch: 1, after: 0 })
        for (const encoding of ['gzip', 'br', 'x-unknown'])
          for (const [door, body] of [
            ['envelopes', bodyOf(honest(peer))],
            ['requests', utf8(token)],
          ] as const) {
            const headers = { 'content-encoding': encoding }
            demandRefusal(await send(peer.path(door), gzipSync(body), { headers }), 'unsupported_encoding')
          }
      }),
  },
  {
    id: 'http.announced',
    section: 15,
    says: 'A body announced as one byte over its bound is refused without waiting for it: too_large.',
    codes: ['too_large'],
    run: async ({ first }) => {
      for (const [door, bound] of [
        ['envelopes', limits.postBytes],
        ['requests', limits.jwsBytes + 1],
      ] as const)
        demandRefusal(await answerToAnnounced(first.path(door), bound + 1), 'too_large')
    },
  },
  {
    id: 'http.streamed',
    section: 15,
    says: 'A body without Content-Length is refused while it is read, once it is over its bound: too_large.',
    codes: ['too_large'],
    run: async ({ first }) => {
      for (const [door, bound] of [
        ['envelopes', limits.postBytes],
        ['requests', limits.jwsBytes + 1],
      ] as const) {
        const stream = { chunk: Buffer.alloc(65_536, 'x'), bytes: bound * 2 }
        demandRefusal(await send(first.path(door), undefined, { stream }), 'too_large')
      }
    },
  },
  {
    id: 'http.chunked',
    section: 15,
    says: 'An honest envelope without Content-Length, in small chunks, is taken.',
    run: async ({ first }) => {
      const envelope = honest(first)
      const answer = await send(first.path('envelopes'), bodyOf(envelope), { pieceBytes: 64 })
      demandSame(answer.status, 200, 'status')
      first.moveTo(envelope)
      first.receiptsIn(answer, [envelope])
    },
  },
  {
    id: 'http.elsewhere',
    section: 15,
    says: 'Another path, and another method, is 404 not_found.',
    run: async ({ url, first }) => {
      const base = url.replace(/\/$/, '')
      const answers = [
        await send(`${base}/federation/v1/${first.self}/nothing`, utf8('x')),
        await send(`${base}/federation/v2/${first.self}/envelopes`, utf8('x')),
        await send(`${base}/`, undefined, { method: 'GET' }),
        await send(first.path('envelopes'), undefined, { method: 'GET' }),
      ]
      for (const { status, text: body } of answers)
        demandSame([status, body], [404, '{"error":"not_found"}'], 'the answer elsewhere')
    },
  },
  {
    id: 'http.health',
    section: 15,
    says: '/livez and /readyz answer 200.',
    run: async ({ url }) => {
      for (const name of ['livez', 'readyz']) {
        const answer = await send(`${url.replace(/\/$/, '')}/${name}`, undefined, { method: 'GET' })
        demandSame(answer.status, 200, name)
      }
    },
  },
]

/** What is answered to a body that is announced and does not come. */
async function answerToAnnounced(url: string, announce: number): Promise<Answer> {
  try {
    return await send(url, undefined, { announce, withinMs: 10_000 })
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error
    throw new Deviation(`to ${announce} announced bytes: expected 413 too_large, got ${error.message}`)
  }
}

/** Names under which nobody may speak here. */
function strangers({ self, node }: Peer): string[] {
  return ['999999', '100001', node, `${self}0`, '__proto__', '../x', 'x'.repeat(2000), "'; --"]
}

/** Without its key a peer's name gets what any other name gets, for each body that is wrong at another step. */
async function sameForAll(first: Peer, names: readonly string[]): Promise<void> {
  for (const door of ['envelopes', 'requests'] as const) {
    const typ = door === 'envelopes' ? jwsTypes.envelope : jwsTypes.request
    const other = door === 'envelopes' ? jwsTypes.request : jwsTypes.envelope
    const { jws } = honest(first)
    const forged =
      door === 'envelopes' ? `${jws.slice(0, jws.lastIndexOf('.'))}.${'A'.repeat(86)}` : forgedRequest(first)
    const record = door === 'envelopes' ? '{}\n' : ''
    const long = `${'A'.repeat(limits.jwsBytes)}\n`
    const foreign = { ...first.signer, kid: newTag() }
    const bodies = [
      ['bad_signature', `${forged}\n${record}`],
      ['bad_signature', `${signJws(foreign, typ, { iss: '999999' })}\n${record}`],
      ['wrong_type', `${signJws(foreign, other, { iss: '999999' })}\n${record}`],
      ['bad_encoding', `x\n${record}`],
      ['bad_encoding', ''],
      ['bad_encoding', long],
    ] as const
    for (const [code, body] of bodies) {
      const answer = await first.post(utf8(body), first.self, door)
      demandRefusal(answer, code)
      for (const name of names)
        demandSame(await first.post(utf8(body), name, door), answer, `the answer to ${name} at ${door}`)
    }
  }
}

function forgedRequest(peer: Peer): string {
  const { token } = peer.request({ what: 'pull', epoch: 1, after: 0 })
  return `${token.slice(0, token.lastIndexOf('.'))}.${'A'.repeat(86)}`
}

export const envelopeChecks: readonly Check[] = [
  ...http,
  ...bodies.map((row) => refusalCheck(10, row)),
  ...payloads.map((row) => refusalCheck(10, row)),
  ...addresses.map((row) => refusalCheck(10, row)),
  ...riders.map((row) => refusalCheck(10, row)),
]
