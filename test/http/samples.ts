/** A request for every route, good enough to be let in: typed by its row, so a changed form fails to compile. */
import { type RequestOf, type RouteName, type Routes, type Uuid } from '../../protocol/index.ts'
import { idNumberOf } from '../harness/people.ts'
import { type Belongings, type TwoParts } from '../harness/parts.ts'

export interface Sample<B = unknown> {
  readonly body?: B | ((of: Belongings) => B)
  readonly query?: (parts: TwoParts) => string
  /** Which of the cases it is for. */
  readonly side?: 'home' | 'host'
  /** For a path that names something else than what the scope knows. */
  readonly id?: Uuid
  /** For `:kind` and `:verb`. */
  readonly word?: string
}

const anybody = { account: 'nobody.here', password: 'not the password' }
const activity = { kind: 'study', on: '2026-02-10', title: '学习' } as const

export const samples: { readonly [K in RouteName]: Sample<RequestOf<Routes[K]>> } = {
  'entrance.look': {},
  'entrance.set-up': { body: { code: 'x', name: '某人', ...anybody } },
  'session.begin': { body: anybody },
  'session.second-factor': { body: { code: '000000' } },
  'oidc.begin': { body: {} },
  'oidc.finish': { body: { code: 'x', state: 'x' } },
  'oidc.link': { body: { code: 'abcde-fghij' } },
  'session.who': {},
  'session.end': {},
  'session.list': {},
  'session.end-other': {},
  'own.password': { body: { current: 'not it', next: 'not it either' } },
  'own.second-factor-begin': { body: { password: 'not it' } },
  'own.second-factor-confirm': { body: { code: '000000' } },
  'own.second-factor-end': { body: { password: 'not it' } },
  'accounts.list': {},
  'accounts.create': { body: { account: 'new.one', name: '新人', role: 'officer', organisation: null } },
  'accounts.change': { body: { name: '改名' } },
  'accounts.reset-password': {},
  'accounts.reset-second-factor': {},
  'accounts.link-code': {},
  'accounts.unlink': {},
  'accounts.sessions': {},
  'accounts.end-sessions': { body: { session: null } },
  'audit.list': {},
  'audit.verify': {},
  'node.info': {},
  'node.card': {},
  'peers.list': {},
  'peers.propose': { body: { card: {}, fingerprint: 'x', replyDays: 15, queriesPerDay: 10, years: 1 } },
  'peers.sign': { body: { document: 'x', url: 'http://127.0.0.1:1', fingerprint: 'x' } },
  'peers.pause': { body: { paused: false } },
  'peers.thaw': {},
  'peers.revoke-key': {},
  'peers.comparison': {},
  'alarms.list': {},
  'alarms.acknowledge': { body: { by: '某人' } },
  'streams.recover': { body: {} },
  'keys.change': { word: 'rotate' },
  'imports.run': { word: 'roster' },
  'imports.get': {},
  'imports.held': {},
  'cases.list': { query: () => '?peer=440300' },
  'case.detail': {},
  'case.shared': {},
  'case.evidence': {},
  'case.amend': { body: { person: { name: '王东', category: 'full' } } },
  'case.return': { body: { returnedOn: '2026-02-20' } },
  'case.close': { body: { reason: 'returned' } },
  'case.notice': { body: { on: '2026-02-20', subject: '换届', text: '请参加' } },
  'case.place': { side: 'host', body: ({ branchName }) => ({ branch: branchName }) },
  'case.depart': { side: 'host', body: { departedOn: '2026-02-21' } },
  'case.keys': {},
  'case.adopt': { body: { fields: ['phone'] } },
  'case.dispute': { side: 'host', body: { reason: 'other' } },
  'case.report': { side: 'host', body: activity },
  'case.correct': { side: 'host', body: { corrects: '019ca000-0000-7000-8000-00000000beef', activity } },
  'case.erase': {},
  'overview.look': {},
  'regions.list': {},
  'cases.query': { body: { side: 'home', limit: 50 } },
  'cases.export': { body: { side: 'host', limit: 50 } },
  'arrivals.query': { body: { limit: 50 } },
  'members.query': { body: { limit: 50, search: '王' } },
  'members.export': { body: { limit: 50 } },
  'member.detail': {},
  'activities.query': { body: { limit: 50 } },
  'activities.ledger': { body: ({ branch }) => ({ organisation: branch, year: 2026, limit: 50 }) },
  'activities.ledger-export': { body: ({ branch }) => ({ organisation: branch, year: 2026, limit: 50 }) },
  'organisations.list': {},
  'member.reveal': { body: { field: 'idNumber', purpose: 'identity-check' } },
  'arrival.reveal': { body: { field: 'phone', purpose: 'contact' } },
  'case.reveal': { body: { field: 'homePhone', purpose: 'contact' } },
  'outflow.add': { body: { host: '440300', outflow: { destination: { code: '440300', text: '深圳' } } } },
  'arrivals.add': {
    body: ({ branchName }) => ({
      idNumber: idNumberOf(77),
      home: '440300',
      name: '赵七',
      branch: branchName,
    }),
  },
  'activities.meeting': { body: ({ hostCase }) => ({ activity, cases: [hostCase] }) },
  'organisations.add': { body: { name: '中共新区委员会', kind: 'committee' } },
  'organisation.change': { body: ({ branchName }) => ({ name: branchName }) },
  'organisation.remove': { body: {} },
  // Into itself: no part of the tree is to be gone when the next role asks.
  'organisation.merge': { body: ({ branch }) => ({ into: branch }) },
  'peers.detail': {},
  'imports.list': {},
  'imports.rows': {},
  'imports.correct': { body: { cells: {} } },
  'imports.reveal': { body: { purpose: 'correction' } },
  'settings.look': {},
  'settings.change': { body: { officeName: '信阳市委组织部' } },
  'kept.get': { body: { kind: 'draft' } },
  'kept.put': { body: { kind: 'choice', key: 'language', value: { language: 'zh' } } },
  'kept.drop': { body: { kind: 'draft', key: 'outflow/new' } },
  'pulse.look': {},
  'exports.ask': {
    body: { purpose: 'inspection', wanted: { list: 'cases', query: { side: 'home', limit: 50 } } },
  },
  'exports.list': {},
  'exports.decide': { body: { approve: true } },
  'exports.fetch': { body: {} },
  'contract.document': {},
  'contract.page': {},
}
