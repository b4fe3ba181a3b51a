/** The vault: a sealed value opens in its own place only, unchanged, and under its own key. */
import { describe, expect, it } from 'vitest'
import { openVault } from '../node/vault.ts'
import { seededRandom } from './harness/random.ts'

const key = new Uint8Array(32).fill(7)
const vault = openVault(key, seededRandom(1))
const place = 'members:id_sealed:1'

describe('a sealed value', () => {
  it.each(['', '110101199001011234', '阿不都·热西提 👩‍👩‍👧', 'x'.repeat(100_000)])(
    'opens as it was: %#',
    (plain) => {
      expect(vault.open(place, vault.seal(place, plain))).toBe(plain)
    },
  )

  it('never looks the same twice, and shows nothing of what is in it', () => {
    const [one, two] = [vault.seal(place, '110101199001011234'), vault.seal(place, '110101199001011234')]
    expect(Buffer.from(one).equals(two)).toBe(false)
    expect(Buffer.from(one).includes('1101')).toBe(false)
  })

  it.each(['members:id_sealed:2', 'arrivals:id_sealed:1', 'members:id_token:1', '', `${place} `])(
    'does not open at %j',
    (other) => {
      expect(() => vault.open(other, vault.seal(place, 'x'))).toThrow()
    },
  )

  it('does not open with any one bit changed', () => {
    const sealed = vault.seal(place, '甲')
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Uint8Array.from(sealed)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit % 8))
      expect(() => vault.open(place, changed)).toThrow()
    }
  })

  it('does not open cut short or lengthened, at any length', () => {
    const sealed = vault.seal(place, '甲乙丙')
    for (let length = 0; length < sealed.length; length++) {
      expect(() => vault.open(place, sealed.slice(0, length))).toThrow()
    }
    expect(() => vault.open(place, Buffer.concat([sealed, Buffer.from([0])]))).toThrow()
  })

  it.each([4, 8, 12, 13, 14, 15])(
    'of %d bytes is refused for its tag alone, which Node would take so short',
    (length) => {
      expect(() => vault.open(place, new Uint8Array(length))).toThrow(/tag length/)
    },
  )

  it('does not open under another key', () => {
    const other = openVault(new Uint8Array(32).fill(8), seededRandom(1))
    expect(() => other.open(place, vault.seal(place, 'x'))).toThrow()
  })
})

describe('a token', () => {
  it('is the same for the same value of one kind, and for nothing else', () => {
    const again = openVault(key, seededRandom(2))
    const other = openVault(new Uint8Array(32).fill(8), seededRandom(1))
    expect(vault.token('id-number', '1')).toBe(again.token('id-number', '1'))
    const different = [
      vault.token('id-number', '1'),
      vault.token('id-number', '2'),
      vault.token('name', '1'),
      other.token('id-number', '1'),
      vault.token('id-number1', ''),
    ]
    expect(new Set(different).size).toBe(different.length)
  })
})
