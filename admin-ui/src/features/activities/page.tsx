/** Activities: where they stand in the menu, and whose page it is. */
import { CalendarOutlined } from '@ant-design/icons'
import { lazily, type PageDefinition } from '../../shared/definition.ts'

export const activitiesPage: PageDefinition = {
  path: '/activities',
  menu: { zh: '活动与党费', en: 'Activities' },
  icon: <CalendarOutlined />,
  needs: 'activities.query',
  Show: lazily(async () => (await import('./index.tsx')).ActivitiesPages),
}
