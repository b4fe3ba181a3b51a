/** Organisation life of the member in this stay, as either side has reported it. */
import { Empty, Table } from 'antd'
import { type CaseDetail } from '../../../../protocol/index.ts'
import { useTexts } from '../../shared/language.tsx'
import { activityWords, sideWords, useWord } from '../../shared/words.ts'
import { words } from './texts.ts'

export function CaseActivities({ detail }: { detail: CaseDetail }) {
  const t = useTexts(words)
  const [kind, side] = [useWord(activityWords), useWord(sideWords)]
  if (detail.activities.length === 0) return <Empty description={t.noActivities} />
  return (
    <Table
      size="small"
      pagination={detail.activities.length > 50 ? { pageSize: 50 } : false}
      rowKey="id"
      dataSource={[...detail.activities].sort((a, b) => b.on.localeCompare(a.on))}
      columns={[
        { key: 'on', title: t.on, width: 110, render: (_, { on }) => on },
        { key: 'kind', title: t.kind, render: (_, row) => kind(row.kind) },
        { key: 'title', title: t.subject, render: (_, { title }) => title ?? '—' },
        {
          key: 'amount',
          title: t.amount,
          align: 'right',
          render: (_, { amountFen }) => (amountFen === null ? '' : (amountFen / 100).toFixed(2)),
        },
        { key: 'by', title: t.reportedBy, render: (_, { by }) => side(by) },
      ]}
    />
  )
}
