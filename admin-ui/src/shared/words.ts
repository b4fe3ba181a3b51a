/** The words of the field for what the contract names by codes: one Chinese word for one thing, everywhere. */
import { texts, useTexts, type Texts } from './language.tsx'

export const roleWords = texts({
  administrator: { zh: '系统管理员', en: 'Administrator' },
  officer: { zh: '组织部', en: 'Organisation department' },
  committee: { zh: '党委', en: 'Committee' },
  branch: { zh: '支部书记/联络员', en: 'Branch secretary' },
  auditor: { zh: '审计员', en: 'Auditor' },
  operator: { zh: '本机命令行', en: 'Command line' },
  stranger: { zh: '未登录', en: 'Not signed in' },
})
export const sideWords = texts({
  home: { zh: '流出地', en: 'Home' },
  host: { zh: '流入地', en: 'Host' },
})
export const homeStateWords = texts({
  unknown: { zh: '尚未说明', en: 'Nothing said' },
  asserted: { zh: '已确认身份', en: 'Identity confirmed' },
  published: { zh: '已登记流出', en: 'Outflow registered' },
  returned: { zh: '已返回', en: 'Returned' },
  closed: { zh: '已办结', en: 'Closed' },
})
export const hostStateWords = texts({
  none: { zh: '未报到', en: 'Not reported here' },
  arrived: { zh: '已报到', en: 'Arrived' },
  placed: { zh: '已编入支部', en: 'Placed in a branch' },
  departed: { zh: '已离开', en: 'Departed' },
})
export const meaningWords = texts({
  pending: { zh: '待对方', en: 'Waiting' },
  agreed: { zh: '两地一致', en: 'Agreed' },
  deviating: { zh: '有差异', en: 'Deviating' },
  'one-sided': { zh: '仅一方登记', en: 'One side only' },
  'in-flight': { zh: '在途', en: 'In flight' },
  ended: { zh: '已结束', en: 'Ended' },
})
export const differenceWords = texts({
  'attributes-differ': { zh: '登记内容不一致', en: 'Particulars differ' },
  disputed: { zh: '流入地提出异议', en: 'Disputed by host' },
  'reported-by-host-only': { zh: '仅流入地登记', en: 'Reported by host only' },
  'present-but-returned': { zh: '流出地称已返回，流入地称仍在', en: 'Returned by home, present by host' },
  'present-but-closed': { zh: '流出地已办结，流入地称仍在', en: 'Closed by home, present by host' },
  'departed-but-out': { zh: '流入地称已离开，流出地仍登记流出', en: 'Departed by host, still out by home' },
})
export const fieldWords = texts({
  name: { zh: '姓名', en: 'Name' },
  category: { zh: '党员类别', en: 'Category' },
  phone: { zh: '联系电话', en: 'Phone' },
  idNumber: { zh: '身份证号', en: 'ID number' },
})
export const categoryWords = texts({
  full: { zh: '正式党员', en: 'Full member' },
  probationary: { zh: '预备党员', en: 'Probationary member' },
})
export const matchWords = texts({
  certain: { zh: '完全匹配', en: 'Certain' },
  probable: { zh: '很可能', en: 'Probable' },
  possible: { zh: '可能，须人工核对', en: 'Possible: a person decides' },
  'certainly-not': { zh: '不是同一人', en: 'Certainly not' },
})
export const arrivalStateWords = texts({
  waiting: { zh: '未签协议', en: 'No agreement yet' },
  asked: { zh: '已查询，待流出地答复', en: 'Asked, home to answer' },
  known: { zh: '身份已确认', en: 'Identity confirmed' },
  denied: { zh: '流出地查无此人', en: 'Unknown to home' },
})
export const activityWords = texts({
  dues: { zh: '党费', en: 'Dues' },
  branchAssembly: { zh: '支部党员大会', en: 'Branch assembly' },
  branchCommittee: { zh: '支部委员会', en: 'Branch committee' },
  groupMeeting: { zh: '党小组会', en: 'Group meeting' },
  lecture: { zh: '党课', en: 'Party lecture' },
  themeDay: { zh: '主题党日', en: 'Theme day' },
  volunteer: { zh: '志愿服务', en: 'Volunteering' },
  organisationLife: { zh: '组织生活会', en: 'Organisation life' },
  appraisal: { zh: '民主评议', en: 'Appraisal' },
  annualReview: { zh: '年度审核', en: 'Annual review' },
  study: { zh: '集中学习', en: 'Study' },
  contact: { zh: '联系谈话', en: 'Contact' },
  report: { zh: '思想汇报', en: 'Report' },
  other: { zh: '其他', en: 'Other' },
})
export const closingWords = texts({
  returned: { zh: '已返回', en: 'Returned' },
  transferred: { zh: '组织关系已转出', en: 'Transferred' },
  death: { zh: '死亡', en: 'Death' },
  removed: { zh: '出党除名', en: 'Removed' },
  abroad: { zh: '出国（境）', en: 'Abroad' },
  'published-in-error': { zh: '误登记', en: 'Published in error' },
  other: { zh: '其他', en: 'Other' },
})
export const disputeWords = texts({
  'not-arrived': { zh: '本人未到', en: 'Has not arrived' },
  'wrong-person': { zh: '不是本人', en: 'Wrong person' },
  'left-already': { zh: '已经离开', en: 'Left already' },
  other: { zh: '其他', en: 'Other' },
})
export const purposeWords = texts({
  contact: { zh: '联系本人', en: 'To contact the person' },
  'identity-check': { zh: '核对身份', en: 'To check identity' },
  registration: { zh: '办理登记', en: 'For registration' },
  dues: { zh: '收缴党费', en: 'For dues' },
  correction: { zh: '更正数据', en: 'To correct data' },
  inspection: { zh: '检查审计', en: 'For inspection' },
})
export const exportPurposeWords = texts({
  meeting: { zh: '联席会议', en: 'For a joint meeting' },
  inspection: { zh: '检查审计', en: 'For inspection' },
  statistics: { zh: '统计报表', en: 'For statistics' },
  dues: { zh: '收缴党费', en: 'For dues' },
  contact: { zh: '联系党员', en: 'To contact members' },
  handover: { zh: '工作交接', en: 'For a handover' },
})
export const kindWords = texts({
  region: { zh: '地区', en: 'Region' },
  committee: { zh: '党委', en: 'Committee' },
  branch: { zh: '党支部', en: 'Branch' },
})
export const importWords = texts({
  roster: { zh: '党员花名册', en: 'Roster' },
  outflow: { zh: '流出登记表', en: 'Outflow register' },
  arrivals: { zh: '流入登记表', en: 'Arrivals register' },
  activities: { zh: '活动与党费表', en: 'Activities and dues' },
})
export const recordWords = texts({
  'identity.queried': { zh: '查询身份', en: 'Identity queried' },
  'identity.asserted': { zh: '确认身份', en: 'Identity asserted' },
  'identity.denied': { zh: '答复查无此人', en: 'Identity denied' },
  'flow.published': { zh: '登记流出', en: 'Outflow published' },
  'flow.amended': { zh: '更正流出登记', en: 'Outflow amended' },
  'flow.returned': { zh: '登记返回', en: 'Return registered' },
  'flow.closed': { zh: '办结', en: 'Closed' },
  'notice.sent': { zh: '发出通知', en: 'Notice sent' },
  'flow.arrived': { zh: '确认报到', en: 'Arrival confirmed' },
  'flow.disputed': { zh: '提出异议', en: 'Disputed' },
  'flow.placed': { zh: '编入支部', en: 'Placed' },
  'flow.relocated': { zh: '调整支部', en: 'Moved to another branch' },
  'flow.departed': { zh: '登记离开', en: 'Departure registered' },
  'activity.recorded': { zh: '报送活动', en: 'Activity recorded' },
  'activity.corrected': { zh: '更正活动', en: 'Activity corrected' },
  'outcome.settled': { zh: '补报处理结果', en: 'Outcome settled' },
  'record.erased': { zh: '删除记录', en: 'Record erased' },
  'keys.announced': { zh: '公布密钥', en: 'Keys announced' },
  'epoch.opened': { zh: '开启新纪元', en: 'Epoch opened' },
  'audit.head': { zh: '审计摘要存证', en: 'Audit head witnessed' },
})

export const familyWords = texts({
  identity: { zh: '身份', en: 'Identity' },
  flow: { zh: '流动', en: 'Flow' },
  activity: { zh: '活动', en: 'Activities' },
  peer: { zh: '节点往来', en: 'Peers' },
})

/** `const word = useWord(meaningWords); word('agreed')`: the code itself where a newer node says what we do not know. */
export function useWord<T extends Texts>(words: T): (code: string | null) => string {
  const all = useTexts(words) as Readonly<Record<string, unknown>>
  return (code) => {
    if (code === null) return ''
    const said = all[code]
    return typeof said === 'string' ? said : code
  }
}
