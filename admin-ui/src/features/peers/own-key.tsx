/** The key this node signs with: its card, its fingerprint, and changing it. */
import { App, Button, Card, Modal, Skeleton, Space } from 'antd'
import { useState } from 'react'
import { Link } from 'react-router'
import { useAct, useAsk } from '../../shared/ask.ts'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { Page } from '../../shared/page.tsx'
import { useMay, useSession } from '../../shared/session.tsx'
import { HandOut } from './document.tsx'
import { Fingerprint } from './fingerprint.tsx'
import { words } from './texts.ts'
import { TypedConfirm } from './typed-confirm.tsx'

export function OwnKey() {
  const t = useTexts(words)
  const may = useMay()
  const { data, error, refetch } = useAsk('node.info', {})
  return (
    <Page title={t.ownKey} hint={<Link to="/peers">{t.back}</Link>}>
      {error && <Failure of={error} again={() => void refetch()} />}
      {!data && !error && <Skeleton active />}
      {data && (
        <Card size="small" className="section" title={<h2>{t.ownFingerprint}</h2>}>
          <p>{t.readAloud}</p>
          <Fingerprint of={data.fingerprint} label={t.ownFingerprint} />
          <p>
            {t.address} <code>{data.federationUrl}</code>
          </p>
          {may('node.card') && <OwnCard />}
        </Card>
      )}
      {may('keys.change') && <Changing />}
    </Page>
  )
}

/** The card as a document to give away: all of it is public. */
export function OwnCard() {
  const t = useTexts(words)
  const { region } = useSession()
  const { data, error, refetch } = useAsk('node.card', {})
  if (error) return <Failure of={error} again={() => void refetch()} />
  if (!data) return <Skeleton active paragraph={{ rows: 1 }} />
  return <HandOut text={`${JSON.stringify(data, null, 2)}\n`} file={t.cardFile(region)} />
}

function Changing() {
  const t = useTexts(words)
  const { region } = useSession()
  const { message, modal } = App.useApp()
  const [replacing, setReplacing] = useState(false)
  const change = useAct('keys.change')
  const run = (verb: 'rotate' | 'replace') =>
    change.mutate(
      { params: { verb } },
      {
        onSuccess: ({ fingerprint }) => {
          setReplacing(false)
          void message.success(verb === 'rotate' ? t.rotated : t.replaced)
          modal.info({
            title: t.newFingerprint,
            content: <Fingerprint of={fingerprint} label={t.newFingerprint} />,
            okText: t.understood,
          })
        },
      },
    )
  const [rotating, setRotating] = useState(false)
  return (
    <Card size="small" className="section" title={<h2>{t.changeKey}</h2>}>
      <p>{t.rotateHint}</p>
      <p>{t.replaceHint}</p>
      {change.error && !replacing && <Failure of={change.error} />}
      <Space wrap>
        <Button onClick={() => setRotating(true)} loading={change.isPending}>
          {t.rotate}
        </Button>
        <Button danger onClick={() => setReplacing(true)} loading={change.isPending}>
          {t.replace}
        </Button>
      </Space>
      <Modal
        title={t.rotate}
        open={rotating}
        onCancel={() => setRotating(false)}
        onOk={() => {
          setRotating(false)
          run('rotate')
        }}
        okText={t.rotate}
        cancelText={t.cancel}
      >
        {t.rotateHint}
      </Modal>
      <TypedConfirm
        open={replacing}
        title={t.replace}
        warning={t.replaceWarning}
        name={region}
        action={t.replace}
        busy={change.isPending}
        error={change.error}
        go={() => run('replace')}
        close={() => setReplacing(false)}
      />
    </Card>
  )
}
