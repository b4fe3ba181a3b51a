import { texts } from '../../shared/language.tsx'

export const words = texts({
  signIn: { zh: '登录', en: 'Sign in' },
  account: { zh: '账号', en: 'Account' },
  password: { zh: '密码', en: 'Password' },
  needed: { zh: '请填写此项', en: 'Fill this in' },
  product: { zh: '汇流 · 流动党员协同', en: 'Huiliu · mobile Party members' },
  code: { zh: '六位验证码', en: 'Six-digit code' },
  codeHint: {
    zh: '请打开手机上的验证器，输入当前显示的六位数字。',
    en: 'Open the authenticator on your phone and type the six digits it shows.',
  },
  recovery: { zh: '改用恢复码', en: 'Use a recovery code' },
  recoveryCode: { zh: '恢复码', en: 'Recovery code' },
  authenticator: { zh: '改用验证器', en: 'Use the authenticator' },
  goOn: { zh: '继续', en: 'Continue' },
  setUp: { zh: '首次设置：建立系统管理员', en: 'First set-up: the administrator' },
  setUpHint: {
    zh: '初始设置码由启动节点的信息人员提供，显示在启动窗口中。',
    en: 'The set-up code is shown where your IT started the node.',
  },
  setUpCode: { zh: '初始设置码', en: 'Set-up code' },
  name: { zh: '姓名', en: 'Name' },
  newAccount: { zh: '登录账号', en: 'Account to sign in with' },
  make: { zh: '建立并登录', en: 'Make it and sign in' },
  choose: { zh: '请设置自己的密码', en: 'Choose your own password' },
  chooseHint: {
    zh: '您使用的是一次性密码，设置自己的密码后才能继续。',
    en: 'You came with a one-time password. Choose your own to go on.',
  },
  current: { zh: '一次性密码', en: 'One-time password' },
  save: { zh: '保存', en: 'Save' },
  contact: {
    zh: (whom: string) => `登录遇到问题，请联系：${whom}`,
    en: (whom: string) => `Help with signing in: ${whom}`,
  },
  or: { zh: '或', en: 'or' },
  checking: { zh: '正在核对统一身份认证的答复…', en: 'Checking what the identity provider answered…' },
  refused: {
    zh: '统一身份认证未完成，没有登录。您可以重新开始，或改用账号和密码。',
    en: 'The identity provider did not confirm it: nobody was signed in. Begin again, or use account and password.',
  },
  closed: {
    zh: '您的身份已确认，但所关联的账号已停用。请联系系统管理员。',
    en: 'You were recognised, but the account linked with you is disabled. Ask the administrator.',
  },
  back: { zh: '返回登录页', en: 'Back to signing in' },
  link: { zh: '关联本地账号', en: 'Link your account' },
  linkHint: {
    zh: '您的身份已确认，但尚未关联本地账号。请输入系统管理员给您的一次性关联码；只需关联一次，10 分钟内完成。',
    en: 'You were recognised, but no account here is linked with you yet. Type the one-time code your administrator gave you; it is needed once, within ten minutes.',
  },
  linkCode: { zh: '一次性关联码', en: 'One-time link code' },
  wrongLinkCode: {
    zh: '关联码不正确、已使用或已过期。请核对后重新输入，或请系统管理员重新给出。',
    en: 'The link code is not right, was used or has lapsed. Check it, or ask the administrator for a new one.',
  },
  linkAndEnter: { zh: '关联并登录', en: 'Link and sign in' },
  other: { zh: 'English', en: '中文' },
})
