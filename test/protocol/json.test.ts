/** The minimal JSON form: one spelling, bounded, and nothing that two programs could read differently (J9–J13). */
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import {
  canonicalJson,
  hasLongMarkRun,
  limits,
  parseStrict,
  parseStrictBytes,
  utf8,
  type Json,
} from '../../protocol/index.ts'

const text = fc
  .string({ unit: 'grapheme-composite', maxLength: 12 })
  .map((value) => value.normalize('NFC').replaceAll('\u0000', ''))
const name = text.filter(
  (value) => !/^(0|[1-9]\d*)$/.test(value) && !['__proto__', 'constructor', 'prototype'].includes(value),
)
const bounded = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger().map((number) => number + 0),
    text,
    fc.array(tie('value'), { maxLength: 6 }),
    fc.array(fc.tuple(name, tie('value')), { maxLength: 6 }).map((members) => Object.fromEntries(members)),
  ),
})).value

describe('parseStrict', () => {
  it('refuses any text that differs from what it would write', () => {
    fc.assert(
      fc.property(
        bounded,
        fc.nat(),
        fc.constantFrom(' ', '\n', '\t', '\ufeff', ',', '0'),
        (value, at, sign) => {
          const good = JSON.stringify(value)
          const place = at % (good.length + 1)
          const other = good.slice(0, place) + sign + good.slice(place)
          const read = parseStrict(other)
          expect(!read.ok || JSON.stringify(read.value) === other).toBe(true)
        },
      ),
    )
  })

  it.each([
    ['a duplicate member', '{"a":1,"a":2}'],
    ['a duplicate member, once escaped', '{"a":1,"\\u0061":2}'],
    ['a blank', '{"a": 1}'],
    ['minus zero', '-0'],
    ['1e400', '1e400'],
    ['1.0', '1.0'],
    ['a number beyond 2^53-1', '9007199254740992'],
    ['__proto__', '{"__proto__":1}'],
    ['a decimal member name, which would change places', '{"2":1}'],
    ['NFD', '"e\u0301"'],
    ['a lone surrogate, raw', '"\ud800"'],
    ['a lone surrogate, escaped', '"\\ud800"'],
    ['NUL, escaped', '"\\u0000"'],
    ['a byte-order mark', '\ufeff{}'],
  ])('refuses %s', (_, spelling) =>
    expect(parseStrict(spelling)).toMatchObject({ ok: false, code: 'bad_json' }),
  )

  it('never makes an object with another prototype out of a text', () => {
    const read = parseStrict('{"a":{"__proto__":{"admin":true}}}')
    expect(read.ok).toBe(false)
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })

  it('refuses nesting of two hundred thousand without falling over', () => {
    expect(parseStrict('['.repeat(200_000) + ']'.repeat(200_000)).ok).toBe(false)
  })

  it('says why without quoting the text', () => {
    const read = parseStrict('{"name":"龚胜平","name":"龚光平"}')
    expect(!read.ok && read.detail).toBe('not in minimal form')
  })
})

describe('parseStrict in its bounds', () => {
  it.each([
    ['depth', limits.jsonDepth, (n: number) => '['.repeat(n) + ']'.repeat(n)],
    [
      'members',
      limits.jsonMembers,
      (n: number) => JSON.stringify(Object.fromEntries(Array.from({ length: n }, (_, i) => [`m${i}`, 0]))),
    ],
  ])('allows exactly the limit of %s', (_, limit, make) => {
    expect(parseStrict(make(limit)).ok).toBe(true)
    expect(parseStrict(make(limit + 1)).ok).toBe(false)
  })

  it('accepts what JSON.stringify writes of any bounded value in NFC', () => {
    fc.assert(
      fc.property(bounded, (value) => {
        expect(parseStrict(JSON.stringify(value))).toEqual({ ok: true, value })
      }),
      { numRuns: 500 },
    )
  })
})

describe('a run of combining marks', () => {
  const piece = fc.oneof(
    fc.tuple(fc.constantFrom('\u0300', '\u0316', '\u093e', '\u20dd', '\u{1e000}'), fc.nat(40)),
    fc.tuple(fc.constantFrom('a', '党', 'é', '𠮷', '\u{1f600}'), fc.nat(40)),
  )

  it('is seen exactly where there are more than the limit, wherever it stands', () => {
    const run = new RegExp(`\\p{M}{${limits.combiningMarks + 1}}`, 'u')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const long = pieces.map(([sign, times]) => sign.repeat(times)).join('')
        expect(hasLongMarkRun(long)).toBe(run.test(long))
      }),
      { numRuns: 1000 },
    )
  })

  it('is refused before anything is normalised, which costs the square of its length', () => {
    const normalised = vi.spyOn(String.prototype, 'normalize')
    const long = `a${'\u0300'.repeat(3900)}${'\u0316'.repeat(3900)}`
    expect(parseStrict(JSON.stringify({ long }))).toMatchObject({ ok: false, code: 'bad_json' })
    expect(parseStrict(JSON.stringify({ [long]: 1 }))).toMatchObject({ ok: false, code: 'bad_json' })
    expect(normalised).not.toHaveBeenCalled()
    normalised.mockRestore()
  })
})

describe('parseStrictBytes', () => {
  it.each(['efbbbf7b7d', '22ff22', '22eda08022', '22c08022'])('refuses the bytes %s', (hex) =>
    expect(parseStrictBytes(Buffer.from(hex, 'hex')).ok).toBe(false),
  )

  it('gives the exact text beside the value', () => {
    expect(parseStrictBytes(utf8('{"b":1,"a":2}'))).toEqual({
      ok: true,
      text: '{"b":1,"a":2}',
      value: { a: 2, b: 1 },
    })
  })
})

describe('canonicalJson', () => {
  it('is the same for the same value in any order of members', () => {
    expect(canonicalJson({ b: 1, a: [{ d: 2, c: null }] })).toBe('{"a":[{"c":null,"d":2}],"b":1}')
    expect(canonicalJson({ a: [{ c: null, d: 2 }], b: 1 })).toBe('{"a":[{"c":null,"d":2}],"b":1}')
  })

  it('leaves out what is undefined and keeps what is null', () => {
    expect(canonicalJson({ a: undefined, b: null })).toBe('{"b":null}')
  })

  it('sorts by UTF-16 code units as RFC 8785 does', () => {
    expect(canonicalJson({ '\ufb33': 1, '\ud83d\ude02': 2, '€': 3, '1': 4 })).toBe(
      '{"1":4,"€":3,"😂":2,"\ufb33":1}',
    )
  })

  it('is read back as the value it was written of', () => {
    fc.assert(
      fc.property(bounded, (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(value)
      }),
    )
  })
})
