/** Agreements: nothing is believed that two people have not compared, and nothing in force is lost by a repeated file. */
import { beforeEach, describe, expect, it } from 'vitest'
import { agreements, peers, recordsOut } from '../../node/federation/tables.ts'
import { nodeJsCrypto } from '../../node/platform.ts'
import { deliveryLimits, fingerprint, type Party } from '../../protocol/index.ts'
import { settled } from '../harness/clock.ts'
import { dumpOf } from '../harness/dump.ts'
import { testKeyring } from '../harness/keys.ts'
import { Office } from '../harness/office.ts'
import { idNumberOf } from '../harness/people.ts'
import { agree, openTestRegion, type TestRegion } from '../harness/region.ts'
import { dongguan, newWorld, shenzhen, xinyang, type World } from '../harness/world.ts'

let world: World
let us: TestRegion
let them: TestRegion
beforeEach(() => {
  world = newWorld()
  us = openTestRegion({ ...world, node: xinyang })
  them = openTestRegion({ ...world, node: shenzhen })
})

const terms = { replyDays: 15, queriesPerDay: 100, years: 3 }
const proposal = (from = us, to = them) =>
  from.region.agreements.propose(
    nodeJsCrypto,
    to.region.agreements.card(),
    to.region.agreements.fingerprint(),
    terms,
  )
const signs = (region: TestRegion, document: string, heard: string, url = 'http://example.test') =>
  region.region.sign({ document, url, fingerprint: heard })
const heardFrom = (region: TestRegion) => region.region.agreements.fingerprint()
const peerOf = (region: TestRegion, node: string) =>
  region.store.read((reader) => region.region.peers.get(reader, node))

describe('proposing', () => {
  it.each<[string, (card: Party) => unknown, string]>([
    ['a card of another form', () => ({ hello: 1 }), 'agreement_unreadable'],
    ['a card with a member more', (card) => ({ ...card, note: 'x' }), 'agreement_unreadable'],
    [
      'a card with another key than was heard',
      (card) => ({ ...card, signing: testKeyring('x').signing }),
      'agreement_other_fingerprint',
    ],
    ['our own card', () => us.region.agreements.card(), 'agreement_other_fingerprint'],
  ])('refuses %s', (_name, change, code) => {
    const card = them.region.agreements.card()
    const propose = () => us.region.agreements.propose(nodeJsCrypto, change(card), heardFrom(them), terms)
    expect(propose).toThrow(expect.objectContaining({ code }) as Error)
  })

  it('refuses an agreement with ourselves', () => {
    expect(() => proposal(us, us)).toThrow(expect.objectContaining({ code: 'agreement_terms' }) as Error)
  })
})

describe('signing', () => {
  it('needs the fingerprint that was heard, blanks aside', async () => {
    const document = proposal()
    for (const wrong of ['', heardFrom(them), heardFrom(us).slice(0, -1), `${heardFrom(us)}0`])
      await expect(signs(them, document, wrong)).rejects.toMatchObject({
        code: 'agreement_other_fingerprint',
      })
    expect(await signs(them, document, heardFrom(us).replace(/ /g, '  ').toUpperCase())).toMatchObject({
      active: true,
      peer: xinyang,
    })
  })

  it('refuses a document with any byte changed, and stores nothing', async () => {
    const document = proposal()
    const before = await dumpOf(them.store)
    for (let at = 0; at < document.length - 1; at += 7) {
      const changed =
        document.slice(0, at) + String.fromCharCode(document.charCodeAt(at) ^ 1) + document.slice(at + 1)
      await expect(signs(them, changed, heardFrom(us))).rejects.toMatchObject({
        code: expect.stringMatching(/^(agreement_|weak_key|bad_key)/) as string,
      })
    }
    expect(await dumpOf(them.store)).toEqual(before)
  })

  it('refuses what is between others, and a keyring that is no longer ours', async () => {
    const third = openTestRegion({ ...world, node: dongguan })
    await expect(signs(third, proposal(), heardFrom(us))).rejects.toMatchObject({
      code: 'agreement_not_ours',
    })
    const rekeyed = openTestRegion({ ...world, node: shenzhen, keys: 'new' })
    await expect(signs(rekeyed, proposal(), heardFrom(us))).rejects.toMatchObject({
      code: 'agreement_not_ours',
    })
  })

  it('makes no peer of one signature', async () => {
    const document = proposal()
    expect(await signs(us, document, heardFrom(them))).toMatchObject({ active: false, peer: shenzhen })
    expect(await peerOf(us, shenzhen)).toBeUndefined()
    expect(await us.store.read((reader) => us.region.peers.all(reader))).toEqual([])
  })

  it('changes nothing the second time, nor when the proposal’s own file comes again', async () => {
    const draft = proposal()
    const both = await signs(them, draft, heardFrom(us))
    await signs(us, both.document, heardFrom(them))
    await settled()
    const before = await dumpOf(us.store)
    expect(await signs(us, both.document, heardFrom(them))).toMatchObject({ active: true })
    expect(await dumpOf(us.store)).toEqual(before)
    await signs(us, draft, heardFrom(them))
    expect(await peerOf(us, shenzhen)).toBeDefined()
    expect((await us.store.read((reader) => reader.find(agreements, {}))).map(({ state }) => state)).toEqual([
      'active',
    ])
  })

  it('lets a newer agreement replace the older, which does not come back', async () => {
    await agree(us, them, world.network)
    const [first] = await us.store.read((reader) => reader.find(agreements, {}))
    await agree(us, them, world.network)
    const states = async () =>
      (await us.store.read((reader) => reader.find(agreements, {}, { orderBy: 'id' }))).map(
        ({ state }) => state,
      )
    expect((await states()).sort()).toEqual(['active', 'ended'])
    await expect(signs(us, first?.document ?? '', heardFrom(them))).rejects.toMatchObject({
      code: 'agreement_terms',
    })
    expect((await states()).sort()).toEqual(['active', 'ended'])
  })

  it('does not end a pause', async () => {
    await agree(us, them, world.network)
    await us.region.agreements.pause(shenzhen, true)
    await signs(us, proposal(), heardFrom(them))
    expect((await us.store.read((reader) => reader.get(peers, { node: shenzhen })))?.paused).toBe(true)
    await agree(us, them, world.network)
    expect((await us.store.read((reader) => reader.get(peers, { node: shenzhen })))?.paused).toBe(true)
  })

  it('asks at once for the people who had arrived before there was an agreement', async () => {
    const office = new Office(them.region)
    await office.arrivals({ idNumber: idNumberOf(1), home: xinyang, name: '王五' })
    expect((await office.arrivalRows())[0]).toMatchObject({ state: 'waiting', tag: null })
    await agree(us, them, world.network)
    await settled()
    // They signed first, and were refused by us who had not: the next try is not before its time.
    await world.clock.advance(deliveryLimits.firstDelayMs)
    expect((await office.arrivalRows())[0]?.state).toBe('denied')
    expect(await office.said(xinyang)).toEqual(['identity.queried'])
  })
})

it('knows no pause of a region that is no peer', async () => {
  expect(await us.region.agreements.pause(dongguan, true)).toBe(false)
})

it('names a person alike on both sides, and otherwise for every other pair', async () => {
  const third = openTestRegion({ ...world, node: dongguan })
  await agree(us, them, world.network)
  await agree(us, third, world.network)
  const tag = async (at: TestRegion, of: string, n: number) => {
    const peer = await peerOf(at, of)
    return peer ? at.region.peers.tag(peer, idNumberOf(n)) : ''
  }
  expect(await tag(us, shenzhen, 1)).toBe(await tag(them, xinyang, 1))
  expect(await tag(us, dongguan, 1)).toBe(await tag(third, xinyang, 1))
  const tags = [await tag(us, shenzhen, 1), await tag(us, dongguan, 1), await tag(us, shenzhen, 2)]
  expect(new Set(tags).size).toBe(3)
  expect(tags.join()).not.toContain(idNumberOf(1))
})

it('shows a fingerprint in groups of four', () => {
  expect(heardFrom(us)).toBe(fingerprint(us.region.keyring.kid))
  expect(heardFrom(us)).toMatch(/^([0-9a-f]{4} ){15}[0-9a-f]{4}$/)
  expect(recordsOut).toBeDefined()
})
