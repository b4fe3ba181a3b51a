/** What lists of activities have in common. */
import { useTexts } from '../../shared/language.tsx'
import { type Column } from '../../shared/list/index.tsx'
import { type RowOf } from '../../shared/list/reading.ts'
import { yuan } from '../../shared/money.ts'
import { activityWords, sideWords, useWord } from '../../shared/words.ts'
import { words } from './texts.ts'

/** From this day on are all: a first day makes a list one by days, not by when they were reported. */
export const firstDay = '1950-01-01'
export type ActivityRow = RowOf<'activities.query'>

export function useActivityColumns() {
  const t = useTexts(words)
  const [kind, side] = [useWord(activityWords), useWord(sideWords)]
  return {
    on: { key: 'on', title: t.on, text: ({ on }) => on, width: 110 },
    name: { key: 'name', title: t.name, text: ({ name }) => name, head: true },
    kind: { key: 'kind', title: t.kind, text: (row) => kind(row.kind) },
    title: { key: 'title', title: t.activityTitle, text: ({ title }) => title ?? '' },
    amount: {
      key: 'amount',
      title: t.amount,
      number: true,
      text: ({ amountFen }) => (amountFen === null ? '' : yuan(amountFen)),
    },
    by: { key: 'by', title: t.by, text: (row) => side(row.by) },
  } satisfies Record<string, Column<ActivityRow>>
}
