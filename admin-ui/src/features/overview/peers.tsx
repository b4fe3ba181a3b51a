/** Whether each region takes what we write, as far as we know. */
import { Card, Empty } from 'antd'
import { Link } from 'react-router'
import { type PeerState } from '../../../../protocol/index.ts'
import { useTexts } from '../../shared/language.tsx'
import { Age } from '../../shared/moments.tsx'
import { ConditionTag, useConditionSentence } from '../../shared/peer-condition.tsx'
import { words } from './texts.ts'

export function Peers({ peers }: { peers: readonly PeerState[] }) {
  const t = useTexts(words)
  const say = useConditionSentence()
  return (
    <Card size="small" title={<h2>{t.peers}</h2>} className="overview-peers">
      {peers.length === 0 ? (
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t.noPeers} />
      ) : (
        <table className="plain-table">
          <thead>
            <tr>
              <th>{t.region}</th>
              <th>{t.state}</th>
              <th>{t.heard}</th>
            </tr>
          </thead>
          <tbody>
            {peers.map((peer) => (
              <tr key={peer.node}>
                <td>
                  <Link to={`/peers/${peer.node}`}>{peer.name}</Link>
                </td>
                <td>
                  <ConditionTag of={peer} /> <small>{say(peer)}</small>
                </td>
                <td>{peer.heardAt === null ? '—' : <Age of={peer.heardAt} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  )
}
