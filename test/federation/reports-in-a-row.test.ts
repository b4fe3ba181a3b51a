/** What an envelope holds of reports is applied many at a time, and comes to what it would have come to one by one. */
import { expect, it } from 'vitest'
import { nodeJsCrypto } from '../../node/platform.ts'
import { type ReceiptPayload } from '../../protocol/index.ts'
import { dumpOf, type Dump } from '../harness/dump.ts'
import { bodyOf, uuid } from '../harness/peer.ts'
import { shenzhen, withScriptedPeer, xinyang } from '../harness/world.ts'

type World = Awaited<ReturnType<typeof withScriptedPeer>>

/** Outcomes of these envelopes of a new peer, and what its words have left behind. */
async function told(envelopes: readonly (readonly string[])[]): Promise<{ outcomes: string[]; dump: Dump }> {
  const { us, peer } = await withScriptedPeer()
  const outcomes: string[] = []
  for (const lines of envelopes) {
    const { receipts, refusal } = await us.region.inbox.receive(shenzhen, bodyOf(peer.say(...lines)))
    expect(refusal).toBeUndefined()
    const [, payload = ''] = (receipts[0] ?? '').split('.')
    outcomes.push(...(JSON.parse(Buffer.from(payload, 'base64url').toString()) as ReceiptPayload).outcomes)
  }
  const dump = await dumpOf(us.store)
  await us.region.stop()
  expect(us.faults).toEqual([])
  return { outcomes, dump }
}

function linesOf({ peer }: World): string[] {
  const outflow = { destination: { code: xinyang, text: '河南信阳' } }
  const publish = (n: number) => {
    const body = { tag: nodeJsCrypto.digest(`person ${n}`), person: { name: '王五' }, outflow }
    return peer.record('flow.published', uuid(n), body)
  }
  const report = (n: number, title: string) =>
    peer.record('activity.recorded', uuid(n), { activity: { on: '2026-03-01', kind: 'study', title } })
  const correction = (of: string) => {
    const { id } = JSON.parse(of) as { id: string }
    return peer.record('activity.corrected', uuid(1), { corrects: id, activity: null })
  }
  const [first, second, third] = [report(1, '一'), report(1, '二'), report(2, '三')]
  return [
    ...[publish(1), publish(2), first, second, first, first.replace('一', '别的'), third, report(9, '四')],
    ...[correction(first), report(1, '五'), correction(report(1, '没有')), report(2, '六')],
    ...[peer.unknown(uuid(2)), report(2, '七'), report(1, '八'), report(1, '九'), second],
  ]
}

it('has the same outcomes and leaves the same rows however the envelopes are cut', async () => {
  const world = await withScriptedPeer()
  const lines = linesOf(world)
  await world.us.region.stop()
  const together = await told([lines])
  expect(together.outcomes.map((outcome) => outcome.replace('refused:', ''))).toEqual([
    ...['applied', 'applied', 'applied', 'applied', 'record_repeated', 'record_repeated', 'applied'],
    ...['case_unknown', 'applied', 'applied', 'activity_unknown', 'applied', 'parked', 'parked'],
    ...['applied', 'applied', 'record_repeated'],
  ])
  for (const apart of [lines.map((line) => [line]), [lines.slice(0, 5), lines.slice(5, 9), lines.slice(9)]]) {
    const { outcomes, dump } = await told(apart)
    expect(outcomes).toEqual(together.outcomes)
    for (const table of ['activities', 'cases']) expect(dump[table]).toEqual(together.dump[table])
  }
})
