/** A branch of ours by name: those there are, while one types; who works for the whole region may write a new one. */
import { AutoComplete } from 'antd'
import { useAsk } from './ask.ts'

interface Props {
  readonly id?: string
  readonly value?: string
  readonly onChange?: (name: string) => void
}

export function BranchField({ id, value, onChange }: Props) {
  const { data } = useAsk('organisations.list', {})
  const options = (data?.organisations ?? [])
    .filter(({ kind }) => kind === 'branch')
    .map(({ name }) => ({ value: name }))
  return (
    <AutoComplete
      {...(id === undefined ? {} : { id })}
      {...(value === undefined ? {} : { value })}
      onChange={(name: string) => onChange?.(name)}
      options={options}
      showSearch={{ filterOption: (typed, option) => option?.value.includes(typed) ?? false }}
      allowClear
    />
  )
}
