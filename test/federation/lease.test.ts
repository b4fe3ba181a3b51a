/**
 * The lease: of several processes of one region on one database, one seals, delivers and takes; when it is gone the
 * next follows by itself; and even where both believe to hold it, no stream is signed twice at one place.
 */
import { expect, it } from 'vitest'
import { envelopesIn, envelopesOut, forks, leases } from '../../node/federation/tables.ts'
import { settled } from '../harness/clock.ts'
import { expectSame, twoNodes, type Nodes } from '../harness/loss.ts'
import { Office } from '../harness/office.ts'
import { idNumberOf, nameOf } from '../harness/people.ts'
import { openTestRegion, type TestRegion } from '../harness/region.ts'
import { shenzhen, xinyang } from '../harness/world.ts'

/** Another process of home, behind the same address, on the same database and head store. */
function second({ clock, network, home }: Nodes, seed = 99): TestRegion {
  const { memory: store, heads, keyring } = home
  const process = openTestRegion({ node: xinyang, clock, network, store, heads, keyring, seed })
  network.connect(xinyang, home.app)
  return process
}

async function publish(process: Pick<TestRegion, 'region'>, n: number): Promise<void> {
  const office = new Office(process.region)
  const outflow = { destination: { code: shenzhen, text: '深圳' } }
  await office.roster({ idNumber: idNumberOf(n), name: nameOf(n) })
  await office.outflow({ idNumber: idNumberOf(n), host: shenzhen, outflow })
  await settled()
}

const sent = ({ home }: Nodes) => home.memory.read((reader) => reader.find(envelopesOut, {}))
const received = ({ host }: Nodes) => host.memory.read((reader) => reader.find(envelopesIn, {}))

it('is held by one: the other writes, and the holder delivers it; what is posted to the other waits', async () => {
  const nodes = await twoNodes()
  const other = second(nodes)
  await other.region.start()
  await publish(nodes.home, 1)
  await publish(other, 2)
  expect(other.region.courier.delivery(shenzhen).problem?.code).toBe('another_process')
  await nodes.clock.advance(5_000)
  expect(await nodes.host.office.cases(xinyang)).toHaveLength(2)
  nodes.network.connect(xinyang, other.app)
  await nodes.host.office.arrivals({ idNumber: idNumberOf(1), home: xinyang, name: nameOf(1) })
  await settled()
  expect(nodes.host.region.courier.delivery(xinyang).problem?.code).toBe('unavailable')
  nodes.network.connect(xinyang, nodes.home.app)
  await nodes.clock.advance(5_000)
  await expectSame(nodes)
  await other.region.stop()
})

it('passes on by itself when the holder is killed, within the time it lasts', async () => {
  const nodes = await twoNodes()
  await publish(nodes.home, 1)
  const other = second(nodes)
  await other.region.start()
  // Killed: nothing is given back.
  nodes.home.region.courier.wake = () => undefined
  await nodes.home.region.courier.stop()
  nodes.network.connect(xinyang, other.app)
  await publish(other, 2)
  await nodes.clock.advance(20_000)
  expect(await nodes.host.office.cases(xinyang)).toHaveLength(2)
  await other.region.stop()
})

it('is passed on at once when the holder stops, and a holder from the future keeps it for no longer than it lasts', async () => {
  const nodes = await twoNodes()
  await publish(nodes.home, 1)
  const other = second(nodes)
  await nodes.home.stop()
  nodes.network.connect(xinyang, other.app)
  await publish(other, 2)
  await nodes.clock.advance(1_000)
  expect(await nodes.host.office.cases(xinyang)).toHaveLength(2)
  await other.region.stop()
  await nodes.home.memory.transaction((tx) =>
    tx.insert(leases, [{ name: 'signer', holder: 'a clock that ran ahead', untilMs: Date.UTC(2099, 0, 1) }]),
  )
  await nodes.home.start()
  await publish(nodes.home, 3)
  await nodes.clock.advance(20_000)
  expect(await nodes.host.office.cases(xinyang)).toHaveLength(3)
})

it('is not what keeps a stream in order: two that both believe to hold it sign no place twice, and nothing closes', async () => {
  const nodes = await twoNodes()
  const other = second(nodes)
  const lease = { held: () => Promise.resolve(true) }
  for (const { region } of [nodes.home, other]) Object.assign(region.courier, { lease })
  await Promise.all(Array.from({ length: 10 }, (_, n) => publish(n % 2 === 0 ? nodes.home : other, n)))
  await nodes.clock.advance(120_000)
  expect(await nodes.home.standing()).toEqual(['open'])
  expect(await nodes.host.memory.read((reader) => reader.find(forks, {}))).toEqual([])
  const [out, into] = [await sent(nodes), await received(nodes)]
  expect(into.map(({ contentId }) => contentId).sort()).toEqual(out.map(({ contentId }) => contentId).sort())
  expect(out.every(({ receipted }) => receipted)).toBe(true)
  expect(other.faults).toEqual([])
  await expectSame(nodes)
})

it('that comes back brings with it what another process had sealed meanwhile and could not send', async () => {
  const nodes = await twoNodes()
  const { home, network, clock } = nodes
  await publish(home, 1)
  const other = second(nodes)
  await other.region.start()
  // The holder stands still for longer than it lasts: a machine that sleeps.
  const { courier } = home.region
  const wake = courier.wake.bind(courier)
  courier.wake = () => undefined
  network.connect(xinyang, other.app)
  await clock.advance(16_000)
  network.fate = (post) => (post.door === 'envelopes' ? 'drop' : 'deliver')
  await publish(other, 2)
  await clock.advance(3_000)
  expect((await sent(nodes)).map(({ receipted }) => receipted)).toEqual([true, false])
  // The other is killed: nothing is given back.
  other.region.courier.wake = () => undefined
  await other.region.courier.stop()
  await clock.advance(16_000)
  courier.wake = wake
  network.connect(xinyang, home.app)
  network.fate = () => 'deliver'
  await clock.advance(5_000)
  expect((await sent(nodes)).map(({ receipted }) => receipted)).toEqual([true, true])
  await expectSame(nodes)
})

it('does not leave behind what was sealed while other processes moved the head, twice in a row', async () => {
  const nodes = await twoNodes()
  const { home, clock } = nodes
  await publish(home, 1)
  const swap = home.heads.swap.bind(home.heads)
  let lost = 2
  home.heads.swap = (name, before, next) =>
    name.endsWith('.out') && lost-- > 0 ? Promise.resolve(false) : swap(name, before, next)
  await publish(home, 2)
  expect((await sent(nodes)).map(({ receipted }) => receipted)).toEqual([true, false])
  await clock.advance(5_000)
  expect((await sent(nodes)).map(({ receipted }) => receipted)).toEqual([true, true])
  expect(await home.openAlarms()).toEqual([])
  await expectSame(nodes)
})
