/** A one-time password, or a one-time code that links an account: shown once, to be told to whom it is for. */
import { CopyOutlined } from '@ant-design/icons'
import { App, Button, Modal } from 'antd'
import { type AccountView } from '../../../../protocol/index.ts'
import { type Answer } from '../../shared/ask.ts'
import { useTexts } from '../../shared/language.tsx'
import { copyText } from '../../shared/list/copying.ts'
import { shortMoment } from '../../shared/moments.tsx'
import { words } from './texts.ts'

export interface Told {
  readonly kind: 'password' | 'linkCode'
  readonly account: AccountView
  readonly secret: string
  readonly until: string | null
}

export function passwordTold({ account, oneTimePassword }: Answer<'accounts.create'>): Told {
  return { kind: 'password', account, secret: oneTimePassword, until: account.oneTimeUntil }
}

export function OneTime({ told, close }: { told: Told | undefined; close: () => void }) {
  const t = useTexts(words)
  const { message } = App.useApp()
  const copy = (text: string) => void copyText(text).then(() => message.success(t.copied))
  return (
    <Modal
      title={told?.kind === 'linkCode' ? t.linkCodeTitle : t.oneTimeTitle}
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
          <p>{(told.kind === 'linkCode' ? t.linkCodeHint : t.oneTimeHint)(told.account.name)}</p>
          <p>
            {t.account} <code>{told.account.account}</code>
          </p>
          <p>
            <code className="spell">{told.secret}</code>{' '}
            <Button size="small" icon={<CopyOutlined />} onClick={() => copy(told.secret)}>
              {t.copy}
            </Button>
          </p>
          {told.until !== null && <small>{t.goodUntil(shortMoment(told.until))}</small>}
        </>
      )}
    </Modal>
  )
}
