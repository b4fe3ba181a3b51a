/** A document from the other side: what it says, whose signatures it bears, their fingerprint; then ours. */
import { Alert, App, Button, Card, Descriptions, Form, Input, Tag } from 'antd'
import { useMemo, useState } from 'react'
import { fingerprint, readAgreement, thumbprint, type Agreement } from '../../../../protocol/index.ts'
import { useAct } from '../../shared/ask.ts'
import { browserCrypto } from '../../shared/crypto.ts'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { useSession } from '../../shared/session.tsx'
import { familyWords, useWord } from '../../shared/words.ts'
import { TakeIn } from './document.tsx'
import { HeardFingerprint, isHeard, type Heard } from './fingerprint.tsx'
import { words } from './texts.ts'

export function Signing({ done }: { done: (made: { document: string; active: boolean }) => void }) {
  const t = useTexts(words)
  const { node: self } = useSession()
  const [text, setText] = useState('')
  const [heard, setHeard] = useState<Heard>(new Set())
  const read = useMemo(() => (text.trim() === '' ? undefined : readAgreement(browserCrypto, text)), [text])
  const agreement = read?.ok === true ? read.agreement : undefined
  const ours = agreement?.terms.parties.some(({ node }) => node === self) ?? false
  const taken = (next: string) => {
    setText(next)
    setHeard(new Set())
  }
  return (
    <Card size="small" className="section" title={<h2>{t.stepSign}</h2>}>
      <h3>{t.theirDocument}</h3>
      <TakeIn label={t.theirDocument} value={text} onChange={taken} />
      {read?.ok === false && <Alert type="error" showIcon title={t.noDocument} />}
      {agreement && !ours && <Alert type="error" showIcon title={t.notOurs} />}
      {agreement && ours && (
        <Reading agreement={agreement} text={text} heard={heard} setHeard={setHeard} done={done} />
      )}
    </Card>
  )
}

interface ReadingProps {
  readonly agreement: Agreement
  readonly text: string
  readonly heard: Heard
  readonly setHeard: (heard: Heard) => void
  readonly done: (made: { document: string; active: boolean }) => void
}

function Reading({ agreement, text, heard, setHeard, done }: ReadingProps) {
  const t = useTexts(words)
  const { message } = App.useApp()
  const { node: self } = useSession()
  const sign = useAct('peers.sign')
  const other = agreement.terms.parties.find(({ node }) => node !== self)
  if (!other) return null
  const theirs = fingerprint(thumbprint(browserCrypto, other.signing))
  const ready = isHeard(theirs, heard)
  const submit = ({ url }: { url: string }) =>
    sign.mutate(
      { body: { document: text, url: url.trim(), fingerprint: theirs } },
      {
        onSuccess: ({ document, active }) => {
          void message.success(active ? t.inForce(other.name) : t.signedWaits)
          done({ document, active })
        },
      },
    )
  return (
    <>
      <Says agreement={agreement} />
      <h3>{t.compareWith(other.name, other.node)}</h3>
      <p>{t.tickHint}</p>
      <HeardFingerprint of={theirs} heard={heard} setHeard={setHeard} />
      <Form layout="vertical" onFinish={submit} requiredMark={false}>
        <Form.Item
          name="url"
          label={t.theirAddress}
          extra={t.addressHint}
          rules={[{ required: true, type: 'url', message: t.addressHint }]}
        >
          <Input maxLength={300} autoComplete="off" style={{ maxWidth: 480 }} />
        </Form.Item>
        {sign.error && <Failure of={sign.error} />}
        <Button type="primary" htmlType="submit" loading={sign.isPending} disabled={!ready}>
          {t.sign}
        </Button>
        {!ready && <p className="page-hint">{t.notHeardYet}</p>}
      </Form>
    </>
  )
}

function Says({ agreement: { terms, signedBy } }: { agreement: Agreement }) {
  const t = useTexts(words)
  const family = useWord(familyWords)
  return (
    <Descriptions
      size="small"
      bordered
      column={{ xs: 1, md: 2 }}
      className="section"
      items={[
        ...terms.parties.map(({ node, name }) => ({
          key: node,
          label: `${name} ${node}`,
          children: signedBy.includes(node) ? (
            <Tag color="green">{t.hasSigned}</Tag>
          ) : (
            <Tag>{t.notSigned}</Tag>
          ),
        })),
        { key: 'valid', label: t.valid, children: `${terms.from} – ${terms.until}` },
        { key: 'reply', label: t.replyDays, children: t.days(terms.replyDays) },
        { key: 'queries', label: t.queriesPerDay, children: t.perDay(terms.queriesPerDay) },
        { key: 'families', label: t.families, children: terms.families.map(family).join('、') },
        { key: 'rules', label: t.rulePack, children: terms.rulePack },
      ]}
    />
  )
}
