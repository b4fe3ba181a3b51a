/** Signing in by the office's identity provider: the way there, coming back, and linking one's account the first time. */
import { Alert, Button, Divider, Form, Input, Spin } from 'antd'
import { useEffect, useState } from 'react'
import { Navigate, useNavigate } from 'react-router'
import { Refused, useAct, type Answer } from '../../shared/ask.ts'
import { Failure } from '../../shared/failure.tsx'
import { useLanguage, useTexts } from '../../shared/language.tsx'
import { useTitle } from '../../shared/title.ts'
import { answered, finish } from './answered.ts'
import { EntranceCard, useSignedIn } from './card.tsx'
import { words } from './texts.ts'

type Look = Answer<'entrance.look'>

/** The button of the entrance that leads to the provider. */
export function ByProvider({ button }: { button: NonNullable<Look['oidc']> }) {
  const { language } = useLanguage()
  const begin = useAct('oidc.begin')
  const t = useTexts(words)
  const go = () => begin.mutate({}, { onSuccess: ({ url }) => location.assign(url) })
  return (
    <>
      <Divider plain>{t.or}</Divider>
      {begin.error && <Failure of={begin.error} />}
      <Button block style={{ marginTop: 12 }} loading={begin.isPending} onClick={go}>
        {button[language]}
      </Button>
    </>
  )
}

/** The page the provider sends the browser back to. */
export function FromProvider({ look }: { look: Look }) {
  const [state, setState] = useState<'asking' | 'not-linked' | 'refused' | { error: unknown }>(
    answered === 'refused' ? 'refused' : 'asking',
  )
  const enter = useEnter()
  const t = useTexts(words)
  useTitle(t.signIn, look.name)
  useEffect(() => {
    if (typeof answered !== 'object') return
    finish(answered).then(
      ({ state: found }) => (found === 'signed-in' ? void enter() : setState(found)),
      (error: unknown) => setState({ error }),
    )
  }, [])
  if (answered === undefined) return <Navigate to="/" replace />
  if (state === 'not-linked') return <Linking look={look} />
  return (
    <EntranceCard look={look} title={t.signIn}>
      {state === 'asking' && (
        <p role="status">
          <Spin size="small" /> {t.checking}
        </p>
      )}
      {state === 'refused' && <Alert type="error" showIcon role="alert" title={t.refused} />}
      {typeof state === 'object' && <Why of={state.error} />}
      {state !== 'asking' && <Back />}
    </EntranceCard>
  )
}

function Why({ of }: { of: unknown }) {
  const t = useTexts(words)
  // The node's sentence for it speaks of a password, and nobody has typed one.
  if (of instanceof Refused && of.code === 'wrong_credentials')
    return <Alert type="error" showIcon role="alert" title={t.closed} />
  return <Failure of={of} />
}

function Linking({ look }: { look: Look }) {
  const link = useAct('oidc.link')
  const enter = useEnter()
  const t = useTexts(words)
  // The node's sentence for it speaks of authenticators, which show a next code.
  const wrong = link.error instanceof Refused && link.error.code === 'wrong_code'
  const submit = ({ code }: { code: string }) =>
    link.mutate({ body: { code: code.trim() } }, { onSuccess: () => void enter() })
  return (
    <EntranceCard look={look} title={t.link}>
      <p>{t.linkHint}</p>
      <Form layout="vertical" onFinish={submit} requiredMark={false}>
        <Form.Item
          name="code"
          label={t.linkCode}
          rules={[{ required: true, min: 5, whitespace: true, message: t.needed }]}
        >
          <Input autoFocus autoComplete="off" maxLength={40} />
        </Form.Item>
        {wrong ? (
          <Alert type="error" showIcon role="alert" title={t.wrongLinkCode} />
        ) : (
          link.error && <Failure of={link.error} />
        )}
        <Button type="primary" htmlType="submit" block loading={link.isPending} style={{ marginTop: 12 }}>
          {t.linkAndEnter}
        </Button>
      </Form>
      <Back />
    </EntranceCard>
  )
}

function Back() {
  const navigate = useNavigate()
  const t = useTexts(words)
  return (
    <Button block style={{ marginTop: 12 }} onClick={() => void navigate('/', { replace: true })}>
      {t.back}
    </Button>
  )
}

/** Signed in: the address of coming back is no page, so the first one is shown. */
function useEnter(): () => Promise<void> {
  const navigate = useNavigate()
  const signedIn = useSignedIn()
  return async () => {
    await signedIn()
    await navigate('/', { replace: true })
  }
}
