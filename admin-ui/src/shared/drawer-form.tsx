/** A form in a drawer: what is typed is kept as a draft, Enter sends it, a refusal is said where the eye is. */
import { Button, Drawer, Form, Grid, Space } from 'antd'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { useDraft } from './draft.tsx'
import { Failure } from './failure.tsx'
import { texts, useTexts } from './language.tsx'

const words = texts({
  save: { zh: '保存', en: 'Save' },
  cancel: { zh: '取消', en: 'Cancel' },
})

interface Props<V extends object> {
  readonly title: string
  readonly close: () => void
  /** Under which the draft is kept. */
  readonly draft: string
  readonly initial?: Partial<V>
  readonly saveText?: string
  readonly danger?: boolean
  /** Sends it; what it throws is shown and nothing is lost. */
  readonly send: (values: V) => Promise<unknown>
  readonly children: ReactNode
}

/** Mount it to open it. */
export function DrawerForm<V extends object>(props: Props<V>) {
  const { title, close, initial, saveText, danger = false, send, children } = props
  const [form] = Form.useForm<V>()
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const fields = useRef<HTMLDivElement>(null)
  const narrow = !(Grid.useBreakpoint().sm ?? true)
  const draft = useDraft(props.draft, form)
  const t = useTexts(words)
  useEffect(() => setError(undefined), [props.draft])
  const submit = async (values: V) => {
    setBusy(true)
    setError(undefined)
    try {
      await send(values)
      draft.done()
      close()
    } catch (failed) {
      setError(failed)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Drawer
      open
      title={title}
      onClose={close}
      afterOpenChange={(shown) => shown && beginTyping(fields.current)}
      size={narrow ? '100%' : 460}
      footer={
        <Space>
          <Button type="primary" danger={danger} loading={busy} onClick={() => form.submit()}>
            {saveText ?? t.save}
          </Button>
          <Button onClick={close}>{t.cancel}</Button>
        </Space>
      }
    >
      {draft.note}
      {error !== undefined && (
        <div style={{ marginBottom: 12 }}>
          <Failure of={error} />
        </div>
      )}
      <div ref={fields}>
        <Form<V>
          form={form}
          layout="vertical"
          {...(initial ? { initialValues: initial } : {})}
          onValuesChange={draft.typed}
          onFinish={(values) => void submit(values)}
          scrollToFirstError={{ focus: true }}
        >
          {children}
          {/* Enter in any field sends the form. */}
          <button type="submit" hidden aria-hidden tabIndex={-1} />
        </Form>
      </div>
    </Drawer>
  )
}

/** Unless a field has asked for the cursor itself, the first that is empty has it. */
function beginTyping(fields: HTMLElement | null): void {
  if (fields?.contains(document.activeElement)) return
  const all = [...(fields?.querySelectorAll<HTMLInputElement>('input:not([type=radio]), textarea') ?? [])]
  const first = all.find(({ value }) => value === '') ?? all[0]
  first?.focus()
}
