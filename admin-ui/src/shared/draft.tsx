/** A form that remembers: what was typed is kept by the node while one types, offered again after a closed tab. */
import { Alert, Button, type FormInstance } from 'antd'
import { useEffect, useRef, useState } from 'react'
import * as z from 'zod'
import { useKept } from './kept.ts'
import { texts, useTexts } from './language.tsx'
import { shortMoment } from './moments.tsx'

const afterMs = 800
const anyDraft = z.record(z.string(), z.unknown())

const words = texts({
  found: {
    zh: (at: string) => `已恢复 ${at} 未提交的内容`,
    en: (at: string) => `What you typed at ${at} is back`,
  },
  drop: { zh: '清空重填', en: 'Start over' },
})

/**
 * `const draft = useDraft('outflow/…', form)`: show `draft.note` above the form, hand `draft.typed` to onValuesChange and
 * call `draft.done()` once it is sent.
 */
export function useDraft(key: string, form: FormInstance) {
  const kept = useKept('draft', key, anyDraft)
  const [restored, setRestored] = useState<string>()
  const looked = useRef(false)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => {
    if (!kept.ready || looked.current) return
    looked.current = true
    if (!kept.value) return
    form.setFieldsValue(kept.value)
    setRestored(kept.at)
  }, [kept, form])
  useEffect(() => () => clearTimeout(timer.current), [])
  const done = () => {
    clearTimeout(timer.current)
    setRestored(undefined)
    kept.drop()
  }
  return {
    typed: () => {
      clearTimeout(timer.current)
      timer.current = setTimeout(
        () => kept.put(written(form.getFieldsValue(true) as Record<string, unknown>)),
        afterMs,
      )
    },
    done,
    note: (
      <DraftNote
        at={restored}
        drop={() => {
          form.resetFields()
          done()
        }}
      />
    ),
  }
}

/** Says that what was typed at an earlier visit is back, and offers to begin anew. */
export function DraftNote({ at, drop }: { at: string | undefined; drop: () => void }) {
  const t = useTexts(words)
  if (at === undefined) return null
  return (
    <Alert
      type="info"
      showIcon
      title={t.found(shortMoment(at))}
      action={
        <Button size="small" onClick={drop}>
          {t.drop}
        </Button>
      }
      style={{ marginBottom: 12 }}
    />
  )
}

/** Without what is empty: the node keeps JSON, which has no undefined. */
function written(values: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(values)) as Record<string, unknown>
}
