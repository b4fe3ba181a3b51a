/**
 * A node that was restored or lost: it notices before anything is signed, gets back what its peers hold of it on the
 * operator's one word, and goes on so that both hold the same, with nothing lost that was acknowledged and nothing
 * applied twice.
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { DomainError } from '../../node/errors.ts'
import { recordsIn, recordsOut } from '../../node/federation/tables.ts'
import { conversation, registers } from '../harness/conversation.ts'
import { settled } from '../harness/clock.ts'
import { idNumberOf, nameOf } from '../harness/people.ts'
import { seededRandom } from '../harness/random.ts'
import { expectSame, twoNodes, watchSigned, type Kept, type Node, type Nodes } from '../harness/loss.ts'

let nodes: Nodes
beforeEach(async () => {
  nodes = await twoNodes()
})

const sides = ['home', 'host'] as const
type SideName = (typeof sides)[number]
const otherOf = ({ home, host }: Nodes, side: SideName): Node => (side === 'home' ? host : home)

async function converse(from: number, to: number): Promise<void> {
  for (const [, step] of conversation.slice(from, to)) {
    await step(nodes)
    await settled()
  }
}

/** Types of what a node has taken from its peer, but for those about the streams themselves. */
async function heardBy({ memory }: Node): Promise<string[]> {
  const rows = await memory.read((reader) => reader.find(recordsIn, {}))
  return rows
    .map(({ type, digest }) => `${type} ${digest}`)
    .filter((text) => !/^(epoch|keys)/.test(text))
    .sort()
}

async function levelled(): Promise<void> {
  nodes.network.fate = () => 'deliver'
  for (let i = 0; i < 3; i++) await nodes.clock.advance(61_000)
}

const views = async (): Promise<string[]> => [
  ...(await nodes.home.office.sharedViews(nodes.host.node)).values(),
]

describe.each(sides)('%s restored from a snapshot', (side) => {
  it.each(['heads kept', 'heads too', 'heads lost'] as const)(
    'taken at any point of a conversation, %s: notices, recovers, and both hold the same',
    async (heads) => {
      // Every point once; how the loss is noticed makes no difference to what comes after.
      const every = heads === 'heads kept' ? 1 : 4
      for (let k = 0; k <= conversation.length; k += every) {
        nodes = await twoNodes()
        await converse(0, k)
        const kept: Kept = nodes[side].keep()
        await converse(k, conversation.length)
        await levelled()
        await expectSame(nodes)
        const [before, heard, heardThere] = [
          await views(),
          await heardBy(otherOf(nodes, side)),
          await heardBy(nodes[side]),
        ]
        const signed = watchSigned(nodes, nodes[side].node)
        await nodes[side].restore(kept, heads)
        await nodes.clock.advance(61_000)
        const lost = heard.length + heardThere.length
        const now = (await heardBy(nodes[side])).length + (await heardBy(otherOf(nodes, side))).length
        const context = `${side} at ${k} (${conversation[k]?.[0] ?? 'the end'}), ${heads}`
        if (now < lost) expect(await nodes[side].standing(), context).toEqual(['closed'])
        expect([...signed], context).toEqual([])
        if ((await nodes[side].standing())[0] === 'closed')
          expect(await nodes[side].openAlarms(), context).toEqual(['behind'])
        await nodes[side].recover()
        await levelled()
        expect(await nodes[side].standing(), context).toEqual(['open'])
        await expectSame(nodes)
        expect(await views(), context).toEqual(before)
        expect(await heardBy(otherOf(nodes, side)), context).toEqual(heard)
        expect(await heardBy(nodes[side]), context).toEqual(heardThere)
        expect(
          (await nodes[side].openAlarms()).filter((alarm) => !alarm.startsWith('behind')),
          context,
        ).toEqual([])
      }
    },
    120_000,
  )
})

describe.each(sides)('%s that lost everything', (side) => {
  it('gets all of it back from its peer, and its registers imported again say nothing twice', async () => {
    for (let k = 1; k <= conversation.length; k++) {
      nodes = await twoNodes()
      const empty = await emptied(side)
      await converse(0, k)
      await levelled()
      const [before, heard] = [await views(), await heardBy(otherOf(nodes, side))]
      await nodes[side].restore(empty, 'heads lost')
      await nodes.clock.advance(61_000)
      await nodes[side].recover()
      await levelled()
      const context = `${side} after ${k} (${conversation[k - 1]?.[0] ?? ''})`
      expect(await nodes[side].standing(), context).toEqual(['open'])
      await expectSame(nodes)
      expect(await views(), context).toEqual(before)
      if (k === conversation.length) {
        await registers(nodes, side)
        await levelled()
        expect(await heardBy(otherOf(nodes, side)), context).toEqual(heard)
        await expectSame(nodes)
      }
    }
  }, 120_000)
})

describe('both nodes of a pair, restored at the same time', () => {
  it.each([0, 1, 2, 3, 4, 5])(
    'from copies of different age (%i): each gives the other back what it has',
    async (n) => {
      const chance = seededRandom(500 + n)
      const below = (bound: number) => Math.floor(chance.unit() * bound)
      const points = [below(conversation.length), below(conversation.length)].sort((a, b) => a - b)
      const [early = 0, late = 0] = points
      const [older, newer] = n % 2 === 0 ? [nodes.home, nodes.host] : [nodes.host, nodes.home]
      await converse(0, early)
      const oldCopy = older.keep()
      await converse(early, late)
      const newCopy = newer.keep()
      await converse(late, conversation.length)
      await levelled()
      await older.restore(oldCopy)
      await newer.restore(newCopy)
      await nodes.clock.advance(61_000)
      await older.region.recovery.allow()
      await newer.region.recovery.allow()
      await levelled()
      await levelled()
      const context = `${older.node} at ${early}, ${newer.node} at ${late}`
      expect([await older.standing(), await newer.standing()], context).toEqual([['open'], ['open']])
      await expectSame(nodes)
      for (const node of [older, newer])
        expect(
          (await node.openAlarms()).filter((alarm) => /^(replay|fork)/.test(alarm)),
          context,
        ).toEqual([])
      await converseOn()
      await expectSame(nodes)
    },
  )
})

describe('a machine put back as a whole, whose clock is wrong', () => {
  it('takes and signs nothing before it has heard how far it was', async () => {
    await converse(0, 3)
    await levelled()
    const kept = nodes.host.keep()
    await converse(3, conversation.length)
    await levelled()
    await nodes.host.stop()
    nodes.host.memory.restore(kept.store)
    nodes.host.heads.files.clear()
    for (const [name, text] of kept.heads) nodes.host.heads.files.set(name, text)
    const signed = watchSigned(nodes, nodes.host.node)
    const before = await heardBy(nodes.host)
    nodes.host.clockAheadMs = 3 * 3_600_000
    await nodes.host.start()
    await nodes.home.office.roster({ idNumber: idNumberOf(71), name: nameOf(71) })
    const outflow = { destination: { code: nodes.host.node, text: '外地' } }
    await nodes.home.office.outflow({ idNumber: idNumberOf(71), host: nodes.host.node, outflow })
    await nodes.clock.advance(61_000)
    expect([...signed]).toEqual([])
    expect(await heardBy(nodes.host)).toEqual(before)
    // The proof of it is read under a clock that is right.
    await nodes.host.stop()
    nodes.host.clockAheadMs = 0
    await nodes.host.start()
    await nodes.clock.advance(61_000)
    expect([...signed]).toEqual([])
    expect(await nodes.host.standing()).toEqual(['closed'])
  })
})

describe('in a storm', () => {
  /** Everything may be lost, cut or doubled, the snapshot is old, and what is under way then is under way. */
  const fates = ['deliver', 'deliver', 'drop', 'cut', 'twice'] as const

  it.each(Array.from({ length: Number(process.env['STORMS'] ?? 40) }, (_, seed) => seed + 1))(
    'seed %i: both hold the same in the end, each record is said and applied once',
    async (seed) => {
      const chance = seededRandom(seed)
      const below = (n: number) => Math.floor(chance.unit() * n)
      const side = sides[below(2)] ?? 'home'
      nodes.network.fate = () => fates[below(fates.length)] ?? 'deliver'
      const [at, until] = [below(conversation.length), 1 + below(conversation.length)]
      await stormy(0, at)
      const kept = nodes[side].keep()
      await stormy(at, Math.max(at, until))
      if (below(2) === 0) await nodes.clock.advance(below(3000))
      await nodes[side].restore(kept, (['heads kept', 'heads too', 'heads lost'] as const)[below(3)])
      await nodes.clock.advance(below(3000))
      await nodes[side].region.recovery.allow()
      await nodes.clock.advance(below(60_000))
      await levelled()
      await nodes[side].recover()
      await levelled()
      expect(await nodes[side].standing()).toEqual(['open'])
      await expectSame(nodes)
      await expectOnce()
      await converseOn()
      await expectSame(nodes)
      await expectOnce()
    },
  )
})

/** Steps that find nobody there yet are not taken. */
async function stormy(from: number, to: number): Promise<void> {
  for (const [, step] of conversation.slice(from, to)) {
    await step(nodes).catch((error: unknown) => {
      if (error instanceof DomainError || /no case of|has arrived/.test(String(error))) return
      throw error
    })
    await settled()
    await nodes.clock.advance(150)
  }
}

/** After all that the two can still work with each other. */
async function converseOn(): Promise<void> {
  await nodes.home.office.roster({ idNumber: idNumberOf(70), name: nameOf(70) })
  const outflow = { destination: { code: nodes.host.node, text: '外地' } }
  await nodes.home.office.outflow({ idNumber: idNumberOf(70), host: nodes.host.node, outflow })
  await settled()
  await nodes.host.office.arrivals({ idNumber: idNumberOf(70), home: nodes.home.node, name: nameOf(70) })
  await levelled()
  const [ours] = (await nodes.home.office.cases(nodes.host.node)).slice(-1)
  expect([ours?.home.state, ours?.host.state]).toEqual(['published', 'arrived'])
}

/** No record of an honest sender was refused or repeated, each is there where it was written, and no replay differed. */
async function expectOnce(): Promise<void> {
  for (const [one, other] of [
    [nodes.home, nodes.host],
    [nodes.host, nodes.home],
  ] as const) {
    const heard = await other.memory.read((reader) => reader.find(recordsIn, {}))
    const said = await one.memory.read((reader) => reader.find(recordsOut, {}))
    expect(heard.map(({ digest }) => digest).sort()).toEqual(said.map(({ digest }) => digest).sort())
    expect(
      heard.filter(({ outcome }) => outcome !== 'applied').map(({ type, outcome }) => [type, outcome]),
    ).toEqual([])
    expect(
      (await one.openAlarms()).filter((alarm) => alarm.startsWith('replay') || alarm.startsWith('fork')),
    ).toEqual([])
  }
}

/** The agreement alone, as an operator would import it into an empty database. */
async function emptied(side: SideName): Promise<Kept> {
  await Promise.resolve()
  return { ...nodes[side].keep(), heads: new Map() }
}
