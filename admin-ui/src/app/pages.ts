/** The pages there are, in the order of the menu. A new one is a folder in features/ and its line here. */
import { accountsPage } from '../features/accounts/page.tsx'
import { arrivalsPage } from '../features/arrivals/page.tsx'
import { auditPage } from '../features/audit/page.tsx'
import { casePage } from '../features/case/page.tsx'
import { comparisonPage } from '../features/comparison/page.tsx'
import { exportsPage } from '../features/exports/page.tsx'
import { membersPage } from '../features/members/page.tsx'
import { activitiesPage } from '../features/activities/page.tsx'
import { importsPage } from '../features/imports/page.tsx'
import { organisationsPage } from '../features/organisations/page.tsx'
import { outflowPage } from '../features/outflow/page.tsx'
import { overviewPage } from '../features/overview/page.tsx'
import { ownPage } from '../features/own/page.tsx'
import { peersPage } from '../features/peers/page.tsx'
import { settingsPage } from '../features/settings/page.tsx'
import { type PageDefinition } from '../shared/definition.ts'

export const pages: readonly PageDefinition[] = [
  overviewPage,
  membersPage,
  organisationsPage,
  outflowPage,
  arrivalsPage,
  casePage,
  activitiesPage,
  comparisonPage,
  importsPage,
  exportsPage,
  peersPage,
  accountsPage,
  settingsPage,
  auditPage,
  ownPage,
]
