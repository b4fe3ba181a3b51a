/**
 * A case: what home says and what host says, side by side, each as old as it is; what the two mean together; what can be
 * done about it here; and how every record of it went to the other side.
 */
import { Alert, Card, Skeleton, Tabs } from 'antd'
import { Route, Routes, useParams } from 'react-router'
import { type CaseDetail } from '../../../../protocol/index.ts'
import { useAsk } from '../../shared/ask.ts'
import { MeaningTag } from '../../shared/case-columns.tsx'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { Page } from '../../shared/page.tsx'
import { useRegions } from '../../shared/regions.ts'
import { useSession } from '../../shared/session.tsx'
import { differenceWords, useWord } from '../../shared/words.ts'
import { CaseActivities } from './activities.tsx'
import { CaseActions } from './actions.tsx'
import { Deviations } from './deviations.tsx'
import { Evidence } from './evidence.tsx'
import { HomeSide, HostSide } from './sides.tsx'
import { words } from './texts.ts'
import { Timeline } from './timeline.tsx'

export function CasePage() {
  return (
    <Routes>
      <Route path=":id" element={<OneCase />} />
    </Routes>
  )
}

function OneCase() {
  const { id = '' } = useParams()
  const detail = useAsk('case.detail', { params: { id } })
  if (detail.error) return <Failure of={detail.error} again={() => void detail.refetch()} />
  if (!detail.data) return <Skeleton active />
  return <Shown detail={detail.data} />
}

/** Home's and host's regions of a case, by name. */
export function useSides({ side, peer }: CaseDetail): { home: string; host: string } {
  const { region } = useSession()
  const { nameOf } = useRegions()
  return side === 'home' ? { home: region, host: nameOf(peer) } : { home: nameOf(peer), host: region }
}

function Shown({ detail }: { detail: CaseDetail }) {
  const t = useTexts(words)
  const { home, host } = useSides(detail)
  const difference = useWord(differenceWords)
  const others = detail.differences.filter((each) => each !== 'attributes-differ')
  return (
    <Page title={t.title} actions={<CaseActions detail={detail} />}>
      <p style={{ fontSize: 16, margin: '0 0 12px' }}>
        <strong style={{ fontSize: 18, marginRight: 12 }}>{detail.name}</strong>
        <span style={{ marginRight: 12 }}>{t.between(home, host)}</span>
        <MeaningTag of={detail.meaning} />
      </p>
      {others.map((each) => (
        <Alert key={each} type="warning" showIcon title={difference(each)} style={{ marginBottom: 8 }} />
      ))}
      <Deviations detail={detail} />
      <div className="two-sides">
        <HomeSide detail={detail} region={home} />
        <HostSide detail={detail} region={host} />
      </div>
      <Card size="small" style={{ marginTop: 12 }}>
        <Tabs
          items={[
            { key: 'timeline', label: t.timeline, children: <Timeline detail={detail} /> },
            { key: 'activities', label: t.activities, children: <CaseActivities detail={detail} /> },
            { key: 'evidence', label: t.verify, children: <Evidence id={detail.id} /> },
          ]}
        />
      </Card>
    </Page>
  )
}
