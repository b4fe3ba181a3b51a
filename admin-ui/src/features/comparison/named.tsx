/** One region, one direction: the two counts, what they mean, and everybody by name. */
import { ReloadOutlined } from '@ant-design/icons'
import { Alert, Button, Card, Spin, Statistic } from 'antd'
import { Link, useParams, useSearchParams } from 'react-router'
import { type ComparisonReport } from '../../../../protocol/index.ts'
import { casesAt } from '../../shared/addresses.ts'
import { Refused } from '../../shared/ask.ts'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { shortMoment } from '../../shared/moments.tsx'
import { Page } from '../../shared/page.tsx'
import { useRegions } from '../../shared/regions.ts'
import { useSession } from '../../shared/session.tsx'
import { brokenCases, countsOf } from './findings.ts'
import { People } from './people.tsx'
import { useComparison, type Side } from './reading.ts'
import { words } from './texts.ts'

export function Named() {
  const { node = '' } = useParams()
  const [address] = useSearchParams()
  const side: Side = address.get('side') === 'host' ? 'host' : 'home'
  const t = useTexts(words)
  const { region } = useSession()
  const { nameOf } = useRegions()
  const { data, error, isFetching, refetch, dataUpdatedAt } = useComparison(node, side)
  const other = nameOf(node)
  const [home, host] = side === 'home' ? [region, other] : [other, region]
  const again = () => void refetch()
  return (
    <Page
      title={`${t.title}:${t.of(home, host)}`}
      hint={
        <>
          <Link to="/comparison">{t.back}</Link>
          {' · '}
          <Link to={`/comparison/${node}?side=${side === 'home' ? 'host' : 'home'}`}>
            {t.otherWay(host, home)}
          </Link>
        </>
      }
      actions={
        <Button icon={<ReloadOutlined />} onClick={again} loading={isFetching}>
          {t.again}
        </Button>
      }
    >
      {isFetching && (
        <p role="status">
          <Spin size="small" /> {t.asking(other)}
        </p>
      )}
      {error && !isFetching && (
        <NotCompared error={error} again={again} own={casesAt(side, { peer: node })} />
      )}
      {data && (
        <>
          <Summary report={data} home={home} host={host} />
          <p className="page-hint">{t.comparedAt(shortMoment(new Date(dataUpdatedAt).toISOString()))}</p>
          <People report={data} side={side} />
        </>
      )}
    </Page>
  )
}

/** Silence is not a mistake: it says so, and what can be done meanwhile. */
function NotCompared({ error, again, own }: { error: Error; again: () => void; own: string }) {
  const t = useTexts(words)
  const silent = error instanceof Refused && error.code === 'peer_unreachable'
  if (!silent) return <Failure of={error} again={again} />
  return (
    <Alert
      type="warning"
      showIcon
      role="alert"
      title={t.noAnswer}
      action={
        <>
          <Button size="small" onClick={again}>
            {t.again}
          </Button>{' '}
          <Link to={own}>{t.ownList}</Link>
        </>
      }
    />
  )
}

function Summary({ report, home, host }: { report: ComparisonReport; home: string; host: string }) {
  const t = useTexts(words)
  const counts = countsOf(report)
  const broken = brokenCases(report)
  return (
    <>
      <div className="compared">
        <Card size="small">
          <Statistic title={`${home} · ${t.homeCount}`} value={counts.home} />
        </Card>
        <Card size="small">
          <Statistic title={`${host} · ${t.hostCount}`} value={counts.host} />
        </Card>
        <Card size="small">
          <Statistic title={t.difference} value={counts.home - counts.host} />
        </Card>
        <Card size="small">
          <Statistic title={t.both} value={report.both.length} />
        </Card>
      </div>
      {broken > 0 ? (
        <Alert type="error" showIcon title={t.brokenSaid(broken)} className="section" />
      ) : report.level ? (
        <Alert type="success" showIcon title={t.levelSaid} className="section" />
      ) : (
        <Alert type="info" showIcon title={t.notLevelSaid(report.inFlight)} className="section" />
      )}
    </>
  )
}
