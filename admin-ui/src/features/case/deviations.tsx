/** Where the two sides hold a person's attributes differently: beside each other, and decided by one click each. */
import { Alert, App, Button, Table } from 'antd'
import { type CaseDetail, type DeviationField } from '../../../../protocol/index.ts'
import { useAct } from '../../shared/ask.ts'
import { sentenceOf } from '../../shared/failure.tsx'
import { useLanguage, useTexts } from '../../shared/language.tsx'
import { useMay } from '../../shared/session.tsx'
import { categoryWords, fieldWords, useWord } from '../../shared/words.ts'
import { words } from './texts.ts'

export function Deviations({ detail }: { detail: CaseDetail }) {
  const t = useTexts(words)
  const may = useMay()
  const [field, category] = [useWord(fieldWords), useWord(categoryWords)]
  const adopt = useAdopting(detail.id)
  const { deviations } = detail.hostFacts
  if (deviations.length === 0 || !detail.differences.includes('attributes-differ')) return null
  const shown = (key: string, value: string) => (key === 'category' ? category(value) : value)
  return (
    <Alert
      type="warning"
      style={{ marginBottom: 12 }}
      title={t.deviates}
      description={
        <>
          <Table
            size="small"
            pagination={false}
            rowKey="field"
            dataSource={deviations.map((each) => ({ ...each }))}
            columns={[
              { key: 'field', title: '', render: (_, row) => field(row.field) },
              { key: 'home', title: t.homeHas, render: (_, row) => shown(row.field, row.home) },
              { key: 'host', title: t.hostHas, render: (_, row) => shown(row.field, row.host) },
              {
                key: 'adopt',
                title: '',
                className: 'no-print',
                render: (_, row) =>
                  may('case.adopt') && (
                    <Button size="small" loading={adopt.busy} onClick={() => adopt.run([row.field])}>
                      {t.adopt(field(row.field))}
                    </Button>
                  ),
              },
            ]}
          />
          {may('case.adopt') && deviations.length > 1 && (
            <Button
              size="small"
              className="no-print"
              style={{ marginTop: 8 }}
              loading={adopt.busy}
              onClick={() => adopt.run(deviations.map((each) => each.field))}
            >
              {t.adoptAll}
            </Button>
          )}
        </>
      }
    />
  )
}

function useAdopting(id: string) {
  const act = useAct('case.adopt')
  const { message } = App.useApp()
  const { language } = useLanguage()
  const t = useTexts(words)
  return {
    busy: act.isPending,
    run: (fields: DeviationField[]) =>
      act.mutate(
        { params: { id }, body: { fields } },
        {
          onSuccess: () => void message.success(t.adopted),
          onError: (error) => void message.error(sentenceOf(error, language)),
        },
      ),
  }
}
