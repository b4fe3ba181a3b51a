/** What is counted at the end of the job, and whether both sides hold every case alike. */
import { type ImportKind, type ImportReport } from '../../protocol/index.ts'
import { type Office, type OfficeFolder } from './folder.ts'
import { nodeOf, persistently, type Network, type Played } from './office-day.ts'

export interface ScenarioResult {
  home: string
  host: string
  roster: { rows: number; members: number; held: number; duplicates: number; faults: Record<string, number> }
  outflow: { rows: number; published: number; held: number; byHost: Record<string, number> }
  arrivals: { rows: number }
  activities: { rows: number; applied: number; held: number }
  comparison: {
    both: number
    homeOnly: number
    hostOnlyKnownToHome: number
    hostOnlyUnknownToHome: number
    casesWithDeviations: number
    deviationFields: Record<string, number>
  }
}

export async function countScenario(
  offices: OfficeFolder,
  network: Network,
  played: readonly Played[],
): Promise<ScenarioResult> {
  const reports = await currentReports(network, played)
  const roster = reports.get('roster') ?? []
  const outflow = reports.get('outflow') ?? []
  const activities = reports.get('activities') ?? []
  const arriving = offices.hosts.filter(({ files }) => files.length > 0)
  return {
    home: offices.home.name,
    host: arriving.map(({ name }) => name).join('、'),
    roster: {
      rows: sum(roster, ({ rows }) => rows),
      members: sum(roster, taken),
      held: sum(roster, ({ held }) => held),
      duplicates: sum(roster, ({ duplicates }) => duplicates),
      faults: added(roster.map(({ faults }) => faults)),
    },
    outflow: {
      rows: sum(outflow, ({ rows }) => rows),
      published: sum(outflow, taken),
      held: sum(outflow, setAside),
      byHost: named(offices, added(outflow.map(({ byRegion }) => byRegion))),
    },
    arrivals: { rows: sum(reports.get('arrivals') ?? [], ({ rows }) => rows) },
    activities: {
      rows: sum(activities, ({ rows }) => rows),
      applied: sum(activities, taken),
      held: sum(activities, setAside),
    },
    comparison: await countComparisons(offices.home, arriving, network),
  }
}

/** Reports as they stand now: what waited when it was imported may have gone out since. */
async function currentReports(
  network: Network,
  played: readonly Played[],
): Promise<Map<ImportKind, ImportReport[]>> {
  const reports = new Map<ImportKind, ImportReport[]>()
  for (const { office, file, report } of played) {
    const now = await persistently(() => nodeOf(network, office).client.importStatus(report.id))
    reports.set(file.kind, [...(reports.get(file.kind) ?? []), now])
  }
  return reports
}

async function countComparisons(
  home: Office,
  hosts: readonly Office[],
  network: Network,
): Promise<ScenarioResult['comparison']> {
  const reports = await Promise.all(
    hosts.map((host) => persistently(() => nodeOf(network, home).client.comparison(host.node))),
  )
  const count = (pick: (report: (typeof reports)[number]) => readonly string[]) =>
    sum(reports, (report) => pick(report).length)
  const fields = {
    name: count(({ deviations }) => deviations.name),
    category: count(({ deviations }) => deviations.category),
    phone: count(({ deviations }) => deviations.phone),
  }
  return {
    both: count(({ both }) => both),
    homeOnly: count(({ homeOnly }) => homeOnly),
    hostOnlyKnownToHome: count(({ hostOnlyKnownToHome }) => hostOnlyKnownToHome),
    hostOnlyUnknownToHome: count(({ hostOnlyUnknownToHome }) => hostOnlyUnknownToHome),
    casesWithDeviations: count(({ casesWithDeviations }) => casesWithDeviations),
    deviationFields: Object.fromEntries(Object.entries(fields).filter(([, cases]) => cases > 0)),
  }
}

/** Cases whose shared view differs by a byte between the two nodes, or that only one of them has. */
export async function unequalCases(offices: OfficeFolder, network: Network): Promise<string[]> {
  const faults: string[] = []
  const home = nodeOf(network, offices.home)
  for (const host of offices.hosts) {
    const other = nodeOf(network, host)
    const here = (await home.client.cases(host.node, offices.home.node)).map(({ id }) => id)
    const there = new Set(
      (await other.client.cases(offices.home.node, offices.home.node)).map(({ id }) => id),
    )
    for (const id of here) {
      if (!there.delete(id)) faults.push(`case ${id} is not at ${host.name}`)
      else if ((await home.client.shared(id)) !== (await other.client.shared(id)))
        faults.push(`case ${id} is held differently at ${host.name}`)
    }
    for (const id of there) faults.push(`case ${id} is only at ${host.name}`)
  }
  return faults
}

function taken({ accepted, unchanged }: ImportReport): number {
  return accepted + unchanged
}

function setAside({ held, waiting }: ImportReport): number {
  return held + waiting
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0)
}

function added(counts: readonly Record<string, number>[]): Record<string, number> {
  const total: Record<string, number> = {}
  for (const count of counts)
    for (const [name, number] of Object.entries(count)) total[name] = (total[name] ?? 0) + number
  return total
}

function named({ hosts }: OfficeFolder, byNode: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(byNode).map(([node, count]) => [
      hosts.find((host) => host.node === node)?.name ?? node,
      count,
    ]),
  )
}
