/** An import as it stands now: its counts, the rows to correct, those that wait, those to look at. */
import { DownloadOutlined } from '@ant-design/icons'
import { App, Button, Card, Skeleton } from 'antd'
import { useState } from 'react'
import { Link, useParams } from 'react-router'
import { ask, useAsk, type Answer } from '../../shared/ask.ts'
import { Failure, sentenceOf } from '../../shared/failure.tsx'
import { useLanguage, useTexts } from '../../shared/language.tsx'
import { Remark } from '../../shared/list/index.tsx'
import { useList } from '../../shared/list/reading.ts'
import { Page } from '../../shared/page.tsx'
import { saveFile, workbookType } from '../../shared/saving.ts'
import { importWords, useWord } from '../../shared/words.ts'
import { HeldGrid } from './held-grid.tsx'
import { Counts, RowFaults } from './report.tsx'
import { words } from './texts.ts'

export function ImportPage() {
  const { id = '' } = useParams()
  const t = useTexts(words)
  const kind = useWord(importWords)
  const report = useAsk('imports.get', { params: { id } })
  const { data } = report
  if (report.error) return <Failure of={report.error} again={() => void report.refetch()} />
  if (!data) return <Skeleton active />
  const waiting = data.details.filter(({ state }) => state === 'waiting')
  const flagged = data.details.filter(({ state }) => state === 'flagged' || state === 'duplicate')
  return (
    <Page
      title={t.oneTitle}
      heading={`${t.oneTitle} · ${kind(data.kind)}`}
      hint={<Link to="/import">{t.back}</Link>}
      actions={data.held > 0 && <Download id={id} name={kind(data.kind)} />}
    >
      <Counts of={data} />
      {data.held === 0 ? (
        <Remark>{t.allRight}</Remark>
      ) : (
        <Card size="small" title={t.heldTitle(data.held)} className="held-rows">
          <Held id={id} who={data.columns.find(({ field }) => field === 'idNumber')?.heading} />
        </Card>
      )}
      {waiting.length > 0 && (
        <Card size="small" title={t.waitingTitle(data.waiting)} style={{ marginTop: 12 }}>
          <RowFaults of={waiting} />
        </Card>
      )}
      {flagged.length > 0 && (
        <Card size="small" title={t.flaggedTitle(flagged.length)} style={{ marginTop: 12 }}>
          <RowFaults of={flagged} />
        </Card>
      )}
    </Page>
  )
}

function Held({ id, who }: { id: string; who: string | undefined }) {
  const t = useTexts(words)
  const list = useList('imports.rows', {}, { id })
  const held = list.rows.filter(({ state }) => state === 'held')
  if (list.error) return <Failure of={list.error} again={() => void list.refetch()} />
  if (list.isPending) return <Skeleton active />
  const [first] = list.data.pages as Answer<'imports.rows'>[]
  return (
    <>
      {held.length > 0 && <HeldGrid id={id} headings={first?.headings ?? []} rows={held} who={who} />}
      {list.hasNextPage && (
        <Button
          size="small"
          loading={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
          style={{ marginTop: 8 }}
        >
          {t.more}
        </Button>
      )}
    </>
  )
}

function Download({ id, name }: { id: string; name: string }) {
  const { message } = App.useApp()
  const { language } = useLanguage()
  const t = useTexts(words)
  const [busy, setBusy] = useState(false)
  const run = async () => {
    setBusy(true)
    try {
      saveFile(await ask('imports.held', { params: { id } }), `${name}-${t.held}.xlsx`, workbookType)
      void message.success(t.downloaded)
    } catch (error) {
      void message.error(sentenceOf(error, language))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Button icon={<DownloadOutlined />} loading={busy} onClick={() => void run()}>
      {t.download}
    </Button>
  )
}
