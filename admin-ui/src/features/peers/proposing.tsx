/** Their card, their fingerprint by telephone, the terms: then our signature. */
import { Alert, Button, Card, Form, InputNumber } from 'antd'
import { useState } from 'react'
import { fingerprint, partySchema, thumbprint, type Party } from '../../../../protocol/index.ts'
import { useAct } from '../../shared/ask.ts'
import { browserCrypto } from '../../shared/crypto.ts'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { useSession } from '../../shared/session.tsx'
import { TakeIn } from './document.tsx'
import { HeardFingerprint, isHeard, type Heard } from './fingerprint.tsx'
import { words } from './texts.ts'

const shippedTerms = { replyDays: 15, queriesPerDay: 1000, years: 3 }
type Terms = typeof shippedTerms

function readCard(text: string): Party | undefined {
  try {
    return partySchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

export function Proposing({ done }: { done: (document: string) => void }) {
  const t = useTexts(words)
  const { node: self } = useSession()
  const [text, setText] = useState('')
  const [heard, setHeard] = useState<Heard>(new Set())
  const propose = useAct('peers.propose')
  const card = readCard(text)
  const theirs = card ? fingerprint(thumbprint(browserCrypto, card.signing)) : ''
  const taken = (next: string) => {
    setText(next)
    setHeard(new Set())
  }
  const submit = (terms: Terms) =>
    propose.mutate(
      { body: { card, fingerprint: theirs, ...terms } },
      { onSuccess: ({ document }) => done(document) },
    )
  return (
    <Card size="small" className="section" title={<h2>{t.stepPropose}</h2>}>
      <h3>{t.theirCard}</h3>
      <TakeIn label={t.theirCard} value={text} onChange={taken} />
      {text.trim() !== '' && !card && <Alert type="error" showIcon title={t.noCard} />}
      {card?.node === self && <Alert type="error" showIcon title={t.ownCardTaken} />}
      {card && card.node !== self && (
        <>
          <h3>{t.compareWith(card.name, card.node)}</h3>
          <p>{t.tickHint}</p>
          <HeardFingerprint of={theirs} heard={heard} setHeard={setHeard} />
          <h3>{t.terms}</h3>
          <TermsForm
            ready={isHeard(theirs, heard)}
            busy={propose.isPending}
            error={propose.error}
            submit={submit}
          />
        </>
      )}
    </Card>
  )
}

function TermsForm({
  ready,
  busy,
  error,
  submit,
}: {
  ready: boolean
  busy: boolean
  error: Error | null
  submit: (terms: Terms) => void
}) {
  const t = useTexts(words)
  const field = (name: keyof Terms, label: string, extra: string, min: number, max: number) => (
    <Form.Item name={name} label={label} extra={extra} rules={[{ required: true, message: t.needed }]}>
      <InputNumber min={min} max={max} precision={0} style={{ width: 140 }} />
    </Form.Item>
  )
  return (
    <Form layout="vertical" initialValues={shippedTerms} onFinish={submit} requiredMark={false}>
      {field('replyDays', t.replyDays, t.replyDaysHint, 1, 365)}
      {field('queriesPerDay', t.queriesPerDay, t.queriesHint, 1, 1_000_000)}
      {field('years', t.years, t.yearsHint, 1, 10)}
      {error && <Failure of={error} />}
      <Button type="primary" htmlType="submit" loading={busy} disabled={!ready}>
        {t.signAndMake}
      </Button>
      {!ready && <p className="page-hint">{t.notHeardYet}</p>}
    </Form>
  )
}
