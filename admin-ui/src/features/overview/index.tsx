/** The first page: how many there are, what waits, who went where, and whether the other regions answer. */
import { Card, Skeleton, Statistic } from 'antd'
import { type ReactNode } from 'react'
import { Link } from 'react-router'
import { type Overview } from '../../../../protocol/index.ts'
import { useAsk } from '../../shared/ask.ts'
import { casesAt } from '../../shared/addresses.ts'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { shortMoment } from '../../shared/moments.tsx'
import { Page } from '../../shared/page.tsx'
import { useMay } from '../../shared/session.tsx'
import { Flows } from './flows.tsx'
import { Peers } from './peers.tsx'
import { words } from './texts.ts'
import { Trend } from './trend.tsx'
import { Waiting } from './waiting.tsx'

export function OverviewPage() {
  const t = useTexts(words)
  const { data, error, refetch } = useAsk('overview.look', {})
  return (
    <Page title={t.title} actions={data && <small>{t.asOf(shortMoment(data.asOf))}</small>}>
      {error && <Failure of={error} again={() => void refetch()} />}
      {data ? <Looked overview={data} /> : !error && <Skeleton active paragraph={{ rows: 10 }} />}
    </Page>
  )
}

function Looked({ overview }: { overview: Overview }) {
  return (
    <div className="overview">
      <Counts counts={overview.counts} />
      <Waiting overview={overview} />
      {overview.peers && <Peers peers={overview.peers} />}
      <Flows flows={overview.flows} />
      <Trend trend={overview.trend} />
    </div>
  )
}

function Counts({ counts }: { counts: Overview['counts'] }) {
  const t = useTexts(words)
  const may = useMay()
  const shown: [keyof Overview['counts'], string | false][] = [
    ['members', may('members.query') && '/members'],
    ['away', may('cases.query') && casesAt('home')],
    ['here', may('cases.query') && casesAt('host')],
    ['organisations', may('organisations.list') && '/organisations'],
  ]
  return (
    <div className="overview-counts">
      {shown.map(([key, to]) => (
        <MaybeLink key={key} to={to}>
          <Card size="small" hoverable={to !== false}>
            <Statistic title={t[key]} value={counts[key]} />
          </Card>
        </MaybeLink>
      ))}
    </div>
  )
}

function MaybeLink({ to, children }: { to: string | false; children: ReactNode }) {
  return to === false ? <div>{children}</div> : <Link to={to}>{children}</Link>
}
