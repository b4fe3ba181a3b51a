/** Turning the second factor on: password, QR code, first code; then the recovery codes. Or off, with the password. */
import { App, Button, Card, Form, Input, QRCode, Space } from 'antd'
import { useState } from 'react'
import { useAct, type Answer } from '../../shared/ask.ts'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { useSession } from '../../shared/session.tsx'
import { words } from './texts.ts'

type Begun = Answer<'own.second-factor-begin'>
type Step = 'rest' | 'password' | Begun

export function SecondFactor({ on }: { on: (codes: readonly string[]) => void }) {
  const t = useTexts(words)
  const { message } = App.useApp()
  const { secondFactor } = useSession().who.account
  const [step, setStep] = useState<Step>('rest')
  const begin = useAct('own.second-factor-begin')
  const end = useAct('own.second-factor-end')
  const withPassword = (body: { password: string }) =>
    secondFactor
      ? end.mutate(
          { body },
          {
            onSuccess: () => {
              setStep('rest')
              void message.success(t.ended)
            },
          },
        )
      : begin.mutate({ body }, { onSuccess: setStep })
  return (
    <Card size="small" className="section narrow" title={<h2>{t.factor}</h2>}>
      {step === 'rest' && (
        <>
          <p>{secondFactor ? t.factorOn : t.factorOff}</p>
          <Button
            type={secondFactor ? 'default' : 'primary'}
            danger={secondFactor}
            onClick={() => setStep('password')}
          >
            {secondFactor ? t.end : t.begin}
          </Button>
        </>
      )}
      {step === 'password' && (
        <PasswordFirst
          busy={begin.isPending || end.isPending}
          error={begin.error ?? end.error}
          submit={withPassword}
          cancel={() => setStep('rest')}
        />
      )}
      {typeof step === 'object' && <FirstCode begun={step} on={on} cancel={() => setStep('rest')} />}
    </Card>
  )
}

function PasswordFirst({
  busy,
  error,
  submit,
  cancel,
}: {
  busy: boolean
  error: Error | null
  submit: (body: { password: string }) => void
  cancel: () => void
}) {
  const t = useTexts(words)
  return (
    <Form layout="vertical" onFinish={submit} requiredMark={false}>
      <Form.Item name="password" label={t.passwordFirst} rules={[{ required: true, message: t.needed }]}>
        <Input.Password autoFocus autoComplete="current-password" maxLength={1000} />
      </Form.Item>
      {error && <Failure of={error} />}
      <Space>
        <Button type="primary" htmlType="submit" loading={busy}>
          {t.goOn}
        </Button>
        <Button onClick={cancel}>{t.cancel}</Button>
      </Space>
    </Form>
  )
}

function FirstCode({
  begun,
  on,
  cancel,
}: {
  begun: Begun
  on: (codes: readonly string[]) => void
  cancel: () => void
}) {
  const t = useTexts(words)
  const { message } = App.useApp()
  const confirm = useAct('own.second-factor-confirm')
  const submit = ({ code }: { code: string }) =>
    confirm.mutate(
      { body: { code: code.trim() } },
      {
        onSuccess: () => {
          void message.success(t.confirmed)
          on(begun.recoveryCodes)
        },
      },
    )
  const secret = new URL(begun.uri).searchParams.get('secret') ?? ''
  return (
    <>
      <p>{t.scan}</p>
      <div role="img" aria-label={t.qr}>
        <div aria-hidden>
          <QRCode type="canvas" value={begun.uri} size={200} />
        </div>
      </div>
      <p>
        {t.byHand} <code className="breaks">{secret.replace(/(.{4})(?=.)/g, '$1 ')}</code>
      </p>
      <Form layout="vertical" onFinish={submit} requiredMark={false}>
        <Form.Item
          name="code"
          label={t.code}
          rules={[{ required: true, pattern: /^\s*\d{6}\s*$/, message: t.needed }]}
        >
          <Input autoFocus inputMode="numeric" autoComplete="one-time-code" style={{ width: 160 }} />
        </Form.Item>
        {confirm.error && <Failure of={confirm.error} />}
        <Space>
          <Button type="primary" htmlType="submit" loading={confirm.isPending}>
            {t.confirm}
          </Button>
          <Button onClick={cancel}>{t.cancel}</Button>
        </Space>
      </Form>
    </>
  )
}
