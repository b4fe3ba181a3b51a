/** What accounts keep: their own alone, sealed, bounded, and not for ever; in memory and in PostgreSQL alike. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { draftMs, Kept } from '../../node/kept/index.ts'
import { kept as table } from '../../node/kept/tables.ts'
import { MemoryStore } from '../../node/store/memory.ts'
import { type Store } from '../../node/store/port.ts'
import { openVault } from '../../node/vault.ts'
import { keptMost } from '../../protocol/index.ts'
import { VirtualClock } from '../harness/clock.ts'
import { freshDatabase, type FreshDatabase } from '../harness/database.ts'
import { seededRandom } from '../harness/random.ts'

const draft = { kind: 'draft', key: 'outflow/new' } as const
const columns = { kind: 'choice', key: 'cases/columns' } as const

function keptOver(name: string, open: () => Store): void {
  describe(`what accounts keep over ${name}`, () => {
    let store: Store
    let clock: VirtualClock
    let kept: Kept
    let account = ''
    let accounts = 0
    beforeEach(() => {
      store = open()
      clock = new VirtualClock()
      kept = new Kept({ store, clock, vault: openVault(Buffer.alloc(32, 4), seededRandom(4)) })
      account = `account ${++accounts}`
    })
    const rows = () => store.read((reader) => reader.find(table, { account }))

    it('is not another’s, and not what was never kept', async () => {
      await kept.put(account, draft, { name: '王磊' })
      expect(await kept.list('another', 'draft', undefined)).toEqual([])
      expect(await kept.list(account, 'view', undefined)).toEqual([])
      expect(await kept.list(account, 'draft', 'outflow/other')).toEqual([])
      await kept.drop('another', draft)
      await kept.drop(account, { ...draft, key: 'outflow/other' })
      expect(await kept.list(account, 'draft', undefined)).toHaveLength(1)
    })

    it('is no more than it may be, but what is there can still be changed', async () => {
      for (let i = 0; i < keptMost; i++) await kept.put(account, { kind: 'view', key: `v${i}` }, { i })
      await expect(kept.put(account, draft, {})).rejects.toMatchObject({ code: 'kept_full' })
      await kept.put(account, { kind: 'view', key: 'v7' }, { i: 'other' })
      expect((await kept.list(account, 'view', 'v7'))[0]?.value).toEqual({ i: 'other' })
      await kept.drop(account, { kind: 'view', key: 'v7' })
      await kept.put(account, draft, {})
    })

    it('stands sealed, and moved to another account or key it does not open', async () => {
      await kept.put(account, draft, { name: '王磊', phone: '13800001111' })
      const [row] = await rows()
      expect(Buffer.from(row?.sealed ?? []).toString('latin1')).not.toContain('13800001111')
      await store.transaction((tx) => tx.insert(table, [{ ...row!, account: `${account}b` }]))
      await expect(kept.list(`${account}b`, 'draft', undefined)).rejects.toThrow()
    })

    it('comes back as it was put, the latest first, the later word in the place of the earlier', async () => {
      await kept.put(account, draft, { step: 1 })
      clock.jump(1000)
      await kept.put(account, { ...draft, key: 'arrival/new' }, { step: 1, people: ['王磊', null, true] })
      clock.jump(1000)
      const at = await kept.put(account, draft, { step: 2 })
      expect(await kept.list(account, 'draft', undefined)).toEqual([
        { ...draft, value: { step: 2 }, at },
        expect.objectContaining({ value: { step: 1, people: ['王磊', null, true] } }),
      ])
    })

    it('forgets a draft after a month, and a choice never', async () => {
      await kept.put(account, draft, {})
      await kept.put(account, columns, { shown: ['name'] })
      clock.jump(draftMs)
      await kept.put(account, { ...draft, key: 'younger' }, {})
      expect(await kept.list(account, 'draft', undefined)).toHaveLength(2)
      clock.jump(1)
      expect((await kept.list(account, 'draft', undefined)).map(({ key }) => key)).toEqual(['younger'])
      await kept.removeStale()
      expect((await rows()).map(({ key }) => key).sort()).toEqual(['cases/columns', 'younger'])
    })

    it('goes with the account, and nobody else’s with it', async () => {
      await kept.put(account, draft, {})
      await kept.put(account, columns, {})
      await kept.put(`${account}b`, draft, {})
      await store.transaction((tx) => kept.forget(tx, account))
      expect(await rows()).toEqual([])
      expect(await kept.list(`${account}b`, 'draft', undefined)).toHaveLength(1)
    })

    it('is kept once when two tabs put it at once', async () => {
      await Promise.all(Array.from({ length: 6 }, (_, i) => kept.put(account, draft, { i })))
      expect(await rows()).toHaveLength(1)
    })
  })
}

keptOver('memory', () => new MemoryStore())

let database: FreshDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.close())
keptOver('PostgreSQL', () => database.store)
