/** What may be asked for as an export: one of the lists, as its page asks for it, with a purpose. */
import { describe, expect, it } from 'vitest'
import { exportAskSchema } from '../../protocol/index.ts'

const wanted = { list: 'cases', query: { side: 'home' } }
const good = (value: unknown) => exportAskSchema.safeParse(value).success

describe('an export that is asked for', () => {
  it('has a purpose and a list that its page could ask for', () => {
    expect(good({ purpose: 'inspection', wanted })).toBe(true)
    expect(good({ purpose: 'inspection', words: '年度检查', wanted })).toBe(true)
    for (const bad of [
      { wanted },
      { purpose: 'curiosity', wanted },
      { purpose: 'inspection', words: 'x'.repeat(201), wanted },
      { purpose: 'inspection', wanted: { list: 'audit', query: {} } },
      { purpose: 'inspection', wanted: { list: 'cases', query: {} } },
      { purpose: 'inspection', wanted: { list: 'members', query: { side: 'home' } } },
    ])
      expect([bad, good(bad)]).toEqual([bad, false])
  })
})
