/**
 * Whom a loss concerns. The head store's word closes every stream; a peer's word closes all but those whose peers have
 * confirmed our heads since this process began, for nothing of theirs can be missing.
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { streamsOut } from '../../node/federation/tables.ts'
import { nodeJsCrypto } from '../../node/platform.ts'
import { contentId, type NodeId } from '../../protocol/index.ts'
import { settled } from '../harness/clock.ts'
import { expectSame, joined, twoNodes, type Kept, type Node, type Nodes } from '../harness/loss.ts'
import { idNumberOf, nameOf } from '../harness/people.ts'
import { dongguan, shenzhen, withScriptedPeer } from '../harness/world.ts'

const zhengzhou: NodeId = '410100'

let nodes: Nodes
let home: Node
let host: Node
let confirming: Node
let silent: Node
beforeEach(async () => {
  nodes = await twoNodes()
  ;({ home, host } = nodes)
  confirming = await joined(nodes, dongguan, home)
  silent = await joined(nodes, zhengzhou, home)
})

async function publish(n: number, to: NodeId): Promise<void> {
  const outflow = { destination: { code: to, text: '外地' } }
  await home.office.roster({ idNumber: idNumberOf(n), name: nameOf(n) })
  await home.office.outflow({ idNumber: idNumberOf(n), host: to, outflow })
  await settled()
}

async function levelled(): Promise<void> {
  for (let i = 0; i < 3; i++) await nodes.clock.advance(61_000)
}

async function streams(): Promise<Record<NodeId, string>> {
  const rows = await home.memory.read((reader) => reader.find(streamsOut, {}, { orderBy: 'peer' }))
  return Object.fromEntries(rows.map(({ peer, standing, epoch }) => [peer, `${standing} in ${epoch}`]))
}

/** Home is put back to before it published to host, while host and another are away and a third is there. */
async function lostWhileAway(heads: 'heads kept' | 'heads lost'): Promise<void> {
  const kept = home.keep()
  await publish(1, shenzhen)
  await levelled()
  await host.stop()
  await silent.stop()
  await home.restore(kept, heads)
  await levelled()
}

describe('a loss that a peer shows', () => {
  it('leaves open the streams whose peers have confirmed our heads, and closes all others', async () => {
    await lostWhileAway('heads lost')
    expect(await streams()).toEqual({
      [shenzhen]: 'open in 1',
      [dongguan]: 'open in 1',
      [zhengzhou]: 'open in 1',
    })
    await publish(2, dongguan)
    await host.start()
    await levelled()
    expect(await streams()).toEqual({
      [shenzhen]: 'closed in 1',
      [dongguan]: 'open in 1',
      [zhengzhou]: 'closed in 1',
    })
    expect(await home.openAlarms()).toEqual(['behind'])
    await publish(3, dongguan)
    await expect(publish(4, zhengzhou)).rejects.toMatchObject({ code: 'stream_closed' })
    await silent.start()
    await home.recover()
    await levelled()
    expect(await streams()).toEqual({
      [shenzhen]: 'open in 2',
      [dongguan]: 'open in 1',
      [zhengzhou]: 'open in 2',
    })
    expect(await confirming.office.cases(home.node)).toHaveLength(2)
    for (const peer of [host, confirming, silent]) await expectSame({ ...nodes, host: peer })
  })

  it('spares nobody who confirmed only a life of this node before', async () => {
    const kept = home.keep()
    await publish(1, shenzhen)
    await levelled()
    for (const peer of [host, confirming, silent]) await peer.stop()
    await home.restore(kept, 'heads lost')
    await host.start()
    await levelled()
    expect(await streams()).toEqual({
      [shenzhen]: 'closed in 1',
      [dongguan]: 'closed in 1',
      [zhengzhou]: 'closed in 1',
    })
  })
})

describe('a loss that the head store shows', () => {
  it('closes every stream, whoever has confirmed what', async () => {
    await lostWhileAway('heads kept')
    expect(await streams()).toEqual({
      [shenzhen]: 'closed in 1',
      [dongguan]: 'closed in 1',
      [zhengzhou]: 'closed in 1',
    })
    expect(await home.openAlarms()).toEqual(['behind'])
  })
})

describe('an envelope that a recovery gave up', () => {
  /** Host gets one of ours, keeps it to itself and confirms only what was before it. */
  async function keptBack(): Promise<{ kept: string; before: Kept }> {
    await publish(1, shenzhen)
    await levelled()
    const before = home.keep()
    let kept = ''
    nodes.network.fate = ({ to, door, body }) => {
      if (to !== shenzhen || door !== 'envelopes') return 'deliver'
      kept = Buffer.from(body).toString()
      return 'drop'
    }
    await publish(2, shenzhen)
    nodes.network.fate = () => 'deliver'
    await home.recover(shenzhen)
    await levelled()
    expect((await streams())[shenzhen]).toBe('open in 2')
    return { kept, before }
  }

  /** Home starts anew while the others are away, and host says that it had the envelope, and shows it. */
  async function shown(kept: string, start: () => Promise<void>): Promise<void> {
    await confirming.stop()
    await silent.stop()
    const { requests } = host.region
    const honest = Object.getPrototypeOf(requests) as { answerBody: (...args: unknown[]) => Promise<string> }
    Object.assign(requests, {
      answerBody: async (...args: unknown[]) => {
        const { what, of } = args[2] as { what: string; of?: string }
        if (what === 'restore') return of === 'asked' ? kept : ''
        const text = await honest.answerBody.apply(requests, args)
        const head = contentId(nodeJsCrypto, kept.slice(0, kept.indexOf('\n')))
        const received = { epoch: 1, seq: 2, head, frozen: false }
        return what === 'heads' ? JSON.stringify({ ...(JSON.parse(text) as object), received }) : text
      },
    })
    await start()
    await levelled()
  }

  it('is no proof of a loss once its peer has receipted what came in its place: it closes no other stream', async () => {
    const { kept } = await keptBack()
    await shown(kept, async () => {
      await home.stop()
      await home.start()
    })
    expect(await streams()).toEqual({
      [shenzhen]: 'open in 2',
      [dongguan]: 'open in 1',
      [zhengzhou]: 'open in 1',
    })
    expect(await home.openAlarms()).toEqual([`peer_behind ${shenzhen}`])
  })

  it('is one to a database from before that receipt, which cannot know that it was given up', async () => {
    const { kept, before } = await keptBack()
    await shown(kept, () => home.restore(before, 'heads lost'))
    expect(Object.values(await streams())).toEqual(['closed in 1', 'closed in 1', 'closed in 1'])
    expect(await home.openAlarms()).toEqual(['behind'])
  })
})

it('a peer that says another place each time it is asked raises one alarm, and another when that was seen', async () => {
  const { us } = await withScriptedPeer()
  const { standing, alarms } = us.region
  const known = { taken: { epoch: 9, seq: 9 }, receipted: { epoch: 1, seq: 9 } }
  const claims = async (seq: number) => {
    const end = { epoch: 1, seq, head: null }
    const heads = {
      sent: { ...end, receipted: 0 },
      received: { epoch: 1, seq: 0, head: null, frozen: false },
    }
    await standing.compare(shenzhen, heads, known, () => Promise.resolve(false))
  }
  const open = () => us.store.read((reader) => alarms.list(reader))
  for (let seq = 1; seq <= 20; seq++) await claims(seq)
  expect(await open()).toMatchObject([{ kind: 'peer_behind', peer: shenzhen, subject: '1/1' }])
  await alarms.acknowledge(us.store, (await open())[0]?.id ?? '', '李')
  await claims(21)
  expect(await open()).toMatchObject([{ subject: '1/21' }])
})
