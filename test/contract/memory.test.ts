/**
 * What only the store in memory promises: its transactions interleave as PostgreSQL's do, and one that would undo another's
 * change fails, so that the simulator sees every lock that is missing.
 */
import { beforeEach, describe, expect, it } from 'vitest'
import { organisations } from '../../node/organisations/tables.ts'
import { LostUpdate, MemoryStore } from '../../node/store/memory.ts'
import { UniqueViolation, type Transaction } from '../../node/store/port.ts'
import { settled } from '../harness/clock.ts'
import { organisation } from './store.contract.ts'

interface Latch {
  readonly opened: Promise<void>
  open(): void
}
function latch(): Latch {
  let open = () => undefined as void
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}

let store: MemoryStore
beforeEach(async () => {
  store = new MemoryStore()
  await store.transaction((tx) => tx.insert(organisations, [organisation('a'), organisation('b')]))
})

const a = { id: 'a' }
const kindOfA = () => store.read(async (reader) => (await reader.get(organisations, a))?.kind)

/** A transaction that stops in the middle while `meanwhile` happens. */
async function interrupted(
  first: (tx: Transaction) => Promise<unknown>,
  meanwhile: () => Promise<unknown>,
  then: (tx: Transaction) => Promise<unknown>,
): Promise<unknown> {
  const inside = latch()
  const go = latch()
  const running = store.transaction(async (tx) => {
    await first(tx)
    inside.open()
    await go.opened
    return then(tx)
  })
  await inside.opened
  await meanwhile()
  go.open()
  return running
}
const changedByOther = (patch: object) => () => store.transaction((tx) => tx.update(organisations, a, patch))

describe('a row that another transaction changed after it was read', () => {
  it('is not overwritten', async () => {
    const losing = interrupted(
      (tx) => tx.get(organisations, a),
      changedByOther({ kind: 'theirs' }),
      (tx) => tx.update(organisations, a, { kind: 'ours' }),
    )
    await expect(losing).rejects.toBeInstanceOf(LostUpdate)
    expect(await kindOfA()).toBe('theirs')
  })

  it('is not overwritten either when a lock was taken and it was not read anew', async () => {
    const losing = interrupted(
      (tx) => tx.find(organisations, a),
      changedByOther({ kind: 'theirs' }),
      async (tx) => {
        await tx.lock(['x'])
        await tx.update(organisations, a, { kind: 'ours' })
      },
    )
    await expect(losing).rejects.toBeInstanceOf(LostUpdate)
  })

  it('may be changed when it was read anew after the lock', async () => {
    await interrupted(
      (tx) => tx.get(organisations, a),
      changedByOther({ kind: 'theirs' }),
      async (tx) => {
        await tx.lock(['x'])
        const row = await tx.get(organisations, a)
        await tx.update(organisations, a, { kind: `${row?.kind} and ours` })
      },
    )
    expect(await kindOfA()).toBe('theirs and ours')
  })

  it('keeps the other’s columns when nothing was decided on it', async () => {
    await interrupted(
      (tx) => tx.update(organisations, a, { kind: 'ours' }),
      changedByOther({ parent: 'theirs' }),
      () => Promise.resolve(),
    )
    const row = await store.read((reader) => reader.get(organisations, a))
    expect(row).toMatchObject({ kind: 'ours', parent: 'theirs' })
  })
})

describe('transactions at once', () => {
  it('wait for a lock in the order in which they asked', async () => {
    const order: string[] = []
    const leave = latch()
    const take = (name: string, until = Promise.resolve()) =>
      store.transaction(async (tx) => {
        await tx.lock(['x'])
        order.push(name)
        await until
      })
    const all = [take('first', leave.opened), take('second'), take('third')]
    await settled()
    expect(order).toEqual(['first'])
    leave.open()
    await Promise.all(all)
    expect(order).toEqual(['first', 'second', 'third'])
  })

  it('are undone and tried again when they wait for each other', async () => {
    const both = [latch(), latch()] as const
    const effects: string[] = []
    let runs = 0
    const cross = (one: string, other: string, mine: 0 | 1) =>
      store.transaction(async (tx) => {
        runs++
        tx.afterCommit(() => effects.push(one))
        await tx.lock([one])
        both[mine].open()
        await both[mine === 0 ? 1 : 0].opened
        await tx.lock([other])
        await tx.insert(organisations, [organisation(`${one}${other}`)])
      })
    await Promise.all([cross('p', 'q', 0), cross('q', 'p', 1)])
    expect(runs).toBe(3)
    expect(effects.sort()).toEqual(['p', 'q'])
  })
})

describe('others’ commits', () => {
  it('are seen by a transaction and not by a reader', async () => {
    const seen = interrupted(
      (tx) => tx.count(organisations, {}),
      () => store.transaction((tx) => tx.insert(organisations, [organisation('c')])),
      (tx) => tx.count(organisations, {}),
    )
    expect(await seen).toBe(3)
    const go = latch()
    const reading = store.read(async (reader) => {
      await go.opened
      return [await reader.count(organisations, {}), (await reader.get(organisations, a))?.kind]
    })
    await store.transaction(async (tx) => {
      await tx.insert(organisations, [organisation('d')])
      await tx.update(organisations, a, { kind: 'later' })
      await tx.remove(organisations, { id: 'b' })
    })
    go.open()
    expect(await reading).toEqual([3, 'branch'])
  })

  it('do not let two take one key or one unique place', async () => {
    for (const [one, other] of [
      [organisation('k'), organisation('k', { name: 'other' })],
      [organisation('m', { name: 'same' }), organisation('n', { name: 'same' })],
    ] as const) {
      const second = interrupted(
        (tx) => tx.insert(organisations, [one]),
        () => store.transaction((tx) => tx.insert(organisations, [other])),
        () => Promise.resolve(),
      )
      await expect(second).rejects.toBeInstanceOf(UniqueViolation)
    }
  })

  it('are told with what they changed, in their very moment', async () => {
    const told: string[] = []
    store.onCommit = (changes) =>
      told.push(...changes.map(({ key, before, after }) => `${key} ${!!before} ${!!after}`))
    await store.transaction(async (tx) => {
      await tx.insert(organisations, [organisation('c')])
      await tx.update(organisations, a, { kind: 'x' })
      await tx.remove(organisations, { id: 'b' })
      expect(told).toEqual([])
    })
    expect(told).toEqual(['c false true', 'a true true', 'b true false'])
  })
})
