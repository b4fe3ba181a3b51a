/** Peers as witnesses of the audit: told once a day, confirmed by receipt, there again after a loss. */
import { beforeEach, describe, expect, it } from 'vitest'
import { auditHeads } from '../../node/audit/tables.ts'
import { recordsOut, streamsOut } from '../../node/federation/tables.ts'
import { readRecord, type Digest } from '../../protocol/index.ts'
import { settled } from '../harness/clock.ts'
import { twoNodes } from '../harness/loss.ts'
import { twoRegions, withScriptedPeer, type Pair } from '../harness/world.ts'

const dayMs = 86_400_000
const digest = (letter: string) => `${letter.repeat(42)}A` as Digest
let pair: Pair
beforeEach(async () => {
  pair = await twoRegions(3)
})

async function delivered(): Promise<void> {
  for (let i = 0; i < 10; i++) await pair.clock.advance(1000)
  await settled()
}
const oursAt = (peer: string) => pair.home.store.read((reader) => pair.home.region.witness.ours(reader, peer))
const theirsAt = (peer: string) =>
  pair.host.store.read((reader) => pair.host.region.witness.theirs(reader, peer))
const written = () => pair.home.store.read((reader) => reader.count(recordsOut, { type: 'audit.head' }))

describe('the head of the audit', () => {
  it('is confirmed by nobody before the peer’s receipt is here', async () => {
    const { home, host, network } = pair
    network.fate = () => 'drop'
    await home.region.witness.tell({ entries: 5, head: digest('a') })
    await delivered()
    expect(await oursAt(host.region.self)).toBeUndefined()
    expect(await theirsAt(home.region.self)).toBeUndefined()
    network.fate = () => 'deliver'
    for (let i = 0; i < 100; i++) await delivered()
    expect(await oursAt(host.region.self)).toMatchObject({ entries: 5, head: digest('a') })
    expect(await theirsAt(home.region.self)).toMatchObject({ entries: 5, head: digest('a') })
  })

  it('is told once a day, however often the node starts, and the last one stands', async () => {
    const { home, host, clock } = pair
    await Promise.all([1, 2, 3].map((entries) => home.region.witness.tell({ entries, head: digest('b') })))
    expect(await written()).toBe(1)
    clock.jump(dayMs)
    await home.region.witness.tell({ entries: 9, head: digest('c') })
    await delivered()
    expect(await written()).toBe(2)
    expect(await oursAt(host.region.self)).toMatchObject({ entries: 9 })
    expect(await theirsAt(home.region.self)).toMatchObject({ entries: 9, head: digest('c') })
  })

  it('of a peer that is closed is told another day', async () => {
    const { home, host } = pair
    const { store, witness } = home.region
    await store.transaction((tx) => tx.update(streamsOut, { peer: host.region.self }, { standing: 'closed' }))
    await witness.tell({ entries: 1, head: digest('d') })
    expect(await written()).toBe(0)
    expect(home.faults).toEqual([])
  })

  it('is not confirmed by another record at its place', async () => {
    const { home, host } = pair
    await home.region.witness.tell({ entries: 5, head: digest('a') })
    await delivered()
    const key = { peer: host.region.self, whose: 'ours' } as const
    await home.store.transaction(async (tx) => {
      const [row] = await tx.find(auditHeads, key)
      await tx.update(auditHeads, { ...key, day: row?.day ?? '' }, { head: digest('z') })
    })
    expect(await oursAt(host.region.self)).toBeUndefined()
  })
})

it('a peer may tell a head for every day there is, and no more are kept than of a year', async () => {
  const { us, peer } = await withScriptedPeer()
  const { store, witness } = us.region
  const known = await store.read((reader) => us.region.peers.get(reader, peer.node))
  for (let i = 0; i < 420; i++) {
    const at = new Date(Date.UTC(2020, 0, 1) + i * dayMs).toISOString().slice(0, 19) + 'Z'
    const text = peer.record('audit.head', null, { entries: i + 1, head: digest('e') })
    const read = readRecord(text)
    if (!read.ok || !read.known) throw new Error('not a record')
    const place = { epoch: 1, seq: 1, index: 0 }
    await store.transaction((tx) =>
      witness.handlers['audit.head'].apply(tx, known!, { ...read.record, at }, place),
    )
  }
  const rows = await store.read((reader) => reader.find(auditHeads, { peer: peer.node, whose: 'theirs' }))
  expect(rows).toHaveLength(400)
  expect((await store.read((reader) => witness.theirs(reader, peer.node)))?.entries).toBe(420)
})

describe('after a loss', () => {
  it.each(['home', 'host'] as const)('of %s, what was told is known again on both sides', async (side) => {
    const nodes = await twoNodes()
    const lost = nodes[side]
    const kept = lost.keep()
    await nodes.home.region.witness.tell({ entries: 77, head: digest('a') })
    await nodes.clock.advance(61_000)
    await lost.restore(kept)
    await nodes.clock.advance(61_000)
    await lost.region.recovery.allow(undefined)
    for (const { node } of [nodes.home, nodes.host])
      if (node !== lost.node) lost.region.courier.greetAnew(node)
    for (let i = 0; i < 4; i++) await nodes.clock.advance(61_000)
    const ours = await nodes.home.memory.read((reader) =>
      nodes.home.region.witness.ours(reader, nodes.host.node),
    )
    const theirs = await nodes.host.memory.read((reader) =>
      nodes.host.region.witness.theirs(reader, nodes.home.node),
    )
    expect([ours?.entries, theirs?.entries]).toEqual([77, 77])
    expect(nodes.home.faults.concat(nodes.host.faults)).toEqual([])
  })
})
