/** The bodies of a stay: whole or not at all, and no more than one deviation per field. */
import { describe, expect, it } from 'vitest'
import { flowBodies, outflowSchema } from '../../protocol/index.ts'
import { bodies } from '../vectors/actors.ts'

const takes = (type: keyof typeof flowBodies, body: unknown) => flowBodies[type].safeParse(body).success
const arrived = bodies['flow.arrived']

describe('flow.arrived', () => {
  it('is refused when one field deviates twice: a count of deviations would lie', () => {
    const [name] = arrived.deviations
    expect(takes('flow.arrived', { ...arrived, deviations: [name, name] })).toBe(false)
  })

  it('is refused when a deviation states no difference', () => {
    expect(
      takes('flow.arrived', { ...arrived, deviations: [{ field: 'name', home: '甲', host: '甲' }] }),
    ).toBe(false)
  })

  it('is refused with a value that its field cannot have', () => {
    expect(
      takes('flow.arrived', { ...arrived, deviations: [{ field: 'category', home: 'full', host: '甲' }] }),
    ).toBe(false)
    expect(
      takes('flow.arrived', { ...arrived, deviations: [{ field: 'phone', home: 'x', host: '13800000000' }] }),
    ).toBe(false)
  })

  it('may state all three fields or none', () => {
    const category = { field: 'category', home: 'full', host: 'probationary' }
    expect(takes('flow.arrived', { ...arrived, deviations: [...arrived.deviations, category] })).toBe(true)
    expect(takes('flow.arrived', { ...arrived, deviations: [] })).toBe(true)
  })
})

describe('flow.amended', () => {
  it('is refused when it amends nothing', () => expect(takes('flow.amended', {})).toBe(false))
  it('may amend one and leave the other', () => {
    expect(takes('flow.amended', { person: { name: '甲' } })).toBe(true)
    expect(takes('flow.amended', { outflow: bodies['flow.published'].outflow })).toBe(true)
  })
})

describe('an outflow', () => {
  it('is refused without a destination, or with one that has no code', () => {
    expect(outflowSchema.safeParse({}).success).toBe(false)
    expect(outflowSchema.safeParse({ destination: { text: '深圳' } }).success).toBe(false)
  })
  it('needs no more than the destination', () => {
    expect(outflowSchema.safeParse({ destination: { code: '440304', text: '深圳' } }).success).toBe(true)
  })
})

it('a departure and a return have a day, not only a month', () => {
  expect(takes('flow.departed', { departedOn: '2026-02' })).toBe(false)
  expect(takes('flow.returned', { returnedOn: '2026-02' })).toBe(false)
})

it('a case is closed for one of the known reasons', () => {
  expect(takes('flow.closed', { reason: 'lost' })).toBe(false)
  for (const reason of [
    'returned',
    'transferred',
    'death',
    'removed',
    'abroad',
    'published-in-error',
    'other',
  ])
    expect(takes('flow.closed', { reason })).toBe(true)
})
