/**
 * The gate, unhappy path first: what is not exactly the peer's word to us is refused with its documented code, and
 * leaves one line of audit and nothing else.
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { refusals } from '../../node/federation/tables.ts'
import { type Row } from '../../node/store/port.ts'
import {
  fingerprint,
  base64url,
  erasedLine,
  jwsTypes,
  limits,
  sealEnvelope,
  signJws,
  signPart,
  signRequest,
  utf8,
  type GateCode,
  type SealedEnvelope,
} from '../../protocol/index.ts'
import { nodeJsCrypto } from '../../node/platform.ts'
import { settled, type VirtualClock } from '../harness/clock.ts'
import { dumpOf, without, type Dump } from '../harness/dump.ts'
import { idNumberOf } from '../harness/people.ts'
import { postTo } from '../harness/network.ts'
import { bodyOf, ScriptedPeer, uuid } from '../harness/peer.ts'
import { type TestRegion } from '../harness/region.ts'
import { dongguan, shenzhen, withScriptedPeer, xinyang } from '../harness/world.ts'

let us: TestRegion
let peer: ScriptedPeer
let before: Dump
let clock: VirtualClock

const outflow = { destination: { code: xinyang, text: '河南信阳' } }

function published(): string[] {
  const tag = nodeJsCrypto.digest(idNumberOf(1))
  return [
    peer.record('flow.published', uuid(1), { tag, person: { name: '王五' }, outflow }, uuid(11)),
    peer.record(
      'notice.sent',
      uuid(1),
      { on: '2026-02-01', subject: '换届', text: '“支部”换届选举\n通知' },
      uuid(12),
    ),
  ]
}

beforeEach(async () => {
  ;({ us, peer, clock } = await withScriptedPeer())
  before = await dumpOf(us.store)
})

async function refusalsNow(): Promise<Row<typeof refusals>[]> {
  return us.store.read((reader) => reader.find(refusals, {}, { orderBy: 'id' }))
}

/** Posts the bytes and demands this answer, one audit row more, and nothing else changed. */
async function refusedWith(
  body: Uint8Array,
  code: GateCode | readonly GateCode[],
  claimed: string = shenzhen,
): Promise<GateCode> {
  const noted = await refusalsNow()
  // In a minute of its own, so that the bound on rows a minute hides none.
  clock.jump(60_000)
  const { receipts, refusal } = await us.region.inbox.receive(claimed, body)
  expect(receipts).toEqual([])
  expect([code].flat()).toContain(refusal?.code)
  const after = await refusalsNow()
  expect(after).toHaveLength(noted.length + 1)
  const row = after.find(({ id }) => !noted.some((other) => other.id === id))
  expect(row).toMatchObject({ code: refusal?.code, peer: claimed === shenzhen ? shenzhen : null })
  expect(without(await dumpOf(us.store), 'refusals')).toEqual(without(before, 'refusals'))
  return refusal?.code ?? 'unavailable'
}

describe('one flipped bit', () => {
  /** Which part of the body a byte belongs to, and what a change there may be called. */
  function codesAt(body: string, at: number): readonly GateCode[] {
    const [token = ''] = body.split('\n')
    const [header = '', payload = ''] = token.split('.')
    if (at < header.length)
      return ['bad_encoding', 'bad_json', 'header_not_allowed', 'bad_signature', 'wrong_type']
    if (at <= header.length + payload.length + 1) return ['bad_encoding', 'bad_signature']
    if (at < token.length) return ['bad_encoding', 'bad_signature']
    return ['bad_encoding', 'digest_mismatch']
  }

  it('is refused at every byte of header, payload, signature, records and line ends', async () => {
    const body = bodyOf(peer.seal({}, ...published()))
    const text = Buffer.from(body).toString('latin1')
    for (let at = 0; at < body.length; at++) {
      const flipped = body.slice()
      flipped[at] = (flipped[at] ?? 0) ^ (1 << ((at * 5) % 8))
      await refusedWith(flipped, codesAt(text, at))
    }
    expect((await us.region.inbox.receive(shenzhen, body)).receipts).toHaveLength(1)
  })

  it('is refused in every bit of the signature', async () => {
    const { jws, records } = peer.seal({}, ...published())
    const end = jws.lastIndexOf('.') + 1
    const signature = Buffer.from(jws.slice(end), 'base64url')
    for (let bit = 0; bit < 512; bit++) {
      const forged = Buffer.from(signature)
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit % 8))
      await refusedWith(bodyOf({ jws: jws.slice(0, end) + base64url(forged), records }), 'bad_signature')
    }
  })
})

describe('bytes that are not an envelope', () => {
  it.each<[string, string | Uint8Array, GateCode]>([
    ['nothing', '', 'bad_encoding'],
    ['an empty line', '\n', 'bad_encoding'],
    ['an unended line', 'a.b.c', 'bad_encoding'],
    ['a record without an envelope', '{}\n', 'bad_encoding'],
    ['an erased record without an envelope', `#${'A'.repeat(43)}\n`, 'bad_encoding'],
    ['two dots and nothing', '..\n', 'bad_encoding'],
    ['bytes that are not UTF-8', new Uint8Array([0xff, 0xfe, 0x0a]), 'bad_encoding'],
    ['a body over the limit', new Uint8Array(limits.postBytes + 1), 'too_large'],
    ['a token over the limit', `${'a'.repeat(limits.jwsBytes + 1)}\n`, 'too_large'],
    ['more envelopes than a post may have', 'a.b.c\n'.repeat(limits.envelopesPerPost + 1), 'too_large'],
    [
      'more records than an envelope may have',
      `a.b.c\n${'{}\n'.repeat(limits.recordsPerEnvelope + 1)}`,
      'too_large',
    ],
  ])('%s', async (_name, body, code) => {
    await refusedWith(typeof body === 'string' ? utf8(body) : body, code)
  })

  it.each(['padding=', 'a blank', 'a newline escaped as %0A', 'unused bits'])(
    '%s in a base64url part',
    async (what) => {
      const { jws, records } = peer.seal({}, ...published())
      const spelled = {
        'padding=': `${jws}=`,
        'a blank': ` ${jws}`,
        'a newline escaped as %0A': `${jws}%0A`,
        // 64 bytes end in a character of which four bits are unused.
        'unused bits': jws.slice(0, -1) + String.fromCharCode(jws.charCodeAt(jws.length - 1) + 1),
      }[what]
      await refusedWith(bodyOf({ jws: spelled ?? '', records }), 'bad_encoding')
    },
  )
})

describe('who says it to whom', () => {
  it('refuses an envelope for another node', async () => {
    await refusedWith(bodyOf(peer.seal({ aud: dongguan }, ...published())), 'wrong_audience')
  })

  it('refuses an issuer that is not the one it was posted as', async () => {
    await refusedWith(bodyOf(peer.seal({ iss: dongguan }, ...published())), 'issuer_mismatch')
    const other = new ScriptedPeer(dongguan, xinyang)
    await other.agreeWith(us)
    before = await dumpOf(us.store)
    // Dongguan's own true words, posted as Shenzhen: the key is not Shenzhen's.
    const envelope = other.seal({}, other.unknown(null))
    await refusedWith(bodyOf(envelope), 'bad_signature')
    // Dongguan signs as Shenzhen, under its own name in the path.
    const claimed = await us.region.inbox.receive(
      dongguan,
      bodyOf(other.seal({ iss: shenzhen }, other.unknown(null))),
    )
    expect(claimed.refusal?.code).toBe('issuer_mismatch')
  })

  it('refuses a key of another peer, of a former keyring and of nobody', async () => {
    await new ScriptedPeer(dongguan, xinyang).agreeWith(us)
    before = await dumpOf(us.store)
    for (const keys of [dongguan, 'nobody']) {
      const impostor = new ScriptedPeer(shenzhen, xinyang, keys)
      await refusedWith(bodyOf(impostor.seal({}, impostor.unknown(null))), 'bad_signature')
    }
  })

  it.each([
    '999999',
    '',
    ' ',
    '../411500',
    `${shenzhen}0`,
    'x'.repeat(10_000),
    '\u0000',
    "'; --",
    '__proto__',
  ])('answers a stranger called %j as it answers a wrong signature', async (name) => {
    const stranger = new ScriptedPeer('999999', xinyang)
    await refusedWith(bodyOf(stranger.seal({}, stranger.unknown(null))), 'unknown_peer', name)
    if (name === '') return
    const path = `/federation/v1/${encodeURIComponent(name)}/envelopes`
    const answer = await postTo(us.app, path, bodyOf(stranger.seal({}, stranger.unknown(null))))
    expect(answer.status).toBe(401)
    expect(Buffer.from(answer.body).toString()).toBe('{"error":"bad_signature"}')
  })

  it('knows nobody before both have signed', async () => {
    const half = new ScriptedPeer(dongguan, xinyang)
    const { kid, signing, exchange } = half.keyring
    const terms = { replyDays: 15, queriesPerDay: 10, years: 1 }
    const card = { node: dongguan, name: '东莞', signing, exchange }
    const draft = us.region.agreements.propose(nodeJsCrypto, card, fingerprint(kid), terms)
    await us.region.sign({ document: draft, url: 'http://441900.test', fingerprint: fingerprint(kid) })
    before = await dumpOf(us.store)
    await refusedWith(bodyOf(half.seal({}, half.unknown(null))), 'unknown_peer', dongguan)
  })
})

describe('the protected header', () => {
  const withHeader = (header: unknown): SealedEnvelope => {
    const envelope = peer.seal({}, ...published())
    const [, payload = ''] = envelope.jws.split('.')
    const text = typeof header === 'string' ? header : JSON.stringify(header)
    const input = `${base64url(utf8(text))}.${payload}`
    return { ...envelope, jws: `${input}.${base64url(peer.keyring.signer.sign(utf8(input)))}` }
  }
  const good = () => ({ alg: 'Ed25519', kid: peer.keyring.kid, typ: jwsTypes.envelope })

  it.each<[string, (header: ReturnType<typeof good>) => unknown, GateCode]>([
    ['alg none', (h) => ({ ...h, alg: 'none' }), 'bad_signature'],
    ['alg EdDSA', (h) => ({ ...h, alg: 'EdDSA' }), 'bad_signature'],
    ['alg HS256', (h) => ({ ...h, alg: 'HS256' }), 'bad_signature'],
    ['alg of another type', (h) => ({ ...h, alg: 1 }), 'bad_signature'],
    ['a kid in a list', (h) => ({ ...h, kid: [h.kid] }), 'header_not_allowed'],
    ['a kid of __proto__', (h) => ({ ...h, kid: '__proto__' }), 'bad_signature'],
    ['jwk', (h) => ({ ...h, jwk: peer.keyring.signing }), 'header_not_allowed'],
    ['jku', (h) => ({ ...h, jku: 'http://127.0.0.1/' }), 'header_not_allowed'],
    ['crit', (h) => ({ ...h, crit: ['b64'], b64: false }), 'header_not_allowed'],
    ['no typ', ({ alg, kid }) => ({ alg, kid }), 'header_not_allowed'],
    ['the typ of a receipt', (h) => ({ ...h, typ: jwsTypes.receipt }), 'wrong_type'],
    ['a list', (h) => [h], 'header_not_allowed'],
    ['null', () => 'null', 'header_not_allowed'],
    ['a member twice', (h) => `{"alg":"none","alg":"Ed25519","kid":"${h.kid}","typ":"${h.typ}"}`, 'bad_json'],
    ['blanks', (h) => JSON.stringify(h, null, 1), 'bad_json'],
    ['over its limit', (h) => ({ ...h, kid: 'k'.repeat(limits.headerBytes) }), 'too_large'],
  ])('%s', async (_name, change, code) => {
    await refusedWith(bodyOf(withHeader(change(good()))), code)
  })

  it('refuses a good token of another purpose', async () => {
    const request = signJws(peer.keyring.signer, jwsTypes.request, { iss: shenzhen })
    await refusedWith(utf8(`${request}\n`), 'wrong_type')
  })
})

describe('the payload', () => {
  const signedRaw = (payload: string, records: string[] = published()) =>
    bodyOf({ jws: signPart(peer.keyring.signer, jwsTypes.envelope, base64url(utf8(payload))), records })

  it.each<[string, (text: string) => string, GateCode]>([
    ['a member twice', (text) => text.replace('{', '{"seq":1,'), 'bad_json'],
    ['a number with a fraction', (text) => text.replace('"seq":1', '"seq":1.0'), 'bad_json'],
    ['an exponent', (text) => text.replace('"seq":1', '"seq":1e0'), 'bad_json'],
    ['a number that is too large', (text) => text.replace('"seq":1', '"seq":9007199254740993'), 'bad_json'],
    ['a number at the very end', (text) => text.replace('"seq":1', '"seq":9007199254740991'), 'bad_field'],
    ['a number without a successor', (text) => text.replace('"seq":1', '"seq":2147483647'), 'bad_field'],
    ['an epoch over 32 bits', (text) => text.replace('"epoch":1', '"epoch":3000000000'), 'bad_field'],
    ['seq zero', (text) => text.replace('"seq":1', '"seq":0'), 'bad_field'],
    ['a negative epoch', (text) => text.replace('"epoch":1', '"epoch":-1'), 'bad_field'],
    ['aud in a list', (text) => text.replace(`"aud":"${xinyang}"`, `"aud":["${xinyang}"]`), 'bad_field'],
    ['no aud', (text) => text.replace(`"aud":"${xinyang}",`, ''), 'bad_field'],
    ['one member more', (text) => text.replace('{', '{"exp":1,'), 'bad_field'],
    ['__proto__', (text) => text.replace('{', '{"__proto__":1,'), 'bad_json'],
    ['not an object', () => '[]', 'bad_field'],
    ['no JSON', () => 'seq=1', 'bad_json'],
    [
      'nested too deep',
      () => '['.repeat(limits.jsonDepth + 1) + ']'.repeat(limits.jsonDepth + 1),
      'bad_json',
    ],
  ])('%s', async (_name, change, code) => {
    const [, part = ''] = peer.seal({}, ...published()).jws.split('.')
    await refusedWith(signedRaw(change(Buffer.from(part, 'base64url').toString())), code)
  })
})

describe('the records beside it', () => {
  it('must be as many as were signed, in their order', async () => {
    const { jws, records } = peer.seal({}, ...published())
    const [one = '', two = ''] = records
    for (const other of [[], [one], [two, one], [one, one], [one, two, two]])
      await refusedWith(bodyOf({ jws, records: other }), 'digest_mismatch')
  })

  it('cannot be taken out on the way: a missing record is not the peer’s word', async () => {
    const { jws, records, digests } = peer.seal({}, ...published())
    const [one = '', two = ''] = digests.map(erasedLine)
    await refusedWith(bodyOf({ jws, records: [records[0] ?? '', two] }), 'digest_mismatch')
    await refusedWith(bodyOf({ jws, records: [one, two] }), 'digest_mismatch')
  })

  it('must each and together keep to their limits', async () => {
    const long = (bytes: number) => `{"text":"${'x'.repeat(bytes - 11)}"}`
    const sealed = (...records: string[]) =>
      sealEnvelope(
        nodeJsCrypto,
        peer.keyring.signer,
        { iss: shenzhen, aud: xinyang, epoch: 1, seq: 1, prev: null, iat: 0 },
        records,
      )
    await refusedWith(bodyOf(sealed(long(limits.recordBytes + 1))), 'too_large')
    const many = Array.from({ length: 66 }, (_, i) => long(limits.recordBytes - 100 + i))
    await refusedWith(bodyOf(sealed(...many)), 'too_large')
  })
})

it('refuses a paused peer on every path, and hears it again afterwards', async () => {
  await us.region.agreements.pause(shenzhen, true)
  before = await dumpOf(us.store)
  await refusedWith(bodyOf(peer.seal({}, ...published())), 'suspended')
  const { node: iss, keyring } = peer
  const iat = Math.floor(clock.nowMs() / 1000)
  const purpose = { what: 'pull' as const, epoch: 1, after: 0 }
  const asking = { iss, aud: xinyang, iat, exp: iat + 60, nonce: uuid(1), purpose }
  const request = utf8(signRequest(keyring.signer, asking))
  expect(await us.region.requests.answer(shenzhen, request)).toMatchObject({ ok: false, code: 'suspended' })
  await us.region.agreements.pause(shenzhen, false)
  expect((await us.region.inbox.receive(shenzhen, bodyOf(peer.say(...published())))).receipts).toHaveLength(1)
})

it('tells only the peer itself that it is paused: whoever signs otherwise hears of his signature', async () => {
  await us.region.agreements.pause(shenzhen, true)
  before = await dumpOf(us.store)
  const impostor = new ScriptedPeer(shenzhen, xinyang, 'nobody')
  await refusedWith(bodyOf(impostor.seal({}, impostor.unknown(null))), 'bad_signature')
  const asking = await us.region.requests.answer(shenzhen, utf8('whatever'))
  expect(asking).toMatchObject({ ok: false, code: 'bad_encoding' })
})

it('notes no more than sixty refusals a minute of one peer, and sixty of all strangers together', async () => {
  const noted = async () => (await refusalsNow()).map(({ peer: of }) => of)
  for (let i = 0; i < 70; i++)
    for (const claimed of [shenzhen, `9999${10 + i}`])
      await us.region.inbox.receive(claimed, bodyOf(peer.seal({ aud: dongguan }, ...published())))
  const rows = await noted()
  expect(rows.filter((of) => of === shenzhen)).toHaveLength(60)
  expect(rows.filter((of) => of === null)).toHaveLength(60)
  clock.jump(60_000)
  await us.region.inbox.receive(shenzhen, bodyOf(peer.seal({ aud: dongguan }, ...published())))
  expect(await noted()).toHaveLength(121)
})

it('counts what anybody may have posted in a peer’s name as a stranger’s, so that it hides nothing of the peer', async () => {
  const flood = [utf8('x'), bodyOf(new ScriptedPeer(shenzhen, xinyang, 'nobody').seal({}, ...published()))]
  for (let i = 0; i < 70; i++) await us.region.inbox.receive(shenzhen, flood[i % 2] ?? new Uint8Array())
  expect(await refusalsNow()).toHaveLength(60)
  await us.region.inbox.receive(shenzhen, bodyOf(peer.seal({ aud: dongguan }, ...published())))
  await us.region.inbox.receive('999999', utf8('x'))
  const rows = await refusalsNow()
  expect(rows).toHaveLength(61)
  expect(rows.filter(({ code }) => code === 'wrong_audience')).toMatchObject([{ peer: shenzhen }])
})

describe('what was noted of refusals', () => {
  const row = (atMs: number, of: string | null = shenzhen, code = 'bad_signature'): Row<typeof refusals> => ({
    ...{ id: us.region.ids.next(), atMs, peer: of, code, detail: '', digest: '', size: 0 },
  })
  const store = (rows: Row<typeof refusals>[]) => us.store.transaction((tx) => tx.insert(refusals, rows))
  const wrongAudience = () =>
    us.region.inbox.receive(shenzhen, bodyOf(peer.seal({ aud: dongguan }, ...published())))

  it('is kept to a bound for each code of a peer, the newest', async () => {
    const now = clock.nowMs()
    await store(Array.from({ length: 1000 }, (_, i) => row(now - 1000 + i, shenzhen, 'wrong_audience')))
    await store([row(1), row(2, null, 'wrong_audience'), row(3, dongguan, 'wrong_audience')])
    for (let i = 0; i < 5; i++) await wrongAudience()
    const times = (await refusalsNow()).map(({ atMs }) => atMs).sort((a, b) => a - b)
    expect(times).toHaveLength(1003)
    expect(times.slice(0, 4)).toEqual([1, 2, 3, now - 995])
    expect(times.slice(-5)).toEqual(Array.from({ length: 5 }, () => now))
  })

  it('is dropped after half a year, by whomever, however much it is', async () => {
    const dayMs = 86_400_000
    const now = clock.nowMs()
    await store(Array.from({ length: 2500 }, (_, i) => row(now - 181 * dayMs, i % 2 ? shenzhen : null)))
    await store([row(now - 179 * dayMs), row(now)])
    await us.region.start()
    await settled()
    await us.region.stop()
    expect((await refusalsNow()).map(({ atMs }) => now - atMs).sort()).toEqual([0, 179 * dayMs])
  })
})
