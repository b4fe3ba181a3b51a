/** Activities: reported once by the side where they happened, corrected by that side alone, and waiting until home confirms. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DomainError } from '../../node/errors.ts'
import { waitingActivities } from '../../node/activities/tables.ts'
import { type Activity } from '../../protocol/index.ts'
import { expectAgreement } from '../harness/agreeing.ts'
import { settled } from '../harness/clock.ts'
import { idNumberOf } from '../harness/people.ts'
import { deliver, shenzhen, twoRegions, xinyang, type Pair } from '../harness/world.ts'

let pair: Pair
const idNumber = idNumberOf(1)
const study: Activity = { on: '2026-01-05', kind: 'study', title: '学习' }
const dues: Activity = { on: '2026-01-10', kind: 'dues', amountFen: 1050 }

beforeEach(async () => {
  pair = await twoRegions()
})
afterEach(() => expectAgreement(pair))

async function here(): Promise<string> {
  const { home, host } = pair
  await home.office.roster({ idNumber, name: '王五' })
  const outflow = { destination: { code: shenzhen, text: '深圳' } }
  await home.office.outflow({ idNumber, host: shenzhen, outflow })
  await host.office.arrivals({ idNumber, home: xinyang, name: '王五' })
  await settled()
  return (await home.office.onlyCase(shenzhen)).row.id
}

const atHome = async (id: string) =>
  (await pair.home.office.desk.detail(id)).activities.map(({ by, on, kind, title, amountFen }) => [
    by,
    on,
    kind,
    title,
    amountFen,
  ])
const coded = (code: string) => expect.objectContaining({ code }) as DomainError

describe('a report', () => {
  it('reaches home once, however often it is made', async () => {
    const id = await here()
    expect(await pair.host.office.activities(idNumber, study, dues, study)).toEqual([
      'reported',
      'reported',
      'unchanged',
    ])
    expect(await pair.host.office.activities(idNumber, study)).toEqual(['unchanged'])
    await settled()
    expect((await atHome(id)).sort()).toEqual([
      ['host', '2026-01-05', 'study', '学习', null],
      ['host', '2026-01-10', 'dues', null, 1050],
    ])
  })

  it('is another when its day, kind, title or amount is', async () => {
    await here()
    const others: Activity[] = [
      { ...study, on: '2026-01-06' },
      { ...study, kind: 'lecture' },
      { ...study, title: '学习二' },
      { on: study.on, kind: 'study' },
      { ...dues, amountFen: 1051 },
    ]
    expect(await pair.host.office.activities(idNumber, study, dues, ...others)).toEqual(
      Array(7).fill('reported'),
    )
  })

  it('may come from home too, and each side’s is its own', async () => {
    const id = await here()
    await pair.home.office.desk.report(id, study)
    await pair.host.office.activities(idNumber, study)
    await settled()
    expect((await atHome(id)).map(([by]) => by).sort()).toEqual(['home', 'host'])
  })

  it('on a case to which nobody has come is refused to host, and allowed to home', async () => {
    await pair.home.office.roster({ idNumber, name: '王五' })
    await pair.home.office.outflow({
      idNumber,
      host: shenzhen,
      outflow: { destination: { code: shenzhen, text: '深圳' } },
    })
    await settled()
    const { row } = await pair.host.office.onlyCase(xinyang)
    await expect(pair.host.office.desk.report(row.id, study)).rejects.toEqual(coded('not_arrived'))
    await pair.home.office.desk.report(row.id, study)
  })
})

describe('a report about somebody whom home has not confirmed', () => {
  const waiting = () => pair.host.store.read((reader) => reader.count(waitingActivities, {}))

  it('waits, once, and goes out in the order of days with the confirmation', async () => {
    const { home, host } = pair
    await host.office.arrivals({ idNumber, home: xinyang, name: '王五' })
    await settled()
    expect(await host.office.activities(idNumber, dues, study, dues)).toEqual([
      'waiting',
      'waiting',
      'waiting',
    ])
    expect(await waiting()).toBe(2)
    expect(await host.office.said(xinyang)).toEqual(['identity.queried'])
    await home.office.roster({ idNumber, name: '王五' })
    await settled()
    expect(await waiting()).toBe(0)
    expect(await atHome((await home.office.onlyCase(shenzhen)).row.id)).toEqual([
      ['host', '2026-01-05', 'study', '学习', null],
      ['host', '2026-01-10', 'dues', null, 1050],
    ])
    expect(await host.office.activities(idNumber, dues, study)).toEqual(['unchanged', 'unchanged'])
  })

  it('waits also where there is no agreement with home', async () => {
    await pair.host.office.arrivals({ idNumber, home: '510100', name: '王五' })
    expect(await pair.host.office.activities(idNumber, study)).toEqual(['waiting'])
    expect(await waiting()).toBe(1)
  })
})

describe('a correction', () => {
  async function reported(): Promise<{ id: string; activity: string }> {
    const id = await here()
    await pair.host.office.activities(idNumber, dues)
    await settled()
    const [only] = (await pair.host.office.desk.detail(id)).activities
    return { id, activity: only?.id ?? '' }
  }

  it('replaces, withdraws and restores, at both nodes', async () => {
    const { id, activity } = await reported()
    const correct = async (to: Activity | null) => {
      await pair.host.office.desk.correct(id, { corrects: activity, activity: to })
      await settled()
    }
    await correct({ ...dues, amountFen: 2000 })
    expect(await atHome(id)).toEqual([['host', '2026-01-10', 'dues', null, 2000]])
    await correct(null)
    expect(await atHome(id)).toEqual([])
    await correct(dues)
    expect(await atHome(id)).toEqual([['host', '2026-01-10', 'dues', null, 1050]])
  })

  it('is known by what it says now and by what it said: neither workbook reports it again', async () => {
    const { id, activity } = await reported()
    const corrected = { ...dues, amountFen: 2000 }
    await pair.host.office.desk.correct(id, { corrects: activity, activity: corrected })
    expect(await pair.host.office.activities(idNumber, corrected, dues)).toEqual(['unchanged', 'unchanged'])
  })

  it('is refused to the other side, of another case, and of nothing', async () => {
    const { id, activity } = await reported()
    await expect(pair.home.office.desk.correct(id, { corrects: activity, activity: null })).rejects.toEqual(
      coded('activity_unknown'),
    )
    const none = '019ca000-0000-7000-8000-000000000001'
    await expect(pair.host.office.desk.correct(id, { corrects: none, activity: null })).rejects.toEqual(
      coded('activity_unknown'),
    )
    await pair.home.office.roster({ idNumber: idNumberOf(2), name: '赵六' })
    await pair.host.office.arrivals({ idNumber: idNumberOf(2), home: xinyang, name: '赵六' })
    await settled()
    const other = (await pair.host.office.cases(xinyang)).find(({ row }) => row.id !== id)
    await expect(
      pair.host.office.desk.correct(other?.row.id ?? '', { corrects: activity, activity: null }),
    ).rejects.toEqual(coded('activity_unknown'))
  })

  it('and a report cross a closing without harm', async () => {
    const { id, activity } = await reported()
    pair.network.fate = () => 'drop'
    await pair.home.office.desk.close(id, { reason: 'returned' })
    await pair.host.office.desk.correct(id, { corrects: activity, activity: { ...dues, amountFen: 1 } })
    await pair.host.office.activities(idNumber, study)
    await deliver(pair, pair.home, pair.host)
    await deliver(pair, pair.host, pair.home)
    expect(await atHome(id)).toHaveLength(2)
  })
})
