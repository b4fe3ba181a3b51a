/** Imports there have been, and what is left to do of each. */
import { Card } from 'antd'
import { useTexts } from '../../shared/language.tsx'
import { List, type Column } from '../../shared/list/index.tsx'
import { type RowOf } from '../../shared/list/reading.ts'
import { Moment, shortMoment } from '../../shared/moments.tsx'
import { importWords, useWord } from '../../shared/words.ts'
import { words } from './texts.ts'

type Row = RowOf<'imports.list'>

export function Earlier() {
  const t = useTexts(words)
  const kind = useWord(importWords)
  const columns: Column<Row>[] = [
    {
      key: 'at',
      title: t.at,
      text: ({ at }) => shortMoment(at),
      show: ({ at }) => <Moment at={at} />,
      head: true,
    },
    { key: 'kind', title: t.kind, text: (row) => kind(row.kind) },
    { key: 'rows', title: t.rows, text: ({ rows }) => String(rows), number: true },
    {
      key: 'held',
      title: t.held,
      text: ({ held }) => String(held),
      show: ({ held }) => (held > 0 ? <b>{held}</b> : held),
      number: true,
    },
    { key: 'waiting', title: t.waiting, text: ({ waiting }) => String(waiting), number: true },
  ]
  return (
    <Card size="small" title={t.earlier}>
      <List
        name="imports"
        route="imports.list"
        columns={columns}
        rowKey={({ id }) => id}
        open={({ id }) => `/import/${id}`}
        empty={t.none}
      />
    </Card>
  )
}
