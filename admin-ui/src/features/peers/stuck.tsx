/** What did not go through, on either side: parked, refused, turned away at the gate. */
import { Card, Table, type TableProps } from 'antd'
import { type ReactNode } from 'react'
import { Link } from 'react-router'
import { useTexts } from '../../shared/language.tsx'
import { Moment } from '../../shared/moments.tsx'
import { useMay } from '../../shared/session.tsx'
import { recordWords, useWord } from '../../shared/words.ts'
import { codeWords } from './codes.ts'
import { type PeerDetail } from './peer-detail.ts'
import { words } from './texts.ts'

export function Stuck({ peer }: { peer: PeerDetail }) {
  const t = useTexts(words)
  const code = useWord(codeWords)
  const record = useWord(recordWords)
  const outcome = (said: string) =>
    said === 'parked' ? t.parkedThere : t.refusedFor(code(said.replace(/^refused:/, '')))
  const type = {
    title: t.recordType,
    render: (_: unknown, { type: name }: { type: string }) => record(name),
  }
  const subject = {
    title: t.case,
    render: (_: unknown, row: { case: string | null }) => <CaseLink id={row.case} />,
  }
  const byCode = [
    { title: t.why, render: (_: unknown, row: { code: string }) => code(row.code) },
    { title: t.code, render: (_: unknown, row: { code: string }) => <code>{row.code}</code> },
    { title: t.count, align: 'right' as const, dataIndex: 'count' },
    { title: t.last, render: (_: unknown, row: { lastAt: string }) => <Moment at={row.lastAt} /> },
  ]
  const { parkedRecords, outcomes, refusedOfTheirs, refusals } = peer
  if (parkedRecords.length + outcomes.length + refusedOfTheirs.length + refusals.length === 0)
    return (
      <Card size="small" className="section" title={<h2>{t.stuck}</h2>}>
        <p className="calm">{t.allThrough}</p>
      </Card>
    )
  return (
    <>
      <Kind
        title={t.parkedTitle}
        hint={t.parkedHint}
        rows={parkedRecords}
        columns={[
          type,
          subject,
          { title: t.epoch, align: 'right', dataIndex: 'epoch' },
          { title: t.number, align: 'right', dataIndex: 'seq' },
        ]}
      />
      <Kind
        title={t.outcomesTitle}
        hint={t.outcomesHint}
        rows={outcomes}
        columns={[
          type,
          subject,
          { title: t.outcome, render: (_, row) => outcome(row.outcome) },
          { title: t.written, render: (_, row) => <Moment at={row.writtenAt} /> },
        ]}
      />
      <Kind title={t.refusedTitle} hint={t.refusedHint} rows={refusedOfTheirs} columns={byCode} />
      <Kind title={t.refusalsTitle} hint={t.refusalsHint} rows={refusals} columns={byCode} />
    </>
  )
}

function Kind<Row extends object>({
  title,
  hint,
  rows,
  columns,
}: {
  title: string
  hint: ReactNode
  rows: readonly Row[]
  columns: TableProps<Row>['columns'] & object
}) {
  const t = useTexts(words)
  const numbered = rows.map((row, index) => ({ ...row, key: index }))
  return (
    <Card size="small" className="section" title={<h2>{`${title} · ${rows.length}`}</h2>}>
      {rows.length === 0 ? (
        <p className="calm">{t.nothingStuck}</p>
      ) : (
        <>
          <p className="page-hint">{hint}</p>
          <Table<Row>
            size="small"
            pagination={rows.length > 20 ? { pageSize: 20, showSizeChanger: false } : false}
            dataSource={numbered}
            columns={columns}
            scroll={{ x: 'max-content' }}
          />
        </>
      )}
    </Card>
  )
}

function CaseLink({ id }: { id: string | null }) {
  const t = useTexts(words)
  const may = useMay()
  if (id === null) return '—'
  return may('case.detail') ? <Link to={`/cases/${id}`}>{t.openCase}</Link> : <code>{id}</code>
}
