/**
 * Signed reading between peers: what is not exactly asked, or not exactly answered, is refused, and a pull ends
 * whatever the other side goes on answering.
 */
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { pagesPerRun, PeerUnreachable } from '../../node/federation/requests.ts'
import { nonces, streamsIn } from '../../node/federation/tables.ts'
import { nodeJsCrypto, type HttpAnswer } from '../../node/platform.ts'
import { MemoryStore } from '../../node/store/memory.ts'
import { type Reader } from '../../node/store/port.ts'
import {
  comparePageSchema,
  digestOf,
  envelopeLines,
  jwsTypes,
  limits,
  readJws,
  signAnswer,
  signJws,
  signRequest,
  utf8,
  type Envelope,
  type NodeId,
  type Purpose,
  type RequestPayload,
  type Signer,
  type SigningKey,
} from '../../protocol/index.ts'
import { firstMoment, settled, VirtualClock } from '../harness/clock.ts'
import { dumpOf, without } from '../harness/dump.ts'
import { testKeyring } from '../harness/keys.ts'
import { Network, postTo } from '../harness/network.ts'
import { Office } from '../harness/office.ts'
import { bodyOf, ScriptedPeer, uuid } from '../harness/peer.ts'
import { idNumberOf, nameOf } from '../harness/people.ts'
import { openTestRegion, type TestRegion } from '../harness/region.ts'
import {
  dongguan,
  shenzhen,
  twoRegions,
  withScriptedPeer,
  xinyang,
  type Pair,
  type World,
} from '../harness/world.ts'

/** Questions of the store that any answer to one request may cost. */
const fewQuestions = 20

/** A store that counts what readers ask of it, and stops one that asks without end. */
class CountedStore extends MemoryStore {
  questions = 0

  override read<Result>(work: (reader: Reader) => Promise<Result>): Promise<Result> {
    return super.read((reader) => {
      const find: Reader['find'] = (...question) => {
        if (++this.questions > 1000) throw new Error('still asking')
        return reader.find(...question)
      }
      return work(Object.assign(Object.create(reader) as Reader, { find }))
    })
  }
}

const heirKeys = 'another of shenzhen'
const nothingRead = { epoch: 1, seq: 0 }
const outflow = { destination: { code: shenzhen, text: '深圳' } }
const nowSeconds = firstMoment / 1000

describe('a request to us', () => {
  let us: TestRegion
  let peer: ScriptedPeer
  let world: World
  beforeEach(async () => {
    const opened = await withScriptedPeer()
    ;({ us, peer } = opened)
    world = opened
  })

  const payload = (other: object = {}, purpose: object = { what: 'pull', epoch: 1, after: 0 }) => ({
    iss: shenzhen,
    aud: xinyang,
    iat: nowSeconds,
    exp: nowSeconds + limits.requestSeconds,
    nonce: peer.nextId(),
    purpose,
    ...other,
  })
  const token = (content: object) => signRequest(peer.keyring.signer, content as never)
  const ask = (text: string, claimed: NodeId = shenzhen) => us.region.requests.answer(claimed, utf8(text))
  const askFor = (purpose: Purpose) => ask(token(payload({}, purpose)))

  it.each<[string, () => object, string]>([
    ['expired', () => ({ iat: nowSeconds - 301, exp: nowSeconds - 1 }), 'bad_time'],
    ['of the future', () => ({ iat: nowSeconds + 301, exp: nowSeconds + 302 }), 'bad_time'],
    ['valid for too long', () => ({ exp: nowSeconds + 301 }), 'bad_time'],
    ['ending before it begins', () => ({ exp: nowSeconds - 1 }), 'bad_time'],
    ['for another audience', () => ({ aud: dongguan }), 'wrong_audience'],
    ['from another issuer', () => ({ iss: dongguan }), 'issuer_mismatch'],
    ['without a nonce', () => ({ nonce: undefined }), 'bad_field'],
    ['with a nonce of another form', () => ({ nonce: 'x' }), 'bad_field'],
    ['with one member more', () => ({ note: 1 }), 'bad_field'],
    ['for a purpose nobody knows', () => ({ purpose: { what: 'everything' } }), 'bad_field'],
    ['for a pull without a place', () => ({ purpose: { what: 'pull' } }), 'bad_field'],
    [
      'for our cases with a third region',
      () => ({ purpose: { what: 'compare', home: dongguan, after: null } }),
      'bad_field',
    ],
  ])('%s is refused', async (_name, other, code) => {
    const before = await dumpOf(us.store)
    expect(await ask(token(payload(other())))).toMatchObject({ ok: false, code })
    expect((await dumpOf(us.store))['refusals']).toHaveLength(1)
    const alarmed = await us.store.read((reader) => us.region.alarms.list(reader))
    expect(alarmed.map(({ kind }) => kind)).toEqual(code === 'bad_time' ? ['clock_skew'] : [])
    expect(without(await dumpOf(us.store), 'refusals', 'nonces', 'streams_in', 'alarms')).toEqual(
      without(before, 'refusals', 'nonces', 'streams_in', 'alarms'),
    )
  })

  it('is answered once: its nonce is spent, also after a restart, and forgotten when it could not be valid', async () => {
    const text = token(payload())
    expect(await ask(text)).toMatchObject({ ok: true })
    expect(await ask(text)).toMatchObject({ ok: false, code: 'replayed_nonce' })
    const count = () => us.store.read((reader) => reader.count(nonces, {}))
    expect(await count()).toBe(1)
    await world.clock.advance(20 * 60_000)
    expect(await ask(text)).toMatchObject({ ok: false, code: 'bad_time' })
    const later = { iat: nowSeconds + 1200, exp: nowSeconds + 1300 }
    expect(await ask(token(payload(later)))).toMatchObject({ ok: true })
    expect(await count()).toBe(1)
  })

  it('for heads is answered whatever its times, and its nonce is kept for ever by none of them', async () => {
    const count = () => us.store.read((reader) => reader.count(nonces, {}))
    const heads = (other: object) => ask(token(payload(other, { what: 'heads' })))
    const untimely = [{ exp: 2 ** 52 }, { iat: 2 ** 51, exp: 2 ** 52 }, { iat: 1, exp: 2 }]
    for (const times of untimely) expect(await heads(times)).toMatchObject({ ok: true })
    const again = token(payload({ exp: 2 ** 52 }, { what: 'heads' }))
    expect(await ask(again)).toMatchObject({ ok: true })
    expect(await ask(again)).toMatchObject({ code: 'replayed_nonce' })
    // The longest that any is valid: of as far in the future as may be.
    const latest = { iat: nowSeconds + limits.requestSeconds, exp: nowSeconds + 2 * limits.requestSeconds }
    const timely = token(payload(latest))
    expect(await ask(timely)).toMatchObject({ ok: true })
    await world.clock.advance(2 * limits.requestSeconds * 1000)
    expect(await ask(timely)).toMatchObject({ code: 'replayed_nonce' })
    await world.clock.advance(limits.requestSeconds * 1000 + 1)
    expect(await heads({ exp: 2 ** 52 })).toMatchObject({ ok: true })
    expect(await count()).toBe(1)
  })

  it('may carry a nonce that another peer has used', async () => {
    const other = new ScriptedPeer(dongguan, xinyang)
    await other.agreeWith(us)
    const nonce = uuid(1)
    expect(await ask(token(payload({ nonce })))).toMatchObject({ ok: true })
    const theirs = signRequest(other.keyring.signer, { ...payload({ nonce }), iss: dongguan } as never)
    expect(await ask(theirs, dongguan)).toMatchObject({ ok: true })
  })

  it('signed by another, of another type or from a stranger is refused', async () => {
    const other = new ScriptedPeer(dongguan, xinyang)
    await other.agreeWith(us)
    expect(await ask(signRequest(other.keyring.signer, payload() as never))).toMatchObject({
      code: 'bad_signature',
    })
    const wrongType = signJws(peer.keyring.signer, jwsTypes.envelope, payload())
    expect(await ask(wrongType)).toMatchObject({ code: 'wrong_type' })
    expect(await ask(token(payload()), '999999')).toMatchObject({ code: 'unknown_peer' })
    expect(await ask('x'.repeat(limits.jwsBytes + 1))).toMatchObject({ code: 'too_large' })
    const answer = await postTo(us.app, '/federation/v1/999999/requests', utf8(token(payload())))
    expect([answer.status, Buffer.from(answer.body).toString()]).toEqual([401, '{"error":"bad_signature"}'])
  })

  it('shows the asker its own stream alone', async () => {
    const office = new Office(us.region)
    const other = new ScriptedPeer(dongguan, xinyang)
    await other.agreeWith(us)
    await office.roster({ idNumber: idNumberOf(1), name: nameOf(1) })
    await office.outflow({ idNumber: idNumberOf(1), host: dongguan, outflow })
    await settled()
    expect(await askFor({ what: 'pull', epoch: 1, after: 0 })).toMatchObject({
      text: expect.not.stringContaining('flow') as string,
    })
    await office.outflow({ idNumber: idNumberOf(1), host: shenzhen, outflow })
    await settled()
    const answer = await askFor({ what: 'pull', epoch: 1, after: 0 })
    expect(
      answer.ok && answer.text.split('\n').filter((line) => line.includes('flow.published')),
    ).toHaveLength(1)
    const compared = await askFor({ what: 'compare', home: xinyang, after: null })
    const page = comparePageSchema.parse(JSON.parse(compared.ok ? (compared.text.split('\n')[1] ?? '') : ''))
    expect(page.cases).toHaveLength(1)
  })

  it('of a denial in a third region’s favour tells nobody else', async () => {
    const other = new ScriptedPeer(dongguan, xinyang)
    await other.agreeWith(us)
    await new Office(us.region).arrivals({ idNumber: idNumberOf(7), home: dongguan, name: '赵六' })
    const [arrival] = await new Office(us.region).arrivalRows()
    const denied = other.record('identity.denied', null, { query: arrival?.query ?? '', reason: 'unknown' })
    await us.region.inbox.receive(dongguan, bodyOf(other.say(denied)))
    for (const home of [xinyang, shenzhen]) {
      const answer = await askFor({ what: 'compare', home, after: null })
      expect(answer.ok && answer.text).not.toContain(arrival?.query)
    }
  })

  it.each([0, 1, limits.streamNumber])(
    'for what comes after %d is answered, with nothing where there is nothing',
    async (after) => {
      const answer = await askFor({ what: 'pull', epoch: Math.max(1, after), after })
      expect(answer.ok && answer.text.split('\n').slice(1)).toEqual([''])
    },
  )

  it('for what comes after the end of an epoch costs a few questions of the store, however far the next one leaps', async () => {
    const store = new CountedStore()
    ;({ us, peer } = await withScriptedPeer(store))
    const first = peer.say(peer.unknown(null))
    const after = { epoch: 1, seq: 1, head: first.contentId }
    const word = peer.record('epoch.opened', null, { after, reason: 'recovered' })
    const leap = peer.seal({ epoch: limits.streamNumber, seq: 1, prev: first.contentId }, word)
    for (const envelope of [first, leap])
      expect(await us.region.inbox.receive(shenzhen, bodyOf(envelope))).toMatchObject({ refusal: undefined })
    store.questions = 0
    const answer = await askFor({ what: 'restore', of: 'asked', after: { epoch: 1, seq: 1 } })
    expect(answer.ok && answer.text.split('\n')[1]).toBe(leap.jws)
    expect(store.questions).toBeLessThan(fewQuestions)
    const beyond = { epoch: limits.streamNumber, seq: 1 }
    const end = await askFor({ what: 'restore', of: 'asked', after: beyond })
    expect(end.ok && end.text.split('\n').slice(1)).toEqual([''])
  })

  it('proves that the peer is there', async () => {
    await world.clock.advance(5_000)
    const times = { iat: nowSeconds, exp: nowSeconds + 100 }
    expect(await ask(token(payload(times)))).toMatchObject({ ok: true })
    const stream = await us.store.read((reader) => reader.get(streamsIn, { peer: shenzhen }))
    expect(stream?.heardMs).toBe(firstMoment + 5_000)
  })
})

describe('an answer to us', () => {
  let us: TestRegion
  let peer: ScriptedPeer
  let world: World
  let asked: { nonce: string }
  /** What the peer answers to whatever we ask. */
  let answer: () => HttpAnswer | string

  beforeEach(async () => {
    const opened = await withScriptedPeer()
    ;({ us, peer } = opened)
    world = opened
    world.network.fate = () => 'deliver'
    world.network.connect(shenzhen, { request: () => new Response('') } as never)
    world.network.answered = (post) => {
      const read = readJws(Buffer.from(post.body).toString(), jwsTypes.request)
      if (read.ok) asked = JSON.parse(Buffer.from(read.jws.payload).toString()) as { nonce: string }
      const given = answer()
      return typeof given === 'string' ? { status: 200, body: utf8(given) } : given
    }
  })

  const signed = (body: string, other: object = {}, keys = peer.keyring) => {
    const bound = {
      iss: shenzhen,
      aud: xinyang,
      iat: nowSeconds,
      nonce: asked.nonce,
      digest: digestOf(nodeJsCrypto, body),
    }
    return `${signAnswer(keys.signer, { ...bound, ...other })}\n${body}`
  }
  const pull = () => us.region.requests.pull(shenzhen)

  it.each<[string, () => HttpAnswer | string, string]>([
    ['with another nonce', () => signed('', { nonce: uuid(1) }), 'bad_answer'],
    ['with another digest', () => signed('', { digest: digestOf(nodeJsCrypto, 'x') }), 'bad_answer'],
    ['for another audience', () => signed('', { aud: dongguan }), 'bad_answer'],
    ['from another issuer', () => signed('', { iss: dongguan }), 'bad_answer'],
    ['under another key', () => signed('', {}, new ScriptedPeer(dongguan, xinyang).keyring), 'bad_answer'],
    ['with a body changed behind the signature', () => `${signed('')}x`, 'bad_answer'],
    ['without a line end', () => signed('').trimEnd(), 'bad_answer'],
    ['of nothing', () => '', 'bad_answer'],
    ['of bytes that are no text', () => ({ status: 200, body: new Uint8Array([255, 10]) }), 'bad_answer'],
    ['of a redirect', () => ({ status: 302, body: utf8('') }), 'status_302'],
    ['of an error', () => ({ status: 503, body: utf8('{"error":"unavailable"}') }), 'unavailable'],
  ])('%s is not believed', async (_name, make, code) => {
    answer = make
    const failed = await pull().catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(PeerUnreachable)
    expect((failed as PeerUnreachable).code).toBe(code)
  })

  it('that is the answer to an earlier question is not believed', async () => {
    const said: string[] = []
    answer = () => said[0] ?? (said[said.length] = signed(''))
    expect(await pull()).toBe(0)
    await expect(pull()).rejects.toThrow('bad_answer')
  })

  it('that never ends does not keep us: the same envelopes over and over', async () => {
    const old = Array.from({ length: limits.pullEnvelopes }, () => peer.say(peer.unknown(null)))
    await us.region.inbox.receive(shenzhen, bodyOf(...old))
    let asks = 0
    answer = () => {
      if (++asks > 10) throw new Error('still asking')
      return signed(old.map(envelopeLines).join(''))
    }
    expect(await pull()).toBe(0)
    expect(asks).toBe(1)
  })

  it('that came short is asked on from there', async () => {
    const all = Array.from({ length: 5 }, () => peer.say(peer.unknown(null)))
    const places: number[] = []
    answer = () => {
      const after = (asked as { purpose?: { after: number } }).purpose?.after ?? 0
      places.push(after)
      return signed(
        all
          .slice(after, after + 2)
          .map(envelopeLines)
          .join(''),
      )
    }
    expect(await pull()).toBe(5)
    expect(places).toEqual([0, 2, 4, 5])
  })

  it('may be as long as what was asked for can be, and what is longer is not read', async () => {
    const found = await us.store.read((reader) => us.region.peers.get(reader, shenzhen))
    if (!found) throw new Error('no peer')
    const { requests } = us.region
    const parsed = vi.spyOn(JSON, 'parse')
    const failed = async (ask: Promise<unknown>) =>
      ((await ask.catch((error: unknown) => error)) as PeerUnreachable).code
    const many = (bytes: number) => `[${'[],'.repeat(bytes / 3)}[]]`
    answer = () => signed(many(16 * 1024))
    expect(await failed(requests.heads(found))).toBe('unreachable')
    answer = () => signed(many(limits.postBytes))
    expect(await failed(requests.compare(found, xinyang, null))).toBe('unreachable')
    answer = () => signed(many(limits.postBytes + limits.jwsBytes))
    expect(await failed(pull())).toBe('unreachable')
    answer = () => signed(many(2 * limits.postBytes))
    expect(await failed(requests.restore(found, 'asked', nothingRead))).toBe('unreachable')
    const lengths = parsed.mock.calls.map(([text]) => text.length)
    parsed.mockRestore()
    expect(Math.max(...lengths)).toBeLessThan(limits.jwsBytes)
  })

  it('with a comparison of another form is not believed', async () => {
    answer = () => signed('{"cases":[]}')
    const found = await us.store.read((reader) => us.region.peers.get(reader, shenzhen))
    if (!found) throw new Error('no peer')
    await expect(us.region.requests.compare(found, xinyang, null)).rejects.toThrow('bad_answer')
  })
})

describe('a peer’s stream that we read', () => {
  let us: TestRegion
  let peer: ScriptedPeer
  /** What the peer has said, from its first envelope on; more is added while it is asked when it is `endless`. */
  let stream: Envelope[]
  let endless: boolean
  let perPage: number
  let signer: Signer
  let asked: Purpose[]
  let ways: number

  beforeEach(async () => {
    const network = new Network()
    const giveWay = () => Promise.resolve(void ways++)
    us = openTestRegion({ node: xinyang, network, clock: Object.assign(new VirtualClock(), { giveWay }) })
    peer = new ScriptedPeer(shenzhen, xinyang)
    network.fate = () => 'drop'
    await peer.agreeWith(us)
    network.fate = () => 'deliver'
    network.connect(shenzhen, { request: () => new Response('') } as never)
    network.answered = ({ body }) => ({ status: 200, body: utf8(answerTo(Buffer.from(body).toString())) })
    ;[stream, endless, perPage, signer, asked, ways] = [[], false, 1, peer.keyring.signer, [], 0]
  })

  function answerTo(token: string): string {
    const read = readJws(token, jwsTypes.request)
    if (!read.ok) return ''
    const { nonce, purpose } = JSON.parse(Buffer.from(read.jws.payload).toString()) as RequestPayload
    if (asked.push(purpose) > 200) throw new Error('still asking')
    const body = bodyFor(purpose)
    const digest = digestOf(nodeJsCrypto, body)
    return `${signAnswer(signer, { iss: shenzhen, aud: xinyang, iat: nowSeconds, nonce, digest })}\n${body}`
  }

  function bodyFor(purpose: Purpose): string {
    const place = { epoch: 1, seq: 0, head: null }
    const heads = { sent: { ...place, receipted: 0 }, received: { ...place, frozen: false } }
    if (purpose.what === 'heads') return JSON.stringify(heads)
    const after = afterIn(purpose)
    while (endless && stream.length < after + perPage) stream.push(peer.say(peer.unknown(null)))
    return stream
      .slice(after, after + perPage)
      .map(envelopeLines)
      .join('')
  }

  const afterIn = (purpose: Purpose): number =>
    purpose.what === 'restore' ? purpose.after.seq : purpose.what === 'pull' ? purpose.after : 0
  const places = () => asked.filter(({ what }) => what !== 'heads').map(afterIn)
  const known = async () => {
    const found = await us.store.read((reader) => us.region.peers.get(reader, shenzhen))
    if (!found) throw new Error('no peer')
    return found
  }
  const heads = async () => us.region.requests.heads(await known())
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)
  const say = (count: number) => stream.push(...upTo(count).map(() => peer.say(peer.unknown(null))))
  /** The peer's stream goes on under another key, and its answers come under that. */
  const rekey = () => {
    const { signing, signer: next } = testKeyring(heirKeys)
    const announced = (key: SigningKey) => peer.record('keys.announced', null, { key })
    // The peer has had its own before: the second announcement is refused and changes nothing.
    stream.push(peer.say(announced(signing), announced(peer.keyring.signing)))
    signer = next
  }

  it('for a key that it never comes to is not read without end', async () => {
    ;[endless, signer] = [true, testKeyring('a stranger').signer]
    await expect(heads()).rejects.toThrow('bad_answer')
    expect(places()).toEqual(upTo(pagesPerRun))
  })

  it('is read for a key in several runs when it is long, each from where the one before it ended', async () => {
    say(pagesPerRun + 5)
    rekey()
    await expect(heads()).rejects.toThrow('bad_answer')
    await heads()
    expect(places()).toEqual(upTo(stream.length))
    // What was found is not looked for again.
    await heads()
    expect(places()).toHaveLength(stream.length)
  })

  it('is read no further than to the key', async () => {
    say(2)
    rekey()
    ;[endless, perPage] = [true, 2]
    await heads()
    expect(places()).toEqual([0, 2])
  })

  it('shows the key of its answers, also where the next one is announced behind it', async () => {
    rekey()
    const heir = Object.assign(new ScriptedPeer(shenzhen, xinyang, heirKeys), {
      seq: peer.seq,
      head: peer.head,
    })
    const { signing } = testKeyring('the heir of the heir')
    stream.push(heir.say(heir.record('keys.announced', null, { key: signing })))
    perPage = stream.length
    await heads()
    expect(places()).toEqual([0])
  })

  it('shows a key that holds no longer when the one before it is revoked', async () => {
    say(1)
    rekey()
    await heads()
    await us.store.transaction((tx) => us.region.peers.revoke(tx, shenzhen))
    await expect(heads()).rejects.toThrow('bad_answer')
  })

  it('gives way to whatever else is there between its envelopes', async () => {
    perPage = limits.pullEnvelopes
    say(perPage - 1)
    rekey()
    await heads()
    expect(places()).toEqual([0])
    expect(ways).toBeGreaterThanOrEqual(perPage)
  })

  it('is not read where a page has more envelopes than a page may have', async () => {
    perPage = limits.pullEnvelopes + 1
    say(perPage)
    await expect(us.region.requests.restore(await known(), 'answering', nothingRead)).rejects.toThrow(
      'bad_answer',
    )
    signer = testKeyring('a stranger').signer
    await expect(heads()).rejects.toThrow('bad_answer')
    expect([places(), ways]).toEqual([[0, 0], 0])
    ;[perPage, signer] = [limits.pullEnvelopes, peer.keyring.signer]
    expect(await us.region.requests.restore(await known(), 'answering', nothingRead)).toHaveLength(perPage)
  })

  it('is not read where a page has more lines than its envelopes may have', async () => {
    const records = Array.from({ length: limits.pullEnvelopes * (limits.recordsPerEnvelope + 2) }, () => '{}')
    stream = [{ jws: 'x', records }]
    await expect(us.region.requests.restore(await known(), 'answering', nothingRead)).rejects.toThrow(
      'bad_answer',
    )
  })

  it('is pulled in several runs when it goes on and on', async () => {
    endless = true
    expect(await us.region.requests.pull(shenzhen)).toBe(pagesPerRun)
    expect(await us.region.requests.pull(shenzhen)).toBe(pagesPerRun)
    expect(places()).toEqual(upTo(2 * pagesPerRun))
  })
})

describe('between two regions', () => {
  let pair: Pair
  beforeEach(async () => {
    pair = await twoRegions()
  })

  it('a pull fills all that was missed, over several answers', async () => {
    pair = await twoRegions(1, { recordsPerEnvelope: 1 })
    const { home, host, network } = pair
    network.fate = ({ door }) => (door === 'envelopes' ? 'drop' : 'deliver')
    const people = Array.from({ length: limits.pullEnvelopes + 6 }, (_, n) => ({
      idNumber: idNumberOf(n + 1),
      name: nameOf(n + 1),
    }))
    await home.office.roster(...people)
    await home.office.outflow(...people.map(({ idNumber }) => ({ idNumber, host: shenzhen, outflow })))
    await settled()
    expect(await host.region.requests.pull(xinyang)).toBe(limits.pullEnvelopes + 6)
    expect(await host.office.cases(xinyang)).toHaveLength(limits.pullEnvelopes + 6)
    expect(await host.region.requests.pull(xinyang)).toBe(0)
  })

  it('a start asks for what was missed', async () => {
    const { home, host, network } = pair
    network.fate = ({ door }) => (door === 'envelopes' ? 'drop' : 'deliver')
    await home.office.roster({ idNumber: idNumberOf(1), name: nameOf(1) })
    await home.office.outflow({ idNumber: idNumberOf(1), host: shenzhen, outflow })
    await settled()
    await host.region.start()
    expect(await host.office.cases(xinyang)).toHaveLength(1)
    await host.region.stop()
  })

  it('a pause holds in both directions', async () => {
    const { home, host } = pair
    await host.region.agreements.pause(xinyang, true)
    await expect(home.region.requests.pull(shenzhen)).rejects.toThrow('suspended')
    expect(await host.region.requests.pull(xinyang)).toBe(0)
    const found = await host.store.read((reader) => host.region.peers.get(reader, xinyang))
    if (!found) throw new Error('no peer')
    await expect(host.region.requests.compare(found, xinyang, null)).rejects.toBeInstanceOf(PeerUnreachable)
  })
})
