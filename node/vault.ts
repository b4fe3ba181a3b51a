/**
 * Encrypted columns: AES-256-GCM, each value bound to its place (`table:column:row`), so a ciphertext moved to another
 * row or column does not open (attacks.md W20). Equality goes by a keyed token, never by a plain hash (W19).
 */
import * as nodeCrypto from 'node:crypto'
import { type Random } from './platform.ts'

export interface Vault {
  seal(place: string, plain: string): Uint8Array
  /** Throws when the value was changed or belongs elsewhere. */
  open(place: string, sealed: Uint8Array): string
  /** The same for equal values of one kind, and telling nothing without the key. */
  token(kind: string, value: string): string
}

const nonceBytes = 12
const tagBytes = 16

export function openVault(masterKey: Uint8Array, random: Random): Vault {
  const sealingKey = derive(masterKey, 'seal')
  const tokenKey = derive(masterKey, 'token')
  return {
    seal: (place, plain) => {
      const nonce = random.bytes(nonceBytes)
      const cipher = nodeCrypto.createCipheriv('aes-256-gcm', sealingKey, nonce)
      cipher.setAAD(Buffer.from(place))
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      return Buffer.concat([nonce, body, cipher.getAuthTag()])
    },
    open: (place, sealed) => {
      const bytes = Buffer.from(sealed)
      const decipher = nodeCrypto.createDecipheriv('aes-256-gcm', sealingKey, bytes.subarray(0, nonceBytes), {
        // Node would accept a shorter tag, which a value cut short has.
        authTagLength: tagBytes,
      })
      decipher.setAAD(Buffer.from(place))
      decipher.setAuthTag(bytes.subarray(-tagBytes))
      const body = bytes.subarray(nonceBytes, -tagBytes)
      return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
    },
    token: (kind, value) =>
      nodeCrypto.createHmac('sha256', tokenKey).update(`${kind}\u0000${value}`).digest('base64url'),
  }
}

function derive(masterKey: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(nodeCrypto.hkdfSync('sha256', masterKey, 'huiliu-vault', purpose, 32))
}
