/** The compact JWS: what is refused before, at and after the signature (J1–J8, J14, J20), and what jose makes of ours. */
import * as nodeCrypto from 'node:crypto'
import fc from 'fast-check'
import { CompactSign, compactVerify, importJWK } from 'jose'
import { describe, expect, it } from 'vitest'
import {
  algorithm,
  contentId,
  fromUtf8,
  jwsTypes,
  limits,
  readJws,
  signJws,
  signPart,
  payloadPart,
  utf8,
  verifyJws,
  type JwsType,
} from '../../protocol/index.ts'
import { crypto, headerText, home, rawToken, stranger, withPart } from '../vectors/actors.ts'

const typ = jwsTypes.envelope
const good = signJws(home.signer, typ, { a: 1 })
const usual = { alg: algorithm, kid: home.signer.kid, typ }

function open(token: string, as: JwsType = typ) {
  const read = readJws(token, as)
  return read.ok ? verifyJws(crypto, read.jws, home.publicKey) : read
}
const withHeader = (header: object) => open(rawToken(home.signer, JSON.stringify(header), '{"a":1}'))

describe('a token is refused for its header', () => {
  it.each(['none', 'None', 'nOnE', 'HS256', 'ES256', 'RS256', 'EdDSA', 'ed25519', ' Ed25519', ''])(
    'for its alg %j, with the answer of a wrong signature (J1, J2)',
    (alg) => expect(withHeader({ ...usual, alg })).toMatchObject({ ok: false, code: 'bad_signature' }),
  )

  it('with an empty signature (J1)', () => {
    expect(open(withPart(good, 2, ''))).toMatchObject({ code: 'bad_signature' })
  })

  it('when the public key served as an HMAC secret (J2)', () => {
    const [header = '', payload = ''] = good.split('.')
    const mac = nodeCrypto
      .createHmac('sha512', home.publicKey)
      .update(`${header}.${payload}`)
      .digest('base64url')
    expect(open(withPart(good, 2, mac))).toMatchObject({ code: 'bad_signature' })
  })

  it.each(['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64', 'cty', 'zip', 'enc', 'nonce', 'extra'])(
    'for the header member %s, whatever it says (J3, J4, J5)',
    (member) => {
      for (const value of [true, false, null, [], ['exp', 'exp'], {}, 'https://example.invalid/keys'])
        expect(withHeader({ ...usual, [member]: value })).toMatchObject({ code: 'header_not_allowed' })
    },
  )

  it.each(['../../etc/passwd', "' or 1=1 --", '__proto__', 'constructor', stranger.signer.kid])(
    'when its kid %j is somebody else’s affair: the kid is handed over as it is and never looked up here (J6)',
    (kid) => {
      const read = readJws(rawToken(home.signer, JSON.stringify({ ...usual, kid }), '{}'), typ)
      expect(read.ok && read.jws.kid).toBe(kid)
    },
  )

  it('for a kid of ten thousand characters before anything is looked up (J6)', () => {
    expect(withHeader({ ...usual, kid: 'A'.repeat(10_000) })).toMatchObject({ code: 'too_large' })
  })
})

describe('a token is refused for its shape', () => {
  it('in any spelling but its own (J7, J20)', () => {
    fc.assert(
      fc.property(
        fc.nat(good.length),
        fc.constantFrom('=', ' ', '\n', '\t', '+', '.', '\u0000', '٠'),
        (at, sign) => {
          expect(open(good.slice(0, at) + sign + good.slice(at)).ok).toBe(false)
        },
      ),
    )
  })

  it('with any one letter changed', () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.constantFrom(...'ABwxyz019-_'), (at, letter) => {
        const other = good.slice(0, at) + letter + good.slice(at + 1)
        expect(other === good || !open(other).ok).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['two parts', 'AAAA.AAAA'],
    ['four parts', `${good}.AAAA`],
    ['a JWE of five parts', `${good}.AAAA.AAAA`],
    ['a detached payload', withPart(good, 1, '')],
    ['a JSON serialisation', JSON.stringify({ payload: 'e30', protected: 'e30', signature: 'AA' })],
  ])('as %s (J8)', (_, token) => expect(open(token)).toMatchObject({ code: 'bad_encoding' }))

  it('for every purpose but its own (J14)', () => {
    for (const mine of Object.values(jwsTypes))
      for (const asked of Object.values(jwsTypes)) {
        const read = readJws(signJws(home.signer, mine, {}), asked)
        expect(read.ok ? 'taken' : read.code).toBe(mine === asked ? 'taken' : 'wrong_type')
      }
  })

  it('over its length before it is decoded', () => {
    expect(readJws('A'.repeat(limits.jwsBytes + 1), typ)).toMatchObject({ code: 'too_large' })
    expect(readJws('A'.repeat(limits.jwsBytes), typ)).toMatchObject({ code: 'bad_encoding' })
  })

  it('for a payload that is not minimal JSON, but only after the signature held', () => {
    const twice = rawToken(home.signer, headerText(home.signer, typ), '{"a":1,"a":2}')
    expect(open(twice)).toMatchObject({ code: 'bad_json' })
    expect(open(withPart(twice, 2, good.split('.')[2] ?? ''))).toMatchObject({ code: 'bad_signature' })
  })
})

describe('a token', () => {
  it('is known by what was signed, not by its signature', () => {
    const other = withPart(good, 2, 'A'.repeat(86))
    expect(contentId(crypto, other)).toBe(contentId(crypto, good))
    expect(contentId(crypto, signJws(home.signer, typ, { a: 2 }))).not.toBe(contentId(crypto, good))
  })

  it('is countersigned over the very bytes of its payload part', () => {
    const part = payloadPart({ a: 1 })
    expect(signPart(stranger.signer, typ, part).split('.')[1]).toBe(part)
  })

  it('opens to the payload that was signed', () =>
    expect(open(good)).toEqual({ ok: true, payload: { a: 1 } }))

  it('of ours is one that jose verifies', async () => {
    const key = await importJWK(home.signing, 'Ed25519')
    const { payload, protectedHeader } = await compactVerify(good, key, { algorithms: ['Ed25519'] })
    expect(fromUtf8(payload)).toBe('{"a":1}')
    expect(protectedHeader).toEqual(usual)
  })

  it('of jose is one that we open', async () => {
    const key = await importJWK({ ...home.signing, d: home.signingSeed }, 'Ed25519')
    const token = await new CompactSign(utf8('{"a":1}')).setProtectedHeader(usual).sign(key)
    expect(open(token)).toEqual({ ok: true, payload: { a: 1 } })
    expect(token).toBe(good)
  })

  it('of jose under the older name EdDSA is not: one spelling only', async () => {
    const key = await importJWK({ ...home.signing, d: home.signingSeed }, 'EdDSA')
    const token = await new CompactSign(utf8('{"a":1}'))
      .setProtectedHeader({ ...usual, alg: 'EdDSA' })
      .sign(key)
    expect(open(token)).toMatchObject({ code: 'bad_signature' })
  })
})
