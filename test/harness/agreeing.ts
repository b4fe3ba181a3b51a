/** What must hold between two honest regions once everything has arrived. */
import { expect } from 'vitest'
import { recordsIn, recordsOut, streamsOut } from '../../node/federation/tables.ts'
import { type Case } from '../../node/flows/cases.ts'
import { level, type Pair, type Side } from './world.ts'

/**
 * Brings both level and holds them to it: the same cases with byte-equal shared views, at most one open case per
 * person, empty outboxes, and no record of an honest sender refused or parked.
 */
export async function expectAgreement(pair: Pair): Promise<void> {
  await level(pair)
  const { home, host } = pair
  expect([...home.faults, ...host.faults]).toEqual([])
  const [ours, theirs] = [
    await home.office.sharedViews(host.region.self),
    await host.office.sharedViews(home.region.self),
  ]
  expect([...theirs]).toEqual([...ours])
  for (const side of [home, host]) await expectHonestStreams(side)
  for (const cases of [
    await home.office.cases(host.region.self),
    await host.office.cases(home.region.self),
  ]) {
    const open = cases.filter(({ row }) => row.open).map(({ row }) => row.tag)
    expect(new Set(open).size).toBe(open.length)
    for (const subject of cases) expect(subject.row.open).toBe(subject.home.state !== 'closed')
  }
}

async function expectHonestStreams({ store }: Side): Promise<void> {
  await store.read(async (reader) => {
    const received = await reader.find(recordsIn, {})
    expect(
      received.filter(({ outcome }) => outcome !== 'applied').map(({ type, outcome }) => [type, outcome]),
    ).toEqual([])
    for (const { peer, sealedPosition: after } of await reader.find(streamsOut, {}))
      expect(await reader.count(recordsOut, { peer }, { orderBy: 'position', after })).toBe(0)
  })
}

export const statesOf = ({ home, host }: Case): [string, string] => [home.state, host.state]
