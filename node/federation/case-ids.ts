/**
 * Whose case is it when two peers' streams open one of the same id? Honest nodes mint ids that nobody else has, so one of
 * the two has used another's id, and that could be taken only while this node had lost the case it belongs to. After a
 * later loss both come back with our receipts, in whatever order the peers are asked.
 *
 * A case that we opened ourselves is ours with that peer: only home mints ids, and we signed it. Between two that were
 * opened towards us the one that we receipted first stands. That goes by our own clock, for nothing else tells the
 * order of receipts to two peers; no honest pair ever comes to it.
 */
import {
  jwsTypes,
  parseStrictBytes,
  readJws,
  readReceiptPayload,
  type NodeId,
  type Uuid,
} from '../../protocol/index.ts'
import { type Transaction } from '../store/port.ts'
import { type Facts, type Told } from './handlers.ts'
import { envelopesIn, recordsIn } from './tables.ts'

/** Types of records that open a case. */
const openings: ReadonlySet<string> = new Set(['identity.asserted', 'flow.published'])

export function opens({ record: { type } }: Told): boolean {
  return openings.has(type)
}

/** Does the id of this case belong to a case with another peer, whatever this one has said of it? */
export async function isAnothers(
  tx: Transaction,
  facts: Facts,
  { peer, self, caseId, told }: { peer: NodeId; self: NodeId; caseId: Uuid; told: readonly Told[] },
): Promise<boolean> {
  const holder = await facts.heldWith(tx, caseId)
  if (!holder || holder.peer === peer) return false
  if (holder.ours) return true
  if (told.some((one) => one.by === self && opens(one))) return false
  return (await firstReceipted(tx, peer, caseId)) >= (await firstReceipted(tx, holder.peer, caseId))
}

/** When we first receipted an opening of that case by this peer, in seconds; infinity when we have not. */
async function firstReceipted(tx: Transaction, peer: NodeId, caseId: Uuid): Promise<number> {
  let first = Infinity
  for (const row of await tx.find(recordsIn, { peer, caseId, outcome: 'applied' })) {
    if (!openings.has(row.type)) continue
    const { epoch, seq } = row
    const envelope = await tx.get(envelopesIn, { peer, epoch, seq })
    first = Math.min(first, envelope ? statedTime(envelope.receipt) : Infinity)
  }
  return first
}

/** The time a receipt of ours states; it was proven when it was stored. */
function statedTime(receipt: string): number {
  const read = readJws(receipt, jwsTypes.receipt)
  const parsed = read.ok ? parseStrictBytes(read.jws.payload) : read
  const payload = parsed.ok ? readReceiptPayload(parsed.value) : parsed
  return payload.ok ? payload.payload.iat : Infinity
}
