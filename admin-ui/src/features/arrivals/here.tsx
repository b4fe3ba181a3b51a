/** Members confirmed here, as both sides have them; several at once can be placed in a branch. */
import { App, Button, Form } from 'antd'
import { useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { type CaseRowView } from '../../../../protocol/index.ts'
import { ask } from '../../shared/ask.ts'
import { BranchField } from '../../shared/branch-field.tsx'
import { useCaseColumns, useCaseFilters } from '../../shared/case-columns.tsx'
import { DrawerForm } from '../../shared/drawer-form.tsx'
import { sentenceOf } from '../../shared/failure.tsx'
import { useLanguage, useTexts } from '../../shared/language.tsx'
import { List, type Column } from '../../shared/list/index.tsx'
import { useOrganisationFilter } from '../../shared/organisations.tsx'
import { useRegions } from '../../shared/regions.ts'
import { useMay } from '../../shared/session.tsx'
import { words } from './texts.ts'

export function Here() {
  const t = useTexts(words)
  const { nameOf } = useRegions()
  const { meaning, home, host, difference } = useCaseColumns()
  const filters = useCaseFilters()
  const organisation = { ...useOrganisationFilter(), width: 150 }
  const may = useMay()
  const [placing, setPlacing] = useState<readonly CaseRowView[]>()
  const columns: Column<CaseRowView>[] = [
    { key: 'name', title: t.name, text: ({ name }) => name, head: true },
    { key: 'peer', title: t.home, text: ({ peer }) => nameOf(peer) },
    meaning,
    host,
    home,
    difference,
    { key: 'arrivedOn', title: t.arrivedOn, text: ({ arrivedOn }) => arrivedOn ?? '' },
    { key: 'branch', title: t.branch, text: ({ branch }) => branch ?? '' },
    { key: 'employer', title: t.employer, text: ({ employer }) => employer ?? '', aside: true },
    { key: 'leftOn', title: t.leftOn, text: ({ leftOn }) => leftOn ?? '', aside: true },
  ]
  return (
    <>
      <p className="page-hint">{t.hereHint}</p>
      <List
        name="arrivals.here"
        route="cases.query"
        fixed={{ side: 'host' }}
        columns={columns}
        filters={[filters.peer(t.home), filters.meaning, organisation]}
        searchHint={t.search}
        rowKey={({ id }) => id}
        open={({ id }) => `/cases/${id}`}
        exporting={{ route: 'cases.export', file: t.file }}
        actions={(chosen) =>
          may('case.place') && (
            <Button disabled={chosen.length === 0} onClick={() => setPlacing(chosen)}>
              {chosen.length === 0 ? t.place : t.placeChosen(chosen.length)}
            </Button>
          )
        }
        empty={t.noneHere}
      />
      {placing && <PlaceForm cases={placing} close={() => setPlacing(undefined)} />}
    </>
  )
}

function PlaceForm({ cases, close }: { cases: readonly CaseRowView[]; close: () => void }) {
  const { message } = App.useApp()
  const { language } = useLanguage()
  const client = useQueryClient()
  const t = useTexts(words)
  const send = async ({ branch }: { branch: string }) => {
    const failed: string[] = []
    for (const { id, name } of cases)
      await ask('case.place', { params: { id }, body: { branch } }).catch((error: unknown) =>
        failed.push(`${name}(${sentenceOf(error, language)})`),
      )
    await client.invalidateQueries()
    if (cases.length > failed.length) void message.success(t.placed(cases.length - failed.length))
    if (failed.length > 0) void message.error(t.notPlaced(failed.length) + failed.join('; '), 10)
  }
  return (
    <DrawerForm<{ branch: string }>
      title={t.placeChosen(cases.length)}
      draft="arrivals/place"
      close={close}
      saveText={t.place}
      send={send}
    >
      <p>{cases.map(({ name }) => name).join('、')}</p>
      <Form.Item name="branch" label={t.branch} rules={[{ required: true, message: t.needed }]}>
        <BranchField />
      </Form.Item>
    </DrawerForm>
  )
}
