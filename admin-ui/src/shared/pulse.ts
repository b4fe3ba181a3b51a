/**
 * Pages stay true by themselves: every few seconds the node says in one short word per kind whether something has
 * changed, and what shows such things is read anew. Asking so does not keep a session from ending.
 */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { type PulseKind, type RouteName } from '../../../protocol/index.ts'
import { ask } from './ask.ts'

const everyMs = 3000

/**
 * Which routes show things of a kind, by the beginning of their names. A comparison is not among them: it asks the other
 * node for its side, so it is made anew when somebody wants it.
 */
const shownBy: Readonly<Record<PulseKind, readonly string[]>> = {
  cases: ['case.', 'cases.', 'overview.', 'member.', 'arrivals.'],
  arrivals: ['arrivals.', 'overview.'],
  members: ['member.', 'members.', 'overview.'],
  activities: ['activities.', 'case.', 'overview.'],
  organisations: ['organisations.', 'overview.'],
  imports: ['imports.', 'overview.'],
  peers: ['peers.list', 'peers.detail', 'overview.', 'node.'],
  alarms: ['alarms.', 'overview.'],
  exports: ['exports.'],
}

export function usePulse(): void {
  const client = useQueryClient()
  const before = useRef<Readonly<Record<string, string>>>(undefined)
  const { data } = useQuery({
    queryKey: ['pulse.look' satisfies RouteName, {}],
    queryFn: ({ signal }) => ask('pulse.look', { signal }),
    refetchInterval: everyMs,
    staleTime: 0,
    retry: false,
  })
  useEffect(() => {
    if (!data) return
    const known = before.current
    before.current = data.stamps
    if (!known) return
    const kinds = (Object.keys(data.stamps) as PulseKind[]).filter(
      (kind) => known[kind] !== data.stamps[kind],
    )
    const beginnings = new Set(kinds.flatMap((kind) => shownBy[kind]))
    if (beginnings.size > 0)
      void client.invalidateQueries({
        predicate: ({ queryKey }) =>
          [...beginnings].some((beginning) => String(queryKey[0]).startsWith(beginning)),
      })
  }, [data, client])
}
