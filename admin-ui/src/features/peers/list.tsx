/** Every peer in a line, below the alarms that wait. */
import { KeyOutlined, PlusOutlined } from '@ant-design/icons'
import { Button, Card, Empty, Table } from 'antd'
import { Link, useNavigate } from 'react-router'
import { type PeerState } from '../../../../protocol/index.ts'
import { useAsk } from '../../shared/ask.ts'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { Age } from '../../shared/moments.tsx'
import { Page } from '../../shared/page.tsx'
import { ConditionTag, useConditionSentence } from '../../shared/peer-condition.tsx'
import { useMay } from '../../shared/session.tsx'
import { Alarms } from './alarms.tsx'
import { words } from './texts.ts'

export function PeerList() {
  const t = useTexts(words)
  const may = useMay()
  const navigate = useNavigate()
  const { data, error, refetch } = useAsk('peers.list', {})
  return (
    <Page
      title={t.title}
      hint={t.hint}
      actions={
        <>
          <Button icon={<KeyOutlined />} onClick={() => void navigate('/peers/own')}>
            {t.ownKey}
          </Button>{' '}
          {may('peers.propose') && (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => void navigate('/peers/new')}>
              {t.conclude}
            </Button>
          )}
        </>
      }
    >
      <Alarms />
      {error && <Failure of={error} again={() => void refetch()} />}
      <Card size="small" title={<h2>{t.peers}</h2>} className="section">
        <PeerTable peers={data?.peers} />
      </Card>
    </Page>
  )
}

function PeerTable({ peers }: { peers: readonly PeerState[] | undefined }) {
  const t = useTexts(words)
  const may = useMay()
  const say = useConditionSentence()
  return (
    <Table<PeerState>
      size="small"
      pagination={false}
      loading={peers === undefined}
      rowKey="node"
      dataSource={[...(peers ?? [])]}
      scroll={{ x: 'max-content' }}
      locale={{
        emptyText: (
          <Empty
            image={Empty.PRESENTED_IMAGE_SIMPLE}
            description={may('peers.propose') ? t.noPeers : t.noPeersAsk}
          />
        ),
      }}
      columns={[
        {
          title: t.region,
          render: (_, { node, name }) => (
            <Link to={`/peers/${node}`}>
              {name} <small>{node}</small>
            </Link>
          ),
        },
        { title: t.state, render: (_, peer) => <ConditionTag of={peer} /> },
        { title: t.said, render: (_, peer) => <span className="wraps">{say(peer)}</span> },
        { title: t.waiting, align: 'right', dataIndex: 'unsent' },
        { title: t.parked, align: 'right', dataIndex: 'parked' },
        {
          title: t.heard,
          render: (_, { heardAt }) => (heardAt === null ? '—' : <Age of={heardAt} />),
        },
        { title: t.until, render: (_, { agreement }) => agreement.until },
      ]}
    />
  )
}
