/** Names: regions, ids that sort by time, digests of 43 letters. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { digestOf, digestSchema, nodeIdSchema, uuidSchema, uuidV7, utf8 } from '../../protocol/index.ts'
import { crypto } from '../vectors/actors.ts'

const time = fc.nat({ max: 2 ** 48 - 1 })
const chance = fc.uint8Array({ minLength: 10, maxLength: 10 })

describe('an id', () => {
  it.each([
    '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d',
    '019B7627-3C00-7000-8000-000000000000',
    '019b76273c0070008000000000000000',
    '019b7627-3c00-7000-c000-000000000000',
    '{019b7627-3c00-7000-8000-000000000000}',
    '019b7627-3c00-7000-8000-000000000000\n',
  ])('is not %j', (text) => expect(uuidSchema.safeParse(text).success).toBe(false))

  it('has the form of RFC 9562 for any time and chance', () => {
    fc.assert(
      fc.property(time, chance, (ms, random) => {
        expect(uuidSchema.safeParse(uuidV7(ms, random)).success).toBe(true)
      }),
    )
  })

  it('sorts by its time', () => {
    fc.assert(
      fc.property(time, time, chance, chance, (a, b, x, y) => {
        if (a < b) expect(uuidV7(a, x) < uuidV7(b, y)).toBe(true)
      }),
    )
  })

  it('is the one of RFC 9562 appendix A.6', () => {
    const random = Buffer.from('0cc318c4dc0c0c07398f', 'hex')
    expect(uuidV7(0x017f22e279b0, random)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f')
  })
})

describe('a region', () => {
  it.each(['41152', '4115250', '041152', '41152a', '411525\n', '４１１５２５', ''])('is not %j', (code) =>
    expect(nodeIdSchema.safeParse(code).success).toBe(false),
  )
  it('is six digits', () => expect(nodeIdSchema.safeParse('411525').success).toBe(true))
})

describe('a digest', () => {
  it('is refused in a second spelling', () => {
    expect(digestSchema.safeParse('A'.repeat(42) + 'B').success).toBe(false)
    expect(digestSchema.safeParse('A'.repeat(42)).success).toBe(false)
  })

  it('is the same of a text and of its bytes', () => {
    expect(digestOf(crypto, '流动党员')).toBe(digestOf(crypto, utf8('流动党员')))
    expect(digestSchema.safeParse(digestOf(crypto, '')).success).toBe(true)
    expect(digestOf(crypto, '')).toBe('47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU')
  })
})
