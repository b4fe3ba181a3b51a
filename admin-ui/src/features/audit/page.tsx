import { AuditOutlined } from '@ant-design/icons'
import { lazily, type PageDefinition } from '../../shared/definition.ts'

export const auditPage: PageDefinition = {
  path: '/audit',
  menu: { zh: '审计', en: 'Audit' },
  icon: <AuditOutlined />,
  needs: 'audit.list',
  Show: lazily(async () => (await import('./index.tsx')).AuditPage),
}
