/** The evidence of a case: both nodes show the same signed bytes, and nobody needs more than the two keys to check them. */
import { beforeEach, expect, it } from 'vitest'
import { nodeJsCrypto } from '../../node/platform.ts'
import { evidenceSchema, verifyEvidence, type Evidence } from '../../protocol/index.ts'
import { idNumberOf, nameOf } from '../harness/people.ts'
import { level, shenzhen, twoRegions, xinyang, type Pair } from '../harness/world.ts'

let pair: Pair
let ours: Evidence
let theirs: Evidence

beforeEach(async () => {
  pair = await twoRegions()
  const { home, host } = pair
  const idNumber = idNumberOf(1)
  await host.office.arrivals({ idNumber, home: xinyang, name: '王武', branch: '中共东河镇二岭村支部委员会' })
  await home.office.roster({ idNumber, name: '王五' }, { idNumber: idNumberOf(2), name: nameOf(2) })
  const outflow = { destination: { code: shenzhen, text: '深圳' } }
  await home.office.outflow(
    { idNumber, host: shenzhen, outflow },
    { idNumber: idNumberOf(2), host: shenzhen, outflow },
  )
  await level(pair)
  const [subject] = (await home.office.cases(shenzhen)).filter(({ host: facts }) => facts.state === 'placed')
  const id = subject?.row.id ?? ''
  await home.office.desk.amend(id, { person: { name: '王武' } })
  await host.office.activities(idNumber, { on: '2026-01-05', kind: 'dues', amountFen: 1000 })
  await level(pair)
  ours = await home.office.desk.evidence(id)
  theirs = await host.office.desk.evidence(id)
})

const keys = () => [
  { node: xinyang, key: pair.home.region.keyring.signing },
  { node: shenzhen, key: pair.host.region.keyring.signing },
]

it('is the same at both nodes and holds without either', () => {
  expect(theirs).toEqual(ours)
  expect(evidenceSchema.parse(JSON.parse(JSON.stringify(ours)))).toEqual(ours)
  const report = verifyEvidence(nodeJsCrypto, ours, keys())
  expect(report.faults).toEqual([])
  expect(report.items.map(({ type }) => type).sort()).toEqual([
    'activity.recorded',
    'flow.amended',
    'flow.arrived',
    'flow.arrived',
    'flow.placed',
    'flow.published',
    'identity.asserted',
  ])
  expect(report.view).toMatchObject({
    home: { state: 'published' },
    host: { state: 'placed', match: 'certain' },
  })
  expect(report.items.every(({ outcome }) => outcome === 'applied')).toBe(true)
})

it('shows nobody else’s records', () => {
  expect(JSON.stringify(ours)).not.toContain(nameOf(2))
})

it.each<[string, (item: Evidence['items'][number], whole: Evidence) => void]>([
  [
    'a changed record',
    (item) => ((item as { record: string }).record = (item.record ?? '').replace('王', '李')),
  ],
  ['a record under another index', (item) => ((item as { index: number }).index += 1)],
  [
    'a changed signature',
    (item) => ((item as { jws: string }).jws = `${item.jws.slice(0, -5)}AAAA${item.jws.slice(-1)}`),
  ],
  [
    'another sender',
    (item) => ((item as { from: string }).from = item.from === xinyang ? shenzhen : xinyang),
  ],
  [
    'the receipt of another envelope',
    (item, whole) => {
      const other = whole.items.find(({ from, jws }) => from === item.from && jws !== item.jws)
      ;(item as { receipt: string | null }).receipt = other?.receipt ?? ''
    },
  ],
])('finds %s', (_name, change) => {
  const forged = structuredClone(ours)
  const [item] = forged.items
  if (!item) throw new Error('no item')
  change(item, forged)
  expect(verifyEvidence(nodeJsCrypto, forged, keys()).faults).toMatchObject([{ item: 0 }])
})

it('proves nothing under keys that were not given', () => {
  const report = verifyEvidence(nodeJsCrypto, ours, keys().slice(0, 1))
  expect(report.faults.map(({ code }) => code)).toEqual(ours.items.map(() => 'key_unknown'))
})
