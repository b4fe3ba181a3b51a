/**
 * The twin: a world that hears only those records which another has applied. If refused and parked ones left no trace,
 * both hold the same of every case, activity and query.
 */
import { arrivals, cases, queries } from '../../node/flows/tables.ts'
import { activities } from '../../node/activities/tables.ts'
import { recordsOut } from '../../node/federation/tables.ts'
import { limits, type NodeId } from '../../protocol/index.ts'
import { jwsTypes } from '../../protocol/index.ts'
import { bodyFrom, nextPayload } from './messages.ts'
import { demand, payloadText } from './oracle.ts'
import { openStage, peerOf, signedJson, type Stage } from './stage.ts'

export interface AppliedRecord {
  readonly peer: NodeId
  readonly text: string
}

/** Applies the records in a fresh world, in their order. */
export async function twinOf(applied: readonly AppliedRecord[]): Promise<Stage> {
  const stage = await openStage(true)
  for (let at = 0; at < applied.length;) {
    const peer = applied[at]?.peer ?? ''
    const records: string[] = []
    let bytes = 0
    for (; applied[at]?.peer === peer && records.length < limits.recordsPerEnvelope; at++) {
      const text = applied[at]?.text ?? ''
      bytes += Buffer.byteLength(text)
      if (bytes > limits.envelopeRecordBytes) break
      records.push(text)
    }
    const payload = nextPayload(stage, peer, records)
    const token = signedJson(stage, peer, jwsTypes.envelope, JSON.stringify(payload))
    const { receipts, refusal } = await stage.us.region.inbox.receive(peer, bodyFrom(token, records))
    demand(refusal === undefined, `the twin refused what was taken: ${refusal?.code ?? ''}`)
    const said = JSON.parse(payloadText(receipts[0] ?? '')) as { head: string; outcomes: string[] }
    const other = said.outcomes.findIndex((outcome) => outcome !== 'applied')
    demand(
      other < 0,
      `what was applied is ${said.outcomes[other] ?? ''} without the rest: ${records[other] ?? ''}`,
    )
    Object.assign(peerOf(stage, peer), { seq: payload.seq, head: said.head })
  }
  return stage
}

/** What the domain holds, without ids and moments that are drawn by chance. */
export async function domainOf({ store }: Stage): Promise<string[]> {
  return store.read(async (reader) => {
    const held: unknown[] = []
    for (const { peer, side, tag, open, homeFacts, hostFacts } of await reader.find(cases, {}))
      held.push(['case', peer, side, tag, open, homeFacts, hostFacts])
    for (const { changedMs: _ms, mark: _mark, ...row } of await reader.find(activities, {}))
      held.push(['activity', row])
    for (const { askedMs: _ms, ...row } of await reader.find(queries, {})) held.push(['query', row])
    for (const { id, state, tag, caseId } of await reader.find(arrivals, {}))
      held.push(['arrival', id, state, tag, caseId])
    const said = await reader.find(recordsOut, {}, { orderBy: 'position' })
    for (const [nth, { peer, type, text, outcome }] of said.entries()) {
      const { body } = JSON.parse(text ?? '{}') as { body: unknown }
      held.push(['said', nth, peer, type, body, outcome])
    }
    return held.map((row) => JSON.stringify(row)).sort()
  })
}
