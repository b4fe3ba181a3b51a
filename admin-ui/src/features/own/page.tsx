import { lazily, type PageDefinition } from '../../shared/definition.ts'

/** It stands in the menu of one's own name, not among the pages. */
export const ownPage: PageDefinition = {
  path: '/own',
  needs: 'session.who',
  Show: lazily(async () => (await import('./index.tsx')).OwnPage),
}
