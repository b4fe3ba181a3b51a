/** Section 11 and 16: what a node says of both streams and gives back of them, and that it asks before it signs. */
import {
  digestOf,
  envelopeLines,
  erasedLine,
  jwsTypes,
  limits,
  signJws,
  type Purpose,
} from '../../../protocol/index.ts'
import { type Check } from '../check.ts'
import { demand, demandSame } from '../demand.ts'
import { type Asked, type Reply } from '../listener.ts'
import { bodyOf, crypto, newId, newTag, type Peer } from '../peer.ts'
import { type Restored } from '../restored.ts'
import { isBefore, type Place } from '../their-keys.ts'
import { postUntilAvailable, type World } from '../world.ts'
import { demandRefusal } from './refusals.ts'
import { honest } from './tokens.ts'

type Lie = (world: World, asked: Asked) => Reply
const cut = (text: string, from: string) => text.slice(0, text.indexOf(from))
const unsigned = (reply: Reply): Reply => {
  const [token = '', body = ''] = reply.text.split('\n')
  return { ...reply, text: `${token.slice(0, token.lastIndexOf('.'))}.${'A'.repeat(86)}\n${body}` }
}

/** Answers to `heads` that no node may believe; all else in them is true. */
const lies: readonly (readonly [string, Lie])[] = [
  ['another nonce', ({ listener }, asked) => listener.honestAnswer(asked, { nonce: newId() })],
  ['another digest', ({ listener }, asked) => listener.honestAnswer(asked, { digest: newTag() })],
  ['another issuer', ({ listener }, asked) => listener.honestAnswer(asked, { iss: '100001' })],
  ['another recipient', ({ listener }, asked) => listener.honestAnswer(asked, { aud: '100001' })],
  ['a member more', ({ listener }, asked) => listener.honestAnswer(asked, { note: 1 })],
  ['no signature', ({ listener }, asked) => unsigned(listener.honestAnswer(asked))],
  ['blanks', ({ listener }, asked) => listener.honestAnswer({ ...asked, body: `${asked.body} ` })],
  ['no body', ({ listener }, asked) => listener.honestAnswer({ ...asked, body: '' })],
  [
    'no receipted',
    ({ listener }, asked) =>
      listener.honestAnswer({ ...asked, body: asked.body.replace(/,"receipted":\d+/, '') }),
  ],
  [
    'another purpose',
    (_, { peer, nonce, body }) => {
      const said = { iss: peer.self, aud: peer.node, iat: peer.nowSeconds(), nonce, digest: newTag() }
      return { status: 200, text: `${signJws(peer.signer, jwsTypes.receipt, said)}\n${body}` }
    },
  ],
  [
    'only a token',
    ({ listener }, asked) => {
      const { text } = listener.honestAnswer(asked)
      return { status: 200, text: cut(text, '\n') }
    },
  ],
  ['a failure', () => ({ status: 500, text: '' })],
]

const isHeads = (purpose: Purpose | undefined) => purpose?.what === 'heads'

export const freshChecks: readonly Check[] = [
  {
    id: 'heads.first',
    section: 11,
    says: 'Where the node has no mark of a stream it asks for heads before it signs, believes no answer that does not hold, and meanwhile takes nothing: unavailable.',
    codes: ['unavailable'],
    needs: ['fresh'],
    run: async (world) => {
      const { listener, fresh: peer } = world
      const envelope = honest(peer)
      const askedAfter = (mark: number) =>
        listener.deliveries
          .slice(mark)
          .find((each) => each.peer === peer && isHeads(each.purpose) && each.answeredMs > 0)
      try {
        for (const [what, lie] of lies) {
          listener.requestScript = (asked) => (isHeads(asked.purpose) ? lie(world, asked) : undefined)
          listener.silent.delete(peer.self)
          const mark = listener.deliveries.length
          const answer = await peer.post(bodyOf(envelope))
          const after = askedAfter(0) ? `an answer to heads with ${what}` : 'no question for heads at all'
          demandRefusal(answer, 'unavailable', undefined, `a post after ${after}`)
          // A verified word of ours ends its waiting after an answer that did not hold.
          await peer.heads()
          await listener.until(() => askedAfter(mark), 10_000, `a question for heads (${what})`)
        }
        demandRefusal(await peer.post(bodyOf(envelope)), 'unavailable')
        const signed = listener.deliveries.filter((each) => each.peer === peer && each.door === 'envelopes')
        demandSame(signed.length, 0, 'posts before heads were answered')
      } finally {
        listener.silent.delete(peer.self)
        listener.honest()
      }
      peer.receiptsIn(await postUntilAvailable(peer, bodyOf(envelope)), [envelope])
      peer.moveTo(envelope)
    },
  },
]

async function wholeOf(peer: Peer, of: 'asked' | 'answering'): Promise<Restored[]> {
  const all: Restored[] = []
  for (let after: Place = { epoch: 1, seq: 0 }; ;) {
    const page = await peer.restore(of, after)
    if (page.length === 0) return all
    demand(page.length <= limits.pullEnvelopes, `${page.length} envelopes in one answer`)
    all.push(...page)
    const last = placeOf(page.at(-1))
    demand(isBefore(after, last), 'a page of what is restored does not go on')
    after = last
  }
}

/** As the token says; compared with what was signed, so that it need not be proven here. */
function placeOf(restored: Restored | undefined): Place {
  const [, payload = ''] = restored?.envelope.jws.split('.') ?? []
  const { epoch, seq } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Place
  return { epoch, seq }
}

const gone = (text: string) => erasedLine(digestOf(crypto, text))

/** A line that holds U+0000 is no record, and a node may not be able to keep it. */
function sameRecords(given: readonly string[], ours: readonly string[]): boolean {
  return (
    given.length === ours.length &&
    given.every((line, i) => line === ours[i] || (ours[i]?.includes('\u0000') && line === gone(ours[i])))
  )
}

async function demandAsked(peer: Peer): Promise<void> {
  const all = await wholeOf(peer, 'asked')
  demandSame(all.length, peer.said.length, 'envelopes of ours that are given back')
  for (const [i, { place, jws, records, receipt }] of peer.said.entries()) {
    const where = `${place.epoch}/${place.seq}`
    demand(all[i]?.envelope.jws === jws, `${where} is given back with another token`)
    demand(all[i]?.receipt === receipt, `${where} is given back with another receipt`)
    demand(sameRecords(all[i]?.envelope.records ?? [], records), `${where} is given back with other records`)
  }
}

async function demandAnswering(world: World, peer: Peer): Promise<void> {
  await world.quiet(peer)
  const taken = [...world.listener.of(peer).taken.values()]
  const all = await wholeOf(peer, 'answering')
  demandSame(all.length, taken.length, 'envelopes of the node that are given back')
  for (const [i, { proven, receipt }] of taken.entries()) {
    const where = `${proven.payload.epoch}/${proven.payload.seq}`
    const { envelope, receipt: given } = all[i] ?? {}
    demand(given === receipt, `${where} is given back with another receipt than ours`)
    const same = envelope && envelopeLines(envelope) === world.shown(peer, proven.payload)
    demand(same === true, `${where} is given back with other bytes`)
  }
}

export const restoringChecks: readonly Check[] = [
  {
    id: 'heads.true',
    section: 16,
    says: 'Heads say how far the node has sealed, how far it holds our receipts, and how far it has taken us.',
    run: async (world) => {
      const { first, listener } = world
      await world.quiet(first)
      const { epoch, seq, head } = listener.of(first)
      const received = { epoch: first.epoch, seq: first.seq, head: first.head, frozen: false }
      demandSame(
        await first.heads(),
        { sent: { epoch, seq, head, receipted: seq }, received },
        'heads of streams at rest',
      )
    },
  },
  {
    id: 'heads.unreceipted',
    section: 16,
    says: 'What the node has sealed and holds no receipt of is sent, and not receipted.',
    run: async (world) => {
      const { first, listener } = world
      await world.quiet(first)
      const { seq } = listener.of(first)
      const mark = listener.deliveries.length
      listener.script = () => ({ status: 503, text: '{"error":"unavailable"}' })
      await first.take(first.record('identity.queried', null, { tag: newTag(), name: '测试' }))
      const post = await listener.post(first, mark, 10_000, 'a post of the node')
      const { sent } = await first.heads()
      const last = post.envelopes.at(-1)
      demandSame(
        sent,
        { epoch: last?.payload.epoch, seq: last?.payload.seq, head: last?.contentId, receipted: seq },
        'sent without a receipt',
      )
      listener.honest()
      await world.quiet(first)
    },
  },
  {
    id: 'compare.unsent',
    section: 17,
    says: 'What has no receipt yet is counted in records, however many envelopes they are in.',
    run: async (world) => {
      const { first, listener } = world
      await world.quiet(first)
      const mark = listener.deliveries.length
      listener.script = () => ({ status: 503, text: '{"error":"unavailable"}' })
      const query = () => first.record('identity.queried', null, { tag: newTag(), name: '测试' })
      await first.take(query(), query(), query())
      await listener.post(first, mark, 10_000, 'a post of the node')
      demandSame((await first.compare(first.node)).unsent, 3, 'unsent after three questions')
      listener.honest()
      await world.quiet(first)
    },
  },
  {
    id: 'restore.asked',
    section: 16,
    says: 'The node gives our stream back, page by page, as it was said, with the very receipts it gave, and null for what was erased.',
    run: ({ first }) => demandAsked(first),
  },
  {
    id: 'restore.answering',
    section: 16,
    says: 'The node gives its own stream back, page by page, with the very receipts we gave.',
    run: (world) => demandAnswering(world, world.first),
  },
  {
    id: 'restore.epochs',
    section: 16,
    says: 'Both go on over the end of an epoch and the change of a key.',
    needs: ['third'],
    run: async (world) => {
      const { third } = world
      demand(third.epoch > 1, 'the third peer is still in its first epoch')
      await demandAsked(third)
      await demandAnswering(world, third)
    },
  },
  {
    id: 'restore.from',
    section: 16,
    says: 'What is given back begins after the place that is named, and beyond the end there is nothing.',
    run: async (world) => {
      const { first, listener } = world
      await world.quiet(first)
      for (const [of, stream] of [
        ['asked', first],
        ['answering', listener.of(first)],
      ] as const) {
        const { epoch, seq } = stream
        const places = (await first.restore(of, { epoch, seq: seq - 1 })).map(placeOf)
        demandSame(places, [{ epoch, seq }], 'places after the last but one')
        for (const after of [
          { epoch, seq },
          { epoch, seq: limits.streamNumber },
          { epoch: epoch + 1, seq: 0 },
          { epoch: limits.streamNumber, seq: 0 },
        ])
          demandSame(await first.restore(of, after), [], 'what lies beyond the end')
      }
    },
  },
  {
    id: 'restore.own',
    section: 16,
    says: 'A peer is given its own streams back, and nothing of another peer.',
    needs: ['second'],
    run: async (world) => {
      const { second } = world
      await demandAsked(second)
      await demandAnswering(world, second)
    },
  },
]
