/** Rows of signing in and accounts: who reaches them before anything is known of him. */
import { expect, it } from 'vitest'
import { accountRoutes, entranceRoutes, type RouteContract } from '../../protocol/index.ts'

it('before signing in there are the entrance, setting up and the two steps of signing in', () => {
  const rows = Object.entries({ ...entranceRoutes, ...accountRoutes }) as [string, RouteContract][]
  const open = rows.filter(([, { access }]) => access === 'anyone').map(([name]) => name)
  expect(open).toEqual([
    ...['entrance.look', 'entrance.set-up', 'session.begin', 'session.second-factor'],
    ...['oidc.begin', 'oidc.finish', 'oidc.link'],
  ])
})

it('with a one-time password there are who he is, choosing a password and leaving', () => {
  const rows = Object.entries({ ...entranceRoutes, ...accountRoutes }) as [string, RouteContract][]
  const early = rows.filter(([, { beforePassword }]) => beforePassword === true).map(([name]) => name)
  expect(early).toEqual(['session.who', 'session.end', 'own.password'])
})
