/** What pages may be asked: bounded, and nothing that is not theirs to know. */
import { describe, expect, it } from 'vitest'
import {
  activityQuerySchema,
  caseQuerySchema,
  meetingSchema,
  memberQuerySchema,
  revealSchema,
} from '../../protocol/index.ts'

describe('a question of a page', () => {
  it('has a page of fifty unless it says otherwise, and a search of some length', () => {
    expect(memberQuerySchema.parse({})).toEqual({ limit: 50 })
    for (const bad of [
      { limit: 201 },
      { limit: 0 },
      { search: '' },
      { search: 'x'.repeat(51) },
      { sort: 'changed' },
    ])
      expect(memberQuerySchema.safeParse(bad).success).toBe(false)
  })

  it('about cases names the side, and no meaning that only a moment has', () => {
    expect(caseQuerySchema.safeParse({}).success).toBe(false)
    expect(caseQuerySchema.safeParse({ side: 'home', meaning: 'deviating' }).success).toBe(true)
    expect(caseQuerySchema.safeParse({ side: 'home', meaning: 'in-flight' }).success).toBe(false)
  })

  it('about cases is ordered only as an index can: a whole region by its latest change has no other condition', () => {
    const takes = (query: object) => caseQuerySchema.safeParse({ side: 'home', ...query }).success
    const organisation = '019ca000-0000-7000-8000-000000000001'
    for (const good of [
      { sort: 'newest', peer: '440300', meaning: 'agreed' },
      { sort: 'changed' },
      { sort: 'name' },
      { sort: 'name', search: '王', meaning: 'agreed' },
      { sort: 'changed', organisation, meaning: 'agreed' },
    ])
      expect([good, takes(good)]).toEqual([good, true])
    for (const bad of [
      { sort: 'changed', meaning: 'agreed' },
      { sort: 'name', peer: '440300' },
      { sort: 'changed', search: '王' },
      { sort: 'phone' },
    ])
      expect([bad, takes(bad)]).toEqual([bad, false])
  })

  it('about activities names days that exist, a kind and a side', () => {
    expect(activityQuerySchema.safeParse({ kind: 'dues', by: 'host', from: '2026-01-01' }).success).toBe(true)
    for (const bad of [{ kind: 'party' }, { by: 'peer' }, { from: '2026-02-30' }, { until: '2026' }])
      expect(activityQuerySchema.safeParse(bad).success).toBe(false)
  })

  it('for a number says why', () => {
    expect(revealSchema.safeParse({ field: 'phone', purpose: 'contact' }).success).toBe(true)
    expect(revealSchema.safeParse({ field: 'phone', purpose: '' }).success).toBe(false)
    expect(revealSchema.safeParse({ field: 'name', purpose: 'contact' }).success).toBe(false)
  })

  it('about a meeting has somebody who was there', () => {
    expect(
      meetingSchema.safeParse({ activity: { kind: 'study', on: '2026-02-01' }, cases: [] }).success,
    ).toBe(false)
  })
})
