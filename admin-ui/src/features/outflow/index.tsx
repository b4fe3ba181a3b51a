/** Our members who are elsewhere, as both sides have it. */
import { PlusOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { Link } from 'react-router'
import { type CaseRowView } from '../../../../protocol/index.ts'
import { useCaseColumns, useCaseFilters } from '../../shared/case-columns.tsx'
import { useTexts } from '../../shared/language.tsx'
import { List, type Column } from '../../shared/list/index.tsx'
import { Age } from '../../shared/moments.tsx'
import { useOrganisationFilter } from '../../shared/organisations.tsx'
import { Page } from '../../shared/page.tsx'
import { useRegions } from '../../shared/regions.ts'
import { useMay } from '../../shared/session.tsx'
import { words } from './texts.ts'

export function OutflowPage() {
  const t = useTexts(words)
  const { nameOf } = useRegions()
  const { meaning, home, host, difference } = useCaseColumns()
  const filters = useCaseFilters()
  const organisation = { ...useOrganisationFilter(), width: 150 }
  const may = useMay()
  const columns: Column<CaseRowView>[] = [
    { key: 'name', title: t.name, text: ({ name }) => name, head: true },
    { key: 'peer', title: t.peer, text: ({ peer }) => nameOf(peer) },
    { key: 'leftOn', title: t.leftOn, text: ({ leftOn }) => leftOn ?? '' },
    meaning,
    home,
    host,
    difference,
    { key: 'organisation', title: t.organisation, text: ({ organisation }) => organisation?.name ?? '' },
    { key: 'hostBranch', title: t.hostBranch, text: ({ branch }) => branch ?? '', aside: true },
    { key: 'destination', title: t.destination, text: ({ destination }) => destination ?? '', aside: true },
    {
      key: 'changedAt',
      title: t.changed,
      text: ({ changedAt }) => changedAt,
      show: ({ changedAt }) => <Age of={changedAt} />,
    },
  ]
  return (
    <Page
      title={t.title}
      hint={t.hint}
      actions={
        may('outflow.add') && (
          <Link to="/members?for=outflow">
            <Button type="primary" icon={<PlusOutlined />}>
              {t.add}
            </Button>
          </Link>
        )
      }
    >
      <List
        name="outflow"
        route="cases.query"
        fixed={{ side: 'home' }}
        columns={columns}
        filters={[filters.peer(t.peer), filters.meaning, organisation]}
        searchHint={t.search}
        rowKey={({ id }) => id}
        open={({ id }) => `/cases/${id}`}
        exporting={{ route: 'cases.export', file: t.file }}
        empty={t.empty}
      />
    </Page>
  )
}
