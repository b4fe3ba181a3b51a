/** A page: its title, what it is for, what can be done on it; on paper also the region, and when it was printed. */
import { type ReactNode } from 'react'
import { texts, useTexts } from './language.tsx'
import { shortMoment } from './moments.tsx'
import { useSession } from './session.tsx'
import { useTitle } from './title.ts'

const words = texts({
  printed: {
    zh: (at: string, who: string) => `打印时间 ${at} 打印人 ${who}`,
    en: (at: string, who: string) => `Printed ${at} by ${who}`,
  },
})

interface Props {
  /** In the tab, and above the page unless there is a heading. */
  readonly title: string
  /** Above the page; it may name a person. */
  readonly heading?: ReactNode
  /** One sentence: what this page is for. */
  readonly hint?: ReactNode
  readonly actions?: ReactNode
  /** Printed on paper that lies on its side. */
  readonly wide?: true
  readonly children: ReactNode
}

export function Page({ title, heading, hint, actions, wide, children }: Props) {
  const { region, who } = useSession()
  const t = useTexts(words)
  useTitle(title, region)
  return (
    <div {...(wide ? { className: 'print-wide' } : {})}>
      <div className="page-head">
        <h1>{heading ?? title}</h1>
        <span className="print-only">{region}</span>
        <span className="grow" />
        <div className="actions">{actions}</div>
      </div>
      {hint !== undefined && <p className="page-hint no-print">{hint}</p>}
      {children}
      <p className="print-only">{t.printed(shortMoment(new Date().toISOString()), who.account.name)}</p>
    </div>
  )
}
