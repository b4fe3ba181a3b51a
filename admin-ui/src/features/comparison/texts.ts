import { texts } from '../../shared/language.tsx'

export const words = texts({
  title: { zh: '对账', en: 'Comparison' },
  hint: {
    zh: '逐地对照双方登记的人数，点“看名单”查到每个人。每次对账都会当场向对方节点取数。',
    en: 'Both sides’ counts beside each other, down to the name. Each comparison asks the other node for its side.',
  },
  again: { zh: '重新对账', en: 'Compare again' },
  noRegions: {
    zh: '还没有签订共管协议的地区，签订后即可对账。',
    en: 'There is no agreement with any region yet; after one is concluded, counts can be compared.',
  },
  outward: { zh: '本地流出到各地', en: 'Ours who are away' },
  inward: { zh: '各地流入到本地', en: 'Others’ who are here' },
  region: { zh: '地区', en: 'Region' },
  homeCount: { zh: '流出地登记流出', en: 'Out by home' },
  hostCount: { zh: '流入地登记在当地', en: 'Present by host' },
  difference: { zh: '差额', en: 'Difference' },
  both: { zh: '两地都有', en: 'Both' },
  ofThose: { zh: '其中内容有差异', en: 'of those deviating' },
  state: { zh: '同步情况', en: 'Streams' },
  names: { zh: '看名单', en: 'Names' },
  asking: {
    zh: (name: string) => `正在向${name}节点取数并逐条比对`,
    en: (name: string) => `Asking ${name} and comparing case by case`,
  },
  level: { zh: '已同步', en: 'Level' },
  onTheWay: { zh: (n: number) => `在途 ${n} 条`, en: (n: number) => `${n} in flight` },
  notLevel: { zh: '尚未同步', en: 'Not level' },
  broken: { zh: '两节点所存不同', en: 'Nodes differ' },
  silent: { zh: '对方未应答', en: 'No answer' },
  levelSaid: {
    zh: '双方往来已同步：下列差异都是实际差异，不是传输延迟。',
    en: 'Both streams are level: every difference below is one of substance, none of delay.',
  },
  notLevelSaid: {
    zh: (n: number) =>
      `比对时双方还有 ${n} 条记录在途（已写好，尚未送达或回执未到）。下列差异可能因此而来，请稍候片刻重新对账。`,
    en: (n: number) =>
      `${n} records are in flight: written, and not yet delivered or receipted. Differences below may come from that; compare again in a moment.`,
  },
  brokenSaid: {
    zh: (n: number) =>
      `往来已同步，却有 ${n} 个案件两节点所存不同。这不应发生：请打开案件核对证据，并告知双方信息人员。`,
    en: (n: number) =>
      `The streams are level, yet ${n} cases are held differently. That must not happen: look at their evidence and tell the IT of both sides.`,
  },
  noAnswer: {
    zh: '对方节点此刻没有应答，无法对账。本地登记的名单仍可查看；对方恢复后请重新对账。',
    en: 'The other node does not answer now, so nothing can be compared. Our own list can still be read; compare again when it is back.',
  },
  ownList: { zh: '查看本地名单', en: 'Our own list' },
  back: { zh: '返回各地对账', en: 'All regions' },
  of: {
    zh: (home: string, host: string) => `${home}流出到${host}`,
    en: (home: string, host: string) => `From ${home} to ${host}`,
  },
  otherWay: {
    zh: (home: string, host: string) => `改看${home}流出到${host}`,
    en: (home: string, host: string) => `See ${home} to ${host}`,
  },
  name: { zh: '姓名', en: 'Name' },
  finding: { zh: '对账结果', en: 'Finding' },
  fields: { zh: '不一致的内容', en: 'What differs' },
  open: { zh: '查看', en: 'Open' },
  toArrivals: { zh: '查看报到', en: 'Arrivals' },
  unnamed: { zh: '(本节点没有姓名)', en: '(no name here)' },
  find: { zh: '在名单中找姓名', en: 'Find a name' },
  copy: { zh: '复制', en: 'Copy' },
  copied: {
    zh: (n: number) => `已复制 ${n} 行，可粘贴到 Excel`,
    en: (n: number) => `${n} rows copied, ready to paste into Excel`,
  },
  print: { zh: '打印', en: 'Print' },
  showAll: { zh: (n: number) => `显示全部 ${n} 行`, en: (n: number) => `Show all ${n} rows` },
  rows: { zh: (n: number) => `共 ${n} 行`, en: (n: number) => `${n} rows` },
  none: { zh: '没有这类人员', en: 'Nobody' },
  comparedAt: { zh: (at: string) => `对账时间 ${at}`, en: (at: string) => `Compared at ${at}` },
})

/** What a person in a comparison can be, and what is to be done about it. */
export const findingWords = texts({
  differing: { zh: '全部差异', en: 'All differences' },
  homeOnly: { zh: '仅流出地登记', en: 'Home only' },
  hostOnlyKnown: { zh: '仅流入地登记', en: 'Host only, known to home' },
  hostOnlyUnknown: { zh: '流出地查无此人', en: 'Host only, unknown to home' },
  deviating: { zh: '内容有差异', en: 'Particulars differ' },
  unequal: { zh: '两节点所存不同', en: 'Held differently' },
  oneNode: { zh: '只有一个节点有', en: 'Held by one node' },
  agreed: { zh: '两地一致', en: 'Agreed' },
})
export const findingHints = texts({
  differing: {
    zh: '两边对不上的人员。点姓名打开案件，双方所述并排显示。',
    en: 'Whoever does not match. A name opens the case, with both sides beside each other.',
  },
  homeOnly: {
    zh: '流出地已登记流出，流入地尚未确认报到。由流入地核实是否已到。',
    en: 'Home has registered the outflow, host has not confirmed an arrival. Host checks whether they came.',
  },
  hostOnlyKnown: {
    zh: '流入地登记在当地，流出地知道此人但未登记流出（或已登记返回、办结）。由流出地补登流出，或由流入地登记离开。',
    en: 'Present by host’s word; home knows them but has not published an outflow, or has ended it. Home publishes, or host registers the departure.',
  },
  hostOnlyUnknown: {
    zh: '流入地登记在当地，流出地花名册中查不到。由流入地核对身份证号和流出地，流出地核对花名册。',
    en: 'Present by host’s word, not on home’s roster. Host checks ID number and home region, home checks its roster.',
  },
  deviating: {
    zh: '两地都有此人，但姓名、类别或电话不同。打开案件可一键采用一方的登记。',
    en: 'On both sides, with another name, category or phone. The case lets one side take the other’s word.',
  },
  unequal: {
    zh: '同一案件两节点所存内容不同。未同步时会自行消失；已同步仍有，请告知信息人员。',
    en: 'One case, held differently by the two nodes. It passes by itself unless the streams are level: then tell your IT.',
  },
  oneNode: {
    zh: '案件只在一个节点上。未同步时会自行消失；已同步仍有，请告知信息人员。',
    en: 'A case that only one node holds. It passes by itself unless the streams are level: then tell your IT.',
  },
  agreed: { zh: '两地都有且内容一致，无需处理。', en: 'On both sides and alike: nothing to do.' },
})
