/** Mending the tree: nothing is removed on which anybody hangs, and a merged branch loses nobody, not even by name. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openOffice, type Office as Rooms } from '../../node/office.ts'
import { arrivals, cases } from '../../node/flows/tables.ts'
import { members } from '../../node/members/tables.ts'
import { Rates } from '../../node/rates.ts'
import { Office } from '../harness/office.ts'
import { idNumberOf } from '../harness/people.ts'
import { nothing, twoParts, type TwoParts } from '../harness/parts.ts'
import { seededRandom } from '../harness/random.ts'
import { silent } from '../harness/region.ts'

let parts: TwoParts
let rooms: Rooms
beforeEach(async () => {
  parts = await twoParts()
  const { region } = parts
  const tuning = { rates: new Rates(region.clock), passwords: { costLog2: 4 } }
  rooms = openOffice({
    region,
    random: seededRandom(5),
    log: silent,
    origin: 'http://127.0.0.1:7311',
    ...tuning,
  })
})
afterEach(() => parts.region.stop())

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  )
const rowsOf = (organisation: string) =>
  parts.region.store.read(async (reader) => ({
    members: (await reader.find(members, { branch: organisation })).length,
    cases: (await reader.find(cases, { organisation })).length,
    arrivals: (await reader.find(arrivals, { branch: organisation })).length,
    accounts: (await rooms.accounts.list()).filter((one) => one.organisation === organisation).length,
  }))
const create = (name: string, kind: 'committee' | 'branch', parent?: string) =>
  parts.region.store.transaction((tx) => parts.region.organisations.create(tx, { name, kind, parent }))
const named = (name: string) =>
  parts.region.store.read((reader) => parts.region.organisations.named(reader, name))

describe('an organisation', () => {
  it('on which anybody or anything hangs is not removed; nor is the region, nor what is not there', async () => {
    const { east, region } = parts
    expect(await codeOf(rooms.tree.remove(east.branch))).toBe('organisation_not_empty')
    expect(await codeOf(rooms.tree.remove(east.committee))).toBe('organisation_not_empty')
    expect(await codeOf(rooms.tree.remove(nothing))).toBe('organisation_not_found')
    const root = (await named(region.name))?.id ?? ''
    expect(await codeOf(rooms.tree.remove(root))).toBe('organisation_place')
    const empty = await create('中共空支部委员会', 'branch', east.committee)
    const account = await rooms.accounts.create({
      ...{ account: 'li.na', name: '李娜', role: 'branch', organisation: empty.id },
    })
    expect(await codeOf(rooms.tree.remove(empty.id))).toBe('organisation_not_empty')
    await rooms.accounts.change(account.account.id, { role: 'officer' })
    expect(await codeOf(rooms.tree.remove(empty.id))).toBe('done')
    expect(await named('中共空支部委员会')).toBeUndefined()
  })

  it('is merged into no other kind, not into itself, and not into what is not there', async () => {
    const { east, west } = parts
    for (const [from, into] of [
      [east.branch, west.committee],
      [east.committee, west.branch],
      [east.branch, east.branch],
    ] as const)
      expect(await codeOf(rooms.tree.merge(from, into))).toBe('organisation_place')
    expect(await codeOf(rooms.tree.merge(east.branch, nothing))).toBe('organisation_not_found')
    expect(await codeOf(rooms.tree.merge(nothing, east.branch))).toBe('organisation_not_found')
  })
})

describe('a branch that is merged', () => {
  beforeEach(async () => {
    await rooms.accounts.create({
      account: 'li.na',
      name: '李娜',
      role: 'branch',
      organisation: parts.east.branch,
    })
  })

  it('leaves all its people, cases, arrivals and accounts to the other', async () => {
    const { east, west } = parts
    expect(await rowsOf(east.branch)).toEqual({ members: 1, cases: 2, arrivals: 1, accounts: 1 })
    await rooms.tree.merge(east.branch, west.branch)
    expect(await rowsOf(east.branch)).toEqual({ members: 0, cases: 0, arrivals: 0, accounts: 0 })
    expect(await rowsOf(west.branch)).toEqual({ members: 2, cases: 4, arrivals: 2, accounts: 1 })
  })

  it('is found by its name afterwards, so a workbook that uses it makes no new one', async () => {
    const { east, west, region } = parts
    await rooms.tree.merge(east.branch, west.branch)
    expect((await named(east.branchName))?.id).toBe(west.branch)
    const office = new Office(region)
    await office.roster({ idNumber: idNumberOf(60), name: '钱六', branch: east.branchName })
    expect((await rowsOf(west.branch)).members).toBe(3)
    // Merged again, the earliest name leads to where its people are.
    const third = await create('中共第三支部委员会', 'branch', west.committee)
    await rooms.tree.merge(west.branch, third.id)
    expect((await named(east.branchName))?.id).toBe(third.id)
    expect((await named(west.branchName))?.id).toBe(third.id)
    // A new organisation may bear the name again.
    const anew = await create(east.branchName, 'branch', east.committee)
    expect((await named(east.branchName))?.id).toBe(anew.id)
  })

  it('is said to their home to be another branch, and later words of the case leave it there', async () => {
    const { east, west, region, other } = parts
    await rooms.tree.merge(east.branch, west.branch)
    await parts.level()
    const there = await other.store.read((reader) => other.cases.get(reader, east.hostCase))
    expect(there?.host).toMatchObject({ state: 'placed', branch: { id: west.branch, name: west.branchName } })
    const { desk } = new Office(region)
    await desk.depart(east.hostCase, { departedOn: '2026-02-25' })
    await desk.amend(east.homeCase, { person: { name: '王东', category: 'full' } })
    await parts.level()
    for (const id of [east.hostCase, east.homeCase])
      expect((await region.store.read((reader) => region.cases.get(reader, id)))?.row.organisation).toBe(
        west.branch,
      )
  })

  it('that somebody had left before keeps him in the other, whatever is said of his case later', async () => {
    const { east, west, region } = parts
    const away = new Office(parts.other)
    const { desk } = new Office(region)
    await desk.depart(east.hostCase, { departedOn: '2026-02-25' })
    await parts.level()
    await rooms.tree.merge(east.branch, west.branch)
    await away.desk.registerReturn(east.hostCase, { returnedOn: '2026-02-26' })
    await away.desk.close(east.hostCase, { reason: 'returned' })
    await parts.level()
    const found = await region.store.read((reader) => region.cases.get(reader, east.hostCase))
    expect([found?.home.state, found?.row.organisation]).toEqual(['closed', west.branch])
  })
})

it('a committee that is merged leaves its branches and its name to the other', async () => {
  const { east, west, region } = parts
  const name =
    (await region.store.read((reader) => region.organisations.get(reader, east.committee)))?.name ?? ''
  await rooms.tree.merge(east.committee, west.committee)
  const branch = await region.store.read((reader) => region.organisations.get(reader, east.branch))
  expect(branch?.parent).toBe(west.committee)
  const office = new Office(region)
  await office.roster({ idNumber: idNumberOf(61), name: '孙七', branch: '中共东河镇新村支部委员会' })
  expect((await named('中共东河镇新村支部委员会'))?.parent).toBe(west.committee)
  expect((await named(name))?.id).toBe(west.committee)
})
