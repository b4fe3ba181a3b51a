/** Agreements over time: one that was signed while a clock was ahead is told of, and concluded again. */
import { expect, it } from 'vitest'
import { type Alarm } from '../../node/federation/alarms.ts'
import { peerStates } from '../../node/http/overview.ts'
import { idNumberOf, nameOf } from '../harness/people.ts'
import { expectSame, twoNodes, type Node, type Nodes } from '../harness/loss.ts'
import { agree } from '../harness/region.ts'
import { shenzhen } from '../harness/world.ts'

const dayMs = 86_400_000

async function setClocks({ home, host }: Nodes, aheadMs: number): Promise<void> {
  for (const node of [home, host]) {
    await node.stop()
    node.clockAheadMs = aheadMs
    await node.start()
  }
}

async function publish(home: Node, n: number): Promise<void> {
  await home.office.roster({ idNumber: idNumberOf(n), name: nameOf(n) })
  const outflow = { destination: { code: shenzhen, text: '深圳' } }
  await home.office.outflow({ idNumber: idNumberOf(n), host: shenzhen, outflow })
}

async function aheadAt({ store, region }: Node): Promise<Alarm[]> {
  const open = await store.read((reader) => region.alarms.list(reader))
  return open.filter(({ kind }) => kind === 'agreement_ahead')
}

it('An agreement signed while both clocks were days ahead stops the exchange with an alarm, until another is concluded', async () => {
  const nodes = await twoNodes()
  const { home, host } = nodes
  await setClocks(nodes, 10 * dayMs)
  await agree(home, host, nodes.network)
  await setClocks(nodes, 0)
  await publish(home, 1)
  await nodes.clock.advance(120_000)
  expect(await host.office.cases(home.node)).toEqual([])
  const raised = [await aheadAt(home), await aheadAt(host)]
  expect(raised.map((alarms) => alarms.map(({ peer }) => peer))).toEqual([[host.node], [home.node]])
  const [state] = await peerStates(host.region)
  const today = new Date(nodes.clock.nowMs()).toISOString().slice(0, 10)
  expect(state && state.agreement.from > today).toBe(true)
  // Seen to today is not raised again today, though nothing has changed.
  for (const [i, node] of [home, host].entries())
    for (const { id } of raised[i] ?? []) await node.region.alarms.acknowledge(node.store, id, '张')
  await nodes.clock.advance(120_000)
  expect([...(await aheadAt(home)), ...(await aheadAt(host))]).toEqual([])
  await agree(home, host, nodes.network)
  await nodes.clock.advance(120_000)
  expect(await host.office.cases(home.node)).toHaveLength(1)
  await expectSame(nodes)
})
