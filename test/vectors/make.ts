/**
 * The vector files and their exact texts. Everything is fixed (seeds, times, ids; Ed25519 signatures are), so the files
 * change only when the protocol or a vector does. `UPDATE_VECTORS=1 npx vitest run test/vectors` writes them anew.
 */
import { agreementVectors, tagVectors } from './agreements.ts'
import { caseVectors } from './cases.ts'
import { envelopeVectors } from './envelopes.ts'
import { recordVectors } from './records.ts'
import { base64urlVectors, jsonVectors, keyVectors } from './texts.ts'
import { jwsVectors, receiptVectors, requestVectors } from './tokens.ts'

export const vectorFiles: Readonly<Record<string, () => object>> = {
  'base64url.json': base64urlVectors,
  'json.json': jsonVectors,
  'keys.json': keyVectors,
  'jws.json': jwsVectors,
  'record.json': recordVectors,
  'envelope.json': envelopeVectors,
  'receipt.json': receiptVectors,
  'request.json': requestVectors,
  'agreement.json': agreementVectors,
  'tags.json': tagVectors,
  'case-view.json': caseVectors,
}

export function fileText(vectors: object): string {
  return JSON.stringify(vectors, null, 1) + '\n'
}
