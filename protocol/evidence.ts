/**
 * Evidence of one case: the exact signed bytes of both directions, checkable offline with nothing but the file and
 * the two public keys. Neighbouring records of other people are not in it, only their digests: the signed one is over all.
 *
 * What is in the file is proven, and that it stands in the order of its streams; that nothing was left out is not.
 */
import * as z from 'zod'
import {
  noHomeFacts,
  noHostFacts,
  stepHome,
  stepHost,
  isHomeEvent,
  isHostEvent,
  caseView,
  type CaseView,
} from './case.ts'
import { type Crypto } from './crypto.ts'
import { listDigest, readEnvelopePayload, type EnvelopePayload } from './envelope.ts'
import { type GateCode } from './errors.ts'
import { digestOf, digestSchema, nodeIdSchema, uuidSchema, type NodeId } from './ids.ts'
import { limits } from './limits.ts'
import { contentId, jwsTypes, readJws, verifyJws, type JwsType } from './jws.ts'
import { enrolKey, thumbprint, type SigningKey } from './keys.ts'
import { readReceiptPayload } from './receipt.ts'
import { readRecord, type FactRecord } from './record.ts'
import { type Json } from './json.ts'

export const evidenceSchema = z.strictObject({
  format: z.literal('huiliu-evidence-1'),
  case: uuidSchema,
  home: nodeIdSchema,
  host: nodeIdSchema,
  items: z.array(
    z.strictObject({
      from: nodeIdSchema,
      jws: z.string(),
      /** Of all records of the envelope, in their order. */
      digests: z.array(digestSchema).max(limits.recordsPerEnvelope),
      index: z.int().min(0),
      /** Exact text, or null where it was erased. */
      record: z.string().nullable(),
      receipt: z.string().nullable(),
    }),
  ),
})
export type Evidence = z.infer<typeof evidenceSchema>

export interface EvidenceItem {
  readonly from: NodeId
  readonly epoch: number
  readonly seq: number
  readonly index: number
  readonly type: string
  readonly at: string
  /** The receiver's signed outcome, or null while there is no receipt. */
  readonly outcome: string | null
}
export type EvidenceFault = {
  item: number
  code: GateCode | 'key_unknown' | 'not_this_case' | 'receipt_mismatch' | 'out_of_order'
  detail: string
}

export interface EvidenceReport {
  readonly items: EvidenceItem[]
  readonly faults: EvidenceFault[]
  /** Folded from the proven records alone. */
  readonly view: CaseView
}

/** `keys` are the two public keys, each with the node it belongs to. */
export function verifyEvidence(
  crypto: Crypto,
  evidence: Evidence,
  keys: readonly { node: NodeId; key: SigningKey }[],
): EvidenceReport {
  const items: EvidenceItem[] = []
  const faults: EvidenceFault[] = []
  const latest = new Map<NodeId, EvidenceItem>()
  let home = noHomeFacts
  let host = noHostFacts
  for (const [n, item] of evidence.items.entries()) {
    const proven = proveItem(crypto, evidence, item, keys)
    if ('code' in proven) {
      faults.push({ item: n, ...proven })
      continue
    }
    if (!follows(latest.get(item.from), proven.item)) {
      faults.push({ item: n, code: 'out_of_order', detail: 'at or before the item above it in its stream' })
      continue
    }
    latest.set(item.from, proven.item)
    items.push(proven.item)
    const { record } = proven
    if (record && item.from === evidence.home && isHomeEvent(record))
      home = keep(stepHome(home, record), home)
    if (record && item.from === evidence.host && isHostEvent(record))
      host = keep(stepHost(host, record), host)
  }
  return { items, faults, view: caseView(home, host) }
}

/** Facts are folded in the order of the signed positions: a shuffled or doubled file must not tell another story. */
function follows(before: EvidenceItem | undefined, item: EvidenceItem): boolean {
  if (!before) return true
  const distance = item.epoch - before.epoch || item.seq - before.seq || item.index - before.index
  return distance > 0
}

function keep<F>(step: { ok: true; facts: F } | { ok: false }, before: F): F {
  return step.ok ? step.facts : before
}

type Proof =
  { item: EvidenceItem; record: FactRecord | null } | { code: EvidenceFault['code']; detail: string }

function proveItem(
  crypto: Crypto,
  evidence: Evidence,
  item: Evidence['items'][number],
  keys: readonly { node: NodeId; key: SigningKey }[],
): Proof {
  const to = item.from === evidence.home ? evidence.host : evidence.home
  const envelope = openToken(crypto, item.jws, jwsTypes.envelope, keys, item.from)
  if ('code' in envelope) return envelope
  const payload = readEnvelopePayload(envelope.payload)
  if (!payload.ok) return payload
  const { iss, aud, epoch, seq, records } = payload.payload
  const ours = item.from === evidence.home || item.from === evidence.host
  if (!ours || iss !== item.from || aud !== to)
    return { code: 'wrong_audience', detail: 'between other nodes' }
  if (!isSigned(crypto, item, records))
    return { code: 'digest_mismatch', detail: 'the record is not the signed one' }
  const read = item.record === null ? null : readRecord(item.record)
  if (read && !read.ok) return { code: 'bad_field', detail: read.detail }
  const frame = read === null ? null : read.known ? read.record : read.frame
  if (frame && frame.case !== evidence.case) return { code: 'not_this_case', detail: frame.type }
  const outcome = item.receipt === null ? null : provenOutcome(crypto, item, keys, to, { epoch, seq })
  if (outcome !== null && typeof outcome !== 'string') return outcome
  return {
    item: {
      from: iss,
      epoch,
      seq,
      index: item.index,
      type: frame?.type ?? 'erased',
      at: frame?.at ?? '',
      outcome,
    },
    record: read?.known ? read.record : null,
  }
}

/** The list is the signed one, and the record, as far as it is there, has its place in it. */
function isSigned(
  crypto: Crypto,
  { digests, index, record }: Evidence['items'][number],
  { count, digest }: EnvelopePayload['records'],
): boolean {
  const its = digests[index]
  if (its === undefined || (record !== null && its !== digestOf(crypto, record))) return false
  return digests.length === count && listDigest(crypto, digests) === digest
}

function provenOutcome(
  crypto: Crypto,
  item: Evidence['items'][number],
  keys: readonly { node: NodeId; key: SigningKey }[],
  receiver: NodeId,
  place: { epoch: number; seq: number },
): string | { code: EvidenceFault['code']; detail: string } {
  const opened = openToken(crypto, item.receipt ?? '', jwsTypes.receipt, keys, receiver)
  if ('code' in opened) return opened
  const receipt = readReceiptPayload(opened.payload)
  if (!receipt.ok) return receipt
  const { iss, aud, epoch, seq, head, outcomes } = receipt.payload
  const outcome = outcomes[item.index]
  const fits = iss === receiver && aud === item.from && epoch === place.epoch && seq === place.seq
  if (!fits || head !== contentId(crypto, item.jws) || outcome === undefined)
    return { code: 'receipt_mismatch', detail: 'the receipt answers another envelope' }
  return outcome
}

function openToken(
  crypto: Crypto,
  token: string,
  typ: JwsType,
  keys: readonly { node: NodeId; key: SigningKey }[],
  owner: NodeId,
): { payload: Json } | { code: EvidenceFault['code']; detail: string } {
  const read = readJws(token, typ)
  if (!read.ok) return read
  const known = keys.find(({ node, key }) => node === owner && thumbprint(crypto, key) === read.jws.kid)
  if (!known) return { code: 'key_unknown', detail: 'signed under a key that was not given' }
  const key = enrolKey(known.key)
  return key.ok ? verifyJws(crypto, read.jws, key.publicKey) : { code: 'key_unknown', detail: key.detail }
}
