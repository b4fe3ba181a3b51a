/** The document with our signature goes to the other side; without it the agreement is in force nowhere. */
import { Button, Card, Result } from 'antd'
import { Link } from 'react-router'
import { useTexts } from '../../shared/language.tsx'
import { useSession } from '../../shared/session.tsx'
import { HandOut } from './document.tsx'
import { words } from './texts.ts'

interface Props {
  readonly made: { readonly document: string; readonly active: boolean }
  readonly way: 'propose' | 'sign'
  /** On with the document that comes back. */
  readonly next: () => void
}

export function Sending({ made, way, next }: Props) {
  const t = useTexts(words)
  const { region } = useSession()
  return (
    <Card size="small" className="section" title={<h2>{t.stepSend}</h2>}>
      <Result
        status={made.active ? 'success' : 'info'}
        title={made.active ? t.activeTitle : t.proposedTitle}
        subTitle={made.active ? t.activeHint : t.proposedHint}
        extra={<HandOut text={made.document} file={t.documentFile(region)} />}
      />
      {way === 'propose' || !made.active ? (
        <Button type="link" onClick={next}>
          {t.returned}
        </Button>
      ) : (
        <Link to="/peers">{t.back}</Link>
      )}
    </Card>
  )
}
