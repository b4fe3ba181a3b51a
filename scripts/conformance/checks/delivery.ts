/** Section 18 and 10, with the node as sender: what it posts, what it believes, and how it repeats and waits. */
import { limits, signJws, jwsTypes, type Outcome } from '../../../protocol/index.ts'
import { type Check } from '../check.ts'
import { demand, demandSame, Skipped } from '../demand.ts'
import { silence, type Delivery, type Listener, type Proven, type Reply } from '../listener.ts'
import { newId, newTag, type Peer } from '../peer.ts'
import { type World } from '../world.ts'

const failing = (): Reply => ({ status: 503, text: '{"error":"unavailable"}' })

/** Makes the node write one record for a peer, without waiting for it. */
async function provoke(peer: Peer): Promise<string> {
  const id = newId()
  const tag = newTag()
  await peer.take(peer.record('identity.queried', null, { tag, name: '测试' }, id))
  return id
}

/** Any verified word of ours ends the waiting of the node, or shortens it when we had answered. */
async function knock(peer: Peer): Promise<void> {
  await peer.ask({ what: 'pull', epoch: 1, after: 0 })
}

const textsOf = ({ envelopes }: Delivery) => envelopes.map(({ text }) => text)

/** Lets the next post fail with this reply and gives it, then the repeat, which is taken again honestly. */
async function failOnce(
  world: World,
  reply: (proven: Proven, delivery: Delivery) => Reply,
): Promise<{ failed: Delivery; again: Delivery }> {
  const { first, listener } = world
  await world.quiet(first)
  const mark = listener.deliveries.length
  listener.script = once((delivery) => {
    const [proven] = delivery.envelopes
    return proven && reply(proven, delivery)
  })
  await provoke(first)
  const failed = await listener.post(first, mark, 10_000, 'a post of the node')
  const next = listener.deliveries.indexOf(failed) + 1
  await knock(first)
  const again = await listener.post(first, next, 10_000, 'the same envelope again')
  await world.quiet(first)
  return { failed, again }
}

/** Answers the first post only; later ones are taken honestly. */
function once(reply: (delivery: Delivery) => Reply | undefined): Listener['script'] {
  let answered = false
  return (delivery) => {
    if (answered || delivery.door !== 'envelopes') return undefined
    answered = true
    return reply(delivery)
  }
}

type Forgery = (world: World, proven: Proven) => string
const ok = (text: string): Reply => ({ status: 200, text })
const applied = ({ records }: Proven): Outcome[] => records.map(() => 'applied')
const receipt =
  (other: (world: World, proven: Proven) => object): Forgery =>
  (world, proven) =>
    `${world.listener.receipt(world.first, proven, applied(proven), other(world, proven))}\n`

const forgeries: readonly (readonly [string, string, Forgery])[] = [
  ['none', 'no receipt at all', () => ''],
  ['text', 'a text that is no token', () => 'ok\n'],
  ['head', 'a receipt with another head', receipt(() => ({ head: newTag() }))],
  ['seq', 'a receipt for another number', receipt((_, { payload }) => ({ seq: payload.seq + 1 }))],
  ['epoch', 'a receipt for another epoch', receipt(() => ({ epoch: 2 }))],
  ['iss', 'a receipt in another’s name', receipt(() => ({ iss: '100001' }))],
  ['aud', 'a receipt for another node', receipt(() => ({ aud: '100001' }))],
  [
    'outcomes',
    'a receipt with an outcome too many',
    receipt((_, proven) => ({ outcomes: [...applied(proven), 'applied'] })),
  ],
  [
    'outcome',
    'a receipt with an outcome that is none',
    receipt((_, proven) => ({ outcomes: applied(proven).map(() => 'done') })),
  ],
  ['member', 'a receipt with a member more', receipt(() => ({ note: 1 }))],
  [
    'type',
    'a token of another purpose',
    ({ first }, { payload, contentId: head }) => {
      const { epoch, seq } = payload
      const said = { iss: first.self, aud: first.node, epoch, seq, head, iat: first.nowSeconds() }
      return `${signJws(first.signer, jwsTypes.answer, { ...said, outcomes: ['applied'] })}\n`
    },
  ],
  [
    'signature',
    'a receipt whose signature does not hold',
    (world, proven) => {
      const token = world.listener.receipt(world.first, proven, applied(proven))
      return `${token.slice(0, token.lastIndexOf('.'))}.${'A'.repeat(86)}\n`
    },
  ],
]

const beliefs = forgeries.map(([name, what, forge]): Check => ({
  id: `believe.${name}`,
  section: 12,
  says: `The node does not believe ${what}: it posts the same bytes again.`,
  run: async (world) => {
    const { failed, again } = await failOnce(world, (proven) => ok(forge(world, proven)))
    demandSame(textsOf(again)[0], textsOf(failed)[0], 'the repeat')
  },
}))

const sending: readonly Check[] = [
  {
    id: 'send.repeats',
    section: 18,
    says: 'An envelope without a receipt is posted again with the same bytes, whatever the failure was.',
    run: async (world) => {
      for (const reply of [
        failing(),
        { status: 500, text: 'no JSON' },
        { status: 409, text: '{"error":"fork"}' },
      ]) {
        const { failed, again } = await failOnce(world, () => reply)
        demandSame(textsOf(again)[0], textsOf(failed)[0], `the repeat after ${reply.status}`)
      }
    },
  },
  {
    id: 'send.waits',
    section: 18,
    says: 'After the nth failure it waits between half and the whole of 200 ms × 2^(n−1), by chance; not once a peer that was silent is heard.',
    run: async (world) => {
      const { first, listener } = world
      await world.quiet(first)
      const mark = listener.deliveries.length
      listener.script = () => silence
      await provoke(first)
      const tries = 4
      await listener.until(() => listener.deliveries[mark + tries - 1], 15_000, `${tries} tries`)
      const times = listener.deliveries.slice(mark, mark + tries)
      for (let n = 1; n < tries; n++) {
        const waited = (times[n]?.atMs ?? 0) - (times[n - 1]?.answeredMs ?? 0)
        const whole = 200 * 2 ** (n - 1)
        // Timers may be a little early and a busy machine late; half a step too soon is neither.
        demand(waited >= whole / 2 - 20, `wait ${n} was ${waited} ms, under half of ${whole} ms`)
        demand(waited <= whole + 1500, `wait ${n} was ${waited} ms, far over ${whole} ms`)
      }
      listener.honest()
      const last = listener.deliveries.length
      await knock(first)
      const next = await listener.post(first, last, 1000, 'a post as soon as we were heard')
      demandSame(textsOf(next)[0], textsOf(times[0] as Delivery)[0], 'the repeat')
      await world.quiet(first)
    },
  },
  {
    id: 'send.partial',
    section: 18,
    says: 'When only some of the posted envelopes are receipted, the others come again, in order.',
    run: async (world) => {
      const { first, listener } = world
      await world.quiet(first)
      listener.script = failing
      const mark = listener.deliveries.length
      await provoke(first)
      await listener.post(first, mark, 10_000, 'a post of the node')
      // More than one envelope holds waits behind the one that fails.
      const query = () => first.record('identity.queried', null, { tag: newTag(), name: '测试' })
      for (let n = 0; n < 2; n++) await first.take(...Array.from({ length: 200 }, query))
      let long: Delivery | undefined
      listener.script = (delivery) => {
        const [proven] = delivery.envelopes
        if (long || !proven || delivery.envelopes.length < 2) return undefined
        long = delivery
        const taken = listener.take(first, proven)
        return 'receipt' in taken ? ok(`${taken.receipt}\n`) : taken
      }
      await knock(first)
      await world.quiet(first)
      // Section 18 lets a sender post them one by one.
      if (!long) throw new Skipped('the node posts one envelope at a time')
      const rest = await listener.post(first, listener.deliveries.indexOf(long) + 1, 10_000, 'the others')
      demandSame(textsOf(rest)[0], textsOf(long)[1], 'the first of the repeat')
    },
  },
  {
    id: 'send.gap',
    section: 18,
    says: 'What was receipted is not posted again, also when the recipient says that its copy ends before it.',
    run: async (world) => {
      const { first, listener } = world
      for (let n = 0; n < 3; n++) await world.query(first, newTag())
      await world.quiet(first)
      const { seq, epoch } = listener.of(first)
      const have = { epoch, seq: seq - 3 }
      const { failed, again } = await failOnce(world, () => ({
        status: 409,
        text: JSON.stringify({ error: 'gap', have }),
      }))
      demandSame(again.envelopes[0]?.payload.seq, seq + 1, 'the first number after a gap')
      demandSame(textsOf(again)[0], textsOf(failed)[0], 'the repeat')
    },
  },
  {
    id: 'send.gap-nonsense',
    section: 15,
    says: 'An error body is unsigned: one that names places that cannot be keeps the node from nothing.',
    run: async (world) => {
      for (const have of [{ epoch: 1, seq: -1 }, { epoch: 1, seq: 2 ** 53 }, { epoch: 1, seq: 'x' }, null]) {
        const text = JSON.stringify({ error: 'gap', have })
        const { failed, again } = await failOnce(world, () => ({ status: 409, text }))
        demandSame(textsOf(again)[0], textsOf(failed)[0], 'the repeat')
      }
    },
  },
  {
    id: 'send.redirect',
    section: 15,
    says: 'A redirect is not followed.',
    run: async (world) => {
      const { listener } = world
      const strays = listener.strays.length
      for (const status of [302, 307]) {
        const reply = { status, text: '', headers: { location: '/elsewhere' } }
        const { failed, again } = await failOnce(world, () => reply)
        demandSame(textsOf(again)[0], textsOf(failed)[0], 'the repeat')
      }
      demandSame(listener.strays.slice(strays), [], 'paths that were asked for')
    },
  },
  {
    id: 'send.unknown-outcome',
    section: 12,
    says: 'A receipt with a refusal whose code the node does not know, and one with parked, are believed.',
    run: async (world) => {
      const { first, listener } = world
      for (const outcome of ['refused:code_of_the_future', 'parked']) {
        await world.quiet(first)
        listener.outcome = () => outcome
        const { seq } = await world.query(first, newTag())
        await world.quiet(first)
        demandSame((await first.compare(first.self)).sent.seq, seq, 'the end of the stream')
      }
    },
  },
  {
    id: 'send.many',
    section: 18,
    says: 'More than pullEnvelopes envelopes are posted in order, 1 to envelopesPerPost in one POST, each named by the next.',
    run: async (world) => {
      const { first, listener } = world
      const wanted = limits.pullEnvelopes + 6
      for (let n = 0; listener.of(first).seq < wanted && n < 2 * wanted; n++)
        await world.query(first, newTag())
      await world.quiet(first)
    },
  },
  {
    id: 'send.asks',
    section: 16,
    says: 'What the node asks a peer is a request as section 16 has it.',
    needs: ['operator'],
    run: async (world) => {
      const { first, listener, operator } = world
      const mark = listener.deliveries.length
      await operator.compare(first.self)
      const isAsked = ({ peer, door }: Delivery) => peer === first && door === 'requests'
      await listener.until(() => listener.deliveries.slice(mark).find(isAsked), 5000, 'a request')
    },
  },
]

const believed: readonly Check[] = [
  {
    id: 'believe.surplus',
    section: 15,
    says: 'Lines after the receipts of what was posted are ignored: the receipts are believed.',
    run: async (world) => {
      const { first, listener } = world
      await world.quiet(first)
      listener.script = once(({ envelopes: [proven] }) => {
        const taken = proven && listener.take(first, proven)
        return taken && 'receipt' in taken ? ok(`${taken.receipt}\nsurplus\n${taken.receipt}\n`) : undefined
      })
      const mark = listener.deliveries.length
      await provoke(first)
      await listener.post(first, mark, 10_000, 'a post of the node')
      await world.quiet(first)
      demandSame((await first.heads()).sent.receipted, listener.of(first).seq, 'what it holds receipts of')
      const posts = listener.deliveries
        .slice(mark)
        .filter(({ peer, door }) => peer === first && door === 'envelopes')
      demandSame(posts.length, 1, 'posts of one envelope')
    },
  },
]

/** After all the others: nothing that came in any of them was other than it must be. */
const conforming: readonly Check[] = [
  {
    id: 'send.conforms',
    section: 10,
    says: 'Everything the node posted in this run held: tokens, payloads, chain, digests, records, order, headers of HTTP.',
    run: ({ listener }) => {
      demandSame([...new Set(listener.faults)], [], 'faults')
      demand(listener.deliveries.length > 0, 'the node posted nothing')
      return Promise.resolve()
    },
  },
]

export const deliveryChecks: readonly Check[] = [...sending, ...beliefs, ...believed]
export const lastChecks: readonly Check[] = conforming
