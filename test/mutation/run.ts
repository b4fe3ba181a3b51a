/**
 * A run of mutated messages, in chunks that know nothing of each other: chunk n of a seed is the same wherever and
 * beside whatever it is run. So any number of workers come to the same counts and the same hash, and a message that
 * broke something is found again by its chunk and its number alone.
 */
import { createHash } from 'node:crypto'
import { refusals } from '../../node/federation/tables.ts'
import { readJws, jwsTypes, type GateCode, type NodeId } from '../../protocol/index.ts'
import { dumpOf, without } from '../harness/dump.ts'
import { postTo } from '../harness/network.ts'
import { answered, planFor, type Plan } from './answers.ts'
import { Chance, seedFrom } from './chance.ts'
import {
  spoiledAfter,
  spoiledBefore,
  tellerIn,
  untouched,
  type Message,
  type Scene,
  type Signing,
} from './messages.ts'
import {
  announcedIn,
  codeOfResponse,
  demand,
  holdEnvelopes,
  holdExpectation,
  isAnnouncement,
  lettersOf,
  type Answer,
  type Taken,
} from './oracle.ts'
import { agreement, request, sendRequest, signAgreement } from './requests.ts'
import { openStage, peerOf, speakers, streamRow, type Stage } from './stage.ts'
import { tellerOf, type Draft, type Teller } from './stories.ts'
import { domainOf, twinOf, type AppliedRecord } from './twin.ts'

export const chunkSize = 1000
/** How often everything the node holds is compared, and not only what the ledger tells. */
const dumpEvery = 250

export type Tally = Record<string, number>
export interface ChunkResult {
  readonly chunk: number
  readonly messages: number
  readonly hash: string
  readonly tally: Tally
}

export class MessageBroke extends Error {
  readonly chunk: number
  readonly index: number
  readonly kind: string
  body: Uint8Array
  /** The law that was broken, to find it again in a smaller message. */
  readonly law: string
  constructor(chunk: number, index: number, kind: string, body: Uint8Array, cause: unknown) {
    super(
      `message ${index} of chunk ${chunk} (${kind}): ${cause instanceof Error ? (cause.stack ?? '') : String(cause)}`,
    )
    this.chunk = chunk
    this.index = index
    this.kind = kind
    this.body = body
    this.law = cause instanceof Error ? lawOf(cause) : ''
  }
}

interface World {
  readonly stage: Stage
  readonly tellers: Map<NodeId, Teller>
  digests: Map<NodeId, Set<string>>
  readonly applied: AppliedRecord[]
  readonly posted: Uint8Array[]
  readonly asked: Message[]
  /** Messages still to be sent to a frozen stream before the world ends. */
  left: number
}

async function openWorld(chance: Chance, listening: boolean): Promise<World> {
  const stage = await openStage(listening)
  const tellers = new Map(speakers.map((node) => [node, tellerOf(stage, node, chance)]))
  const digests = new Map(speakers.map((node) => [node, new Set<string>()]))
  return { stage, tellers, digests, applied: [], posted: [], asked: [], left: Infinity }
}

export class ChunkRun {
  private readonly chance: Chance
  private readonly chunk: number
  private readonly tally: Tally = {}
  private readonly hash = createHash('sha256')
  private world: World | undefined
  /** Worlds that ask: one whose courier is at work, and one that only pulls and compares. */
  private delivering: World | undefined
  private reading: World | undefined
  private last: Message | undefined
  private pending: Plan | undefined
  /** The message before which to stand still, so that it can be tried in smaller forms. */
  private haltAt = -1

  constructor(seed: number, chunk: number) {
    this.chunk = chunk
    this.chance = new Chance(seedFrom(seed, chunk))
  }

  async run(messages: number = chunkSize): Promise<ChunkResult> {
    const unhandled: unknown[] = []
    const note = (error: unknown) => void unhandled.push(error)
    process.on('unhandledRejection', note)
    let index = 0
    try {
      for (; index < messages; index++) {
        this.last = undefined
        this.pending = undefined
        const { message, result } = await this.one(index)
        demand(unhandled.length === 0, `an unhandled rejection: ${String(unhandled[0])}`)
        this.count(message, result, index)
      }
      await this.endWorld()
      await new Promise((resolve) => setImmediate(resolve))
      demand(unhandled.length === 0, `an unhandled rejection: ${String(unhandled[0])}`)
    } catch (error) {
      const kind = this.kindNow()
      throw new MessageBroke(this.chunk, index, kind, this.last?.body ?? new Uint8Array(), error)
    } finally {
      process.off('unhandledRejection', note)
    }
    return this.resultOf(messages)
  }

  private resultOf(messages: number): ChunkResult {
    return { chunk: this.chunk, messages, hash: this.hash.digest('hex'), tally: this.tally }
  }

  /** The smallest body of the message with this number, by lines and then by bytes, that still breaks the same law. */
  async shrunk(index: number, law: string): Promise<Uint8Array | undefined> {
    this.haltAt = index
    await this.run(index + 1)
    const [world, message] = [this.world, this.last]
    if (!world || message?.door !== 'envelopes') return undefined
    const snapshot = world.stage.store.snapshot()
    const heads = [...world.stage.peers].map(([node, { seq, head }]) => [node, { seq, head }] as const)
    const digests = world.digests
    const breaks = async (body: Uint8Array) => {
      world.stage.store.restore(snapshot)
      world.digests = new Map([...digests].map(([node, set]) => [node, new Set(set)]))
      for (const [node, head] of heads) Object.assign(peerOf(world.stage, node), head)
      world.stage.ledger.clear()
      return this.post(world, { ...message, body }).then(
        () => false,
        (error: unknown) => error instanceof Error && lawOf(error) === law,
      )
    }
    return smallest(message.body, breaks)
  }

  private kindNow(): string {
    return this.last ? `${this.last.signing}, ${this.last.kind}` : (this.pending?.kind ?? 'no message')
  }

  /** Half of the messages and more are spoiled before they are signed, and one in ten not at all. */
  private signing(): Signing {
    const { signing } = this.chance.weighted<{ weight: number; signing: Signing }>([
      { weight: 9, signing: 'untouched' },
      { weight: 56, signing: 'before' },
      { weight: 35, signing: 'after' },
    ])
    return signing
  }

  private async one(index: number): Promise<{ message: Message; result: string }> {
    const { lane } = this.chance.weighted([
      { weight: 80, lane: 'envelopes' as const },
      { weight: 8, lane: 'requests' as const },
      { weight: 3, lane: 'agreement' as const },
      { weight: 4, lane: 'receipts' as const },
      { weight: 3, lane: 'pulled' as const },
      { weight: 2, lane: 'compared' as const },
    ])
    const signing = this.signing()
    if (lane === 'receipts' || lane === 'pulled' || lane === 'compared')
      return this.answer(planFor(lane, signing, this.chance))
    const world = (this.world ??= await openWorld(this.chance, true))
    const scene = this.sceneOf(world, this.chance.bool(0.1))
    const message =
      lane === 'envelopes'
        ? envelopeMessage(scene, signing)
        : lane === 'requests'
          ? request(scene, signing)
          : agreement(scene, signing)
    this.last = message
    if (index === this.haltAt) return { message, result: 'halted' }
    world.stage.ledger.clear()
    // Refusals are written down as long as there are fewer than sixty a minute.
    world.stage.clock.jump(1100)
    const before = index % dumpEvery === 0 ? await dumpOf(world.stage.store) : undefined
    const result = await this.send(world, message)
    demand(world.stage.us.faults.length === 0, `a fault: ${String(world.stage.us.faults[0])}`)
    const changed = /^(signed|receipts|fork)/.test(result)
    if (before && !changed) await this.holdDump(world, before)
    return { message, result }
  }

  private sceneOf(world: World, viaApp: boolean): Scene {
    const { stage, tellers, posted, asked } = world
    return { stage, tellers, posted, asked, viaApp, chance: this.chance }
  }

  private async holdDump(world: World, before: Awaited<ReturnType<typeof dumpOf>>): Promise<void> {
    const quiet = (dump: typeof before) => {
      const rest = without(dump, 'refusals', 'nonces', 'streams_in', 'leases', 'alarms')
      const streams = dump['streams_in']?.map((row) => row.replace(/\["heardMs",\d+\]/, ''))
      return JSON.stringify([rest, streams])
    }
    demand(
      quiet(await dumpOf(world.stage.store)) === quiet(before),
      'a refused message changed what the node holds',
    )
  }

  private async send(world: World, message: Message): Promise<string> {
    if (message.door === 'requests') return sendRequest(world.stage, message)
    if (message.door === 'agreement') {
      const result = await signAgreement(world.stage, message)
      // Another agreement may have changed who may say what: the twin would have to sign it too.
      if (result === 'signed') this.world = undefined
      return result
    }
    return this.post(world, message)
  }

  private async post(world: World, message: Message): Promise<string> {
    const { stage } = world
    const before = await streamRow(stage, message.claimed)
    const answer = await receive(stage, message)
    const after = await streamRow(stage, message.claimed)
    const taken = holdEnvelopes(
      stage,
      message,
      answer,
      { before, after },
      world.digests.get(message.claimed) ?? new Set(),
    )
    if (before?.frozen === true) demand(taken.length === 0, 'a frozen stream moved')
    else holdExpectation(message, answer, taken)
    this.remember(world, message, taken)
    if (answer.code === undefined && world.posted.length < 40) world.posted.push(message.body)
    if (answer.code === 'fork') world.left = 3
    // Its peer does not hold the new key, so it has nothing more to say.
    if (announcedIn(taken)) world.left = 1
    const step = answer.code === undefined ? '' : `: ${stepOf(stage, message, answer)}`
    for (const { records } of taken) for (const { outcome } of records) this.add(`outcome  ${outcome}`)
    if (--world.left <= 0) await this.endWorld()
    return answer.receipts.length > 0 ? `receipts${step}` : `${answer.code ?? 'nothing'}${step}`
  }

  /** What the peer now has in its stream, and what it may speak of from here on. */
  private remember(world: World, message: Message, taken: readonly Taken[]): void {
    for (const { row, records } of taken) {
      Object.assign(peerOf(world.stage, message.claimed), { seq: row.seq, head: row.contentId })
      const teller = tellerIn(this.sceneOf(world, false), message.claimed)
      for (const { text, outcome } of records) {
        if (outcome === 'applied' && !isAnnouncement(text))
          world.applied.push({ peer: message.claimed, text })
        if (outcome === 'applied' || outcome === 'parked')
          this.note(teller, JSON.parse(text) as Draft, outcome)
        if (teller.taken.length < 200) teller.taken.push(text)
      }
    }
  }

  private note(teller: Teller, draft: Draft, outcome: string): void {
    teller.said.push(draft.id)
    if (teller.said.length > 100) teller.said.shift()
    if (outcome === 'parked' && draft.case !== null) teller.blocked.add(draft.case)
    if (draft.type !== 'outcome.settled') return
    const { seq, index } = draft.body as { seq: number; index: number }
    const place = teller.unsettled.findIndex((parked) => parked.seq === seq && parked.index === index)
    if (place >= 0) teller.unsettled.splice(place, 1)
  }

  private async answer(plan: Plan): Promise<{ message: Message; result: string }> {
    const courier = plan.door === 'receipts'
    const world = courier
      ? (this.delivering ??= await openWorld(this.chance, false))
      : (this.reading ??= await openWorld(this.chance, true))
    this.pending = plan
    const { message, result, moved } = await answered(this.sceneOf(world, false), plan)
    this.last = message
    if (moved && courier) this.delivering = undefined
    if (moved && !courier) this.reading = undefined
    if (moved) await world.stage.us.region.courier.stop()
    return { message, result }
  }

  private async endWorld(): Promise<void> {
    const { world } = this
    if (!world) return
    this.world = undefined
    const [ours, twin] = [await domainOf(world.stage), await domainOf(await twinOf(world.applied))]
    const other = ours.find((row, i) => row !== twin[i]) ?? twin.find((row, i) => row !== ours[i])
    demand(other === undefined, `what was not applied left a trace: ${other ?? ''}`)
  }

  private add(name: string): void {
    this.tally[name] = (this.tally[name] ?? 0) + 1
  }

  private count({ door, signing, kind, body }: Message, result: string, index: number): void {
    this.add(`signing  ${signing}`)
    this.add(`door  ${door}`)
    this.add(`kind  ${signing}  ${kind}`)
    this.add(`result  ${door}  ${result}`)
    this.hash.update(`${index} ${signing} ${kind} ${result} `).update(body)
  }
}

function envelopeMessage(scene: Scene, signing: Signing): Message {
  if (signing === 'before') return spoiledBefore(scene)
  return signing === 'after' ? spoiledAfter(scene) : untouched(scene)
}

async function receive(stage: Stage, message: Message): Promise<Answer> {
  if (!message.viaApp) {
    const { receipts, refusal } = await stage.us.region.inbox.receive(message.claimed, message.body)
    demand(receipts.length > 0 || refusal !== undefined, 'neither receipts nor a refusal')
    return { receipts, code: refusal?.code }
  }
  const path = `/federation/v1/${encodeURIComponent(message.claimed)}/envelopes`
  const { status, body } = await postTo(stage.us.app, path, message.body)
  if (status !== 200) return { receipts: [], code: codeOfResponse(status, body, stage) }
  const receipts = Buffer.from(body).toString().split('\n').slice(0, -1)
  demand(receipts.length > 0, 'an answer 200 without a receipt')
  // What followed the taken ones is not answered, but it is noted.
  return { receipts, code: stage.ledger.inserted(refusals)[0]?.code as GateCode | undefined }
}

/** Which step of the gate refused: by the code, and by the audit's detail where one code has several steps. */
function stepOf(stage: Stage, message: Message, { code, receipts }: Answer): string {
  const detail = stage.ledger.inserted(refusals)[0]?.detail ?? ''
  switch (code) {
    case 'unknown_peer':
    case 'suspended':
      return 'admit'
    case 'bad_encoding':
      return detail.startsWith('not a compact JWS') ? 'shape' : 'lines and UTF-8'
    case 'too_large':
      return 'length'
    case 'header_not_allowed':
    case 'wrong_type':
      return 'header'
    case 'bad_json': {
      const token = lettersOf(message.body)[receipts.length]?.token ?? ''
      return readJws(token, jwsTypes.envelope).ok ? 'payload JSON' : 'header JSON'
    }
    case 'bad_signature':
      if (detail.startsWith('alg')) return 'header'
      return detail.startsWith('no such key') ? 'key' : 'signature'
    case 'bad_field':
      return 'schema'
    case 'issuer_mismatch':
    case 'wrong_audience':
      return 'iss and aud'
    case 'digest_mismatch':
      return 'digests'
    default:
      return 'place in the stream'
  }
}

/** What was broken, without the particulars of one message. */
export function lawOf(error: Error): string {
  return error.message.replace(/\d+|: .*/g, '')
}

/** Leaves out whatever can be left out: halves first, then less, within a bound of tries. */
async function smallest(
  body: Uint8Array,
  breaks: (body: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  let best = body
  if (!(await breaks(best))) return best
  let tries = 0
  for (let size = best.length >> 1; size >= 1; size >>= 1)
    for (let at = 0; at < best.length && tries < 2000; tries++) {
      const shorter = Uint8Array.from([...best.subarray(0, at), ...best.subarray(at + size)])
      if (await breaks(shorter)) best = shorter
      else at += size
    }
  return best
}
