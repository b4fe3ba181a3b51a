/** Signed reading: one purpose, one audience, a short while (J17, P9). */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  limits,
  purposeSchema,
  readAnswerPayload,
  readRequestPayload,
  type Json,
} from '../../protocol/index.ts'
import { home, host, id, startSeconds as now, tag } from '../vectors/actors.ts'

const request = {
  iss: host.node,
  aud: home.node,
  iat: now,
  exp: now + limits.requestSeconds,
  nonce: id(1),
  purpose: { what: 'pull', epoch: 1, after: 0 },
}
const read = (change: object, at = now) => {
  const result = readRequestPayload({ ...request, ...change } as Json, at)
  return result.ok ? 'taken' : result.code
}

describe('a request', () => {
  it('is refused after its end, before its time, and when it would be valid for too long', () => {
    expect(read({}, now + limits.requestSeconds + 1)).toBe('bad_time')
    expect(read({}, now - limits.requestSeconds - 1)).toBe('bad_time')
    expect(read({ exp: now + limits.requestSeconds + 1 })).toBe('bad_time')
    expect(read({ exp: now - 1 })).toBe('bad_time')
  })

  it('can be used within its span and within five minutes of skew, never longer than ten minutes in all', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -2000, max: 2000 }),
        fc.integer({ min: -400, max: 400 }),
        (skew, span) => {
          const valid = read({ exp: now + span }, now + skew) === 'taken'
          expect(valid).toBe(span >= 0 && span <= 300 && skew <= span && skew >= -300)
        },
      ),
    )
  })

  it.each([
    ['no exp', { exp: undefined }],
    ['no nonce', { nonce: undefined }],
    ['a nonce that is no id', { nonce: 'once' }],
    ['no purpose', { purpose: undefined }],
    ['an unknown member', { scope: 'all' }],
    ['aud as an array', { aud: [home.node] }],
  ])('is refused with %s', (_, change) => expect(read(change)).toBe('bad_field'))

  it('reads for a pull, a comparison, heads or a restore, and for nothing else', () => {
    const takes = (purpose: object) => purposeSchema.safeParse(purpose).success
    expect(takes({ what: 'dump' })).toBe(false)
    expect(takes({ what: 'pull', epoch: 1 })).toBe(false)
    expect(takes({ what: 'pull', epoch: 1, after: 0, of: '330106' })).toBe(false)
    expect(takes({ what: 'compare', home: 'all', after: null })).toBe(false)
    expect(takes({ what: 'heads', of: '330106' })).toBe(false)
    expect(takes({ what: 'restore', of: '330106', after: { epoch: 1, seq: 0 } })).toBe(false)
    expect(takes({ what: 'restore', of: 'asked', after: null })).toBe(false)
    expect(takes({ what: 'restore', of: 'asked', after: { epoch: 1, seq: -1 } })).toBe(false)
    for (const [epoch, seq] of [
      [limits.streamNumber + 1, 0] as const,
      [1, limits.streamNumber + 1] as const,
    ]) {
      expect(takes({ what: 'pull', epoch, after: seq })).toBe(false)
      expect(takes({ what: 'restore', of: 'asked', after: { epoch, seq } })).toBe(false)
    }
    expect(takes({ what: 'pull', epoch: limits.streamNumber, after: limits.streamNumber })).toBe(true)
    expect(takes({ what: 'pull', epoch: 1, after: 5 })).toBe(true)
    expect(takes({ what: 'compare', home: home.node, after: id(3) })).toBe(true)
    expect(takes({ what: 'heads' })).toBe(true)
    for (const of of ['asked', 'answering'])
      expect(takes({ what: 'restore', of, after: { epoch: 2, seq: 0 } })).toBe(true)
  })
})

describe('an answer', () => {
  const answer = { iss: home.node, aud: host.node, iat: now, nonce: id(1), digest: tag }

  it('is refused when it does not name the nonce it answers or the bytes beside it', () => {
    for (const change of [{ nonce: undefined }, { digest: undefined }, { digest: '' }, { exp: now }])
      expect(readAnswerPayload({ ...answer, ...change } as Json)).toMatchObject({
        ok: false,
        code: 'bad_field',
      })
  })

  it('binds both', () => expect(readAnswerPayload(answer)).toEqual({ ok: true, payload: answer }))
})
