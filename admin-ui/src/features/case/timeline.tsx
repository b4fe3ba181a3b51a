/** The way of each record of a case: written, sealed, delivered, and what became of it at the other side. */
import { Empty, Steps, Table, Tag } from 'antd'
import { type CaseDetail } from '../../../../protocol/index.ts'
import { useTexts } from '../../shared/language.tsx'
import { Moment } from '../../shared/moments.tsx'
import { recordWords, useWord } from '../../shared/words.ts'
import { words } from './texts.ts'

type Item = CaseDetail['timeline'][number]

export function Timeline({ detail }: { detail: CaseDetail }) {
  const t = useTexts(words)
  const record = useWord(recordWords)
  if (detail.timeline.length === 0) return <Empty description={t.noTimeline} />
  return (
    <Table<Item>
      size="small"
      pagination={false}
      rowKey={(item) => `${item.at} ${item.direction} ${item.type}`}
      dataSource={[...detail.timeline].reverse()}
      columns={[
        { key: 'at', title: t.at, width: 150, render: (_, { at }) => <Moment at={at} /> },
        {
          key: 'who',
          title: t.who,
          width: 80,
          render: (_, { direction }) => (direction === 'sent' ? t.us : t.them),
        },
        { key: 'what', title: t.what, render: (_, { type }) => record(type) },
        { key: 'delivery', title: t.delivery, render: (_, item) => <Delivery item={item} /> },
      ]}
    />
  )
}

const order = ['written', 'sealed', 'delivered'] as const

function Delivery({ item }: { item: Item }) {
  const t = useTexts(words)
  const { direction, state, outcome } = item
  if (direction === 'received') return <Outcome outcome={outcome} before={t.received} />
  if (state === 'delivered') return <Outcome outcome={outcome} before={t.delivered} />
  const at = order.indexOf(state as (typeof order)[number])
  return (
    <Steps
      size="small"
      current={at}
      style={{ maxWidth: 380 }}
      items={[{ title: t.written }, { title: t.sealed }, { title: t.delivered }, { title: t.applied }]}
    />
  )
}

export function Outcome({ outcome, before }: { outcome: string | null; before?: string }) {
  const t = useTexts(words)
  const said =
    outcome === null
      ? t.noReceipt
      : outcome === 'applied'
        ? t.applied
        : outcome === 'parked'
          ? t.parked
          : t.refused(outcome.replace(/^refused:/, ''))
  const colour = outcome === 'applied' ? 'green' : outcome === 'parked' || outcome === null ? 'gold' : 'red'
  return (
    <>
      {before !== undefined && <Tag>{before}</Tag>}
      <Tag color={colour}>{said}</Tag>
    </>
  )
}
