/**
 * Verifying the evidence of a case where it is looked at: the browser itself checks every signature, digest and receipt
 * by protocol/'s own code. The node only hands over the signed bytes and the public keys.
 */
import { verifyEvidence, type EvidenceReport } from '../../../../protocol/index.ts'
import { ask } from '../../shared/ask.ts'
import { browserCrypto } from '../../shared/crypto.ts'

export async function proveCase(id: string): Promise<EvidenceReport> {
  const [evidence, { keys }] = await Promise.all([
    ask('case.evidence', { params: { id } }),
    ask('case.keys', { params: { id } }),
  ])
  return verifyEvidence(browserCrypto, evidence, keys)
}
