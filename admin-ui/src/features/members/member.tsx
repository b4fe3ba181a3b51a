/** One member: particulars with masked numbers, the stays elsewhere, and registering a new one. */
import { ExportOutlined } from '@ant-design/icons'
import { Button, Card, Descriptions, Empty, Skeleton, Table } from 'antd'
import { Link, useNavigate, useParams, useSearchParams } from 'react-router'
import { useAsk, type Answer } from '../../shared/ask.ts'
import { useCaseColumns } from '../../shared/case-columns.tsx'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { Age, LongDay } from '../../shared/moments.tsx'
import { Page } from '../../shared/page.tsx'
import { useRegions } from '../../shared/regions.ts'
import { Masked } from '../../shared/reveal.tsx'
import { useMay } from '../../shared/session.tsx'
import { OutflowDrawer } from './outflow-drawer.tsx'
import { CategoryTag } from './roster.tsx'
import { words } from './texts.ts'

type Member = Answer<'member.detail'>

export function MemberPage() {
  const { id = '' } = useParams()
  const member = useAsk('member.detail', { params: { id } })
  const [address, setAddress] = useSearchParams()
  const may = useMay()
  const t = useTexts(words)
  const open = address.get('for') === 'outflow'
  const show = (shown: boolean) => setAddress(shown ? { for: 'outflow' } : {}, { replace: true })
  if (member.error) return <Failure of={member.error} again={() => void member.refetch()} />
  return (
    <Page
      title={t.member}
      heading={member.data?.name ?? t.member}
      hint={<Link to="/members">{t.back}</Link>}
      actions={
        may('outflow.add') && (
          <Button type="primary" icon={<ExportOutlined />} disabled={!member.data} onClick={() => show(true)}>
            {t.register}
          </Button>
        )
      }
    >
      {member.data ? (
        <>
          <Particulars of={member.data} />
          <Stays of={member.data} />
          {may('outflow.add') && <OutflowDrawer member={member.data} open={open} close={() => show(false)} />}
        </>
      ) : (
        <Skeleton active />
      )}
    </Page>
  )
}

function Particulars({ of: member }: { of: Member }) {
  const t = useTexts(words)
  const { id } = member
  const items = [
    [t.category, member.category && <CategoryTag of={member.category} />],
    [t.idNumber, <Masked key="id" masked={member.idNumber} route="member.reveal" id={id} field="idNumber" />],
    [t.phone, <Masked key="phone" masked={member.phone} route="member.reveal" id={id} field="phone" />],
    [t.organisation, member.organisation?.name],
    [t.gender, member.gender],
    [t.ethnicity, member.ethnicity],
    [t.bornOn, member.bornOn && <LongDay day={member.bornOn} />],
    [t.education, member.education],
    [t.joinedOn, member.joinedOn && <LongDay day={member.joinedOn} />],
    [t.changed, <Age key="changed" of={member.changedAt} />],
  ] as const
  return (
    <Card size="small" title={t.particulars} style={{ marginBottom: 12 }}>
      <Descriptions
        size="small"
        column={{ xs: 1, sm: 1, md: 2, lg: 3 }}
        items={items.map(([label, children]) => ({ key: label, label, children: children ?? '—' }))}
      />
    </Card>
  )
}

function Stays({ of: member }: { of: Member }) {
  const t = useTexts(words)
  const navigate = useNavigate()
  const { nameOf } = useRegions()
  const { meaning, home, host } = useCaseColumns()
  const fromList = [meaning, home, host].map((column) => ({
    key: column.key,
    title: column.title,
    render: (_: unknown, row: Member['cases'][number]) => column.show?.(row) ?? column.text(row),
  }))
  return (
    <Card size="small" title={t.cases}>
      <Table
        size="small"
        rowKey="id"
        pagination={false}
        dataSource={member.cases}
        // An empty table that scrolls is a place the keyboard cannot reach.
        {...(member.cases.length > 0 ? { scroll: { x: 'max-content' } } : {})}
        locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t.noCases} /> }}
        onRow={({ id }) => ({ className: 'row-link', onClick: () => void navigate(`/cases/${id}`) })}
        columns={[
          { key: 'peer', title: t.peer, render: (_, { peer }) => nameOf(peer) },
          { key: 'leftOn', title: t.leftOn, render: (_, { leftOn }) => leftOn ?? '—' },
          { key: 'destination', title: t.destination, render: (_, row) => row.destination ?? '—' },
          ...fromList,
          { key: 'changed', title: t.changed, render: (_, { changedAt }) => <Age of={changedAt} /> },
          { key: 'open', render: (_, { id }) => <Link to={`/cases/${id}`}>{t.openCase}</Link> },
        ]}
      />
    </Card>
  )
}
