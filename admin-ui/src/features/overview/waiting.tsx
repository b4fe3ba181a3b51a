/** What waits for whoever looks, each line with its number and the way to it; what others owe us stands below. */
import { CheckCircleOutlined, RightOutlined } from '@ant-design/icons'
import { Card } from 'antd'
import { Link } from 'react-router'
import { type Overview } from '../../../../protocol/index.ts'
import { arrivalsAt, casesAt } from '../../shared/addresses.ts'
import { useAsk } from '../../shared/ask.ts'
import { useTexts } from '../../shared/language.tsx'
import { useMay } from '../../shared/session.tsx'
import { words } from './texts.ts'

interface Item {
  readonly count: number
  readonly what: string
  /** Nowhere, where the list is not for this role. */
  readonly to: string | false
}

export function Waiting({ overview }: { overview: Overview }) {
  const t = useTexts(words)
  const { mine, others } = useItems(overview)
  return (
    <Card size="small" title={<h2>{t.waiting}</h2>} className="overview-waiting">
      {mine.length === 0 ? (
        <p className="calm">
          <CheckCircleOutlined /> {t.nothing}
        </p>
      ) : (
        <Items of={mine} />
      )}
      {others.length > 0 && (
        <>
          <h3>{t.others}</h3>
          <Items of={others} />
        </>
      )}
    </Card>
  )
}

function Items({ of }: { of: readonly Item[] }) {
  return (
    <ul className="waiting-list">
      {of.map(({ count, what, to }) => (
        <li key={what}>
          {to === false ? (
            <span>
              <b>{count}</b> {what}
            </span>
          ) : (
            <Link to={to}>
              <b>{count}</b> <span className="what">{what}</span> <RightOutlined />
            </Link>
          )}
        </li>
      ))}
    </ul>
  )
}

function useItems({ waiting, flows }: Overview): { mine: Item[]; others: Item[] } {
  const t = useTexts(words)
  const may = useMay()
  const requests = useAsk('exports.list', {}, { enabled: may('exports.decide') })
  const cases = may('cases.query')
  const arrivals = may('arrivals.query')
  const sum = (side: 'home' | 'host', kind: 'deviating' | 'oneSided' | 'pending') =>
    flows.filter((flow) => flow.side === side).reduce((all, flow) => all + flow[kind], 0)
  const some = (items: (Item | false)[]) =>
    items.filter((item): item is Item => item !== false && item.count > 0)
  const decide = requests.data?.requests.filter(({ mayDecide }) => mayDecide).length ?? 0
  const mine = some([
    { count: waiting.alarms ?? 0, what: t.alarms, to: may('alarms.list') && '/peers' },
    { count: waiting.denied, what: t.denied, to: arrivals && arrivalsAt('denied') },
    { count: waiting.unplaced, what: t.unplaced, to: cases && casesAt('host') },
    {
      count: sum('host', 'pending'),
      what: t.announced,
      to: cases && casesAt('host', { meaning: 'pending' }),
    },
    {
      count: sum('home', 'oneSided'),
      what: t.oneSidedHome,
      to: cases && casesAt('home', { meaning: 'one-sided' }),
    },
    {
      count: sum('home', 'deviating'),
      what: t.deviatingHome,
      to: cases && casesAt('home', { meaning: 'deviating' }),
    },
    {
      count: sum('host', 'deviating'),
      what: t.deviatingHost,
      to: cases && casesAt('host', { meaning: 'deviating' }),
    },
    { count: waiting.heldRows ?? 0, what: t.heldRows, to: may('imports.list') && '/import' },
    { count: waiting.noAgreement, what: t.noAgreement, to: arrivals && arrivalsAt('waiting') },
    { count: decide, what: t.exports, to: '/exports' },
  ])
  const others = some([
    { count: waiting.asked, what: t.asked, to: arrivals && arrivalsAt('asked') },
    {
      count: sum('home', 'pending'),
      what: t.pending,
      to: cases && casesAt('home', { meaning: 'pending' }),
    },
    {
      count: sum('host', 'oneSided'),
      what: t.oneSidedHost,
      to: cases && casesAt('host', { meaning: 'one-sided' }),
    },
  ])
  return { mine, others }
}
