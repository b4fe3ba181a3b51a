import { texts } from '../../shared/language.tsx'

export const words = texts({
  title: { zh: '审计', en: 'Audit' },
  hint: {
    zh: '谁、何时、做了什么、涉及什么。一行是一件事：开始和结果各占一个编号。每条记录锁住前一条，事后改动或删除都会显出来。点姓名或对象只看与其有关的。',
    en: 'Who did what, when and to what. A row is one act: its beginning and its end have a number each. Each entry locks the one before, so a later change shows. A name or subject narrows the list to it.',
  },
  verify: { zh: '核验完整性', en: 'Verify' },
  whole: {
    zh: (n: number) => `已核验 ${n} 条：前后相扣，无改动、无缺失。`,
    en: (n: number) =>
      `${n} entries checked: each fits the one before, none was changed or taken out between.`,
  },
  head: { zh: '末条摘要：', en: 'Digest of the last:' },
  witnesses: { zh: '其他地区的见证', en: 'What other regions have witnessed' },
  witnessesHint: {
    zh: '本节点每天把审计条数和末条摘要告知各协议地区，由其签名确认。末尾若被截去或改写，与其确认的就对不上。',
    en: 'Once a day this node tells every region it has an agreement with how long its audit is and its last digest, and they confirm it by signature. If the end is cut off or written anew, it no longer fits what they confirmed.',
  },
  noWitness: {
    zh: '还没有其他地区可作见证。请把末条摘要抄记在别处，下次核验时即可看出末尾是否被截去。',
    en: 'There is no other region to bear witness yet. Note the digest elsewhere: the next check then shows whether the end was cut off.',
  },
  notWitnessed: {
    zh: (who: string) => `${who}：尚未确认过`,
    en: (who: string) => `${who} has confirmed nothing yet`,
  },
  holds: {
    zh: (who: string, n: number, at: string) => `${who}于 ${at} 确认至第 ${n} 条，与现在的记录一致`,
    en: (who: string, n: number, at: string) =>
      `${who} confirmed ${n} entries on ${at}; they are all still so`,
  },
  holdsNot: {
    zh: (who: string, n: number, at: string) => `${who}于 ${at} 确认至第 ${n} 条，与现在的记录不一致`,
    en: (who: string, n: number, at: string) =>
      `${who} confirmed ${n} entries on ${at}; the audit is not so any more`,
  },
  deniedBy: {
    zh: (who: string) =>
      `审计与${who}确认过的不一致：末尾被截去或改写，或数据库恢复自旧备份。请立即保全数据库并上报。`,
    en: (who: string) =>
      `The audit is not what ${who} confirmed: its end was cut off or written anew, or the database comes from an older backup. Secure the database and report it.`,
  },
  close: { zh: '关闭', en: 'Close' },
  broken: {
    zh: (seq: number) => `第 ${seq} 条起与前文不符：记录被改动或删除。请立即保全数据库并上报。`,
    en: (seq: number) =>
      `Entry ${seq} does not fit what is before it: something was changed or taken out. Secure the database and report it.`,
  },
  empty0: { zh: '还没有记录', en: 'No entries yet' },
  seq: { zh: '编号', en: 'Number' },
  at: { zh: '时间', en: 'When' },
  who: { zh: '谁', en: 'Who' },
  role: { zh: '角色', en: 'Role' },
  action: { zh: '做了什么', en: 'What' },
  subject: { zh: '对象', en: 'Subject' },
  outcome: { zh: '结果', en: 'Outcome' },
  detail: { zh: '说明', en: 'Details' },
  address: { zh: '网络地址', en: 'Address' },
  hash: { zh: '摘要', en: 'Digest' },
  onlyAccount: { zh: '只看这个账号的记录', en: 'Only entries of this account' },
  onlySubject: { zh: '只看与此对象有关的记录', en: 'Only entries about this subject' },
  showAll: { zh: '看全部', en: 'Show all' },
  operator: { zh: '本机命令行', en: 'Command line' },
  stranger: { zh: '未登录', en: 'Not signed in' },
})

/** How an entry ended; any other outcome is the code of a refusal. */
export const outcomeWords = texts({
  begun: { zh: '开始', en: 'Begun' },
  done: { zh: '完成', en: 'Done' },
  not_for_role: { zh: '拒绝：角色无权', en: 'Refused: not for this role' },
  not_in_part: { zh: '拒绝：不属其组织', en: 'Refused: not its people' },
  rate_limited: { zh: '拒绝：过于频繁', en: 'Refused: too often' },
  wrong_credentials: { zh: '拒绝：账号或密码不对', en: 'Refused: wrong credentials' },
  wrong_code: { zh: '拒绝：验证码不对', en: 'Refused: wrong code' },
  too_many_attempts: { zh: '拒绝：尝试过多', en: 'Refused: too many attempts' },
  export_needs_second_person: { zh: '须第二人批准', en: 'Needs a second person' },
  weak_password: { zh: '拒绝：密码太弱', en: 'Refused: weak password' },
  bad_request: { zh: '拒绝：内容不全', en: 'Refused: incomplete' },
  'second-factor': { zh: '待第二步', en: 'Second step to come' },
})

/** What is done under a name that no route has. */
export const actionWords = texts({
  'session.refused': { zh: '登录被拒', en: 'Sign-in refused' },
})

export const detailWords = texts({
  account: { zh: '账号', en: 'Account' },
  role: { zh: '角色', en: 'Role' },
  organisation: { zh: '组织', en: 'Organisation' },
  disabled: { zh: '停用', en: 'Disabled' },
  field: { zh: '项目', en: 'Field' },
  purpose: { zh: '用途', en: 'Purpose' },
  reason: { zh: '原因', en: 'Reason' },
  kind: { zh: '种类', en: 'Kind' },
  side: { zh: '本地为', en: 'We are' },
  peer: { zh: '地区', en: 'Region' },
  meaning: { zh: '结论', en: 'Together' },
  host: { zh: '流入地', en: 'Host' },
  home: { zh: '流出地', en: 'Home' },
  name: { zh: '名称', en: 'Name' },
  parent: { zh: '上级', en: 'Parent' },
  paused: { zh: '暂停', en: 'Paused' },
  approve: { zh: '批准', en: 'Allowed' },
  year: { zh: '年份', en: 'Year' },
  session: { zh: '会话', en: 'Session' },
  corrects: { zh: '更正', en: 'Corrects' },
  url: { zh: '地址', en: 'Address' },
  fingerprint: { zh: '指纹', en: 'Fingerprint' },
  replyDays: { zh: '答复天数', en: 'Days to reply' },
  queriesPerDay: { zh: '每日查询', en: 'Queries a day' },
  years: { zh: '年数', en: 'Years' },
  into: { zh: '并入', en: 'Into' },
  row: { zh: '行', en: 'Row' },
  sessionIdleMinutes: { zh: '无操作自动退出（分钟）', en: 'Sign out when idle (minutes)' },
  sessionAbsoluteHours: { zh: '登录最长时间（小时）', en: 'Longest session (hours)' },
  exportRowsAlone: { zh: '一人可导出的行数', en: 'Rows one person may export' },
  revealsAnHour: { zh: '每小时查看完整号码', en: 'Numbers shown an hour' },
  officeName: { zh: '单位名称', en: 'Name of the office' },
  officeContact: { zh: '求助联系方式', en: 'Whom to ask for help' },
})
export const fieldsShown = texts({
  idNumber: { zh: '身份证号', en: 'ID number' },
  phone: { zh: '电话', en: 'Phone' },
  homePhone: { zh: '流出地登记的电话', en: 'Phone by home' },
  hostPhone: { zh: '流入地登记的电话', en: 'Phone by host' },
  true: { zh: '是', en: 'yes' },
  false: { zh: '否', en: 'no' },
})
