/** The card that every step of the entrance stands on, with whom to ask for help. */
import { useQueryClient } from '@tanstack/react-query'
import { Button, Card } from 'antd'
import { type ReactNode } from 'react'
import { type Answer } from '../../shared/ask.ts'
import { useLanguage, useTexts } from '../../shared/language.tsx'
import { words } from './texts.ts'

interface Props {
  /** What the node says of itself; a step inside a session does without. */
  readonly look?: Answer<'entrance.look'>
  readonly title: string
  readonly children: ReactNode
}

export function EntranceCard({ look, title, children }: Props) {
  const { language, choose } = useLanguage()
  const t = useTexts(words)
  return (
    <main className="entrance">
      <Card
        className="entrance-card"
        title={
          <h1 style={{ fontSize: 18, margin: 0 }}>
            {look === undefined ? '' : `${look.name} · `}
            {title}
          </h1>
        }
        extra={
          <Button type="link" size="small" onClick={() => choose(language === 'zh' ? 'en' : 'zh')}>
            {t.other}
          </Button>
        }
      >
        <p className="page-hint">{t.product}</p>
        {children}
        {look !== undefined && look.contact !== '' && (
          <p className="page-hint entrance-contact">{t.contact(look.contact)}</p>
        )}
      </Card>
    </main>
  )
}

/** Now somebody is signed in: ask anew who. */
export function useSignedIn(): () => Promise<void> {
  const client = useQueryClient()
  return () => client.invalidateQueries()
}
