/** What pages may be asked: bounded, and nothing that is not theirs to know. */
import { describe, expect, it } from 'vitest'
import { caseQuerySchema, meetingSchema, memberQuerySchema, revealSchema } from '../../protocol/index.ts'

describe('a question of a page', () => {
  it('has a page of fifty unless it says otherwise, and a search of some length', () => {
    expect(memberQuerySchema.parse({})).toEqual({ limit: 50 })
    for (const bad of [
      { limit: 201 },
      { limit: 0 },
      { search: '' },
      { search: 'x'.repeat(51) },
      { sort: 'name' },
    ])
      expect(memberQuerySchema.safeParse(bad).success).toBe(false)
  })

  it('about cases names the side, and no meaning that only a moment has', () => {
    expect(caseQuerySchema.safeParse({}).success).toBe(false)
    expect(caseQuerySchema.safeParse({ side: 'home', meaning: 'deviating' }).success).toBe(true)
    expect(caseQuerySchema.safeParse({ side: 'home', meaning: 'in-flight' }).success).toBe(false)
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
