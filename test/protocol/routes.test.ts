/** The route table as data; what it promises of access is walked in test/http/matrix.test.ts. */
import { describe, expect, it } from 'vitest'
import { routes, scopes, type RouteContract } from '../../protocol/index.ts'

const rows = Object.entries(routes) as [string, RouteContract][]

describe('every row', () => {
  it.each(rows)('%s says what it is in both languages and names what its path holds', (_, row) => {
    expect(row.zh).toMatch(/\p{Script=Han}/u)
    expect(row.en).toMatch(/^[A-Z][^\p{Script=Han}]+$/u)
    expect(scopes).toContain(row.scope)
    const named = [...row.path.matchAll(/:(\w+)/g)].map(([, name]) => name)
    expect(named.length > 0).toBe(row.params !== undefined)
    if (named[0] !== undefined) expect(row.params?.safeParse({ [named[0]]: '' }).success).toBe(false)
    if (row.csrf === 'read') expect(row.body).toBeUndefined()
    for (const forbidden of [{ role: 'administrator' }, { organisation: 'x', branchId: 'y' }])
      expect(row.query?.safeParse({ ...forbidden, surprise: '1' }).success ?? false).toBe(false)
  })
})
