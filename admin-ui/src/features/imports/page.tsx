/** Imports: where they stand in the menu, and whose page it is. */
import { ImportOutlined } from '@ant-design/icons'
import { lazily, type PageDefinition } from '../../shared/definition.ts'

export const importsPage: PageDefinition = {
  path: '/import',
  menu: { zh: '导入', en: 'Import' },
  icon: <ImportOutlined />,
  needs: 'imports.run',
  Show: lazily(async () => (await import('./index.tsx')).ImportPages),
}
