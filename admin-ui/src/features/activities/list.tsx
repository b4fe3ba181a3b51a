/** Activities as both sides report them, the newest first; one's own can be corrected and withdrawn. */
import { TableOutlined, UsergroupAddOutlined } from '@ant-design/icons'
import { App, Button, Space } from 'antd'
import { useState } from 'react'
import { Link } from 'react-router'
import { activityKinds } from '../../../../protocol/index.ts'
import { useAct } from '../../shared/ask.ts'
import { sentenceOf } from '../../shared/failure.tsx'
import { useLanguage, useTexts } from '../../shared/language.tsx'
import { List, type Column, type Filter } from '../../shared/list/index.tsx'
import { useOrganisationFilter } from '../../shared/organisations.tsx'
import { Page } from '../../shared/page.tsx'
import { useMay } from '../../shared/session.tsx'
import { activityWords, sideWords, useWord } from '../../shared/words.ts'
import { firstDay, useActivityColumns, type ActivityRow } from './columns.ts'
import { Correcting } from './correcting.tsx'
import { words } from './texts.ts'

function useFilters(): Filter[] {
  const t = useTexts(words)
  const [kind, side] = [useWord(activityWords), useWord(sideWords)]
  const organisation = useOrganisationFilter()
  return [
    organisation,
    { key: 'kind', label: t.kind, options: activityKinds.map((value) => ({ value, label: kind(value) })) },
    {
      key: 'by',
      label: t.by,
      options: (['home', 'host'] as const).map((value) => ({ value, label: side(value) })),
      width: 110,
    },
    { key: 'from', label: t.from, options: [], day: true, width: 150 },
    { key: 'until', label: t.until, options: [], day: true, width: 150 },
  ]
}

export function ActivitiesPage() {
  const t = useTexts(words)
  const may = useMay()
  const columns = useActivityColumns()
  const [correcting, setCorrecting] = useState<ActivityRow>()
  const work: Column<ActivityRow> = {
    key: 'work',
    title: t.work,
    text: () => '',
    work: true,
    show: (row) => <Work of={row} correct={() => setCorrecting(row)} />,
  }
  const all = [columns.on, columns.name, columns.kind, columns.title, columns.amount, columns.by]
  return (
    <Page title={t.title} hint={t.hint} actions={<Ways />}>
      <List
        name="activities"
        route="activities.query"
        fixed={{ from: firstDay }}
        columns={may('case.correct') ? [...all, work] : all}
        filters={useFilters()}
        rowKey={({ id }) => id}
        open={(row) => `/cases/${row.case}`}
        empty={t.empty}
      />
      {correcting && <Correcting row={correcting} done={() => setCorrecting(undefined)} />}
    </Page>
  )
}

function Ways() {
  const t = useTexts(words)
  const may = useMay()
  return (
    <Space>
      <Link to="/activities/ledger">
        <Button icon={<TableOutlined />}>{t.ledger}</Button>
      </Link>
      {may('activities.meeting') && (
        <Link to="/activities/meeting">
          <Button type="primary" icon={<UsergroupAddOutlined />}>
            {t.meeting}
          </Button>
        </Link>
      )}
    </Space>
  )
}

function Work({ of: row, correct }: { of: ActivityRow; correct: () => void }) {
  const { message, modal } = App.useApp()
  const { language } = useLanguage()
  const t = useTexts(words)
  const act = useAct('case.correct')
  if (!row.ours) return null
  const withdraw = () =>
    void modal.confirm({
      title: t.withdrawAsk,
      content: t.withdrawWhat,
      okText: t.withdraw,
      cancelText: t.cancel,
      okButtonProps: { danger: true },
      onOk: () =>
        act.mutate(
          { params: { id: row.case }, body: { corrects: row.id, activity: null } },
          {
            onSuccess: () => void message.success(t.withdrawn),
            onError: (error) => void message.error(sentenceOf(error, language)),
          },
        ),
    })
  return (
    <Space size={4} className="no-print">
      <Button size="small" onClick={correct}>
        {t.correct}
      </Button>
      <Button size="small" danger onClick={withdraw}>
        {t.withdraw}
      </Button>
    </Space>
  )
}
