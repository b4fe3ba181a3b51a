/** Reports an activity on many people: one call for each amount, in parts the node takes at once. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Activity } from '../../../../../protocol/index.ts'
import { ask } from '../../../shared/ask.ts'

const casesInCall = 500

export interface Wanted {
  readonly activity: Activity
  readonly cases: readonly string[]
}
export interface Outcome {
  readonly reported: number
  readonly unchanged: number
  readonly refused: readonly { readonly case: string; readonly code: string }[]
}

/** People with the same amount are reported together. */
export function byAmount(activity: Activity, fenOf: ReadonlyMap<string, number>): Wanted[] {
  const groups = new Map<number, string[]>()
  for (const [id, fen] of fenOf) groups.set(fen, [...(groups.get(fen) ?? []), id])
  return [...groups].map(([amountFen, cases]) => ({ activity: { ...activity, amountFen }, cases }))
}

export function useReporting() {
  const client = useQueryClient()
  const [going, setGoing] = useState<{ done: number; all: number }>()
  const [outcome, setOutcome] = useState<Outcome>()
  const [error, setError] = useState<unknown>()
  const run = async (wanted: readonly Wanted[]): Promise<Outcome | undefined> => {
    const calls = wanted.flatMap(({ activity, cases }) =>
      partsOf(cases).map((part) => ({ activity, cases: [...part] })),
    )
    const all = calls.reduce((total, { cases }) => total + cases.length, 0)
    let sum: Outcome = { reported: 0, unchanged: 0, refused: [] }
    let done = 0
    setError(undefined)
    setOutcome(undefined)
    try {
      for (const body of calls) {
        setGoing({ done, all })
        const { reported, unchanged, refused } = await ask('activities.meeting', { body })
        sum = {
          reported: sum.reported + reported,
          unchanged: sum.unchanged + unchanged,
          refused: [...sum.refused, ...refused],
        }
        done += body.cases.length
        setOutcome(sum)
      }
      return sum
    } catch (failure) {
      // What was reported stays; to report it again changes nothing.
      setError(failure)
      return undefined
    } finally {
      setGoing(undefined)
      void client.invalidateQueries()
    }
  }
  return { run, going, outcome, error, forget: () => setOutcome(undefined) }
}

function partsOf(cases: readonly string[]): (readonly string[])[] {
  return Array.from({ length: Math.ceil(cases.length / casesInCall) }, (_, part) =>
    cases.slice(part * casesInCall, (part + 1) * casesInCall),
  )
}
