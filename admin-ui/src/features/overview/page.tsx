import { DashboardOutlined } from '@ant-design/icons'
import { lazily, type PageDefinition } from '../../shared/definition.ts'

export const overviewPage: PageDefinition = {
  path: '/',
  menu: { zh: '总览', en: 'Overview' },
  icon: <DashboardOutlined />,
  needs: 'overview.look',
  Show: lazily(async () => (await import('./index.tsx')).OverviewPage),
}
