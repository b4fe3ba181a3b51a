/** The counts of a run as lines for a reader: each group by itself, the largest first. */
import { type Tally } from './run.ts'

export function report(tallies: readonly Tally[]): string[] {
  const sum: Tally = {}
  for (const tally of tallies)
    for (const [name, count] of Object.entries(tally)) sum[name] = (sum[name] ?? 0) + count
  const groups = new Map<string, [string, number][]>()
  for (const [name, count] of Object.entries(sum)) {
    const at = name.indexOf('  ')
    const group = name.slice(0, at)
    groups.set(group, [...(groups.get(group) ?? []), [name.slice(at + 2), count]])
  }
  return ['kind', 'door', 'signing', 'outcome', 'result'].flatMap((group) => {
    const rows = (groups.get(group) ?? []).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    return [`\n${group}`, ...rows.map(([name, count]) => `${String(count).padStart(9)}  ${name}`)]
  })
}
