/**
 * When to try a peer again: exponential backoff, each delay between half and the whole of its step by chance, under a
 * circuit breaker, as a pure step.
 *
 * A dead peer costs one small probe per `probeMs` however long it stays away, and its queue has no age limit. One
 * success closes the breaker; hearing from a peer that was silent (a verified message or request) does as well. One that
 * had answered, and not taken what was posted, is only tried sooner: it was there all the time, and what it says to us,
 * as often as it likes, is no reason to believe that it takes more now.
 */
export interface DeliveryState {
  readonly failures: number
  /** Milliseconds since 1970 before which nothing is sent. */
  readonly notBeforeMs: number
}

export const deliveryLimits = {
  firstDelayMs: 200,
  longestDelayMs: 30_000,
  breakerAfter: 5,
  probeMs: 60_000,
  heardAgainMs: 5_000,
} as const

export const freshDelivery: DeliveryState = { failures: 0, notBeforeMs: 0 }

export type DeliveryEvent =
  | { kind: 'delivered' }
  /** `silent`: the last failure was no answer at all. */
  | { kind: 'heard'; nowMs: number; silent: boolean }
  | { kind: 'failed'; nowMs: number; random: number }

/** `random` is in [0, 1). */
export function stepDelivery(state: DeliveryState, event: DeliveryEvent): DeliveryState {
  switch (event.kind) {
    case 'delivered':
      return freshDelivery
    case 'heard': {
      const soonMs = event.nowMs + deliveryLimits.heardAgainMs
      return event.silent ? freshDelivery : { ...state, notBeforeMs: Math.min(state.notBeforeMs, soonMs) }
    }
    case 'failed': {
      const failures = state.failures + 1
      const ceiling = Math.min(
        deliveryLimits.firstDelayMs * 2 ** (failures - 1),
        deliveryLimits.longestDelayMs,
      )
      const delayMs = breakerOpen({ failures, notBeforeMs: 0 })
        ? deliveryLimits.probeMs * (0.5 + event.random / 2)
        : ceiling * (0.5 + event.random / 2)
      return { failures, notBeforeMs: event.nowMs + Math.round(delayMs) }
    }
  }
}

/** Not yet. A wait longer than any there is was reckoned by a clock that has been set back since, and is over. */
export function mustWait({ notBeforeMs }: DeliveryState, nowMs: number): boolean {
  const waitMs = notBeforeMs - nowMs
  return waitMs > 0 && waitMs <= deliveryLimits.probeMs
}

export function breakerOpen(state: DeliveryState): boolean {
  return state.failures > deliveryLimits.breakerAfter
}
