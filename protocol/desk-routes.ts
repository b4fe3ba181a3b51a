/** Rows of the route table for what a desk needs beside its pages: what it keeps, what has changed, large exports. */
import * as z from 'zod'
import { type CallerRole, type RouteContract } from './contract.ts'
import { exportAskSchema, exportListSchema, exportRequestSchema } from './exports.ts'
import { uuidSchema } from './ids.ts'
import { keptDropSchema, keptListSchema, keptPlacedSchema, keptPutSchema, keptQuerySchema } from './kept.ts'
import { pulseSchema } from './pulse.ts'

const byId = z.strictObject({ id: uuidSchema })
const nothing = z.strictObject({})
const exporters = ['officer', 'committee'] as const satisfies readonly CallerRole[]
/** Who answers for the whole region or for the node: the second person of an export. */
const deciders = ['administrator', 'officer'] as const satisfies readonly CallerRole[]

/** One's own, and nobody else's concern: no change of the office's records, so none of its audit. */
const keptRoutes = {
  'kept.get': {
    ...{ method: 'POST', csrf: 'query', audit: null },
    path: '/api/session/kept/query',
    zh: '本账号保存的草稿、视图与选项',
    en: 'Drafts, views and choices this account has kept',
    access: 'signed-in',
    scope: 'none',
    body: keptQuerySchema,
    answer: keptListSchema,
  },
  'kept.put': {
    ...{ method: 'POST', csrf: 'json', audit: null },
    path: '/api/session/kept',
    zh: '保存草稿、视图或选项',
    en: 'Keep a draft, a view or a choice',
    access: 'signed-in',
    scope: 'none',
    body: keptPutSchema,
    answer: keptPlacedSchema,
  },
  'kept.drop': {
    ...{ method: 'POST', csrf: 'json', audit: null },
    path: '/api/session/kept/drop',
    zh: '删除保存的草稿、视图或选项',
    en: 'Let go of a draft, a view or a choice',
    access: 'signed-in',
    scope: 'none',
    body: keptDropSchema,
    answer: nothing,
  },
  'pulse.look': {
    ...{ method: 'GET', csrf: 'read', audit: null },
    path: '/api/pulse',
    zh: '各类数据是否有变化',
    en: 'Whether something of each kind has changed',
    access: 'signed-in',
    scope: 'none',
    background: true,
    answer: pulseSchema,
  },
} as const satisfies Record<string, RouteContract>

const exportRoutes = {
  'exports.ask': {
    ...{ method: 'POST', csrf: 'json', audit: 'change' },
    path: '/api/exports',
    zh: '申请导出（须第二人批准）',
    en: 'Ask for an export that a second person must allow',
    access: exporters,
    scope: 'part',
    noted: ['purpose'],
    body: exportAskSchema,
    answer: exportRequestSchema,
  },
  'exports.list': {
    ...{ method: 'GET', csrf: 'read', audit: null },
    path: '/api/exports',
    zh: '导出申请',
    en: 'Exports asked for: one’s own and those one may decide on',
    access: ['administrator', 'officer', 'committee'],
    scope: 'part',
    answer: exportListSchema,
  },
  'exports.decide': {
    ...{ method: 'POST', csrf: 'json', audit: 'change' },
    path: '/api/exports/:id/decide',
    zh: '批准或拒绝导出申请',
    en: 'Allow or refuse an export somebody else asked for',
    access: deciders,
    scope: 'part',
    noted: ['approve'],
    params: byId,
    body: z.strictObject({ approve: z.boolean() }),
    answer: exportRequestSchema,
  },
  'exports.fetch': {
    ...{ method: 'POST', csrf: 'query', audit: 'export' },
    path: '/api/exports/:id/workbook',
    zh: '下载已批准的导出',
    en: 'The workbook of an export that was allowed',
    access: exporters,
    scope: 'part',
    params: byId,
    body: nothing,
    answer: 'xlsx',
  },
} as const satisfies Record<string, RouteContract>

export const deskRoutes = { ...keptRoutes, ...exportRoutes } as const
