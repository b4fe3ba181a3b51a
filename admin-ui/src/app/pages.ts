/** The pages there are, in the order of the menu. A new one is a folder in features/ and its line here. */
import { overviewPage } from '../features/overview/page.tsx'
import { type PageDefinition } from '../shared/definition.ts'

import { accountsPage } from '../features/accounts/page.tsx'
import { auditPage } from '../features/audit/page.tsx'
import { comparisonPage } from '../features/comparison/page.tsx'
import { exportsPage } from '../features/exports/page.tsx'
import { outflowPage } from '../features/outflow/page.tsx'
import { ownPage } from '../features/own/page.tsx'
import { peersPage } from '../features/peers/page.tsx'

export const pages: readonly PageDefinition[] = [
  overviewPage,
  outflowPage,
  comparisonPage,
  peersPage,
  accountsPage,
  ownPage,
]
