/** Bytes as text: one spelling for any bytes, and no bytes for any other spelling (attacks.md J7, J20). */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { base64url, fromBase64url, fromUtf8, hex, sameBytes, utf8 } from '../../protocol/index.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const bytes = fc.uint8Array({ maxLength: 100 })

describe('base64url', () => {
  it('refuses whatever it would not have written itself', () => {
    const letters = fc.string({ unit: fc.constantFrom(...alphabet, '=', '+', '/', ' ', '\n'), maxLength: 40 })
    fc.assert(
      fc.property(letters, (text) => {
        const read = fromBase64url(text)
        expect(read === undefined || base64url(read) === text).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('refuses every other last letter of the same bytes', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        const text = base64url(value)
        if (value.length % 3 === 0) return
        const last = alphabet.indexOf(text.slice(-1))
        const unused = value.length % 3 === 1 ? 16 : 4
        for (let other = 1; other < unused; other++)
          expect(fromBase64url(text.slice(0, -1) + alphabet.charAt(last | other))).toBeUndefined()
      }),
    )
  })

  it('refuses padding, blanks and any foreign character anywhere', () => {
    fc.assert(
      fc.property(
        bytes,
        fc.nat(),
        fc.constantFrom('=', ' ', '\n', '\r', '\t', '+', '/', '.', '\u0000', 'é', '流'),
        (value, at, sign) => {
          const text = base64url(value)
          const place = at % (text.length + 1)
          expect(fromBase64url(text.slice(0, place) + sign + text.slice(place))).toBeUndefined()
        },
      ),
    )
  })

  it('comes back as the bytes that were spelt, and spells them as Node does', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(base64url(value)).toBe(Buffer.from(value).toString('base64url'))
        expect(fromBase64url(base64url(value))).toEqual(value)
      }),
    )
  })
})

describe('UTF-8', () => {
  it('is not guessed: invalid bytes are nothing', () => {
    for (const text of ['ff', 'c080', 'eda080', 'e6b5', 'f4908080'])
      expect(fromUtf8(Buffer.from(text, 'hex')), text).toBeUndefined()
  })

  it('keeps a byte-order mark visible', () => {
    expect(fromUtf8(Buffer.from('efbbbf41', 'hex'))).toBe('\ufeffA')
  })

  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(fromUtf8(utf8(text))).toBe(text)
      }),
    )
  })
})

it('hex has two digits for every byte', () => expect(hex(new Uint8Array([0, 10, 255]))).toBe('000aff'))

it('bytes are the same only in length and in every place', () => {
  expect(sameBytes(new Uint8Array([1, 2]), new Uint8Array([1, 2]))).toBe(true)
  expect(sameBytes(new Uint8Array([1, 2]), new Uint8Array([1, 3]))).toBe(false)
  expect(sameBytes(new Uint8Array([1, 2]), new Uint8Array([1]))).toBe(false)
})
