/** Who has reported here, and what home has answered. */
import { Button, Tag } from 'antd'
import { Link } from 'react-router'
import { arrivalStates, type ArrivalQuery } from '../../../../protocol/index.ts'
import { useDeviationText } from '../../shared/case-columns.tsx'
import { useTexts } from '../../shared/language.tsx'
import { List, type Column } from '../../shared/list/index.tsx'
import { type RowOf } from '../../shared/list/reading.ts'
import { Age } from '../../shared/moments.tsx'
import { useRegions } from '../../shared/regions.ts'
import { Masked } from '../../shared/reveal.tsx'
import { useMay } from '../../shared/session.tsx'
import { arrivalStateWords, matchWords, useWord } from '../../shared/words.ts'
import { type Registering } from './registering.ts'
import { words } from './texts.ts'

type Row = RowOf<'arrivals.query'>
const colours: Readonly<Record<NonNullable<ArrivalQuery['state']>, string>> = {
  waiting: 'default',
  asked: 'blue',
  known: 'green',
  denied: 'red',
}

export function Register({ register }: { register: (one: Registering) => void }) {
  const t = useTexts(words)
  const columns = useColumns(register)
  const state = useWord(arrivalStateWords)
  return (
    <>
      <p className="page-hint">{t.registerHint}</p>
      <List
        name="arrivals.register"
        route="arrivals.query"
        columns={columns}
        filters={[
          {
            key: 'state',
            label: t.state,
            options: arrivalStates.map((value) => ({ value, label: state(value) })),
            width: 190,
          },
        ]}
        searchHint={t.search}
        rowKey={({ id }) => id}
        empty={t.noneRegistered}
      />
    </>
  )
}

function useColumns(register: (one: Registering) => void): Column<Row>[] {
  const t = useTexts(words)
  const { nameOf } = useRegions()
  const may = useMay()
  const correcting = useCorrecting(register)
  const [state, match] = [useWord(arrivalStateWords), useWord(matchWords)]
  const deviationText = useDeviationText()
  return [
    {
      key: 'name',
      title: t.name,
      head: true,
      text: ({ name }) => name,
      show: (row) => (row.case === null ? row.name : <Link to={`/cases/${row.case}`}>{row.name}</Link>),
    },
    {
      key: 'idNumber',
      title: t.idNumber,
      text: ({ idNumber }) => idNumber,
      show: ({ id, idNumber }) => (
        <Masked masked={idNumber} route="arrival.reveal" id={id} field="idNumber" />
      ),
    },
    { key: 'home', title: t.home, text: ({ home }) => nameOf(home) },
    {
      key: 'state',
      title: t.state,
      text: (row) => state(row.state),
      show: (row) => <Tag color={colours[row.state]}>{state(row.state)}</Tag>,
    },
    {
      key: 'differs',
      title: t.differs,
      text: ({ deviations }) => deviationText(deviations),
    },
    { key: 'arrivedOn', title: t.arrivedOn, text: ({ arrivedOn }) => arrivedOn ?? '' },
    { key: 'branch', title: t.branch, text: ({ organisation }) => organisation?.name ?? '' },
    { key: 'match', title: t.match, text: (row) => match(row.match), aside: true },
    {
      key: 'phone',
      title: t.phone,
      aside: true,
      text: ({ phone }) => phone ?? '',
      show: ({ id, phone }) => <Masked masked={phone} route="arrival.reveal" id={id} field="phone" />,
    },
    { key: 'employer', title: t.employer, text: ({ employer }) => employer ?? '', aside: true },
    {
      key: 'changed',
      title: t.changed,
      aside: true,
      text: ({ changedAt }) => changedAt,
      show: ({ changedAt }) => <Age of={changedAt} />,
    },
    ...(may('arrivals.add') ? [correcting] : []),
  ]
}

function useCorrecting(register: (one: Registering) => void): Column<Row> {
  const t = useTexts(words)
  return {
    key: 'correct',
    title: t.correct,
    text: () => '',
    work: true,
    show: (row) => (
      <Button
        type="link"
        size="small"
        onClick={() => register({ draft: `arrival/${row.id}`, initial: known(row) })}
      >
        {t.correct}
      </Button>
    ),
  }
}

/** What the register has of him and a screen may show. The number is typed again: by it the row is found. */
function known({ home, name, arrivedOn, employer, organisation, category }: Row): Registering['initial'] {
  return {
    home,
    name,
    ...(arrivedOn === null ? {} : { arrivedOn }),
    ...(employer === null ? {} : { employer }),
    ...(organisation === null ? {} : { branch: organisation.name }),
    ...(category === 'full' || category === 'probationary' ? { category } : {}),
  }
}
