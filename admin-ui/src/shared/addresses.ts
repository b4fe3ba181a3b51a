/** Where lists are, with their filters: codes and states alone stand in an address, never a name. */
import { type Meaning } from '../../../protocol/index.ts'

/** The list of the cases in which we are this side. */
export function casesAt(
  side: 'home' | 'host',
  filters: { peer?: string; meaning?: Exclude<Meaning, 'in-flight'>; organisation?: string } = {},
): string {
  if (side === 'home') return withFilters('/outflow', filters)
  // Who is announced and not here yet stands in a list of their own.
  const { meaning, ...rest } = filters
  if (meaning === 'pending') return withFilters('/arrivals', { tab: 'announced', ...rest })
  return withFilters('/arrivals', { tab: 'here', ...filters })
}

export function arrivalsAt(state: 'waiting' | 'asked' | 'known' | 'denied'): string {
  return withFilters('/arrivals', { state })
}

function withFilters(path: string, filters: Readonly<Record<string, string | undefined>>): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(filters)) if (value !== undefined) search.set(key, value)
  return search.size === 0 ? path : `${path}?${search}`
}
