/**
 * Counts what a home's and a host's workbooks say together, as expected.json counts it, from interpreted rows. It is the
 * plainest join on ID numbers that can be written, to check that values read from two files are really equal.
 */
import { type Interpretation } from '../../node/workbooks/index.ts'
import { shortName } from '../../node/places/index.ts'

export interface Files {
  roster: Interpretation<'roster'>
  outflow: Interpretation<'outflow'>
  arrivals: Interpretation<'arrivals'>
  activities: Interpretation<'activities'>
}

export function compare({ roster, outflow, arrivals, activities }: Files, host: string) {
  const stored = roster.rows.filter(({ held, duplicate }) => !held && !duplicate).map(({ fields }) => fields)
  const members = new Map(stored.map((member) => [member.idNumber, member]))
  const published = outflow.rows.map(({ fields }) => fields).filter(({ idNumber }) => members.has(idNumber))
  const hostOf = (code: string | undefined): string => shortName(code ?? '') ?? ''
  const hosts = published.map(({ destination }) => hostOf(destination?.code))
  const toHost = new Set(
    published.filter((_, index) => hosts[index] === host).map(({ idNumber }) => idNumber),
  )
  const arrived = arrivals.rows.map(({ fields }) => fields)
  const both = arrived.filter(({ idNumber }) => toHost.has(idNumber))
  const deviating = (field: 'name' | 'category' | 'phone'): typeof both =>
    both.filter((there) => there[field] !== members.get(there.idNumber)?.[field])
  const applied = activities.rows.filter(({ fields }) => members.has(fields.idNumber)).length
  return {
    roster: { members: members.size },
    outflow: {
      published: published.length,
      held: outflow.rows.length - published.length,
      byHost: Object.fromEntries(
        [...new Set(hosts)].map((name) => [name, hosts.filter((other) => other === name).length]),
      ),
    },
    activities: { applied, held: activities.rows.length - applied },
    comparison: {
      both: both.length,
      homeOnly: toHost.size - both.length,
      hostOnlyKnownToHome: arrived.filter(({ idNumber }) => members.has(idNumber) && !toHost.has(idNumber))
        .length,
      hostOnlyUnknownToHome: arrived.filter(({ idNumber }) => !members.has(idNumber)).length,
      casesWithDeviations: new Set([...deviating('name'), ...deviating('category'), ...deviating('phone')])
        .size,
      deviationFields: {
        name: deviating('name').length,
        category: deviating('category').length,
        phone: deviating('phone').length,
      },
    },
  }
}
