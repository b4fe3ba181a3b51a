/** The protocol's cryptographic port for a browser, also on pages without TLS, where browsers offer none of their own. */
import { ed25519 } from '@noble/curves/ed25519.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { base64url, utf8, type Crypto } from '../../../protocol/index.ts'

export const browserCrypto: Crypto = {
  digest: (data) => base64url(sha256(typeof data === 'string' ? utf8(data) : data)),
  hmacSha256: (key, bytes) => hmac(sha256, key, bytes),
  verify: (publicKey, message, signature) => {
    try {
      // RFC 8032 to the letter, as the gate of a node: nothing that another implementation would take differently.
      return ed25519.verify(signature, message, publicKey, { zip215: false })
    } catch {
      return false
    }
  },
}
