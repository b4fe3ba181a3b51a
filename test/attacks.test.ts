/** The map from attack to test: every row of the three catalogues is there, and every test it names exists. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const rowSchema = z.strictObject({
  attack: z.string().min(5),
  /** `file › words of a title`. */
  tests: z.array(z.string().includes(' › ')).min(1).optional(),
  reason: z.string().min(20).optional(),
  /** Not held yet: the capability that will bring it. */
  coming: z.string().min(5).optional(),
})
const { comment: _comment, ...rows } = JSON.parse(readFileSync('test/attacks.json', 'utf8')) as Record<
  string,
  unknown
>
const map = z.record(z.string(), rowSchema).parse(rows)
const catalogue = [
  ...Array.from({ length: 28 }, (_, i) => `J${i + 1}`),
  ...Array.from({ length: 24 }, (_, i) => `P${i + 1}`),
  ...Array.from({ length: 13 }, (_, i) => `Y${i + 1}`),
  ...Array.from({ length: 23 }, (_, i) => `W${i + 1}`),
]

describe('the map of attacks', () => {
  it('has every row of the catalogues and no other', () => {
    expect(Object.keys(map)).toEqual(catalogue)
  })

  it.each(Object.entries(map))(
    '%s has a test, a reason or what it waits for',
    (_row, { tests, reason, coming }) => {
      expect(tests ?? reason ?? coming).toBeDefined()
      expect(coming !== undefined && tests !== undefined, 'either it is held or it is coming').toBe(false)
      for (const named of tests ?? []) {
        const [file = '', words = ''] = named.split(' › ')
        const source = path.join('test', file)
        expect(existsSync(source), `${source} exists`).toBe(true)
        expect(readFileSync(source, 'utf8'), `${source} has a test with these words`).toContain(words)
      }
    },
  )
})
