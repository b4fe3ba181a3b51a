import { texts } from '../../shared/language.tsx'

export const words = texts({
  title: { zh: '设置', en: 'Settings' },
  hint: {
    zh: '上面的可在这里更改，立即生效；下面的写在配置文件中，由信息人员更改。',
    en: 'The upper ones are changed here and hold at once; the lower ones stand in the configuration file of the node.',
  },
  changeable: { zh: '可更改的设置', en: 'Changed here' },
  sessionIdleMinutes: { zh: '无操作自动退出', en: 'Sign out when idle' },
  sessionAbsoluteHours: { zh: '登录最长时间', en: 'Longest session' },
  exportRowsAlone: { zh: '一人可导出的行数', en: 'Rows one person may export' },
  revealsAnHour: { zh: '每小时查看完整号码', en: 'Numbers shown an hour' },
  sessionIdleMinutesHint: {
    zh: '分钟。离开电脑时防止他人使用。',
    en: 'minutes, against others at an unattended computer.',
  },
  sessionAbsoluteHoursHint: { zh: '小时。到时须重新登录。', en: 'hours, then one signs in anew.' },
  exportRowsAloneHint: {
    zh: '行。超过须第二人批准；0 表示一律须批准。',
    en: 'rows. More need a second person; 0 for always.',
  },
  revealsAnHourHint: {
    zh: '次。一个账号一小时内超过即告警。',
    en: 'times. More by one account within an hour raise an alarm.',
  },
  bounds: {
    zh: (least: number, most: number, shipped: number) => `可填 ${least} 至 ${most}，原值 ${shipped}`,
    en: (least: number, most: number, shipped: number) => `${least} to ${most}; as shipped ${shipped}`,
  },
  officeName: { zh: '单位名称', en: 'Name of the office' },
  officeNameHint: {
    zh: '显示在页面顶端和登录页；不填则用地区名。',
    en: 'Shown on top of each page and where one signs in; the region’s name without it.',
  },
  officeContact: { zh: '求助联系方式', en: 'Whom to ask for help' },
  officeContactHint: {
    zh: '登录页上人人可见，请填单位电话，不要填个人手机。',
    en: 'Everybody sees it before signing in: an office’s number, not a person’s.',
  },
  save: { zh: '保存', en: 'Save' },
  saved: { zh: '已保存，立即生效', en: 'Saved; it holds at once' },
  unchanged: { zh: '没有更改', en: 'Nothing was changed' },
  fixed: { zh: '配置文件中的设置', en: 'In the configuration file' },
  node: { zh: '地区代码', en: 'Code of the region' },
  name: { zh: '地区名称', en: 'Name of the region' },
  origin: { zh: '本系统网址', en: 'Address of these pages' },
  federationUrl: { zh: '节点对外地址', en: 'Address for other nodes' },
  proxies: { zh: '信任的反向代理', en: 'Trusted proxies' },
  none: { zh: '无', en: 'none' },
  password: { zh: '密码长度', en: 'Length of passwords' },
  passwordSaid: {
    zh: (least: number, most: number) => `${least} 至 ${most} 个字符`,
    en: (least: number, most: number) => `${least} to ${most} characters`,
  },
  oidc: { zh: '统一身份认证', en: 'Identity provider' },
  docs: { zh: '接口说明', en: 'The API' },
  openDocs: { zh: '打开接口说明网页', en: 'Open the page of the API' },
})
