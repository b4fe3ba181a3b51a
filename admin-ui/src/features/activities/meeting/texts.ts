/** The words of reporting a branch meeting. */
import { texts } from '../../../shared/language.tsx'

export const words = texts({
  title: { zh: '批量报送支部活动', en: 'Report a branch meeting' },
  hint: {
    zh: '选支部、填活动、勾参加的人，一次报送。名单可从 Excel 复制后直接粘贴（Ctrl+V）。',
    en: 'Choose the branch, say what took place, tick who was there, report. A list of names can be pasted from Excel (Ctrl+V).',
  },
  organisation: { zh: '党组织', en: 'Organisation' },
  side: { zh: '报送对象', en: 'Whom' },
  here: { zh: '在本地的流入党员', en: 'Members of others who are here' },
  away: { zh: '在外的本地党员', en: 'Our members who are away' },
  whatTitle: { zh: '活动', en: 'Activity' },
  whoTitle: {
    zh: (ticked: number, all: number) => `参加人员：已勾 ${ticked} 人，共 ${all} 人`,
    en: (ticked: number, all: number) => `Who was there: ${ticked} of ${all}`,
  },
  amounts: { zh: '党费金额', en: 'Amount' },
  same: { zh: '每人相同', en: 'The same for all' },
  each: { zh: '逐人填写', en: 'For each person' },
  amount: { zh: '金额（元）', en: 'Amount (yuan)' },
  amountRule: { zh: '请填写金额，如 18.50', en: 'An amount such as 18.50' },
  name: { zh: '姓名', en: 'Name' },
  peer: { zh: '对方地区', en: 'Other region' },
  branch: { zh: '所在党支部', en: 'Branch' },
  employer: { zh: '从业单位', en: 'Employer' },
  destination: { zh: '外出地点', en: 'Destination' },
  chooseFirst: { zh: '请先选择党组织', en: 'Choose an organisation first' },
  nobodyHere: {
    zh: '这个组织现在没有可以报送的人。请确认报到人员已编入支部。',
    en: 'There is nobody to report on in this organisation. See whether arrivals have been placed in a branch.',
  },
  keys: {
    zh: '上下键移动，空格勾选。',
    en: 'Arrows move, the space bar ticks.',
  },
  paste: { zh: '粘贴名单', en: 'Paste names' },
  pasteHint: {
    zh: '每行一人，或用顿号隔开。从 Excel 复制两列“姓名、金额”时，金额也会填上。',
    en: 'One to a line, or with commas. Two columns “name, amount” from Excel fill in the amounts as well.',
  },
  pasteField: { zh: '名单', en: 'Names' },
  take: { zh: '勾选这些人', en: 'Tick them' },
  cancel: { zh: '取消', en: 'Cancel' },
  foundOf: { zh: (n: number) => `找到 ${n} 人`, en: (n: number) => `${n} found` },
  unknown: { zh: '名单中没有的姓名', en: 'Names nobody here has' },
  ambiguous: {
    zh: (name: string) => `有几位“${name}”，请选择`,
    en: (name: string) => `Several are called “${name}”: choose`,
  },
  pasted: {
    zh: (n: number) => `按名单勾选了 ${n} 人`,
    en: (n: number) => `${n} ticked by the list`,
  },
  report: { zh: (n: number) => `报送 ${n} 人`, en: (n: number) => `Report on ${n}` },
  nobody: { zh: '还没有勾选人员', en: 'Nobody is ticked yet' },
  noAmount: {
    zh: (n: number) => `有 ${n} 人没有填金额或金额写错`,
    en: (n: number) => `${n} have no amount, or a wrong one`,
  },
  going: {
    zh: (done: number, all: number) => `正在报送：${done} / ${all}`,
    en: (done: number, all: number) => `Reporting: ${done} of ${all}`,
  },
  result: {
    zh: (reported: number, unchanged: number, refused: number) =>
      `已报送 ${reported} 人${unchanged > 0 ? `,${unchanged} 人早已报送过` : ''}${refused > 0 ? `,${refused} 人未能报送` : ''}`,
    en: (reported: number, unchanged: number, refused: number) =>
      `${reported} reported${unchanged > 0 ? `, ${unchanged} had been before` : ''}${refused > 0 ? `, ${refused} refused` : ''}`,
  },
  toList: { zh: '查看活动记录', en: 'See the activities' },
  again: { zh: '再报一次活动', en: 'Report another' },
})

/** Why somebody could not be reported on. */
export const refusalWords = texts({
  case_not_found: { zh: '此人已不在您负责的组织中', en: 'No longer among your people' },
  not_arrived: { zh: '尚未确认报到', en: 'The arrival is not confirmed' },
  not_published: { zh: '流出地尚未登记', en: 'Home has not registered the outflow' },
  already_departed: { zh: '已登记离开', en: 'Has departed' },
  case_closed: { zh: '已办结', en: 'The case is closed' },
  family_not_agreed: { zh: '与该地区的协议不含活动报送', en: 'The agreement does not cover activities' },
  agreement_needed: { zh: '与该地区没有有效的协议', en: 'There is no agreement with that region' },
})
