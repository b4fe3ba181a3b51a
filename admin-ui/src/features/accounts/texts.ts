import { texts } from '../../shared/language.tsx'

export const words = texts({
  title: { zh: '账号', en: 'Accounts' },
  hint: {
    zh: '谁可以登录、以什么角色、看哪个组织的人员。角色和组织的更改立即生效。',
    en: 'Who may sign in, in which role, for whose people. Changes hold at once.',
  },
  add: { zh: '建立账号', en: 'Make an account' },
  find: { zh: '姓名或账号', en: 'Name or account' },
  name: { zh: '姓名', en: 'Name' },
  account: { zh: '登录账号', en: 'Account' },
  accountHint: {
    zh: '2 至 30 个字符，建立后不能更改',
    en: '2 to 30 characters; it cannot be changed later',
  },
  role: { zh: '角色', en: 'Role' },
  roles: {
    zh: '系统管理员：管账号、协议与设置，看不到人员；组织部：全地区；党委：所属支部；支部书记/联络员：本支部；审计员：审计与总数。',
    en: 'Administrator: accounts, agreements, settings, no people. Organisation department: the whole region. Committee: its branches. Branch secretary: the own branch. Auditor: the audit and counts.',
  },
  organisation: { zh: '组织', en: 'Organisation' },
  state: { zh: '状态', en: 'State' },
  active: { zh: '正常', en: 'Active' },
  disabled: { zh: '已停用', en: 'Disabled' },
  oneTime: {
    zh: (until: string) => `待首次登录（${until} 前）`,
    en: (until: string) => `to sign in first by ${until}`,
  },
  factor: { zh: '两步验证', en: 'Second factor' },
  on: { zh: '已启用', en: 'On' },
  off: { zh: '未启用', en: 'Off' },
  created: { zh: '建立日期', en: 'Made on' },
  actions: { zh: '操作', en: 'Actions' },
  more: { zh: '更多', en: 'More' },
  edit: { zh: '更改', en: 'Change' },
  editOf: {
    zh: (name: string) => `更改账号：${name}`,
    en: (name: string) => `Change the account of ${name}`,
  },
  needed: { zh: '请填写此项', en: 'Fill this in' },
  save: { zh: '保存', en: 'Save' },
  cancel: { zh: '取消', en: 'Cancel' },
  saved: { zh: '已保存，立即生效', en: 'Saved; it holds at once' },
  disable: { zh: '停用账号', en: 'Disable' },
  disableHint: {
    zh: (name: string) => `${name}将不能登录，正在进行的登录立即结束，保存的草稿会删除。以后可以重新启用。`,
    en: (name: string) =>
      `${name} cannot sign in any more, all sessions end at once and drafts are dropped. It can be enabled again.`,
  },
  enable: { zh: '重新启用', en: 'Enable again' },
  isDisabled: { zh: '账号已停用', en: 'The account is disabled' },
  isEnabled: { zh: '账号已启用', en: 'The account is enabled' },
  reset: { zh: '重置密码', en: 'Reset the password' },
  resetHint: {
    zh: (name: string) =>
      `${name}现在的密码立即失效，正在进行的登录结束。您会得到一个一次性密码，请当面或电话告知本人。`,
    en: (name: string) =>
      `The present password of ${name} is void at once and sessions end. You get a one-time password to tell in person or by telephone.`,
  },
  resetFactor: { zh: '解除两步验证', en: 'Take away the second factor' },
  resetFactorHint: {
    zh: (name: string) => `手机丢失时使用。请先确认是${name}本人；解除后凭密码即可登录，请其重新启用。`,
    en: (name: string) =>
      `For a lost phone. Make sure it is ${name} who asks; afterwards the password alone signs in until it is turned on again.`,
  },
  factorGone: { zh: '已解除两步验证', en: 'The second factor is taken away' },
  provider: { zh: '统一身份认证', en: 'Identity provider' },
  isLinked: { zh: '已关联', en: 'Linked' },
  notLinked: { zh: '未关联', en: 'Not linked' },
  link: { zh: '关联统一身份认证', en: 'Link with the identity provider' },
  linkHint: {
    zh: (name: string) =>
      `您会得到一个一次性关联码，请当面或电话告知${name}。本人用统一身份认证登录后输入它，即与此账号关联。以前给出而未用的关联码作废。`,
    en: (name: string) =>
      `You get a one-time code to tell ${name}, who signs in by the identity provider and types it; that links this account. A code given before and not used is void.`,
  },
  unlink: { zh: '解除统一身份认证的关联', en: 'End the link with the identity provider' },
  unlinkHint: {
    zh: (name: string) =>
      `${name}将不能再用统一身份认证登录此账号；没有密码的，请随后重置密码。以后可以重新关联。`,
    en: (name: string) =>
      `${name} cannot come by the identity provider any more; without a password of the account, reset it afterwards. It can be linked again.`,
  },
  unlinked: { zh: '已解除关联', en: 'The link is ended' },
  linkCodeTitle: { zh: '一次性关联码', en: 'One-time link code' },
  linkCodeHint: {
    zh: (name: string) =>
      `请把它当面或电话告知${name}。只显示这一次；本人在登录页选择统一身份认证，返回后输入它即可关联并登录。`,
    en: (name: string) =>
      `Tell it to ${name} in person or by telephone. It is shown this once; after coming by the identity provider it is typed in, which links the account and signs in.`,
  },
  oneTimeTitle: { zh: '一次性密码', en: 'One-time password' },
  oneTimeHint: {
    zh: (name: string) => `请把它当面或电话告知${name}。只显示这一次；本人首次登录后须自己设置密码。`,
    en: (name: string) =>
      `Tell it to ${name} in person or by telephone. It is shown this once; at the first sign-in a new one is chosen.`,
  },
  goodUntil: { zh: (at: string) => `有效至 ${at}`, en: (at: string) => `good until ${at}` },
  copy: { zh: '复制', en: 'Copy' },
  copied: { zh: '已复制', en: 'Copied' },
  told: { zh: '已告知本人', en: 'I have told it' },
  sessions: { zh: '登录会话', en: 'Sessions' },
  sessionsOf: { zh: (name: string) => `${name}的登录会话`, en: (name: string) => `Sessions of ${name}` },
  endAll: { zh: '全部结束', en: 'End all' },
  ended: { zh: '已结束', en: 'Ended' },
  rows: { zh: (n: number) => `共 ${n} 个账号`, en: (n: number) => `${n} accounts` },
})
