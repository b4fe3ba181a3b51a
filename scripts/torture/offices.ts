/** The offices of all regions, with the people whose stays they will report. */
import { persistently } from '../network/office-day.ts'
import { Office, type Stay } from './office.ts'
import { personNumbered, rosterOf, type Person } from './people.ts'
import { type RegionNode, type Regions } from './regions.ts'

export interface OfficeSettings {
  readonly random: () => number
  readonly thinkMs: number
  /** Whether home changes what it says of a person; a register imported again would change it back. */
  readonly amends: boolean
  readonly peopleEach: number
}

/** One office for each region; each has its members on its roster, and each member will go to one of the others. */
export async function openOffices(
  regions: Regions,
  { peopleEach, ...settings }: OfficeSettings,
): Promise<Map<string, Office>> {
  const stays: Stay[] = []
  const codes = [...regions.keys()]
  for (const [at, region] of [...regions.values()].entries()) {
    const people = membersOf(at, peopleEach)
    await importRoster(region, people)
    const others = codes.filter((code) => code !== region.code)
    for (const person of people) {
      const host = others[Math.floor(settings.random() * others.length)] ?? ''
      stays.push({ person, home: region.code, host, published: false, arrived: false })
    }
  }
  const open = [...regions.values()].map((region) => {
    const own = stays.filter(({ home, host }) => home === region.code || host === region.code)
    return [
      region.code,
      new Office({ ...settings, region, regions, stays: shuffled(own, settings.random) }),
    ] as const
  })
  return new Map(open)
}

export function membersOf(at: number, count: number): Person[] {
  return Array.from({ length: count }, (_, i) => personNumbered(at * 2000 + i))
}

export async function importRoster(region: RegionNode, people: readonly Person[]): Promise<void> {
  const report = await persistently(() => region.client.import('roster', rosterOf(people), 'roster.csv'))
  if (report.held > 0)
    throw new Error(`rows of an invented roster were held: ${JSON.stringify(report.faults)}`)
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => [random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item)
}
