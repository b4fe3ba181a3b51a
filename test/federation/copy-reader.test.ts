/** Reading back what a peer holds: each page is proven before the next is asked for, and what cannot be proven ends it. */
import { beforeEach, describe, expect, it } from 'vitest'
import { streamsIn, streamsOut } from '../../node/federation/tables.ts'
import { nodeJsCrypto } from '../../node/platform.ts'
import {
  contentId,
  digestOf,
  envelopeLines,
  fromUtf8,
  jwsTypes,
  readJws,
  sealEnvelope,
  signAnswer,
  signReceipt,
  utf8,
  type Purpose,
  type RequestPayload,
  type SealedEnvelope,
} from '../../protocol/index.ts'
import { firstMoment } from '../harness/clock.ts'
import { testKeyring } from '../harness/keys.ts'
import { type ScriptedPeer } from '../harness/peer.ts'
import { type TestRegion } from '../harness/region.ts'
import { shenzhen, withScriptedPeer, xinyang } from '../harness/world.ts'

/** Pages of a peer's stream without receipts that are read: as many as were ever taken of it in one run. */
const furtherPages = 32
const endless = 150
const nowSeconds = firstMoment / 1000

let us: TestRegion
let peer: ScriptedPeer
let pages: Purpose[]
/** The page that the peer gives; empty at an end. */
let page: (purpose: Purpose & { what: 'restore' }) => string

beforeEach(async () => {
  const world = await withScriptedPeer()
  ;({ us, peer } = world)
  pages = []
  world.network.fate = () => 'deliver'
  world.network.connect(shenzhen, { request: () => new Response('') } as never)
  world.network.answered = ({ body }) => ({ status: 200, body: utf8(answerTo(fromUtf8(body) ?? '')) })
})

function answerTo(token: string): string {
  const read = readJws(token.trim(), jwsTypes.request)
  if (!read.ok) return ''
  const { nonce, purpose } = JSON.parse(Buffer.from(read.jws.payload).toString()) as RequestPayload
  const place = { epoch: 1, seq: 0, head: null }
  const heads = { sent: { ...place, receipted: 0 }, received: { ...place, frozen: false } }
  let body = JSON.stringify(heads)
  if (purpose.what === 'restore') {
    body = page(purpose)
    if (body !== '' && pages.push(purpose) > endless) body = ''
  }
  const digest = digestOf(nodeJsCrypto, body)
  return `${signAnswer(peer.keyring.signer, { iss: shenzhen, aud: xinyang, iat: nowSeconds, nonce, digest })}\n${body}`
}

async function recover(): Promise<string> {
  await us.region.recovery.allow(shenzhen)
  const subject = await us.store.read((reader) => us.region.peers.get(reader, shenzhen))
  return subject ? us.region.recovery.recover(subject) : 'no peer'
}

const record = () => peer.unknown(null)
/** One of our own, signed by whoever `keys` names. */
const ours = (keys: string, seq: number): SealedEnvelope => {
  const place = { iss: xinyang, aud: shenzhen, epoch: 1, seq, prev: null, iat: nowSeconds }
  return sealEnvelope(nodeJsCrypto, testKeyring(keys).signer, place, [record()])
}
const receiptOf = ({ jws, payload: { epoch, seq } }: SealedEnvelope, keys: string): string => {
  const head = contentId(nodeJsCrypto, jws)
  const place = { epoch, seq, head, iat: nowSeconds, outcomes: ['parked'] }
  const [iss, aud] = keys === xinyang ? [xinyang, shenzhen] : [shenzhen, xinyang]
  return `+${signReceipt(testKeyring(keys).signer, { iss, aud, ...place })}\n`
}

describe('a page of our own envelopes', () => {
  it.each<[string, (seq: number) => string]>([
    ['that somebody else has signed', (seq) => envelopeLines(ours(shenzhen, seq))],
    [
      'that do not follow each other',
      () => envelopeLines(ours(xinyang, 1)) + receiptOf(ours(xinyang, 1), shenzhen),
    ],
    ['without receipts', () => envelopeLines(ours(xinyang, 1))],
    ['with receipts of any length', () => `${envelopeLines(ours(xinyang, 1))}+${'x'.repeat(1_000_000)}\n`],
  ])('%s is the last that is asked for', async (_name, text) => {
    page = ({ of, after }) => (of === 'asked' ? text(after.seq + 1) : '')
    expect(await recover()).toBe('bad_answer')
    expect(pages.length).toBeLessThanOrEqual(2)
  })
})

describe('a page of the peer’s envelopes', () => {
  const answering = (text: () => string) => {
    page = ({ of }) => (of === 'answering' ? text() : '')
  }

  it.each<[string, () => string]>([
    [
      'with receipts that are not ours',
      () => envelopeLines(peer.seal({})) + receiptOf(peer.seal({}), shenzhen),
    ],
    [
      'that somebody else has signed, with our receipts',
      () => envelopeLines(ours(xinyang, 1)) + receiptOf(ours(xinyang, 1), xinyang),
    ],
    [
      'that do not follow each other',
      () => {
        const far = peer.seal({ seq: 7 }, record())
        return envelopeLines(far) + receiptOf(far, xinyang)
      },
    ],
  ])('%s is the last that is asked for', async (_name, text) => {
    answering(text)
    expect(await recover()).toBe('bad_answer')
    expect(pages).toHaveLength(1)
  })

  it('with our receipts is proven and taken back', async () => {
    let left = 3
    answering(() => {
      if (left-- <= 0) return ''
      const said = peer.say(record())
      return envelopeLines(said) + receiptOf(said, xinyang)
    })
    expect(await recover()).toBe('level')
    const [into] = await us.store.read((reader) => reader.find(streamsIn, { peer: shenzhen }))
    expect(into).toMatchObject({ seq: 3, head: peer.head })
  })

  it('without receipts is read as far as anything can have been taken, and stops no recovery', async () => {
    answering(() => envelopeLines(peer.say(record())))
    expect(await recover()).toBe('level')
    expect(pages).toHaveLength(furtherPages)
    const [out] = await us.store.read((reader) => reader.find(streamsOut, { peer: shenzhen }))
    expect(out).toMatchObject({ epoch: 2, standing: 'open' })
  })

  it('without receipts that proves nothing is the last that is asked for, and stops no recovery', async () => {
    answering(() => envelopeLines(ours(shenzhen, 1)))
    expect(await recover()).toBe('level')
    expect(pages).toHaveLength(1)
  })
})
