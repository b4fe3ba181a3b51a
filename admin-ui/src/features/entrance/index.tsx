/** The way in: sign in, with a second step where the account has one; or, on a new node, its first administrator. */
import { useQueryClient } from '@tanstack/react-query'
import { Button, Form, Input } from 'antd'
import { useState } from 'react'
import { type Answer, useAct } from '../../shared/ask.ts'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { useTitle } from '../../shared/title.ts'
import { NewPasswordFields } from '../../shared/new-password.tsx'
import { EntranceCard, useSignedIn } from './card.tsx'
import { ByProvider } from './provider.tsx'
import { words } from './texts.ts'

type Look = Answer<'entrance.look'>

export function Entrance({ look }: { look: Look }) {
  const [second, setSecond] = useState(false)
  const t = useTexts(words)
  useTitle(t.signIn, look.name)
  if (look.setUp) return <SetUp look={look} />
  if (second) return <SecondStep look={look} />
  return <FirstStep look={look} toSecond={() => setSecond(true)} />
}

function FirstStep({ look, toSecond }: { look: Look; toSecond: () => void }) {
  const begin = useAct('session.begin')
  const signedIn = useSignedIn()
  const t = useTexts(words)
  const needed = [{ required: true, message: t.needed }]
  const submit = (body: { account: string; password: string }) =>
    begin.mutate(
      { body },
      { onSuccess: ({ state }) => void (state === 'signed-in' ? signedIn() : toSecond()) },
    )
  return (
    <EntranceCard look={look} title={t.signIn}>
      <Form layout="vertical" onFinish={submit} requiredMark={false}>
        <Form.Item name="account" label={t.account} rules={needed}>
          <Input autoComplete="username" autoFocus maxLength={200} />
        </Form.Item>
        <Form.Item name="password" label={t.password} rules={needed}>
          <Input.Password autoComplete="current-password" maxLength={1000} />
        </Form.Item>
        {begin.error && <Failure of={begin.error} />}
        <Button type="primary" htmlType="submit" block loading={begin.isPending} style={{ marginTop: 12 }}>
          {t.signIn}
        </Button>
      </Form>
      {look.oidc && <ByProvider button={look.oidc} />}
    </EntranceCard>
  )
}

function SecondStep({ look }: { look: Look }) {
  const [byRecovery, setByRecovery] = useState(false)
  const answer = useAct('session.second-factor')
  const signedIn = useSignedIn()
  const t = useTexts(words)
  const submit = ({ code }: { code: string }) =>
    answer.mutate(
      { body: byRecovery ? { recoveryCode: code.trim() } : { code: code.trim() } },
      { onSuccess: () => void signedIn() },
    )
  return (
    <EntranceCard look={look} title={t.signIn}>
      <Form layout="vertical" onFinish={submit} requiredMark={false}>
        {!byRecovery && <p>{t.codeHint}</p>}
        <Form.Item
          name="code"
          label={byRecovery ? t.recoveryCode : t.code}
          rules={[{ required: true, message: t.needed, ...(byRecovery ? {} : { pattern: /^\s*\d{6}\s*$/ }) }]}
        >
          <Input autoFocus autoComplete="one-time-code" inputMode={byRecovery ? 'text' : 'numeric'} />
        </Form.Item>
        {answer.error && <Failure of={answer.error} />}
        <Button type="primary" htmlType="submit" block loading={answer.isPending} style={{ marginTop: 12 }}>
          {t.goOn}
        </Button>
        <Button type="link" onClick={() => setByRecovery(!byRecovery)}>
          {byRecovery ? t.authenticator : t.recovery}
        </Button>
      </Form>
    </EntranceCard>
  )
}

function SetUp({ look }: { look: Look }) {
  const make = useAct('entrance.set-up')
  const client = useQueryClient()
  const t = useTexts(words)
  const needed = [{ required: true, message: t.needed }]
  const submit = ({ next, ...rest }: { code: string; account: string; name: string; next: string }) => {
    const body = { code: rest.code.trim(), account: rest.account, name: rest.name, password: next }
    make.mutate({ body }, { onSuccess: () => void client.invalidateQueries() })
  }
  return (
    <EntranceCard look={look} title={t.setUp}>
      <Form layout="vertical" onFinish={submit} requiredMark={false}>
        <Form.Item name="code" label={t.setUpCode} extra={t.setUpHint} rules={needed}>
          <Input autoFocus autoComplete="off" />
        </Form.Item>
        <Form.Item name="name" label={t.name} rules={needed}>
          <Input maxLength={50} autoComplete="name" />
        </Form.Item>
        <Form.Item name="account" label={t.newAccount} rules={needed}>
          <Input maxLength={30} autoComplete="username" />
        </Form.Item>
        <NewPasswordFields />
        {make.error && <Failure of={make.error} />}
        <Button type="primary" htmlType="submit" block loading={make.isPending} style={{ marginTop: 12 }}>
          {t.make}
        </Button>
      </Form>
    </EntranceCard>
  )
}
