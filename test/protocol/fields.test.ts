/** The small values: days that exist, tags in one spelling, and a class for everything that is about a person. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type z } from 'zod'
import {
  categorySchema,
  certificateSchema,
  daySchema,
  dayOrMonthSchema,
  fieldClasses,
  instantSchema,
  lineSchema,
  longTextSchema,
  nameSchema,
  noteSchema,
  phoneSchema,
  tagSchema,
} from '../../protocol/index.ts'

const takes = (schema: z.ZodType, value: unknown) => schema.safeParse(value).success

describe('a day', () => {
  it.each([
    '2025-02-29',
    '1900-02-29',
    '2025-04-31',
    '2025-13-01',
    '2025-00-10',
    '2025-1-1',
    '20250101',
    '1899-12-31',
    '2100-01-01',
    '2025-01-01 ',
  ])('is not %j', (day) => expect(takes(daySchema, day)).toBe(false))

  it('exists exactly when the calendar has it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1900, max: 2099 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 31 }),
        (y, m, d) => {
          const day = `${y}-${String(m).padStart(2, '0')}-${String(d).padStart(2, '0')}`
          expect(takes(daySchema, day)).toBe(new Date(Date.UTC(y, m - 1, d)).getUTCDate() === d)
        },
      ),
    )
  })

  it('may be a month where the paper gives no day, and only there', () => {
    expect(takes(dayOrMonthSchema, '2025-09')).toBe(true)
    expect(takes(dayOrMonthSchema, '2025-13')).toBe(false)
    expect(takes(dayOrMonthSchema, '2025')).toBe(false)
    expect(takes(daySchema, '2025-09')).toBe(false)
  })
})

describe('an instant', () => {
  it.each([
    '2026-02-30T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:60:00Z',
    '2016-12-31T23:59:60Z',
    '2026-01-01T00:00:00.5Z',
    '2026-01-01T00:00:00+00:00',
    '2026-01-01 00:00:00Z',
    '1999-12-31T23:59:59Z',
  ])('is not %j', (instant) => expect(takes(instantSchema, instant)).toBe(false))

  it('is what a clock writes, without its fraction', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }),
        (date) => {
          expect(takes(instantSchema, date.toISOString().replace(/\.\d{3}Z$/, 'Z'))).toBe(true)
        },
      ),
    )
  })
})

describe('text', () => {
  it.each(['', ' a', 'a ', '\u3000甲', '甲\u00a0', 'a\n', '长'.repeat(501)])('is no line: %j', (text) =>
    expect(takes(lineSchema, text)).toBe(false),
  )

  it('is measured in code points', () => {
    expect(takes(nameSchema, '𠮷'.repeat(50))).toBe(true)
    expect(takes(nameSchema, '𠮷'.repeat(51))).toBe(false)
    expect(takes(longTextSchema, '长'.repeat(4001))).toBe(false)
    expect(takes(certificateSchema, '')).toBe(false)
  })
})

it.each(['1234', '+', '0755-1234567', '１３８００００００００', '1'.repeat(21), '++12345'])(
  'a telephone number is not %j',
  (phone) => expect(takes(phoneSchema, phone)).toBe(false),
)

it('a tag has one spelling', () => {
  expect(takes(tagSchema, 'A'.repeat(43))).toBe(true)
  expect(takes(tagSchema, 'A'.repeat(42) + 'B')).toBe(false)
})

it('what concerns a person has a class that keeps it out of logs', () => {
  for (const schema of [nameSchema, phoneSchema, certificateSchema, noteSchema])
    expect(fieldClasses.get(schema)).toEqual({ class: 'personal' })
  for (const schema of [tagSchema, categorySchema])
    expect(fieldClasses.get(schema)).toEqual({ class: 'sensitive' })
})
