/** How it stands with a peer, in one word and a sentence: whether what we write arrives there, and if not, why. */
import { Tag } from 'antd'
import { type PeerState } from '../../../protocol/index.ts'
import { texts, useTexts } from './language.tsx'
import { shortMoment, today } from './moments.tsx'

export type Condition =
  | 'frozen'
  | 'closed'
  | 'revoked'
  | 'recovering'
  | 'paused'
  | 'ahead'
  | 'ended'
  | 'silent'
  | 'refused'
  | 'waiting'
  | 'delivered'

const colours: Readonly<Record<Condition, string>> = {
  frozen: 'red',
  closed: 'red',
  revoked: 'red',
  recovering: 'orange',
  paused: 'orange',
  ahead: 'orange',
  ended: 'red',
  silent: 'orange',
  refused: 'red',
  waiting: 'blue',
  delivered: 'green',
}

const names = texts({
  frozen: { zh: '已冻结', en: 'Frozen' },
  closed: { zh: '本地待恢复', en: 'Recover first' },
  revoked: { zh: '密钥已吊销', en: 'Key revoked' },
  recovering: { zh: '恢复中', en: 'Recovering' },
  paused: { zh: '已暂停', en: 'Paused' },
  ahead: { zh: '协议未生效', en: 'Not begun' },
  ended: { zh: '协议到期', en: 'Agreement ended' },
  silent: { zh: '对方无应答', en: 'Silent' },
  refused: { zh: '对方拒收', en: 'Refused there' },
  waiting: { zh: '待送达', en: 'Waiting' },
  delivered: { zh: '已送达', en: 'Delivered' },
})
const sentences = texts({
  frozen: {
    zh: '对方在同一编号下发来两份不同内容，已停收其记录。请电话核实后解除冻结。',
    en: 'It sent two different contents under one number; nothing more is taken in. Call them, then thaw it.',
  },
  closed: {
    zh: '本节点的数据比对方掌握的旧，已停止签发。请由系统管理员恢复。',
    en: 'This node holds less than the peer has of it, so it signs nothing. Let the administrator recover.',
  },
  revoked: {
    zh: '对方的密钥已吊销，不再相信其签名，往来停止。请对方更换密钥后重新签订协议。',
    en: 'Its key was revoked: nothing it signs is believed and exchange has stopped. Conclude a new agreement once it has another key.',
  },
  recovering: { zh: '正在从对方取回往来记录。', en: 'What was lost is being fetched back from the peer.' },
  paused: {
    zh: '往来已暂停，期间记录保留待发。',
    en: 'Exchange is paused; records are kept until it resumes.',
  },
  ahead: {
    zh: '共管协议尚未开始生效，期间记录保留待发。如非双方本意，请校准时钟后重新签订。',
    en: 'The agreement begins on a later day; records are kept until then. If that is not intended, set the clocks and conclude another.',
  },
  ended: { zh: '共管协议已到期，请续签。', en: 'The agreement has ended. Renew it.' },
  silent: {
    zh: (since: string, n: number) => `最近应答 ${since}，${n} 条记录待送达，恢复后自动补传`,
    en: (since: string, n: number) => `last heard ${since}; ${n} records wait and leave by themselves`,
  },
  never: { zh: '无', en: 'never' },
  refused: {
    zh: (code: string) => `对方节点拒绝接收（${code}），请与对方信息人员核对`,
    en: (code: string) => `the other node refuses (${code}); ask its IT`,
  },
  waiting: { zh: (n: number) => `${n} 条记录正在送达`, en: (n: number) => `${n} records on their way` },
  delivered: { zh: '所有记录均已送达', en: 'everything has been delivered' },
})

/** Codes under which a peer did not answer at all; any other code is a refusal by who did. */
const silences: ReadonlySet<string> = new Set([
  'unreachable',
  'timeout',
  'bad_answer',
  'key_missing',
  'unavailable',
])

export function conditionOf(peer: PeerState): Condition {
  if (peer.frozen) return 'frozen'
  if (peer.standing !== 'open') return peer.standing
  if (peer.fingerprint === '') return 'revoked'
  if (peer.paused) return 'paused'
  if (peer.agreement.from > today()) return 'ahead'
  if (peer.agreement.until < today()) return 'ended'
  const failing = peer.breakerOpen || peer.failures > 0
  if (failing) return peer.problem && !silences.has(peer.problem.code) ? 'refused' : 'silent'
  return peer.unsent > 0 ? 'waiting' : 'delivered'
}

export function ConditionTag({ of }: { of: PeerState }) {
  const t = useTexts(names)
  const condition = conditionOf(of)
  return <Tag color={colours[condition]}>{t[condition]}</Tag>
}

/** `const say = useConditionSentence(); say(peer)` */
export function useConditionSentence(): (peer: PeerState) => string {
  const t = useTexts(sentences)
  return (peer) => {
    const condition = conditionOf(peer)
    if (condition === 'silent')
      return t.silent(peer.heardAt === null ? t.never : shortMoment(peer.heardAt), peer.unsent)
    if (condition === 'refused') return t.refused(peer.problem?.code ?? '')
    if (condition === 'waiting') return t.waiting(peer.unsent)
    return t[condition]
  }
}
