/**
 * Parked records: no more of a peer than may wait, and all that waits is looked at again whenever a process may have
 * become the one that knows it. What is parked and in which order it is settled, inbox.test.ts says.
 */
import { expect, it } from 'vitest'
import { recordsIn, streamsIn } from '../../node/federation/tables.ts'
import { type Row } from '../../node/store/port.ts'
import { digestOf, limits } from '../../protocol/index.ts'
import { nodeJsCrypto } from '../../node/platform.ts'
import { settled } from '../harness/clock.ts'
import { twoNodes } from '../harness/loss.ts'
import { bodyOf, uuid } from '../harness/peer.ts'
import { openTestRegion, type TestRegion } from '../harness/region.ts'
import { shenzhen, withScriptedPeer, xinyang } from '../harness/world.ts'

const notice = { on: '2026-02-01', subject: '换届', text: '通知' }

/** As many records of other cases as are said wait already. */
async function parkMany({ store }: TestRegion, count: number): Promise<Row<typeof recordsIn>[]> {
  const rows = Array.from({ length: count }, (_, i) => ({
    ...{ peer: shenzhen, digest: digestOf(nodeJsCrypto, `parked ${i}`), epoch: 1, seq: 0, idx: i },
    ...{ caseId: uuid(5000 + i), type: 'future.thing', outcome: 'parked', parked: true },
  }))
  await store.transaction((tx) => tx.insert(recordsIn, rows))
  return rows
}

it('are no more than may wait: what would be one more stays with its sender, a person is told, and all else is taken', async () => {
  const { us, peer } = await withScriptedPeer()
  const [one] = await parkMany(us, limits.parkedPerPeer)
  const known = peer.say(peer.record('notice.sent', uuid(1), notice))
  const unknown = peer.say(peer.unknown(uuid(1)))
  const { receipts, refusal } = await us.region.inbox.receive(shenzhen, bodyOf(known, unknown))
  expect([receipts.length, refusal?.code]).toEqual([1, 'unavailable'])
  await us.region.inbox.receive(shenzhen, bodyOf(unknown))
  const alarms = await us.store.read((reader) => us.region.alarms.list(reader, false))
  expect(alarms.map(({ kind, peer: of }) => [kind, of])).toEqual([['parked_full', shenzhen]])
  expect(await us.store.read((reader) => reader.get(streamsIn, { peer: shenzhen }))).toMatchObject({ seq: 1 })
  // One has been settled: there is room again, and nothing was lost.
  await us.store.transaction((tx) => tx.update(recordsIn, one ?? {}, { parked: false, outcome: 'applied' }))
  expect((await us.region.inbox.receive(shenzhen, bodyOf(unknown))).receipts).toHaveLength(1)
})

it('hold back a later record of their case that is full of nothing new, when no more may wait', async () => {
  const { us, peer } = await withScriptedPeer()
  const [one] = await parkMany(us, limits.parkedPerPeer)
  const behind = peer.say(peer.record('notice.sent', one?.caseId ?? '', notice))
  const { refusal } = await us.region.inbox.receive(shenzhen, bodyOf(behind))
  expect(refusal?.code).toBe('unavailable')
})

it('are counted within one post too', async () => {
  const { us, peer } = await withScriptedPeer()
  await parkMany(us, limits.parkedPerPeer - 1)
  const [first, second] = [peer.say(peer.unknown(uuid(1))), peer.say(peer.unknown(uuid(2)))]
  const { receipts, refusal } = await us.region.inbox.receive(shenzhen, bodyOf(first, second))
  expect([receipts.length, refusal?.code]).toEqual([1, 'unavailable'])
})

/** How often a region has looked at what a peer has parked. */
function watched({ region }: TestRegion): () => number {
  let looks = 0
  const settle = region.inbox.parked.settle.bind(region.inbox.parked)
  region.inbox.parked.settle = (peer) => {
    looks++
    return settle(peer)
  }
  return () => looks
}

it('are looked at once a day and at every start', async () => {
  const { us, clock } = await withScriptedPeer()
  const looks = watched(us)
  await us.region.start()
  const before = looks()
  expect(before).toBeGreaterThan(0)
  await clock.advance(86_400_000)
  expect(looks()).toBeGreaterThan(before)
  await us.region.stop()
})

it('are looked at by a process that was started before, when the lease comes to it', async () => {
  const { clock, network, home } = await twoNodes()
  await clock.advance(5_000)
  const { memory: store, heads, keyring } = home
  const next = openTestRegion({ node: xinyang, clock, network, store, heads, keyring, seed: 99 })
  await next.region.start()
  const looks = watched(next)
  await clock.advance(30_000)
  expect(looks()).toBe(0)
  await home.stop()
  await clock.advance(5_000)
  expect(looks()).toBeGreaterThan(0)
  await next.region.stop()
})

it('are looked at when a stream was recovered', async () => {
  const nodes = await twoNodes()
  await nodes.clock.advance(5_000)
  await nodes.home.region.standing.fellBehind('a test')
  const looks = watched(nodes.home)
  await nodes.home.recover()
  await settled()
  expect(await nodes.home.standing()).toEqual(['open'])
  expect(looks()).toBeGreaterThan(0)
})
