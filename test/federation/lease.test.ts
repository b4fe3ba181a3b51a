/** The lease: one process signs at a time, a dead one is followed within seconds, and no clock keeps it for ever. */
import { beforeEach, describe, expect, it } from 'vitest'
import { Lease } from '../../node/federation/lease.ts'
import { leases } from '../../node/federation/tables.ts'
import { MemoryStore } from '../../node/store/memory.ts'
import { type Store } from '../../node/store/port.ts'
import { VirtualClock } from '../harness/clock.ts'
import { freshDatabase } from '../harness/database.ts'
import { WatchedStore } from '../harness/watched-store.ts'

const leaseMs = 15_000
let clock: VirtualClock
let store: WatchedStore

beforeEach(() => {
  clock = new VirtualClock()
  store = new WatchedStore(new MemoryStore())
})

const leaseOf = (holder: string, by: VirtualClock = clock, over: Store = store) =>
  new Lease({ name: 'signer', holder, store: over, clock: by })
const rowNow = () => store.read((reader) => reader.get(leases, { name: 'signer' }))
const broken = () => {
  throw new Error('no connection')
}

describe('held by another', () => {
  it('is not to be had before it has run out, and then at once', async () => {
    const [one, two] = [leaseOf('one'), leaseOf('two')]
    expect(await one.held()).toBe(true)
    expect(await two.held()).toBe(false)
    clock.jump(leaseMs - 1)
    expect(await two.held()).toBe(false)
    clock.jump(1)
    expect(await two.held()).toBe(true)
    expect(await one.held()).toBe(false)
    expect(await rowNow()).toMatchObject({ holder: 'two' })
  })

  it('stays with it as long as it goes on asking', async () => {
    const [one, two] = [leaseOf('one'), leaseOf('two')]
    for (let second = 0; second < 120; second += 4) {
      expect([await one.held(), await two.held()]).toEqual([true, false])
      clock.jump(4_000)
    }
  })

  it('does not go when somebody else releases his, nor when one releases what he had', async () => {
    const [one, two] = [leaseOf('one'), leaseOf('two')]
    await one.held()
    await two.held()
    await two.release()
    expect(await rowNow()).toMatchObject({ holder: 'one' })
    clock.jump(leaseMs)
    await two.held()
    await one.release()
    expect(await rowNow()).toMatchObject({ holder: 'two' })
  })
})

describe('clocks that differ', () => {
  it('cannot keep it: a holder far ahead of us has it for no longer than a lease lasts', async () => {
    const ahead = new VirtualClock(clock.nowMs() + 86_400_000)
    expect(await leaseOf('ahead', ahead).held()).toBe(true)
    expect(await leaseOf('one').held()).toBe(true)
  })

  it('that are set back do not make a holder believe his own old row for ever', async () => {
    const [one, two] = [leaseOf('one'), leaseOf('two')]
    expect(await one.held()).toBe(true)
    clock.jump(-86_400_000)
    expect(await one.held()).toBe(true)
    expect((await rowNow())?.untilMs).toBe(clock.nowMs() + leaseMs)
    clock.jump(leaseMs)
    expect(await two.held()).toBe(true)
  })

  it('that are set back by less than it lasts only make it last as much longer', async () => {
    const [one, two] = [leaseOf('one'), leaseOf('two')]
    await one.held()
    clock.jump(-1_000)
    expect([await one.held(), await two.held()]).toEqual([true, false])
    clock.jump(leaseMs + 1_000)
    expect(await two.held()).toBe(true)
  })
})

describe('a store that fails', () => {
  it('is told, and asked again the next time', async () => {
    const one = leaseOf('one')
    store.watch = broken
    await expect(one.held()).rejects.toThrow('no connection')
    store.watch = () => undefined
    expect(await one.held()).toBe(true)
  })

  it('takes nothing from a holder whose lease has just begun', async () => {
    const one = leaseOf('one')
    await one.held()
    store.watch = broken
    expect(await one.held()).toBe(true)
    clock.jump(leaseMs / 2)
    await expect(one.held()).rejects.toThrow('no connection')
  })

  it('keeps nobody from stopping, and the lease runs out by itself', async () => {
    const one = leaseOf('one')
    await one.held()
    store.watch = broken
    await one.release()
    store.watch = () => undefined
    expect(await leaseOf('two').held()).toBe(false)
    clock.jump(leaseMs)
    expect(await leaseOf('two').held()).toBe(true)
  })
})

it('that was released is there for the next at once, and to be had again', async () => {
  const [one, two] = [leaseOf('one'), leaseOf('two')]
  await one.held()
  await one.release()
  await one.release()
  expect(await two.held()).toBe(true)
  await two.release()
  expect(await one.held()).toBe(true)
})

it('costs nothing while its first half lasts', async () => {
  const one = leaseOf('one')
  await one.held()
  let calls = 0
  store.watch = () => void calls++
  for (let i = 0; i < 7; i++) {
    clock.jump(1_000)
    await one.held()
  }
  expect(calls).toBe(0)
})

it('goes to exactly one of many processes that ask at once', async () => {
  const database = await freshDatabase()
  const all = Array.from({ length: 12 }, (_, i) => leaseOf(`process ${i}`, clock, database.store))
  const held = await Promise.all(all.map((lease) => lease.held()))
  expect(held.filter((each) => each)).toHaveLength(1)
  clock.jump(leaseMs)
  const then = await Promise.all(all.map((lease) => lease.held()))
  expect(then.filter((each) => each)).toHaveLength(1)
  await database.close()
})
