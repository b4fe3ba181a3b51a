/** An import in numbers: what became of its rows, how its columns were read, and what there is to say of single rows. */
import { Card, Descriptions, Statistic, Table, Tag } from 'antd'
import { type ImportReport, type ImportRow } from '../../../../protocol/index.ts'
import { useLanguage, useTexts } from '../../shared/language.tsx'
import { useRegions } from '../../shared/regions.ts'
import { useWord } from '../../shared/words.ts'
import { fieldWords, stateWords, words } from './texts.ts'

export function Report({ of: report }: { of: ImportReport }) {
  const t = useTexts(words)
  return (
    <>
      <Counts of={report} />
      <Columns of={report} />
      <Card
        size="small"
        type="inner"
        title={report.details.length === 0 ? t.noFaults : t.faults}
        style={{ marginTop: 12 }}
      >
        {report.details.length > 0 && <RowFaults of={report.details} />}
      </Card>
    </>
  )
}

export function Counts({ of: report }: { of: ImportReport }) {
  const t = useTexts(words)
  const counts = [
    [t.rows, report.rows],
    [t.accepted, report.accepted],
    [t.unchanged, report.unchanged],
    [t.duplicates, report.duplicates],
    [t.held, report.held],
    [t.waiting, report.waiting],
  ] as const
  return (
    <div className="import-counts">
      {counts.map(([title, value]) => (
        <Statistic key={title} title={title} value={value} />
      ))}
    </div>
  )
}

function Columns({ of: report }: { of: ImportReport }) {
  const t = useTexts(words)
  const field = useWord(fieldWords)
  const { nameOf } = useRegions()
  const regions = Object.entries(report.byRegion)
  return (
    <Descriptions
      size="small"
      column={1}
      items={[
        {
          key: 'columns',
          label: t.columns,
          children: (
            <div>
              {report.columns.map(({ field: code, heading, column }) => (
                <Tag key={column} style={{ marginBottom: 4 }}>
                  {field(code)} ← {heading} ({t.columnIn(column)})
                </Tag>
              ))}
              <div>{t.place(report.sheet, report.headerRow)}</div>
            </div>
          ),
        },
        ...(regions.length > 0
          ? [
              {
                key: 'regions',
                label: t.byRegion,
                children: regions.map(([node, count]) => `${nameOf(node)} ${count}`).join(' · '),
              },
            ]
          : []),
      ]}
    />
  )
}

const colours: Readonly<Record<ImportRow['state'], string>> = {
  held: 'red',
  waiting: 'blue',
  flagged: 'orange',
  duplicate: 'default',
}

export function RowFaults({ of: details }: { of: readonly ImportRow[] }) {
  const t = useTexts(words)
  const { language } = useLanguage()
  const state = useWord(stateWords)
  const present = [...new Set(details.map((one) => one.state))]
  return (
    <Table<ImportRow>
      size="small"
      rowKey={({ row, code }) => `${row} ${code}`}
      dataSource={[...details]}
      scroll={{ x: 640 }}
      pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false, size: 'small' }}
      columns={[
        { key: 'row', title: t.row, dataIndex: 'row', width: 64, align: 'right' },
        {
          key: 'state',
          title: t.state,
          width: 110,
          render: (_, one) => <Tag color={colours[one.state]}>{state(one.state)}</Tag>,
          filters: present.map((value) => ({ value, text: state(value) })),
          onFilter: (value, one) => one.state === value,
        },
        { key: 'what', title: t.what, render: (_, one) => one[language].what },
        { key: 'mend', title: t.mend, render: (_, one) => one[language].mend },
      ]}
    />
  )
}
