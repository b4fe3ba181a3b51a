/** Activities: an amount belongs to dues and to nothing else. */
import { describe, expect, it } from 'vitest'
import { activityBodies, activityKinds, activitySchema } from '../../protocol/index.ts'
import { id } from '../vectors/actors.ts'

const takes = (activity: object) => activitySchema.safeParse({ on: '2025-10-01', ...activity }).success

describe('an activity', () => {
  it('is refused as dues without an amount', () => expect(takes({ kind: 'dues' })).toBe(false))

  it.each(activityKinds.filter((kind) => kind !== 'dues'))('is refused as %s with an amount', (kind) => {
    expect(takes({ kind, amountFen: 100 })).toBe(false)
    expect(takes({ kind })).toBe(true)
  })

  it.each([-1, 0.5, 1_000_000_001, '100', null])('is refused with the amount %j', (amountFen) =>
    expect(takes({ kind: 'dues', amountFen })).toBe(false),
  )

  it('may have been free of charge', () => expect(takes({ kind: 'dues', amountFen: 0 })).toBe(true))

  it('is of a day or, where the paper gives none, of a month', () => {
    expect(takes({ kind: 'study', on: '2025-10' })).toBe(true)
    expect(takes({ kind: 'study', on: '2025' })).toBe(false)
  })
})

describe('a correction', () => {
  const takesCorrection = (body: object) => activityBodies['activity.corrected'].safeParse(body).success

  it('is refused when it does not name what it corrects, or says nothing', () => {
    expect(takesCorrection({ activity: null })).toBe(false)
    expect(takesCorrection({ corrects: id(1) })).toBe(false)
  })

  it('withdraws with null', () => expect(takesCorrection({ corrects: id(1), activity: null })).toBe(true))
})
