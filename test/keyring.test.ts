/** The keyring: a file is whole or it is refused, its keys do what they claim, and both peers derive one pair key. */
import { describe, expect, it } from 'vitest'
import { newKeyringFile, openKeyring } from '../node/keyring.ts'
import { nodeJsCrypto } from '../node/platform.ts'
import { enrolKey, thumbprint, utf8 } from '../protocol/index.ts'
import { keyringText, testKeyring } from './harness/keys.ts'

const open = (text: string) => openKeyring(nodeJsCrypto, text)
interface KeyFile {
  format: string
  signing: Record<string, string>
  exchange: Record<string, string>
  vault: string
}

describe('a new keyring', () => {
  it('is another every time, and strong enough to be enrolled', () => {
    const [one, two] = [open(newKeyringFile()), open(newKeyringFile())]
    expect(one.kid).not.toBe(two.kid)
    expect(Buffer.from(one.vaultKey).equals(two.vaultKey)).toBe(false)
    expect(one.vaultKey).toHaveLength(32)
    expect(enrolKey(one.signing).ok).toBe(true)
  })

  it('signs what its public key verifies, under the name of its thumbprint', () => {
    const keyring = open(newKeyringFile())
    expect(keyring.signer.kid).toBe(thumbprint(nodeJsCrypto, keyring.signing))
    const signature = keyring.signer.sign(utf8('words'))
    const publicKey = Buffer.from(keyring.signing.x, 'base64url')
    expect(nodeJsCrypto.verify(publicKey, utf8('words'), signature)).toBe(true)
    expect(nodeJsCrypto.verify(publicKey, utf8('word'), signature)).toBe(false)
  })
})

describe('two processes over one keyring file', () => {
  it('know of each other’s keys, and neither’s key is lost when the other adds one', async () => {
    let text = newKeyringFile()
    const file = {
      read: () => Promise.resolve(text),
      write: (next: string) => {
        text = next
        return Promise.resolve()
      },
    }
    const [one, two] = [openKeyring(nodeJsCrypto, text, file), openKeyring(nodeJsCrypto, text, file)]
    const first = await one.addKey(Buffer.alloc(32, 1))
    const second = await two.addKey(Buffer.alloc(32, 2))
    expect([await two.knows(first), await one.knows(second)]).toEqual([true, true])
    expect(open(text).kids()).toEqual([second, first, two.kid])
    expect(await one.knows('no key of ours')).toBe(false)
  })
})

describe('a keyring file', () => {
  const changed = (change: (file: KeyFile) => void) => {
    const file = JSON.parse(keyringText('a')) as KeyFile
    change(file)
    return JSON.stringify(file)
  }
  const other = JSON.parse(keyringText('b')) as KeyFile

  it.each<[string, string]>([
    ['nothing', ''],
    ['another format', changed((file) => (file.format = 'huiliu-keys-2'))],
    ['no private half', changed((file) => delete file.signing['d'])],
    ['a vault key cut short', changed((file) => (file.vault = file.vault.slice(1)))],
    ['a member more', changed((file) => Object.assign(file, { note: 1 }))],
    [
      'the public half of another signing key',
      changed((file) => (file.signing['x'] = other.signing['x'] ?? '')),
    ],
    [
      'the public half of another exchange key',
      changed((file) => (file.exchange['x'] = other.exchange['x'] ?? '')),
    ],
  ])('with %s is refused', (_name, text) => {
    expect(() => open(text)).toThrow()
  })
})

it('gives two peers one key, another for every pair and key version, and no key with a weak point', () => {
  const [a, b, c] = [testKeyring('a'), testKeyring('b'), testKeyring('c')]
  const key = (from: typeof a, self: string, node: string, to: typeof a, version = 1) =>
    Buffer.from(from.pairKeyWith(self, { node, exchange: to.exchange }, version)).toString('hex')
  expect(key(a, '411500', '440300', b)).toBe(key(b, '440300', '411500', a))
  const keys = [
    key(a, '411500', '440300', b),
    key(a, '411500', '440300', b, 2),
    key(a, '411500', '440300', c),
    key(a, '411500', '440301', b),
  ]
  expect(new Set(keys).size).toBe(keys.length)
  const zero = { kty: 'OKP', crv: 'X25519', x: Buffer.alloc(32).toString('base64url') } as const
  expect(() => a.pairKeyWith('411500', { node: '440300', exchange: zero }, 1)).toThrow()
})
