/**
 * The co-management agreement (共管协议) of two regions: one JWS in general serialisation (RFC 7515 §7.2.1) with exactly
 * both parties' signatures over the same payload. Without it a node accepts nothing from a peer.
 *
 * It carries both parties' signing and X25519 keys. The keys in it are believed because two people compared the
 * fingerprints by another way; the document alone proves only that both keys signed the same words.
 */
import * as z from 'zod'
import { fromBase64url } from './bytes.ts'
import { type Crypto, type Signer } from './crypto.ts'
import { refuse, type Result } from './errors.ts'
import { daySchema, lineSchema } from './fields.ts'
import { nodeIdSchema, uuidSchema, type NodeId } from './ids.ts'
import { parseStrictBytes, type Json } from './json.ts'
import { enrolExchangeKey, enrolKey, exchangeKeySchema, signingKeySchema, thumbprint } from './keys.ts'
import { jwsTypes, payloadPart, readJws, signPart, verifyJws } from './jws.ts'
import { families } from './record.ts'

export const partySchema = z.strictObject({
  node: nodeIdSchema,
  name: lineSchema,
  signing: signingKeySchema,
  exchange: exchangeKeySchema,
})
export type Party = z.infer<typeof partySchema>

export const agreementTermsSchema = z
  .strictObject({
    id: uuidSchema,
    parties: z.tuple([partySchema, partySchema]),
    families: z.array(z.enum(families)).min(1),
    rulePack: lineSchema,
    /** Days in which each side undertakes to answer; the law gives no number, so the pair sets it. */
    replyDays: z.int().min(1).max(365),
    /** Identity queries one side may send the other per day. */
    queriesPerDay: z.int().min(1).max(1_000_000),
    /** Changes when the pair key must change. */
    keyVersion: z.int().min(1),
    from: daySchema,
    until: daySchema,
  })
  .refine((terms) => terms.parties[0].node < terms.parties[1].node, 'parties in order of their codes')
  .refine((terms) => terms.from <= terms.until, 'ends before it begins')
export type AgreementTerms = z.infer<typeof agreementTermsSchema>

const documentSchema = z.strictObject({
  payload: z.string(),
  signatures: z
    .array(z.strictObject({ protected: z.string(), signature: z.string() }))
    .min(1)
    .max(2),
})

export interface Agreement {
  readonly terms: AgreementTerms
  /** Whose valid signatures it bears. */
  readonly signedBy: readonly NodeId[]
}

export type AgreementCode =
  'agreement_unreadable' | 'agreement_terms' | 'agreement_signature' | 'weak_key' | 'bad_key'

/** A new agreement with the proposer's signature, as the text of the file that goes to the other side. */
export function proposeAgreement(signer: Signer, terms: AgreementTerms): string {
  const payload = payloadPart(terms)
  return document(payload, [signatureOf(signer, payload)])
}

/** The same document with this signer's signature added; signing twice changes nothing. */
export function countersign(
  crypto: Crypto,
  signer: Signer,
  text: string,
): Result<{ text: string }, AgreementCode> {
  const read = readAgreement(crypto, text)
  if (!read.ok) return read
  const { terms, signedBy } = read.agreement
  const us = terms.parties.find((party) => thumbprint(crypto, party.signing) === signer.kid)
  if (!us) return refuse('agreement_terms', 'this node is not a party')
  if (signedBy.includes(us.node)) return { ok: true, text }
  const { payload, signatures } = documentSchema.parse(JSON.parse(text))
  return { ok: true, text: document(payload, [...signatures, signatureOf(signer, payload)]) }
}

/** Reads a document and checks every signature it bears against the keys of its own parties. */
export function readAgreement(crypto: Crypto, text: string): Result<{ agreement: Agreement }, AgreementCode> {
  const outer = documentSchema.safeParse(tryJson(text))
  const bytes = outer.success ? fromBase64url(outer.data.payload) : undefined
  const payload = bytes && parseStrictBytes(bytes)
  if (!outer.success || !payload?.ok) return refuse('agreement_unreadable', 'not an agreement document')
  const terms = agreementTermsSchema.safeParse(payload.value)
  if (!terms.success)
    return refuse('agreement_terms', terms.error.issues.map((i) => i.path.join('.')).join(', '))
  for (const { signing, exchange } of terms.data.parties)
    for (const key of [enrolKey(signing), enrolExchangeKey(exchange)]) if (!key.ok) return key
  const signedBy: NodeId[] = []
  for (const { protected: header, signature } of outer.data.signatures) {
    const signed = signerOf(crypto, terms.data, `${header}.${outer.data.payload}.${signature}`)
    if (!signed.ok) return signed
    signedBy.push(signed.node)
  }
  if (new Set(signedBy).size !== signedBy.length)
    return refuse('agreement_signature', 'one party signed twice')
  return { ok: true, agreement: { terms: terms.data, signedBy } }
}

export function isComplete(agreement: Agreement): boolean {
  return agreement.signedBy.length === 2
}

function signerOf(
  crypto: Crypto,
  terms: AgreementTerms,
  token: string,
): Result<{ node: NodeId }, AgreementCode> {
  const read = readJws(token, jwsTypes.agreement)
  if (!read.ok) return refuse('agreement_signature', read.detail)
  const party = terms.parties.find(({ signing }) => thumbprint(crypto, signing) === read.jws.kid)
  if (!party) return refuse('agreement_signature', 'a signature of neither party')
  const key = enrolKey(party.signing)
  if (!key.ok) return key
  const verified = verifyJws(crypto, read.jws, key.publicKey)
  return verified.ok ? { ok: true, node: party.node } : refuse('agreement_signature', verified.detail)
}

function signatureOf(signer: Signer, payload: string): { protected: string; signature: string } {
  const [header = '', , signature = ''] = signPart(signer, jwsTypes.agreement, payload).split('.')
  return { protected: header, signature }
}

function document(payload: string, signatures: { protected: string; signature: string }[]): string {
  return JSON.stringify({ payload, signatures }) + '\n'
}

function tryJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
