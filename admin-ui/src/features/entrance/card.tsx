import { useQueryClient } from '@tanstack/react-query'
import { Button, Card } from 'antd'
import { type ReactNode } from 'react'
import { useLanguage, useTexts } from '../../shared/language.tsx'
import { words } from './texts.ts'

/** The card every step of the entrance stands on. */
export function EntranceCard({
  name,
  title,
  children,
}: {
  name?: string
  title: string
  children: ReactNode
}) {
  const { language, choose } = useLanguage()
  const t = useTexts(words)
  return (
    <main className="entrance">
      <Card
        className="entrance-card"
        title={
          <h1 style={{ fontSize: 18, margin: 0 }}>
            {name === undefined ? '' : `${name} · `}
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
      </Card>
    </main>
  )
}

/** Now somebody is signed in: ask anew who. */
export function useSignedIn(): () => Promise<void> {
  const client = useQueryClient()
  return () => client.invalidateQueries()
}
