/** The pages there are, in the order of the menu. A new one is a folder in features/ and its line here. */
import { overviewPage } from '../features/overview/page.tsx'
import { type PageDefinition } from '../shared/definition.ts'

import { outflowPage } from '../features/outflow/page.tsx'
import { membersPage } from '../features/members/page.tsx'
import { activitiesPage } from '../features/activities/page.tsx'
import { importsPage } from '../features/imports/page.tsx'
import { organisationsPage } from '../features/organisations/page.tsx'

export const pages: readonly PageDefinition[] = [
  overviewPage,
  outflowPage,
  membersPage,
  organisationsPage,
  activitiesPage,
  importsPage,
]
