/** Finds among rows that are all here: what is typed narrows them at once. */
import { Input } from 'antd'

interface Props {
  readonly typed: string
  readonly setTyped: (typed: string) => void
  readonly hint: string
  readonly width?: number
}

export function FindField({ typed, setTyped, hint, width = 200 }: Props) {
  return (
    <Input
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      placeholder={hint}
      aria-label={hint}
      allowClear
      maxLength={50}
      autoComplete="off"
      style={{ width, maxWidth: '100%' }}
    />
  )
}
