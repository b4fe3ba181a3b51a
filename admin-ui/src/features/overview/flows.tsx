/** Who went where: the picture, and beside it the same numbers, each of them the way to its names. */
import { Card, Empty, Spin, Table } from 'antd'
import { lazy, Suspense } from 'react'
import { Link, useNavigate } from 'react-router'
import { type Overview } from '../../../../protocol/index.ts'
import { casesAt } from '../../shared/addresses.ts'
import { useTexts } from '../../shared/language.tsx'
import { useMay, useSession } from '../../shared/session.tsx'
import { meaningWords, useWord } from '../../shared/words.ts'
import { words } from './texts.ts'

type Flow = Overview['flows'][number]
const FlowChart = lazy(async () => ({ default: (await import('./charts.tsx')).FlowChart }))

const counted = [
  ['agreed', 'agreed'],
  ['deviating', 'deviating'],
  ['oneSided', 'one-sided'],
  ['pending', 'pending'],
] as const

export function Flows({ flows }: { flows: readonly Flow[] }) {
  const t = useTexts(words)
  const navigate = useNavigate()
  const may = useMay()
  const { region } = useSession()
  const there = flows.filter(({ total }) => total > 0)
  const ends = ({ side, name }: Flow): readonly [string, string] =>
    side === 'home' ? [region, name] : [name, region]
  const drawn = there.map((flow) => ({
    from: ends(flow)[0],
    to: ends(flow)[1],
    count: flow.total,
    address: casesAt(flow.side, { peer: flow.peer }),
  }))
  const said = drawn.map(({ from, to, count }) => t.flowPart(from, to, count)).join('; ')
  return (
    <Card size="small" title={<h2>{t.flows}</h2>} className="overview-flows">
      {there.length === 0 ? (
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t.noFlows} />
      ) : (
        <>
          <p className="page-hint no-print">{t.flowsHint}</p>
          <div className="flows-both">
            <Suspense fallback={<Spin />}>
              <FlowChart
                flows={drawn}
                label={t.flowChart(said)}
                open={(address) => may('cases.query') && void navigate(address)}
              />
            </Suspense>
            <FlowTable flows={there} ends={ends} />
          </div>
        </>
      )}
    </Card>
  )
}

function FlowTable({
  flows,
  ends,
}: {
  flows: readonly Flow[]
  ends: (flow: Flow) => readonly [string, string]
}) {
  const t = useTexts(words)
  const may = useMay()
  const meaning = useWord(meaningWords)
  const number = (count: number, address: string) =>
    count > 0 && may('cases.query') ? <Link to={address}>{count}</Link> : count
  return (
    <Table<Flow>
      size="small"
      pagination={false}
      rowKey={({ peer, side }) => `${peer} ${side}`}
      dataSource={[...flows]}
      scroll={{ x: 'max-content' }}
      columns={[
        { title: t.from, render: (_, flow) => ends(flow)[0] },
        { title: t.to, render: (_, flow) => ends(flow)[1] },
        {
          title: t.total,
          align: 'right',
          render: (_, { total, side, peer }) => number(total, casesAt(side, { peer })),
        },
        ...counted.map(([key, filter]) => ({
          title: meaning(filter),
          align: 'right' as const,
          render: (_: unknown, flow: Flow) =>
            number(flow[key], casesAt(flow.side, { peer: flow.peer, meaning: filter })),
        })),
        ...(may('peers.comparison')
          ? [
              {
                title: t.compare,
                className: 'no-print',
                render: (_: unknown, { peer, side }: Flow) => (
                  <Link to={`/comparison/${peer}?side=${side}`}>{t.compare}</Link>
                ),
              },
            ]
          : []),
      ]}
    />
  )
}
