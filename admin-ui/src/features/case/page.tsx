import { lazily, type PageDefinition } from '../../shared/definition.ts'

export const casePage: PageDefinition = {
  path: '/cases',
  needs: 'case.detail',
  Show: lazily(async () => (await import('./index.tsx')).CasePage),
}
