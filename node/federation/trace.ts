/** Where each record of a case is on its way, read from the streams: written, sealed, delivered, or received. */
import { type CaseDetail, type NodeId, type Uuid } from '../../protocol/index.ts'
import { type Reader } from '../store/port.ts'
import { envelopeOf } from './outbox.ts'
import { envelopesIn, envelopesOut, recordsIn, recordsOut, streamsOut } from './tables.ts'

type Timeline = CaseDetail['timeline']

export async function caseTimeline(reader: Reader, peer: NodeId, caseId: Uuid): Promise<Timeline> {
  const sent = await reader.find(recordsOut, { caseId, peer }, { orderBy: 'position' })
  const received = await reader.find(recordsIn, { caseId, peer })
  const timeline: Timeline = []
  for (const { type, writtenMs, outcome, position } of sent) {
    const envelope = await envelopeOf(reader, peer, position)
    const state = envelope === undefined ? 'written' : envelope.receipted ? 'delivered' : 'sealed'
    const said = outcome ?? (state === 'delivered' ? 'applied' : null)
    timeline.push({ direction: 'sent', type, at: time(writtenMs), state, outcome: said })
  }
  const envelopes = await reader.getMany(envelopesIn, received)
  for (const [i, { type, outcome }] of received.entries()) {
    const at = time(envelopes[i]?.receivedMs ?? 0)
    timeline.push({ direction: 'received', type, at, state: 'received', outcome })
  }
  return timeline.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
}

/** Cases with a peer of which something has no receipt yet. */
export async function inFlightCases(reader: Reader, peer: NodeId): Promise<Set<Uuid>> {
  const [oldest] = await reader.find(envelopesOut, { peer, receipted: false }, { orderBy: 'seq', limit: 1 })
  const stream = await reader.get(streamsOut, { peer })
  const after = oldest ? oldest.firstPosition - 1 : (stream?.sealedPosition ?? 0)
  const waiting = await reader.find(recordsOut, { peer }, { orderBy: 'position', after })
  return new Set(waiting.map(({ caseId }) => caseId).filter((id) => id !== null))
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}
