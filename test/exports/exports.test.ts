/** Large exports: nobody alone, nobody for another, not for ever, and not in another role than it was asked for. */
import { beforeEach, describe, expect, it } from 'vitest'
import { Exports } from '../../node/exports/index.ts'
import { exportRequests } from '../../node/exports/tables.ts'
import { type Account } from '../../node/accounts/index.ts'
import { idsFrom } from '../../node/platform.ts'
import { MemoryStore } from '../../node/store/memory.ts'
import { openVault } from '../../node/vault.ts'
import { exportHours, exportWaitingDays, type ExportedList } from '../../protocol/index.ts'
import { VirtualClock } from '../harness/clock.ts'
import { seededRandom } from '../harness/random.ts'

const hourMs = 3_600_000
const somebody = (id: string, role = 'officer', organisation: string | null = null) =>
  ({ id, role, organisation }) as Account
const [asker, other] = [somebody('a'), somebody('b')]
const wanted: ExportedList = { list: 'cases', query: { side: 'home', limit: 50, search: '王磊' } }
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  )

let store: MemoryStore
let clock: VirtualClock
let exports: Exports
beforeEach(() => {
  store = new MemoryStore()
  clock = new VirtualClock()
  const random = seededRandom(6)
  const vault = openVault(Buffer.alloc(32, 6), random)
  exports = new Exports({ store, vault, clock, ids: idsFrom(clock, random) })
})
const ask = async (by = asker) =>
  (await exports.ask(by, { wanted, purpose: 'inspection', words: '年检', rows: 900 })).row.id

describe('a large export', () => {
  it('is nobody’s before it was asked for, and nobody decides on his own', async () => {
    expect(await codeOf(exports.decide(other, 'none', true))).toBe('export_not_found')
    expect(await codeOf(exports.take(asker, 'none'))).toBe('export_not_found')
    const id = await ask()
    expect(await codeOf(exports.decide(asker, id, true))).toBe('export_own')
    expect(await codeOf(exports.take(asker, id))).toBe('export_not_ready')
  })

  it('that was refused stays so, and no second decision counts', async () => {
    const id = await ask()
    await exports.decide(other, id, false)
    expect(await codeOf(exports.take(asker, id))).toBe('export_not_ready')
    expect(await codeOf(exports.decide(somebody('c'), id, true))).toBe('export_decided')
    expect((await exports.recent()).map(({ state }) => state)).toEqual(['refused'])
  })

  it('that was allowed is the asker’s alone, for a day', async () => {
    const id = await ask()
    await exports.decide(other, id, true)
    expect(await codeOf(exports.take(other, id))).toBe('export_not_found')
    expect(await exports.take(asker, id)).toEqual(wanted)
    clock.jump(exportHours * hourMs)
    expect(await exports.take(asker, id)).toEqual(wanted)
    clock.jump(1)
    expect(await codeOf(exports.take(asker, id))).toBe('export_not_ready')
    expect(await exports.recent()).toMatchObject([{ state: 'lapsed', row: { fetched: 2, decidedBy: 'b' } }])
  })

  it('is of the part it was asked for: in another role or organisation it is not made', async () => {
    const id = await ask(somebody('a', 'committee', 'east'))
    await exports.decide(other, id, true)
    for (const now of [somebody('a', 'officer'), somebody('a', 'committee', 'west')])
      expect(await codeOf(exports.take(now, id))).toBe('export_not_ready')
    expect(await exports.take(somebody('a', 'committee', 'east'), id)).toEqual(wanted)
  })

  it('that nobody decides on lapses', async () => {
    const id = await ask()
    clock.jump(exportWaitingDays * 24 * hourMs + 1)
    expect(await codeOf(exports.decide(other, id, true))).toBe('export_decided')
    expect((await exports.recent())[0]?.state).toBe('lapsed')
  })

  it('is decided on once, also when two do at the same moment', async () => {
    const id = await ask()
    const answers = await Promise.all([
      codeOf(exports.decide(other, id, true)),
      codeOf(exports.decide(somebody('c'), id, false)),
    ])
    expect(answers.sort()).toEqual(['done', 'export_decided'])
  })

  it('waits beside nine others at the most; those that lapsed do not count', async () => {
    for (let i = 0; i < 10; i++) await ask()
    expect(await codeOf(ask())).toBe('too_many_exports')
    expect(await codeOf(ask(other))).toBe('done')
    clock.jump(exportWaitingDays * 24 * hourMs + 1)
    expect(await codeOf(ask())).toBe('done')
  })

  it('stands in the database without the name it searches for', async () => {
    const id = await ask()
    const row = await store.read((reader) => reader.get(exportRequests, { id }))
    const { sealed, ...clear } = row!
    expect(JSON.stringify(clear)).not.toContain('王磊')
    expect(Buffer.from(sealed).toString('utf8')).not.toContain('王磊')
  })
})
