/** Where each record of a case is on its way, read from the streams: written, sealed, delivered, or received. */
import { type CaseDetail, type NodeId, type Uuid } from '../../protocol/index.ts'
import { type Reader } from '../store/port.ts'
import { envelopesIn, envelopesOut, recordsIn, recordsOut } from './tables.ts'

type Timeline = CaseDetail['timeline']

export async function caseTimeline(reader: Reader, caseId: Uuid): Promise<Timeline> {
  const sent = await reader.find(recordsOut, { caseId }, { orderBy: 'position' })
  const received = await reader.find(recordsIn, { caseId })
  const timeline: Timeline = []
  for (const { peer, epoch, seq, type, writtenMs, outcome } of sent) {
    const sealed =
      epoch === null || seq === null ? undefined : await reader.get(envelopesOut, { peer, epoch, seq })
    const state = sealed === undefined ? 'written' : sealed.receipted ? 'delivered' : 'sealed'
    timeline.push({
      direction: 'sent',
      type,
      at: time(writtenMs),
      state,
      outcome: outcome ?? (state === 'delivered' ? 'applied' : null),
    })
  }
  for (const { peer, epoch, seq, type, outcome } of received) {
    const envelope = await reader.get(envelopesIn, { peer, epoch, seq })
    timeline.push({
      direction: 'received',
      type,
      at: time(envelope?.receivedMs ?? 0),
      state: 'received',
      outcome,
    })
  }
  return timeline.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
}

/** Cases with a peer of which something has no receipt yet. */
export async function inFlightCases(reader: Reader, peer: NodeId): Promise<Set<Uuid>> {
  const open = await reader.find(envelopesOut, { peer, receipted: false })
  const sealed = await reader.findIn(
    recordsOut,
    'seq',
    open.map(({ seq }) => seq),
    { peer },
  )
  const waiting = await reader.find(recordsOut, { peer, sealed: false })
  return new Set([...sealed, ...waiting].map(({ caseId }) => caseId).filter((id) => id !== null))
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}
