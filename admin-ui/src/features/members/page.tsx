/** Members: where they stand in the menu, and whose page it is. */
import { TeamOutlined } from '@ant-design/icons'
import { lazily, type PageDefinition } from '../../shared/definition.ts'

export const membersPage: PageDefinition = {
  path: '/members',
  menu: { zh: '党员名册', en: 'Members' },
  icon: <TeamOutlined />,
  needs: 'members.query',
  Show: lazily(async () => (await import('./index.tsx')).MembersPages),
}
