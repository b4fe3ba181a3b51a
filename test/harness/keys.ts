/** Keyrings that are the same in every run, each made from a name. Real Ed25519 and X25519 keys, for tests only. */
import * as nodeCrypto from 'node:crypto'
import { openKeyring, type Keyring } from '../../node/keyring.ts'
import { nodeJsCrypto } from '../../node/platform.ts'

/** PrivateKeyInfo of an Ed25519 and of an X25519 key is this prefix and the 32 bytes (RFC 8410 §10.3). */
const prefixes = { signing: '302e020100300506032b657004220420', exchange: '302e020100300506032b656e04220420' }

function privateJwk(kind: keyof typeof prefixes, name: string): nodeCrypto.JsonWebKey {
  const seed = nodeCrypto.createHash('sha256').update(`${kind}:${name}`).digest()
  const der = Buffer.concat([Buffer.from(prefixes[kind], 'hex'), seed])
  return nodeCrypto.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' })
}

/** The text of a keyring file. */
export function keyringText(name: string): string {
  return JSON.stringify({
    format: 'huiliu-keys-1',
    signing: privateJwk('signing', name),
    exchange: privateJwk('exchange', name),
    vault: nodeCrypto.createHash('sha256').update(`vault:${name}`).digest('base64url'),
  })
}

const keyrings = new Map<string, Keyring>()

/** Each is made once: a keyring has no state, and reading its keys takes longer than most of what a test does. */
export function testKeyring(name: string): Keyring {
  let keyring = keyrings.get(name)
  if (!keyring) keyrings.set(name, (keyring = openKeyring(nodeJsCrypto, keyringText(name))))
  return keyring
}
