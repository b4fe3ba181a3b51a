/** The accounts of the office. */
import { DownOutlined, PlusOutlined } from '@ant-design/icons'
import { Button, Dropdown, Grid, Select, Table, Tag } from 'antd'
import { useState } from 'react'
import { roles, type AccountView, type Role } from '../../../../protocol/index.ts'
import { useAsk } from '../../shared/ask.ts'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { FindField } from '../../shared/list/find-field.tsx'
import { RowCards } from '../../shared/list/cards.tsx'
import { compareTexts, type Column } from '../../shared/list/column.ts'
import { shortMoment } from '../../shared/moments.tsx'
import { Page } from '../../shared/page.tsx'
import { roleWords, useWord } from '../../shared/words.ts'
import { useDoings } from './doings.ts'
import { Editing } from './editing.tsx'
import { OneTime, type Told } from './one-time.tsx'
import { AccountSessions } from './account-sessions.tsx'
import { words } from './texts.ts'

/** What is open beside the table. */
type Open = { editing: AccountView | 'new' } | { sessions: AccountView } | undefined

export function AccountsPage() {
  const t = useTexts(words)
  const { data, error, refetch } = useAsk('accounts.list', {})
  const [open, setOpen] = useState<Open>()
  const [told, setTold] = useState<Told>()
  const close = () => setOpen(undefined)
  return (
    <Page
      title={t.title}
      hint={t.hint}
      actions={
        <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen({ editing: 'new' })}>
          {t.add}
        </Button>
      }
    >
      {error && <Failure of={error} again={() => void refetch()} />}
      <Accounts accounts={data?.accounts} setOpen={setOpen} setTold={setTold} />
      {open && 'editing' in open && <Editing account={open.editing} close={close} made={setTold} />}
      {open && 'sessions' in open && <AccountSessions account={open.sessions} close={close} />}
      <OneTime told={told} close={() => setTold(undefined)} />
    </Page>
  )
}

function Accounts({
  accounts,
  setOpen,
  setTold,
}: {
  accounts: readonly AccountView[] | undefined
  setOpen: (open: Open) => void
  setTold: (told: Told) => void
}) {
  const t = useTexts(words)
  const role = useWord(roleWords)
  const [typed, setTyped] = useState('')
  const [only, setOnly] = useState<Role | null>(null)
  const shown = (accounts ?? []).filter(
    (one) =>
      (one.name.includes(typed.trim()) || one.account.includes(typed.trim())) &&
      (only === null || one.role === only),
  )
  return (
    <>
      <div className="list-tools">
        <FindField typed={typed} setTyped={setTyped} hint={t.find} />
        <Select
          value={only}
          onChange={(value: Role | undefined) => setOnly(value ?? null)}
          placeholder={t.role}
          aria-label={t.role}
          allowClear
          options={roles.map((value) => ({ value, label: role(value) }))}
          style={{ width: 170 }}
        />
      </div>
      <AccountTable accounts={shown} loading={!accounts} setOpen={setOpen} setTold={setTold} />
      <div className="list-foot" role="status">
        {t.rows(shown.length)}
      </div>
    </>
  )
}

function AccountTable({
  accounts,
  loading,
  setOpen,
  setTold,
}: {
  accounts: AccountView[]
  loading: boolean
  setOpen: (open: Open) => void
  setTold: (told: Told) => void
}) {
  const columns = useColumns(setOpen, setTold)
  const wide = Grid.useBreakpoint().md ?? true
  if (!wide && !loading) return <RowCards columns={columns} rows={accounts} rowKey={({ id }) => id} />
  return (
    <Table<AccountView>
      size="small"
      pagination={accounts.length > 100 ? { pageSize: 100, showSizeChanger: false } : false}
      loading={loading}
      rowKey="id"
      dataSource={accounts}
      showSorterTooltip={false}
      scroll={{ x: 'max-content' }}
      columns={columns.map((column) => ({
        key: column.key,
        title: column.title,
        render: (_: unknown, account: AccountView) => column.show?.(account) ?? (column.text(account) || '—'),
        ...(column.work
          ? { className: 'no-print' }
          : { sorter: (a: AccountView, b: AccountView) => compareTexts(column.text(a), column.text(b)) }),
      }))}
    />
  )
}

function useColumns(setOpen: (open: Open) => void, setTold: (told: Told) => void): Column<AccountView>[] {
  const t = useTexts(words)
  const role = useWord(roleWords)
  const provider = useProvider()
  const state = useStateWord()
  return [
    { key: 'name', title: t.name, text: ({ name }) => name, head: true },
    { key: 'account', title: t.account, text: ({ account }) => account },
    { key: 'role', title: t.role, text: (one) => role(one.role) },
    { key: 'organisation', title: t.organisation, text: ({ organisation }) => organisation?.name ?? '' },
    { key: 'state', title: t.state, text: state, show: (one) => <State of={one} /> },
    { key: 'factor', title: t.factor, text: ({ secondFactor }) => (secondFactor ? t.on : t.off) },
    ...(provider
      ? [
          {
            key: 'provider',
            title: t.provider,
            text: ({ linked }: AccountView) => (linked ? t.isLinked : t.notLinked),
          },
        ]
      : []),
    { key: 'created', title: t.created, text: ({ createdAt }) => shortMoment(createdAt).slice(0, 10) },
    {
      key: 'work',
      title: t.actions,
      text: () => '',
      work: true,
      show: (account) => <Actions account={account} setOpen={setOpen} setTold={setTold} />,
    },
  ]
}

/** Whether the office's people may come by its identity provider. */
function useProvider(): boolean {
  return useAsk('entrance.look', {}, { staleTime: Infinity }).data?.oidc != null
}

function useStateWord(): (account: AccountView) => string {
  const t = useTexts(words)
  return ({ disabled, oneTimeUntil }) =>
    disabled ? t.disabled : oneTimeUntil === null ? t.active : t.oneTime(shortMoment(oneTimeUntil))
}

function State({ of }: { of: AccountView }) {
  const say = useStateWord()
  const colour = of.disabled ? 'default' : of.oneTimeUntil === null ? 'green' : 'blue'
  return <Tag color={colour}>{say(of)}</Tag>
}

function Actions({
  account,
  setOpen,
  setTold,
}: {
  account: AccountView
  setOpen: (open: Open) => void
  setTold: (told: Told) => void
}) {
  const t = useTexts(words)
  const doings = useDoings(account, setTold)
  const provider = useProvider()
  const items = [
    { key: 'sessions', label: t.sessions, onClick: () => setOpen({ sessions: account }) },
    { key: 'reset', label: t.reset, disabled: account.disabled, onClick: doings.resetPassword },
    ...(account.secondFactor ? [{ key: 'factor', label: t.resetFactor, onClick: doings.resetFactor }] : []),
    ...(account.linked ? [{ key: 'unlink', label: t.unlink, onClick: doings.unlink }] : []),
    ...(provider && !account.linked
      ? [{ key: 'link', label: t.link, disabled: account.disabled, onClick: doings.giveLinkCode }]
      : []),
    {
      key: 'disable',
      label: account.disabled ? t.enable : t.disable,
      danger: !account.disabled,
      onClick: account.disabled ? doings.enable : doings.disable,
    },
  ]
  return (
    <>
      <Button size="small" onClick={() => setOpen({ editing: account })}>
        {t.edit}
      </Button>{' '}
      <Dropdown menu={{ items }} trigger={['click']}>
        <Button size="small" icon={<DownOutlined />} iconPlacement="end">
          {t.more}
        </Button>
      </Dropdown>
    </>
  )
}
