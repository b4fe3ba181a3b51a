/**
 * Erasure: what one side said of a closed case is gone on both sides, digests and outcomes stay, the chain and all
 * else remain provable, and what was erased stays so when a node gets its streams back from its peer.
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { envelopesIn, recordsIn, recordsOut } from '../../node/federation/tables.ts'
import { type MemoryStore } from '../../node/store/memory.ts'
import { type Store } from '../../node/store/port.ts'
import { nodeJsCrypto } from '../../node/platform.ts'
import { type NodeId, type Uuid, verifyEvidence } from '../../protocol/index.ts'
import { settled } from '../harness/clock.ts'
import { caseOf } from '../harness/conversation.ts'
import { dumpOf } from '../harness/dump.ts'
import { expectSame, twoNodes, type Kept, type Node, type Nodes } from '../harness/loss.ts'
import { bodyOf, uuid } from '../harness/peer.ts'
import { idNumberOf, nameOf } from '../harness/people.ts'
import { shenzhen, withScriptedPeer, xinyang } from '../harness/world.ts'

let nodes: Nodes
let home: Node
let host: Node
let empty: Kept
beforeEach(async () => {
  nodes = await twoNodes()
  ;({ home, host } = nodes)
  empty = home.keep()
})

const reason = '本人已由民政部门登记'

async function levelled(): Promise<void> {
  nodes.network.fate = () => 'deliver'
  for (let i = 0; i < 3; i++) await nodes.clock.advance(61_000)
}

const outflow = { destination: { code: shenzhen, text: '深圳' }, leftOn: '2025-01-01', reason }

/** A case that ran its whole course: published, arrived, reported on, departed, returned, closed. */
async function closedCase(n: number): Promise<Uuid> {
  await home.office.roster({ idNumber: idNumberOf(n), name: nameOf(n) })
  await home.office.outflow({ idNumber: idNumberOf(n), host: shenzhen, outflow })
  await settled()
  await host.office.arrivals({ idNumber: idNumberOf(n), home: xinyang, name: nameOf(n), employer: '某厂' })
  await host.office.activities(idNumberOf(n), { kind: 'lecture', on: '2025-05-01', title: '党课' })
  await settled()
  const id = await caseOf(home, shenzhen, n)
  await host.office.desk.depart(id, { departedOn: '2025-08-01' })
  await home.office.desk.close(id, { reason: 'returned', note: '经核实' })
  await levelled()
  return id
}

/** Everything a node holds but what only its own office knows. */
async function textOfAll(memory: MemoryStore): Promise<string> {
  const { arrivals: _arrivals, members: _members, ...rest } = await dumpOf(memory)
  return JSON.stringify(rest)
}

async function told({ memory }: { memory: Store }, peer: NodeId): Promise<string[]> {
  const rows = await memory.read((reader) => reader.find(recordsIn, { peer }))
  return rows.filter(({ type }) => type === 'record.erased').map(({ outcome }) => outcome)
}

describe('is refused', () => {
  it('while the case is open, and while a record of it is on its way; nothing has changed then', async () => {
    const outflow = { destination: { code: shenzhen, text: '深圳' } }
    await home.office.roster({ idNumber: idNumberOf(1), name: nameOf(1) })
    await home.office.outflow({ idNumber: idNumberOf(1), host: shenzhen, outflow })
    await levelled()
    const id = await caseOf(home, shenzhen, 1)
    const before = await dumpOf(home.memory)
    await expect(home.office.desk.erase(id)).rejects.toMatchObject({ code: 'case_open' })
    expect(await dumpOf(home.memory)).toEqual(before)
    nodes.network.fate = () => 'drop'
    await home.office.desk.close(id, { reason: 'death' })
    await settled()
    await expect(home.office.desk.erase(id)).rejects.toMatchObject({ code: 'not_delivered_yet' })
    await levelled()
    await home.office.desk.erase(id)
    await levelled()
    await expectSame(nodes)
  })

  it('of what was never sent, of another case, of an open one, and of a third region’s case', async () => {
    const { us, peer } = await withScriptedPeer()
    const outflow = { destination: { code: xinyang, text: '信阳' } }
    const first = peer.say(
      peer.record('flow.published', uuid(1), { tag: 'A'.repeat(43), person: { name: '王五' }, outflow }),
      peer.record('flow.published', uuid(2), {
        tag: `${'B'.repeat(42)}A`,
        person: { name: '李四' },
        outflow,
      }),
    )
    await us.region.inbox.receive(shenzhen, bodyOf(first))
    const [digest = '', other = ''] = first.digests
    const erase = (caseN: number, body: object) =>
      peer.record('record.erased', uuid(caseN), { epoch: 1, seq: 1, index: 0, digest, ...body })
    const before = await us.store.read((reader) => reader.find(envelopesIn, { seq: 1 }))
    await us.region.inbox.receive(
      shenzhen,
      bodyOf(
        peer.say(
          erase(1, {}),
          erase(2, {}),
          erase(1, { digest: other }),
          erase(1, { index: 1 }),
          erase(1, { seq: 7 }),
          erase(3, { digest: 'C'.repeat(42) + 'A' }),
        ),
      ),
    )
    const outcomes = await us.store.read((reader) => reader.find(recordsIn, { seq: 2 }))
    expect(outcomes.sort((a, b) => a.idx - b.idx).map(({ outcome }) => outcome)).toEqual([
      'refused:case_open',
      ...Array.from({ length: 5 }, () => 'refused:bad_record'),
    ])
    expect(await us.store.read((reader) => reader.find(envelopesIn, { seq: 1 }))).toEqual(before)
  })
})

describe('of one record, said again and again', () => {
  const times = 100

  it('reads its envelope once in a transaction, and writes it once for all', async () => {
    const { us, peer } = await withScriptedPeer()
    const outflow = { destination: { code: xinyang, text: '信阳' } }
    const first = peer.say(
      peer.record('flow.published', uuid(1), { tag: 'A'.repeat(43), person: { name: '王五' }, outflow }),
      peer.record('flow.closed', uuid(1), { reason: 'returned' }),
    )
    await us.region.inbox.receive(shenzhen, bodyOf(first))
    const place = { epoch: 1, seq: 1, index: 0, digest: first.digests[0] ?? '' }
    const erasures = () =>
      peer.say(...Array.from({ length: times }, () => peer.record('record.erased', uuid(1), place)))
    const asked = { get: 0, update: 0 }
    us.store.watch = ({ what, table }) => {
      if (table === 'envelopes_in' && (what === 'get' || what === 'update')) asked[what]++
    }
    const { refusal } = await us.region.inbox.receive(shenzhen, bodyOf(erasures(), erasures()))
    expect([refusal, asked.update]).toEqual([undefined, 1])
    expect(asked.get).toBeLessThan(10)
    await us.region.inbox.receive(shenzhen, bodyOf(erasures()))
    expect(asked.update).toBe(1)
    expect(asked.get).toBeLessThan(20)
    const outcomes = await told({ memory: us.store }, shenzhen)
    expect(outcomes).toEqual(Array.from({ length: 3 * times }, () => 'applied'))
    const [envelope] = await us.store.read((reader) => reader.find(envelopesIn, { seq: 1 }))
    expect(envelope?.lines.split('\n')[0]).toBe(`#${place.digest}`)
  })
})

it('takes the words of home from both nodes, and leaves host’s, the chain and other people alone', async () => {
  const [id, kept] = [await closedCase(1), await closedCase(2)]
  const others = await home.office.desk.shared(kept)
  await home.office.desk.erase(id)
  await levelled()
  await expectSame(nodes)
  expect((await told(host, xinyang)).every((outcome) => outcome === 'applied')).toBe(true)
  for (const node of [home, host]) {
    const text = await textOfAll(node.memory)
    expect(text.split(reason)).toHaveLength((await otherMentions(node, kept)) + 1)
  }
  expect(await home.office.desk.shared(kept)).toBe(others)
  const shared = JSON.parse(await home.office.desk.shared(id)) as {
    home: object
    host: { person: object | null }
  }
  expect(shared.home).toMatchObject({ person: null, outflow: null, state: 'closed' })
  expect(shared.host.person).toMatchObject({ name: nameOf(1) })
  const keys = [home, host].map(({ node, keyring }) => ({ node, key: keyring.signing }))
  for (const node of [home, host])
    for (const caseId of [id, kept]) {
      const report = verifyEvidence(nodeJsCrypto, await node.office.desk.evidence(caseId), keys)
      expect(report.faults).toEqual([])
    }
})

it('is not undone by the outflow register, in which the stay stands for ever; a new stay is published', async () => {
  const id = await closedCase(1)
  await home.office.desk.erase(id)
  await levelled()
  await home.office.outflow({ idNumber: idNumberOf(1), host: shenzhen, outflow })
  await levelled()
  expect(await home.office.cases(shenzhen)).toHaveLength(1)
  const anew = { ...outflow, leftOn: '2026-02-01' }
  await home.office.outflow({ idNumber: idNumberOf(1), host: shenzhen, outflow: anew })
  await levelled()
  expect(await home.office.cases(shenzhen)).toHaveLength(2)
  await expectSame(nodes)
})

/** How often the reason of the other case stands in what a node holds. */
async function otherMentions({ memory }: Node, other: Uuid): Promise<number> {
  const { cases = [], records_out: sent = [], envelopes_in: taken = [] } = await dumpOf(memory)
  const rows = [...cases, ...sent, ...taken].filter((row) => row.includes(other))
  return rows.join('').split(reason).length - 1
}

it('of both sides leaves nothing of the person on either node but what its own registers hold', async () => {
  const id = await closedCase(1)
  await home.office.desk.erase(id)
  await host.office.desk.erase(id)
  await levelled()
  await expectSame(nodes)
  for (const node of [home, host]) {
    const text = await textOfAll(node.memory)
    for (const word of [reason, '某厂', '党课', '经核实']) expect(text).not.toContain(word)
  }
  expect(JSON.parse(await home.office.desk.shared(id))).toMatchObject({
    activities: [],
    host: { person: null },
  })
})

it('twice says nothing new', async () => {
  const id = await closedCase(1)
  await home.office.desk.erase(id)
  await levelled()
  const before = await home.memory.read((reader) => reader.count(recordsOut, {}))
  await home.office.desk.erase(id)
  await levelled()
  expect(await home.memory.read((reader) => reader.count(recordsOut, {}))).toBe(before)
})

describe('stays so', () => {
  it.each(['home', 'host'] as const)('when %s loses everything and gets it back', async (side) => {
    const emptyHost = host.keep()
    const [id, kept] = [await closedCase(1), await closedCase(2)]
    await home.office.desk.erase(id)
    await levelled()
    const before = [...(await home.office.sharedViews(shenzhen))]
    await nodes[side].restore(side === 'home' ? empty : emptyHost, 'heads lost')
    await nodes[side].recover()
    await levelled()
    await expectSame(nodes)
    expect([
      ...(await nodes[side].office.sharedViews(nodes[side === 'home' ? 'host' : 'home'].node)),
    ]).toEqual(before)
    expect(await nodes[side].openAlarms()).toEqual(['behind'])
    expect((await textOfAll(nodes[side].memory)).split(reason)).toHaveLength(
      (await otherMentions(nodes[side], kept)) + 1,
    )
  })

  it.each(['home', 'host'] as const)('when %s is restored from before it', async (side) => {
    const id = await closedCase(1)
    const kept = nodes[side].keep()
    await home.office.desk.erase(id)
    await levelled()
    await nodes[side].restore(kept)
    await nodes[side].recover()
    await levelled()
    await expectSame(nodes)
    expect(await textOfAll(nodes[side].memory)).not.toContain(reason)
  })

  it.each(['home', 'host'] as const)('when both sides erased and %s loses everything', async (side) => {
    const emptyHost = host.keep()
    const id = await closedCase(1)
    await home.office.desk.erase(id)
    await host.office.desk.erase(id)
    await levelled()
    await nodes[side].restore(side === 'home' ? empty : emptyHost, 'heads lost')
    await nodes[side].recover()
    await levelled()
    await expectSame(nodes)
  })
})
