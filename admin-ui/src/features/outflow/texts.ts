import { texts } from '../../shared/language.tsx'

export const words = texts({
  title: { zh: '流出登记', en: 'Outflow' },
  hint: {
    zh: '本地党员外出到其他地区的登记，与流入地的登记对照。新增请到“党员名册”中选择党员，或在“导入”中导入流出登记表。',
    en: 'Our members who are elsewhere, beside what the other region says. Choose a member under Members to add one, or import a register.',
  },
  name: { zh: '姓名', en: 'Name' },
  peer: { zh: '流入地', en: 'Host region' },
  leftOn: { zh: '外出日期', en: 'Left on' },
  destination: { zh: '外出地点', en: 'Destination' },
  organisation: { zh: '所在党支部', en: 'Branch at home' },
  hostBranch: { zh: '流入地党支部', en: 'Branch at host' },
  changed: { zh: '最近变化', en: 'Last change' },
  search: { zh: '姓名开头', en: 'Beginning of a name' },
  file: { zh: '流出登记', en: 'outflow' },
  add: { zh: '登记流出', en: 'Register an outflow' },
  empty: {
    zh: '还没有流出登记。点“登记流出”选择党员，或导入流出登记表。',
    en: 'No outflow yet. Register one by choosing a member, or import the register.',
  },
})
