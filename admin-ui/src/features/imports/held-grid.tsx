/** Held rows as in the sheet, to be corrected in place: what is wrong stands below each, the faulty cell is marked. */
import { App, Button, Input, Space, Table } from 'antd'
import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { type HeldRow } from '../../../../protocol/index.ts'
import { useAct } from '../../shared/ask.ts'
import { DraftNote } from '../../shared/draft.tsx'
import { sentenceOf } from '../../shared/failure.tsx'
import { useLanguage, useTexts } from '../../shared/language.tsx'
import { useMay } from '../../shared/session.tsx'
import { useEdits, type Cells } from './edits.ts'
import { Reveal } from './reveal.tsx'
import { words } from './texts.ts'

interface Props {
  readonly id: string
  readonly headings: readonly string[]
  readonly rows: readonly HeldRow[]
  /** The heading of the column that says who is meant. */
  readonly who: string | undefined
}

export function HeldGrid({ id, headings, rows, who }: Props) {
  const t = useTexts(words)
  const may = useMay()
  const edits = useEdits(id)
  const grid = useRef<HTMLDivElement>(null)
  const widths = headings.map((heading) => widthOf(heading, rows))
  const focus = (row: HeldRow) => {
    const at = headings.indexOf(faultyHeading(row, headings, who))
    grid.current?.querySelector<HTMLInputElement>(`[data-cell="${row.row}/${at}"]`)?.focus()
  }
  useFirstFocus(rows[0], focus)
  const correcting = useCorrecting(id, rows, focus, edits.forget)
  const save = (row: HeldRow) => correcting.save(row, edits.of(row.row))
  return (
    <div ref={grid}>
      <p className="page-hint">{t.heldHint}</p>
      <DraftNote at={edits.restored} drop={edits.drop} />
      <Table<HeldRow>
        size="small"
        rowKey="row"
        pagination={false}
        dataSource={[...rows]}
        scroll={{ x: widths.reduce((sum, width) => sum + width, 152) }}
        expandable={{
          expandedRowKeys: rows.map(({ row }) => row),
          showExpandColumn: false,
          expandedRowRender: (row) => <Faults of={row} />,
        }}
        columns={[
          { key: 'row', title: t.row, dataIndex: 'row', width: 56, align: 'right', fixed: 'left' },
          ...headings.map((heading, at) => ({
            key: heading,
            title: heading,
            width: widths[at] ?? 120,
            render: (_: unknown, row: HeldRow) => (
              <Cell
                {...{ row, heading, at }}
                text={edits.textOf(row.row, heading) ?? row.cells[heading] ?? ''}
                change={(text) => edits.type(row.row, heading, text)}
                save={() => save(row)}
                move={(event) => moveInColumn(event, grid.current, rows, row, at)}
              />
            ),
          })),
          {
            key: 'work',
            title: t.work,
            width: 96,
            fixed: 'right',
            render: (_, row) => (
              <Space size={4}>
                <Button size="small" loading={correcting.busy === row.row} onClick={() => save(row)}>
                  {t.save}
                </Button>
                {may('imports.reveal') && Object.values(row.cells).some((cell) => cell.includes('*')) && (
                  <Reveal id={id} row={row.row} got={(cells) => edits.showFor(row.row, cells)} />
                )}
              </Space>
            ),
          },
        ]}
      />
    </div>
  )
}

interface CellProps {
  readonly row: HeldRow
  readonly heading: string
  readonly at: number
  readonly text: string
  readonly change: (text: string) => void
  readonly save: () => void
  readonly move: (event: KeyboardEvent) => void
}

function Cell({ row, heading, at, text, change, save, move }: CellProps) {
  const t = useTexts(words)
  const { language } = useLanguage()
  const fault = faultOf(row, heading)
  return (
    <Input
      size="small"
      data-cell={`${row.row}/${at}`}
      value={text}
      aria-label={t.cell(row.row, heading)}
      {...(fault ? { status: 'error' as const, title: fault[language].what } : {})}
      maxLength={2000}
      autoComplete="off"
      onChange={(event) => change(event.target.value)}
      onPressEnter={save}
      onKeyDown={move}
    />
  )
}

function Faults({ of: row }: { of: HeldRow }) {
  const { language } = useLanguage()
  return (
    <ul className="held-faults">
      {row.faults.map((fault) => (
        <li key={`${fault.code} ${fault.heading}`}>
          {fault.heading !== null && <b>{fault.heading}: </b>}
          {fault[language].what} {fault[language].mend}
        </li>
      ))}
    </ul>
  )
}

/** As wide as what stands in it: a Chinese character is two digits wide. */
function widthOf(heading: string, rows: readonly HeldRow[]): number {
  const long = (text: string) => [...text].reduce((sum, one) => sum + (one > '\u2e7f' ? 15 : 9), 0)
  const longest = Math.max(long(heading), ...rows.map(({ cells }) => long(cells[heading] ?? '') + 20))
  return Math.min(260, Math.max(64, longest + 18))
}

const faultOf = (row: HeldRow, heading: string) => row.faults.find((fault) => fault.heading === heading)
const isFaulty = (row: HeldRow, heading: string) => faultOf(row, heading) !== undefined

/** Where the eye goes; the number where the fault is in no one cell, since it says who is meant. */
function faultyHeading(row: HeldRow, headings: readonly string[], who: string | undefined): string {
  return (
    headings.find((heading) => isFaulty(row, heading)) ??
    headings.find((heading) => heading === who) ??
    headings[0] ??
    ''
  )
}

function useFirstFocus(first: HeldRow | undefined, focus: (row: HeldRow) => void): void {
  const looked = useRef(false)
  useEffect(() => {
    if (looked.current || !first) return
    looked.current = true
    focus(first)
  }, [first, focus])
}

/** Takes a row in, says what came of it, and goes on to the next. */
function useCorrecting(
  id: string,
  rows: readonly HeldRow[],
  focus: (row: HeldRow) => void,
  forget: (row: number) => void,
) {
  const { message } = App.useApp()
  const { language } = useLanguage()
  const t = useTexts(words)
  const correct = useAct('imports.correct')
  const [busy, setBusy] = useState<number>()
  const save = (row: HeldRow, cells: Cells) => {
    if (busy !== undefined) return
    setBusy(row.row)
    const next = rows[rows.indexOf(row) + 1]
    correct.mutate(
      { params: { id, row: row.row }, body: { cells } },
      {
        onSuccess: ({ state, row: still }) => {
          forget(row.row)
          if (state === 'held') {
            void message.warning(`${t.rowHeld(row.row)}: ${still?.faults[0]?.[language].what ?? ''}`)
            focus(still ?? row)
            return
          }
          const said = { accepted: t.rowTaken, unchanged: t.rowSame, waiting: t.rowWaits }[state]
          void message.success(said(row.row))
          if (next) focus(next)
        },
        onError: (error) => void message.error(sentenceOf(error, language)),
        onSettled: () => setBusy(undefined),
      },
    )
  }
  return { save, busy }
}

function moveInColumn(
  event: KeyboardEvent,
  grid: HTMLElement | null,
  rows: readonly HeldRow[],
  row: HeldRow,
  at: number,
): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  const next = step === undefined ? undefined : rows[rows.indexOf(row) + step]
  if (!next) return
  event.preventDefault()
  grid?.querySelector<HTMLInputElement>(`[data-cell="${next.row}/${at}"]`)?.focus()
}
