/** For what cannot be taken back: says what will happen, and asks to type a name before it does. */
import { Alert, Input, Modal } from 'antd'
import { useState, type ReactNode } from 'react'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { words } from './texts.ts'

interface Props {
  readonly open: boolean
  readonly title: string
  readonly warning: ReactNode
  /** What has to be typed. */
  readonly name: string
  readonly action: string
  readonly busy: boolean
  readonly error: Error | null
  readonly go: () => void
  readonly close: () => void
}

export function TypedConfirm({ open, title, warning, name, action, busy, error, go, close }: Props) {
  const [typed, setTyped] = useState('')
  const t = useTexts(words)
  const right = typed.trim() === name
  return (
    <Modal
      title={title}
      open={open}
      onCancel={close}
      onOk={go}
      okText={action}
      cancelText={t.cancel}
      okButtonProps={{ danger: true, disabled: !right, loading: busy }}
      afterClose={() => setTyped('')}
      destroyOnHidden
    >
      <Alert type="error" showIcon title={warning} className="section" />
      <label>
        {t.typeName(name)}
        <Input
          autoFocus
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          onPressEnter={() => right && go()}
          autoComplete="off"
        />
      </label>
      {error && <Failure of={error} />}
    </Modal>
  )
}
