/** Who was there: a line for each, ticked by mouse or space bar, with an amount where each pays his own. */
import { Empty, Input, Table } from 'antd'
import { type KeyboardEvent } from 'react'
import { type CaseRowView } from '../../../../../protocol/index.ts'
import { useTexts } from '../../../shared/language.tsx'
import { readYuan } from '../../../shared/money.ts'
import { useRegions } from '../../../shared/regions.ts'
import { type Side } from './people.ts'
import { words } from './texts.ts'

export interface Amount {
  readonly id: string
  readonly yuan: string
}
interface Props {
  readonly people: readonly CaseRowView[]
  readonly loading: boolean
  readonly chosen: boolean
  readonly side: Side
  readonly present: readonly string[]
  readonly setPresent: (ids: readonly string[]) => void
  /** Undefined where all pay the same, or nobody anything. */
  readonly amounts: readonly Amount[] | undefined
  readonly setAmount: (id: string, yuan: string) => void
}

export function Grid({ people, loading, chosen, present, setPresent, side, amounts, setAmount }: Props) {
  const t = useTexts(words)
  const { nameOf } = useRegions()
  const toggle = (id: string) =>
    setPresent(present.includes(id) ? present.filter((one) => one !== id) : [...present, id])
  const amountColumn = {
    key: 'amount',
    title: t.amount,
    width: 140,
    render: (_: unknown, { id, name }: CaseRowView) => (
      <AmountField
        name={name}
        typed={amounts?.find((one) => one.id === id)?.yuan ?? ''}
        wanted={present.includes(id)}
        change={(yuan) => setAmount(id, yuan)}
      />
    ),
  }
  return (
    <Table<CaseRowView>
      size="small"
      className="sticky-head wide-on-phone"
      rowKey="id"
      pagination={false}
      loading={loading}
      dataSource={[...people]}
      locale={{
        emptyText: (
          <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={chosen ? t.nobodyHere : t.chooseFirst} />
        ),
      }}
      rowSelection={{
        selectedRowKeys: [...present],
        onChange: (keys) => setPresent(keys.map(String)),
        columnWidth: 40,
      }}
      onRow={({ id }) => ({
        tabIndex: 0,
        className: 'row-link',
        'aria-selected': present.includes(id),
        onClick: (event) => {
          if (!(event.target as HTMLElement).closest('input, .ant-checkbox-wrapper')) toggle(id)
        },
        onKeyDown: (event) => moveOrTick(event, () => toggle(id)),
      })}
      columns={[
        { key: 'name', title: t.name, dataIndex: 'name', width: 110 },
        ...(amounts ? [amountColumn] : []),
        { key: 'peer', title: t.peer, render: (_, { peer }) => nameOf(peer) },
        {
          key: 'branch',
          title: t.branch,
          render: (_, row) => (side === 'host' ? row.branch : row.organisation?.name) ?? '—',
        },
        side === 'host'
          ? { key: 'employer', title: t.employer, render: (_, row) => row.employer ?? '—' }
          : { key: 'destination', title: t.destination, render: (_, row) => row.destination ?? '—' },
      ]}
    />
  )
}

interface AmountProps {
  readonly name: string
  readonly typed: string
  readonly wanted: boolean
  readonly change: (yuan: string) => void
}

function AmountField({ name, typed, wanted, change }: AmountProps) {
  const t = useTexts(words)
  return (
    <Input
      size="small"
      value={typed}
      inputMode="decimal"
      autoComplete="off"
      aria-label={`${t.amount} ${name}`}
      {...(wanted && readYuan(typed) === undefined ? { status: 'error' as const } : {})}
      onChange={(event) => change(event.target.value)}
      onKeyDown={moveAmount}
    />
  )
}

/** Arrows walk the lines, the space bar ticks. */
function moveOrTick(event: KeyboardEvent<HTMLElement>, tick: () => void): void {
  if (event.target !== event.currentTarget) return
  const row = event.currentTarget
  const next = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling }[event.key]
  if (event.key === ' ') tick()
  else if (next instanceof HTMLElement) next.focus()
  else return
  event.preventDefault()
}

/** Enter and the arrows go to the amount above or below, as in a sheet. */
function moveAmount(event: KeyboardEvent<HTMLElement>): void {
  const row = event.currentTarget.closest('tr')
  const next =
    event.key === 'ArrowUp'
      ? row?.previousElementSibling
      : event.key === 'ArrowDown' || event.key === 'Enter'
        ? row?.nextElementSibling
        : undefined
  if (next === undefined) return
  event.preventDefault()
  next?.querySelector<HTMLElement>('input:not([type=checkbox])')?.focus()
}
