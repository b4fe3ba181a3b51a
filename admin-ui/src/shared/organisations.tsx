/** The organisations as a tree: to choose one, to filter a list by one, to say where one stands. */
import { TreeSelect } from 'antd'
import { useMemo } from 'react'
import { useAsk, type Answer } from './ask.ts'
import { texts, useTexts } from './language.tsx'
import { compareTexts, type Filter } from './list/column.ts'

export type Organisation = Answer<'organisations.list'>['organisations'][number]
/** One with all below it; its counts are those of all of them. */
export interface OrganisationNode extends Organisation {
  readonly children?: readonly OrganisationNode[]
}

const words = texts({
  organisation: { zh: '党组织', en: 'Organisation' },
  choose: { zh: '选择党组织（可输入名称）', en: 'Choose an organisation (type its name)' },
})

/** By name as people count: 第2支部 before 第10支部. */
export function treeOf(all: readonly Organisation[]): OrganisationNode[] {
  const ids = new Set(all.map(({ id }) => id))
  const under = (parent: string | null): OrganisationNode[] =>
    all
      .filter((one) =>
        parent === null ? one.parent === null || !ids.has(one.parent) : one.parent === parent,
      )
      .sort((a, b) => compareTexts(a.name, b.name))
      .map((one) => withSums(one, under(one.id)))
  return under(null)
}

function withSums(one: Organisation, children: OrganisationNode[]): OrganisationNode {
  if (children.length === 0) return one
  const sum = (key: 'members' | 'away' | 'here') =>
    children.reduce((total, child) => total + child[key], one[key])
  return { ...one, members: sum('members'), away: sum('away'), here: sum('here'), children }
}

export function useOrganisations() {
  const asked = useAsk('organisations.list', {})
  const all = useMemo(() => asked.data?.organisations ?? [], [asked.data])
  const tree = useMemo(() => treeOf(all), [all])
  return {
    all,
    tree,
    error: asked.error,
    ready: asked.isSuccess,
    again: () => void asked.refetch(),
    nameOf: (id: string | undefined) => all.find((one) => one.id === id)?.name,
  }
}

interface Choice {
  readonly value: string
  readonly title: string
  readonly children?: readonly Choice[]
}
function choicesOf(tree: readonly OrganisationNode[]): Choice[] {
  return tree.map(({ id, name, children }) => ({
    value: id,
    title: name,
    ...(children === undefined ? {} : { children: choicesOf(children) }),
  }))
}

interface PickerProps {
  readonly id?: string
  readonly value?: string | undefined
  readonly onChange?: (id: string | undefined) => void
  /** Which may be chosen; the others are shown for their place. */
  readonly among?: (one: OrganisationNode) => boolean
  readonly autoFocus?: boolean
  readonly width?: number | string
  readonly clearable?: boolean
  readonly label?: string
}

/** Typing finds; the tree shows where it stands. */
export function OrganisationPicker({ among, width = '100%', label, clearable, ...field }: PickerProps) {
  const { tree, ready } = useOrganisations()
  const t = useTexts(words)
  const treeData = useMemo(() => {
    const mark = (nodes: readonly OrganisationNode[]): object[] =>
      nodes.map((one) => ({
        value: one.id,
        title: one.name,
        disabled: among !== undefined && !among(one),
        ...(one.children === undefined ? {} : { children: mark(one.children) }),
      }))
    return mark(tree)
  }, [tree, among])
  return (
    <TreeSelect<string | null>
      {...(field.id === undefined ? {} : { id: field.id })}
      value={field.value ?? null}
      onChange={(id) => field.onChange?.(id ?? undefined)}
      treeData={treeData}
      loading={!ready}
      autoFocus={field.autoFocus ?? false}
      showSearch={{ treeNodeFilterProp: 'title' }}
      key={String(ready)}
      treeDefaultExpandedKeys={tree.map(({ id }) => id)}
      allowClear={clearable ?? false}
      placeholder={label ?? t.choose}
      aria-label={label ?? t.organisation}
      popupMatchSelectWidth={420}
      listHeight={360}
      style={{ width }}
    />
  )
}

/** For the `filters` of a list whose route knows `organisation`. */
export function useOrganisationFilter(): Filter {
  const { all, tree } = useOrganisations()
  const t = useTexts(words)
  return {
    key: 'organisation',
    label: t.organisation,
    options: all.map(({ id, name }) => ({ value: id, label: name })),
    tree: choicesOf(tree),
    width: 220,
  }
}
