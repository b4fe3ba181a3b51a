/** What an import would do, and doing it. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Card, Progress, Radio, Select, Space, Spin } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useNavigate } from 'react-router'
import { importKinds, type ImportKind } from '../../../../protocol/index.ts'
import { ask } from '../../shared/ask.ts'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { Remark } from '../../shared/list/index.tsx'
import { importWords, useWord } from '../../shared/words.ts'
import { type Chosen } from './glance.ts'
import { Report } from './report.tsx'
import { words } from './texts.ts'

/** Not under a name of a route: no change elsewhere makes it worth asking again. */
const previewKey = 'preview of an import'

export function Preview({ chosen, other }: { chosen: Chosen; other: () => void }) {
  const t = useTexts(words)
  const [kind, setKind] = useState(chosen.kind)
  const [sheet, setSheet] = useState<string>()
  const preview = usePreview(chosen, kind, sheet)
  const running = useRunning(chosen, kind, sheet, preview.data?.tookMs)
  return (
    <Card
      size="small"
      style={{ marginBottom: 16 }}
      title={t.previewTitle}
      extra={
        <Button onClick={other} disabled={running.since !== undefined}>
          {t.other}
        </Button>
      }
    >
      <Settings {...{ chosen, kind, setKind, sheet, setSheet }} disabled={running.since !== undefined} />
      {kind === undefined && <Remark>{t.kindUnknown}</Remark>}
      {preview.isFetching && (
        <p role="status">
          <Spin size="small" /> {t.previewing}
        </p>
      )}
      {preview.error && <Failure of={preview.error} again={() => void preview.refetch()} />}
      {running.error !== undefined && <Failure of={running.error} />}
      {preview.data && (
        <>
          <RunBar rows={preview.data.report.rows} running={running} tookMs={preview.data.tookMs} />
          <Report of={preview.data.report} />
        </>
      )}
    </Card>
  )
}

interface SettingsProps {
  readonly chosen: Chosen
  readonly kind: ImportKind | undefined
  readonly setKind: (kind: ImportKind) => void
  readonly sheet: string | undefined
  readonly setSheet: (sheet: string | undefined) => void
  readonly disabled: boolean
}

function Settings({ chosen, kind, setKind, sheet, setSheet, disabled }: SettingsProps) {
  const t = useTexts(words)
  const word = useWord(importWords)
  return (
    <Space wrap size={[24, 8]} style={{ marginBottom: 12 }}>
      <span>
        {t.file}: <b>{chosen.name}</b>
      </span>
      <Space wrap>
        <span id="import-kind">{t.kind}</span>
        <Radio.Group
          aria-labelledby="import-kind"
          optionType="button"
          disabled={disabled}
          value={kind}
          onChange={(event) => setKind(event.target.value as ImportKind)}
          options={importKinds.map((value) => ({ value, label: word(value) }))}
        />
      </Space>
      {chosen.sheets.length > 1 && (
        <Space>
          <span>{t.sheet}</span>
          <Select<string | null>
            aria-label={t.sheet}
            disabled={disabled}
            value={sheet ?? ''}
            onChange={(value) => setSheet(value === '' || value === null ? undefined : value)}
            options={[
              { value: '', label: t.sheetAny },
              ...chosen.sheets.map((value) => ({ value, label: value })),
            ]}
            style={{ minWidth: 200 }}
          />
        </Space>
      )}
    </Space>
  )
}

interface RunBarProps {
  readonly rows: number
  readonly tookMs: number
  readonly running: ReturnType<typeof useRunning>
}

function RunBar({ rows, running, tookMs }: RunBarProps) {
  const t = useTexts(words)
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => button.current?.focus(), [])
  const { since } = running
  return (
    <Space wrap style={{ display: 'flex', marginBottom: 12 }}>
      <Button
        ref={button}
        type="primary"
        disabled={rows === 0}
        loading={since !== undefined}
        onClick={() => void running.run()}
      >
        {t.run(rows)}
      </Button>
      {since !== undefined && <Going since={since} tookMs={tookMs} />}
    </Space>
  )
}

/** The preview did the same work and undid it, so it says how long the import takes. */
function Going({ since, tookMs }: { since: number; tookMs: number }) {
  const t = useTexts(words)
  const [now, setNow] = useState(since)
  useEffect(() => {
    const tick = setInterval(() => setNow(performance.now()), 250)
    return () => clearInterval(tick)
  }, [])
  const part = Math.min(0.97, (now - since) / Math.max(tookMs, 500))
  return (
    <>
      <Progress percent={Math.round(part * 100)} style={{ width: 220 }} />
      <span role="status">{t.running(Math.round((now - since) / 1000))}</span>
    </>
  )
}

function usePreview(
  { name, bytes, number }: Chosen,
  kind: ImportKind | undefined,
  sheet: string | undefined,
) {
  return useQuery({
    queryKey: [previewKey, number, kind, sheet],
    enabled: kind !== undefined,
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
    queryFn: async ({ signal }) => {
      const began = performance.now()
      const report = await ask('imports.run', {
        params: { kind: kind ?? 'roster' },
        query: { dryRun: 'true' },
        body: bytes,
        file: { name, ...(sheet === undefined ? {} : { sheet }) },
        signal,
      })
      return { report, tookMs: performance.now() - began }
    },
  })
}

/** Runs it and leads to its page. */
function useRunning(
  { name, bytes }: Chosen,
  kind: ImportKind | undefined,
  sheet: string | undefined,
  tookMs: number | undefined,
) {
  const { message } = App.useApp()
  const t = useTexts(words)
  const client = useQueryClient()
  const navigate = useNavigate()
  const [since, setSince] = useState<number>()
  const [error, setError] = useState<unknown>()
  const run = async () => {
    if (kind === undefined || tookMs === undefined) return
    setSince(performance.now())
    setError(undefined)
    try {
      const file = { name, ...(sheet === undefined ? {} : { sheet }) }
      const { id, accepted } = await ask('imports.run', { params: { kind }, body: bytes, file })
      void message.success(t.imported(accepted))
      void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== previewKey })
      await navigate(`/import/${id}`)
    } catch (failure) {
      setError(failure)
      setSince(undefined)
    }
  }
  return { run, since, error }
}
