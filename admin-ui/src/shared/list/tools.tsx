/** What stands above a list: search, filters, views, columns, copy, export, print. */
import {
  CopyOutlined,
  DownloadOutlined,
  PrinterOutlined,
  SettingOutlined,
  StarOutlined,
} from '@ant-design/icons'
import {
  App,
  Button,
  Checkbox,
  Dropdown,
  Grid,
  Input,
  Modal,
  Popover,
  Select,
  TreeSelect,
  type MenuProps,
  type TreeSelectProps,
} from 'antd'
import { useEffect, useState } from 'react'
import { type RouteName } from '../../../../protocol/index.ts'
import { ask, Refused, type Input as Asked } from '../ask.ts'
import { DayField } from '../day-field.tsx'
import { sentenceOf } from '../failure.tsx'
import { useKeptList } from '../kept.ts'
import { useLanguage, useTexts } from '../language.tsx'
import { today } from '../moments.tsx'
import { saveFile, workbookType } from '../saving.ts'
import { useMay } from '../session.tsx'
import { viewSchema, type Arrangement } from './arrangement.ts'
import { fits, type Column, type Filter } from './column.ts'
import { copyRows } from './copying.ts'
import { type ListProps } from './props.ts'
import { type ListRoute, type Question, type RowOf } from './reading.ts'
import { SecondPerson } from './second-person.tsx'
import { words } from './texts.ts'

interface ToolsProps<N extends ListRoute> {
  readonly props: ListProps<N>
  readonly arranged: Arrangement
  readonly question: Question
  readonly shown: readonly Column<RowOf<N>>[]
  /** What is copied: the chosen rows, or all that are shown. */
  readonly rows: readonly RowOf<N>[]
  readonly chosen: readonly RowOf<N>[]
}

export function Tools<N extends ListRoute>({
  props,
  arranged,
  question,
  shown,
  rows,
  chosen,
}: ToolsProps<N>) {
  const { message } = App.useApp()
  const may = useMay()
  const t = useTexts(words)
  const copy = () => void copyRows(shown, rows).then(() => message.success(t.copied(rows.length)))
  useCopyKey(copy)
  return (
    <div className="list-tools">
      {props.searchHint !== undefined && (
        <SearchField hint={props.searchHint} arranged={arranged} first={props.searchFirst ?? false} />
      )}
      {(props.filters ?? []).map((filter) => (
        <FilterField key={filter.key} filter={filter} arranged={arranged} />
      ))}
      {arranged.filtered && (
        <Button
          type="link"
          size="small"
          onClick={() => {
            arranged.setSearch('')
            arranged.setFilters({})
          }}
        >
          {t.reset}
        </Button>
      )}
      <span className="grow" />
      {props.actions?.(chosen)}
      <ViewsMenu name={props.name} arranged={arranged} />
      <ColumnsMenu columns={props.columns} arranged={arranged} />
      <Button icon={<CopyOutlined />} disabled={rows.length === 0} onClick={copy}>
        {t.copy}
      </Button>
      {props.exporting && may(props.exporting.route) && (
        <ExportButton {...props.exporting} question={question} />
      )}
      <Button
        icon={<PrinterOutlined />}
        aria-label={t.print}
        title={t.print}
        onClick={() => window.print()}
      />
    </div>
  )
}

/** Ctrl+C copies the rows, unless some text or a field is what people mean. */
function useCopyKey(copy: () => void): void {
  useEffect(() => {
    const heard = (event: KeyboardEvent) => {
      const copies = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'c'
      const inField = document.activeElement?.matches('input:not([type=checkbox]), textarea') ?? false
      if (!copies || inField || !(getSelection()?.isCollapsed ?? true)) return
      event.preventDefault()
      copy()
    }
    document.addEventListener('keydown', heard)
    return () => document.removeEventListener('keydown', heard)
  })
}

function SearchField({ hint, arranged, first }: { hint: string; arranged: Arrangement; first: boolean }) {
  const t = useTexts(words)
  // On a phone a field with the focus brings the keyboard over half the screen.
  const wide = Grid.useBreakpoint().md ?? true
  const [typed, setTyped] = useState(arranged.search)
  useEffect(() => setTyped(arranged.search), [arranged.search])
  return (
    <Input.Search
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      onSearch={(text) => arranged.setSearch(text.trim())}
      placeholder={hint}
      aria-label={t.search}
      allowClear
      autoFocus={first && wide}
      maxLength={50}
      autoComplete="off"
      // A hint that is cut off says the wrong thing.
      style={{ width: hint.length > 10 ? 260 : 210, maxWidth: '100%' }}
    />
  )
}

function FilterField({ filter, arranged }: { filter: Filter; arranged: Arrangement }) {
  const value = arranged.values[filter.key]
  const choose = (chosen: string | null | undefined) =>
    arranged.setFilters({ ...arranged.values, [filter.key]: chosen ?? undefined })
  if (filter.day) return <DayFilter {...{ filter, value, choose }} />
  if (filter.tree) return <TreeFilter {...{ filter, value, choose }} />
  return (
    <Select
      value={value ?? null}
      onChange={choose}
      placeholder={filter.label}
      aria-label={filter.label}
      allowClear
      showSearch={{ optionFilterProp: 'label' }}
      options={[...filter.options]}
      style={{ width: filter.width ?? 130 }}
    />
  )
}

interface Choosing {
  readonly filter: Filter
  readonly value: string | undefined
  readonly choose: (chosen: string | null | undefined) => void
}

function TreeFilter({ filter, value, choose }: Choosing) {
  return (
    <TreeSelect<string | null>
      // What is open at first is settled when it is made.
      key={filter.options.length}
      value={value ?? null}
      onChange={choose}
      treeData={[...(filter.tree ?? [])] as TreeSelectProps['treeData'] & object[]}
      treeDefaultExpandedKeys={(filter.tree ?? []).map((root) => root.value)}
      placeholder={filter.label}
      aria-label={filter.label}
      allowClear
      showSearch={{ treeNodeFilterProp: 'title' }}
      popupMatchSelectWidth={420}
      listHeight={360}
      style={{ width: filter.width ?? 150 }}
    />
  )
}

function DayFilter({ filter, value, choose }: Choosing) {
  return (
    <div style={{ width: filter.width ?? 150 }}>
      <DayField
        label={filter.label}
        {...(value === undefined ? {} : { value })}
        onChange={(day) => choose(day !== undefined && fits(filter, day) ? day : undefined)}
      />
    </div>
  )
}

function ColumnsMenu<Row>({ columns, arranged }: { columns: readonly Column<Row>[]; arranged: Arrangement }) {
  const t = useTexts(words)
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      content={
        <Checkbox.Group
          style={{ display: 'grid', gap: 4 }}
          value={[...arranged.columns]}
          onChange={(keys) => keys.length > 0 && arranged.setColumns(keys.map(String))}
          options={columns.map(({ key, title }) => ({ value: key, label: title }))}
        />
      }
    >
      <Button icon={<SettingOutlined />}>{t.columns}</Button>
    </Popover>
  )
}

function ViewsMenu({ name, arranged }: { name: string; arranged: Arrangement }) {
  const views = useKeptList('view', name, viewSchema)
  const [naming, setNaming] = useState<string>()
  const t = useTexts(words)
  const items: MenuProps['items'] = [
    ...(views.items.length === 0 ? [{ key: 'none', label: t.noViews, disabled: true }] : []),
    ...views.items.map(({ label, value }) => ({
      key: `show ${label}`,
      label,
      onClick: () => arranged.show(value),
    })),
    { type: 'divider' as const },
    { key: 'save', label: t.saveView, onClick: () => setNaming('') },
    ...views.items.map(({ label }) => ({
      key: `drop ${label}`,
      danger: true,
      label: t.deleteView(label),
      onClick: () => views.drop(label),
    })),
  ]
  const save = () => {
    if (naming === undefined || naming.trim() === '') return
    views.put(naming.trim(), { columns: [...arranged.columns], filters: arranged.values })
    setNaming(undefined)
  }
  return (
    <>
      <Dropdown menu={{ items }} trigger={['click']}>
        <Button icon={<StarOutlined />}>{t.views}</Button>
      </Dropdown>
      <Modal
        title={t.saveView}
        open={naming !== undefined}
        onOk={save}
        onCancel={() => setNaming(undefined)}
        okText={t.save}
        cancelText={t.cancel}
      >
        <Input
          value={naming ?? ''}
          onChange={(event) => setNaming(event.target.value)}
          onPressEnter={save}
          aria-label={t.viewName}
          placeholder={t.viewName}
          maxLength={30}
        />
      </Modal>
    </>
  )
}

/** Makes a workbook of what a question asks for. */
export function ExportButton({
  route,
  file,
  question,
}: {
  route: RouteName
  file: string
  question: Question
}) {
  const { message } = App.useApp()
  const { language } = useLanguage()
  const [busy, setBusy] = useState(false)
  const [asking, setAsking] = useState(false)
  const t = useTexts(words)
  const run = async () => {
    setBusy(true)
    try {
      const bytes = await ask(route, { body: question } as Asked<RouteName>)
      saveFile(bytes as unknown as Uint8Array, `${file}-${today()}.xlsx`, workbookType)
      message.success(t.exported)
    } catch (error) {
      if (error instanceof Refused && error.code === 'export_needs_second_person') setAsking(true)
      else message.error(sentenceOf(error, language))
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <Button icon={<DownloadOutlined />} loading={busy} onClick={() => void run()}>
        {t.export}
      </Button>
      <SecondPerson route={route} question={question} open={asking} close={() => setAsking(false)} />
    </>
  )
}
