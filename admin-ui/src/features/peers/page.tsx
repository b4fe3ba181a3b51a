import { ApiOutlined } from '@ant-design/icons'
import { lazily, type PageDefinition } from '../../shared/definition.ts'

export const peersPage: PageDefinition = {
  path: '/peers',
  menu: { zh: '协议与往来', en: 'Peers' },
  icon: <ApiOutlined />,
  needs: 'peers.list',
  Show: lazily(async () => (await import('./index.tsx')).PeersPage),
}
