/**
 * A number that names a person: masked, until somebody says what for; then shown for a minute. Each look is written into
 * the audit by the node.
 */
import { EyeOutlined } from '@ant-design/icons'
import { Button, Popover, Select } from 'antd'
import { useEffect, useState } from 'react'
import { revealPurposes } from '../../../protocol/index.ts'
import { useAct, type Input } from './ask.ts'
import { Failure } from './failure.tsx'
import { texts, useTexts } from './language.tsx'
import { useMay } from './session.tsx'
import { purposeWords, useWord } from './words.ts'

const shownMs = 60_000
type RevealRoute = 'member.reveal' | 'arrival.reveal' | 'case.reveal'
type Purpose = (typeof revealPurposes)[number]

const words = texts({
  look: { zh: '查看完整号码', en: 'Show the whole number' },
  purpose: { zh: '查看用途', en: 'What for' },
  show: { zh: '查看', en: 'Show' },
  noted: { zh: '查看将记入审计', en: 'It is written into the audit' },
  none: { zh: '未登记', en: 'Not on record' },
})

interface Props<R extends RevealRoute> {
  readonly masked: string | null
  readonly route: R
  readonly id: string
  readonly field: NonNullable<Input<R>['body']>['field']
}

export function Masked<R extends RevealRoute>({ masked, route, id, field }: Props<R>) {
  const [shown, setShown] = useState<string>()
  const [open, setOpen] = useState(false)
  const may = useMay()
  const t = useTexts(words)
  useEffect(() => {
    if (shown === undefined) return
    const hide = setTimeout(() => setShown(undefined), shownMs)
    return () => clearTimeout(hide)
  }, [shown])
  if (masked === null) return <>—</>
  const got = (value: string | null) => {
    setShown(value ?? t.none)
    setOpen(false)
  }
  return (
    <span className="number">
      {shown ?? masked}
      {shown === undefined && may(route) && (
        <Popover
          trigger="click"
          open={open}
          onOpenChange={setOpen}
          content={<Ask {...{ route, id, field, got }} />}
          destroyOnHidden
        >
          <Button
            type="text"
            size="small"
            icon={<EyeOutlined />}
            aria-label={t.look}
            title={t.look}
            className="no-print"
          />
        </Popover>
      )}
    </span>
  )
}

function Ask<R extends RevealRoute>({
  route,
  id,
  field,
  got,
}: Omit<Props<R>, 'masked'> & { got: (value: string | null) => void }) {
  const reveal = useAct<RevealRoute>(route)
  const run = (purpose: Purpose) =>
    // The three routes ask alike, each for fields of its own.
    reveal.mutate({ params: { id }, body: { field, purpose } } as unknown as Input<RevealRoute>, {
      onSuccess: ({ value }) => got(value),
    })
  return <PurposeForm usual="identity-check" busy={reveal.isPending} error={reveal.error} run={run} />
}

interface PurposeProps {
  readonly usual: Purpose
  readonly busy: boolean
  readonly error: Error | null
  readonly run: (purpose: Purpose) => void
}

/** What something is shown for, before it is. */
export function PurposeForm({ usual, busy, error, run }: PurposeProps) {
  const [purpose, setPurpose] = useState<Purpose>(usual)
  const word = useWord(purposeWords)
  const t = useTexts(words)
  return (
    <div style={{ display: 'grid', gap: 8, width: 220 }}>
      <label>
        {t.purpose}
        <Select
          value={purpose}
          onChange={setPurpose}
          options={revealPurposes.map((value) => ({ value, label: word(value) }))}
          style={{ width: '100%' }}
        />
      </label>
      {error && <Failure of={error} />}
      <Button type="primary" size="small" loading={busy} onClick={() => run(purpose)}>
        {t.show}
      </Button>
      <small>{t.noted}</small>
    </div>
  )
}
