/**
 * The comparison of counts between a home and a host, down to the named case.
 *
 * Out and present are each counted by the side that owns the fact. A case whose two nodes hold different facts after
 * their streams are level is not counted away: it is listed as unequal, because that must never happen.
 */
import * as z from 'zod'
import { isOut, isPresent, type HomeFacts, type HostFacts } from './case.ts'
import { digestSchema, reachedNumberSchema, streamNumberSchema, uuidSchema, type Uuid } from './ids.ts'
import { type DeviationField } from './identity.ts'

export interface ComparedCase {
  readonly id: Uuid
  readonly home: HomeFacts
  readonly host: HostFacts
}

export interface Comparison {
  readonly both: Uuid[]
  readonly homeOnly: Uuid[]
  /** Present by host's word, not out by home's: asserted only, or already returned or closed. */
  readonly hostOnlyKnownToHome: Uuid[]
  /** Ids of the queries home denied. */
  readonly hostOnlyUnknownToHome: Uuid[]
  readonly casesWithDeviations: Uuid[]
  readonly deviations: Record<DeviationField, Uuid[]>
}

/** `denied` are the open queries to which home's last word was a denial. Deviations are counted over `both`. */
export function compareCases(cases: Iterable<ComparedCase>, denied: readonly Uuid[]): Comparison {
  const result: Comparison = {
    both: [],
    homeOnly: [],
    hostOnlyKnownToHome: [],
    hostOnlyUnknownToHome: [...denied],
    casesWithDeviations: [],
    deviations: { name: [], category: [], phone: [] },
  }
  for (const { id, home, host } of cases) {
    if (isOut(home) && isPresent(host)) result.both.push(id)
    else if (isOut(home)) result.homeOnly.push(id)
    else if (isPresent(host)) result.hostOnlyKnownToHome.push(id)
    if (!isOut(home) || !isPresent(host) || host.deviations.length === 0) continue
    result.casesWithDeviations.push(id)
    for (const { field } of host.deviations) result.deviations[field].push(id)
  }
  return result
}

const cutSchema = z.strictObject({
  epoch: streamNumberSchema,
  seq: reachedNumberSchema,
  head: digestSchema.nullable(),
})

/** One page of a node's side of a comparison. `digest` is over the canonical shared view of the case. */
export const comparePageSchema = z.strictObject({
  /** How far the answering node has sealed its own stream to the asker, and how far it has applied the asker's. */
  sent: cutSchema,
  received: cutSchema,
  /** Records written for the asker that are not receipted yet. */
  unsent: z.int().min(0),
  cases: z.array(z.strictObject({ id: uuidSchema, digest: digestSchema })),
  denied: z.array(uuidSchema),
  next: uuidSchema.nullable(),
})
export type ComparePage = z.infer<typeof comparePageSchema>
