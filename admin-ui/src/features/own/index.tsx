/** One's own account: what it is, its password, its second factor, and where it is signed in. */
import { App, Button, Card, Descriptions, Form, Input } from 'antd'
import { useState } from 'react'
import { useAct, useAsk } from '../../shared/ask.ts'
import { Failure, sentenceOf } from '../../shared/failure.tsx'
import { useLanguage, useTexts } from '../../shared/language.tsx'
import { NewPasswordFields } from '../../shared/new-password.tsx'
import { Page } from '../../shared/page.tsx'
import { useSession } from '../../shared/session.tsx'
import { Sessions } from '../../shared/sessions.tsx'
import { roleWords, useWord } from '../../shared/words.ts'
import { RecoveryCodes } from './recovery-codes.tsx'
import { SecondFactor } from './second-factor.tsx'
import { words } from './texts.ts'

export function OwnPage() {
  const t = useTexts(words)
  const [codes, setCodes] = useState<readonly string[]>()
  // While they are shown nothing else is, so that paper holds them alone.
  if (codes)
    return (
      <Page title={t.codesTitle}>
        <RecoveryCodes codes={codes} kept={() => setCodes(undefined)} />
      </Page>
    )
  return (
    <Page title={t.title} hint={t.hint}>
      <Who />
      <Password />
      <SecondFactor on={setCodes} />
      <OwnSessions />
    </Page>
  )
}

function Who() {
  const t = useTexts(words)
  const role = useWord(roleWords)
  const { account } = useSession().who
  const provider = useAsk('entrance.look', {}, { staleTime: Infinity }).data?.oidc != null
  return (
    <Card size="small" className="section">
      <Descriptions
        size="small"
        column={{ xs: 1, md: 2 }}
        items={[
          { key: 'name', label: t.name, children: account.name },
          { key: 'account', label: t.account, children: account.account },
          { key: 'role', label: t.role, children: role(account.role) },
          ...(account.organisation
            ? [{ key: 'organisation', label: t.organisation, children: account.organisation.name }]
            : []),
          ...(provider || account.linked
            ? [{ key: 'provider', label: t.provider, children: account.linked ? t.linked : t.notLinked }]
            : []),
        ]}
      />
      <small>{t.changedBy}</small>
    </Card>
  )
}

function Password() {
  const t = useTexts(words)
  const { message } = App.useApp()
  const [form] = Form.useForm<{ current: string; next: string }>()
  const change = useAct('own.password')
  const submit = ({ current, next }: { current: string; next: string }) =>
    change.mutate(
      { body: { current, next } },
      {
        onSuccess: () => {
          form.resetFields()
          void message.success(t.changed)
        },
      },
    )
  return (
    <Card size="small" className="section narrow" title={<h2>{t.password}</h2>}>
      <Form form={form} layout="vertical" onFinish={submit} requiredMark={false}>
        <Form.Item name="current" label={t.current} rules={[{ required: true, message: t.needed }]}>
          <Input.Password autoComplete="current-password" maxLength={1000} />
        </Form.Item>
        <NewPasswordFields />
        {change.error && <Failure of={change.error} />}
        <Button type="primary" htmlType="submit" loading={change.isPending}>
          {t.change}
        </Button>
      </Form>
    </Card>
  )
}

function OwnSessions() {
  const t = useTexts(words)
  const { message } = App.useApp()
  const { language } = useLanguage()
  const { data, error, refetch } = useAsk('session.list', {})
  const end = useAct('session.end-other')
  return (
    <Card size="small" className="section" title={<h2>{t.sessions}</h2>}>
      <p className="page-hint">{t.sessionsHint}</p>
      {error ? (
        <Failure of={error} again={() => void refetch()} />
      ) : (
        <Sessions
          sessions={data?.sessions}
          busy={end.isPending}
          end={({ id }) =>
            end.mutate(
              { params: { id } },
              {
                onSuccess: () => void message.success(t.sessionEnded),
                onError: (failed) => void message.error(sentenceOf(failed, language)),
              },
            )
          }
        />
      )}
    </Card>
  )
}
