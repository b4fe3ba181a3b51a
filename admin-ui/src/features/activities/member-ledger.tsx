/** All that was reported on one person's stay, by both sides. */
import { Link, useParams, useSearchParams } from 'react-router'
import { useAsk } from '../../shared/ask.ts'
import { useTexts } from '../../shared/language.tsx'
import { List } from '../../shared/list/index.tsx'
import { Page } from '../../shared/page.tsx'
import { firstDay, useActivityColumns } from './columns.ts'
import { words } from './texts.ts'

export function MemberLedgerPage() {
  const { id = '' } = useParams()
  const t = useTexts(words)
  const from = useSearchParams()[0].toString()
  const { data } = useAsk('case.detail', { params: { id } })
  const { on, kind, title, amount, by } = useActivityColumns()
  return (
    <Page
      title={t.memberTitle}
      heading={data ? `${t.memberTitle} · ${data.name}` : t.memberTitle}
      hint={<Link to={`/activities/ledger?${from}`}>{t.backToLedger}</Link>}
      actions={<Link to={`/cases/${id}`}>{t.openCase}</Link>}
    >
      <List
        name="member-ledger"
        route="activities.query"
        fixed={{ case: id, from: firstDay }}
        columns={[{ ...on, head: true }, kind, title, amount, by]}
        rowKey={(row) => row.id}
        empty={t.empty}
      />
    </Page>
  )
}
