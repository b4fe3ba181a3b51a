/** Keys: names that any JOSE library computes alike, and the ones that may not be enrolled (J21, J22). */
import * as nodeCrypto from 'node:crypto'
import fc from 'fast-check'
import { calculateJwkThumbprint } from 'jose'
import { describe, expect, it } from 'vitest'
import {
  base64url,
  enrolExchangeKey,
  enrolKey,
  exchangeKeySchema,
  fingerprint,
  isFingerprint,
  fromBase64url,
  signingKeySchema,
  thumbprint,
  type SigningKey,
} from '../../protocol/index.ts'
import { crypto, home, host, stranger } from '../vectors/actors.ts'

const signing = (x: string): SigningKey => ({ kty: 'OKP', crv: 'Ed25519', x })
const ofHex = (hex: string) => base64url(Buffer.from(hex, 'hex'))
const middle = 'ff'.repeat(30)

const ys = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  `ec${middle}7f`,
  `ed${middle}7f`,
  `ee${middle}7f`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]
const withSign = (y: string) => y.slice(0, 62) + (parseInt(y.slice(62), 16) | 0x80).toString(16)
const smallOrder = [...ys, ...ys.map(withSign)]

const us = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  `ec${middle}7f`,
  `ed${middle}7f`,
  `ee${middle}7f`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
]

describe('enrolling a signing key', () => {
  it('knows fourteen encodings of points of small order', () => expect(new Set(smallOrder).size).toBe(14))

  it.each(smallOrder)('refuses the point of small order %s', (y) =>
    expect(enrolKey(signing(ofHex(y)))).toMatchObject({ ok: false, code: 'weak_key' }),
  )

  it('refuses every y that is not reduced', () => {
    for (let low = 0xed; low <= 0xff; low++)
      for (const top of ['7f', 'ff'])
        expect(enrolKey(signing(ofHex(low.toString(16) + middle + top))), `${low}`).toMatchObject({
          code: 'weak_key',
        })
  })

  it('refuses other spellings and other lengths', () => {
    for (const x of ['A'.repeat(42) + 'B', 'A'.repeat(42), 'A'.repeat(44), home.signing.x.slice(0, 42) + '='])
      expect(enrolKey(signing(x)), x).toMatchObject({ ok: false, code: 'bad_key' })
  })

  it.each([
    ['a private key', { ...home.signing, d: home.signingSeed }],
    ['another curve', { ...home.signing, crv: 'Ed448' }],
    ['an RSA key', { kty: 'RSA', n: 'AQAB', e: 'AQAB' }],
    ['a symmetric key', { kty: 'oct', k: 'AAAA' }],
    ['a key for encryption', { ...home.signing, use: 'enc' }],
    ['an X25519 key', home.exchange],
  ])('does not take %s for a signing key (J22)', (_, key) =>
    expect(signingKeySchema.safeParse(key).success).toBe(false),
  )

  it('gives the bytes of an honest key', () => {
    for (const { signing: key } of [home, host, stranger])
      expect(enrolKey(key)).toEqual({ ok: true, publicKey: fromBase64url(key.x) })
  })
})

describe('enrolling an exchange key', () => {
  it.each(us)('refuses %s, with which Node computes no secret at all', (u) => {
    const key = { kty: 'OKP', crv: 'X25519', x: ofHex(u) } as const
    expect(enrolExchangeKey(key)).toMatchObject({ ok: false, code: 'weak_key' })
    const publicKey = nodeCrypto.createPublicKey({ key, format: 'jwk' })
    const { privateKey } = nodeCrypto.generateKeyPairSync('x25519')
    expect(() => nodeCrypto.diffieHellman({ privateKey, publicKey })).toThrow()
  })

  it('refuses the same key with its unused top bit set', () => {
    const bytes = Buffer.from(home.exchange.x, 'base64url')
    bytes[31] = (bytes[31] ?? 0) | 0x80
    expect(enrolExchangeKey({ ...home.exchange, x: base64url(bytes) })).toMatchObject({ code: 'weak_key' })
  })

  it('takes an honest one, and no signing key', () => {
    expect(enrolExchangeKey(home.exchange).ok).toBe(true)
    expect(exchangeKeySchema.safeParse(home.signing).success).toBe(false)
  })
})

describe('the name of a key', () => {
  it('is the thumbprint of RFC 8037 appendix A.3', () => {
    const key = signing('11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo')
    expect(thumbprint(crypto, key)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
  })

  it('is what jose computes for any key of either kind', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.constantFrom('Ed25519', 'X25519'),
        async (x, crv) => {
          const key = { kty: 'OKP' as const, crv, x: base64url(x) } as SigningKey
          expect(thumbprint(crypto, key)).toBe(await calculateJwkThumbprint(key))
        },
      ),
    )
  })

  it('is read aloud in groups of four that lose nothing', () => {
    const groups = fingerprint(home.signer.kid)
    expect(groups).toMatch(/^([0-9a-f]{4} ){15}[0-9a-f]{4}$/)
    expect(Buffer.from(groups.replaceAll(' ', ''), 'hex').toString('base64url')).toBe(home.signer.kid)
    expect(isFingerprint(groups.toUpperCase().replaceAll(' ', '-'), home.signer.kid)).toBe(true)
    expect(isFingerprint(groups.slice(0, -1), home.signer.kid)).toBe(false)
  })
})
