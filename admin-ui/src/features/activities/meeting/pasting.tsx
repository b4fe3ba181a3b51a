/** A pasted list: who is found, whom nobody knows, and whom a person must choose between. */
import { Alert, Checkbox, Input, Modal } from 'antd'
import { useMemo, useState } from 'react'
import { type CaseRowView } from '../../../../../protocol/index.ts'
import { useTexts } from '../../../shared/language.tsx'
import { useRegions } from '../../../shared/regions.ts'
import { readPasted, type Found } from './names.ts'
import { words } from './texts.ts'

interface Props {
  readonly begin: string
  readonly people: readonly CaseRowView[]
  readonly take: (found: readonly Found[]) => void
  readonly close: () => void
}

export function Pasting({ begin, people, take, close }: Props) {
  const t = useTexts(words)
  const { nameOf } = useRegions()
  const [text, setText] = useState(begin)
  const [decided, setDecided] = useState<readonly string[]>([])
  const pasted = useMemo(() => readPasted(text, people), [text, people])
  const chosen = pasted.ambiguous.flatMap(({ people: these, amount }) =>
    these.filter(({ id }) => decided.includes(id)).map(({ id }) => ({ id, amount })),
  )
  const all = [...pasted.found, ...chosen]
  return (
    <Modal
      title={t.paste}
      open
      onCancel={close}
      onOk={() => take(all)}
      okText={t.take}
      cancelText={t.cancel}
      okButtonProps={{ disabled: all.length === 0 }}
    >
      <p>{t.pasteHint}</p>
      <Input.TextArea
        value={text}
        onChange={(event) => setText(event.target.value)}
        rows={8}
        autoFocus
        aria-label={t.pasteField}
        style={{ marginBottom: 12 }}
      />
      <div style={{ display: 'grid', gap: 8 }} role="status">
        {text.trim() !== '' && (
          <Alert type={all.length > 0 ? 'success' : 'info'} showIcon title={t.foundOf(all.length)} />
        )}
        {pasted.unknown.length > 0 && (
          <Alert type="warning" showIcon title={t.unknown} description={pasted.unknown.join('、')} />
        )}
        {pasted.ambiguous.map(({ name, people: these }) => (
          <Alert
            key={name}
            type="warning"
            showIcon
            title={t.ambiguous(name)}
            description={
              <Checkbox.Group
                style={{ display: 'grid', gap: 4 }}
                value={decided.filter((id) => these.some((one) => one.id === id))}
                onChange={(ids) =>
                  setDecided((before) => [
                    ...before.filter((id) => !these.some((one) => one.id === id)),
                    ...ids.map(String),
                  ])
                }
                options={these.map((one) => ({ value: one.id, label: tellApart(one, nameOf(one.peer)) }))}
              />
            }
          />
        ))}
      </div>
    </Modal>
  )
}

function tellApart({ name, branch, employer, destination }: CaseRowView, region: string): string {
  return [name, region, branch, employer ?? destination].filter(Boolean).join(' · ')
}
