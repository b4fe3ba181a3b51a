/** The tree of organisations: a branch named for the first time gets its place, once, whoever names it at the same time. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Organisations } from '../../node/organisations/index.ts'
import { idsFrom } from '../../node/platform.ts'
import { MemoryStore } from '../../node/store/memory.ts'
import { type Store } from '../../node/store/port.ts'
import { VirtualClock } from '../harness/clock.ts'
import { freshDatabase, type FreshDatabase } from '../harness/database.ts'
import { seededRandom } from '../harness/random.ts'

const organisations = new Organisations({
  ids: idsFrom(new VirtualClock(), seededRandom(1)),
  regionName: '河南信阳',
})
const named = (store: Store, name: string) => store.transaction((tx) => organisations.branchNamed(tx, name))

describe('a branch', () => {
  it.each([
    ['中共东河镇二岭村支部委员会', '中共东河镇委员会'],
    ['中国共产党粤海街道软件园支部委员会', '中共粤海街道委员会'],
    ['东河乡中学党支部', '中共东河乡委员会'],
  ])('%s stands under %s, and that under the region', async (branch, committee) => {
    const store = new MemoryStore()
    const added = await named(store, branch)
    expect(await named(store, branch)).toEqual(added)
    const all = await store.read((reader) => organisations.all(reader))
    const byId = new Map(all.map((one) => [one.id, one]))
    const parent = byId.get(added.parent ?? '')
    expect([added.kind, parent?.kind, parent?.name]).toEqual(['branch', 'committee', committee])
    expect(byId.get(parent?.parent ?? '')).toMatchObject({ kind: 'region', name: '河南信阳', parent: null })
    expect(all).toHaveLength(3)
  })

  it.each(['机关第一党支部', '镇', '软件园支部'])('%s stands under the region', async (branch) => {
    const store = new MemoryStore()
    const added = await named(store, branch)
    const parent = await store.read((reader) => organisations.get(reader, added.parent ?? ''))
    expect(parent?.kind).toBe('region')
  })

  it('shares its committee and its region with the others', async () => {
    const store = new MemoryStore()
    for (const village of ['二岭村', '三岭村', '四岭村']) await named(store, `中共东河镇${village}支部委员会`)
    await named(store, '机关党支部')
    const all = await store.read((reader) => organisations.all(reader))
    expect(all.map(({ kind }) => kind).sort()).toEqual([
      'branch',
      'branch',
      'branch',
      'branch',
      'committee',
      'region',
    ])
  })
})

describe('over PostgreSQL', () => {
  let database: FreshDatabase
  beforeAll(async () => {
    database = await freshDatabase()
  })
  afterAll(() => database.close())

  it('is added once when several officers name it at the same time', async () => {
    const names = ['中共东河镇二岭村支部委员会', '中共东河镇三岭村支部委员会', '机关党支部']
    const everybody = Array.from({ length: 12 }, (_, i) => named(database.store, names[i % 3] ?? ''))
    const added = await Promise.all(everybody)
    expect(new Set(added.map(({ id }) => id)).size).toBe(3)
    expect(await database.store.read((reader) => organisations.all(reader))).toHaveLength(5)
  })
})
