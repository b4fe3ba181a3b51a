/**
 * The node's own keys: signing keys (Ed25519), the exchange key (X25519) and the key that seals columns (AES-256). They
 * live in one file that only the node's account may read, apart from the database, and are backed up apart from it.
 *
 * Signing keys are only ever added: which of them signs a stream is written in the database, and what an old one signed
 * stays verifiable.
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

const privateSigningSchema = signingKeySchema.extend({ d: z.string() })
const fileSchema = z.strictObject({
  format: z.literal('huiliu-keys-1'),
  signing: privateSigningSchema,
  /** Signing keys that came later, the newest last. */
  later: z.array(privateSigningSchema).optional(),
  exchange: exchangeKeySchema.extend({ d: z.string() }),
  /** 32 bytes, base64url. */
  vault: z.string().length(43),
})
type KeyringFile = z.infer<typeof fileSchema>

export interface Keyring {
  /** The key that cards and new agreements name. */
  readonly kid: Digest
  readonly signing: SigningKey
  readonly signer: Signer
  readonly exchange: ExchangeKey
  readonly vaultKey: Uint8Array
  holds(kid: Digest): boolean
  /** All of them, the newest first. */
  kids(): Digest[]
  /** Throws when this keyring does not hold it. */
  signerOf(kid: Digest): Signer
  publicKey(kid: Digest): SigningKey | undefined
  /** From now on cards and new agreements name this key. */
  use(kid: Digest): void
  /** Makes a signing key from 32 random bytes and keeps it durably before it answers. */
  addKey(seed: Uint8Array): Promise<Digest>
  /** The same as `holds`; what another process of this node has added is read from the file. */
  knows(kid: Digest): Promise<boolean>
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

/** PrivateKeyInfo of an Ed25519 key is this prefix and its 32 bytes (RFC 8410 §10.3). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')

interface OwnKey {
  readonly signing: SigningKey
  readonly signer: Signer
}

/** Where the keyring is kept: read anew when another process may have added a key, written whole and durably. */
export interface KeyFile {
  read(): Promise<string>
  write(text: string): Promise<void>
}

/** `kept` is needed to add a key and to learn of one that was added elsewhere. */
export function openKeyring(crypto: Crypto, text: string, kept: KeyFile = inMemory(text)): Keyring {
  let file = fileSchema.parse(JSON.parse(text))
  const exchangeKey = privateKeyOf(file.exchange)
  const keys = new Map<Digest, OwnKey>()
  const takeAll = () => {
    for (const jwk of [file.signing, ...(file.later ?? [])]) takeKey(crypto, keys, jwk)
  }
  const readAgain = async () => {
    file = fileSchema.parse(JSON.parse(await kept.read()))
    takeAll()
  }
  takeAll()
  let current = thumbprint(crypto, file.signing)
  const ownKey = (kid: Digest): OwnKey => {
    const key = keys.get(kid)
    if (!key) throw new TypeError('a signing key that is not in the keyring')
    return key
  }
  return {
    get kid() {
      return current
    },
    get signing() {
      return ownKey(current).signing
    },
    get signer() {
      return ownKey(current).signer
    },
    exchange: { kty: 'OKP', crv: 'X25519', x: file.exchange.x },
    vaultKey: Buffer.from(file.vault, 'base64url'),
    holds: (kid) => keys.has(kid),
    kids: () => [...keys.keys()].reverse(),
    signerOf: (kid) => ownKey(kid).signer,
    publicKey: (kid) => keys.get(kid)?.signing,
    use: (kid) => {
      current = ownKey(kid).signer.kid
    },
    knows: async (kid) => {
      if (!keys.has(kid)) await readAgain()
      return keys.has(kid)
    },
    addKey: async (seed) => {
      await readAgain()
      const der = Buffer.concat([pkcs8Prefix, seed])
      const jwk = nodeCrypto
        .createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
        .export({ format: 'jwk' })
      const next: KeyringFile = {
        ...file,
        later: [
          ...(file.later ?? []),
          privateSigningSchema.parse({ kty: 'OKP', crv: 'Ed25519', x: jwk.x, d: jwk.d }),
        ],
      }
      await kept.write(JSON.stringify(next))
      file = next
      return takeKey(crypto, keys, next.later?.at(-1) ?? next.signing)
    },
    pairKeyWith: (self, peer, keyVersion) => {
      const publicKey = nodeCrypto.createPublicKey({ key: peer.exchange, format: 'jwk' })
      const shared = nodeCrypto.diffieHellman({ privateKey: exchangeKey, publicKey })
      return pairKey(shared, [self, peer.node], keyVersion)
    },
  }
}

function inMemory(text: string): KeyFile {
  let now = text
  return {
    read: () => Promise.resolve(now),
    write: (next) => {
      now = next
      return Promise.resolve()
    },
  }
}

function takeKey(crypto: Crypto, keys: Map<Digest, OwnKey>, jwk: KeyringFile['signing']): Digest {
  const privateKey = privateKeyOf(jwk)
  const signing: SigningKey = { kty: 'OKP', crv: 'Ed25519', x: jwk.x }
  const kid = thumbprint(crypto, signing)
  keys.set(kid, { signing, signer: { kid, sign: (message) => nodeCrypto.sign(null, message, privateKey) } })
  return kid
}

/** Node takes the private half alone: a file whose halves differ would sign what no peer can verify. */
function privateKeyOf(jwk: KeyringFile['signing'] | KeyringFile['exchange']): nodeCrypto.KeyObject {
  const key = nodeCrypto.createPrivateKey({ key: jwk, format: 'jwk' })
  if (nodeCrypto.createPublicKey(key).export({ format: 'jwk' }).x !== jwk.x)
    throw new TypeError('the public half in the keyring file is not that of its private half')
  return key
}
