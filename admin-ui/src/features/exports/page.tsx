import { FileExcelOutlined } from '@ant-design/icons'
import { lazily, type PageDefinition } from '../../shared/definition.ts'

export const exportsPage: PageDefinition = {
  path: '/exports',
  menu: { zh: '导出申请', en: 'Exports' },
  icon: <FileExcelOutlined />,
  needs: 'exports.list',
  Show: lazily(async () => (await import('./index.tsx')).ExportsPage),
}
