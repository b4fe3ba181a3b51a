/** Announced by home, not here yet: one click and an ID number away from being confirmed. */
import { Button } from 'antd'
import { type CaseRowView } from '../../../../protocol/index.ts'
import { useCaseFilters } from '../../shared/case-columns.tsx'
import { useTexts } from '../../shared/language.tsx'
import { List, type Column } from '../../shared/list/index.tsx'
import { Age } from '../../shared/moments.tsx'
import { useRegions } from '../../shared/regions.ts'
import { useMay } from '../../shared/session.tsx'
import { type Registering } from './registering.ts'
import { words } from './texts.ts'

export function Announced({ register }: { register: (one: Registering) => void }) {
  const t = useTexts(words)
  const { nameOf } = useRegions()
  const { peer } = useCaseFilters()
  const may = useMay()
  const columns: Column<CaseRowView>[] = [
    { key: 'name', title: t.name, text: ({ name }) => name, head: true },
    { key: 'home', title: t.home, text: (row) => nameOf(row.peer) },
    { key: 'destination', title: t.destination, text: ({ destination }) => destination ?? '' },
    { key: 'leftOn', title: t.leftOn, text: ({ leftOn }) => leftOn ?? '' },
    {
      key: 'changed',
      title: t.changed,
      text: ({ changedAt }) => changedAt,
      show: ({ changedAt }) => <Age of={changedAt} />,
    },
    ...(may('arrivals.add')
      ? [
          {
            key: 'confirm',
            title: t.confirm,
            text: () => '',
            work: true as const,
            show: (row: CaseRowView) => (
              <Button
                size="small"
                type="primary"
                onClick={() =>
                  register({
                    draft: `arrival/${row.id}`,
                    initial: { home: row.peer, name: row.name },
                    case: row.id,
                  })
                }
              >
                {t.confirm}
              </Button>
            ),
          },
        ]
      : []),
  ]
  return (
    <>
      <p className="page-hint">{t.announcedHint}</p>
      <List
        name="arrivals.announced"
        route="cases.query"
        fixed={{ side: 'host', meaning: 'pending' }}
        columns={columns}
        filters={[peer(t.home)]}
        searchHint={t.search}
        rowKey={({ id }) => id}
        open={({ id }) => `/cases/${id}`}
        empty={t.noneAnnounced}
      />
    </>
  )
}
