/** The accounts of the office. */
import { DownOutlined, PlusOutlined } from '@ant-design/icons'
import { Button, Dropdown, Input, Select, Table, Tag } from 'antd'
import { useState } from 'react'
import { roles, type AccountView, type Role } from '../../../../protocol/index.ts'
import { useAsk } from '../../shared/ask.ts'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { compareTexts } from '../../shared/list/column.ts'
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
        <Input
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          placeholder={t.find}
          aria-label={t.find}
          allowClear
          maxLength={50}
          autoComplete="off"
          style={{ width: 200 }}
        />
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
  const t = useTexts(words)
  const role = useWord(roleWords)
  const provider = useProvider()
  const by = (text: (account: AccountView) => string) => ({
    render: (_: unknown, account: AccountView) => text(account) || '—',
    sorter: (a: AccountView, b: AccountView) => compareTexts(text(a), text(b)),
  })
  return (
    <Table<AccountView>
      size="small"
      pagination={accounts.length > 100 ? { pageSize: 100, showSizeChanger: false } : false}
      loading={loading}
      rowKey="id"
      dataSource={accounts}
      showSorterTooltip={false}
      scroll={{ x: 'max-content' }}
      columns={[
        { title: t.name, ...by(({ name }) => name) },
        { title: t.account, ...by(({ account }) => account) },
        { title: t.role, ...by((one) => role(one.role)) },
        { title: t.organisation, ...by(({ organisation }) => organisation?.name ?? '') },
        { title: t.state, render: (_, account) => <State of={account} /> },
        { title: t.factor, ...by(({ secondFactor }) => (secondFactor ? t.on : t.off)) },
        ...(provider
          ? [{ title: t.provider, ...by(({ linked }) => (linked ? t.isLinked : t.notLinked)) }]
          : []),
        { title: t.created, ...by(({ createdAt }) => shortMoment(createdAt).slice(0, 10)) },
        {
          title: t.actions,
          className: 'no-print',
          render: (_, account) => <Actions account={account} setOpen={setOpen} setTold={setTold} />,
        },
      ]}
    />
  )
}

/** Whether the office's people may come by its identity provider. */
function useProvider(): boolean {
  return useAsk('entrance.look', {}, { staleTime: Infinity }).data?.oidc != null
}

function State({ of }: { of: AccountView }) {
  const t = useTexts(words)
  if (of.disabled) return <Tag>{t.disabled}</Tag>
  if (of.oneTimeUntil !== null) return <Tag color="blue">{t.oneTime(shortMoment(of.oneTimeUntil))}</Tag>
  return <Tag color="green">{t.active}</Tag>
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
