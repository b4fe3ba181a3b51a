/** The words of every list: searching, columns, views, copying, export. */
import { texts } from '../language.tsx'

export const words = texts({
  search: { zh: '搜索', en: 'Search' },
  columns: { zh: '列', en: 'Columns' },
  copy: { zh: '复制', en: 'Copy' },
  copied: {
    zh: (n: number) => `已复制 ${n} 行，可粘贴到 Excel`,
    en: (n: number) => `${n} rows copied, ready to paste into Excel`,
  },
  export: { zh: '导出 Excel', en: 'Export to Excel' },
  exported: { zh: '已导出', en: 'Exported' },
  print: { zh: '打印', en: 'Print' },
  views: { zh: '视图', en: 'Views' },
  saveView: { zh: '保存当前视图…', en: 'Save this view…' },
  viewName: { zh: '视图名称', en: 'Name of the view' },
  deleteView: {
    zh: (name: string) => `删除视图“${name}”`,
    en: (name: string) => `Delete the view “${name}”`,
  },
  noViews: { zh: '还没有保存的视图', en: 'No saved views yet' },
  save: { zh: '保存', en: 'Save' },
  cancel: { zh: '取消', en: 'Cancel' },
  reset: { zh: '清除筛选', en: 'Clear filters' },
  shown: { zh: (n: number) => `共 ${n} 行`, en: (n: number) => `${n} rows` },
  shownMore: {
    zh: (n: number) => `已显示 ${n} 行，还有更多`,
    en: (n: number) => `${n} rows shown, there are more`,
  },
  sortedOfShown: { zh: '排序只对已显示的行有效', en: 'sorted among the rows shown' },
  more: { zh: '再显示 100 行', en: 'Show 100 more' },
  selected: { zh: (n: number) => `已选 ${n} 行`, en: (n: number) => `${n} selected` },
  empty: { zh: '没有符合条件的记录', en: 'Nothing fits' },
})
