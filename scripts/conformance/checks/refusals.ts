/** Refusals as section 21 has them: exact status, exact code, and nothing that could be seen has changed. */
import { parseStrict, type GateCode } from '../../../protocol/index.ts'
import { type Check } from '../check.ts'
import { demand, demandSame } from '../demand.ts'
import { type Answer } from '../http.ts'
import { type Door, type Peer } from '../peer.ts'
import { type World } from '../world.ts'

/** The wire codes that can be had from outside; written down here again, so that nothing of the node is believed. */
const statuses: Partial<Record<GateCode, number>> = {
  too_large: 413,
  bad_encoding: 400,
  bad_json: 400,
  header_not_allowed: 401,
  wrong_type: 401,
  bad_signature: 401,
  bad_field: 400,
  issuer_mismatch: 401,
  wrong_audience: 401,
  bad_time: 401,
  replayed_nonce: 401,
  no_agreement: 403,
  suspended: 403,
  wrong_epoch: 409,
  gap: 409,
  fork: 409,
  frozen: 423,
  digest_mismatch: 400,
  unsupported_encoding: 415,
  rate_limited: 429,
  unavailable: 503,
}

export function demandRefusal(answer: Answer, code: GateCode, have?: object, what = 'the answer'): void {
  const due = `${what}: expected ${statuses[code]} ${code}, got ${answer.status}`
  const shown = answer.text.slice(0, 100)
  demand(answer.type.startsWith('application/json'), `${due} as ${answer.type || 'nothing'}: ${shown}`)
  const body = parseStrict(answer.text)
  demand(body.ok, `${due} with a body that is not minimal JSON: ${shown}`)
  const expected = { error: code, ...(have === undefined ? {} : { have }) }
  demandSame({ status: answer.status, body: body.value }, { status: statuses[code], body: expected }, what)
}

/** One post that must be refused. */
export interface Row {
  readonly id: string
  readonly section?: number
  readonly says: string
  readonly code: GateCode
  readonly door?: Door
  readonly issuer?: (world: World) => string
  /** Whose hand posts; the first peer unless said otherwise. */
  readonly needs?: Check['needs']
  readonly body: (peer: Peer, world: World) => Uint8Array
  /** Tells that `have` stands in the answer: where the copy ends. */
  readonly have?: true
}

export function refusalCheck(section: number, row: Row): Check {
  const { id, says, code, door = 'envelopes', needs, body, have } = row
  return {
    id,
    section: row.section ?? section,
    says: `${says}: ${code}.`,
    codes: [code],
    ...(needs === undefined ? {} : { needs }),
    run: (world) =>
      world.unchanged(world.first, async () => {
        const peer = world.first
        const answer = await peer.post(body(peer, world), row.issuer?.(world) ?? peer.self, door)
        demandRefusal(answer, code, have ? { epoch: peer.epoch, seq: peer.seq } : undefined)
      }),
  }
}
