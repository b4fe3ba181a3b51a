/** Everybody in a comparison, by what was found; what is shown is what is copied and printed. */
import { CopyOutlined, PrinterOutlined } from '@ant-design/icons'
import { App, Button, Empty, Radio, Table } from 'antd'
import { useMemo, useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import { type ComparisonReport } from '../../../../protocol/index.ts'
import { arrivalsAt } from '../../shared/addresses.ts'
import { useTexts } from '../../shared/language.tsx'
import { FindField } from '../../shared/list/find-field.tsx'
import { copyRows } from '../../shared/list/copying.ts'
import { compareTexts, type Column } from '../../shared/list/column.ts'
import { fieldWords, useWord } from '../../shared/words.ts'
import { findings, foundIn, type Finding, type Found } from './findings.ts'
import { type Side } from './reading.ts'
import { findingHints, findingWords, words } from './texts.ts'

/** As many as a screen scrolls well; the rest on request. */
const shownAtOnce = 200
type Shown = Finding | 'differing'

export function People({ report, side }: { report: ComparisonReport; side: Side }) {
  const all = useMemo(() => foundIn(report), [report])
  const [address, setAddress] = useSearchParams()
  const [typed, setTyped] = useState('')
  const hints = useTexts(findingHints)
  const asked = address.get('show')
  const shown: Shown = findings.find((finding) => finding === asked) ?? 'differing'
  const ofKind = all.filter(({ finding }) =>
    shown === 'differing' ? finding !== 'agreed' : finding === shown,
  )
  const rows = ofKind.filter(({ name }) => name.includes(typed.trim()))
  const choose = (next: Shown) =>
    setAddress(
      (before) => {
        const after = new URLSearchParams(before)
        if (next === 'differing') after.delete('show')
        else after.set('show', next)
        return after
      },
      { replace: true },
    )
  return (
    <section>
      <Kinds all={all} shown={shown} choose={choose} />
      <p className="page-hint">{hints[shown]}</p>
      <PeopleTable key={shown} rows={rows} side={side} typed={typed} setTyped={setTyped} />
    </section>
  )
}

function Kinds({
  all,
  shown,
  choose,
}: {
  all: readonly Found[]
  shown: Shown
  choose: (shown: Shown) => void
}) {
  const t = useTexts(findingWords)
  const count = (kind: Finding) => all.filter(({ finding }) => finding === kind).length
  const options = [
    { value: 'differing' as Shown, label: `${t.differing} ${all.length - count('agreed')}` },
    // What must never be stands here only when it is.
    ...findings
      .filter((kind) => (kind !== 'unequal' && kind !== 'oneNode') || count(kind) > 0)
      .map((kind) => ({ value: kind as Shown, label: `${t[kind]} ${count(kind)}` })),
  ]
  return (
    <Radio.Group
      optionType="button"
      options={options}
      value={shown}
      onChange={(event) => choose(event.target.value as Shown)}
      className="chips"
    />
  )
}

function PeopleTable({
  rows,
  side,
  typed,
  setTyped,
}: {
  rows: readonly Found[]
  side: Side
  typed: string
  setTyped: (typed: string) => void
}) {
  const [whole, setWhole] = useState(false)
  const t = useTexts(words)
  const columns = useColumns()
  const shown = whole ? rows : rows.slice(0, shownAtOnce)
  return (
    <>
      <Tools rows={rows} typed={typed} setTyped={setTyped} />
      <Table<Found>
        size="small"
        pagination={false}
        rowKey={({ id, finding }) => `${finding} ${id}`}
        dataSource={[...shown]}
        locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t.none} /> }}
        showSorterTooltip={false}
        columns={[
          ...columns.map((column) => ({
            key: column.key,
            title: column.title,
            render: (_: unknown, row: Found) =>
              column.key === 'name' ? <Who row={row} /> : column.text(row) || '—',
            sorter: (a: Found, b: Found) => compareTexts(column.text(a), column.text(b)),
          })),
          {
            key: 'open',
            title: t.open,
            className: 'no-print',
            render: (_: unknown, row: Found) => <Way row={row} side={side} />,
          },
        ]}
      />
      <div className="list-foot">
        <span role="status">{t.rows(rows.length)}</span>
        {shown.length < rows.length && (
          <Button size="small" onClick={() => setWhole(true)}>
            {t.showAll(rows.length)}
          </Button>
        )}
      </div>
    </>
  )
}

function Tools({
  rows,
  typed,
  setTyped,
}: {
  rows: readonly Found[]
  typed: string
  setTyped: (typed: string) => void
}) {
  const { message } = App.useApp()
  const t = useTexts(words)
  const columns = useColumns()
  const copy = () => void copyRows(columns, rows).then(() => message.success(t.copied(rows.length)))
  return (
    <div className="list-tools">
      <FindField typed={typed} setTyped={setTyped} hint={t.find} />
      <span className="grow" />
      <Button icon={<CopyOutlined />} disabled={rows.length === 0} onClick={copy}>
        {t.copy}
      </Button>
      <Button icon={<PrinterOutlined />} onClick={() => window.print()}>
        {t.print}
      </Button>
    </div>
  )
}

function useColumns(): Column<Found>[] {
  const t = useTexts(words)
  const finding = useTexts(findingWords)
  const field = useWord(fieldWords)
  return [
    { key: 'name', title: t.name, text: ({ name }) => name || t.unnamed },
    { key: 'finding', title: t.finding, text: (row) => finding[row.finding] },
    { key: 'fields', title: t.fields, text: ({ fields }) => fields.map(field).join('、') },
  ]
}

function Who({ row }: { row: Found }) {
  const t = useTexts(words)
  const name = row.name || t.unnamed
  return row.query ? name : <Link to={`/cases/${row.id}`}>{name}</Link>
}

/** A denied query has no case; at host there is the arrival behind it. */
function Way({ row, side }: { row: Found; side: Side }) {
  const t = useTexts(words)
  if (!row.query) return <Link to={`/cases/${row.id}`}>{t.open}</Link>
  return side === 'host' ? <Link to={arrivalsAt('denied')}>{t.toArrivals}</Link> : null
}
