/**
 * What was typed into held rows and is not taken in yet. The node keeps it like every draft, so that it survives a closed
 * tab; numbers that were only shown for a purpose are no part of it.
 */
import { useEffect, useRef, useState } from 'react'
import * as z from 'zod'
import { useKept } from '../../shared/kept.ts'

export type Cells = Readonly<Record<string, string>>
type Edits = ReadonlyMap<number, Cells>

const afterMs = 800
const shownMs = 60_000
/** A list, because a heading may be a number, which is no name of a member. */
const draftSchema = z.object({
  cells: z.array(z.object({ row: z.number(), heading: z.string(), text: z.string() })),
})
type Draft = z.infer<typeof draftSchema>

export type Editing = ReturnType<typeof useEdits>

export function useEdits(id: string) {
  const kept = useKept('draft', `import/${id}`, draftSchema)
  const [edits, setEdits] = useState<Edits>(new Map())
  const [restored, setRestored] = useState<string>()
  const now = useRef(edits)
  const looked = useRef(false)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const { shown, showFor } = useShown()
  const set = (next: Edits) => {
    now.current = next
    setEdits(next)
  }
  const keep = (next: Edits) => {
    set(next)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => (next.size > 0 ? kept.put(draftOf(next)) : kept.drop()), afterMs)
  }
  useEffect(() => {
    if (!kept.ready || looked.current) return
    looked.current = true
    if (!kept.value) return
    set(new Map([...editsOf(kept.value), ...now.current]))
    setRestored(kept.at)
  }, [kept])
  useEffect(() => () => clearTimeout(timer.current), [])
  return {
    textOf: (row: number, heading: string) => edits.get(row)?.[heading] ?? shown.get(row)?.[heading],
    of: (row: number): Cells => edits.get(row) ?? {},
    type: (row: number, heading: string, text: string) =>
      keep(new Map(now.current).set(row, { ...now.current.get(row), [heading]: text })),
    forget: (row: number) => keep(new Map([...now.current].filter(([each]) => each !== row))),
    showFor,
    /** Since when there are cells from an earlier visit in the sheet. */
    restored,
    drop: () => {
      set(new Map())
      clearTimeout(timer.current)
      setRestored(undefined)
      kept.drop()
    },
  }
}

/** What was shown for a purpose is masked again after a while. */
function useShown() {
  const [shown, setShown] = useState<Edits>(new Map())
  const showFor = (row: number, cells: Cells) => {
    setShown((before) => new Map(before).set(row, cells))
    setTimeout(() => setShown((before) => new Map([...before].filter(([, each]) => each !== cells))), shownMs)
  }
  return { shown, showFor }
}

function draftOf(edits: Edits): Draft {
  const cells = [...edits].flatMap(([row, one]) =>
    Object.entries(one).map(([heading, text]) => ({ row, heading, text })),
  )
  return { cells }
}

function editsOf({ cells }: Draft): Edits {
  const edits = new Map<number, Cells>()
  for (const { row, heading, text } of cells) edits.set(row, { ...edits.get(row), [heading]: text })
  return edits
}
