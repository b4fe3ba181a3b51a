/** Sealed envelopes as they are posted: read from the store again, put into posts of a size that is taken, and answered. */
import { envelopeLines, fromUtf8, limits, type NodeId } from '../../protocol/index.ts'
import { type HttpAnswer } from '../platform.ts'
import { type Reader, type Row } from '../store/port.ts'
import { lineOut, recordsOf } from './outbox.ts'
import { envelopesOut, streamsOut } from './tables.ts'

export interface Parcel {
  readonly envelope: Row<typeof envelopesOut>
  /** The lines that go over the wire. */
  readonly text: string
}

/** Envelopes without a receipt, as far as they fit one post. */
export async function storedParcels(reader: Reader, node: NodeId): Promise<Parcel[]> {
  const stream = await reader.get(streamsOut, { peer: node })
  if (stream?.standing !== 'open') return []
  const page = { orderBy: 'seq', limit: limits.envelopesPerPost } as const
  const envelopes = await reader.find(envelopesOut, { peer: node, receipted: false }, page)
  const parcels: Parcel[] = []
  let size = 0
  for (const envelope of envelopes) {
    if (envelope.epoch !== parcels[0]?.envelope.epoch && parcels.length > 0) break
    const records = (await recordsOf(reader, envelope)).map(lineOut)
    const text = envelopeLines({ jws: envelope.jws, records })
    size += Buffer.byteLength(text)
    if (parcels.length > 0 && size > limits.postBytes) break
    parcels.push({ envelope, text })
  }
  return parcels
}

/** Parcels in posts, none of them over the limit unless one alone is. */
export function posts(parcels: readonly Parcel[]): Parcel[][] {
  const found: Parcel[][] = []
  let size = 0
  for (const parcel of parcels) {
    const bytes = Buffer.byteLength(parcel.text)
    const current = found.at(-1)
    if (!current || current.length === limits.envelopesPerPost || size + bytes > limits.postBytes) {
      found.push([parcel])
      size = bytes
    } else {
      current.push(parcel)
      size += bytes
    }
  }
  return found
}

/** The receipts of an answer, as many as a post has envelopes; the text behind the last line end is one part more. */
export function tokensIn({ body }: HttpAnswer): string[] {
  return (fromUtf8(body) ?? '').split('\n', limits.envelopesPerPost + 1).filter((line) => line !== '')
}
