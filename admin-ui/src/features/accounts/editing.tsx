/** A new account, or another name, role or organisation for one there is. */
import { App, Button, Drawer, Form, Input, Select } from 'antd'
import { roles, rolesOfOneOrganisation, type AccountView, type Role } from '../../../../protocol/index.ts'
import { useAct } from '../../shared/ask.ts'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { OrganisationPicker, type Organisation } from '../../shared/organisations.tsx'
import { roleWords, useWord } from '../../shared/words.ts'
import { passwordTold, type Told } from './one-time.tsx'
import { words } from './texts.ts'

interface Fields {
  readonly account: string
  readonly name: string
  readonly role: Role
  readonly organisation?: string
}

interface Props {
  readonly account: AccountView | 'new'
  readonly close: () => void
  readonly made: (told: Told) => void
}

export function Editing({ account, close, made }: Props) {
  const t = useTexts(words)
  const { message } = App.useApp()
  const create = useAct('accounts.create')
  const change = useAct('accounts.change')
  const submit = ({ organisation, role, name, account: wanted }: Fields) => {
    const body = { name, role, organisation: isOfOne(role) ? (organisation ?? null) : null }
    if (account === 'new')
      create.mutate(
        { body: { ...body, account: wanted } },
        {
          onSuccess: (answer) => {
            close()
            made(passwordTold(answer))
          },
        },
      )
    else
      change.mutate(
        { params: { id: account.id }, body },
        {
          onSuccess: () => {
            close()
            void message.success(t.saved)
          },
        },
      )
  }
  const error = create.error ?? change.error
  return (
    <Drawer open onClose={close} size={480} title={account === 'new' ? t.add : t.editOf(account.name)}>
      <Form<Fields>
        layout="vertical"
        requiredMark={false}
        onFinish={submit}
        initialValues={account === 'new' ? {} : { ...account, organisation: account.organisation?.id }}
      >
        <AccountFields fresh={account === 'new'} />
        {error && <Failure of={error} />}
        <Button type="primary" htmlType="submit" loading={create.isPending || change.isPending}>
          {account === 'new' ? t.add : t.save}
        </Button>{' '}
        <Button onClick={close}>{t.cancel}</Button>
      </Form>
    </Drawer>
  )
}

function isOfOne(role: Role | undefined): boolean {
  return role !== undefined && rolesOfOneOrganisation.includes(role)
}

const isCommittee = ({ kind }: Organisation) => kind === 'committee'
const isBranch = ({ kind }: Organisation) => kind === 'branch'

function AccountFields({ fresh }: { fresh: boolean }) {
  const t = useTexts(words)
  const word = useWord(roleWords)
  const form = Form.useFormInstance<Fields>()
  const role = Form.useWatch<Role | undefined>('role', form)
  const needed = [{ required: true, message: t.needed }]
  return (
    <>
      <Form.Item name="name" label={t.name} rules={needed}>
        <Input autoFocus maxLength={50} autoComplete="off" />
      </Form.Item>
      <Form.Item
        name="account"
        label={t.account}
        extra={fresh && t.accountHint}
        rules={fresh ? [{ required: true, min: 2, max: 30, message: t.accountHint }] : []}
      >
        <Input disabled={!fresh} maxLength={30} autoComplete="off" />
      </Form.Item>
      <Form.Item name="role" label={t.role} extra={t.roles} rules={needed}>
        <Select
          options={roles.map((value) => ({ value, label: word(value) }))}
          onChange={() => form.resetFields(['organisation'])}
        />
      </Form.Item>
      {isOfOne(role) && (
        <Form.Item name="organisation" label={t.organisation} rules={needed}>
          <OrganisationPicker key={role} among={role === 'committee' ? isCommittee : isBranch} />
        </Form.Item>
      )}
    </>
  )
}
