import { LoginOutlined } from '@ant-design/icons'
import { lazily, type PageDefinition } from '../../shared/definition.ts'

export const arrivalsPage: PageDefinition = {
  path: '/arrivals',
  menu: { zh: '流入报到', en: 'Arrivals' },
  icon: <LoginOutlined />,
  needs: 'arrivals.query',
  Show: lazily(async () => (await import('./index.tsx')).ArrivalsPage),
}
