/** The evidence of a case, verified in this browser, step by step. */
import { DownloadOutlined, SafetyCertificateOutlined } from '@ant-design/icons'
import { Alert, Button, Space, Table, Tag } from 'antd'
import { useState } from 'react'
import { type EvidenceReport } from '../../../../protocol/index.ts'
import { ask } from '../../shared/ask.ts'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { useRegions } from '../../shared/regions.ts'
import { saveFile } from '../../shared/saving.ts'
import { useMay, useSession } from '../../shared/session.tsx'
import { homeStateWords, hostStateWords, meaningWords, recordWords, useWord } from '../../shared/words.ts'
import { words } from './texts.ts'
import { Outcome } from './timeline.tsx'

export function Evidence({ id }: { id: string }) {
  const [report, setReport] = useState<EvidenceReport>()
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const may = useMay()
  const t = useTexts(words)
  if (!may('case.evidence')) return null
  const verify = async () => {
    setBusy(true)
    setError(undefined)
    try {
      // Curves are large and needed here alone.
      const { proveCase } = await import('./proving.ts')
      setReport(await proveCase(id))
    } catch (failed) {
      setError(failed)
    } finally {
      setBusy(false)
    }
  }
  const save = async () =>
    saveFile(
      JSON.stringify(await ask('case.evidence', { params: { id } }), null, 1),
      `${id}.json`,
      'application/json',
    )
  return (
    <>
      <Space className="no-print" style={{ marginBottom: 8 }}>
        <Button
          type="primary"
          icon={<SafetyCertificateOutlined />}
          loading={busy}
          onClick={() => void verify()}
        >
          {t.verify}
        </Button>
        <Button icon={<DownloadOutlined />} onClick={() => void save().catch(setError)}>
          {t.download}
        </Button>
        <span className="page-hint">{t.verifyHint}</span>
      </Space>
      {error !== undefined && <Failure of={error} />}
      {report && <Report report={report} />}
    </>
  )
}

function Report({ report }: { report: EvidenceReport }) {
  const t = useTexts(words)
  const { node, region } = useSession()
  const { nameOf } = useRegions()
  const record = useWord(recordWords)
  const [home, host, meaning] = [useWord(homeStateWords), useWord(hostStateWords), useWord(meaningWords)]
  const { items, faults, view } = report
  return (
    <>
      <Alert
        type={faults.length === 0 ? 'success' : 'error'}
        showIcon
        role="status"
        title={faults.length === 0 ? t.proven(items.length) : t.unproven(faults.length)}
        description={
          <>
            {t.provenView(home(view.home.state), host(view.host.state), meaning(view.meaning))}
            {faults.map((fault) => (
              <div key={fault.item}>{t.broken(fault.item + 1, fault.code)}</div>
            ))}
          </>
        }
        style={{ marginBottom: 8 }}
      />
      <Table
        size="small"
        pagination={false}
        rowKey={({ from, epoch, seq, index }) => `${from} ${epoch} ${seq} ${index}`}
        dataSource={items}
        columns={[
          { key: 'from', title: t.who, render: (_, { from }) => (from === node ? region : nameOf(from)) },
          {
            key: 'place',
            title: t.place,
            render: (_, { epoch, seq, index }) => (
              <span className="number">{`${epoch}/${seq}/${index + 1}`}</span>
            ),
          },
          { key: 'what', title: t.what, render: (_, { type }) => record(type) },
          { key: 'step', title: t.step, render: () => <Tag color="green">{t.holds}</Tag> },
          { key: 'outcome', title: t.delivery, render: (_, { outcome }) => <Outcome outcome={outcome} /> },
        ]}
      />
    </>
  )
}
