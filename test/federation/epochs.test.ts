/**
 * Forks, clones and epochs: two lives of one node, whichever way they come about, and the way out; recovery that is
 * interrupted anywhere, that has to wait for one peer of several, that crosses with what is still on its way.
 */
import { beforeEach, describe, expect, it } from 'vitest'
import {
  envelopesIn,
  forks,
  recordsIn,
  recordsOut,
  streamsIn,
  streamsOut,
} from '../../node/federation/tables.ts'
import { deliveryLimits, type NodeId } from '../../protocol/index.ts'
import { settled } from '../harness/clock.ts'
import { expectSame, Node, twoNodes, watchSigned, type Nodes } from '../harness/loss.ts'
import { type Post } from '../harness/network.ts'
import { idNumberOf, nameOf } from '../harness/people.ts'
import { agree } from '../harness/region.ts'
import { dongguan, shenzhen, xinyang } from '../harness/world.ts'

let nodes: Nodes
let home: Node
let host: Node
beforeEach(async () => {
  nodes = await twoNodes()
  ;({ home, host } = nodes)
})

async function publish(n: number, from: Node = home, to: NodeId = shenzhen): Promise<void> {
  const outflow = { destination: { code: to, text: '外地' } }
  await from.office.roster({ idNumber: idNumberOf(n), name: nameOf(n) })
  await from.office.outflow({ idNumber: idNumberOf(n), host: to, outflow })
  await settled()
}

async function arrive(n: number): Promise<void> {
  await host.office.arrivals({ idNumber: idNumberOf(n), home: xinyang, name: nameOf(n) })
  await settled()
}

async function levelled(): Promise<void> {
  nodes.network.fate = () => 'deliver'
  nodes.network.release()
  for (let i = 0; i < 3; i++) await nodes.clock.advance(61_000)
}

async function namesAt(node: Node, peer: NodeId): Promise<string[]> {
  return (await node.office.cases(peer)).map((subject) => subject.home.person?.name ?? '').sort()
}

async function expectHeardOnce(one: Node, other: Node): Promise<void> {
  const said = await one.memory.read((reader) => reader.find(recordsOut, { peer: other.node }))
  const heard = await other.memory.read((reader) => reader.find(recordsIn, { peer: one.node }))
  expect(heard.map(({ digest }) => digest).sort()).toEqual(said.map(({ digest }) => digest).sort())
  expect(heard.filter(({ outcome }) => outcome !== 'applied')).toEqual([])
}

/** A second machine that has started; whoever held the lease in the copied database is not there. */
async function cloned(heads: 'one head store' | 'two head stores'): Promise<Node> {
  const twin = home.clone(home.keep(), heads)
  nodes.network.connect(xinyang, home.app)
  await twin.region.start()
  await nodes.clock.advance(20_000)
  return twin
}

describe('a clone', () => {
  it('on the same head store signs nothing: its streams close, and one alarm says so', async () => {
    await publish(1)
    await levelled()
    const twin = await cloned('one head store')
    await publish(2)
    const signed = watchSigned(nodes, xinyang)
    await publish(3, twin)
    await nodes.clock.advance(30_000)
    expect([...signed]).toEqual([])
    expect([await twin.standing(), await twin.openAlarms()]).toEqual([['closed'], ['behind']])
    await expect(publish(4, twin)).rejects.toMatchObject({ code: 'stream_closed' })
    await twin.stop()
    nodes.network.connect(xinyang, home.app)
    await levelled()
    await expectSame(nodes)
    expect(await home.standing()).toEqual(['open'])
  })

  it('that signs at the very same moment is caught by the head store before its bytes leave', async () => {
    await publish(1)
    await levelled()
    const twin = await cloned('one head store')
    const signed = watchSigned(nodes, xinyang)
    await Promise.all([publish(2), publish(3, twin)])
    await levelled()
    expect((await Promise.all([home.standing(), twin.standing()])).flat().sort()).toEqual(['closed', 'open'])
    expect((await host.memory.read((reader) => reader.find(forks, {}))).length).toBe(0)
    expect(signed.size).toBeGreaterThan(0)
    await twin.stop()
  })

  it('is caught so too when the head store was read between its commit and its turn to move the head', async () => {
    await publish(1)
    await levelled()
    const twin = await cloned('one head store')
    const { standing } = twin.region
    const advance = standing.advance.bind(standing)
    standing.advance = async (...head) => {
      // A post with a gap that comes in just now has the heads compared.
      await standing.reaches(shenzhen)
      return advance(...head)
    }
    await Promise.all([publish(2), publish(3, twin)])
    await levelled()
    expect((await Promise.all([home.standing(), twin.standing()])).flat().sort()).toEqual(['closed', 'open'])
    expect(await host.memory.read((reader) => reader.count(forks, {}))).toBe(0)
    await twin.stop()
  })

  it('with a head store of its own is told by the peer, before it signs anything', async () => {
    await publish(1)
    await levelled()
    const twin = home.clone(home.keep(), 'two head stores')
    nodes.network.connect(xinyang, home.app)
    await publish(2)
    await levelled()
    const signed = watchSigned(nodes, xinyang)
    nodes.network.connect(xinyang, twin.app)
    await publish(3, twin)
    await nodes.clock.advance(30_000)
    expect([...signed]).toEqual([])
    expect([await twin.standing(), await twin.openAlarms()]).toEqual([['closed'], ['behind']])
    await twin.stop()
  })

  it('with a head store of its own that took something and went away is noticed, though nobody says anything more', async () => {
    await publish(1)
    await levelled()
    const twin = await cloned('two head stores')
    nodes.network.connect(xinyang, twin.app)
    await arrive(1)
    await twin.stop()
    nodes.network.connect(xinyang, home.app)
    await nodes.clock.advance(10_000)
    expect(await home.openAlarms()).toEqual([])
    await nodes.clock.advance(deliveryLimits.compareAgainMs)
    expect([await home.standing(), await home.openAlarms()]).toEqual([['closed'], ['behind']])
    await home.recover()
    await expectSame(nodes)
  })
})

describe('a fork', () => {
  /** Two lives with two head stores that both had greeted the peer before either went on. */
  async function forked(): Promise<Node> {
    await publish(1)
    await levelled()
    const twin = await cloned('two head stores')
    await publish(2)
    await publish(3, twin)
    await nodes.clock.advance(10_000)
    return twin
  }

  it('is kept as proof, freezes that stream and raises one alarm, however often it is posted', async () => {
    const twin = await forked()
    await nodes.clock.advance(120_000)
    expect(await host.memory.read((reader) => reader.find(forks, {}))).toHaveLength(1)
    expect(await host.memory.read((reader) => reader.get(streamsIn, { peer: xinyang }))).toMatchObject({
      frozen: true,
    })
    expect(await host.openAlarms()).toEqual(['fork 411500'])
    await publish(5)
    await levelled()
    expect(home.region.courier.delivery(shenzhen).problem?.code).toBe('frozen')
    expect(await namesAt(host, xinyang)).not.toContain(nameOf(5))
    await twin.stop()
  })

  it.each(['the first life', 'the second life'] as const)(
    'ends when both operators say so: %s goes on in a new epoch, and what the other had not taken is said again',
    async (who) => {
      const twin = await forked()
      const survivor = who === 'the first life' ? home : twin
      await (survivor === home ? twin : home).stop()
      nodes.network.connect(xinyang, survivor.app)
      if (survivor === home) await publish(5)
      // Neither word alone is enough.
      await survivor.region.recovery.allow(shenzhen)
      await nodes.clock.advance(5_000)
      expect(await host.memory.read((reader) => reader.get(streamsIn, { peer: xinyang }))).toMatchObject({
        frozen: true,
      })
      expect(await host.region.agreements.thaw(xinyang)).toBe(true)
      await levelled()
      nodes = { ...nodes, home: survivor }
      expect(await host.memory.read((reader) => reader.get(streamsIn, { peer: xinyang }))).toMatchObject({
        frozen: false,
        thawed: false,
      })
      await expectSame(nodes)
      await expectHeardOnce(survivor, host)
      const names = survivor === home ? [1, 2, 5] : [1, 2, 3]
      expect(await namesAt(host, xinyang)).toEqual(names.map(nameOf).sort())
      const opened = await host.memory.read((reader) => reader.find(envelopesIn, { peer: xinyang, epoch: 2 }))
      expect(opened[0]?.lines).toContain('"reason":"fork"')
      await survivor.stop()
    },
  )

  it('that is posted again after the thaw stops nothing', async () => {
    const twin = await forked()
    await twin.stop()
    const [proof] = await host.memory.read((reader) => reader.find(forks, {}))
    nodes.network.connect(xinyang, home.app)
    await host.region.agreements.thaw(xinyang)
    await home.recover(shenzhen)
    await levelled()
    const late = nodes.network.posts.findLast(({ body }) => Buffer.from(body).includes(proof?.jws ?? '-'))
    const { refusal } = await host.region.inbox.receive(xinyang, late?.body ?? new Uint8Array())
    expect(refusal?.code).toBe('fork')
    expect(await host.memory.read((reader) => reader.get(streamsIn, { peer: xinyang }))).toMatchObject({
      frozen: false,
    })
    await publish(6)
    await levelled()
    await expectSame(nodes)
  })
})

describe('recovery', () => {
  it('that dies at any step of the store or the head store comes to the same end when it is done again', async () => {
    const dying = async (k: number): Promise<number> => {
      nodes = await twoNodes()
      ;({ home, host } = nodes)
      await publish(1)
      await arrive(1)
      const kept = home.keep()
      nodes.network.fate = ({ from }) => (from === shenzhen ? 'cut' : 'deliver')
      await publish(2)
      await arrive(2)
      await arrive(3)
      await levelled()
      await home.restore(kept)
      await nodes.clock.advance(5_000)
      await home.region.recovery.allow()
      let calls = 0
      const watch = () => {
        if (++calls >= k) throw new Error('the machine stopped')
      }
      home.store.watch = watch
      home.heads.watch = watch
      home.region.courier.wake(shenzhen)
      await settled()
      home.heads.watch = () => undefined
      await home.stop()
      home.before.length = 0
      await home.start()
      await levelled()
      await home.recover()
      await levelled()
      await expectSame(nodes)
      await expectHeardOnce(home, host)
      await expectHeardOnce(host, home)
      expect(await namesAt(home, shenzhen)).toEqual([1, 2].map(nameOf).sort())
      expect((await home.openAlarms()).filter((alarm) => alarm !== 'behind')).toEqual([])
      return calls
    }
    const calls = await dying(Infinity)
    expect(calls).toBeGreaterThan(30)
    for (let k = 1; k <= calls; k++) await dying(k)
  }, 120_000)

  it('waits for a peer that is away, while the others go on', async () => {
    const third = new Node(nodes, dongguan)
    await third.claim()
    await agree(home, third, nodes.network)
    await third.region.start()
    await settled()
    const kept = home.keep()
    await publish(1)
    await publish(2, home, dongguan)
    await levelled()
    await third.stop()
    await home.restore(kept)
    await nodes.clock.advance(5_000)
    expect([await home.standing(), await home.openAlarms()]).toEqual([['closed', 'closed'], ['behind']])
    await home.recover()
    expect(await home.standing()).toEqual(['open', 'recovering'])
    await expectSame(nodes)
    await publish(3)
    await expect(publish(4, home, dongguan)).rejects.toMatchObject({ code: 'stream_closed' })
    await nodes.clock.advance(86_400_000)
    await third.start()
    await levelled()
    expect(await home.standing()).toEqual(['open', 'open'])
    await publish(5, home, dongguan)
    await levelled()
    await expectSame({ ...nodes, host: third })
    await expectSame(nodes)
    expect(await home.openAlarms()).toEqual(['behind'])
  })

  it('crosses with an envelope that arrives after the peer was asked: the next word of the operator mends it', async () => {
    await publish(1)
    await levelled()
    const kept = home.keep()
    nodes.network.fate = ({ from, door }) => (from === xinyang && door === 'envelopes' ? 'drop' : 'deliver')
    await publish(2)
    const held: Post | undefined = nodes.network.posts.findLast(({ door }) => door === 'envelopes')
    await home.restore(kept)
    await nodes.clock.advance(5_000)
    await home.recover()
    // The envelope of the life before overtakes the new epoch.
    expect((await host.region.inbox.receive(xinyang, held?.body ?? new Uint8Array())).receipts).toHaveLength(
      1,
    )
    await levelled()
    if ((await home.standing())[0] !== 'open') await home.recover()
    await levelled()
    expect(await home.standing()).toEqual(['open'])
    await expectSame(nodes)
    await publish(3)
    await levelled()
    await expectSame(nodes)
    expect(await namesAt(home, shenzhen)).toEqual([1, 2, 3].map(nameOf).sort())
    expect(await host.memory.read((reader) => reader.find(forks, {}))).toEqual([])
  })

  it('crosses with one that arrives while the peer answers: nothing is taken back from half of it', async () => {
    await publish(1)
    await arrive(1)
    await levelled()
    const kept = home.keep()
    await arrive(2)
    await publish(2)
    await levelled()
    nodes.network.fate = ({ from, door }) => (from === xinyang && door === 'envelopes' ? 'drop' : 'deliver')
    await publish(3)
    const held: Post | undefined = nodes.network.posts.findLast(({ door }) => door === 'envelopes')
    await home.restore(kept)
    await nodes.clock.advance(5_000)
    const { requests, inbox } = host.region
    const honest = Object.getPrototypeOf(requests) as { answerBody: (...args: unknown[]) => Promise<string> }
    Object.assign(requests, {
      answerBody: async (...args: unknown[]) => {
        const text = await honest.answerBody.apply(requests, args)
        // The envelope of the life before comes right after the host has said how far it is.
        if ((args[2] as { what: string }).what === 'heads')
          await inbox.receive(xinyang, held?.body ?? new Uint8Array())
        return text
      },
    })
    const before = await home.memory.read((reader) => reader.find(recordsIn, {}))
    await home.region.recovery.allow()
    const peer = await home.memory.read((reader) => home.region.peers.get(reader, shenzhen))
    expect(peer && (await home.region.recovery.recover(peer))).toBe('bad_answer')
    expect(await home.memory.read((reader) => reader.find(recordsIn, {}))).toEqual(before)
    await levelled()
    expect(await home.standing()).toEqual(['open'])
    await expectSame(nodes)
    await expectHeardOnce(home, host)
    expect(await namesAt(home, shenzhen)).toEqual([1, 2, 3].map(nameOf).sort())
  })

  it('of an office that worked on before it noticed: what contradicts the peers is for a person, the rest is said', async () => {
    await publish(1)
    await levelled()
    const kept = home.keep()
    await publish(2)
    await arrive(2)
    await levelled()
    // The head store is lost too, and the peer is away while the same workbook and another are imported.
    nodes.network.fate = () => 'drop'
    await home.restore(kept, 'heads lost')
    await publish(2)
    await publish(3)
    await levelled()
    expect(await home.openAlarms()).toEqual(['behind'])
    await home.recover()
    await levelled()
    await expectSame(nodes)
    await expectHeardOnce(home, host)
    expect(await namesAt(home, shenzhen)).toEqual([1, 2, 3].map(nameOf).sort())
    expect(await home.openAlarms()).toEqual(['behind', 'replay_differs 440300'])
    await publish(2)
    await levelled()
    expect(await namesAt(host, xinyang)).toEqual([1, 2, 3].map(nameOf).sort())
  })

  it('twice in a row, from the same old snapshot, passes over the epoch between', async () => {
    await publish(1)
    await levelled()
    const kept = home.keep()
    for (const n of [2, 3]) {
      await publish(n)
      await levelled()
      await home.restore(kept)
      await nodes.clock.advance(5_000)
      await home.recover()
      await levelled()
      await expectSame(nodes)
    }
    expect(await home.memory.read((reader) => reader.get(streamsOut, { peer: shenzhen }))).toMatchObject({
      epoch: 3,
    })
    expect(await namesAt(home, shenzhen)).toEqual([1, 2, 3].map(nameOf).sort())
  })

  it('of both at once: each gets back what the other holds', async () => {
    await publish(1)
    await arrive(1)
    await levelled()
    const [keptHome, keptHost] = [home.keep(), host.keep()]
    await publish(2)
    await levelled()
    await home.restore(keptHome)
    await nodes.clock.advance(5_000)
    await host.restore(keptHost)
    await nodes.clock.advance(5_000)
    await Promise.all([home.region.recovery.allow(), host.region.recovery.allow()])
    await levelled()
    await publish(3)
    await levelled()
    await expectSame(nodes)
  })
})

describe('a peer that lies about what it has seen', () => {
  it.each([
    ['a head we never signed', { received: { epoch: 1, seq: 99, head: 'A'.repeat(43), frozen: false } }],
    ['a later epoch of ours', { received: { epoch: 7, seq: 1, head: 'A'.repeat(43), frozen: false } }],
    ['receipts we never signed', { sent: { epoch: 1, seq: 99, head: 'A'.repeat(43), receipted: 99 } }],
  ])('claims %s: nothing closes, and others are served', async (_name, lie) => {
    const third = new Node(nodes, dongguan)
    await third.claim()
    await agree(home, third, nodes.network)
    await third.region.start()
    await publish(1)
    await levelled()
    const { requests } = host.region
    const honest = Object.getPrototypeOf(requests) as { answerBody: (...args: unknown[]) => Promise<string> }
    const { answerBody } = honest
    Object.assign(requests, {
      answerBody: async (...args: unknown[]) => {
        const text = await answerBody.apply(requests, args)
        const { what } = args[2] as { what: string }
        return what === 'heads' ? JSON.stringify({ ...(JSON.parse(text) as object), ...lie }) : text
      },
    })
    await home.stop()
    await home.start()
    await levelled()
    expect([await home.standing(), await home.openAlarms()]).toEqual([['open', 'open'], []])
    await publish(2, home, dongguan)
    await levelled()
    await expectSame({ ...nodes, host: third })
  })
})
