/** A comparison as people read it: the two counts, and everybody in it with what was found about him. */
import { type ComparisonReport } from '../../../../protocol/index.ts'

export const findings = [
  'homeOnly',
  'hostOnlyKnown',
  'hostOnlyUnknown',
  'deviating',
  'unequal',
  'oneNode',
  'agreed',
] as const
export type Finding = (typeof findings)[number]

export interface Found {
  readonly id: string
  readonly name: string
  readonly finding: Finding
  readonly fields: readonly ('name' | 'category' | 'phone')[]
  /** A query that home denied: there is no case to open. */
  readonly query: boolean
}

export interface Counts {
  readonly home: number
  readonly host: number
}

export function countsOf(report: ComparisonReport): Counts {
  const both = report.both.length
  return {
    home: both + report.homeOnly.length,
    host: both + report.hostOnlyKnownToHome.length + report.hostOnlyUnknownToHome.length,
  }
}

export function brokenCases({ level, unequal, onlyHere, onlyThere }: ComparisonReport): number {
  return level ? unequal.length + onlyHere.length + onlyThere.length : 0
}

export function foundIn(report: ComparisonReport): Found[] {
  const { deviations } = report
  const fieldsOf = (id: string) =>
    (['name', 'category', 'phone'] as const).filter((field) => deviations[field].includes(id))
  const deviating = new Set(report.casesWithDeviations)
  const listed = (finding: Finding, ids: readonly string[]) =>
    ids.map((id): Found => {
      const fields = deviating.has(id) ? fieldsOf(id) : []
      return { id, name: report.names[id] ?? '', finding, fields, query: finding === 'hostOnlyUnknown' }
    })
  return [
    ...listed('homeOnly', report.homeOnly),
    ...listed('hostOnlyKnown', report.hostOnlyKnownToHome),
    ...listed('hostOnlyUnknown', report.hostOnlyUnknownToHome),
    ...listed('deviating', report.casesWithDeviations),
    ...listed('unequal', report.unequal),
    ...listed('oneNode', [...report.onlyHere, ...report.onlyThere]),
    ...listed(
      'agreed',
      report.both.filter((id) => !deviating.has(id)),
    ),
  ]
}
