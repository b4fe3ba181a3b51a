/** Alarms: one cause raises one, it stays until a person takes it on by name, and then it may be raised again. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Alarms } from '../../node/federation/alarms.ts'
import { alarms as table } from '../../node/federation/tables.ts'
import { idsFrom } from '../../node/platform.ts'
import { MemoryStore } from '../../node/store/memory.ts'
import { type Store } from '../../node/store/port.ts'
import { firstMoment, VirtualClock } from '../harness/clock.ts'
import { freshDatabase, type FreshDatabase } from '../harness/database.ts'
import { uuid } from '../harness/peer.ts'
import { seededRandom } from '../harness/random.ts'
import { dongguan, shenzhen } from '../harness/world.ts'

function alarmsOver(name: string, open: () => Store): void {
  describe(`alarms over ${name}`, () => {
    let store: Store
    let clock: VirtualClock
    let alarms: Alarms
    beforeEach(() => {
      store = open()
      clock = new VirtualClock()
      alarms = new Alarms({ clock, ids: idsFrom(clock, seededRandom(3)) })
    })
    const raise = (...cause: [Parameters<Alarms['raise']>[1], string, string]) =>
      store.transaction((tx) => alarms.raise(tx, ...cause))
    const listed = (all?: boolean) => store.read((reader) => alarms.list(reader, all))
    const first = async () => (await listed())[0]?.id ?? ''

    it('are not acknowledged when there is none, nor twice; the first name stands', async () => {
      expect(await alarms.acknowledge(store, uuid(1), '李')).toBe(false)
      await raise('fork', shenzhen, '1/2')
      const id = await first()
      clock.jump(1_000)
      expect(await alarms.acknowledge(store, id, '李')).toBe(true)
      clock.jump(1_000)
      expect(await alarms.acknowledge(store, id, '王')).toBe(false)
      expect(await listed(true)).toMatchObject([
        { id, open: false, acknowledgedBy: '李', acknowledgedMs: firstMoment + 1_000, raisedMs: firstMoment },
      ])
    })

    it('are raised once for one cause, however often and from wherever it is met', async () => {
      await raise('fork', shenzhen, '1/2')
      clock.jump(60_000)
      await raise('fork', shenzhen, '1/2')
      await Promise.all(Array.from({ length: 8 }, () => raise('behind', '', '440300 out')))
      await store.transaction(async (tx) => {
        for (let i = 0; i < 3; i++) await alarms.raise(tx, 'peer_behind', shenzhen, '1/1')
      })
      const kinds = (await listed()).map(({ kind }) => kind)
      expect(kinds.sort()).toEqual(['behind', 'fork', 'peer_behind'])
    })

    it('are told apart by kind, by whom they concern and by what they are about', async () => {
      await raise('fork', shenzhen, '1/2')
      await raise('fork', shenzhen, '1/3')
      await raise('fork', dongguan, '1/2')
      await raise('peer_behind', shenzhen, '1/2')
      expect(await listed()).toHaveLength(4)
    })

    it('leave nothing when what they belong to is not committed', async () => {
      const undone = store.transaction(async (tx) => {
        await alarms.raise(tx, 'fork', shenzhen, '1/2')
        throw new Error('undone')
      })
      await expect(undone).rejects.toThrow('undone')
      expect(await listed(true)).toEqual([])
    })

    it('are raised anew when the cause is met again after somebody has taken them on', async () => {
      await raise('fork', shenzhen, '1/2')
      await alarms.acknowledge(store, await first(), '李')
      expect(await listed()).toEqual([])
      clock.jump(1_000)
      await raise('fork', shenzhen, '1/2')
      expect(await listed()).toMatchObject([{ open: true, acknowledgedBy: null, acknowledgedMs: null }])
      expect(await store.read((reader) => reader.count(table, {}))).toBe(2)
    })

    it('are listed with the newest first, the acknowledged ones only when asked', async () => {
      for (const subject of ['1/1', '1/2', '1/3']) {
        await raise('fork', shenzhen, subject)
        clock.jump(1_000)
      }
      await alarms.acknowledge(store, (await listed())[1]?.id ?? '', '李')
      expect((await listed()).map(({ subject }) => subject)).toEqual(['1/3', '1/1'])
      expect((await listed(true)).map(({ subject }) => subject)).toEqual(['1/3', '1/2', '1/1'])
    })
  })
}

alarmsOver('memory', () => new MemoryStore())

describe('over a database', () => {
  let database: FreshDatabase
  beforeAll(async () => {
    database = await freshDatabase()
  })
  beforeEach(async () => {
    await database.sql`delete from alarms`
  })
  afterAll(() => database.close())
  alarmsOver('PostgreSQL', () => database.store)
})
