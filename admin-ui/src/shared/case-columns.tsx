/** What lists of cases have in common: the tag of their meaning, the two states, the filters. */
import { Tag } from 'antd'
import { meanings, type CaseRowView, type Meaning } from '../../../protocol/index.ts'
import { texts, useTexts } from './language.tsx'
import { type Column, type Filter } from './list/index.tsx'
import { useRegions } from './regions.ts'
import {
  categoryWords,
  differenceWords,
  fieldWords,
  homeStateWords,
  hostStateWords,
  meaningWords,
  useWord,
} from './words.ts'

const words = texts({
  meaning: { zh: '两地结论', en: 'Together' },
  home: { zh: '流出地登记', en: 'Home says' },
  host: { zh: '流入地登记', en: 'Host says' },
  difference: { zh: '差异', en: 'Differences' },
})

const colours: Readonly<Record<Meaning, string>> = {
  agreed: 'green',
  deviating: 'orange',
  'one-sided': 'volcano',
  pending: 'blue',
  'in-flight': 'geekblue',
  ended: 'default',
}

export function MeaningTag({ of }: { of: Meaning }) {
  const word = useWord(meaningWords)
  return <Tag color={colours[of]}>{word(of)}</Tag>
}

/** `const say = useDeviationText(); say(row.deviations)`: what home has / what host has, field by field. */
export function useDeviationText(): (deviations: CaseRowView['deviations']) => string {
  const [field, category] = [useWord(fieldWords), useWord(categoryWords)]
  const said = (name: string, value: string) => (name === 'category' ? category(value) : value)
  return (deviations) =>
    deviations
      .map(({ field: name, home, host }) => `${field(name)} ${said(name, home)} / ${said(name, host)}`)
      .join(';')
}

type CaseColumns = Record<'meaning' | 'home' | 'host' | 'difference', Column<CaseRowView>>

export function useCaseColumns(): CaseColumns {
  const t = useTexts(words)
  const [meaning, home, host] = [useWord(meaningWords), useWord(homeStateWords), useWord(hostStateWords)]
  const difference = useWord(differenceWords)
  const deviationText = useDeviationText()
  return {
    meaning: {
      key: 'meaning',
      title: t.meaning,
      text: (row) => meaning(row.meaning),
      show: (row) => <MeaningTag of={row.meaning} />,
    },
    home: { key: 'home', title: t.home, text: (row) => home(row.home) },
    host: { key: 'host', title: t.host, text: (row) => host(row.host) },
    difference: {
      key: 'difference',
      title: t.difference,
      text: (row) =>
        row.differences
          .map((each) => (each === 'attributes-differ' ? deviationText(row.deviations) : difference(each)))
          .join(';'),
    },
  }
}

export function useCaseFilters(): { peer: (label: string) => Filter; meaning: Filter } {
  const t = useTexts(words)
  const word = useWord(meaningWords)
  const { options } = useRegions()
  return {
    peer: (label) => ({ key: 'peer', label, options, width: 110 }),
    meaning: {
      key: 'meaning',
      label: t.meaning,
      options: meanings
        .filter((value) => value !== 'in-flight')
        .map((value) => ({ value, label: word(value) })),
    },
  }
}
