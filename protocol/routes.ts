/**
 * The route table of the local API: one row for every route there is (contract.ts says what a row states). Rows of
 * signing in and accounts are in account-routes.ts, those of the pages in page-routes.ts, of what a desk needs beside
 * them in desk-routes.ts.
 */
import * as z from 'zod'
import { accountRoutes, entranceRoutes } from './account-routes.ts'
import { activitySchema } from './activity.ts'
import {
  alarmListSchema,
  caseDetailSchema,
  caseListSchema,
  caseSummarySchema,
  comparisonReportSchema,
  importKinds,
  importReportSchema,
  nodeInfoSchema,
  peerStateSchema,
  recoveredSchema,
  signedAgreementSchema,
} from './admin.ts'
import { partySchema } from './agreement.ts'
import { type CallerRole, type RouteContract } from './contract.ts'
import { deskRoutes } from './desk-routes.ts'
import { evidenceSchema } from './evidence.ts'
import { dayOrMonthSchema, lineSchema } from './fields.ts'
import { nodeIdSchema, uuidSchema } from './ids.ts'
import { pageRoutes } from './page-routes.ts'
import { deviationFieldSchema } from './identity.ts'
import { signingKeySchema } from './keys.ts'
import { bodySchemas } from './record.ts'

const byId = z.strictObject({ id: uuidSchema })
const byNode = z.strictObject({ node: nodeIdSchema })

/** Who runs the node; sees no personal data. */
const machine = ['administrator', 'operator'] as const satisfies readonly CallerRole[]
/** Who works on the people of the whole region. */
const region = ['officer', 'operator'] as const satisfies readonly CallerRole[]
const desk = ['officer', 'committee', 'operator'] as const satisfies readonly CallerRole[]
const everyDesk = ['officer', 'committee', 'branch', 'operator'] as const satisfies readonly CallerRole[]
const overseers = ['administrator', 'officer', 'auditor', 'operator'] as const satisfies readonly CallerRole[]

const get = { method: 'GET', csrf: 'read', audit: null } as const
const change = { method: 'POST', csrf: 'json', audit: 'change' } as const

const nodeRoutes = {
  'node.info': {
    ...get,
    path: '/api/node',
    zh: '本节点',
    en: 'This node',
    access: overseers,
    scope: 'none',
    answer: nodeInfoSchema,
  },
  'node.card': {
    ...get,
    path: '/api/card',
    zh: '节点名片',
    en: 'The card of this node',
    access: machine,
    scope: 'none',
    answer: partySchema,
  },
  'peers.list': {
    ...get,
    path: '/api/peers',
    zh: '对方节点及其往来状态',
    en: 'The peers and the state of their streams',
    access: overseers,
    scope: 'none',
    answer: z.object({ peers: z.array(peerStateSchema) }),
  },
  'peers.propose': {
    ...change,
    path: '/api/peers/propose',
    zh: '向对方提出共管协议',
    en: 'Propose an agreement',
    access: machine,
    scope: 'none',
    noted: ['replyDays', 'queriesPerDay', 'years'],
    body: z.strictObject({
      card: z.unknown(),
      fingerprint: z.string(),
      replyDays: z.int(),
      queriesPerDay: z.int(),
      years: z.int().min(1).max(10),
    }),
    answer: z.object({ document: z.string() }),
  },
  'peers.sign': {
    ...change,
    path: '/api/peers/sign',
    zh: '签署共管协议',
    en: 'Sign an agreement',
    access: machine,
    scope: 'none',
    noted: ['url', 'fingerprint'],
    body: z.strictObject({ document: z.string(), url: z.url(), fingerprint: z.string() }),
    answer: signedAgreementSchema,
  },
  'peers.pause': {
    ...change,
    path: '/api/peers/:node/pause',
    zh: '暂停或恢复往来',
    en: 'Pause or resume exchange',
    access: machine,
    scope: 'none',
    noted: ['paused'],
    params: byNode,
    body: z.strictObject({ paused: z.boolean() }),
    answer: z.object({ paused: z.boolean() }),
  },
  'peers.thaw': {
    ...change,
    path: '/api/peers/:node/thaw',
    zh: '解除冻结',
    en: 'Let a frozen stream go on',
    access: machine,
    scope: 'none',
    params: byNode,
    answer: z.object({ thawed: z.boolean() }),
  },
  'peers.revoke-key': {
    ...change,
    path: '/api/peers/:node/revoke-key',
    zh: '吊销对方密钥',
    en: 'Revoke the peer’s key',
    access: machine,
    scope: 'none',
    params: byNode,
    answer: z.object({ revoked: z.literal(true) }),
  },
  'peers.comparison': {
    ...get,
    path: '/api/peers/:node/comparison',
    zh: '对账',
    en: 'Comparison with a peer, down to the case',
    access: region,
    scope: 'region',
    params: byNode,
    query: z.strictObject({ home: nodeIdSchema.optional() }),
    answer: comparisonReportSchema,
  },
  'alarms.list': {
    ...get,
    path: '/api/alarms',
    zh: '告警',
    en: 'Alarms',
    access: overseers,
    scope: 'none',
    query: z.strictObject({ all: z.enum(['true', 'false']).optional() }),
    answer: alarmListSchema,
  },
  'alarms.acknowledge': {
    ...change,
    path: '/api/alarms/:id/acknowledge',
    zh: '确认告警',
    en: 'Acknowledge an alarm',
    access: machine,
    scope: 'none',
    params: byId,
    body: z.strictObject({ by: z.string().trim().min(1).max(50).optional() }),
    answer: alarmListSchema,
  },
  'streams.recover': {
    ...change,
    path: '/api/recover',
    zh: '从对方恢复往来记录',
    en: 'Recover from the peers what was lost',
    access: machine,
    scope: 'none',
    noted: ['peer'],
    body: z.strictObject({ peer: nodeIdSchema.optional() }),
    answer: recoveredSchema,
  },
  'keys.change': {
    ...change,
    path: '/api/keys/:verb',
    zh: '更换本节点密钥',
    en: 'Change the key of this node',
    access: machine,
    scope: 'none',
    params: z.strictObject({ verb: z.enum(['rotate', 'replace']) }),
    answer: z.object({ kid: z.string(), fingerprint: z.string() }),
  },
  'imports.run': {
    ...{ method: 'POST', csrf: 'file', audit: 'change' },
    path: '/api/imports/:kind',
    zh: '导入工作簿（dryRun=true 为预览）',
    en: 'Import a workbook (dryRun=true previews)',
    access: region,
    scope: 'region',
    params: z.strictObject({ kind: z.enum(importKinds) }),
    query: z.strictObject({ dryRun: z.enum(['true', 'false']).optional() }),
    answer: importReportSchema,
  },
  'imports.get': {
    ...get,
    path: '/api/imports/:id',
    zh: '一次导入的结果',
    en: 'An import as it stands now',
    access: region,
    scope: 'region',
    params: byId,
    answer: importReportSchema,
  },
  'imports.held': {
    ...get,
    audit: 'export',
    path: '/api/imports/:id/held.xlsx',
    zh: '待改正的行',
    en: 'The rows held for correction, as a workbook',
    access: region,
    scope: 'region',
    params: byId,
    answer: 'xlsx',
  },
} as const satisfies Record<string, RouteContract>

/** A verb of a case: its path, words, body, and who may. */
function verb<const V extends string, B extends z.ZodType, const A extends readonly CallerRole[]>(
  name: V,
  zh: string,
  en: string,
  body: B,
  access: A,
  noted: readonly string[] = [],
) {
  const path = `/api/cases/:id/${name}` as const
  return {
    ...change,
    ...{ path, zh, en, access, noted, body },
    scope: 'case',
    params: byId,
    answer: caseSummarySchema,
  } as const
}

const correction = z.strictObject({ corrects: uuidSchema, activity: activitySchema.nullable() })
const placing = z.strictObject({ branch: lineSchema, on: dayOrMonthSchema.optional() })
const caseRoutes = {
  'cases.list': {
    ...get,
    path: '/api/cases',
    zh: '与某地的案件（命令行）',
    en: 'Cases with a peer (for the command line)',
    access: ['operator'],
    scope: 'region',
    query: z.strictObject({
      peer: nodeIdSchema,
      home: nodeIdSchema.optional(),
      after: uuidSchema.optional(),
    }),
    answer: caseListSchema,
  },
  'case.detail': {
    ...get,
    path: '/api/cases/:id',
    zh: '案件：双方所述与往来经过',
    en: 'A case: both views and the way of its records',
    access: everyDesk,
    scope: 'case',
    params: byId,
    answer: caseDetailSchema,
  },
  'case.shared': {
    ...get,
    path: '/api/cases/:id/shared',
    zh: '双方共有视图的规范文本',
    en: 'The canonical text both nodes hold',
    access: ['operator'],
    scope: 'case',
    params: byId,
    answer: 'text',
  },
  'case.evidence': {
    ...get,
    audit: 'export',
    path: '/api/cases/:id/evidence',
    zh: '证据文件',
    en: 'The evidence of a case',
    access: region,
    scope: 'case',
    params: byId,
    answer: evidenceSchema,
  },
  'case.keys': {
    ...get,
    path: '/api/cases/:id/keys',
    zh: '核验证据所用的双方公钥',
    en: 'The public keys by which the evidence of a case is verified',
    access: region,
    scope: 'case',
    params: byId,
    answer: z.strictObject({
      keys: z.array(z.strictObject({ node: nodeIdSchema, key: signingKeySchema })),
    }),
  },
  'case.amend': verb('amend', '更正流出登记', 'Amend the outflow', bodySchemas['flow.amended'], desk),
  'case.return': verb('return', '登记返回', 'Register the return', bodySchemas['flow.returned'], desk),
  'case.close': verb('close', '办结', 'Close the case', bodySchemas['flow.closed'], desk, ['reason']),
  'case.notice': verb('notice', '发送通知', 'Send a notice', bodySchemas['notice.sent'], desk),
  'case.place': verb('place', '编入党支部', 'Place in a branch', placing, desk),
  'case.depart': verb(
    'depart',
    '登记离开',
    'Register the departure',
    bodySchemas['flow.departed'],
    everyDesk,
  ),
  'case.dispute': verb('dispute', '提出异议', 'Dispute', bodySchemas['flow.disputed'], desk, ['reason']),
  'case.adopt': verb(
    'adopt',
    '采用对方登记的内容',
    'Take the other side’s word for what deviates',
    z.strictObject({ fields: z.array(deviationFieldSchema).min(1).max(3) }),
    desk,
  ),
  'case.report': verb('activities', '报送活动', 'Report an activity', activitySchema, everyDesk, ['kind']),
  'case.correct': verb('corrections', '更正活动', 'Correct a report', correction, everyDesk, ['corrects']),
  'case.erase': verb(
    'erase',
    '删除已办结案件中本方所述',
    'Erase what this side said of a closed case',
    z.strictObject({}).optional(),
    region,
  ),
} as const satisfies Record<string, RouteContract>

export const routes = {
  ...entranceRoutes,
  ...accountRoutes,
  ...nodeRoutes,
  ...caseRoutes,
  ...pageRoutes,
  ...deskRoutes,
} as const
export type Routes = typeof routes
export type RouteName = keyof Routes
