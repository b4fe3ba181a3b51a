import { ExportOutlined } from '@ant-design/icons'
import { lazily, type PageDefinition } from '../../shared/definition.ts'

export const outflowPage: PageDefinition = {
  path: '/outflow',
  menu: { zh: '流出登记', en: 'Outflow' },
  icon: <ExportOutlined />,
  needs: 'cases.query',
  Show: lazily(async () => (await import('./index.tsx')).OutflowPage),
}
