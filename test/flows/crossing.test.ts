/**
 * Two sides that speak at once: whatever crosses whatever, they end with one case per member and host and the same
 * view of it. Both a few steps in every order, and long random days of an office.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DomainError } from '../../node/errors.ts'
import { type Activity, type Uuid } from '../../protocol/index.ts'
import { expectAgreement, statesOf } from '../harness/agreeing.ts'
import { idNumberOf, nameOf } from '../harness/people.ts'
import { deliver, shenzhen, twoRegions, xinyang, type Pair } from '../harness/world.ts'

const outflow = { destination: { code: shenzhen, text: '深圳' }, leftOn: '2025-03-01' }

/** The three things that make a case, and the two directions; each may come at any time and more than once. */
const steps = {
  roster: ({ home }: Pair) => home.office.roster({ idNumber: idNumberOf(1), name: '王五' }),
  publish: ({ home }: Pair) => home.office.outflow({ idNumber: idNumberOf(1), host: shenzhen, outflow }),
  arrive: ({ host }: Pair) =>
    host.office.arrivals({ idNumber: idNumberOf(1), home: xinyang, name: '王五', branch: '支部' }),
  there: (pair: Pair) => deliver(pair, pair.home, pair.host),
  back: (pair: Pair) => deliver(pair, pair.host, pair.home),
} as const
type Step = keyof typeof steps

async function play(pair: Pair, order: readonly Step[]): Promise<void> {
  pair.network.fate = () => 'drop'
  for (const step of order) await steps[step](pair)
}

async function expectOneCase(pair: Pair): Promise<void> {
  await expectAgreement(pair)
  const ours = await pair.home.office.onlyCase(shenzhen)
  expect(statesOf(ours)).toEqual(['published', 'placed'])
  expect((await pair.host.office.onlyCase(xinyang)).row.id).toBe(ours.row.id)
  expect(await pair.host.office.arrivalRows()).toMatchObject([{ state: 'known', caseId: ours.row.id }])
}

describe('a query and a publication', () => {
  it.each<[string, Step[]]>([
    ['query first, answered before the publication', ['roster', 'arrive', 'back', 'publish', 'there']],
    ['query first, crossing the publication', ['roster', 'arrive', 'publish', 'back', 'there']],
    ['publication first, crossing the query', ['roster', 'publish', 'arrive', 'there', 'back']],
    [
      'denied, then the roster and the publication',
      ['arrive', 'back', 'there', 'publish', 'roster', 'there', 'back'],
    ],
    ['denial and publication on the way together', ['arrive', 'back', 'roster', 'publish', 'there', 'back']],
  ])('%s', async (_name, order) => {
    const pair = await twoRegions()
    await play(pair, order)
    await expectOneCase(pair)
  })

  it('end in one case in every interleaving', async () => {
    const anyOrder = fc.array(fc.constantFrom(...(Object.keys(steps) as Step[])), { maxLength: 14 })
    const needed = fc.shuffledSubarray<Step>(['roster', 'publish', 'arrive'], { minLength: 3 })
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), anyOrder, needed, async (seed, order, rest) => {
        const pair = await twoRegions(seed)
        await play(pair, [...order, ...rest])
        await expectOneCase(pair)
      }),
      { numRuns: 60 },
    )
  })
})

describe('random days of two offices', () => {
  it('end level with byte-equal shared views, and no honest record is ever refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), fc.array(act, { maxLength: 40 }), async (seed, acts) => {
        const pair = await twoRegions(seed)
        pair.network.fate = () => 'drop'
        for (const one of acts) await perform(pair, one)
        await expectAgreement(pair)
      }),
      { numRuns: 60 },
    )
  })
})

type Act = { do: (typeof verbs)[number]; who: number; which: number; day: number }
const verbs = [
  'roster',
  'register',
  'amend',
  'return',
  'close',
  'notice',
  'home reports',
  'home corrects',
  'arrive',
  'arrive',
  'place',
  'depart',
  'dispute',
  'host reports',
  'host corrects',
  'there',
  'there',
  'back',
  'back',
] as const
const act: fc.Arbitrary<Act> = fc.record({
  do: fc.constantFrom(...verbs),
  who: fc.integer({ min: 1, max: 3 }),
  which: fc.nat(3),
  day: fc.integer({ min: 1, max: 28 }),
})

/** What the officer is told he cannot do is part of the day; anything else that throws is a defect. */
async function perform(pair: Pair, one: Act): Promise<void> {
  try {
    await attempt(pair, one)
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
  }
}

async function attempt(pair: Pair, { do: verb, who, which, day }: Act): Promise<unknown> {
  const { home, host } = pair
  const idNumber = idNumberOf(who)
  const name = which === 3 ? nameOf(who + 10) : nameOf(who)
  const on = `2025-${String(4 + which).padStart(2, '0')}-${String(day).padStart(2, '0')}`
  const activity: Activity = { on, kind: 'study', title: `第${which}次` }
  const ours = async () =>
    pick(
      (await home.office.cases(shenzhen)).map(({ row }) => row.id),
      who + which,
    )
  const theirs = async () =>
    pick(
      (await host.office.cases(xinyang)).map(({ row }) => row.id),
      who + which,
    )
  switch (verb) {
    case 'roster':
      return home.office.roster({ idNumber, name, ...(which === 2 ? { phone: '13800000000' } : {}) })
    case 'register':
      return home.office.outflow({ idNumber, host: shenzhen, outflow: { ...outflow, leftOn: on } })
    case 'amend':
      return home.office.desk.amend(await ours(), { person: { name } })
    case 'return':
      return home.office.desk.registerReturn(await ours(), { returnedOn: on })
    case 'close':
      return home.office.desk.close(await ours(), { reason: 'other' })
    case 'notice':
      return home.office.desk.notify(await ours(), { on, subject: '通知', text: '内容' })
    case 'home reports':
      return home.office.desk.report(await ours(), activity)
    case 'home corrects':
      return correct(home, await ours(), which === 0 ? null : activity)
    case 'arrive':
      return host.office.arrivals({
        idNumber,
        home: xinyang,
        name,
        arrivedOn: on,
        ...(which === 0 ? {} : { branch: `支部${which}` }),
      })
    case 'place':
      return host.office.desk.place(await theirs(), { branch: `支部${which}` })
    case 'depart':
      return host.office.desk.depart(await theirs(), { departedOn: on })
    case 'dispute':
      return host.office.desk.dispute(await theirs(), { reason: 'other' })
    case 'host reports':
      return which === 0
        ? host.office.desk.report(await theirs(), activity)
        : reportArrived(pair, idNumber, activity)
    case 'host corrects':
      return correct(host, await theirs(), which === 0 ? null : activity)
    case 'there':
      return deliver(pair, home, host)
    case 'back':
      return deliver(pair, host, home)
  }
}

function pick(ids: readonly Uuid[], n: number): Uuid {
  return ids[n % Math.max(1, ids.length)] ?? '019ca000-0000-7000-8000-000000000001'
}

async function reportArrived({ host }: Pair, idNumber: string, activity: Activity): Promise<void> {
  const token = host.region.members.idToken(idNumber)
  const here = (await host.office.arrivalRows()).some((row) => row.idToken === token)
  if (here) await host.office.activities(idNumber, activity)
}

async function correct(side: Pair['home'], id: Uuid, activity: Activity | null): Promise<void> {
  const { activities } = await side.office.desk.detail(id)
  for (const { id: corrects } of activities.slice(0, 2))
    await side.office.desk.correct(id, { corrects, activity })
}
