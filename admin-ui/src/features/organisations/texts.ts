import { texts } from '../../shared/language.tsx'

export const words = texts({
  title: { zh: '党组织', en: 'Organisations' },
  hint: {
    zh: '本地区的党委与党支部。人数含下级;导入名册时出现的新支部会自动加入。',
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
    zh: '请写全称,与名册上的写法一致,如“中共东河镇三岭村支部委员会”',
    en: 'In full, as the rosters write it',
  },
  needed: { zh: '请填写此项', en: 'Fill this in' },
  save: { zh: '保存', en: 'Save' },
  cancel: { zh: '取消', en: 'Cancel' },
  added: { zh: (name: string) => `已新增 ${name}`, en: (name: string) => `${name} is added` },
  renamed: { zh: (name: string) => `已更名为 ${name}`, en: (name: string) => `It is called ${name} now` },
  moved: { zh: (name: string) => `已调整 ${name} 的隶属`, en: (name: string) => `${name} is moved` },
  nothing: { zh: '没有名称相符的党组织', en: 'No organisation has such a name' },
  empty: {
    zh: '还没有党组织。导入党员花名册后自动建立,也可在此新增。',
    en: 'None yet. They come with the roster, or add them here.',
  },
})
