/** The numbers of one held row in the clear, for a purpose that is written down. */
import { EyeOutlined } from '@ant-design/icons'
import { Button, Popover } from 'antd'
import { useState } from 'react'
import { useAct } from '../../shared/ask.ts'
import { useTexts } from '../../shared/language.tsx'
import { PurposeForm } from '../../shared/reveal.tsx'
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
  const reveal = useAct('imports.reveal')
  return (
    <PurposeForm
      usual="correction"
      busy={reveal.isPending}
      error={reveal.error}
      run={(purpose) =>
        reveal.mutate({ params: { id, row }, body: { purpose } }, { onSuccess: ({ cells }) => got(cells) })
      }
    />
  )
}
