import { SettingOutlined } from '@ant-design/icons'
import { lazily, type PageDefinition } from '../../shared/definition.ts'

export const settingsPage: PageDefinition = {
  path: '/settings',
  menu: { zh: '设置', en: 'Settings' },
  icon: <SettingOutlined />,
  needs: 'settings.look',
  Show: lazily(async () => (await import('./index.tsx')).SettingsPage),
}
