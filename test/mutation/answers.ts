/**
 * The other direction: what a peer answers to our courier, our pull and our comparison. An answer that is not exactly
 * what was asked for changes nothing; it makes the peer unreachable for this once.
 */
import { PeerUnreachable } from '../../node/federation/requests.ts'
import { envelopesIn, envelopesOut, recordsOut, streamsOut } from '../../node/federation/tables.ts'
import { type HttpAnswer } from '../../node/platform.ts'
import { deliveryLimits, jwsTypes, utf8 } from '../../protocol/index.ts'
import { settled } from '../harness/clock.ts'
import { byteKinds, byteMutations } from './byte-mutations.ts'
import { type Chance } from './chance.ts'
import { poolOf, spoiledAfter, spoiledBefore, untouched, type Message, type Scene } from './messages.ts'
import { faultOf } from './minimal.ts'
import { demand, holdEnvelopes, payloadText, sha } from './oracle.ts'
import {
  cannotAnswer,
  dongguan,
  headerOf,
  receiptPayloads,
  shenzhen,
  sign,
  signedJson,
  streamRow,
  xinyang,
  type Stage,
} from './stage.ts'
import { mutatedJson, treeKinds } from './tree-mutations.ts'

/** What is to become of the next answer: how it is spoiled, and with which chance. */
export interface Plan {
  readonly door: 'receipts' | 'pulled' | 'compared'
  readonly signing: Message['signing']
  readonly kind: string
}
interface Done {
  readonly message: Message
  readonly result: string
  /** Something was taken, so that this world is used up. */
  readonly moved: boolean
}

const statuses = [204, 400, 401, 409, 413, 423, 429, 500, 503]

export function planFor(door: Plan['door'], signing: Message['signing'], chance: Chance): Plan {
  const kind = signing === 'untouched' ? 'good' : chance.pick(signing === 'after' ? byteKinds : treeKinds)
  return { door, signing, kind: `${door}: ${kind}` }
}
const bareKind = ({ kind }: Plan) => kind.slice(kind.indexOf(': ') + 2)

/** Sends the planned answer at the moment our node asks, and holds what comes of it. */
export async function answered(scene: Scene, plan: Plan): Promise<Done> {
  const { stage } = scene
  let sent: { body: Uint8Array; changed: boolean } | undefined
  const keep = (good: Uint8Array, body: Uint8Array) => {
    sent ??= { body, changed: Buffer.compare(good, body) !== 0 }
  }
  stage.ledger.clear()
  const outcome =
    plan.door === 'receipts'
      ? await receipts(scene, plan, keep)
      : plan.door === 'compared'
        ? await compared(scene, plan, keep)
        : await pulled(scene, plan, keep)
  demand(stage.us.faults.length === 0, `a fault of background work: ${String(stage.us.faults[0])}`)
  stage.wire.reply = () => undefined
  const signing = sent?.changed === true ? plan.signing : 'untouched'
  const kind = signing === 'untouched' ? `${plan.door}: good` : plan.kind
  const body = sent?.body ?? new Uint8Array()
  return { message: { door: plan.door, kind, signing, claimed: shenzhen, viaApp: false, body }, ...outcome }
}

type Keep = (good: Uint8Array, body: Uint8Array) => void

function spoiledBytes(plan: Plan, bytes: Uint8Array, other: Uint8Array, chance: Chance): Uint8Array {
  return plan.signing === 'after'
    ? (byteMutations[bareKind(plan)]?.({ bytes, other }, chance) ?? bytes)
    : bytes
}

async function receipts(scene: Scene, plan: Plan, keep: Keep): Promise<Omit<Done, 'message'>> {
  const { stage, chance } = scene
  const { courier } = stage.us.region
  stage.wire.reply = (door, posted) => {
    if (door === 'requests') return cannotAnswer
    const outcome = () =>
      chance.pick(['applied', 'applied', 'parked', 'refused:case_closed', 'refused:of_tomorrow'])
    const payloads = receiptPayloads(posted, outcome)
    const spoiled = chance.int(payloads.length)
    const [good, body] = [-1, spoiled].map((place) =>
      utf8(payloads.map((payload, i) => receiptLine(scene, plan, payload, i === place)).join('')),
    ) as [Uint8Array, Uint8Array]
    const answer =
      plan.signing === 'after' && chance.bool(0.2) ? errorBody(scene) : spoiledBytes(plan, body, good, chance)
    keep(good, answer)
    return {
      status: plan.signing === 'untouched' || chance.bool(0.8) ? 200 : chance.pick(statuses),
      body: answer,
    }
  }
  // A wake during a wait does nothing, and being heard ends the wait, or after an answer shortens it.
  courier.heard(shenzhen)
  stage.clock.jump(deliveryLimits.heardAgainMs)
  courier.wake(shenzhen)
  await settled()
  const stored = stage.ledger.entry(envelopesOut).updated
  const tables = stage.ledger.touched().filter((table) => table !== 'leases')
  const expected = [envelopesOut, streamsOut, recordsOut].map((table) => stage.ledger.entry(table))
  demand(
    tables.every((table) => stored > 0 && ['envelopes_out', 'streams_out', 'records_out'].includes(table)),
    `an answer changed ${tables.join()}`,
  )
  demand((expected[1]?.updated ?? 0) <= stored, 'the stream is written oftener than there are receipts')
  if (stored > 0) await holdReceipts(stage, stored)
  demand(plan.signing !== 'untouched' || stored === 3, 'good receipts were not taken')
  return { result: courier.delivery(shenzhen).problem?.code ?? 'receipted', moved: stored > 0 }
}

function receiptLine(scene: Scene, plan: Plan, payload: object, spoil: boolean): string {
  const { stage, chance } = scene
  if (!spoil || plan.signing !== 'before')
    return `${signedJson(stage, shenzhen, jwsTypes.receipt, JSON.stringify(payload))}\n`
  const header = headerOf(stage, shenzhen, jwsTypes.receipt)
  if (chance.bool(0.1)) {
    const text = mutatedJson(bareKind(plan), header, chance, poolOf(scene)) ?? JSON.stringify(header)
    return `${sign(stage, shenzhen, text, JSON.stringify(payload))}\n`
  }
  const text = wellFormedLie(payload, chance) ?? mutated(scene, plan, payload)
  return `${signedJson(stage, shenzhen, jwsTypes.receipt, text)}\n`
}

function mutated(scene: Scene, plan: Plan, payload: object): string {
  return mutatedJson(bareKind(plan), payload, scene.chance, poolOf(scene)) ?? JSON.stringify(payload)
}

/** Every third time one member says something of the right form that is not so; undefined otherwise. */
function wellFormedLie(payload: object, chance: Chance): string | undefined {
  const lies: Record<string, () => unknown> = {
    iss: () => chance.pick([dongguan, xinyang]),
    aud: () => chance.pick([dongguan, shenzhen]),
    epoch: () => 2,
    seq: () => 1 + chance.int(6),
    head: () => chance.digest(),
    outcomes: () => Array.from({ length: 1 + chance.int(4) }, () => 'applied'),
    nonce: () => chance.uuid(),
    digest: () => chance.digest(),
  }
  const name = chance.pick(Object.keys(payload).filter((member) => member in lies))
  return chance.bool(1 / 3) ? JSON.stringify({ ...payload, [name]: lies[name]?.() }) : undefined
}

function errorBody({ chance, ...scene }: Scene): Uint8Array {
  const value = {
    error: chance.pick(['gap', 'wrong_epoch', 'frozen', 'bad_signature', 'x']),
    have: { epoch: 1, seq: chance.int(5) },
  }
  return utf8(mutatedJson(chance.pick(treeKinds), value, chance, poolOf({ chance, ...scene })) ?? 'null')
}

/** Every receipt that was stored is signed, and over the very envelope it stands beside. */
async function holdReceipts(stage: Stage, stored: number): Promise<void> {
  const rows = await stage.store.read((reader) =>
    reader.find(envelopesOut, { peer: shenzhen, receipted: true }, { orderBy: 'seq' }),
  )
  const stream = await stage.store.read((reader) => reader.get(streamsOut, { peer: shenzhen }))
  demand(stream?.receipted === rows.at(-1)?.seq, 'receipts are counted otherwise than they are stored')
  for (const row of rows.slice(-stored)) {
    const receipt = row.receipt ?? ''
    demand(
      stage.signed.has(receipt) && faultOf(payloadText(receipt)) === undefined,
      'a receipt nobody signed was stored',
    )
    const said = JSON.parse(payloadText(receipt)) as Record<string, unknown> & { outcomes: string[] }
    const about =
      said['iss'] === shenzhen &&
      said['aud'] === xinyang &&
      said['epoch'] === row.epoch &&
      said['seq'] === row.seq
    demand(about && said['head'] === row.contentId, 'a receipt of another envelope was stored')
    demand(said.outcomes.length === row.records, 'a receipt with other outcomes than records was stored')
    for (const outcome of said.outcomes)
      demand(/^(applied|parked|refused:[a-z_]{1,40})$/.test(outcome), 'an outcome that is none was stored')
  }
}

/** The answer token over a body, spoiled where the plan says so. */
function answerBytes(scene: Scene, plan: Plan, request: Uint8Array, body: string, keep: Keep): Uint8Array {
  const { stage, chance } = scene
  const asked = JSON.parse(payloadText(Buffer.from(request).toString())) as { nonce: string; iat: number }
  const payload = { iss: shenzhen, aud: xinyang, iat: asked.iat, nonce: asked.nonce, digest: sha(body) }
  const good = utf8(`${signedJson(stage, shenzhen, jwsTypes.answer, JSON.stringify(payload))}\n${body}`)
  const text =
    plan.signing === 'before' ? (wellFormedLie(payload, chance) ?? mutated(scene, plan, payload)) : undefined
  const bytes =
    text === undefined ? good : utf8(`${signedJson(stage, shenzhen, jwsTypes.answer, text)}\n${body}`)
  const sent = spoiledBytes(plan, bytes, bytes, chance)
  keep(good, sent)
  return sent
}

/** A request of ours that must end well or with PeerUnreachable. */
async function reached<T>(work: Promise<T>): Promise<{ value: T } | { code: string }> {
  try {
    return { value: await work }
  } catch (error) {
    if (error instanceof PeerUnreachable) return { code: error.code }
    throw error
  }
}

async function compared(scene: Scene, plan: Plan, keep: Keep): Promise<Omit<Done, 'message'>> {
  const { stage, chance } = scene
  const peer = await stage.store.read((reader) => stage.us.region.peers.get(reader, shenzhen))
  if (!peer) throw new TypeError('Shenzhen is a peer of every stage')
  const ids = Array.from({ length: chance.int(4) }, () => chance.uuid()).sort()
  const cut = { epoch: 1, seq: chance.int(9), head: chance.bool() ? null : chance.digest() }
  const cases = ids.map((id) => ({ id, digest: chance.digest() }))
  const next = chance.bool() ? (ids.at(-1) ?? null) : null
  const page = { sent: cut, received: cut, unsent: chance.int(3), cases, denied: [chance.uuid()], next }
  const ofPage = plan.signing === 'before' && chance.bool(0.6)
  const good = JSON.stringify(page)
  const text = ofPage ? (mutatedJson(bareKind(plan), page, chance, poolOf(scene)) ?? good) : good
  stage.wire.reply = (_door, request): HttpAnswer => {
    const body = ofPage
      ? answerBytes(scene, { ...plan, signing: 'untouched' }, request, text, (_good, sent) =>
          keep(utf8(''), sent),
        )
      : answerBytes(scene, plan, request, good, keep)
    return { status: 200, body }
  }
  const got = await reached(stage.us.region.requests.compare(peer, xinyang, null))
  demand(
    stage.ledger.touched().every((table) => table === 'leases'),
    'a comparison changed something',
  )
  if ('value' in got) demand(faultOf(text) === undefined, 'a page that is not minimal JSON was taken')
  demand('value' in got || plan.signing !== 'untouched', 'a good page was not taken')
  return { result: 'value' in got ? 'a page' : got.code, moved: false }
}

async function pulled(scene: Scene, plan: Plan, keep: Keep): Promise<Omit<Done, 'message'>> {
  const { stage, chance } = scene
  const before = await streamRow(stage, shenzhen)
  const inner =
    plan.signing === 'untouched'
      ? untouched(scene)
      : chance.bool()
        ? spoiledBefore(scene)
        : spoiledAfter(scene)
  const own = chance.bool() && plan.signing !== 'untouched'
  const message: Message = { ...inner, door: 'pulled', claimed: shenzhen }
  let asked = 0
  stage.wire.reply = (_door, request): HttpAnswer => {
    // UTF-8 that is none does not survive being said as text, so the digest is over what we read of it.
    const body = asked++ === 0 ? Buffer.from(message.body).toString() : ''
    if (own || body === '')
      return {
        status: 200,
        body: answerBytes(scene, { ...plan, signing: 'untouched' }, request, body, (_g, sent) =>
          keep(utf8(''), sent),
        ),
      }
    return { status: 200, body: answerBytes(scene, plan, request, body, keep) }
  }
  const got = await reached(stage.us.region.requests.pull(shenzhen))
  const after = await streamRow(stage, shenzhen)
  const rows = stage.ledger.inserted(envelopesIn)
  const tokens = { ...message, body: utf8(Buffer.from(message.body).toString()) }
  holdEnvelopes(stage, tokens, { receipts: [], code: undefined }, { before, after }, new Set())
  const moved = rows.length > 0 || after?.frozen !== before?.frozen
  demand(!('value' in got) || got.value === rows.length, 'a pull tells of more than it took')
  return { result: 'value' in got ? (rows.length > 0 ? 'pulled' : 'pulled nothing') : got.code, moved }
}
