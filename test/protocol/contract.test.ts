/** What rows of the route table share: pages by keyset, bounded, and nothing beyond what a form names. */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { callers, pageOf, pageQuery, roles } from '../../protocol/index.ts'

const query = z.strictObject(pageQuery)

describe('a page', () => {
  it('has fifty items unless asked otherwise, and never more than two hundred', () => {
    expect(query.parse({})).toEqual({ limit: 50 })
    expect(query.parse({ limit: '200', after: 'x' })).toEqual({ limit: 200, after: 'x' })
    for (const bad of [
      { limit: '201' },
      { limit: '0' },
      { limit: 'x' },
      { limit: '1.5' },
      { after: '' },
      { sort: 'name' },
    ])
      expect(query.safeParse(bad).success).toBe(false)
  })

  it('names what follows, or nothing', () => {
    const page = pageOf(z.strictObject({ id: z.string() }))
    expect(page.safeParse({ items: [{ id: 'a' }], next: null }).success).toBe(true)
    expect(page.safeParse({ items: [{ id: 'a', idNumber: '1' }], next: null }).success).toBe(false)
  })
})

it('the callers are the roles and the token of the machine', () => {
  expect(callers).toEqual([...roles, 'operator'])
})
