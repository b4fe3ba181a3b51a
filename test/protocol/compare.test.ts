/** The comparison: every case counted once, each side by the owner of its fact. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  compareCases,
  comparePageSchema,
  homeStates,
  hostStates,
  limits,
  noHomeFacts,
  noHostFacts,
  type ComparedCase,
  type HomeState,
  type HostState,
} from '../../protocol/index.ts'
import { bodies, id, tag } from '../vectors/actors.ts'

const compared = (n: number, home: HomeState, host: HostState, deviating = false): ComparedCase => ({
  id: id(n),
  home: { ...noHomeFacts, state: home },
  host: { ...noHostFacts, state: host, deviations: deviating ? bodies['flow.arrived'].deviations : [] },
})

describe('compareCases', () => {
  it('puts every case that is out or present into exactly one list, and no other into any', () => {
    const states = fc.tuple(fc.constantFrom(...homeStates), fc.constantFrom(...hostStates), fc.boolean())
    fc.assert(
      fc.property(fc.array(states, { maxLength: 30 }), (list) => {
        const cases = list.map(([home, host, deviating], n) => compared(n, home, host, deviating))
        const { both, homeOnly, hostOnlyKnownToHome, casesWithDeviations } = compareCases(cases, [])
        const counted = [...both, ...homeOnly, ...hostOnlyKnownToHome]
        const concerned = list.filter(
          ([home, host]) => home === 'published' || host === 'arrived' || host === 'placed',
        )
        expect(new Set(counted).size).toBe(counted.length)
        expect(counted).toHaveLength(concerned.length)
        expect(both).toEqual(expect.arrayContaining(casesWithDeviations))
      }),
    )
  })

  it.each([
    ['published', 'none', 'homeOnly'],
    ['published', 'departed', 'homeOnly'],
    ['published', 'placed', 'both'],
    ['asserted', 'arrived', 'hostOnlyKnownToHome'],
    ['returned', 'placed', 'hostOnlyKnownToHome'],
    ['closed', 'arrived', 'hostOnlyKnownToHome'],
  ] as const)('counts home %s and host %s as %s', (home, host, list) => {
    expect(compareCases([compared(1, home, host)], [])[list]).toEqual([id(1)])
  })

  it('counts a deviating case once, and once under each field', () => {
    const { casesWithDeviations, deviations } = compareCases(
      [compared(1, 'published', 'placed', true), compared(2, 'asserted', 'arrived', true)],
      [],
    )
    expect(casesWithDeviations).toEqual([id(1)])
    expect(deviations).toEqual({ name: [id(1)], category: [], phone: [id(1)] })
  })

  it('names the denied queries as they are given', () => {
    expect(compareCases([], [id(8), id(9)]).hostOnlyUnknownToHome).toEqual([id(8), id(9)])
  })
})

describe('a page', () => {
  const cut = { epoch: 1, seq: 0, head: null }
  const page = {
    sent: cut,
    received: cut,
    unsent: 0,
    cases: [{ id: id(1), digest: tag }],
    denied: [id(2)],
    next: null,
  }
  it('tells ids and digests only: a name or number beside them is refused', () => {
    expect(
      comparePageSchema.safeParse({ ...page, cases: [{ id: id(1), digest: tag, name: '龚胜平' }] }).success,
    ).toBe(false)
    expect(comparePageSchema.safeParse({ ...page, members: 1 }).success).toBe(false)
    expect(comparePageSchema.safeParse(page).success).toBe(true)
  })

  it('says of both streams where they can be', () => {
    const reaches = (place: object) =>
      comparePageSchema.safeParse({ ...page, received: { ...cut, ...place } }).success
    for (const member of ['epoch', 'seq']) {
      expect(reaches({ [member]: limits.streamNumber })).toBe(true)
      expect(reaches({ [member]: limits.streamNumber + 1 })).toBe(false)
    }
  })
})
