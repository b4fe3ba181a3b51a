/** Exports that need a second person: deciding on others’, fetching one’s own. */
import { DownloadOutlined } from '@ant-design/icons'
import { App, Button, Empty, Popconfirm, Space, Table, Tag } from 'antd'
import { type ExportRequest } from '../../../../protocol/index.ts'
import { useAct, useAsk } from '../../shared/ask.ts'
import { Failure, sentenceOf } from '../../shared/failure.tsx'
import { useLanguage, useTexts } from '../../shared/language.tsx'
import { Moment, shortMoment, today } from '../../shared/moments.tsx'
import { Page } from '../../shared/page.tsx'
import { useRegions } from '../../shared/regions.ts'
import { saveFile, workbookType } from '../../shared/saving.ts'
import { exportPurposeWords, meaningWords, roleWords, sideWords, useWord } from '../../shared/words.ts'
import { listWords, stateWords, words } from './texts.ts'

const colours = { waiting: 'blue', ready: 'green', refused: 'default', lapsed: 'default' } as const

export function ExportsPage() {
  const t = useTexts(words)
  const { data, error, refetch } = useAsk('exports.list', {})
  const [purpose, role] = [useWord(exportPurposeWords), useWord(roleWords)]
  const what = useWhat()
  return (
    <Page title={t.title} hint={t.hint}>
      {error && <Failure of={error} again={() => void refetch()} />}
      <Table<ExportRequest>
        size="small"
        pagination={false}
        loading={!data && !error}
        rowKey="id"
        dataSource={data?.requests ?? []}
        scroll={{ x: 720 }}
        locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t.empty} /> }}
        columns={[
          {
            title: t.asked,
            render: (_, { askedAt, askedBy }) => (
              <>
                {askedBy.name}
                <br />
                <small>
                  {role(askedBy.role)} · <Moment at={askedAt} />
                </small>
              </>
            ),
          },
          { title: t.list, render: (_, request) => <span className="wraps">{what(request)}</span> },
          { title: t.rows, align: 'right', dataIndex: 'rows' },
          {
            title: t.purpose,
            render: (_, request) => (
              <span className="wraps">
                {[purpose(request.purpose), request.words].filter(Boolean).join(':')}
              </span>
            ),
          },
          { title: t.state, render: (_, request) => <State of={request} /> },
          {
            title: t.actions,
            className: 'no-print',
            render: (_, request) => <Actions request={request} />,
          },
        ]}
      />
    </Page>
  )
}

/** Where it stands, who decided, until when, and how often it was fetched. */
function State({ of }: { of: ExportRequest }) {
  const t = useTexts(words)
  const state = useWord(stateWords)
  const said = [
    ...(of.decidedBy === null ? [] : [t.decidedBy(of.decidedBy)]),
    ...(of.state === 'waiting' || of.state === 'ready' ? [t.until(shortMoment(of.until))] : []),
    ...(of.fetched > 0 ? [t.fetched(of.fetched)] : []),
  ]
  return (
    <>
      <Tag color={colours[of.state]}>{state(of.state)}</Tag>
      <small className="wraps">{said.join(' · ')}</small>
    </>
  )
}

/** The list and what narrows it, in words. */
function useWhat(): (request: ExportRequest) => string {
  const t = useTexts(words)
  const [list, side, meaning] = [useWord(listWords), useWord(sideWords), useWord(meaningWords)]
  const { nameOf } = useRegions()
  const { data } = useAsk('organisations.list', {})
  const organisation = (id: string) => data?.organisations.find((one) => one.id === id)?.name ?? id.slice(-12)
  return (request) => {
    const { query } = request
    const said = (key: string, word: (value: string) => string) =>
      query[key] === undefined ? [] : [word(String(query[key]))]
    const parts = [
      ...said('side', side),
      ...said('peer', nameOf),
      ...said('meaning', meaning),
      ...said('organisation', organisation),
      ...said('year', t.year),
      ...(request.searched ? [t.searched] : []),
    ]
    return `${list(request.list)} · ${parts.length > 0 ? parts.join('、') : t.whole}`
  }
}

function Actions({ request }: { request: ExportRequest }) {
  const t = useTexts(words)
  const { message } = App.useApp()
  const { language } = useLanguage()
  const decide = useAct('exports.decide')
  const fetching = useAct('exports.fetch')
  const params = { id: request.id }
  const onError = (error: Error) => void message.error(sentenceOf(error, language))
  const say = (approve: boolean) =>
    decide.mutate(
      { params, body: { approve } },
      { onSuccess: () => void message.success(approve ? t.allowed : t.refused), onError },
    )
  const get = () =>
    fetching.mutate(
      { params, body: {} },
      {
        onSuccess: (bytes) => {
          saveFile(bytes, `${t.file}-${request.list}-${today()}.xlsx`, workbookType)
          void message.success(t.got)
        },
        onError,
      },
    )
  if (request.own && request.state === 'ready')
    return (
      <Button
        type="primary"
        size="small"
        icon={<DownloadOutlined />}
        loading={fetching.isPending}
        onClick={get}
      >
        {t.fetch}
      </Button>
    )
  if (request.own && request.state === 'waiting') return t.waitsForOther
  if (!request.mayDecide) return '—'
  return (
    <Space>
      <Popconfirm
        title={t.allowHint(request.askedBy.name, request.rows)}
        okText={t.allow}
        cancelText={t.cancel}
        onConfirm={() => say(true)}
      >
        <Button type="primary" size="small" loading={decide.isPending}>
          {t.allow}
        </Button>
      </Popconfirm>
      <Popconfirm title={t.refuseHint} okText={t.refuse} cancelText={t.cancel} onConfirm={() => say(false)}>
        <Button size="small" danger loading={decide.isPending}>
          {t.refuse}
        </Button>
      </Popconfirm>
    </Space>
  )
}
