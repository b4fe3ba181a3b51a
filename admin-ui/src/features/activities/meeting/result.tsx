/** What came of it: how many, and who not and why. */
import { Alert, Button, Space } from 'antd'
import { useEffect, useRef } from 'react'
import { Link } from 'react-router'
import { type CaseRowView } from '../../../../../protocol/index.ts'
import { useTexts } from '../../../shared/language.tsx'
import { useWord } from '../../../shared/words.ts'
import { type Outcome } from './reporting.ts'
import { refusalWords, words } from './texts.ts'

interface Props {
  readonly of: Outcome
  readonly people: readonly CaseRowView[]
  readonly again: () => void
}

export function Result({ of: { reported, unchanged, refused }, people, again }: Props) {
  const t = useTexts(words)
  const why = useWord(refusalWords)
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => place.current?.scrollIntoView({ block: 'nearest' }), [])
  return (
    <div ref={place} style={{ marginTop: 12 }}>
      <Alert
        type={refused.length > 0 ? 'warning' : 'success'}
        showIcon
        role="status"
        title={t.result(reported, unchanged, refused.length)}
        description={
          refused.length > 0 && (
            <ul>
              {refused.map(({ case: id, code }) => (
                <li key={id}>
                  {people.find((one) => one.id === id)?.name ?? id}: {why(code)}
                </li>
              ))}
            </ul>
          )
        }
        action={
          <Space>
            <Link to="/activities">{t.toList}</Link>
            <Button size="small" onClick={again}>
              {t.again}
            </Button>
          </Space>
        }
      />
    </div>
  )
}
