/** A year of a branch: for each person twelve months of activities and dues, with sums, for the wall and for the file. */
import { PrinterOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Empty, InputNumber, Table } from 'antd'
import { useMemo } from 'react'
import { Link, useNavigate, useSearchParams } from 'react-router'
import { ask, type Answer } from '../../shared/ask.ts'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { ExportButton } from '../../shared/list/tools.tsx'
import { yuan } from '../../shared/money.ts'
import { OrganisationPicker, useOrganisations } from '../../shared/organisations.tsx'
import { Page } from '../../shared/page.tsx'
import { usePrinting } from '../../shared/printing.ts'
import { useMay } from '../../shared/session.tsx'
import { words } from './texts.ts'

type Row = Answer<'activities.ledger'>['rows'][number]
const most = 2000
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

/** All pages of it, since sums over a part would say something wrong. */
function useLedger(organisation: string | null, year: number) {
  return useQuery({
    queryKey: ['activities.ledger', { organisation, year }],
    enabled: organisation !== null,
    queryFn: async ({ signal }) => {
      const rows: Row[] = []
      let after: string | undefined
      do {
        const body = { organisation: organisation ?? '', year, limit: 200, ...(after ? { after } : {}) }
        const page = await ask('activities.ledger', { body, signal })
        rows.push(...page.rows)
        after = page.next ?? undefined
      } while (after !== undefined && rows.length < most)
      return { rows, cut: after !== undefined }
    },
  })
}

export function LedgerPage() {
  const t = useTexts(words)
  const may = useMay()
  const [address, setAddress] = useSearchParams()
  const { all, nameOf } = useOrganisations()
  const only = all.length === 1 ? all[0]?.id : undefined
  const organisation = address.get('organisation') ?? only ?? null
  const year = Number(address.get('year')) || new Date().getFullYear()
  const ledger = useLedger(organisation, year)
  const set = (key: 'organisation' | 'year', value: string | undefined) =>
    setAddress(
      (before) => {
        const after = new URLSearchParams(before)
        if (value === undefined) after.delete(key)
        else after.set(key, value)
        return after
      },
      { replace: true },
    )
  return (
    <Page wide title={t.ledgerTitle} hint={<Link to="/activities">{t.back}</Link>}>
      <div className="list-tools">
        <OrganisationPicker
          value={organisation ?? undefined}
          onChange={(id) => set('organisation', id)}
          autoFocus={organisation === null}
          width={360}
        />
        <InputNumber
          value={year}
          min={1950}
          max={2100}
          precision={0}
          onChange={(value) => value !== null && set('year', String(value))}
          suffix={t.year}
          aria-label={t.year}
          style={{ width: 130 }}
        />
        <span className="grow" />
        {organisation !== null && may('activities.ledger-export') && (
          <ExportButton route="activities.ledger-export" file={t.file} question={{ organisation, year }} />
        )}
        <Button
          icon={<PrinterOutlined />}
          aria-label={t.print}
          title={t.print}
          onClick={() => window.print()}
        />
      </div>
      {ledger.error && <Failure of={ledger.error} again={() => void ledger.refetch()} />}
      {ledger.data?.cut && <Alert type="warning" showIcon title={t.cut(ledger.data.rows.length)} />}
      {organisation === null ? (
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t.chooseFirst} />
      ) : (
        <section>
          <p className="ledger-head">
            <b>{t.ledgerHead(nameOf(organisation) ?? '', year)}</b>
            <span className="no-print"> {t.ledgerHint}</span>
          </p>
          <Sheet rows={ledger.data?.rows ?? []} loading={ledger.isPending} {...{ organisation, year }} />
        </section>
      )}
    </Page>
  )
}

interface SheetProps {
  readonly rows: readonly Row[]
  readonly loading: boolean
  readonly organisation: string
  readonly year: number
}

function Sheet({ rows, loading, organisation, year }: SheetProps) {
  const t = useTexts(words)
  const navigate = useNavigate()
  const printing = usePrinting()
  const leads = (row: Row) => `/activities/ledger/${row.case}?organisation=${organisation}&year=${year}`
  const totals = useMemo(() => totalsOf(rows), [rows])
  const months = Array.from({ length: 12 }, (_, month) => ({
    key: `month ${month}`,
    title: t.month(month + 1),
    align: 'right' as const,
    width: 62,
    render: (_: unknown, row: Row) => <Cell count={row.months[month] ?? 0} fen={row.dues[month] ?? 0} />,
  }))
  return (
    <Table<Row>
      size="small"
      className="ledger"
      sticky={!printing}
      rowKey="case"
      pagination={false}
      loading={loading}
      dataSource={[...rows]}
      {...(printing ? {} : { scroll: { x: 1000 } })}
      locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t.noLedger} /> }}
      onRow={(row) => ({ className: 'row-link', onClick: () => void navigate(leads(row)) })}
      columns={[
        {
          key: 'name',
          title: t.name,
          width: 80,
          ...(printing ? {} : { fixed: 'left' as const }),
          render: (_, row) => <Link to={leads(row)}>{row.name}</Link>,
        },
        {
          key: 'side',
          title: t.side,
          width: 50,
          render: (_, row) => (row.side === 'home' ? t.away : t.here),
        },
        ...months,
        {
          key: 'sum',
          title: t.sum,
          align: 'right',
          width: 76,
          render: (_, row) => (
            <b>
              <Cell count={sum(row.months)} fen={sum(row.dues)} />
            </b>
          ),
        },
        { key: 'lastOn', title: t.lastOn, width: 92, render: (_, { lastOn }) => lastOn ?? '—' },
      ]}
      summary={() => rows.length > 0 && <Totals {...totals} label={t.sum} sticky={!printing} />}
    />
  )
}

/** Nothing is left empty, so that what there is meets the eye. */
function Cell({ count, fen }: { count: number; fen: number }) {
  return (
    <div className="ledger-cell">
      <div>{count === 0 ? '' : count}</div>
      <div>{fen === 0 ? '' : yuan(fen)}</div>
    </div>
  )
}

interface TotalsOf {
  readonly months: readonly number[]
  readonly dues: readonly number[]
}
function totalsOf(rows: readonly Row[]): TotalsOf {
  const add = (key: 'months' | 'dues') =>
    Array.from({ length: 12 }, (_, month) => sum(rows.map((row) => row[key][month] ?? 0)))
  return { months: add('months'), dues: add('dues') }
}

function Totals({ months, dues, label, sticky }: TotalsOf & { label: string; sticky: boolean }) {
  return (
    <Table.Summary fixed={sticky}>
      <Table.Summary.Row>
        <Table.Summary.Cell index={0} colSpan={2}>
          <b>{label}</b>
        </Table.Summary.Cell>
        {months.map((count, month) => (
          <Table.Summary.Cell key={month} index={month + 2} align="right">
            <Cell count={count} fen={dues[month] ?? 0} />
          </Table.Summary.Cell>
        ))}
        <Table.Summary.Cell index={14} align="right">
          <b>
            <Cell count={sum(months)} fen={sum(dues)} />
          </b>
        </Table.Summary.Cell>
        <Table.Summary.Cell index={15} />
      </Table.Summary.Row>
    </Table.Summary>
  )
}
