/**
 * A list as people who know spreadsheets expect it: search, filters, columns to choose, sorting, views that are kept,
 * copying into Excel, exporting, printing, and the keyboard. On a phone each row is a card.
 *
 * What is searched for is never in the address: it is a name. Chosen filters are, so that a page can lead to a list.
 */
import { Alert, Button, Card, Empty, Grid, Table } from 'antd'
import { useMemo, useState, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react'
import { useNavigate } from 'react-router'
import { Failure } from '../failure.tsx'
import { useTexts } from '../language.tsx'
import { compareTexts, type Column } from './column.ts'
import { RowCards } from './cards.tsx'
import { type ListProps } from './props.ts'
import { useList, type ListRoute, type RowOf } from './reading.ts'
import { useArrangement } from './arrangement.ts'
import { words } from './texts.ts'
import { Tools } from './tools.tsx'
import { usePrinting } from '../printing.ts'

export { type Column, type Filter } from './column.ts'

export function List<N extends ListRoute>(props: ListProps<N>) {
  const { name, route, columns, filters = [], fixed = {}, rowKey } = props
  const arranged = useArrangement(name, columns, filters)
  const question = { ...fixed, ...arranged.question }
  const read = useList(route, question, props.params)
  const list = { ...read, rows: props.merge ? props.merge(read.rows) : read.rows }
  const [chosen, setChosen] = useState<readonly string[]>([])
  const printing = usePrinting()
  // Paper is no phone, however narrow: a register is printed as a table.
  const wide = (Grid.useBreakpoint().md ?? true) || printing
  const shown = columns.filter(({ key }) => arranged.columns.includes(key))
  const picked = list.rows.filter((row) => chosen.includes(rowKey(row)))
  if (list.error && list.rows.length === 0)
    return <Failure of={list.error} again={() => void list.refetch()} />
  return (
    <section>
      <Tools
        {...{ props, arranged, question, shown }}
        rows={picked.length > 0 ? picked : list.rows}
        chosen={picked}
      />
      {list.error && <Failure of={list.error} again={() => void list.refetch()} />}
      {wide ? (
        <Rows {...{ props, shown, list, chosen, setChosen, filtered: arranged.filtered }} />
      ) : (
        <Cards {...{ props, shown, list, filtered: arranged.filtered }} />
      )}
      <Foot list={list} chosen={picked.length} sorted={wide} />
    </section>
  )
}

type Listed<N extends ListRoute> = ReturnType<typeof useList<N>>
interface Showing<N extends ListRoute> {
  readonly props: ListProps<N>
  readonly shown: readonly Column<RowOf<N>>[]
  readonly list: Listed<N>
  readonly filtered: boolean
}

function Rows<N extends ListRoute>({
  props,
  shown,
  list,
  filtered,
  chosen,
  setChosen,
}: Showing<N> & { chosen: readonly string[]; setChosen: (keys: readonly string[]) => void }) {
  type Row = RowOf<N> & object
  const navigate = useNavigate()
  const { open } = props
  const printing = usePrinting()
  const columns = useMemo(
    () =>
      shown
        // On paper there is nothing to press.
        .filter(({ work }) => !(printing && work))
        .map((column) => ({
          key: column.key,
          title: column.title,
          ...(column.width === undefined ? {} : { width: column.width }),
          ...(column.number ? { align: 'right' as const } : {}),
          render: (_: unknown, row: Row) => cellOf(column, row),
          onHeaderCell: () => ({ className: 'short' }),
          ...(column.work
            ? {}
            : { sorter: (a: Row, b: Row) => compareTexts(column.text(a), column.text(b)) }),
        })),
    [shown, printing],
  )
  const go = (row: Row) => open && navigate(open(row))
  return (
    <Table<Row>
      size="small"
      className="sticky-head"
      tableLayout="auto"
      columns={columns}
      dataSource={list.rows as Row[]}
      rowKey={props.rowKey}
      loading={list.isFetching && !list.isFetchingNextPage && list.rows.length === 0}
      pagination={false}
      locale={{ emptyText: <Nothing filtered={filtered} first={props.empty} /> }}
      showSorterTooltip={false}
      {...(printing
        ? {}
        : {
            rowSelection: {
              selectedRowKeys: [...chosen],
              onChange: (keys) => setChosen(keys.map(String)),
              columnWidth: 36,
            },
          })}
      onRow={(row) => (open === undefined ? {} : leading(() => void go(row)))}
    />
  )
}

/** Names, days and codes are never broken into two lines; sentences may be. */
function cellOf<Row>(column: Column<Row>, row: Row): ReactNode {
  const text = column.text(row)
  const shown = column.show?.(row) ?? (text || '—')
  return text.length <= shortText ? <span className="short">{shown}</span> : shown
}
const shortText = 12

/** A row that leads somewhere, by mouse and by keyboard, unless something in it was meant, or its text is being chosen. */
function leading(go: () => void) {
  return {
    className: 'row-link',
    tabIndex: 0,
    onClick: ({ target }: MouseEvent<HTMLElement>) => {
      const busy = (target as HTMLElement).closest(
        'button, a, input, .ant-checkbox-wrapper, .ant-table-selection-column',
      )
      if (!busy && (getSelection()?.isCollapsed ?? true)) go()
    },
    onKeyDown: (event: KeyboardEvent<HTMLElement>) => moveOrOpen(event, go),
  }
}

/** Arrows walk the rows, Enter opens one. */
function moveOrOpen(event: KeyboardEvent<HTMLElement>, open: () => void): void {
  if (event.target !== event.currentTarget) return
  const row = event.currentTarget
  const next = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling }[event.key]
  if (event.key === 'Enter') open()
  else if (next instanceof HTMLElement) {
    next.focus()
    event.preventDefault()
  }
}

function Cards<N extends ListRoute>({ props, shown, list, filtered }: Showing<N>) {
  if (list.rows.length === 0)
    return list.isFetching ? <Card loading /> : <Nothing filtered={filtered} first={props.empty} />
  const { rowKey, open } = props
  return <RowCards {...{ rowKey, columns: shown, rows: list.rows, ...(open ? { open } : {}) }} />
}

function Nothing({ filtered, first }: { filtered: boolean; first: ReactNode }) {
  const t = useTexts(words)
  return <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={filtered ? t.empty : (first ?? t.empty)} />
}

function Foot<N extends ListRoute>({
  list,
  chosen,
  sorted,
}: {
  list: Listed<N>
  chosen: number
  sorted: boolean
}) {
  const t = useTexts(words)
  const { length } = list.rows
  if (length === 0) return null
  return (
    <div className="list-foot">
      <span role="status">
        {list.hasNextPage
          ? `${t.shownMore(length)}${sorted ? ` (${t.sortedOfShown})` : ''}`
          : t.shown(length)}
        {chosen > 0 && ` · ${t.selected(chosen)}`}
      </span>
      {list.hasNextPage && (
        <Button size="small" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t.more}
        </Button>
      )}
    </div>
  )
}

/** A sentence above a list that is not about a mistake. */
export function Remark({ children }: { children: ReactNode }) {
  return <Alert type="info" showIcon title={children} style={{ marginBottom: 8 }} />
}
