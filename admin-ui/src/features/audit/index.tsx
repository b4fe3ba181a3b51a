/** The audit: every change, every number shown, every export, every refusal. */
import { Alert, Button, Tag } from 'antd'
import { Link, useSearchParams } from 'react-router'
import { routes, type RouteContract } from '../../../../protocol/index.ts'
import { type Answer } from '../../shared/ask.ts'
import { useLanguage, useTexts } from '../../shared/language.tsx'
import { List, type Column } from '../../shared/list/index.tsx'
import { Moment, shortMoment } from '../../shared/moments.tsx'
import { Page } from '../../shared/page.tsx'
import { useRegions } from '../../shared/regions.ts'
import {
  exportPurposeWords,
  meaningWords,
  purposeWords,
  roleWords,
  sideWords,
  useWord,
} from '../../shared/words.ts'
import { actionWords, detailWords, fieldsShown, outcomeWords, words } from './texts.ts'
import { Verify } from './verify.tsx'

type Entry = Answer<'audit.list'>['items'][number]

export function AuditPage() {
  const t = useTexts(words)
  const [address, setAddress] = useSearchParams()
  const [account, subject] = [address.get('account') ?? undefined, address.get('subject') ?? undefined]
  const columns = useColumns()
  return (
    <Page title={t.title} hint={t.hint} actions={<Verify />}>
      {(account ?? subject) !== undefined && (
        <Alert
          type="info"
          showIcon
          className="section"
          title={
            <>
              {account === undefined ? t.onlySubject : t.onlyAccount} <code>{account ?? subject}</code>
            </>
          }
          action={
            <Button size="small" onClick={() => setAddress({})}>
              {t.showAll}
            </Button>
          }
        />
      )}
      <List
        name="audit"
        route="audit.list"
        fixed={{ account, subject }}
        columns={columns}
        merge={joined}
        rowKey={({ seq }) => String(seq)}
        empty={t.empty0}
      />
    </Page>
  )
}

/** What was begun and how it ended, in one row. What has no end was cut short; one begun on a later page joins there. */
function joined(entries: Entry[]): Entry[] {
  const begun = new Map(entries.map((entry) => [entry.seq, entry]))
  const ended = new Set(entries.map(({ about }) => about))
  return entries
    .filter(({ seq }) => !ended.has(seq))
    .map((end) => {
      const beginning = end.about === null ? undefined : begun.get(end.about)
      if (!beginning) return end
      const subject = end.subject === '' ? beginning.subject : end.subject
      return { ...end, at: beginning.at, subject, detail: { ...beginning.detail, ...end.detail } }
    })
}

function useColumns(): Column<Entry>[] {
  const t = useTexts(words)
  const role = useWord(roleWords)
  const action = useActionWord()
  const detail = useDetail()
  const outcome = useWord(outcomeWords)
  const who = ({ who: name, role: as }: Entry) =>
    as === 'operator' ? t.operator : as === 'stranger' ? t.stranger : name
  return [
    {
      key: 'seq',
      title: t.seq,
      text: ({ seq, about }) => (about === null ? String(seq) : `${about}–${seq}`),
    },
    {
      key: 'at',
      title: t.at,
      text: ({ at }) => shortMoment(at),
      show: ({ at }) => <Moment at={at} />,
      head: true,
    },
    {
      key: 'who',
      title: t.who,
      text: who,
      show: (row) =>
        row.account === '' ? who(row) : <Link to={`/audit?account=${row.account}`}>{who(row)}</Link>,
    },
    { key: 'role', title: t.role, text: (row) => role(row.role), aside: true },
    {
      key: 'action',
      title: t.action,
      text: (row) => action(row.action),
      show: (row) => <span className="said">{action(row.action)}</span>,
    },
    {
      key: 'subject',
      title: t.subject,
      text: ({ subject }) => subject,
      show: ({ subject }) =>
        subject === '' ? (
          '—'
        ) : (
          <Link to={`/audit?subject=${subject}`} title={subject}>
            <code className="whole">{subject.length > 13 ? `…${subject.slice(-12)}` : subject}</code>
          </Link>
        ),
    },
    {
      key: 'outcome',
      title: t.outcome,
      text: (row) => outcome(row.outcome),
      show: (row) => <Outcome of={row.outcome} />,
    },
    { key: 'detail', title: t.detail, text: detail },
    { key: 'address', title: t.address, text: (row) => row.address, aside: true },
    { key: 'hash', title: t.hash, text: ({ hash }) => hash, aside: true },
  ]
}

function Outcome({ of }: { of: string }) {
  const word = useWord(outcomeWords)
  const colour = of === 'done' ? 'green' : of === 'begun' || of === 'second-factor' ? 'default' : 'orange'
  return (
    <Tag color={colour} className="wraps">
      {word(of)}
    </Tag>
  )
}

/** In the words of the route table. */
function useActionWord(): (action: string) => string {
  const { language } = useLanguage()
  const other = useWord(actionWords)
  return (action) => {
    const contract = (routes as Readonly<Record<string, RouteContract>>)[action]
    return contract ? contract[language] : other(action)
  }
}

function useDetail(): (entry: Entry) => string {
  const [key, shown, role] = [useWord(detailWords), useWord(fieldsShown), useWord(roleWords)]
  const [side, meaning] = [useWord(sideWords), useWord(meaningWords)]
  const [purpose, wanted] = [useWord(purposeWords), useWord(exportPurposeWords)]
  const { nameOf } = useRegions()
  const said = (name: string, value: string | number | boolean | null, action: string): string => {
    const text = String(value)
    if (name === 'role') return role(text)
    if (name === 'side') return side(text)
    if (name === 'meaning') return meaning(text)
    if (name === 'purpose') return action === 'exports.ask' ? wanted(text) : purpose(text)
    if (name === 'peer' || name === 'host' || name === 'home') return nameOf(text)
    return shown(text)
  }
  return ({ detail, action }) =>
    Object.entries(detail)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `${key(name)} ${said(name, value, action)}`)
      .join(';')
}
