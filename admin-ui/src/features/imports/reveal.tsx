/** The numbers of one held row in the clear, for a purpose that is written down. */
import { EyeOutlined } from '@ant-design/icons'
import { Button, Popover, Select } from 'antd'
import { useState } from 'react'
import { revealPurposes } from '../../../../protocol/index.ts'
import { useAct } from '../../shared/ask.ts'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { purposeWords, useWord } from '../../shared/words.ts'
import { words } from './texts.ts'

interface Props {
  readonly id: string
  readonly row: number
  readonly got: (cells: Readonly<Record<string, string>>) => void
}

export function Reveal(props: Props) {
  const t = useTexts(words)
  const [open, setOpen] = useState(false)
  const got = (cells: Readonly<Record<string, string>>) => {
    props.got(cells)
    setOpen(false)
  }
  return (
    <Popover
      trigger="click"
      open={open}
      onOpenChange={setOpen}
      content={<AskPurpose {...props} got={got} />}
      destroyOnHidden
    >
      <Button size="small" type="text" icon={<EyeOutlined />} aria-label={t.reveal} title={t.reveal} />
    </Popover>
  )
}

function AskPurpose({ id, row, got }: Props) {
  const t = useTexts(words)
  const word = useWord(purposeWords)
  const [purpose, setPurpose] = useState<(typeof revealPurposes)[number]>('correction')
  const reveal = useAct('imports.reveal')
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
      {reveal.error && <Failure of={reveal.error} />}
      <Button
        type="primary"
        size="small"
        loading={reveal.isPending}
        onClick={() =>
          reveal.mutate({ params: { id, row }, body: { purpose } }, { onSuccess: ({ cells }) => got(cells) })
        }
      >
        {t.show}
      </Button>
      <small>{t.noted}</small>
    </div>
  )
}
