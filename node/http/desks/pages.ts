/** The pages of people: overview, cases, arrivals, members, activities and organisations, each within the caller's part. */
import {
  checkIdNumber,
  type ActivityKind,
  type CaseQuery,
  type MemberQuery,
  type Overview,
  type Uuid,
} from '../../../protocol/index.ts'
import { DomainError } from '../../errors.ts'
import { type ActivityLine, type Within } from '../../pages/index.ts'
import { peerStates } from '../overview.ts'
import { isWithin, type Caller, type Desk, type OfficeDoors, type Part } from '../route.ts'
import { arrivalLine, caseLine, memberLine, organisationNames } from './views.ts'

type PageRoute =
  | 'overview.look'
  | 'regions.list'
  | 'cases.query'
  | 'arrivals.query'
  | 'members.query'
  | 'member.detail'
  | 'activities.query'
  | 'activities.ledger'
  | 'organisations.list'

export function pageDesk(doors: OfficeDoors): Desk<PageRoute> {
  const { region, pages, counts } = doors
  return {
    'overview.look': ({ part, caller }) => overview(doors, part, caller),
    'regions.list': async () => {
      const peers = await region.store.read((reader) => region.peers.all(reader))
      return { regions: peers.map(({ node, name }) => ({ node, name })) }
    },
    'cases.query': async ({ body, part }) =>
      casePage(doors, body, await withinOf(doors, part, body.organisation)),
    'arrivals.query': async ({ body, part }) => {
      const { rows, next } = await pages.arrivals(body, await withinOf(doors, part, body.organisation))
      const names = await organisationNames(
        region,
        rows.map(({ branch }) => branch),
      )
      const ids = rows.map(({ caseId }) => caseId).filter((id) => id !== null)
      const confirmed = await region.store.read((reader) => region.cases.getMany(reader, ids))
      const hosts = new Map(confirmed.map(({ row, host }) => [row.id, host]))
      return { items: rows.map((row) => arrivalLine(region, row, names, hosts.get(row.caseId ?? ''))), next }
    },
    'members.query': async ({ body, part }) =>
      memberPage(doors, body, await withinOf(doors, part, body.organisation)),
    'member.detail': async ({ params }) => memberDetail(doors, params.id),
    'activities.query': async ({ body, part }) => {
      const within = await withinOf(doors, part, body.organisation)
      const { rows, next } = await pages.activities(body, within)
      return { items: rows.map(activityLine), next }
    },
    'activities.ledger': async ({ body, part }) =>
      ledger(doors, body, await withinOf(doors, part, body.organisation)),
    'organisations.list': async ({ part }) => {
      const within = part === 'all' ? undefined : [...part]
      const counted = new Map((await counts.byOrganisation(within)).map((one) => [one.id, one]))
      const all = await region.store.read((reader) =>
        within === undefined
          ? region.organisations.all(reader)
          : region.organisations.getMany(reader, within),
      )
      return {
        organisations: all.map(({ id, parent, name, kind }) => {
          const { members = 0, away = 0, here = 0 } = counted.get(id) ?? {}
          return { id, parent, name, kind: kind as 'region' | 'committee' | 'branch', members, away, here }
        }),
      }
    },
  }
}

/** The caller's part, narrowed to one organisation and those below it where he asks for one of his. */
export async function withinOf(
  { region }: OfficeDoors,
  part: Part,
  organisation: Uuid | undefined,
): Promise<Within> {
  if (organisation === undefined) return part === 'all' ? undefined : [...part]
  const found = await region.store.read((reader) => region.organisations.get(reader, organisation))
  if (!found || !isWithin(part, found.id)) throw new DomainError('organisation_not_found')
  return [...(await region.store.read((reader) => region.organisations.withAllBelow(reader, found.id)))]
}

export async function casePage({ region, pages }: OfficeDoors, query: CaseQuery, within: Within) {
  const { rows, next } = await pages.cases(query, within)
  const inFlight = await pages.inFlight(rows.map(({ id }) => id))
  const names = await organisationNames(
    region,
    rows.map(({ organisation }) => organisation),
  )
  return { items: rows.map((row) => caseLine(row, names, inFlight.has(row.id))), next }
}

export async function memberPage({ region, pages }: OfficeDoors, query: MemberQuery, within: Within) {
  const { search } = query
  // A whole number names one person; it is found by its token, never by a part.
  const number = checkIdNumber(search ?? '')
  const token = number.ok ? region.members.idToken(number.idNumber) : undefined
  const { rows, next } = await pages.members(query, within, token)
  const names = await organisationNames(
    region,
    rows.map(({ branch }) => branch),
  )
  return { items: rows.map((row) => memberLine(region, row, names)), next }
}

async function memberDetail({ region, pages }: OfficeDoors, id: Uuid) {
  const { member, stays } = await region.store.read(async (reader) => ({
    member: await region.members.get(reader, id),
    stays: await region.cases.ofMember(reader, id),
  }))
  if (!member) throw new DomainError('member_not_found')
  const { gender, ethnicity, bornOn, education, joinedOn, changedMs } = member
  const organisations = [member.branch, ...stays.map(({ row }) => row.organisation)]
  const names = await organisationNames(region, organisations)
  const inFlight = await pages.inFlight(stays.map(({ row }) => row.id))
  return {
    ...memberLine(region, member, names),
    ...{ gender, ethnicity, bornOn, education, joinedOn },
    changedAt: new Date(changedMs).toISOString(),
    cases: stays.map(({ row }) => caseLine(row, names, inFlight.has(row.id))),
  }
}

function activityLine({ caseId, caseSide, by, on, kind, ...line }: ActivityLine) {
  const { id, name, title, amountFen } = line
  return {
    ...{ id, case: caseId, name, on, title, amountFen, ours: caseSide === by },
    by: by as 'home' | 'host',
    kind: kind as ActivityKind,
  }
}

export interface LedgerRow {
  case: Uuid
  side: 'home' | 'host'
  name: string
  months: number[]
  dues: number[]
  lastOn: string | null
}

export async function ledger(
  doors: OfficeDoors,
  query: { after?: string | undefined; limit: number; year: number },
  within: Within,
): Promise<{ rows: LedgerRow[]; next: string | null }> {
  const { lines, next } = await doors.pages.ledger(query, within ?? [])
  const rows = new Map<Uuid, LedgerRow>()
  for (const { caseId, side, name, month, count, dues, lastOn } of lines) {
    const none = () => Array.from({ length: 12 }, () => 0)
    const fresh = {
      case: caseId,
      side: side as 'home' | 'host',
      name,
      months: none(),
      dues: none(),
      lastOn: null,
    }
    const row: LedgerRow = rows.get(caseId) ?? fresh
    rows.set(caseId, row)
    if (month === null) continue
    const at = Number(month.slice(5, 7)) - 1
    row.months[at] = count
    row.dues[at] = dues
    if (lastOn !== null && lastOn > (row.lastOn ?? '')) row.lastOn = lastOn
  }
  return { rows: [...rows.values()], next }
}

async function overview({ region, counts }: OfficeDoors, part: Part, { role }: Caller): Promise<Overview> {
  const within = part === 'all' ? undefined : [...part]
  const [now, trend] = await Promise.all([counts.now(within), counts.trend(within)])
  const whole = part === 'all'
  const [alarms, peers] = whole
    ? [(await region.store.read((reader) => region.alarms.list(reader))).length, await peerStates(region)]
    : [null, null]
  const flow = (side: string, pick: (one: (typeof now.flows)[number]) => number) =>
    now.flows.filter((one) => one.side === side).reduce((sum, one) => sum + pick(one), 0)
  const meaning = (wanted: string) => (one: (typeof now.flows)[number]) =>
    one.meaning === wanted ? one.count : 0
  const arrived = (state: string) => now.arrivals.find((one) => one.state === state)?.count ?? 0
  return {
    asOf: new Date(now.atMs).toISOString(),
    counts: {
      members: now.members,
      away: flow('home', ({ out }) => out),
      here: flow('host', ({ present }) => present),
      organisations: now.organisations,
    },
    waiting: {
      ...{ asked: arrived('asked'), denied: arrived('denied'), noAgreement: arrived('waiting') },
      unplaced: flow('host', ({ unplaced }) => unplaced),
      deviating: flow('home', meaning('deviating')) + flow('host', meaning('deviating')),
      oneSided: flow('home', meaning('one-sided')) + flow('host', meaning('one-sided')),
      heldRows: whole && role !== 'auditor' ? now.heldRows : null,
      alarms,
    },
    trend,
    flows: flowRows(now.flows, new Map((peers ?? []).map(({ node, name }) => [node, name]))),
    peers,
  }
}

function flowRows(
  flows: readonly { peer: string; side: string; meaning: string; count: number }[],
  names: ReadonlyMap<string, string>,
): Overview['flows'] {
  const rows = new Map<string, Overview['flows'][number]>()
  for (const { peer, side, meaning, count } of flows) {
    const none = { total: 0, agreed: 0, deviating: 0, oneSided: 0, pending: 0 }
    const fresh = { peer, name: names.get(peer) ?? peer, side: side as 'home' | 'host', ...none }
    const row = rows.get(`${peer} ${side}`) ?? fresh
    rows.set(`${peer} ${side}`, row)
    row.total += count
    if (meaning === 'agreed' || meaning === 'deviating' || meaning === 'pending') row[meaning] += count
    if (meaning === 'one-sided') row.oneSided += count
  }
  return [...rows.values()]
}
