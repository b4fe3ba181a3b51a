/** Who a person is: tags that both sides and nobody else compute, and how sure a match is. */
import * as nodeCrypto from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  deviationsOf,
  hex,
  identityBodies,
  matchGradeOf,
  pairKey,
  personTag,
  tagSchema,
} from '../../protocol/index.ts'
import { crypto, home, host, stranger, type Actor } from '../vectors/actors.ts'

const keyBetween = (a: Actor, b: Actor, version = 1) => pairKey(a.shared(b), [a.node, b.node], version)
const nobody = '000000190001010012'

describe('a pair key', () => {
  it('is another for another pair, another key version, another order of nothing', () => {
    const key = hex(keyBetween(home, host))
    expect(hex(keyBetween(home, stranger))).not.toBe(key)
    expect(hex(keyBetween(home, host, 2))).not.toBe(key)
    expect(hex(pairKey(home.shared(host), [home.node, stranger.node], 1))).not.toBe(key)
  })

  it('is the same on both sides, from fresh X25519 keys too', () => {
    expect(keyBetween(home, host)).toEqual(keyBetween(host, home))
    const [a, b] = [nodeCrypto.generateKeyPairSync('x25519'), nodeCrypto.generateKeyPairSync('x25519')]
    const ours = nodeCrypto.diffieHellman({ privateKey: a.privateKey, publicKey: b.publicKey })
    const theirs = nodeCrypto.diffieHellman({ privateKey: b.privateKey, publicKey: a.publicKey })
    expect(pairKey(ours, ['411525', '440304'], 1)).toEqual(pairKey(theirs, ['440304', '411525'], 1))
  })

  it('is HKDF-SHA-256 as Node has it', () => {
    const shared = home.shared(host)
    const node = nodeCrypto.hkdfSync(
      'sha256',
      shared,
      'huiliu-pair/1',
      '411525|440304'.split('|').sort().join('|'),
      32,
    )
    expect(hex(keyBetween(home, host))).toBe(hex(new Uint8Array(node)))
  })
})

describe('a tag', () => {
  it('does not contain the number and differs from pair to pair', () => {
    const tag = personTag(crypto, keyBetween(home, host), nobody)
    expect(tag).not.toContain(nobody)
    expect(personTag(crypto, keyBetween(home, stranger), nobody)).not.toBe(tag)
  })

  it('is equal on both sides for one number and different for two', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{17}[\dX]$/), fc.stringMatching(/^\d{17}[\dX]$/), (one, other) => {
        const ours = personTag(crypto, keyBetween(home, host), one)
        expect(personTag(crypto, keyBetween(host, home), one)).toBe(ours)
        expect(tagSchema.safeParse(ours).success).toBe(true)
        expect(personTag(crypto, keyBetween(host, home), other) === ours).toBe(one === other)
      }),
      { numRuns: 30 },
    )
  })
})

describe('deviations', () => {
  it('are not claimed against what one side does not hold', () => {
    expect(deviationsOf({ name: '甲', category: 'full', phone: '13800000000' }, { name: '甲' })).toEqual([])
    expect(
      deviationsOf({ name: '甲' }, { name: '甲', category: 'probationary', phone: '13900000000' }),
    ).toEqual([])
  })

  it('name each differing field once, with both sides’ words', () => {
    expect(
      deviationsOf(
        { name: '龚胜平', category: 'full', phone: '13800000000' },
        { name: '龚光平', category: 'probationary', phone: '13900000000' },
      ),
    ).toEqual([
      { field: 'name', home: '龚胜平', host: '龚光平' },
      { field: 'category', home: 'full', host: 'probationary' },
      { field: 'phone', home: '13800000000', host: '13900000000' },
    ])
  })
})

describe('a match, the numbers being equal,', () => {
  it.each([
    ['龚胜平', '龚胜平', 'certain'],
    ['龚胜平', '龚光平', 'probable'],
    ['王伟', '王炜', 'probable'],
    ['𠮷野', '𠮷田', 'probable'],
    ['李强', '王伟', 'possible'],
    ['王小明', '小明', 'possible'],
  ])('of %s and %s is %s', (ours, theirs, grade) =>
    expect(matchGradeOf({ name: ours }, { name: theirs })).toBe(grade),
  )
})

describe('an identity record', () => {
  it('never carries an ID number', () => {
    for (const schema of Object.values(identityBodies)) {
      const names = Object.keys(schema.shape)
      expect(names.some((name) => /id.?number/i.test(name))).toBe(false)
    }
    expect(
      identityBodies['identity.queried'].safeParse({ tag: 'A'.repeat(43), name: '甲', idNumber: nobody })
        .success,
    ).toBe(false)
  })
})
