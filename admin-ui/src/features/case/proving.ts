/**
 * Verifying the evidence of a case where it is looked at: the browser itself checks every signature, digest and receipt
 * by protocol/'s own code. The node only hands over the signed bytes and the public keys.
 */
import { ed25519 } from '@noble/curves/ed25519.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import {
  base64url,
  utf8,
  verifyEvidence,
  type Crypto,
  type EvidenceReport,
} from '../../../../protocol/index.ts'
import { ask } from '../../shared/ask.ts'

const browserCrypto: Crypto = {
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

export async function proveCase(id: string): Promise<EvidenceReport> {
  const [evidence, { keys }] = await Promise.all([
    ask('case.evidence', { params: { id } }),
    ask('case.keys', { params: { id } }),
  ])
  return verifyEvidence(browserCrypto, evidence, keys)
}
