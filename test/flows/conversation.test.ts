/** The conversation of two regions about one member: publish, arrive, place, amend, return, close, and all over again. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DomainError } from '../../node/errors.ts'
import { queries, waitingOutflows } from '../../node/flows/tables.ts'
import { type OutflowEntry, type ArrivalEntry } from '../../node/flows/index.ts'
import { type Outflow } from '../../protocol/index.ts'
import { settled } from '../harness/clock.ts'
import { dumpOf, without } from '../harness/dump.ts'
import { expectAgreement, statesOf } from '../harness/agreeing.ts'
import { idNumberOf } from '../harness/people.ts'
import { dongguan, level, shenzhen, twoRegions, xinyang, type Pair, type Side } from '../harness/world.ts'

let pair: Pair
let home: Side
let host: Side
beforeEach(async () => {
  pair = await twoRegions()
  ;({ home, host } = pair)
})
afterEach(() => expectAgreement(pair))

const idNumber = idNumberOf(1)
const member = (more: object = {}) => ({ idNumber, name: '王五', category: 'full' as const, ...more })
const away = (more: Partial<Outflow> = {}, entry: Partial<OutflowEntry> = {}): OutflowEntry => ({
  idNumber,
  host: shenzhen,
  outflow: { destination: { code: shenzhen, text: '广东深圳' }, leftOn: '2025-03-01', ...more },
  ...entry,
})
const arrived = (more: Partial<ArrivalEntry> = {}): ArrivalEntry => ({
  idNumber,
  home: xinyang,
  name: '王五',
  category: 'full',
  arrivedOn: '2025-03-05',
  ...more,
})
const branch = '中共深圳市南山区粤海街道软件园支部委员会'
const onlyHome = () => home.office.onlyCase(shenzhen)
const onlyHost = () => host.office.onlyCase(xinyang)
const coded = (code: string) => expect.objectContaining({ code }) as DomainError

async function published(): Promise<string> {
  await home.office.roster(member())
  expect(await home.office.outflow(away())).toEqual(['published'])
  await settled()
  return (await onlyHome()).row.id
}

async function confirmed(more: Partial<ArrivalEntry> = {}): Promise<string> {
  const id = await published()
  expect(await host.office.arrivals(arrived(more))).toEqual(['added'])
  await settled()
  return id
}

describe('deviations', () => {
  const deviating = async () => {
    await home.office.roster(member({ phone: '13800000001' }))
    await home.office.outflow(away({}, { phone: '13800000002' }))
    await host.office.arrivals(arrived({ name: '王武', category: 'probationary', phone: '13800000003' }))
    await settled()
    const { row } = await onlyHome()
    expect((await onlyHome()).host.deviations.map(({ field }) => field)).toEqual([
      'name',
      'category',
      'phone',
    ])
    return row.id
  }

  it('end where home takes host’s word: on the roster, in the case, and at host', async () => {
    const id = await deviating()
    await home.office.desk.adopt(id, ['category', 'phone'])
    await settled()
    expect((await onlyHome()).home.person).toEqual({
      ...{ name: '王五', category: 'probationary', phone: '13800000003' },
    })
    expect((await onlyHost()).host.deviations.map(({ field }) => field)).toEqual(['name'])
    expect((await home.office.roster(member({ category: undefined })))[0]?.change).toBe('unchanged')
    expect(await home.office.desk.detail(id)).toMatchObject({ deviations: ['name'] })
  })

  it('end where host takes home’s word', async () => {
    const id = await deviating()
    await host.office.desk.adopt(id, ['name', 'category', 'phone'])
    await settled()
    expect(await home.office.desk.detail(id)).toMatchObject({ meaning: 'agreed', deviations: [] })
    expect((await onlyHost()).host.person).toEqual({ name: '王五', category: 'full', phone: '13800000002' })
  })

  it('are nothing to adopt where there are none', async () => {
    const id = await confirmed()
    await expect(home.office.desk.adopt(id, ['phone'])).rejects.toThrow(coded('no_deviation'))
    await expect(host.office.desk.adopt(id, ['name'])).rejects.toThrow(coded('no_deviation'))
  })
})

describe('publication and arrival', () => {
  it('meet in one case that both sides hold', async () => {
    const id = await confirmed({ branch })
    expect(statesOf(await onlyHome())).toEqual(['published', 'placed'])
    expect((await onlyHost()).row.id).toBe(id)
    expect((await onlyHome()).host).toMatchObject({
      match: 'certain',
      deviations: [],
      branch: { name: branch },
    })
    expect(await host.office.desk.detail(id)).toMatchObject({
      meaning: 'agreed',
      differences: [],
      side: 'host',
    })
    expect(await home.office.said(shenzhen)).toEqual(['flow.published'])
    expect(await host.office.said(xinyang)).toEqual(['flow.arrived', 'flow.placed'])
  })

  it.each([
    ['王五', 'certain', []],
    ['王武', 'probable', ['name']],
    ['李四', 'possible', ['name']],
  ])('are graded by the name %s: %s', async (name, match, fields) => {
    await confirmed({ name, category: 'probationary' })
    const { host: facts } = await onlyHome()
    expect(facts.match).toBe(match)
    expect(facts.deviations.map(({ field }) => field)).toEqual([...fields, 'category'])
  })

  it('compare nothing that one side does not hold', async () => {
    const id = await published()
    await host.office.arrivals({ idNumber, home: xinyang, name: '王五', phone: '13800000000' })
    await settled()
    expect((await onlyHome()).host.deviations).toEqual([])
    expect((await home.office.desk.detail(id)).meaning).toBe('agreed')
  })

  it('come together when the arrival is first: home is asked, and asserts into the case it then publishes on', async () => {
    await home.office.roster(member())
    await host.office.arrivals(arrived())
    await settled()
    expect(statesOf(await onlyHost())).toEqual(['asserted', 'arrived'])
    expect((await host.office.desk.detail((await onlyHost()).row.id)).differences).toEqual([
      'reported-by-host-only',
    ])
    await home.office.outflow(away())
    await settled()
    expect(statesOf(await onlyHost())).toEqual(['published', 'arrived'])
  })

  it('wait for each other over a denial: a corrected roster asserts, and arrival, place and activities go out', async () => {
    await host.office.arrivals(arrived({ branch }))
    await settled()
    expect((await host.office.arrivalRows())[0]?.state).toBe('denied')
    expect(
      await host.office.activities(idNumber, { on: '2025-04-01', kind: 'study', title: '学习' }),
    ).toEqual(['waiting'])
    expect(await host.office.arrivals(arrived({ branch }))).toEqual(['unchanged'])
    await home.office.roster(member())
    await settled()
    expect(statesOf(await onlyHome())).toEqual(['asserted', 'placed'])
    expect((await home.office.desk.detail((await onlyHome()).row.id)).activities).toMatchObject([
      { by: 'host', title: '学习' },
    ])
    expect(await host.office.said(xinyang)).toEqual([
      'identity.queried',
      'flow.arrived',
      'flow.placed',
      'activity.recorded',
    ])
    expect(await home.store.read((reader) => reader.count(queries, { denied: true }))).toBe(0)
  })

  it('publish by themselves the outflow of a member who was not on the roster', async () => {
    expect(await home.office.outflow(away({}, { phone: '13900000000' }))).toEqual(['waiting'])
    expect(await home.office.outflow(away({ reason: '务工' }, { phone: '13900000000' }))).toEqual(['waiting'])
    expect(await home.office.said(shenzhen)).toEqual([])
    await home.office.roster(member({ phone: '13700000000' }))
    await settled()
    expect((await onlyHost()).home).toMatchObject({
      state: 'published',
      person: { phone: '13900000000' },
      outflow: { reason: '务工' },
    })
    expect(await home.store.read((reader) => reader.count(waitingOutflows, {}))).toBe(0)
  })

  it('are refused with a region that is no peer', async () => {
    await home.office.roster(member())
    await expect(home.office.outflow(away({}, { host: dongguan }))).rejects.toEqual(coded('agreement_needed'))
    await expect(
      home.office.outflow({ ...away({}, { host: dongguan }), idNumber: idNumberOf(9) }),
    ).rejects.toEqual(coded('agreement_needed'))
    expect(await host.office.arrivals(arrived({ home: dongguan }))).toEqual(['added'])
    expect(await host.office.said(xinyang)).toEqual([])
  })
})

describe('the same again', () => {
  it('writes no record and changes nothing: register, roster, arrivals, activities', async () => {
    await confirmed({ branch })
    await host.office.activities(idNumber, { on: '2025-04-01', kind: 'dues', amountFen: 500 })
    await settled()
    const before = [await dumpOf(home.store), await dumpOf(host.store)]
    expect(await home.office.outflow(away())).toEqual(['unchanged'])
    expect((await home.office.roster(member())).map(({ change }) => change)).toEqual(['unchanged'])
    expect(await host.office.arrivals(arrived({ branch }))).toEqual(['unchanged'])
    expect(
      await host.office.activities(idNumber, { on: '2025-04-01', kind: 'dues', amountFen: 500 }),
    ).toEqual(['unchanged'])
    await settled()
    expect([await dumpOf(home.store), await dumpOf(host.store)]).toEqual(before)
  })

  it('writes none while home has not answered, has denied, or the member is not on the roster', async () => {
    pair.network.fate = () => 'drop'
    await host.office.arrivals(arrived())
    await host.office.arrivals(arrived())
    expect(await host.office.said(xinyang)).toEqual(['identity.queried'])
    await level(pair)
    await host.office.arrivals(arrived())
    await home.office.outflow(away())
    await home.office.outflow(away())
    await settled()
    expect(await host.office.said(xinyang)).toEqual(['identity.queried'])
    expect(await home.office.said(shenzhen)).toEqual(['identity.denied'])
  })

  it('of a stay that has ended says nothing new, whether it is returned or closed', async () => {
    const id = await confirmed()
    await home.office.desk.registerReturn(id, { returnedOn: '2025-08-01' })
    expect(await home.office.outflow(away())).toEqual(['unchanged'])
    expect(await home.office.outflow(away({ reason: '务工' }))).toEqual(['unchanged'])
    await home.office.desk.close(id, { reason: 'returned' })
    expect(await home.office.outflow(away())).toEqual(['unchanged'])
    await settled()
    expect(await home.office.cases(shenzhen)).toHaveLength(1)
    expect(await home.office.said(shenzhen)).toEqual(['flow.published', 'flow.returned', 'flow.closed'])
  })

  it('does not raise the dead', async () => {
    const id = await published()
    await home.office.desk.close(id, { reason: 'death' })
    expect(await home.office.outflow(away())).toEqual(['unchanged'])
    expect(await home.office.outflow(away({ reason: '务工' }))).toEqual(['unchanged'])
    expect((await onlyHome()).home).toMatchObject({ state: 'closed', closed: 'death' })
  })

  it('is published when what was wrong with a publication in error has been corrected', async () => {
    const id = await published()
    await home.office.desk.close(id, { reason: 'published-in-error' })
    expect(await home.office.outflow(away())).toEqual(['unchanged'])
    expect(await home.office.outflow(away({ reason: '务工' }))).toEqual(['published'])
    await settled()
    expect((await host.office.openCases(xinyang)).map(statesOf)).toEqual([['published', 'none']])
  })
})

describe('amending', () => {
  it('restates host’s confirmation when the deviations change, and only then', async () => {
    const id = await confirmed({ name: '王武' })
    await home.office.desk.amend(id, { outflow: { destination: { code: shenzhen, text: '深圳南山' } } })
    await settled()
    expect(await host.office.said(xinyang)).toEqual(['flow.arrived'])
    await home.office.roster(member({ name: '王武' }))
    await settled()
    expect(await host.office.said(xinyang)).toEqual(['flow.arrived', 'flow.arrived'])
    expect((await onlyHome()).host).toMatchObject({ match: 'certain', deviations: [] })
    expect(await home.office.desk.detail(id)).toMatchObject({ meaning: 'agreed' })
  })

  it('follows the register and the roster, keeping the phone given with the outflow', async () => {
    await home.office.roster(member({ phone: '13700000000' }))
    await home.office.outflow(away({}, { phone: '13900000000' }))
    await home.office.roster(member({ phone: '13600000000', category: 'probationary' }))
    await settled()
    expect((await onlyHost()).home.person).toEqual({
      name: '王五',
      category: 'probationary',
      phone: '13900000000',
    })
    expect(await home.office.outflow(away({ reason: '经商' }, { phone: '13900000000' }))).toEqual(['amended'])
  })

  it('follows a phone corrected on the roster where the register gave none', async () => {
    await home.office.roster(member({ phone: '13700000000' }))
    await home.office.outflow(away())
    await home.office.roster(member({ phone: '13600000000' }))
    await settled()
    expect((await onlyHost()).home.person).toMatchObject({ phone: '13600000000' })
  })

  it('follows a phone corrected on the roster where nothing is published yet', async () => {
    await home.office.roster(member({ phone: '13700000000' }))
    await host.office.arrivals(arrived({ phone: '13600000000' }))
    await settled()
    expect((await onlyHome()).host.deviations).toHaveLength(1)
    await home.office.roster(member({ phone: '13600000000' }))
    await settled()
    expect((await onlyHost()).home).toMatchObject({ state: 'asserted', person: { phone: '13600000000' } })
    expect((await onlyHome()).host.deviations).toEqual([])
  })

  it('follows host’s own corrections of the arrival', async () => {
    await confirmed({ name: '王武' })
    expect(await host.office.arrivals(arrived({ name: '王五', employer: '某公司' }))).toEqual(['changed'])
    await settled()
    expect((await onlyHome()).host).toMatchObject({ match: 'certain', deviations: [], employer: '某公司' })
  })
})

describe('placing', () => {
  it('relocates when it is said again with another branch', async () => {
    const id = await confirmed()
    await host.office.desk.place(id, { branch, on: '2025-03-06' })
    await host.office.desk.place(id, { branch: '另一支部' })
    await settled()
    expect(await host.office.said(xinyang)).toEqual(['flow.arrived', 'flow.placed', 'flow.relocated'])
    expect((await onlyHome()).host.branch?.name).toBe('另一支部')
  })

  it('by an officer stands against the register’s old word, until the register says another', async () => {
    const id = await confirmed({ branch })
    await host.office.desk.place(id, { branch: '另一支部' })
    await home.office.desk.amend(id, { person: { name: '王武' } })
    await settled()
    expect((await onlyHome()).host.branch?.name).toBe('另一支部')
    await host.office.arrivals(arrived({ branch }))
    await host.office.arrivals(arrived({ branch, employer: '某公司' }))
    await settled()
    expect((await onlyHome()).host.branch?.name).toBe('另一支部')
    await host.office.arrivals(arrived({ branch: '第三支部' }))
    await settled()
    expect((await onlyHome()).host.branch?.name).toBe('第三支部')
  })

  it('needs an arrival, and a branch with a name', async () => {
    const id = await published()
    await expect(host.office.desk.place(id, { branch })).rejects.toEqual(coded('not_arrived'))
    await host.office.arrivals(arrived())
    await expect(host.office.desk.place(id, { branch: '  ' })).rejects.toEqual(coded('branch_not_found'))
  })
})

describe('the end of a stay', () => {
  it('is home’s return and host’s departure, each its own fact', async () => {
    const id = await confirmed({ branch })
    await home.office.desk.registerReturn(id, { returnedOn: '2025-08-01' })
    await settled()
    expect(await host.office.desk.detail(id)).toMatchObject({
      meaning: 'deviating',
      differences: ['present-but-returned'],
    })
    await host.office.desk.depart(id, { departedOn: '2025-07-30' })
    await settled()
    expect(await home.office.desk.detail(id)).toMatchObject({ meaning: 'ended', differences: [] })
    await home.office.desk.close(id, { reason: 'returned' })
    await settled()
    expect((await onlyHost()).row.open).toBe(false)
    for (const again of [
      () => home.office.desk.close(id, { reason: 'death' }),
      () => home.office.desk.amend(id, { person: { name: '王武' } }),
      () => home.office.desk.registerReturn(id, { returnedOn: '2025-08-02' }),
      () => home.office.desk.notify(id, { on: '2025-08-01', subject: 'x', text: 'y' }),
    ])
      await expect(again()).rejects.toEqual(coded('case_closed'))
    await expect(host.office.desk.depart(id, { departedOn: '2025-07-31' })).rejects.toEqual(
      coded('already_departed'),
    )
  })

  it('lets reports of what happened before come after it', async () => {
    const id = await confirmed()
    await host.office.desk.depart(id, { departedOn: '2025-07-30' })
    await home.office.desk.close(id, { reason: 'returned' })
    expect(
      await host.office.activities(idNumber, { on: '2025-06-01', kind: 'study', title: '学习' }),
    ).toEqual(['reported'])
    await settled()
    expect((await home.office.desk.detail(id)).activities).toHaveLength(1)
  })

  it('is followed by a new case when the member goes out again, and not by a confirmation of the old stay', async () => {
    const id = await confirmed({ branch })
    await host.office.desk.depart(id, { departedOn: '2025-07-30' })
    await home.office.desk.registerReturn(id, { returnedOn: '2025-08-01' })
    await home.office.desk.close(id, { reason: 'returned' })
    await settled()
    expect(await home.office.outflow(away({ leftOn: '2026-02-20' }))).toEqual(['published'])
    await settled()
    const [open, ...others] = await host.office.openCases(xinyang)
    expect(others).toEqual([])
    expect(open?.row.id).not.toBe(id)
    expect(open && statesOf(open)).toEqual(['published', 'none'])
    // The arrivals register as it was says nothing of the new stay; a later day does.
    await host.office.arrivals(arrived({ branch }))
    expect((await host.office.openCases(xinyang)).map(statesOf)).toEqual([['published', 'none']])
    await host.office.arrivals(arrived({ branch, arrivedOn: '2026-02-25' }))
    await settled()
    expect((await home.office.openCases(shenzhen)).map(statesOf)).toEqual([['published', 'placed']])
  })

  it('is closed by itself when the register says the member is out again', async () => {
    const id = await published()
    await home.office.desk.registerReturn(id, { returnedOn: '2025-08-01' })
    expect(await home.office.outflow(away({ leftOn: '2025-09-01' }))).toEqual(['published'])
    await settled()
    expect((await host.office.cases(xinyang)).map(statesOf).sort()).toEqual([
      ['closed', 'none'],
      ['published', 'none'],
    ])
  })

  it('is asked about when the person reports again after home has closed', async () => {
    const id = await confirmed()
    await host.office.desk.depart(id, { departedOn: '2025-07-30' })
    await home.office.desk.close(id, { reason: 'returned' })
    await settled()
    await host.office.arrivals(arrived())
    expect(await host.office.said(xinyang)).toEqual(['flow.arrived', 'flow.departed'])
    await host.office.arrivals(arrived({ arrivedOn: '2026-01-10' }))
    expect(await host.office.activities(idNumber, { on: '2026-01-15', kind: 'study', title: '新' })).toEqual([
      'waiting',
    ])
    await settled()
    const [open] = await home.office.openCases(shenzhen)
    expect(open && statesOf(open)).toEqual(['asserted', 'arrived'])
    expect((await home.office.desk.detail(open?.row.id ?? '')).activities).toMatchObject([{ title: '新' }])
  })
})

describe('coming back to the same case', () => {
  it('is an arrival with a later day; the old register says nothing new', async () => {
    const id = await confirmed({ branch })
    await host.office.desk.depart(id, { departedOn: '2025-07-30' })
    await settled()
    expect((await home.office.desk.detail(id)).differences).toEqual(['departed-but-out'])
    expect(await host.office.arrivals(arrived({ branch }))).toEqual(['unchanged'])
    await home.office.desk.amend(id, { person: { name: '王武' } })
    await settled()
    expect(statesOf(await onlyHost())).toEqual(['published', 'departed'])
    expect(await host.office.arrivals(arrived({ branch, arrivedOn: '2025-09-01' }))).toEqual(['changed'])
    await settled()
    expect(statesOf(await onlyHome())).toEqual(['published', 'placed'])
    expect((await onlyHome()).host).toMatchObject({ departedOn: null, arrivedOn: '2025-09-01' })
  })
})

describe('a dispute', () => {
  it('stands until host confirms anew', async () => {
    const id = await published()
    await host.office.desk.dispute(id, { reason: 'not-arrived', note: '查无此人' })
    await settled()
    expect(await home.office.desk.detail(id)).toMatchObject({
      meaning: 'deviating',
      differences: ['disputed'],
    })
    await host.office.arrivals(arrived())
    await settled()
    expect((await onlyHome()).host).toMatchObject({ state: 'arrived', dispute: null })
  })
})

describe('whose word it is', () => {
  it('refuses each side the other’s verbs', async () => {
    const id = await confirmed()
    const homes = [
      () => host.office.desk.amend(id, { person: { name: '王武' } }),
      () => host.office.desk.registerReturn(id, { returnedOn: '2025-08-01' }),
      () => host.office.desk.close(id, { reason: 'death' }),
      () => host.office.desk.notify(id, { on: '2025-08-01', subject: 'x', text: 'y' }),
    ]
    for (const verb of homes) await expect(verb()).rejects.toEqual(coded('not_home_of_case'))
    const hosts = [
      () => home.office.desk.place(id, { branch }),
      () => home.office.desk.depart(id, { departedOn: '2025-08-01' }),
      () => home.office.desk.dispute(id, { reason: 'other' }),
    ]
    for (const verb of hosts) await expect(verb()).rejects.toEqual(coded('not_host_of_case'))
  })

  it('knows no case that is not there, and no page without a peer', async () => {
    const id = '019ca000-0000-7000-8000-000000000001'
    await expect(home.office.desk.detail(id)).rejects.toEqual(coded('case_not_found'))
    await expect(home.office.desk.close(id, { reason: 'death' })).rejects.toEqual(coded('case_not_found'))
    await expect(home.office.desk.evidence(id)).rejects.toEqual(coded('case_not_found'))
    await expect(home.office.desk.list({ peer: undefined, home: undefined, after: null })).rejects.toEqual(
      coded('bad_request'),
    )
  })

  it('leaves nothing of a verb that is refused', async () => {
    const id = await published()
    const before = await dumpOf(host.store)
    await expect(host.office.desk.depart(id, { departedOn: '2025-08-01' })).rejects.toEqual(
      coded('not_arrived'),
    )
    await expect(host.office.desk.place(id, { branch: '新支部' })).rejects.toEqual(coded('not_arrived'))
    expect(without(await dumpOf(host.store), 'refusals')).toEqual(without(before, 'refusals'))
  })
})
