import { texts } from '../../shared/language.tsx'

export const words = texts({
  title: { zh: '导出申请', en: 'Exports' },
  hint: {
    zh: '较长的名单须由第二人批准才能导出。在各名单页点“导出 Excel”提出申请，批准后在这里下载。',
    en: 'A long list leaves only when a second person allows it. Ask on the list’s own page, fetch it here once it is allowed.',
  },
  empty: { zh: '近一个月没有导出申请', en: 'No exports were asked for within a month' },
  asked: { zh: '申请人', en: 'Asked by' },
  list: { zh: '名单', en: 'List' },
  rows: { zh: '行数', en: 'Rows' },
  purpose: { zh: '用途', en: 'Purpose' },
  state: { zh: '状态', en: 'State' },
  decidedBy: { zh: (who: string) => `${who}决定`, en: (who: string) => `decided by ${who}` },
  until: { zh: (at: string) => `有效至 ${at}`, en: (at: string) => `until ${at}` },
  fetched: { zh: (n: number) => `已下载 ${n} 次`, en: (n: number) => `fetched ${n} times` },
  actions: { zh: '操作', en: 'Actions' },
  allow: { zh: '批准', en: 'Allow' },
  allowHint: {
    zh: (who: string, rows: number) => `批准后，${who}可在 24 小时内下载这 ${rows} 行。`,
    en: (who: string, rows: number) => `${who} may then fetch these ${rows} rows for 24 hours.`,
  },
  refuse: { zh: '拒绝', en: 'Refuse' },
  refuseHint: {
    zh: '拒绝后不能再批准，须重新申请。',
    en: 'It cannot be allowed afterwards, only asked for anew.',
  },
  cancel: { zh: '取消', en: 'Cancel' },
  allowed: { zh: '已批准', en: 'Allowed' },
  refused: { zh: '已拒绝', en: 'Refused' },
  fetch: { zh: '下载', en: 'Fetch' },
  got: { zh: '已下载，请妥善保管', en: 'Fetched; keep it safe' },
  waitsForOther: { zh: '待他人批准', en: 'Another person decides' },
  searched: { zh: '按姓名搜索', en: 'searched by name' },
  whole: { zh: '全部', en: 'all' },
  file: { zh: '导出', en: 'export' },
  year: { zh: (year: string) => `${year} 年`, en: (year: string) => year },
})
export const listWords = texts({
  cases: { zh: '流动案件', en: 'Cases' },
  members: { zh: '党员名册', en: 'Members' },
  ledger: { zh: '活动与党费台账', en: 'Ledger' },
})
export const stateWords = texts({
  waiting: { zh: '待批准', en: 'Waits' },
  ready: { zh: '可下载', en: 'Ready' },
  refused: { zh: '已拒绝', en: 'Refused' },
  lapsed: { zh: '已过期', en: 'Lapsed' },
})
