/** How often who may try what: whom a storm of others does not reach, and whom many addresses do not help. */
import { describe, expect, it } from 'vitest'
import { rateBuckets, Rates } from '../node/rates.ts'
import { VirtualClock } from './harness/clock.ts'

const refused = (work: () => void): string => {
  try {
    work()
    return 'done'
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('tries at a password', () => {
  it('are not given back by strangers from everywhere, however many', () => {
    const rates = new Rates(new VirtualClock())
    for (let i = 0; i < rateBuckets.pair.most; i++) rates.password('wang.lei', '10.0.0.1')
    expect(refused(() => rates.password('wang.lei', '10.0.0.1'))).toBe('too_many_attempts')
    for (let i = 0; i < 25_000; i++) rates.stranger(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
    expect(refused(() => rates.password('wang.lei', '10.0.0.1'))).toBe('too_many_attempts')
  })

  it('from one line of the sixth version are one caller’s, whatever address it takes', () => {
    const rates = new Rates(new VirtualClock())
    const tries = [
      '2001:db8:0:7::1',
      '2001:DB8::7:0:0:0:2',
      '2001:0db8:0000:0007:ffff::3',
      '2001:db8:0:7:1:2:3:4',
    ]
    const codes = Array.from({ length: 8 }, (_, i) =>
      refused(() => rates.password('wang.lei', tries[i % tries.length] ?? '')),
    )
    expect(codes.filter((code) => code === 'done')).toHaveLength(rateBuckets.pair.most)
    expect(refused(() => rates.password('wang.lei', '2001:db8:0:8::1'))).toBe('done')
  })

  it('from elsewhere do not keep its holder out at the desk where he came in before', () => {
    const rates = new Rates(new VirtualClock())
    rates.password('wang.lei', '10.0.0.2')
    rates.passwordHeld('wang.lei', '10.0.0.2')
    for (let i = 0; i < 300; i++) refused(() => rates.password('wang.lei', `10.1.${i >> 8}.${i & 255}`))
    expect(refused(() => rates.password('wang.lei', '10.0.0.3'))).toBe('too_many_attempts')
    expect(refused(() => rates.password('wang.lei', '10.0.0.2'))).toBe('done')
    // His desk is slow to guess from like any other.
    for (let i = 0; i < 10; i++) refused(() => rates.password('wang.lei', '10.0.0.2'))
    expect(refused(() => rates.password('wang.lei', '10.0.0.2'))).toBe('too_many_attempts')
  })
})

it('names are remembered to a bound, kind by kind', () => {
  const rates = new Rates(new VirtualClock())
  rates.account('somebody', { audit: 'reveal' })
  for (let i = 0; i < 20_001; i++) rates.account(`account ${i}`, { audit: null })
  for (let i = 1; i < rateBuckets.reveals.most; i++) rates.account('somebody', { audit: 'reveal' })
  expect(refused(() => rates.account('somebody', { audit: 'reveal' }))).toBe('rate_limited')
})
