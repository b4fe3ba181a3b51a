/**
 * This node's own secrets: its signing key, its exchange key, and the master key of the vault. Made once at `init`,
 * kept in one 0600 file outside the database, never sent anywhere.
 */
import * as nodeCrypto from 'node:crypto'
import { z } from 'zod'
import {
  exchangeKeySchema,
  pairKey,
  signingKeySchema,
  thumbprint,
  type Crypto,
  type Digest,
  type ExchangeKey,
  type NodeId,
  type Signer,
  type SigningKey,
} from '../protocol/index.ts'

const fileSchema = z.strictObject({
  format: z.literal('huiliu-keys-1'),
  signing: signingKeySchema.extend({ d: z.string() }),
  exchange: exchangeKeySchema.extend({ d: z.string() }),
  /** 32 bytes, base64url. */
  vault: z.string().length(43),
})

export interface Keyring {
  readonly signer: Signer
  readonly signing: SigningKey
  readonly exchange: ExchangeKey
  readonly kid: Digest
  readonly vaultKey: Uint8Array
  /** The key shared with one peer under one agreement key version. */
  pairKeyWith(self: NodeId, peer: { node: NodeId; exchange: ExchangeKey }, keyVersion: number): Uint8Array
}

/** The text of a new keyring file. */
export function newKeyringFile(): string {
  return JSON.stringify({
    format: 'huiliu-keys-1',
    signing: nodeCrypto.generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }),
    exchange: nodeCrypto.generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' }),
    vault: nodeCrypto.randomBytes(32).toString('base64url'),
  })
}

export function openKeyring(crypto: Crypto, text: string): Keyring {
  const file = fileSchema.parse(JSON.parse(text))
  const signingKey = nodeCrypto.createPrivateKey({ key: file.signing, format: 'jwk' })
  const exchangeKey = nodeCrypto.createPrivateKey({ key: file.exchange, format: 'jwk' })
  // Node takes the private half alone: a file whose halves differ would sign what no peer can verify.
  for (const [key, x] of [
    [signingKey, file.signing.x],
    [exchangeKey, file.exchange.x],
  ] as const)
    if (nodeCrypto.createPublicKey(key).export({ format: 'jwk' }).x !== x)
      throw new TypeError('the public half in the keyring file is not that of its private half')
  const signing: SigningKey = { kty: 'OKP', crv: 'Ed25519', x: file.signing.x }
  const kid = thumbprint(crypto, signing)
  return {
    signer: { kid, sign: (message) => nodeCrypto.sign(null, message, signingKey) },
    signing,
    exchange: { kty: 'OKP', crv: 'X25519', x: file.exchange.x },
    kid,
    vaultKey: Buffer.from(file.vault, 'base64url'),
    pairKeyWith: (self, peer, keyVersion) => {
      const publicKey = nodeCrypto.createPublicKey({ key: peer.exchange, format: 'jwk' })
      const shared = nodeCrypto.diffieHellman({ privateKey: exchangeKey, publicKey })
      return pairKey(shared, [self, peer.node], keyVersion)
    },
  }
}
