import { DiffOutlined } from '@ant-design/icons'
import { lazily, type PageDefinition } from '../../shared/definition.ts'

export const comparisonPage: PageDefinition = {
  path: '/comparison',
  menu: { zh: '对账', en: 'Comparison' },
  icon: <DiffOutlined />,
  needs: 'peers.comparison',
  Show: lazily(async () => (await import('./index.tsx')).ComparisonPage),
}
