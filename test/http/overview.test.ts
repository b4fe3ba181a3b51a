/** What the office sees of its peers: streams, backlog, and the comparison of counts down to the case. */
import { beforeEach, describe, expect, it } from 'vitest'
import { comparePeer, peerStates } from '../../node/http/overview.ts'
import { nodeJsCrypto } from '../../node/platform.ts'
import {
  comparisonReportSchema,
  digestOf,
  jwsTypes,
  peerStateSchema,
  readJws,
  signAnswer,
  utf8,
  type ComparePage,
} from '../../protocol/index.ts'
import { settled } from '../harness/clock.ts'
import { idNumberOf, nameOf } from '../harness/people.ts'
import { uuid } from '../harness/peer.ts'
import { type TestRegion } from '../harness/region.ts'
import {
  deliver,
  level,
  shenzhen,
  twoRegions,
  withScriptedPeer,
  xinyang,
  type Pair,
} from '../harness/world.ts'

let pair: Pair
const outflow = { destination: { code: shenzhen, text: '深圳' } }

beforeEach(async () => {
  pair = await twoRegions()
})

/** 1 out and here; 2 out only; 3 here, known to home; 4 here, unknown; 5 out and here under another name. */
async function fiveFates(): Promise<void> {
  const { home, host } = pair
  await home.office.roster(...[1, 2, 3, 5].map((n) => ({ idNumber: idNumberOf(n), name: nameOf(n) })))
  await home.office.outflow(...[1, 2, 5].map((n) => ({ idNumber: idNumberOf(n), host: shenzhen, outflow })))
  const arrival = (n: number, name = nameOf(n)) => ({ idNumber: idNumberOf(n), home: xinyang, name })
  await host.office.arrivals(arrival(1), arrival(3), arrival(4), arrival(5, nameOf(99)))
}

describe('the comparison', () => {
  it('puts every case in its class, at both nodes alike, once level', async () => {
    await fiveFates()
    await level(pair)
    const here = await comparePeer(pair.home.region, shenzhen, xinyang)
    const there = await comparePeer(pair.host.region, xinyang, xinyang)
    comparisonReportSchema.parse(here)
    for (const report of [here, there])
      expect(report).toMatchObject({
        home: xinyang,
        host: shenzhen,
        level: true,
        inFlight: 0,
        both: [{}, {}].map(() => expect.any(String) as string),
        homeOnly: [expect.any(String)],
        hostOnlyKnownToHome: [expect.any(String)],
        hostOnlyUnknownToHome: [expect.any(String)],
        casesWithDeviations: [expect.any(String)],
        unequal: [],
        onlyHere: [],
        onlyThere: [],
      })
    const { both, homeOnly, hostOnlyKnownToHome, hostOnlyUnknownToHome, deviations } = here
    expect(there).toMatchObject({ both, homeOnly, hostOnlyKnownToHome, hostOnlyUnknownToHome, deviations })
    expect(deviations.name).toHaveLength(1)
    // In the other direction there is nobody.
    expect(await comparePeer(pair.home.region, shenzhen, shenzhen)).toMatchObject({ both: [], level: true })
  })

  it('is not called level while something is under way, on whichever side', async () => {
    pair.network.fate = ({ door }) => (door === 'envelopes' ? 'drop' : 'deliver')
    await fiveFates()
    await settled()
    const first = await comparePeer(pair.home.region, shenzhen, xinyang)
    expect(first).toMatchObject({ level: false, inFlight: 7 })
    await deliver(pair, pair.home, pair.host)
    pair.network.fate = ({ door }) => (door === 'envelopes' ? 'drop' : 'deliver')
    expect((await comparePeer(pair.home.region, shenzhen, xinyang)).level).toBe(false)
    expect((await comparePeer(pair.host.region, xinyang, xinyang)).level).toBe(false)
  })
})

it('shows a peer as it is: backlog, problem, pause and when it was heard', async () => {
  const greetedAt = new Date(pair.clock.nowMs()).toISOString()
  await pair.clock.advance(60_000)
  pair.network.fate = () => 'drop'
  await fiveFates()
  await settled()
  await pair.home.region.agreements.pause(shenzhen, true)
  const [state] = await peerStates(pair.home.region)
  peerStateSchema.parse(state)
  expect(state).toMatchObject({
    node: shenzhen,
    paused: true,
    unsent: 3,
    receipted: 0,
    parked: 0,
    frozen: false,
    failures: 1,
    problem: { code: 'unreachable' },
    heardAt: greetedAt,
  })
  await pair.home.region.agreements.pause(shenzhen, false)
  await level(pair)
  expect((await peerStates(pair.home.region))[0]).toMatchObject({
    unsent: 0,
    failures: 0,
    problem: null,
    heardAt: expect.any(String) as string,
  })
})

describe('a peer’s pages', () => {
  const cut = { epoch: 1, seq: 0, head: null }
  const item = (n: number) => ({ id: uuid(n), digest: 'A'.repeat(43) })

  /** A region whose peer answers the n-th question with this page. */
  async function answering(
    page: (n: number) => Partial<ComparePage>,
  ): Promise<{ us: TestRegion; asks: () => number }> {
    const { us, peer, network } = await withScriptedPeer()
    let asks = 0
    network.fate = () => 'deliver'
    network.connect(shenzhen, { request: () => new Response('') } as never)
    network.answered = (post) => {
      if (++asks > 5) throw new Error('still asking')
      const read = readJws(Buffer.from(post.body).toString(), jwsTypes.request)
      const nonce = read.ok
        ? (JSON.parse(Buffer.from(read.jws.payload).toString()) as { nonce: string }).nonce
        : ''
      const empty = { sent: cut, received: cut, unsent: 0, cases: [], denied: [], next: null }
      const body = JSON.stringify({ ...empty, ...page(asks) })
      const bound = { iss: shenzhen, aud: xinyang, iat: 0, nonce, digest: digestOf(nodeJsCrypto, body) }
      return { status: 200, body: utf8(`${signAnswer(peer.keyring.signer, bound)}\n${body}`) }
    }
    return { us, asks: () => asks }
  }

  it.each<[string, (n: number) => Partial<ComparePage>]>([
    ['always the same', () => ({ cases: [item(1)], next: uuid(1) })],
    ['empty', (n) => ({ cases: [], next: uuid(n) })],
    ['with a next one that is not behind them', (n) => ({ cases: [item(n)], next: uuid(99) })],
  ])('%s are not followed for ever', async (_name, page) => {
    const { us, asks } = await answering(page)
    await expect(comparePeer(us.region, shenzhen, xinyang)).rejects.toMatchObject({ code: 'bad_answer' })
    expect(asks()).toBeLessThanOrEqual(2)
  })

  it('between which something was sent are not called level', async () => {
    const moved = { ...cut, seq: 1, head: 'A'.repeat(43) }
    const still = await answering((n) => ({ cases: [item(n)], next: n === 1 ? uuid(1) : null }))
    expect(await comparePeer(still.us.region, shenzhen, xinyang)).toMatchObject({
      level: true,
      onlyThere: [uuid(1), uuid(2)],
    })
    const moving = await answering((n) => ({
      cases: [item(n)],
      ...(n === 1 ? { next: uuid(1) } : { sent: moved }),
    }))
    expect((await comparePeer(moving.us.region, shenzhen, xinyang)).level).toBe(false)
  })
})
