/**
 * When to try a peer again: exponential backoff, each delay between half and the whole of its step by chance, under a
 * circuit breaker, as a pure step.
 *
 * A dead peer costs one small probe per `probeMs` however long it stays away, and its queue has no age limit. One
 * success closes the breaker; hearing from a peer that was silent (a verified message or request) does as well, once. When
 * the tries after that fail too it is only tried sooner: either it was there all the time and takes nothing, or its answers
 * are lost on the way, and then our every try is a word that has it try us, as its tries are to us.
 */
export interface DeliveryState {
  readonly failures: number
  /** Milliseconds since 1970 before which nothing is sent. */
  readonly notBeforeMs: number
  /** A word of the peer has made all failures before it forgotten, and nothing was delivered since. */
  readonly forgiven: boolean
}

export const deliveryLimits = {
  firstDelayMs: 200,
  longestDelayMs: 30_000,
  breakerAfter: 5,
  probeMs: 60_000,
  heardAgainMs: 5_000,
  compareAgainMs: 300_000,
} as const

export const freshDelivery: DeliveryState = { failures: 0, notBeforeMs: 0, forgiven: false }

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
      if (event.silent && !state.forgiven) return { ...freshDelivery, forgiven: true }
      const soonMs = event.nowMs + deliveryLimits.heardAgainMs
      return { ...state, notBeforeMs: Math.min(state.notBeforeMs, soonMs) }
    }
    case 'failed': {
      const failures = state.failures + 1
      const ceiling = Math.min(
        deliveryLimits.firstDelayMs * 2 ** (failures - 1),
        deliveryLimits.longestDelayMs,
      )
      const delayMs = breakerOpen({ failures })
        ? deliveryLimits.probeMs * (0.5 + event.random / 2)
        : ceiling * (0.5 + event.random / 2)
      return { ...state, failures, notBeforeMs: event.nowMs + Math.round(delayMs) }
    }
  }
}

/** Not yet. A wait longer than any there is was reckoned by a clock that has been set back since, and is over. */
export function mustWait({ notBeforeMs }: DeliveryState, nowMs: number): boolean {
  const waitMs = notBeforeMs - nowMs
  return waitMs > 0 && waitMs <= deliveryLimits.probeMs
}

export function breakerOpen(state: Pick<DeliveryState, 'failures'>): boolean {
  return state.failures > deliveryLimits.breakerAfter
}
