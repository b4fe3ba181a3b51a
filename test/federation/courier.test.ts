/**
 * The courier and the sealer: whatever the network and the peer do, what was written arrives in order and once, only
 * a true receipt counts, and a dead peer costs a probe and no more.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { lineOf } from '../../node/federation/envelopes-in.ts'
import { envelopeOf, pairLock } from '../../node/federation/outbox.ts'
import {
  envelopesIn,
  envelopesOut,
  recordsIn,
  recordsOut,
  streamsIn,
  streamsOut,
} from '../../node/federation/tables.ts'
import { streamState } from '../../node/federation/requests.ts'
import { type HttpAnswer } from '../../node/platform.ts'
import { type Row, type Store } from '../../node/store/port.ts'
import { deliveryLimits, fromUtf8, limits, splitEnvelopes, utf8 } from '../../protocol/index.ts'
import { settled } from '../harness/clock.ts'
import { dumpOf } from '../harness/dump.ts'
import { postTo, type Post } from '../harness/network.ts'
import { MemoryHeads } from '../harness/heads.ts'
import { Office } from '../harness/office.ts'
import { bodyOf, ScriptedPeer } from '../harness/peer.ts'
import { idNumberOf, nameOf } from '../harness/people.ts'
import { openTestRegion } from '../harness/region.ts'
import { level, shenzhen, twoRegions, withScriptedPeer, xinyang, type Pair } from '../harness/world.ts'

let pair: Pair
beforeEach(async () => {
  pair = await twoRegions()
})
afterEach(() => expect([...pair.home.faults, ...pair.host.faults]).toEqual([]))

const outflow = { destination: { code: shenzhen, text: '深圳' } }

/** Home publishes these people, each in a transaction of its own. */
async function publish(from: number, to = from): Promise<void> {
  for (let n = from; n <= to; n++) {
    await pair.home.office.roster({ idNumber: idNumberOf(n), name: nameOf(n) })
    await pair.home.office.outflow({ idNumber: idNumberOf(n), host: shenzhen, outflow })
    await settled()
  }
}

const sent = (store: Store = pair.home.store) =>
  store.read((reader) => reader.find(envelopesOut, {}, { orderBy: 'seq' }))
const received = () => pair.host.store.read((reader) => reader.find(envelopesIn, {}, { orderBy: 'seq' }))
const problem = () => pair.home.region.courier.delivery(shenzhen)

async function namesAtHost(): Promise<string[]> {
  const texts = await pair.host.store.read(async (reader) => {
    const rows = await reader.find(recordsIn, { type: 'flow.published' })
    return Promise.all(rows.sort((a, b) => a.seq - b.seq || a.idx - b.idx).map((row) => lineOf(reader, row)))
  })
  return texts.map((text) => (JSON.parse(text) as { body: { person: { name: string } } }).body.person.name)
}

const unsent = async () => (await pair.home.store.read((reader) => streamState(reader, shenzhen))).unsent
const postsToHost = (door: Post['door'] = 'envelopes') =>
  pair.network.posts.filter((post) => post.to === shenzhen && post.door === door).length

async function delivered(): Promise<void> {
  const [out, into] = await Promise.all([sent(), received()])
  expect(out.map(({ contentId, jws, receipt }) => ({ contentId, jws, receipt }))).toEqual(
    into.map(({ contentId, jws, receipt }) => ({ contentId, jws, receipt })),
  )
  expect(out.every(({ receipted }) => receipted)).toBe(true)
  const heads = await Promise.all([
    pair.home.store.read((reader) => reader.get(streamsOut, { peer: shenzhen })),
    pair.host.store.read((reader) => reader.get(streamsIn, { peer: xinyang })),
  ])
  expect(heads[0]).toMatchObject({ seq: out.length, receipted: out.length, head: heads[1]?.head })
}

it('sends a single record at once and stores the receipt', async () => {
  await publish(1)
  await delivered()
  expect(await namesAtHost()).toEqual([nameOf(1)])
  expect(problem()).toMatchObject({ failures: 0, breakerOpen: false, problem: undefined })
})

it('seals a backlog in few envelopes while the peer is away, and drains it in order when it is back', async () => {
  pair.network.fate = () => 'drop'
  await publish(1, 30)
  await pair.clock.advance(10 * 60_000)
  const waiting = await sent()
  expect(waiting.every(({ receipted }) => !receipted)).toBe(true)
  expect(await unsent()).toBe(30)
  expect(problem().problem?.code).toBe('unreachable')
  await level(pair)
  await delivered()
  expect(await unsent()).toBe(0)
  expect((await sent()).reduce((sum, { records }) => sum + records, 0)).toBe(30)
  expect((await sent()).length).toBeLessThan(5)
  expect(await namesAtHost()).toEqual(Array.from({ length: 30 }, (_, i) => nameOf(i + 1)))
})

it('puts a burst of records under few signatures, never more than an envelope may hold', async () => {
  pair.network.fate = () => 'hold'
  const people = Array.from({ length: 300 }, (_, n) => ({ idNumber: idNumberOf(n + 1), name: nameOf(n + 1) }))
  await pair.home.office.roster(...people)
  await pair.home.office.outflow(...people.map(({ idNumber }) => ({ idNumber, host: shenzhen, outflow })))
  await settled()
  await level(pair)
  await delivered()
  const sizes = (await sent()).map(({ records }) => records)
  expect(sizes).toEqual([limits.recordsPerEnvelope, 300 - limits.recordsPerEnvelope])
})

it('gets the same receipt when the answer was lost after the commit, and the host does nothing twice', async () => {
  let cuts = 2
  pair.network.fate = ({ door }) => (door === 'envelopes' && cuts-- > 0 ? 'cut' : 'deliver')
  await publish(1)
  const [taken] = await received()
  expect(taken).toBeDefined()
  const before = await dumpOf(pair.host.store)
  expect((await sent())[0]?.receipted).toBe(false)
  await pair.clock.advance(2_000)
  await delivered()
  expect((await sent())[0]?.receipt).toBe(taken?.receipt)
  expect(await dumpOf(pair.host.store)).toEqual(before)
  expect(postsToHost()).toBe(3)
})

it('survives every post arriving twice', async () => {
  pair.network.fate = () => 'twice'
  await publish(1, 5)
  await settled()
  await delivered()
  expect(await namesAtHost()).toEqual([1, 2, 3, 4, 5].map(nameOf))
})

it('keeps the order when answers are slow and more is written meanwhile', async () => {
  pair.network.fate = () => 'hold'
  await publish(1, 9)
  expect(pair.network.holding).toBe(1)
  pair.network.release()
  await settled()
  pair.network.release()
  await settled()
  await level(pair)
  await delivered()
  expect(await namesAtHost()).toEqual(Array.from({ length: 9 }, (_, i) => nameOf(i + 1)))
})

describe('an answer that is no receipt of this envelope', () => {
  const text = (answer: HttpAnswer) => Buffer.from(answer.body).toString()
  const say = (body: string | Uint8Array, status = 200): HttpAnswer => ({
    status,
    body: typeof body === 'string' ? utf8(body) : body,
  })
  /** What the peer would have to sign to please us, under its own key and under others'. */
  const forged =
    (keys: string, other: object = {}, outcomes = ['applied']) =>
    async () => {
      const [envelope] = await sent()
      const hand = new ScriptedPeer(shenzhen, xinyang, keys)
      const place = { epoch: 1, seq: 1, head: envelope?.contentId ?? '' }
      return `${hand.receipt(place, outcomes, other)}\n`
    }

  it.each<[string, () => Promise<string | ((answer: HttpAnswer) => HttpAnswer)>]>([
    ['nothing', () => Promise.resolve('')],
    ['blank lines', () => Promise.resolve('\n\n\n')],
    ['a sentence', () => Promise.resolve('thank you\n')],
    ['a web page', () => Promise.resolve('<html><body>ok</body></html>')],
    ['bytes that are no text', () => Promise.resolve(() => say(new Uint8Array([0xff, 0xfe])))],
    ['torn', () => Promise.resolve((answer: HttpAnswer) => say(text(answer).slice(0, -20)))],
    [
      'with its last bit flipped',
      () =>
        Promise.resolve((answer: HttpAnswer) => {
          const body = answer.body.slice()
          body[body.length - 10] = (body[body.length - 10] ?? 0) ^ 1
          return say(body)
        }),
    ],
    ['signed by another', forged('441900')],
    ['for another audience', forged(shenzhen, { aud: '441900' })],
    ['from another issuer', forged(shenzhen, { iss: '441900' })],
    ['of another epoch', forged(shenzhen, { epoch: 2 })],
    ['of an earlier place', forged(shenzhen, { seq: 0 })],
    ['of a later place', forged(shenzhen, { seq: 2 })],
    ['over another head', forged(shenzhen, { head: 'A'.repeat(43) })],
    ['with too few outcomes', forged(shenzhen, {}, [])],
    ['with too many outcomes', forged(shenzhen, {}, ['applied', 'applied'])],
    ['with an outcome nobody knows', forged(shenzhen, {}, ['perhaps'])],
    ['with a member more', forged(shenzhen, { note: 'x' })],
  ])('%s: nothing is receipted', async (_name, make) => {
    // The answer is not let out before it is made, because it needs the envelope that is under way.
    let wrong: string | ((answer: HttpAnswer) => HttpAnswer) = ''
    pair.network.answered = (_post, answer) => (typeof wrong === 'string' ? say(wrong) : wrong(answer))
    pair.network.fate = () => 'hold'
    await publish(1)
    wrong = await make()
    pair.network.fate = () => 'deliver'
    pair.network.release()
    await settled()
    expect(problem()).toMatchObject({ failures: 1, problem: { code: 'bad_receipt' } })
    expect(await sent()).toMatchObject([{ receipted: false, receipt: null, receiptedMs: null }])
    const out = await pair.home.store.read((reader) => reader.get(streamsOut, { peer: shenzhen }))
    expect(out?.receipted).toBe(0)
    pair.network.answered = (_post, answer) => answer
    await pair.clock.advance(5_000)
    await delivered()
  })

  it('is accepted from the peer’s own key, and lines beyond what was posted are not looked at', async () => {
    pair.network.answered = (_post, answer) => say(`${text(answer)}and more\n`)
    await publish(1)
    await delivered()
  })

  it('is looked for in no more lines than a post has envelopes', async () => {
    pair.network.answered = (post, answer) =>
      post.door === 'envelopes' ? say(`${text(answer)}${'\n'.repeat(100_000)}`) : answer
    const split = vi.spyOn(String.prototype, 'split')
    await publish(1)
    const made = split.mock.results.map(({ value }) => (value as string[]).length)
    split.mockRestore()
    await delivered()
    expect(Math.max(...made)).toBeLessThan(1000)
  })

  it.each([
    [say('{"error":"frozen"}', 423), 'frozen'],
    [say('{"error":"<script>"}', 400), 'status_400'],
    [say(`{"error":"${'a'.repeat(100)}"}`, 400), 'status_400'],
    [say('not json', 502), 'status_502'],
    [say('null', 500), 'status_500'],
    [say(`{"error":"frozen","more":"${'a'.repeat(10_000)}"}`, 423), 'status_423'],
    [say('', 301), 'status_301'],
  ])('a refusal %# is shown as a code and tried again', async (answer, code) => {
    pair.network.answered = () => answer
    await publish(1)
    expect(problem()).toMatchObject({ failures: 1, problem: { code } })
    pair.network.answered = (_post, given) => given
    await pair.clock.advance(5_000)
    await delivered()
  })

  it.each([2 ** 53 - 1, 1, 0, -1, 1.5, '0', null])(
    'a gap that cannot be (%j) does not keep us from sending',
    async (seq) => {
      pair.network.answered = () => say(JSON.stringify({ error: 'gap', have: { epoch: 1, seq } }), 409)
      await publish(1)
      await settled()
      pair.network.answered = (_post, answer) => answer
      await pair.clock.advance(120_000)
      await delivered()
    },
  )
})

it('never sends again what the peer has receipted, not even when its copy of it is gone', async () => {
  await publish(1, 3)
  await settled()
  const before = await sent()
  // The host comes back from a copy of its disk that knew only the first envelope, and can ask nobody.
  await pair.host.store.transaction(async (tx) => {
    for (const { peer, epoch, seq } of before.slice(1)) {
      const key = { peer: peer === shenzhen ? xinyang : peer, epoch, seq }
      await tx.remove(envelopesIn, key)
      for (const row of await tx.find(recordsIn, { seq })) await tx.remove(recordsIn, row)
    }
    await tx.update(streamsIn, { peer: xinyang }, { seq: 1, head: before[0]?.contentId ?? '' })
  })
  const head = { epoch: 1, seq: 1, head: before[0]?.contentId ?? '' }
  pair.host.heads.files.set(`${xinyang}.in`, JSON.stringify(head))
  pair.network.fate = ({ from, door }) => (from === shenzhen && door === 'requests' ? 'drop' : 'deliver')
  await publish(4)
  await pair.clock.advance(120_000)
  expect(problem().problem?.code).toBe('gap')
  expect((await received()).length).toBe(1)
  const raised = await pair.home.store.read((reader) => pair.home.region.alarms.list(reader))
  expect(raised.map(({ kind, peer }) => [kind, peer])).toEqual([['peer_behind', shenzhen]])
})

describe('a peer that stays away', () => {
  it('is tried less and less often, then once a minute at most, for as long as it takes', async () => {
    pair.network.fate = ({ to }) => (to === shenzhen ? 'drop' : 'deliver')
    await publish(1)
    const posts = () => postsToHost() + postsToHost('requests')
    await pair.clock.advance(60_000)
    const first = posts()
    expect(first).toBeLessThan(12)
    expect(problem().breakerOpen).toBe(true)
    await pair.clock.advance(60 * 60_000)
    const perHour = posts() - first
    expect(perHour).toBeGreaterThanOrEqual(58)
    expect(perHour).toBeLessThanOrEqual(Math.ceil(3_600_000 / (deliveryLimits.probeMs / 2)))
    await pair.clock.advance(7 * 86_400_000)
    pair.network.fate = () => 'deliver'
    await pair.clock.advance(61_000)
    await delivered()
  })

  it('is not hammered by new writings meanwhile', async () => {
    pair.network.fate = ({ to }) => (to === shenzhen ? 'drop' : 'deliver')
    await publish(1)
    await pair.clock.advance(60_000)
    const before = pair.network.posts.length
    await publish(2, 40)
    expect(pair.network.posts.length).toBe(before)
  })

  it('is sent to at once when it is heard again', async () => {
    pair.network.fate = ({ to }) => (to === shenzhen ? 'drop' : 'deliver')
    await publish(1)
    await pair.clock.advance(60_000)
    expect(problem().breakerOpen).toBe(true)
    pair.network.fate = () => 'deliver'
    await pair.host.office.arrivals({ idNumber: idNumberOf(500), home: xinyang, name: '赵六' })
    await settled()
    await delivered()
    expect(problem()).toMatchObject({ failures: 0, breakerOpen: false, problem: undefined })
  })
})

describe('two nodes whose answers are lost on the way', () => {
  it('do not wake each other without end, and are level soon after answers come again', async () => {
    const most = 2000
    pair.network.fate = () => (pair.network.posts.length > most ? 'drop' : 'cut')
    await publish(1)
    await pair.host.office.arrivals({ idNumber: idNumberOf(500), home: xinyang, name: '赵六' })
    for (let i = 0; i < 50; i++) await settled()
    // Each forgets its failures at the first word of the other, and once only.
    expect(pair.network.posts.length).toBeLessThan(20)
    await pair.clock.advance(60_000)
    const before = pair.network.posts.length
    await pair.clock.advance(10 * 60_000)
    // Heads and then the post at each try, five seconds apart at the least, of two nodes.
    const tries = (10 * 60_000) / deliveryLimits.heardAgainMs
    expect(pair.network.posts.length - before).toBeLessThanOrEqual(2 * 2 * (tries + 1))
    pair.network.fate = () => 'deliver'
    await pair.clock.advance(deliveryLimits.heardAgainMs)
    await delivered()
  })
})

describe('a peer that answers, takes nothing, and goes on talking', () => {
  it.each([
    ['503', () => new Response('{"error":"rate_limited"}', { status: 503 })],
    ['no receipt', () => new Response('thank you')],
  ])('%s: is posted to no oftener than once in five seconds, and the breaker opens', async (_, answer) => {
    const { us, peer, network, clock } = await withScriptedPeer()
    const office = new Office(us.region)
    network.connect(shenzhen, { request: answer } as never)
    network.fate = () => 'deliver'
    await office.roster({ idNumber: idNumberOf(1), name: nameOf(1) })
    await office.outflow({ idNumber: idNumberOf(1), host: shenzhen, outflow })
    await settled()
    const posts = () => network.posts.filter(({ to }) => to === shenzhen).length
    const before = posts()
    expect(before).toBe(1)
    const again = bodyOf(peer.say(peer.unknown(null)))
    const talk = async (times: number) => {
      for (let i = 0; i < times; i++)
        await postTo(us.app, `/federation/v1/${shenzhen}/envelopes`, again).then(settled)
    }
    await talk(100)
    expect(posts()).toBe(before)
    for (let seconds = 0; seconds < 60; seconds++) {
      await talk(3)
      await clock.advance(1000)
    }
    const delivery = us.region.courier.delivery(shenzhen)
    expect(delivery).toMatchObject({ breakerOpen: true, failures: posts() })
    // As the waits before the breaker allow, and from then on as five seconds do.
    expect(posts()).toBeGreaterThanOrEqual(10)
    expect(posts()).toBeLessThanOrEqual(deliveryLimits.breakerAfter + 12)
    await us.region.stop()
  })
})

it('goes on from the store alone after the process is gone', async () => {
  pair.network.fate = ({ to }) => (to === shenzhen ? 'drop' : 'deliver')
  await publish(1, 3)
  await pair.clock.advance(60_000)
  await pair.home.region.stop()
  pair.network.fate = () => 'deliver'
  const { clock, network } = pair
  const { store, heads } = pair.home
  const next = openTestRegion({ node: xinyang, network, clock, store, heads, seed: 321 })
  await next.region.start()
  await settled()
  await delivered()
  await next.region.stop()
  expect(next.faults).toEqual([])
})

it('loses and repeats nothing, at whatever step of sealing, sending and receipting the process dies', async () => {
  /** Publishes and delivers, dying at the k-th call to the store; answers how many calls there were. */
  const dying = async (k: number): Promise<number> => {
    pair = await twoRegions()
    const { clock, network, home } = pair
    const { roster, outflow: register } = home.office
    await roster.call(home.office, { idNumber: idNumberOf(1), name: nameOf(1) })
    home.region.courier.wake = () => undefined
    await register.call(home.office, { idNumber: idNumberOf(1), host: shenzhen, outflow })
    await home.region.stop()
    const { store, heads } = home
    const dyingHeads = new MemoryHeads(heads.files)
    const process = openTestRegion({ node: xinyang, network, clock, store, heads: dyingHeads, seed: 11 })
    let calls = 0
    process.store.watch = dyingHeads.watch = () => {
      if (++calls >= k) throw new Error('the machine stopped')
    }
    process.region.courier.wake(shenzhen)
    await settled()
    await process.region.stop()
    const next = openTestRegion({ node: xinyang, network, clock, store, heads, seed: 12 })
    await next.region.start()
    await settled()
    // A process that died without a word is followed when its lease has run out.
    await clock.advance(20_000)
    await delivered()
    expect(await namesAtHost()).toEqual([nameOf(1)])
    await next.region.stop()
    expect(next.faults).toEqual([])
    return calls
  }
  const calls = await dying(Infinity)
  expect(calls).toBeGreaterThan(15)
  for (let k = 1; k <= calls; k++) await dying(k)
})

it('sends nothing after it was stopped', async () => {
  pair.network.fate = () => 'drop'
  await publish(1)
  await pair.home.region.stop()
  const before = pair.network.posts.length
  await publish(2)
  await pair.clock.advance(3_600_000)
  expect(pair.network.posts.length).toBe(before)
})

it('looks by itself for what another process of the region has written', async () => {
  const { clock, network } = pair
  await pair.home.region.start()
  await settled()
  const { store, heads } = pair.home
  const other = openTestRegion({ node: xinyang, network, clock, store, heads, seed: 654 })
  other.region.courier.wake = () => undefined
  await other.store.transaction(async (tx) => {
    await tx.lock(['roster', pairLock(shenzhen)])
    await other.region.members.enrol(tx, [{ idNumber: idNumberOf(1), name: nameOf(1) }])
    await other.region.home.register(tx, [{ idNumber: idNumberOf(1), host: shenzhen, outflow }])
  })
  await pair.clock.advance(2_100)
  await delivered()
  await pair.home.region.stop()
})

it('starts delivering although settling what a peer had parked fails', async () => {
  pair.network.fate = () => 'drop'
  await publish(1)
  pair.network.fate = () => 'deliver'
  pair.home.region.inbox.parked.settle = () => Promise.reject(new Error('a defect'))
  await pair.home.region.start()
  await pair.clock.advance(5_000)
  await delivered()
  expect(pair.home.faults.splice(0)).toMatchObject([{ message: 'a defect' }])
  await pair.home.region.stop()
})

it('is no longer refused by a peer that answers, when there is nothing to send', async () => {
  const { courier } = pair.home.region
  pair.network.answered = (post, answer) =>
    post.to === shenzhen ? { status: 401, body: utf8('{"error":"bad_signature"}') } : answer
  courier.greetAnew(shenzhen)
  await settled()
  expect(problem()).toMatchObject({ failures: 1, problem: { code: 'bad_signature' } })
  pair.network.answered = (_post, answer) => answer
  courier.heard(shenzhen)
  await pair.clock.advance(5_000)
  expect(problem()).toMatchObject({ failures: 0, breakerOpen: false, problem: undefined })
})

it('sends nothing to a paused peer, keeps what is written for it, and sends it when it is resumed', async () => {
  await pair.home.region.agreements.pause(shenzhen, true)
  await publish(1, 2)
  await pair.clock.advance(3_600_000)
  expect(pair.network.posts).toEqual([])
  expect(await pair.home.region.requests.pull(shenzhen)).toBe(0)
  expect(pair.network.posts).toEqual([])
  await pair.home.region.agreements.pause(shenzhen, false)
  pair.home.region.courier.wake(shenzhen)
  await settled()
  await delivered()
})

it('stops in the middle of a backlog when its peer is paused', async () => {
  pair = await twoRegions(1, { recordsPerEnvelope: 1 })
  const { agreements, courier } = pair.home.region
  await agreements.pause(shenzhen, true)
  await publish(1, 200)
  await agreements.pause(shenzhen, false)
  pair.network.fate = () => 'hold'
  courier.wake(shenzhen)
  await settled()
  await agreements.pause(shenzhen, true)
  pair.network.fate = () => 'deliver'
  pair.network.release()
  await pair.clock.advance(60_000)
  const waiting = async () => (await pair.home.store.read((reader) => reader.find(recordsOut, {}))).length
  const taken = async () => (await pair.host.store.read((reader) => reader.find(recordsIn, {}))).length
  expect(await waiting()).toBe(200)
  expect(await taken()).toBeLessThan(130)
  await agreements.pause(shenzhen, false)
  courier.wake(shenzhen)
  await pair.clock.advance(60_000)
  expect(await taken()).toBe(200)
})

it('has nothing to report when the store fails it, but the fault, and goes on when it is back', async () => {
  await pair.home.region.start()
  pair.network.fate = () => 'hold'
  await publish(1)
  let broken = true
  pair.home.store.watch = () => {
    if (broken) throw new Error('no connection')
  }
  pair.network.fate = () => 'deliver'
  pair.network.release()
  await settled()
  await pair.clock.advance(10_000)
  expect(pair.home.faults.length).toBeGreaterThan(0)
  pair.home.faults.length = 0
  broken = false
  await pair.clock.advance(61_000)
  await delivered()
  await pair.home.region.stop()
})

describe('while the next envelopes are sealed ahead', () => {
  /** 70 people in one transaction, an envelope each: one post is full, and six are sealed while it is on its way. */
  async function backlog(): Promise<void> {
    const people = Array.from({ length: 70 }, (_, n) => ({
      idNumber: idNumberOf(n + 1),
      name: nameOf(n + 1),
    }))
    await pair.home.office.roster(...people)
    await pair.home.office.outflow(...people.map(({ idNumber }) => ({ idNumber, host: shenzhen, outflow })))
    await settled()
  }
  beforeEach(async () => {
    pair = await twoRegions(1, { recordsPerEnvelope: 1 })
  })

  it('sends them in order, in two posts', async () => {
    await backlog()
    await delivered()
    expect(postsToHost()).toBe(2)
    expect(await namesAtHost()).toEqual(Array.from({ length: 70 }, (_, i) => nameOf(i + 1)))
  })

  it('loses none of them when the post before them fails', async () => {
    pair.network.fate = ({ door }) => (door === 'envelopes' ? 'drop' : 'deliver')
    await backlog()
    expect(await sent()).toHaveLength(70)
    pair.network.fate = () => 'deliver'
    await pair.clock.advance(5_000)
    await delivered()
    expect(await namesAtHost()).toHaveLength(70)
  })

  it('posts none of them again after its receipt, when the peer has receipted a part of the post before them', async () => {
    let answers = 0
    pair.network.answered = ({ from, door }, answer) => {
      if (from !== xinyang || door !== 'envelopes' || ++answers > 1) return answer
      const receipts = fromUtf8(answer.body)?.split('\n').slice(0, 60) ?? []
      return { ...answer, body: utf8(`${receipts.join('\n')}\n`) }
    }
    await backlog()
    await delivered()
    const posted = pair.network.posts.filter(({ to, door }) => to === shenzhen && door === 'envelopes')
    const envelopes = posted.map(({ body }) => splitEnvelopes(fromUtf8(body) ?? ''))
    expect(envelopes.map((split) => split.ok && split.envelopes.length)).toEqual([64, 10])
  })

  it('goes on when sealing them has failed once', async () => {
    let sealings = 0
    pair.home.store.watch = ({ what, table }) => {
      if (what === 'insert' && table === 'envelopes_out' && ++sealings === 2) throw new Error('no connection')
    }
    await backlog()
    await pair.clock.advance(5_000)
    expect(pair.home.faults.splice(0)).toMatchObject([{ message: 'no connection' }])
    pair.home.region.courier.wake(shenzhen)
    await settled()
    await delivered()
    expect(await namesAtHost()).toEqual(Array.from({ length: 70 }, (_, i) => nameOf(i + 1)))
  })
})

it('keeps the newer word when a parked record was settled before its lost receipt came again', async () => {
  const { us, peer, network, clock } = await withScriptedPeer()
  const office = new Office(us.region)
  await office.roster({ idNumber: idNumberOf(1), name: nameOf(1) })
  await office.outflow({ idNumber: idNumberOf(1), host: shenzhen, outflow })
  await settled()
  const row = async (): Promise<Row<typeof recordsOut> | undefined> =>
    (await us.store.read((reader) => reader.find(recordsOut, {})))[0]
  const { digest = '', position = 0 } = (await row()) ?? {}
  const { epoch = 0, seq = 0 } =
    (await us.store.read((reader) => envelopeOf(reader, shenzhen, position))) ?? {}
  const outcome = 'refused:case_exists'
  const told = peer.record('outcome.settled', null, { epoch, seq, index: 0, digest, outcome })
  await us.region.inbox.receive(shenzhen, bodyOf(peer.say(told)))
  expect((await row())?.outcome).toBe('refused:case_exists')
  const { contentId = '' } = (await sent(us.store))[0] ?? {}
  network.connect(shenzhen, {
    request: () => new Response(`${peer.receipt({ epoch: 1, seq: 1, head: contentId }, ['parked'])}\n`),
  } as never)
  network.fate = () => 'deliver'
  await clock.advance(5_000)
  expect((await sent(us.store))[0]?.receipted).toBe(true)
  expect((await row())?.outcome).toBe('refused:case_exists')
})
