/** Settings in the database: as shipped until changed, for all processes, and never beyond their bounds. */
import { beforeEach, describe, expect, it } from 'vitest'
import { Settings, shippedSettings } from '../../node/settings/index.ts'
import { settings as table } from '../../node/settings/tables.ts'
import { MemoryStore } from '../../node/store/memory.ts'
import { VirtualClock } from '../harness/clock.ts'

let store: MemoryStore
let clock: VirtualClock
beforeEach(() => {
  store = new MemoryStore()
  clock = new VirtualClock()
})
const open = () => new Settings({ store, clock })

describe('settings', () => {
  it('that another version wrote beyond the bounds of this one, or that nobody knows, are as shipped', async () => {
    await store.transaction((tx) =>
      tx.insert(table, [
        { name: 'sessionIdleMinutes', value: '100000', changedMs: 1 },
        { name: 'theme', value: '"dark"', changedMs: 1 },
        { name: 'revealsAnHour', value: '40', changedMs: 1 },
      ]),
    )
    expect(await open().now()).toEqual({ ...shippedSettings, revealsAnHour: 40 })
  })

  it('hold at once where they were changed, and in another process a moment later', async () => {
    const [here, there] = [open(), open()]
    expect(await there.now()).toEqual(shippedSettings)
    await here.change({ exportRowsAlone: 50 })
    expect((await here.now()).exportRowsAlone).toBe(50)
    expect((await there.now()).exportRowsAlone).toBe(200)
    clock.jump(2000)
    expect((await there.now()).exportRowsAlone).toBe(50)
    await there.change({ officeName: '信阳' })
    expect(await there.now()).toEqual({ ...shippedSettings, exportRowsAlone: 50, officeName: '信阳' })
  })
})
