/** What a person must look at: what each alarm means, what to do, and who has seen to it. */
import { Alert, App, Button, Card, Switch } from 'antd'
import { useState } from 'react'
import { Link } from 'react-router'
import { type AlarmList } from '../../../../protocol/index.ts'
import { useAct, useAsk } from '../../shared/ask.ts'
import { Failure, sentenceOf } from '../../shared/failure.tsx'
import { useLanguage, useTexts } from '../../shared/language.tsx'
import { shortMoment } from '../../shared/moments.tsx'
import { useRegions } from '../../shared/regions.ts'
import { useMay } from '../../shared/session.tsx'
import { useWord } from '../../shared/words.ts'
import { alarmMeanings, alarmTitles, words } from './texts.ts'

type Alarm = AlarmList['alarms'][number]

export function Alarms({ peer }: { peer?: string }) {
  const [all, setAll] = useState(false)
  const t = useTexts(words)
  const { data, error, refetch } = useAsk('alarms.list', { query: all ? { all: 'true' } : {} })
  const shown = data?.alarms.filter((alarm) => peer === undefined || alarm.peer === peer)
  if (peer !== undefined && shown?.length === 0) return null
  return (
    <Card
      size="small"
      className="section"
      title={<h2>{t.alarms}</h2>}
      extra={
        peer === undefined && (
          <label>
            {t.acknowledgedToo} <Switch size="small" checked={all} onChange={setAll} />
          </label>
        )
      }
    >
      {error && <Failure of={error} again={() => void refetch()} />}
      {shown?.length === 0 && <p className="calm">{t.noAlarms}</p>}
      {shown?.map((alarm) => (
        <One key={alarm.id} alarm={alarm} />
      ))}
    </Card>
  )
}

function One({ alarm }: { alarm: Alarm }) {
  const t = useTexts(words)
  const { language } = useLanguage()
  const { message } = App.useApp()
  const [title, meaning] = [useWord(alarmTitles), useWord(alarmMeanings)]
  const { nameOf } = useRegions()
  const may = useMay()
  const acknowledge = useAct('alarms.acknowledge')
  const { id, kind, peer, subject, raisedAt, acknowledgedAt, acknowledgedBy } = alarm
  const done = () =>
    acknowledge.mutate(
      { params: { id }, body: {} },
      {
        onSuccess: () => void message.success(t.acknowledged),
        onError: (failed) => void message.error(sentenceOf(failed, language)),
      },
    )
  const known = kind in alarmMeanings
  return (
    <Alert
      type={acknowledgedAt === null ? 'warning' : 'info'}
      showIcon
      className="section"
      title={
        <>
          <b>{title(kind)}</b>
          {peer !== null && (
            <>
              {' · '}
              <Link to={`/peers/${peer}`}>{nameOf(peer)}</Link>
            </>
          )}
        </>
      }
      description={
        <>
          {known && <p>{meaning(kind)}</p>}
          <small>
            {t.raised(shortMoment(raisedAt))} · {t.subject} {subject}
            {acknowledgedAt !== null &&
              ` · ${t.acknowledgedBy(acknowledgedBy ?? '', shortMoment(acknowledgedAt))}`}
          </small>
        </>
      }
      action={
        acknowledgedAt === null &&
        may('alarms.acknowledge') && (
          <Button size="small" loading={acknowledge.isPending} onClick={done}>
            {t.acknowledge}
          </Button>
        )
      }
    />
  )
}
