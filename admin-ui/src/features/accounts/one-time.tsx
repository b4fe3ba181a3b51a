/** A one-time password: shown once, to be told to whom it is for. */
import { CopyOutlined } from '@ant-design/icons'
import { App, Button, Modal } from 'antd'
import { type Answer } from '../../shared/ask.ts'
import { useTexts } from '../../shared/language.tsx'
import { copyText } from '../../shared/list/copying.ts'
import { shortMoment } from '../../shared/moments.tsx'
import { words } from './texts.ts'

export type Told = Answer<'accounts.create'>

export function OneTime({ told, close }: { told: Told | undefined; close: () => void }) {
  const t = useTexts(words)
  const { message } = App.useApp()
  const copy = (text: string) => void copyText(text).then(() => message.success(t.copied))
  return (
    <Modal
      title={t.oneTimeTitle}
      open={told !== undefined}
      closable={false}
      keyboard={false}
      mask={{ closable: false }}
      footer={
        <Button type="primary" onClick={close}>
          {t.told}
        </Button>
      }
    >
      {told && (
        <>
          <p>{t.oneTimeHint(told.account.name)}</p>
          <p>
            {t.account} <code>{told.account.account}</code>
          </p>
          <p>
            <code className="spell">{told.oneTimePassword}</code>{' '}
            <Button size="small" icon={<CopyOutlined />} onClick={() => copy(told.oneTimePassword)}>
              {t.copy}
            </Button>
          </p>
          {told.account.oneTimeUntil !== null && (
            <small>{t.goodUntil(shortMoment(told.account.oneTimeUntil))}</small>
          )}
        </>
      )}
    </Modal>
  )
}
