/** Section 16 and 17: signed requests, their answers, paging, and digests computed again from what was said. */
import { jwsTypes, limits, signJws, utf8, type ComparePage, type NodeId } from '../../../protocol/index.ts'
import { type Check } from '../check.ts'
import { demand, demandSame } from '../demand.ts'
import { send } from '../http.ts'
import { newId, type Peer } from '../peer.ts'
import { type World } from '../world.ts'
import { demandRefusal, refusalCheck, type Row } from './refusals.ts'

const pull = { what: 'pull', epoch: 1, after: 0 }
const span = limits.requestSeconds
/** Seconds by which clocks and posts may be late without a check of time being decided by it. */
const slack = 20

const asked =
  (other: (peer: Peer) => object, purpose: object = pull): Row['body'] =>
  (peer) =>
    utf8(peer.request(purpose, other(peer)).token)
const at = (iat: number, exp: number) =>
  asked((peer) => ({ iat: peer.nowSeconds() + iat, exp: peer.nowSeconds() + exp }))
const purpose = (value: object) => asked(() => ({}), value)

const rows: readonly Row[] = [
  { id: 'request.expired', says: 'A request that has expired', code: 'bad_time', body: at(-100, -slack) },
  {
    id: 'request.future',
    says: 'A request from beyond the skew',
    code: 'bad_time',
    body: at(span + slack, span + slack + 10),
  },
  {
    id: 'request.long',
    says: 'A request valid one second longer than requestSeconds',
    code: 'bad_time',
    body: at(0, span + 1),
  },
  {
    id: 'request.backwards',
    says: 'A request that ends before it begins',
    code: 'bad_time',
    body: at(0, -1),
  },
  {
    id: 'request.audience',
    says: 'A request for another node',
    code: 'wrong_audience',
    body: asked(() => ({ aud: '100001' })),
  },
  {
    id: 'request.issuer',
    says: 'A request of another issuer',
    code: 'issuer_mismatch',
    body: asked(() => ({ iss: '100001' })),
  },
  {
    id: 'request.no-nonce',
    says: 'A request without a nonce',
    code: 'bad_field',
    body: asked(() => ({ nonce: undefined })),
  },
  {
    id: 'request.nonce-form',
    says: 'A nonce that is no UUIDv7',
    code: 'bad_field',
    body: asked(() => ({ nonce: '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d' })),
  },
  {
    id: 'request.extra',
    says: 'A request with an unknown member',
    code: 'bad_field',
    body: asked(() => ({ note: 1 })),
  },
  {
    id: 'request.purpose',
    says: 'A purpose that nobody knows',
    code: 'bad_field',
    body: purpose({ what: 'conformance' }),
  },
  {
    id: 'request.pull-form',
    says: 'A pull without a place',
    code: 'bad_field',
    body: purpose({ what: 'pull' }),
  },
  {
    id: 'request.pull-extra',
    says: 'A pull with a member more',
    code: 'bad_field',
    body: purpose({ ...pull, limit: 1 }),
  },
  {
    id: 'request.third-home',
    says: 'A comparison of the cases of a third region',
    code: 'bad_field',
    body: purpose({ what: 'compare', home: '100001', after: null }),
  },
  {
    id: 'request.type',
    says: 'An envelope’s token posted as a request',
    code: 'wrong_type',
    body: (peer) => utf8(signJws(peer.signer, jwsTypes.envelope, { iss: peer.self })),
  },
  {
    id: 'request.other-key',
    says: 'A request under the key of another peer',
    code: 'bad_signature',
    needs: ['second'],
    body: (peer, { second }) => utf8(second.request(pull, { iss: peer.self }).token),
  },
  {
    id: 'request.two',
    says: 'Two requests in one body',
    code: 'bad_encoding',
    body: (peer) => utf8(`${peer.request(pull).token}\n${peer.request(pull).token}\n`),
  },
  { id: 'request.empty', says: 'An empty request', code: 'bad_encoding', body: () => utf8('') },
  ...(
    [
      ['two-ends', 'Two line ends', '\n\n'],
      ['crlf', 'CR LF', '\r\n'],
      ['blank', 'A blank', ' '],
      ['blank-end', 'A blank and a line end', ' \n'],
      ['no-break', 'A no-break space', '\u00a0'],
    ] as const
  ).map(([name, what, white]): Row => ({
    id: `request.${name}`,
    section: 15,
    says: `${what} after the token of a request`,
    code: 'bad_encoding',
    body: (peer) => utf8(peer.request(pull).token + white),
  })),
  {
    id: 'limit.request-over',
    section: 20,
    says: 'A request over jwsBytes',
    code: 'too_large',
    body: (peer) => utf8(peer.request(pull, { note: 'x'.repeat(limits.jwsBytes) }).token),
  },
]

const answers: readonly Check[] = [
  {
    id: 'request.answer',
    section: 16,
    says: 'An answer is a token with exactly iss, aud, iat, nonce and digest, a line end, and the body of that digest.',
    run: async ({ first }) => {
      await first.ask({ what: 'pull', epoch: 1, after: 0 })
      await first.compare(first.self)
    },
  },
  {
    id: 'request.line-end',
    section: 15,
    says: 'A line end may follow the token of a request.',
    run: async ({ first }) => {
      const { nonce, token } = first.request(pull)
      first.readAnswer(await first.post(utf8(`${token}\n`), first.self, 'requests'), nonce)
    },
  },
  {
    id: 'request.once',
    section: 16,
    says: 'A request is answered once: replayed_nonce.',
    codes: ['replayed_nonce'],
    run: async ({ first }) => {
      const { nonce, token } = first.request(pull)
      first.readAnswer(await first.post(utf8(token), first.self, 'requests'), nonce)
      demandRefusal(await first.post(utf8(token), first.self, 'requests'), 'replayed_nonce')
      const again = first.request(pull, { nonce, exp: first.nowSeconds() + 60 })
      demandRefusal(await first.post(utf8(again.token), first.self, 'requests'), 'replayed_nonce')
    },
  },
  {
    id: 'request.heads-once',
    section: 16,
    says: 'A question for heads is answered whatever its times, and once like any other: replayed_nonce.',
    codes: ['replayed_nonce'],
    run: async ({ first }) => {
      const now = first.nowSeconds()
      for (const times of [{}, { iat: now - 5000, exp: now - 4900 }, { iat: now + 5000, exp: now + 5100 }]) {
        const { nonce, token } = first.request({ what: 'heads' }, times)
        first.readAnswer(await first.post(utf8(token), first.self, 'requests'), nonce)
        demandRefusal(await first.post(utf8(token), first.self, 'requests'), 'replayed_nonce')
      }
    },
  },
  {
    id: 'request.nonce-unspent',
    section: 16,
    says: 'A request that was refused for its signature has not spent its nonce.',
    run: async ({ first }) => {
      const { nonce, token } = first.request(pull)
      const forged = `${token.slice(0, token.lastIndexOf('.'))}.${'A'.repeat(86)}`
      demandRefusal(await first.post(utf8(forged), first.self, 'requests'), 'bad_signature')
      first.readAnswer(await first.post(utf8(token), first.self, 'requests'), nonce)
    },
  },
  {
    id: 'request.nonce-last',
    section: 16,
    says: 'A request that was refused for its times, its audience, or the home it names has not spent its nonce.',
    codes: ['bad_time', 'wrong_audience', 'bad_field'],
    run: async ({ first }) => {
      const nonce = newId()
      const now = first.nowSeconds()
      const third = { what: 'compare', home: '100001', after: null }
      for (const [code, token] of [
        ['bad_time', first.request(pull, { nonce, iat: now - 100, exp: now - slack }).token],
        ['bad_time', first.request(pull, { nonce, aud: '100001', iat: now - 100, exp: now - slack }).token],
        ['wrong_audience', first.request(pull, { nonce, aud: '100001' }).token],
        ['bad_field', first.request(third, { nonce }).token],
      ] as const)
        demandRefusal(await first.post(utf8(token), first.self, 'requests'), code)
      const { token } = first.request(pull, { nonce })
      first.readAnswer(await first.post(utf8(token), first.self, 'requests'), nonce)
    },
  },
  {
    id: 'limit.request',
    section: 20,
    says: 'A request of jwsBytes followed by a line end is read, and is bad_field for its member too many.',
    codes: ['bad_field'],
    run: async ({ first }) => {
      const rest = first.request(pull, { note: '' }).token.length
      for (let pad = Math.floor((limits.jwsBytes - rest) / 4) * 3 - 3; ; pad++) {
        const { token } = first.request(pull, { note: 'x'.repeat(pad) })
        if (token.length > limits.jwsBytes) return
        // Not every length can be had: base64url has none of 4n + 1.
        if (token.length >= limits.jwsBytes - 1)
          demandRefusal(await first.post(utf8(`${token}\n`), first.self, 'requests'), 'bad_field')
      }
    },
  },
  {
    id: 'request.nonce-per-peer',
    section: 16,
    says: 'Two peers may use the same nonce.',
    needs: ['second'],
    run: async ({ first, second }) => {
      const nonce = newId()
      for (const peer of [first, second]) {
        const { token } = peer.request(pull, { nonce })
        peer.readAnswer(await peer.post(utf8(token), peer.self, 'requests'), nonce)
      }
    },
  },
  {
    id: 'request.times',
    section: 16,
    says: 'A request valid for exactly requestSeconds, one signed before, and one signed within the skew ahead, are answered.',
    run: async ({ first }) => {
      for (const [iat, exp] of [
        [0, span],
        [slack - span, slack],
        [span - slack, span - slack + 1],
      ] as const) {
        const now = first.nowSeconds()
        const { nonce, token } = first.request(pull, { iat: now + iat, exp: now + exp })
        first.readAnswer(await first.post(utf8(token), first.self, 'requests'), nonce)
      }
    },
  },
  {
    id: 'request.spelled',
    section: 16,
    says: 'Members of a request may stand in any order.',
    run: async ({ first }) => {
      const now = first.nowSeconds()
      const nonce = newId()
      const said = {
        purpose: { after: 0, epoch: 1, what: 'pull' },
        nonce,
        exp: now + 60,
        iat: now,
        aud: first.node,
        iss: first.self,
      }
      const token = signJws(first.signer, jwsTypes.request, said)
      first.readAnswer(await first.post(utf8(token), first.self, 'requests'), nonce)
    },
  },
  {
    id: 'request.compressed-answer',
    section: 15,
    says: 'An answer is plain text, whatever the asker would accept.',
    run: async ({ first }) => {
      const { nonce, token } = first.request(pull)
      const headers = { 'accept-encoding': 'gzip, br', accept: 'application/json' }
      first.readAnswer(await send(first.path('requests'), utf8(token), { headers }), nonce)
    },
  },
]

const reading: readonly Check[] = [
  {
    id: 'pull.whole',
    section: 16,
    says: 'Pulling from 0 gives the whole stream in order: at most pullEnvelopes an answer, the same bytes as were posted, and only an empty answer at the end.',
    run: async (world) => {
      await world.quiet(world.first)
      const { first, listener } = world
      const { epoch, seq } = listener.of(first)
      let after = 0
      for (;;) {
        const { body } = await first.ask({ what: 'pull', epoch, after })
        if (body === '') break
        const envelopes = world.envelopesIn(first, body)
        demand(envelopes.length <= limits.pullEnvelopes, `${envelopes.length} envelopes in one answer`)
        for (const { payload, text } of envelopes) {
          demandSame(payload.seq, ++after, 'the number of a pulled envelope')
          demand(
            world.shown(first, { epoch, seq: after }) === text,
            `envelope ${after} was pulled with other bytes`,
          )
        }
      }
      demandSame(after, seq, 'the last number of the stream')
    },
  },
  {
    id: 'pull.from',
    section: 16,
    says: 'A pull begins after the number it names, and is empty beyond the end and in another epoch.',
    run: async (world) => {
      const { first, listener } = world
      await world.quiet(first)
      const { seq } = listener.of(first)
      const { body } = await first.ask({ what: 'pull', epoch: 1, after: seq - 1 })
      demandSame(
        world.envelopesIn(first, body).map(({ payload }) => payload.seq),
        [seq],
        'numbers',
      )
      for (const place of [
        { epoch: 1, after: seq },
        { epoch: 1, after: limits.streamNumber },
        { epoch: 2, after: 0 },
      ])
        demandSame((await first.ask({ what: 'pull', ...place })).body, '', 'a pull of nothing')
    },
  },
  {
    id: 'pull.own',
    section: 16,
    says: 'A peer reads its own stream and its own cases, nobody else’s.',
    needs: ['second'],
    run: async (world) => {
      const { first, second } = world
      for (const [peer, other] of [
        [first, second],
        [second, first],
      ] as const) {
        await world.catchUp(peer)
        const theirs = new Set(other.book.cases.keys())
        for (const home of [peer.self, peer.node])
          for (const { id } of await allCases(peer, home))
            demand(!theirs.has(id), 'a case of another peer is shown')
        const own = world.listener.of(peer).heard.map(({ record }) => record.case)
        demand(
          own.every((id) => id === null || !theirs.has(id)),
          'a record of a case of another peer was sent',
        )
      }
    },
  },
  {
    id: 'compare.cuts',
    section: 17,
    says: 'A comparison says how far both streams are: sent is what we were posted, received what we were receipted.',
    run: async (world) => {
      const { first, listener } = world
      await world.quiet(first)
      const { sent, received, unsent } = await first.compare(first.node)
      const { epoch, seq, head } = listener.of(first)
      demandSame(sent, { epoch, seq, head }, 'sent')
      demandSame(received, { epoch: first.epoch, seq: first.seq, head: first.head }, 'received')
      demandSame(unsent, 0, 'unsent')
    },
  },
  {
    id: 'compare.digests',
    section: 17,
    says: 'Every case of this run is compared with the digest that follows from what was said, also a closed one, and when level on both sides.',
    run: async (world) => {
      const { first } = world
      await world.quiet(first)
      for (const home of [first.self, first.node]) {
        const listed = new Map((await allCases(first, home)).map(({ id, digest }) => [id, digest]))
        for (const { id, digest } of knownWhole(world, home))
          demandSame(listed.get(id) ?? 'not listed', digest, 'the digest of a case')
      }
    },
  },
  {
    id: 'compare.after',
    section: 17,
    says: 'A page begins after the case it names, in ascending order of id, and denials stand on the first page only.',
    run: async ({ first }) => {
      const all = await allCases(first, first.self)
      demand(all.length > 1, 'the pair has no cases to page over')
      const [one] = all
      const page = await first.compare(first.self, one?.id ?? null)
      demandSame(page.cases[0], all[1], 'the first case after one')
      demandSame(page.denied, [], 'denials on a later page')
      const last = await first.compare(first.self, all.at(-1)?.id ?? null)
      demandSame([last.cases, last.next], [[], null], 'the page after the last case')
    },
  },
  {
    id: 'compare.denied',
    section: 17,
    says: 'A query that was denied is listed as denied where the node is home.',
    run: async (world) => {
      const { record } = await world.query(world.first, newTagLike())
      demandSame(record.type, 'identity.denied', 'the answer about nobody')
      const query = record.type === 'identity.denied' ? record.body.query : ''
      const { denied } = await world.first.compare(world.first.node)
      demand(denied.includes(query), 'the denied query is not listed')
    },
  },
]

function newTagLike(): string {
  return Buffer.from(newId().replaceAll('-', '').repeat(2), 'hex').toString('base64url')
}

/** Cases opened in this run: of earlier ones the tool does not know what it said itself. */
function knownWhole({ first }: World, home: NodeId): ComparePage['cases'] {
  return first.book.digests(home).filter(({ id }) => !first.book.inherited.has(id))
}

async function allCases(peer: Peer, home: NodeId): Promise<ComparePage['cases']> {
  const all: ComparePage['cases'] = []
  for (let after: string | null = null; ;) {
    const page: ComparePage = await peer.compare(home, after)
    all.push(...page.cases)
    demand(page.next === null || page.next === page.cases.at(-1)?.id, 'next is not the last id of its page')
    if (page.next === null) break
    after = page.next
  }
  const ids = all.map(({ id }) => id)
  demandSame(ids, [...new Set(ids)].sort(), 'ids of a comparison, in order and once')
  return all
}

export const requestChecks: readonly Check[] = [
  ...rows.map((row) => refusalCheck(16, { ...row, door: 'requests' })),
  ...answers,
]
export const readingChecks: readonly Check[] = reading
