/** The first thing after signing in with a one-time password. */
import { Button, Form, Input } from 'antd'
import { useAct } from '../../shared/ask.ts'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { NewPasswordFields } from '../../shared/new-password.tsx'
import { EntranceCard, useSignedIn } from './card.tsx'
import { words } from './texts.ts'

/** Who came with a one-time password does nothing else first. */
export function NewPassword() {
  const change = useAct('own.password')
  const signedIn = useSignedIn()
  const t = useTexts(words)
  const submit = ({ current, next }: { current: string; next: string }) =>
    change.mutate({ body: { current, next } }, { onSuccess: () => void signedIn() })
  return (
    <EntranceCard title={t.choose}>
      <p>{t.chooseHint}</p>
      <Form layout="vertical" onFinish={submit} requiredMark={false}>
        <Form.Item name="current" label={t.current} rules={[{ required: true, message: t.needed }]}>
          <Input.Password autoFocus autoComplete="current-password" />
        </Form.Item>
        <NewPasswordFields />
        {change.error && <Failure of={change.error} />}
        <Button type="primary" htmlType="submit" block loading={change.isPending} style={{ marginTop: 12 }}>
          {t.save}
        </Button>
      </Form>
    </EntranceCard>
  )
}
