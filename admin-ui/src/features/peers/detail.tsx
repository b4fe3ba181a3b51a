/** One peer: how it stands, what was agreed, both fingerprints, both streams, and what got stuck. */
import { Alert, Card, Descriptions, Skeleton } from 'antd'
import { Link, useParams } from 'react-router'
import { useAsk } from '../../shared/ask.ts'
import { Failure } from '../../shared/failure.tsx'
import { useTexts } from '../../shared/language.tsx'
import { shortMoment } from '../../shared/moments.tsx'
import { Page } from '../../shared/page.tsx'
import {
  conditionOf,
  ConditionTag,
  useConditionSentence,
  type Condition,
} from '../../shared/peer-condition.tsx'
import { useMay, useSession } from '../../shared/session.tsx'
import { familyWords, useWord } from '../../shared/words.ts'
import { Alarms } from './alarms.tsx'
import { codeWords } from './codes.ts'
import { Doing } from './doing.tsx'
import { Fingerprint } from './fingerprint.tsx'
import { type PeerDetail } from './peer-detail.ts'
import { Stuck } from './stuck.tsx'
import { words } from './texts.ts'

export function Detail() {
  const { node = '' } = useParams()
  const t = useTexts(words)
  const may = useMay()
  const { data, error, refetch } = useAsk('peers.detail', { params: { node } })
  return (
    <Page
      title={data?.name ?? t.title}
      hint={
        <>
          <Link to="/peers">{t.back}</Link>
          {may('peers.comparison') && (
            <>
              {' · '}
              <Link to={`/comparison/${node}`}>{t.compare}</Link>
            </>
          )}
        </>
      }
      actions={data && <Doing peer={data} />}
    >
      {error && <Failure of={error} again={() => void refetch()} />}
      {!data && !error && <Skeleton active paragraph={{ rows: 8 }} />}
      {data && (
        <>
          <Standing peer={data} />
          <Alarms peer={data.node} />
          <Fingerprints peer={data} />
          <Terms peer={data} />
          <Streams peer={data} />
          <Stuck peer={data} />
        </>
      )}
    </Page>
  )
}

const kinds: Partial<Record<Condition, 'success' | 'info' | 'error'>> = {
  delivered: 'success',
  waiting: 'info',
  frozen: 'error',
  closed: 'error',
  revoked: 'error',
}

function Standing({ peer }: { peer: PeerDetail }) {
  const t = useTexts(words)
  const say = useConditionSentence()
  const code = useWord(codeWords)
  const condition = conditionOf(peer)
  const kind = kinds[condition] ?? 'warning'
  const heard = peer.heardAt === null ? t.never : shortMoment(peer.heardAt)
  return (
    <Alert
      type={kind}
      showIcon
      className="section"
      title={
        <>
          <ConditionTag of={peer} /> {say(peer)}
        </>
      }
      description={
        <>
          {t.heard} {heard}
          {peer.problem && ` · ${t.problem(code(peer.problem.code), shortMoment(peer.problem.at))}`}
        </>
      }
    />
  )
}

function Fingerprints({ peer }: { peer: PeerDetail }) {
  const t = useTexts(words)
  const { region } = useSession()
  const { data } = useAsk('node.info', {})
  return (
    <Card size="small" className="section" title={<h2>{t.fingerprints}</h2>}>
      <p className="page-hint">{t.fingerprintsHint}</p>
      <div className="two-sides">
        <div>
          <h3>{t.ours(region)}</h3>
          {data && <Fingerprint of={data.fingerprint} label={t.ours(region)} />}
        </div>
        <div>
          <h3>{t.theirs(peer.name)}</h3>
          <Fingerprint of={peer.fingerprint || '—'} label={t.theirs(peer.name)} />
        </div>
      </div>
    </Card>
  )
}

function Terms({ peer }: { peer: PeerDetail }) {
  const t = useTexts(words)
  const family = useWord(familyWords)
  const { terms } = peer
  return (
    <Card size="small" className="section" title={<h2>{t.agreement}</h2>}>
      <Descriptions
        size="small"
        column={{ xs: 1, md: 2 }}
        items={[
          { key: 'valid', label: t.valid, children: `${terms.from} – ${terms.until}` },
          { key: 'reply', label: t.replyDays, children: t.days(terms.replyDays) },
          { key: 'queries', label: t.queriesPerDay, children: t.perDay(terms.queriesPerDay) },
          { key: 'families', label: t.families, children: terms.families.map(family).join('、') },
          { key: 'rules', label: t.rulePack, children: terms.rulePack },
          { key: 'url', label: t.theirAddress, children: <code className="breaks">{peer.url}</code> },
          {
            key: 'id',
            label: t.agreementId,
            children: <code className="breaks">{peer.agreement.id}</code>,
          },
        ]}
      />
    </Card>
  )
}

function Streams({ peer }: { peer: PeerDetail }) {
  const t = useTexts(words)
  const { sent, received, receipted, unsent, parked } = peer
  return (
    <Card size="small" className="section" title={<h2>{t.streams}</h2>}>
      <div className="wide-table" tabIndex={0} role="region" aria-label={t.streams}>
        <table className="plain-table counted">
          <thead>
            <tr>
              <th>{t.direction}</th>
              <th>{t.epoch}</th>
              <th>{t.lastEnvelope}</th>
              <th>{t.receipted}</th>
              <th>{t.backlog}</th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <td>{t.outgoing(peer.name)}</td>
              <td>{sent.epoch}</td>
              <td>{sent.seq}</td>
              <td>{receipted}</td>
              <td>{t.recordsWaiting(unsent)}</td>
            </tr>
            <tr>
              <td>{t.incoming(peer.name)}</td>
              <td>{received.epoch}</td>
              <td>{received.seq}</td>
              <td>{received.seq}</td>
              <td>{t.recordsParked(parked)}</td>
            </tr>
          </tbody>
        </table>
      </div>
    </Card>
  )
}
