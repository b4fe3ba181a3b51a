/** Every region with an agreement, in both directions. */
import { ReloadOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { Button, Card, Empty, Skeleton, Spin, Tag } from 'antd'
import { Link } from 'react-router'
import { type ComparisonReport, type RouteName } from '../../../../protocol/index.ts'
import { useAsk } from '../../shared/ask.ts'
import { Failure, sentenceOf } from '../../shared/failure.tsx'
import { useLanguage, useTexts } from '../../shared/language.tsx'
import { Page } from '../../shared/page.tsx'
import { brokenCases, countsOf } from './findings.ts'
import { useComparison, type Side } from './reading.ts'
import { findingWords, words } from './texts.ts'

interface Region {
  readonly node: string
  readonly name: string
}

export function Regions() {
  const t = useTexts(words)
  const client = useQueryClient()
  const { data, error, refetch } = useAsk('regions.list', {})
  const again = () => void client.invalidateQueries({ queryKey: ['peers.comparison' satisfies RouteName] })
  return (
    <Page
      title={t.title}
      hint={t.hint}
      actions={
        <Button icon={<ReloadOutlined />} onClick={again}>
          {t.again}
        </Button>
      }
    >
      {error && <Failure of={error} again={() => void refetch()} />}
      {!data && !error && <Skeleton active />}
      {data?.regions.length === 0 && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t.noRegions} />}
      {data && data.regions.length > 0 && (
        <>
          <Direction side="home" title={t.outward} regions={data.regions} />
          <Direction side="host" title={t.inward} regions={data.regions} />
        </>
      )}
    </Page>
  )
}

function Direction({ side, title, regions }: { side: Side; title: string; regions: readonly Region[] }) {
  const t = useTexts(words)
  const finding = useTexts(findingWords)
  return (
    <Card size="small" title={<h2>{title}</h2>} className="section">
      <div className="wide-table" tabIndex={0} role="region" aria-label={title}>
        <table className="plain-table counted">
          <thead>
            <tr>
              <th>{t.region}</th>
              <th>{t.homeCount}</th>
              <th>{t.hostCount}</th>
              <th>{t.difference}</th>
              <th>{t.both}</th>
              <th>{t.ofThose}</th>
              <th>{finding.homeOnly}</th>
              <th>{finding.hostOnlyKnown}</th>
              <th>{finding.hostOnlyUnknown}</th>
              <th className="word">{t.state}</th>
              <th className="word no-print">{t.names}</th>
            </tr>
          </thead>
          <tbody>
            {regions.map((region) => (
              <Row key={region.node} region={region} side={side} />
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  )
}

function Row({ region, side }: { region: Region; side: Side }) {
  const t = useTexts(words)
  const { language } = useLanguage()
  const { data, error, isFetching, refetch } = useComparison(region.node, side)
  const place = `/comparison/${region.node}?side=${side}`
  if (isFetching)
    return (
      <tr>
        <td>{region.name}</td>
        <td colSpan={10} className="word" role="status">
          <Spin size="small" /> {t.asking(region.name)}
        </td>
      </tr>
    )
  if (!data)
    return (
      <tr>
        <td>{region.name}</td>
        <td colSpan={8} className="word">
          {sentenceOf(error, language)}
        </td>
        <td className="word">
          <Tag color="orange">{t.silent}</Tag>
        </td>
        <td className="word no-print">
          <Button size="small" onClick={() => void refetch()}>
            {t.again}
          </Button>
        </td>
      </tr>
    )
  return (
    <tr>
      <td>{region.name}</td>
      <Numbers report={data} place={place} />
      <td className="word">
        <LevelTag report={data} />
      </td>
      <td className="word no-print">
        <Link to={place}>{t.names}</Link>
      </td>
    </tr>
  )
}

function Numbers({ report, place }: { report: ComparisonReport; place: string }) {
  const { home, host } = countsOf(report)
  const linked = (count: number, show: string) =>
    count === 0 ? 0 : <Link to={`${place}&show=${show}`}>{count}</Link>
  return (
    <>
      <td>{home}</td>
      <td>{host}</td>
      <td>
        <b>{home - host}</b>
      </td>
      <td>{report.both.length}</td>
      <td>{linked(report.casesWithDeviations.length, 'deviating')}</td>
      <td>{linked(report.homeOnly.length, 'homeOnly')}</td>
      <td>{linked(report.hostOnlyKnownToHome.length, 'hostOnlyKnown')}</td>
      <td>{linked(report.hostOnlyUnknownToHome.length, 'hostOnlyUnknown')}</td>
    </>
  )
}

export function LevelTag({ report }: { report: ComparisonReport }) {
  const t = useTexts(words)
  if (brokenCases(report) > 0) return <Tag color="red">{t.broken}</Tag>
  if (report.level) return <Tag color="green">{t.level}</Tag>
  return <Tag color="blue">{report.inFlight > 0 ? t.onTheWay(report.inFlight) : t.notLevel}</Tag>
}
