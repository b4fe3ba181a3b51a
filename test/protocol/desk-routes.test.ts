/** Rows of the desk: what nobody does by himself, and what no page does by itself. */
import { expect, it } from 'vitest'
import { deskRoutes, routes, type RouteContract } from '../../protocol/index.ts'

it('the second person of an export answers for the region or the node, and no program is one', () => {
  expect(deskRoutes['exports.decide'].access).toEqual(['administrator', 'officer'])
  for (const name of ['exports.ask', 'exports.decide', 'exports.fetch'] as const)
    expect(deskRoutes[name].access).not.toContain('operator')
})

it('what a page asks in the background only looks', () => {
  const rows = (Object.values(routes) as RouteContract[]).filter(({ background }) => background === true)
  expect(rows.length).toBeGreaterThan(0)
  for (const row of rows) expect([row.path, row.csrf, row.audit]).toEqual([row.path, 'read', null])
})
