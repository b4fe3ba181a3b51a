/** How rows are shown on a page: numbers masked, organisations by name, both sides' words side by side. */
import {
  caseView,
  maskIdNumber,
  maskPhone,
  type CaseRowView,
  type Deviation,
  type HostFacts,
  type Uuid,
} from '../../../protocol/index.ts'
import { readCase, type Arrival, type CaseRow } from '../../flows/index.ts'
import { type Member } from '../../members/index.ts'
import { type Region } from '../../region.ts'

export type Named = ReadonlyMap<Uuid, string>
type Ref = { id: Uuid; name: string } | null

/** The names of these organisations, read at once. */
export async function organisationNames(
  { store, organisations }: Region,
  ids: readonly (Uuid | null)[],
): Promise<Named> {
  const wanted = [...new Set(ids.filter((id) => id !== null))]
  const found = await store.read((reader) => organisations.getMany(reader, wanted))
  return new Map(found.map(({ id, name }) => [id, name]))
}

export function refOf(id: Uuid | null, names: Named): Ref {
  return id === null ? null : { id, name: names.get(id) ?? '' }
}

export function maskedDeviations(
  deviations: readonly Deviation[],
): { field: string; home: string; host: string }[] {
  return deviations.map(({ field, home, host }) =>
    field === 'phone' ? { field, home: maskPhone(home), host: maskPhone(host) } : { field, home, host },
  )
}

export function caseLine(row: CaseRow, names: Named, inFlight: boolean): CaseRowView {
  const { home, host } = readCase(row)
  const { meaning, differences } = caseView(home, host, inFlight)
  return {
    ...{ id: row.id, peer: row.peer, side: row.side as 'home' | 'host', name: row.name },
    ...{ home: home.state, host: host.state, meaning, differences: [...differences], match: host.match },
    deviations: maskedDeviations(host.deviations),
    organisation: refOf(row.organisation, names),
    destination: home.outflow?.destination.text ?? null,
    leftOn: home.outflow?.leftOn ?? null,
    arrivedOn: host.arrivedOn,
    branch: host.branch?.name ?? null,
    employer: host.employer,
    changedAt: new Date(row.changedMs).toISOString(),
  }
}

export function memberLine(region: Region, member: Member, names: Named) {
  const { id, name, phone, category, branch } = member
  return {
    ...{ id, name, category, phone: phone === null ? null : maskPhone(phone) },
    idNumber: maskIdNumber(region.members.idNumberOf(member)),
    organisation: refOf(branch, names),
  }
}

export function arrivalLine(region: Region, arrival: Arrival, names: Named, host: HostFacts | undefined) {
  const { id, home, name, phone, category, arrivedOn, employer, branch, state, caseId, changedMs } = arrival
  const idNumber = region.host.idNumberOf(arrival)
  return {
    ...{ id, home, name, category, arrivedOn, employer, case: caseId },
    idNumber: idNumber === undefined ? '' : maskIdNumber(idNumber),
    phone: phone === null ? null : maskPhone(phone),
    organisation: refOf(branch, names),
    state: state as 'waiting' | 'asked' | 'known' | 'denied',
    match: host?.match ?? null,
    deviations: maskedDeviations(host?.deviations ?? []),
    changedAt: new Date(changedMs).toISOString(),
  }
}
