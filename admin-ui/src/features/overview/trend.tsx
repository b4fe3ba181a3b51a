/** The last twelve months, as a picture or as numbers; on paper always the numbers. */
import { Button, Card, Spin, Table } from 'antd'
import { lazy, Suspense, useState } from 'react'
import { type Overview } from '../../../../protocol/index.ts'
import { useTexts } from '../../shared/language.tsx'
import { words } from './texts.ts'

const TrendChart = lazy(async () => ({ default: (await import('./charts.tsx')).TrendChart }))

export function Trend({ trend }: { trend: Overview['trend'] }) {
  const [numbers, setNumbers] = useState(false)
  const t = useTexts(words)
  const lines = [
    { name: t.published, values: trend.map(({ published }) => published), bar: true },
    { name: t.arrived, values: trend.map(({ arrived }) => arrived), bar: true },
    { name: t.activities, values: trend.map(({ activities }) => activities), bar: false },
  ]
  return (
    <Card
      size="small"
      title={<h2>{t.trend}</h2>}
      className="overview-trend"
      extra={
        <Button type="link" size="small" onClick={() => setNumbers(!numbers)}>
          {numbers ? t.asChart : t.asTable}
        </Button>
      }
    >
      {numbers ? (
        <Months trend={trend} />
      ) : (
        <>
          <div className="no-print">
            <Suspense fallback={<Spin />}>
              <TrendChart
                months={trend.map(({ month }) => month)}
                lines={lines}
                axes={[t.people, t.times]}
                label={t.trendChart}
              />
            </Suspense>
          </div>
          <div className="print-only">
            <Months trend={trend} />
          </div>
        </>
      )}
    </Card>
  )
}

function Months({ trend }: { trend: Overview['trend'] }) {
  const t = useTexts(words)
  const number = (key: 'published' | 'arrived' | 'activities') => ({
    title: t[key],
    dataIndex: key,
    align: 'right' as const,
  })
  return (
    <Table
      size="small"
      pagination={false}
      rowKey="month"
      dataSource={[...trend]}
      columns={[
        { title: t.month, dataIndex: 'month' },
        number('published'),
        number('arrived'),
        number('activities'),
      ]}
    />
  )
}
