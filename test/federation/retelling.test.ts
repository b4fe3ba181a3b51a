/**
 * What a recovery makes of words that do not stand alone: an id that another peer used meanwhile, and a record that had
 * waited, was settled, and whose settlement was lost.
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { alarms, recordsIn, recordsOut } from '../../node/federation/tables.ts'
import { bodySchemas, type NodeId, type RecordType, type Uuid } from '../../protocol/index.ts'
import { settled } from '../harness/clock.ts'
import { caseOf } from '../harness/conversation.ts'
import { expectSame, joined, twoNodes, type Kept, type Node, type Nodes } from '../harness/loss.ts'
import { idNumberOf, nameOf } from '../harness/people.ts'
import { dongguan, shenzhen, xinyang } from '../harness/world.ts'

let nodes: Nodes
let home: Node
let host: Node
beforeEach(async () => {
  nodes = await twoNodes()
  ;({ home, host } = nodes)
})

async function publish(n: number, from: Node, to: NodeId, id?: Uuid): Promise<void> {
  const outflow = { destination: { code: to, text: '外地' } }
  await from.office.roster({ idNumber: idNumberOf(n), name: nameOf(n) })
  if (id !== undefined) opensNext(from, id)
  await from.office.outflow({ idNumber: idNumberOf(n), host: to, outflow })
  await settled()
}

/** The next case this node opens has an id that is taken elsewhere. */
function opensNext({ region: { ids } }: Node, id: Uuid): void {
  const { next } = ids
  ids.next = () => {
    ids.next = next
    return id
  }
}

async function arrive(n: number, at: Node, from: NodeId): Promise<void> {
  await at.office.arrivals({ idNumber: idNumberOf(n), home: from, name: nameOf(n) })
  await settled()
}

async function levelled(): Promise<void> {
  for (let i = 0; i < 3; i++) await nodes.clock.advance(61_000)
}

describe.each(['home', 'host'] as const)(
  'a case id that another peer used while we, its %s, knew nothing of it',
  (side) => {
    let third: Node
    let kept: Kept
    let id: Uuid

    /** We lose a case that another peer then uses the id of, with what both said of it. */
    async function usedMeanwhile(): Promise<void> {
      third = await joined(nodes, dongguan, home)
      kept = home.keep()
      await (side === 'home' ? publish(1, home, shenzhen) : publish(1, host, xinyang))
      await (side === 'home' ? arrive(1, host, xinyang) : arrive(1, home, shenzhen))
      await levelled()
      id = await caseOf(home, shenzhen, 1)
      await host.stop()
      await home.restore(kept, 'heads lost')
      await levelled()
      await publish(9, third, xinyang, id)
      await arrive(9, home, dongguan)
      await levelled()
      expect((await home.office.onlyCase(dongguan)).row).toMatchObject({ id, side: 'host' })
      expect((await home.office.arrivalRows()).map(({ caseId }) => caseId)).toEqual([id])
      await comesBack(host)
    }

    async function comesBack(peer: Node): Promise<void> {
      await peer.start()
      await levelled()
      await home.recover()
      await levelled()
    }

    async function expectOurs(): Promise<void> {
      expect((await home.office.onlyCase(shenzhen)).row).toMatchObject({
        id,
        side,
        name: nameOf(1),
        open: true,
      })
      expect(await home.office.cases(dongguan)).toEqual([])
      await expectSame(nodes)
    }

    it('is displaced by what both nodes of the pair have signed, and an alarm names the other', async () => {
      await usedMeanwhile()
      await expectOurs()
      // The person is here all the same, and waits for another word of his home.
      const [waits] = (await home.office.arrivalRows()).filter((row) => row.home === dongguan)
      expect(waits).toMatchObject({ caseId: null })
      const told = await home.memory.read((reader) => reader.find(alarms, { kind: 'replay_differs' }))
      expect(told).toMatchObject([{ peer: dongguan, subject: `displaced ${id}`, open: true }])

      await third.office.desk.notify(id, { on: '2026-03-01', subject: '换届', text: '通知' })
      await levelled()
      const [notice] = await home.memory.read((reader) => reader.find(recordsIn, { type: 'notice.sent' }))
      expect(notice?.outcome).toBe('refused:case_unknown')
      await expectSame(nodes)
    })

    it.each(['first', 'last'] as const)(
      'stays with its pair after another loss, when the other peer is asked %s',
      async (when) => {
        await usedMeanwhile()
        const late = when === 'first' ? host : third
        await late.stop()
        await home.restore(kept, 'heads lost')
        await levelled()
        await home.recover()
        await levelled()
        await comesBack(late)
        await expectOurs()
        expect(await home.openAlarms()).toContain('replay_differs 441900')
        expect(await home.openAlarms()).not.toContain('replay_differs 440300')
        const told = await home.memory.read((reader) => reader.find(alarms, { kind: 'replay_differs' }))
        expect(told.map(({ subject }) => subject)).toContain(`displaced ${id}`)
      },
    )
  },
)

describe('an arrival of somebody who had left before', () => {
  let id: Uuid
  beforeEach(async () => {
    await publish(1, home, shenzhen)
    await arrive(1, host, xinyang)
    await levelled()
    id = await caseOf(host, xinyang, 1)
  })
  const depart = () => host.office.desk.depart(id, { departedOn: '2025-07-30' })
  async function comeBack(): Promise<void> {
    const arrivedOn = '2025-09-01'
    await host.office.arrivals({ idNumber: idNumberOf(1), home: xinyang, name: nameOf(1), arrivedOn })
    await settled()
  }
  const differing = () => host.memory.read((reader) => reader.find(alarms, { kind: 'replay_differs' }))

  it('is said again where the departure was known, though its receipt was lost', async () => {
    nodes.network.fate = ({ from }) => (from === shenzhen ? 'cut' : 'deliver')
    await depart()
    await levelled()
    nodes.network.fate = ({ from }) => (from === shenzhen ? 'drop' : 'deliver')
    await comeBack()
    nodes.network.fate = () => 'deliver'
    await host.recover(xinyang)
    await levelled()
    expect(await differing()).toEqual([])
    expect((await home.office.onlyCase(shenzhen)).host).toMatchObject({
      departedOn: null,
      arrivedOn: '2025-09-01',
    })
    await expectSame(nodes)
  })

  it('is left out when a database had written it that knew nothing of the departure, and a person is told', async () => {
    const kept = host.keep()
    await depart()
    await levelled()
    nodes.network.fate = () => 'drop'
    await host.restore(kept, 'heads lost')
    await comeBack()
    nodes.network.fate = () => 'deliver'
    await levelled()
    await host.recover()
    await levelled()
    expect(await differing()).toMatchObject([{ peer: xinyang, subject: `unsaid ${id}` }])
    expect((await home.office.onlyCase(shenzhen)).host).toMatchObject({ departedOn: '2025-07-30' })
    await expectSame(nodes)
  })
})

describe('a record that had waited for an upgrade and was settled before a loss', () => {
  /** Meanwhile readers know no such type, as before their upgrade. */
  async function withoutType(type: RecordType, work: () => Promise<void>): Promise<void> {
    const schemas: Partial<Record<RecordType, unknown>> = bodySchemas
    const schema = schemas[type]
    delete schemas[type]
    try {
      await work()
    } finally {
      schemas[type] = schema
    }
  }

  const phone = (digit: number) => `1380000000${digit}`
  async function amend(digit: number): Promise<void> {
    await home.office.roster({ idNumber: idNumberOf(1), name: nameOf(1), phone: phone(digit) })
    await settled()
  }

  it('is judged again in its place when the word of it was lost, and the peer is told once more', async () => {
    await publish(1, home, shenzhen)
    await arrive(1, host, xinyang)
    await levelled()
    const kept = host.keep()

    nodes.network.fate = ({ from, door }) => (from === xinyang && door === 'envelopes' ? 'drop' : 'deliver')
    await amend(1)
    // From here on home hears receipts of host, and no record.
    nodes.network.fate = ({ from, door }) => (from === shenzhen && door === 'envelopes' ? 'drop' : 'deliver')
    await withoutType('flow.amended', levelled)
    expect(await heard()).toEqual(['parked'])
    expect(await host.region.inbox.parked.settle(xinyang)).toBe(1)
    await amend(2)
    await levelled()
    expect(await heard()).toEqual(['applied', 'applied'])
    expect(await said()).toEqual(['parked', null])

    await host.restore(kept)
    nodes.network.fate = () => 'deliver'
    await levelled()
    await host.recover()
    await levelled()
    expect(await heard()).toEqual(['applied', 'applied'])
    expect(await said()).toEqual(['applied', null])
    // The later word is the one that holds.
    expect((await host.office.onlyCase(xinyang)).home.person?.phone).toBe(phone(2))
    expect(await host.office.said(xinyang)).toContain('outcome.settled')
    expect(await host.openAlarms()).toEqual(['behind'])
    await expectSame(nodes)
  })

  /** What became of home's amendments, in the order of its stream: as host holds it, and as home was told. */
  async function heard(): Promise<string[]> {
    const rows = await host.memory.read((reader) => reader.find(recordsIn, { type: 'flow.amended' }))
    return rows.sort((a, b) => a.seq - b.seq || a.idx - b.idx).map(({ outcome }) => outcome)
  }
  async function said(): Promise<(string | null)[]> {
    const rows = await home.memory.read((reader) =>
      reader.find(recordsOut, { type: 'flow.amended' }, { orderBy: 'position' }),
    )
    return rows.map(({ outcome }) => outcome)
  }
})
