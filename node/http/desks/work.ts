/** Work on people from a page: showing a number for a purpose, registering one person, a branch meeting, organisations. */
import { checkIdNumber, type Activity, type NodeId, type Uuid } from '../../../protocol/index.ts'
import { DomainError } from '../../errors.ts'
import { pairLock } from '../../federation/outbox.ts'
import { rosterLock } from '../../members/index.ts'
import { type Region } from '../../region.ts'
import { type Transaction } from '../../store/port.ts'
import { isWithin, type Desk, type OfficeDoors, type Part } from '../route.ts'

type WorkRoute =
  | 'member.reveal'
  | 'arrival.reveal'
  | 'case.reveal'
  | 'outflow.add'
  | 'arrivals.add'
  | 'activities.meeting'
  | 'organisations.add'
  | 'organisation.change'
  | 'organisation.remove'
  | 'organisation.merge'

export function workDesk(doors: OfficeDoors): Desk<WorkRoute> {
  const { region } = doors
  return { ...reveals(region), ...registering(region), ...organising(doors) }
}

function reveals({ store, members, host, cases }: Region) {
  return {
    'member.reveal': async ({ params, body }) => {
      const member = await store.read((reader) => members.get(reader, params.id))
      if (!member) throw new DomainError('member_not_found')
      return { value: body.field === 'phone' ? member.phone : members.idNumberOf(member) }
    },
    'arrival.reveal': async ({ params, body }) => {
      const arrival = await store.read((reader) => host.arrival(reader, params.id))
      if (!arrival) throw new DomainError('arrival_not_found')
      return { value: body.field === 'phone' ? arrival.phone : (host.idNumberOf(arrival) ?? null) }
    },
    'case.reveal': async ({ params, body }) => {
      const subject = await store.read((reader) => cases.get(reader, params.id))
      if (!subject) throw new DomainError('case_not_found')
      const { person } = body.field === 'homePhone' ? subject.home : subject.host
      return { value: person?.phone ?? null }
    },
  } satisfies Partial<Desk<WorkRoute>>
}

function registering(region: Region) {
  const { members, home, host } = region
  return {
    'outflow.add': ({ params, body }) =>
      locked(region, [body.host], async (tx) => {
        const member = await members.get(tx, params.id)
        if (!member) throw new DomainError('member_not_found')
        const entry = { idNumber: members.idNumberOf(member), ...body }
        return { result: (await home.register(tx, [entry]))[0] ?? '' }
      }),
    'arrivals.add': async ({ body, part }) => {
      const number = checkIdNumber(body.idNumber)
      if (!number.ok) throw new DomainError('bad_id_number')
      await demandBranchWithin(region, part, body.branch)
      return locked(region, [body.home], async (tx) => {
        await demandNotElsewhere(tx, region, part, number.idNumber)
        return { result: (await host.register(tx, [{ ...body, idNumber: number.idNumber }]))[0] ?? '' }
      })
    },
    'activities.meeting': ({ body, part }) => meeting(region, part, body.cases, body.activity),
  } satisfies Partial<Desk<WorkRoute>>
}

/** The whole region may name a new branch; who works for one organisation only one of his own that is there. */
export async function demandBranchWithin(
  { store, organisations }: Region,
  part: Part,
  name: string | undefined,
): Promise<void> {
  if (part === 'all') return
  const found = await store.read((reader) => organisations.named(reader, name ?? ''))
  if (!isWithin(part, found?.id)) throw new DomainError('organisation_not_found')
}

/** To register somebody whom another part of the region has here already would take him out of its hands. */
async function demandNotElsewhere(
  tx: Transaction,
  { host, members }: Region,
  part: Part,
  idNumber: string,
): Promise<void> {
  const token = members.idToken(idNumber)
  const there = (await host.byTokens(tx, [token])).get(token) ?? []
  if (there.some(({ branch }) => branch !== null && !isWithin(part, branch)))
    throw new DomainError('arrival_elsewhere')
}

function locked<T>(
  { store }: Region,
  peers: readonly NodeId[],
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return store.transaction(async (tx) => {
    await tx.lock([rosterLock, ...peers.map(pairLock)])
    return work(tx)
  })
}

/** One activity on many cases, peer by peer; who cannot be reported on is named, and keeps nobody else from it. */
async function meeting(region: Region, part: Part, ids: readonly Uuid[], activity: Activity) {
  const { store, cases, activities } = region
  const found = await store.read((reader) => cases.getMany(reader, [...new Set(ids)]))
  const mine = new Map(
    found.filter(({ row }) => isWithin(part, row.organisation)).map((one) => [one.row.id, one]),
  )
  const refused = ids.filter((id) => !mine.has(id)).map((id) => ({ case: id, code: 'case_not_found' }))
  const count = { reported: 0, unchanged: 0 }
  for (const peer of new Set([...mine.values()].map(({ row }) => row.peer)))
    await locked(region, [peer], async (tx) => {
      for (const { row } of [...mine.values()].filter((one) => one.row.peer === peer)) {
        const subject = await cases.get(tx, row.id)
        const result = subject && (await outcome(activities.reportOnCase(tx, subject, activity)))
        if (result === 'reported' || result === 'unchanged') count[result]++
        else refused.push({ case: row.id, code: result ?? 'case_not_found' })
      }
    })
  return { ...count, refused }
}

async function outcome(reporting: Promise<string>): Promise<string> {
  try {
    return await reporting
  } catch (error) {
    if (error instanceof DomainError) return error.code
    throw error
  }
}

function organising({ region: { store, organisations }, tree }: OfficeDoors) {
  return {
    'organisations.add': ({ body }) => store.transaction((tx) => organisations.create(tx, body)),
    'organisation.change': ({ params, body }) =>
      store.transaction((tx) => organisations.change(tx, params.id, body)),
    'organisation.remove': async ({ params }) => {
      await tree.remove(params.id)
      return {}
    },
    'organisation.merge': ({ params, body }) => tree.merge(params.id, body.into),
  } satisfies Partial<Desk<WorkRoute>>
}
