/** Rows of the pages: a page of people is for those who work on people. */
import { expect, it } from 'vitest'
import { pageRoutes, type RouteContract } from '../../protocol/index.ts'

it('a page that shows people names its roles one by one', () => {
  for (const row of Object.values(pageRoutes) as RouteContract[]) expect(Array.isArray(row.access)).toBe(true)
})
