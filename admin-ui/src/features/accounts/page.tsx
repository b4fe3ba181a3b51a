import { TeamOutlined } from '@ant-design/icons'
import { lazily, type PageDefinition } from '../../shared/definition.ts'

export const accountsPage: PageDefinition = {
  path: '/accounts',
  menu: { zh: '账号', en: 'Accounts' },
  icon: <TeamOutlined />,
  needs: 'accounts.list',
  Show: lazily(async () => (await import('./index.tsx')).AccountsPage),
}
