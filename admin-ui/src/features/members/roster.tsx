/** The roster; and, on the way to an outflow, the place to choose who leaves. */
import { Tag } from 'antd'
import { useSearchParams } from 'react-router'
import { useTexts } from '../../shared/language.tsx'
import { List, type Column } from '../../shared/list/index.tsx'
import { type RowOf } from '../../shared/list/reading.ts'
import { useOrganisationFilter } from '../../shared/organisations.tsx'
import { Page } from '../../shared/page.tsx'
import { categoryWords, useWord } from '../../shared/words.ts'
import { words } from './texts.ts'

type Row = RowOf<'members.query'>

export function RosterPage() {
  const t = useTexts(words)
  const choosing = useSearchParams()[0].get('for') === 'outflow'
  const organisation = useOrganisationFilter()
  const category = useWord(categoryWords)
  const columns: Column<Row>[] = [
    { key: 'name', title: t.name, text: ({ name }) => name, head: true },
    {
      key: 'idNumber',
      title: t.idNumber,
      text: ({ idNumber }) => idNumber,
      show: ({ idNumber }) => <span className="number">{idNumber}</span>,
    },
    {
      key: 'category',
      title: t.category,
      text: (row) => category(row.category),
      show: (row) => row.category && <CategoryTag of={row.category} />,
    },
    { key: 'organisation', title: t.organisation, text: (row) => row.organisation?.name ?? '' },
    {
      key: 'phone',
      title: t.phone,
      text: ({ phone }) => phone ?? '',
      show: ({ phone }) => phone && <span className="number">{phone}</span>,
    },
  ]
  return (
    <Page title={choosing ? t.chooseTitle : t.title} hint={choosing ? t.chooseHint : t.hint}>
      <List
        name="members"
        route="members.query"
        columns={columns}
        filters={[organisation]}
        searchHint={t.search}
        searchFirst
        rowKey={({ id }) => id}
        open={({ id }) => `/members/${id}${choosing ? '?for=outflow' : ''}`}
        exporting={{ route: 'members.export', file: t.file }}
        empty={t.empty}
      />
    </Page>
  )
}

export function CategoryTag({ of }: { of: string }) {
  const word = useWord(categoryWords)
  return <Tag color={of === 'probationary' ? 'orange' : 'default'}>{word(of)}</Tag>
}
