/** When a peer is tried again: never too soon, never forgotten, and at once when it is back. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { breakerOpen, deliveryLimits, freshDelivery, stepDelivery } from '../../protocol/index.ts'

const { firstDelayMs, longestDelayMs, breakerAfter, probeMs, heardAgainMs } = deliveryLimits
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const fail = (state: typeof freshDelivery, nowMs: number, chance: number) =>
  stepDelivery(state, { kind: 'failed', nowMs, random: chance })
const failedOften = (nowMs: number) => {
  let state = freshDelivery
  for (let i = 0; i < 50; i++) state = fail(state, nowMs, 0.9)
  return state
}
const ceilingAfter = (failures: number) =>
  failures > breakerAfter ? probeMs : Math.min(firstDelayMs * 2 ** (failures - 1), longestDelayMs)

describe('after a failure', () => {
  it('the delay is never below half of its step and never above the whole', () => {
    fc.assert(
      fc.property(fc.array(random, { minLength: 1, maxLength: 80 }), fc.nat(), (chances, nowMs) => {
        let state = freshDelivery
        for (const [i, chance] of chances.entries()) {
          state = fail(state, nowMs, chance)
          const delay = state.notBeforeMs - nowMs
          expect(delay).toBeGreaterThanOrEqual(ceilingAfter(i + 1) / 2)
          expect(delay).toBeLessThanOrEqual(ceilingAfter(i + 1))
        }
      }),
    )
  })

  it('and ten thousand more, the delay is still that of a probe', () => {
    let state = freshDelivery
    for (let i = 0; i < 10_000; i++) state = fail(state, 0, 0.5)
    expect(state.notBeforeMs).toBe(probeMs * 0.75)
  })

  it('the steps double', () => {
    let state = freshDelivery
    const steps: number[] = []
    for (let i = 0; i < breakerAfter; i++) steps.push((state = fail(state, 0, 0)).notBeforeMs * 2)
    expect(steps).toEqual([200, 400, 800, 1600, 3200])
  })
})

describe('the breaker', () => {
  it('opens after the failures it allows, not before', () => {
    let state = freshDelivery
    for (let i = 1; i <= breakerAfter + 1; i++) {
      state = fail(state, 0, 0)
      expect(breakerOpen(state)).toBe(i > breakerAfter)
    }
  })

  it.each([{ kind: 'delivered' }, { kind: 'heard', nowMs: 1e12, silent: true }] as const)(
    'closes when the peer was $kind, however long it was away',
    (event) => {
      expect(stepDelivery(failedOften(1e12), event)).toMatchObject({ failures: 0, notBeforeMs: 0 })
      expect(breakerOpen(freshDelivery)).toBe(false)
    },
  )
})

describe('hearing from a peer that answers and takes nothing', () => {
  const hear = (state: typeof freshDelivery, nowMs: number) =>
    stepDelivery(state, { kind: 'heard', nowMs, silent: false })

  it('shortens the wait and forgets nothing, so that two such nodes do not wake each other without end', () => {
    const failed = failedOften(1e12)
    const heard = hear(failed, 1e12)
    expect(heard).toEqual({ ...failed, notBeforeMs: 1e12 + heardAgainMs })
    // Heard again, it does not wait longer.
    expect(hear(heard, 1e12 + 4000)).toEqual(heard)
  })

  it('makes no wait longer than it was', () => {
    const failed = fail(freshDelivery, 1e12, 0)
    expect(hear(failed, 1e12)).toEqual(failed)
  })
})

describe('hearing from a peer whose answers never come', () => {
  const hear = (state: typeof freshDelivery, nowMs: number) =>
    stepDelivery(state, { kind: 'heard', nowMs, silent: true })

  it('forgets once; when the tries after that fail too it only shortens the wait', () => {
    let state = hear(failedOften(1e12), 1e12)
    expect(state).toMatchObject({ failures: 0, notBeforeMs: 0 })
    for (let failures = 1; failures <= breakerAfter + 1; failures++) {
      state = hear(fail(state, 1e12, 0.9), 1e12)
      expect(state.failures).toBe(failures)
    }
    expect(state.notBeforeMs).toBe(1e12 + heardAgainMs)
    expect(breakerOpen(state)).toBe(true)
  })

  it('forgets anew after a delivery', () => {
    const delivered = stepDelivery(fail(hear(failedOften(1e12), 1e12), 1e12, 0), { kind: 'delivered' })
    expect(delivered).toEqual(freshDelivery)
    expect(hear(fail(delivered, 1e12, 0), 1e12)).toMatchObject({ failures: 0, notBeforeMs: 0 })
  })
})
