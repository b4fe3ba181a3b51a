/** What the protocol asks of a cryptographic library, held against the one a node runs on. */
import { describe, expect, it } from 'vitest'
import { fromBase64url, hex, utf8 } from '../../protocol/index.ts'
import { crypto, home } from '../vectors/actors.ts'

describe('the Crypto port', () => {
  it('never throws on a signature, a key or a length that is none', () => {
    const message = utf8('message')
    for (const length of [0, 1, 31, 32, 33, 63, 64, 65]) {
      const bytes = new Uint8Array(length).fill(255)
      expect(crypto.verify(home.publicKey, message, bytes)).toBe(false)
      expect(crypto.verify(bytes, message, new Uint8Array(64))).toBe(false)
    }
  })

  it('verifies what a signer signed, and nothing else', () => {
    const signature = home.signer.sign(utf8('message'))
    expect(crypto.verify(home.publicKey, utf8('message'), signature)).toBe(true)
    expect(crypto.verify(home.publicKey, utf8('messagf'), signature)).toBe(false)
  })

  it('verifies the third test of RFC 8032', () => {
    const key = Buffer.from('fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025', 'hex')
    const signature = Buffer.from(
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
      'hex',
    )
    expect(crypto.verify(key, Buffer.from('af82', 'hex'), signature)).toBe(true)
  })

  it('digests and authenticates as FIPS 180-4 and RFC 4231 say', () => {
    expect(hex(fromBase64url(crypto.digest('abc')) ?? new Uint8Array())).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
    const mac = crypto.hmacSha256(utf8('Jefe'), utf8('what do ya want for nothing?'))
    expect(hex(mac)).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')
  })
})
