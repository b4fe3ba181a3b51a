/** Whether the audit is whole: by its own chain, and by what other regions have confirmed of it in signed receipts. */
import { CheckCircleOutlined, SafetyCertificateOutlined, WarningOutlined } from '@ant-design/icons'
import { Alert, Button, Modal } from 'antd'
import { useState } from 'react'
import { ask, type Answer } from '../../shared/ask.ts'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { shortMoment } from '../../shared/moments.tsx'
import { words } from './texts.ts'

type Verified = Answer<'audit.verify'>

export function Verify() {
  const t = useTexts(words)
  const [busy, setBusy] = useState(false)
  const [found, setFound] = useState<{ verified: Verified } | { error: unknown }>()
  const run = async () => {
    setBusy(true)
    try {
      setFound({ verified: await ask('audit.verify', {}) })
    } catch (error) {
      setFound({ error })
    } finally {
      setBusy(false)
    }
  }
  const close = () => setFound(undefined)
  return (
    <>
      <Button icon={<SafetyCertificateOutlined />} loading={busy} onClick={() => void run()}>
        {t.verify}
      </Button>
      <Modal
        title={t.verify}
        open={found !== undefined}
        onCancel={close}
        width={640}
        footer={
          <Button type="primary" onClick={close}>
            {t.close}
          </Button>
        }
      >
        {found && ('error' in found ? <Failure of={found.error} /> : <Result of={found.verified} />)}
      </Modal>
    </>
  )
}

function Result({ of: { entries, head, brokenAt, peers } }: { of: Verified }) {
  const t = useTexts(words)
  // Whole in itself and shorter than others have seen it is not whole.
  const denied = peers.filter(({ witnessed }) => witnessed?.holds === false)
  const whole = brokenAt === null && denied.length === 0
  return (
    <>
      {brokenAt !== null && <Alert type="error" showIcon role="alert" title={t.broken(brokenAt)} />}
      {brokenAt === null && <Alert type={whole ? 'success' : 'info'} showIcon title={t.whole(entries)} />}
      {head !== null && (
        <p>
          {t.head} <code className="breaks">{head}</code>
        </p>
      )}
      <h2 className="witnesses">{t.witnesses}</h2>
      {denied.length > 0 && (
        <Alert
          type="error"
          showIcon
          role="alert"
          title={t.deniedBy(denied.map(({ name }) => name).join('、'))}
        />
      )}
      <p className="page-hint">{peers.length === 0 ? t.noWitness : t.witnessesHint}</p>
      <ul className="waiting-list">
        {peers.map((peer) => (
          <Witness key={peer.peer} of={peer} />
        ))}
      </ul>
    </>
  )
}

function Witness({ of: { peer, name, witnessed } }: { of: Verified['peers'][number] }) {
  const t = useTexts(words)
  const who = name || peer
  if (!witnessed) return <li className="witness">{t.notWitnessed(who)}</li>
  const { entries, at, head, holds } = witnessed
  return (
    <li className={holds ? 'witness' : 'witness denies'}>
      {holds ? <CheckCircleOutlined /> : <WarningOutlined />}{' '}
      {(holds ? t.holds : t.holdsNot)(who, entries, shortMoment(at))}
      <br />
      <code className="breaks">{head}</code>
    </li>
  )
}
