/** The admin contract speaks of the same states, meanings and outcomes as the protocol does. */
import { expect, it } from 'vitest'
import { caseSummarySchema, differences, hostStates, homeStates, meanings } from '../../protocol/index.ts'
import { caseId, host } from '../vectors/actors.ts'

const summary = {
  id: caseId,
  peer: host.node,
  side: 'home',
  name: '龚胜平',
  home: 'published',
  host: 'placed',
  meaning: 'agreed',
  differences: [],
  deviations: [],
  changedAt: '2026-01-01T00:00:00.000Z',
}

it('a summary with a state, meaning or difference that is none is refused by whoever asked', () => {
  for (const change of [
    { home: 'lost' },
    { host: 'lost' },
    { meaning: 'merged' },
    { differences: ['odd'] },
    { side: 'both' },
  ])
    expect(caseSummarySchema.safeParse({ ...summary, ...change }).success).toBe(false)
})

it('a summary can name every state, meaning and difference', () => {
  for (const home of homeStates)
    for (const state of hostStates)
      for (const meaning of meanings)
        expect(
          caseSummarySchema.safeParse({ ...summary, home, host: state, meaning, differences }).success,
        ).toBe(true)
})
