/**
 * One region with two committees, each with its branch and its people, and a peer: what the tests of authorisation walk
 * over. Every kind of thing there is exists once in each part.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { peerStates } from '../../node/http/overview.ts'
import { claimDatabase } from '../../node/federation/identity.ts'
import { type Region } from '../../node/region.ts'
import { type Store } from '../../node/store/port.ts'
import { readSheetsHere } from '../../node/workbooks/index.ts'
import { type Uuid } from '../../protocol/index.ts'
import { Office } from './office.ts'
import { idNumberOf } from './people.ts'
import { agree, openTestRegion } from './region.ts'
import { newWorld, shenzhen, xinyang, type World } from './world.ts'

/** Ids of what belongs to one part. */
export interface Belongings {
  readonly committee: Uuid
  readonly branch: Uuid
  readonly branchName: string
  readonly member: Uuid
  readonly homeCase: Uuid
  readonly hostCase: Uuid
  readonly arrival: Uuid
}

export interface TwoParts {
  readonly region: Region
  readonly other: Region
  readonly east: Belongings
  readonly west: Belongings
  /** Ids that name nothing. */
  readonly none: Uuid
  readonly clock: World['clock']
  /** Until nothing is under way between the two regions. */
  level(): Promise<void>
}

export const nothing = '019ca000-0000-7000-8000-00000000dead'
const places = { east: '东河镇', west: '西坪乡' } as const

export async function twoParts(store?: Store): Promise<TwoParts> {
  const world = newWorld()
  const here = openTestRegion({
    ...world,
    node: xinyang,
    readSheets: readSheetsHere,
    ...(store ? { store } : {}),
  })
  await claimDatabase(here.store, xinyang, here.region.keyring)
  const there = openTestRegion({ ...world, node: shenzhen })
  await agree(here, there, world.network)
  const [office, away] = [new Office(here.region), new Office(there.region)]
  for (const [i, place] of [places.east, places.west].entries()) {
    const branch = `中共${place}二岭村支部委员会`
    const [ours, theirs] = [idNumberOf(10 + i), idNumberOf(20 + i)]
    await office.roster({
      idNumber: ours,
      name: `王${place[0]}`,
      branch,
      phone: `1380000111${i}`,
      category: 'full',
    })
    await office.outflow({
      idNumber: ours,
      host: shenzhen,
      outflow: { destination: { code: shenzhen, text: '深圳' } },
    })
    await away.roster({ idNumber: theirs, name: `李${place[0]}`, phone: `1390000222${i}` })
    await away.outflow({
      idNumber: theirs,
      host: xinyang,
      outflow: { destination: { code: xinyang, text: '信阳' } },
    })
    await untilLevel(here.region, there.region, world)
    const arrived = { arrivedOn: '2026-02-01', branch, phone: `1370000333${i}` }
    await office.arrivals({ idNumber: theirs, home: shenzhen, name: `李${place[0]}`, ...arrived })
  }
  await untilLevel(here.region, there.region, world)
  const [east, west] = await Promise.all(
    [places.east, places.west].map((place) => belongings(here.region, office, place)),
  )
  if (!east || !west) throw new Error('no parts')
  const level = () => untilLevel(here.region, there.region, world)
  return { region: here.region, other: there.region, east, west, none: nothing, clock: world.clock, level }
}

/** PostgreSQL answers in its own time, which no virtual clock knows: until nothing is under way any more. */
async function untilLevel(here: Region, there: Region, { clock }: World): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const states = await Promise.all([peerStates(here), peerStates(there)])
    const [ours, theirs] = states.map(([state]) => state)
    if (ours && theirs && ours.unsent + theirs.unsent === 0 && ours.sent.seq === theirs.received.seq && i > 2)
      return
    await clock.advance(1000)
    await delay(10)
  }
  throw new Error('the two regions did not come to rest')
}

async function belongings(region: Region, office: Office, place: string): Promise<Belongings> {
  const branchName = `中共${place}二岭村支部委员会`
  const branch = await region.store.read((reader) => region.organisations.named(reader, branchName))
  const cases = (await office.cases(shenzhen)).filter(({ row }) => row.organisation === branch?.id)
  const side = (wanted: string) => cases.find(({ row }) => row.side === wanted)?.row
  const arrival = (await office.arrivalRows()).find((row) => row.branch === branch?.id)
  const ids = {
    committee: branch?.parent,
    branch: branch?.id,
    member: side('home')?.member,
    homeCase: side('home')?.id,
    hostCase: side('host')?.id,
    arrival: arrival?.id,
  }
  for (const [name, id] of Object.entries(ids)) if (!id) throw new Error(`${place} has no ${name}`)
  return { ...(ids as Record<keyof typeof ids, Uuid>), branchName }
}
