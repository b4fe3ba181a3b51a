/** What may be kept, and where: bounded, under keys that hold no name. */
import { describe, expect, it } from 'vitest'
import { keptBytes, keptPutSchema, keptQuerySchema } from '../../protocol/index.ts'

const put = (change: object) =>
  keptPutSchema.safeParse({ kind: 'draft', key: 'outflow/new', value: { name: '王磊' }, ...change }).success

describe('what an account keeps', () => {
  it('is of a known kind under a key that could not hold a name', () => {
    expect(put({})).toBe(true)
    for (const bad of [
      { kind: 'session' },
      { key: '王磊' },
      { key: '' },
      { key: 'x'.repeat(121) },
      { key: 'a b' },
      { key: '/x' },
      { account: 'another' },
    ])
      expect([bad, put(bad)]).toEqual([bad, false])
  })

  it('is an object of a bounded size in bytes, not in characters', () => {
    for (const value of ['text', [1], null, { text: '党'.repeat(keptBytes / 3) }])
      expect(put({ value })).toBe(false)
    expect(put({ value: { text: 'x'.repeat(keptBytes - 20) } })).toBe(true)
  })

  it('is asked for by kind, and by key if one is wanted', () => {
    expect(keptQuerySchema.safeParse({}).success).toBe(false)
    expect(keptQuerySchema.safeParse({ kind: 'view' }).success).toBe(true)
    expect(keptQuerySchema.safeParse({ kind: 'view', key: 'cases/home' }).success).toBe(true)
  })
})
