/**
 * Signed reading between peers: what is not exactly asked, or not exactly answered, is refused, and a pull ends
 * whatever the other side goes on answering.
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { PeerUnreachable } from '../../node/federation/requests.ts'
import { nonces, streamsIn } from '../../node/federation/tables.ts'
import { nodeJsCrypto, type HttpAnswer } from '../../node/platform.ts'
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
  type NodeId,
  type Purpose,
} from '../../protocol/index.ts'
import { firstMoment, settled } from '../harness/clock.ts'
import { dumpOf, without } from '../harness/dump.ts'
import { postTo } from '../harness/network.ts'
import { Office } from '../harness/office.ts'
import { bodyOf, ScriptedPeer, uuid } from '../harness/peer.ts'
import { idNumberOf, nameOf } from '../harness/people.ts'
import { type TestRegion } from '../harness/region.ts'
import {
  dongguan,
  shenzhen,
  twoRegions,
  withScriptedPeer,
  xinyang,
  type Pair,
  type World,
} from '../harness/world.ts'

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

  it.each([0, 1, 2 ** 31, 2 ** 53 - 1])(
    'for what comes after %d is answered, with nothing where there is nothing',
    async (after) => {
      const answer = await askFor({ what: 'pull', epoch: after + 1 > 2 ** 52 ? 1 : after + 1, after })
      expect(answer.ok && answer.text.split('\n').slice(1)).toEqual([''])
    },
  )

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

  it('with a comparison of another form is not believed', async () => {
    answer = () => signed('{"cases":[]}')
    const found = await us.store.read((reader) => us.region.peers.get(reader, shenzhen))
    if (!found) throw new Error('no peer')
    await expect(us.region.requests.compare(found, xinyang, null)).rejects.toThrow('bad_answer')
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
