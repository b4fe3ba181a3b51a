/** The words of the page of organisations. */
import { texts } from '../../shared/language.tsx'

export const words = texts({
  title: { zh: '党组织', en: 'Organisations' },
  hint: {
    zh: '本地区的党委与党支部。人数含下级；导入名册时出现的新支部会自动加入。',
    en: 'Committees and branches of this region. Counts include those below; branches named in an import are added by themselves.',
  },
  search: { zh: '名称', en: 'Name' },
  name: { zh: '名称', en: 'Name' },
  kind: { zh: '类别', en: 'Kind' },
  members: { zh: '党员', en: 'Members' },
  away: { zh: '流出', en: 'Away' },
  here: { zh: '流入', en: 'Here' },
  work: { zh: '操作', en: 'Actions' },
  add: { zh: '新增党组织', en: 'Add an organisation' },
  addBelow: { zh: '新增下级支部', en: 'Add a branch below' },
  more: { zh: (name: string) => `${name}的操作`, en: (name: string) => `Actions on ${name}` },
  rename: { zh: '更名', en: 'Rename' },
  move: { zh: '调整隶属', en: 'Move' },
  parent: { zh: '上级党委', en: 'Committee above' },
  underRegion: { zh: '不选则直属本地区', en: 'Left empty: directly under the region' },
  newName: { zh: '全称', en: 'Full name' },
  nameHint: {
    zh: '请写全称，与名册上的写法一致，如“中共东河镇三岭村支部委员会”',
    en: 'In full, as the rosters write it',
  },
  needed: { zh: '请填写此项', en: 'Fill this in' },
  save: { zh: '保存', en: 'Save' },
  cancel: { zh: '取消', en: 'Cancel' },
  added: { zh: (name: string) => `已新增 ${name}`, en: (name: string) => `${name} is added` },
  renamed: { zh: (name: string) => `已更名为 ${name}`, en: (name: string) => `It is called ${name} now` },
  moved: { zh: (name: string) => `已调整 ${name} 的隶属`, en: (name: string) => `${name} is moved` },
  remove: { zh: '删除', en: 'Remove' },
  removeAsk: { zh: (name: string) => `删除 ${name}?`, en: (name: string) => `Remove ${name}?` },
  removeWhat: {
    zh: '只有没有党员、登记、下级和账号的组织可以删除。删除后不能恢复。',
    en: 'Only one without people, cases, branches and accounts can be removed. It does not come back.',
  },
  removed: { zh: (name: string) => `已删除 ${name}`, en: (name: string) => `${name} is removed` },
  merge: { zh: '并入另一组织', en: 'Merge into another' },
  mergeInto: { zh: '并入', en: 'Merge into' },
  mergeHint: {
    zh: '同一支部有两种写法时用。党员、登记、下级和账号都归入所选组织，本组织随即消失。',
    en: 'For one branch written in two ways: its people, cases, branches and accounts go to the other, and it is gone.',
  },
  mergeAsk: {
    zh: (from: string, into: string) => `把 ${from} 并入 ${into}?`,
    en: (from: string, into: string) => `Merge ${from} into ${into}?`,
  },
  mergeWhat: { zh: '合并后不能分开。', en: 'They cannot be parted again.' },
  merged: { zh: (name: string) => `已并入 ${name}`, en: (name: string) => `It is part of ${name} now` },
  nothing: { zh: '没有名称相符的党组织', en: 'No organisation has such a name' },
  empty: {
    zh: '还没有党组织。导入党员花名册后自动建立，也可在此新增。',
    en: 'None yet. They come with the roster, or add them here.',
  },
})
