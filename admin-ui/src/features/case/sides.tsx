/** The two views of a case. Neither is merged into the other: what a side has not said stays empty on its half. */
import { Card, Descriptions, Tag } from 'antd'
import { type ReactNode } from 'react'
import { maskPhone, type CaseDetail, type DeviationField } from '../../../../protocol/index.ts'
import { useTexts } from '../../shared/language.tsx'
import { Age, LongDay } from '../../shared/moments.tsx'
import { Masked } from '../../shared/reveal.tsx'
import {
  categoryWords,
  closingWords,
  disputeWords,
  homeStateWords,
  hostStateWords,
  matchWords,
  useWord,
} from '../../shared/words.ts'
import { words } from './texts.ts'

const silentAfterMs = 7 * 86_400_000

interface SideProps {
  readonly detail: CaseDetail
  readonly region: string
}
type Item = readonly [key: string, label: string, value: ReactNode, field?: DeviationField]

export function HomeSide({ detail, region }: SideProps) {
  const t = useTexts(words)
  const [state, category, closing] = [useWord(homeStateWords), useWord(categoryWords), useWord(closingWords)]
  const { homeFacts: facts } = detail
  const { person, outflow } = facts
  const items: Item[] = [
    ['state', t.state, <strong key="state">{state(facts.state)}</strong>],
    ['name', t.name, person?.name, 'name'],
    ['category', t.category, category(person?.category ?? null), 'category'],
    ['phone', t.phone, <Phone key="phone" detail={detail} side="home" />, 'phone'],
    ['destination', t.destination, outflow?.destination.text],
    ['leftOn', t.leftOn, <LongDay key="left" day={outflow?.leftOn ?? null} />],
    ['reason', t.reason, outflow?.reason],
    ['occupation', t.occupation, outflow?.occupation],
    ['certificateNo', t.certificateNo, outflow?.certificateNo],
    ['branch', t.homeBranch, outflow?.branch],
    ['contact', t.contact, outflow?.contact],
    ...given('returnedOn', t.returnedOn, facts.returnedOn && <LongDay day={facts.returnedOn} />),
    ...given('closed', t.closedFor, facts.closed && closing(facts.closed)),
    ...given('notices', t.notices, facts.notices > 0 && String(facts.notices)),
  ]
  return (
    <Side
      {...{ detail, items }}
      title={t.homeSays(region)}
      ours={detail.side === 'home'}
      saidAt={detail.homeSaidAt}
    />
  )
}

export function HostSide({ detail, region }: SideProps) {
  const t = useTexts(words)
  const [state, category] = [useWord(hostStateWords), useWord(categoryWords)]
  const [match, dispute] = [useWord(matchWords), useWord(disputeWords)]
  const { hostFacts: facts } = detail
  const items: Item[] = [
    ['state', t.state, <strong key="state">{state(facts.state)}</strong>],
    ['name', t.name, facts.person?.name, 'name'],
    ['category', t.category, category(facts.person?.category ?? null), 'category'],
    ['phone', t.phone, <Phone key="phone" detail={detail} side="host" />, 'phone'],
    ['match', t.match, match(facts.match)],
    ['arrivedOn', t.arrivedOn, <LongDay key="arrived" day={facts.arrivedOn} />],
    ['employer', t.employer, facts.employer],
    ['branch', t.hostBranch, facts.branch?.name],
    ...given('departedOn', t.departedOn, facts.departedOn && <LongDay day={facts.departedOn} />),
    ...given('dispute', t.dispute, facts.dispute && dispute(facts.dispute)),
  ]
  return (
    <Side
      {...{ detail, items }}
      title={t.hostSays(region)}
      ours={detail.side === 'host'}
      saidAt={detail.hostSaidAt}
    />
  )
}

/** A line that is there only when there is something to say. */
function given(key: string, label: string, value: ReactNode): Item[] {
  return value === null || value === false ? [] : [[key, label, value]]
}

function Phone({ detail, side }: { detail: CaseDetail; side: 'home' | 'host' }) {
  const phone = (side === 'home' ? detail.homeFacts : detail.hostFacts).person?.phone ?? null
  // What the node gives is masked already; masking again changes nothing and keeps a mistake from showing a number.
  const masked = phone === null ? null : phone.includes('*') ? phone : maskPhone(phone)
  return (
    <Masked
      masked={masked}
      route="case.reveal"
      id={detail.id}
      field={side === 'home' ? 'homePhone' : 'hostPhone'}
    />
  )
}

function Side(props: {
  detail: CaseDetail
  title: string
  ours: boolean
  saidAt: string | null
  items: readonly Item[]
}) {
  const { detail, title, ours, saidAt, items } = props
  const t = useTexts(words)
  const deviating = new Set<string>(detail.deviations)
  const silent = saidAt !== null && !ours && Date.now() - new Date(saidAt).getTime() > silentAfterMs
  return (
    <Card
      size="small"
      title={
        <>
          {title} {ours && <Tag>{t.ours}</Tag>}
        </>
      }
      extra={
        saidAt === null ? (
          t.never
        ) : (
          <span title={silent ? t.silent : undefined} style={silent ? { color: '#9a6200' } : {}}>
            {t.saidAt} <Age of={saidAt} />
          </span>
        )
      }
    >
      <Descriptions
        size="small"
        column={1}
        items={items.map(([key, label, value, field]) => ({
          key,
          label,
          children:
            field !== undefined && deviating.has(field) ? (
              <mark title={t.differsHere} style={{ background: '#fff1d6', padding: '0 4px' }}>
                {value}
              </mark>
            ) : (
              (value ?? '—') || '—'
            ),
        }))}
      />
    </Card>
  )
}
