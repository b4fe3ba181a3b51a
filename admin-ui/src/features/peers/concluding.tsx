/**
 * Concluding an agreement, three steps: exchange cards and compare the fingerprint, sign, and send the document to the
 * other side. Whoever has received a document begins at the second step with it.
 */
import { Alert, Card, Radio, Steps } from 'antd'
import { useState } from 'react'
import { Link } from 'react-router'
import { useTexts } from '../../shared/language.tsx'
import { Page } from '../../shared/page.tsx'
import { OwnCard } from './own-key.tsx'
import { Proposing } from './proposing.tsx'
import { Sending } from './sending.tsx'
import { Signing } from './signing.tsx'
import { words } from './texts.ts'

type Way = 'propose' | 'sign'
interface Made {
  readonly document: string
  readonly active: boolean
}

export function Concluding() {
  const t = useTexts(words)
  const [way, setWay] = useState<Way>('propose')
  const [made, setMade] = useState<Made>()
  const step = made ? 2 : 1
  const restart = (next: Way) => {
    setMade(undefined)
    setWay(next)
  }
  return (
    <Page title={t.conclude} hint={<Link to="/peers">{t.back}</Link>}>
      <Radio.Group
        value={way}
        onChange={(event) => restart(event.target.value as Way)}
        options={[
          { value: 'propose', label: t.wayPropose },
          { value: 'sign', label: t.waySign },
        ]}
        className="section"
      />
      <Steps
        current={step}
        size="small"
        className="section"
        items={[
          { title: way === 'propose' ? t.stepCards : t.stepOpen },
          { title: way === 'propose' ? t.stepPropose : t.stepSign },
          { title: t.stepSend },
        ]}
      />
      {!made && way === 'propose' && (
        <Card size="small" className="section" title={<h2>{t.stepCards}</h2>}>
          <p>{t.cardHint}</p>
          <OwnCard />
        </Card>
      )}
      {!made && way === 'propose' && <Proposing done={(document) => setMade({ document, active: false })} />}
      {!made && way === 'sign' && <Signing done={setMade} />}
      {made && <Sending made={made} way={way} next={() => restart('sign')} />}
      <Alert type="info" showIcon title={t.whyTelephone} className="section no-print" />
    </Page>
  )
}
