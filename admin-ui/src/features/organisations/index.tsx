/** The tree of organisations with its people; names and places are kept in order here. */
import { DownOutlined, PlusOutlined } from '@ant-design/icons'
import { Button, Dropdown, Empty, Table, Tag } from 'antd'
import { useMemo, useState } from 'react'
import { Link } from 'react-router'
import { casesAt } from '../../shared/addresses.ts'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { FindField } from '../../shared/list/find-field.tsx'
import { useOrganisations, type OrganisationNode } from '../../shared/organisations.tsx'
import { Page } from '../../shared/page.tsx'
import { useMay } from '../../shared/session.tsx'
import { kindWords, useWord } from '../../shared/words.ts'
import { Changing, useRemoving, type Change } from './changing.tsx'
import { words } from './texts.ts'

export function OrganisationsPage() {
  const t = useTexts(words)
  const may = useMay()
  const { tree, error, ready, again } = useOrganisations()
  const [search, setSearch] = useState('')
  const [change, setChange] = useState<Change>()
  const shown = useMemo(() => named(tree, search.trim()), [tree, search])
  return (
    <Page
      title={t.title}
      hint={t.hint}
      actions={
        may('organisations.add') && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setChange({ verb: 'add' })}>
            {t.add}
          </Button>
        )
      }
    >
      {error && <Failure of={error} again={again} />}
      <div className="list-tools">
        <FindField typed={search} setTyped={setSearch} hint={t.search} width={290} />
      </div>
      <Tree {...{ shown, setChange }} loading={!ready && !error} searched={search.trim() !== ''} />
      {change && <Changing change={change} done={() => setChange(undefined)} />}
    </Page>
  )
}

/** From a count to those who are counted. */
const leadsTo = {
  members: (organisation: string) => `/members?organisation=${organisation}`,
  away: (organisation: string) => casesAt('home', { organisation }),
  here: (organisation: string) => casesAt('host', { organisation }),
} as const

interface TreeProps {
  readonly shown: readonly OrganisationNode[]
  readonly loading: boolean
  readonly searched: boolean
  readonly setChange: (change: Change) => void
}

function Tree({ shown, loading, searched, setChange }: TreeProps) {
  const t = useTexts(words)
  const may = useMay()
  const word = useWord(kindWords)
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const withBelow = useMemo(() => allOf(shown).filter(({ children }) => children !== undefined), [shown])
  const count = (key: 'members' | 'away' | 'here', title: string) => ({
    key,
    title,
    align: 'right' as const,
    width: 90,
    render: (_: unknown, one: OrganisationNode) =>
      one[key] > 0 && may(key === 'members' ? 'members.query' : 'cases.query') ? (
        <Link to={leadsTo[key](one.id)}>{one[key]}</Link>
      ) : (
        one[key]
      ),
  })
  return (
    // On a phone it is wider than the page: then it is moved by touch or by arrows.
    <div className="wide-table" tabIndex={0} role="region" aria-label={t.title}>
      <Table<OrganisationNode>
        size="small"
        className="sticky-head"
        rowKey="id"
        pagination={false}
        loading={loading}
        dataSource={[...shown]}
        locale={{
          emptyText: (
            <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={searched ? t.nothing : t.empty} />
          ),
        }}
        expandable={{
          expandedRowKeys: withBelow.map(({ id }) => id).filter((id) => searched || !closed.has(id)),
          onExpand: (open, { id }) => setClosed((before) => toggled(before, id, !open)),
        }}
        columns={[
          { key: 'name', title: t.name, dataIndex: 'name' },
          { key: 'kind', title: t.kind, width: 90, render: (_, one) => <Tag>{word(one.kind)}</Tag> },
          count('members', t.members),
          count('away', t.away),
          count('here', t.here),
          ...(may('organisation.change')
            ? [
                {
                  key: 'work',
                  title: t.work,
                  width: 84,
                  className: 'no-print',
                  render: (_: unknown, one: OrganisationNode) => <Work one={one} setChange={setChange} />,
                },
              ]
            : []),
        ]}
      />
    </div>
  )
}

function Work({ one, setChange }: { one: OrganisationNode; setChange: (change: Change) => void }) {
  const t = useTexts(words)
  const may = useMay()
  const remove = useRemoving()
  if (one.kind === 'region') return null
  const item = (verb: 'rename' | 'move' | 'merge', label: string) => ({
    key: verb,
    label,
    onClick: () => setChange({ verb, one }),
  })
  const items = [
    ...(one.kind === 'committee'
      ? [{ key: 'add', label: t.addBelow, onClick: () => setChange({ verb: 'add', under: one }) }]
      : []),
    item('rename', t.rename),
    ...(one.kind === 'branch' ? [item('move', t.move)] : []),
    ...(may('organisation.merge') ? [item('merge', t.merge)] : []),
    ...(may('organisation.remove')
      ? [{ key: 'remove', label: t.remove, danger: true, onClick: () => remove(one) }]
      : []),
  ]
  return (
    <Dropdown menu={{ items }} trigger={['click']}>
      <Button size="small" type="text" icon={<DownOutlined />} aria-label={t.more(one.name)} />
    </Dropdown>
  )
}

function toggled(before: ReadonlySet<string>, id: string, on: boolean): ReadonlySet<string> {
  const after = new Set(before)
  if (on) after.add(id)
  else after.delete(id)
  return after
}

/** Those of such a name, with what they stand under and what stands under them. */
function named(tree: readonly OrganisationNode[], search: string): OrganisationNode[] {
  if (search === '') return [...tree]
  return tree.flatMap((one) => {
    if (one.name.includes(search)) return [one]
    const { children, ...itself } = one
    const below = named(children ?? [], search)
    return below.length > 0 ? [{ ...itself, children: below }] : []
  })
}

function allOf(tree: readonly OrganisationNode[]): OrganisationNode[] {
  return tree.flatMap((one) => [one, ...allOf(one.children ?? [])])
}
