/** Organisations: where they stand in the menu, and whose page it is. */
import { ApartmentOutlined } from '@ant-design/icons'
import { lazily, type PageDefinition } from '../../shared/definition.ts'

export const organisationsPage: PageDefinition = {
  path: '/organisations',
  menu: { zh: '党组织', en: 'Organisations' },
  icon: <ApartmentOutlined />,
  needs: 'organisations.list',
  Show: lazily(async () => (await import('./index.tsx')).OrganisationsPage),
}
