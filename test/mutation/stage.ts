/**
 * The stage: Xinyang's production node with cases, queries and parked records behind it, and three peers whose every
 * byte we write: Shenzhen with the whole agreement, Dongguan without activities, Guangzhou paused. It is prepared
 * once and then opened again from its snapshot, so that a frozen or filled world costs a millisecond to replace.
 */
import { envelopeOf, recordsOf } from '../../node/federation/outbox.ts'
import { envelopesIn, recordsOut, streamsIn } from '../../node/federation/tables.ts'
import { arrivals, cases } from '../../node/flows/tables.ts'
import { nodeJsCrypto as crypto, type HttpAnswer, type HttpLimits } from '../../node/platform.ts'
import { MemoryStore, type MemorySnapshot } from '../../node/store/memory.ts'
import { type Reader, type Row } from '../../node/store/port.ts'
import {
  base64url,
  contentId,
  fingerprint,
  jwsTypes,
  proposeAgreement,
  utf8,
  type AgreementTerms,
  type Family,
  type JwsType,
  type NodeId,
} from '../../protocol/index.ts'
import { settled, VirtualClock } from '../harness/clock.ts'
import { MemoryHeads } from '../harness/heads.ts'
import { Network } from '../harness/network.ts'
import { Office } from '../harness/office.ts'
import { ScriptedPeer, uuid } from '../harness/peer.ts'
import { idNumberOf, nameOf } from '../harness/people.ts'
import { openTestRegion, type TestRegion } from '../harness/region.ts'
import { dongguan, shenzhen, xinyang } from '../harness/world.ts'
import { LedgerStore } from './ledger.ts'

export { dongguan, shenzhen, xinyang }
export const guangzhou: NodeId = '440100'
export const speakers: readonly NodeId[] = [shenzhen, dongguan]

/** What a peer answers our node, when a test of the other direction says so. */
export type Reply = (door: 'envelopes' | 'requests', body: Uint8Array) => HttpAnswer | undefined

/** No peer of this stage answers requests; that none has seen more of us is said to our node beforehand. */
export const cannotAnswer: HttpAnswer = { status: 401, body: utf8('{"error":"bad_time"}') }

class Wire extends Network {
  reply: Reply = () => undefined

  override post(url: string, body: Uint8Array, limits: HttpLimits): Promise<HttpAnswer> {
    const answer = this.reply(url.endsWith('/envelopes') ? 'envelopes' : 'requests', body)
    if (!answer || answer.body.length > limits.maxBytes) return Promise.reject(new Error('nobody there'))
    return Promise.resolve(answer)
  }
}

/** A record of ours that a peer has parked and may settle. */
export interface Parked {
  readonly epoch: number
  readonly seq: number
  readonly index: number
  readonly digest: string
}

/** What a peer knows of this world and can speak of. */
export interface Lore {
  /** Cases in which we are home, and those in which the peer is. */
  readonly ours: readonly string[]
  readonly theirs: readonly string[]
  readonly tags: readonly string[]
  readonly queries: readonly string[]
  readonly parked: readonly Parked[]
}

interface Prepared {
  readonly snapshot: MemorySnapshot
  readonly heads: ReadonlyMap<NodeId, { seq: number; head: string | null }>
  readonly lore: ReadonlyMap<NodeId, Lore>
  readonly files: ReadonlyMap<string, string>
}

export interface Stage {
  readonly us: TestRegion
  readonly store: MemoryStore
  readonly ledger: LedgerStore
  readonly wire: Wire
  readonly clock: VirtualClock
  readonly peers: ReadonlyMap<NodeId, ScriptedPeer>
  readonly lore: ReadonlyMap<NodeId, Lore>
  /** Every token a legitimate key has signed here. Nothing else may ever be accepted. */
  readonly signed: Set<string>
}

/** Records under one signature while a stage is prepared. */
const tuning: { recordsPerEnvelope?: number } = {}

function open(before: Pick<Prepared, 'snapshot' | 'lore' | 'files'> | undefined): Stage {
  const store = new MemoryStore()
  const heads = new MemoryHeads()
  const snapshot = before?.snapshot
  if (snapshot) store.restore(snapshot)
  for (const [name, text] of before?.files ?? []) heads.files.set(name, text)
  const lore = before?.lore ?? new Map<NodeId, Lore>()
  const ledger = new LedgerStore(store)
  const clock = new VirtualClock()
  const wire = new Wire()
  const us = openTestRegion({
    node: xinyang,
    network: wire,
    clock,
    store: ledger,
    heads,
    tuning,
    seed: snapshot ? 2 : 1,
  })
  us.region.courier.greetWith(() => Promise.resolve('level'))
  const nodes = [...speakers, guangzhou]
  const peers = new Map(nodes.map((node) => [node, new ScriptedPeer(node, xinyang)]))
  return { us, store, ledger, wire, clock, peers, lore, signed: new Set() }
}

/** A fresh world. With `listening` the courier stands still, so that nothing but what comes in changes anything. */
export async function openStage(listening: boolean): Promise<Stage> {
  const before = await prepared()
  const stage = open(before)
  for (const [node, head] of before.heads) Object.assign(peerOf(stage, node), head)
  for (const peer of stage.peers.values()) await peer.confirms(stage.us)
  if (listening) await stage.us.region.courier.stop()
  stage.ledger.clear()
  return stage
}

export function peerOf(stage: Stage, node: NodeId): ScriptedPeer {
  const peer = stage.peers.get(node)
  if (!peer) throw new TypeError(`${node} is no peer of this stage`)
  return peer
}

export function loreOf(stage: Stage, node: NodeId): Lore {
  return stage.lore.get(node) ?? { ours: [], theirs: [], tags: [], queries: [], parked: [] }
}

/** Signs any header and payload text with a key of this world, and remembers the token. */
export function sign(stage: Stage, node: NodeId, header: string, payload: string): string {
  const { signer } = peerOf(stage, node).keyring
  const input = `${base64url(utf8(header))}.${base64url(utf8(payload))}`
  const token = `${input}.${base64url(signer.sign(utf8(input)))}`
  stage.signed.add(token)
  return token
}

export function headerOf(
  stage: Stage,
  node: NodeId,
  typ: JwsType,
): { alg: string; kid: string; typ: string } {
  return { alg: 'Ed25519', kid: peerOf(stage, node).keyring.kid, typ }
}

export function signedJson(stage: Stage, node: NodeId, typ: JwsType, payload: string): string {
  return sign(stage, node, JSON.stringify(headerOf(stage, node, typ)), payload)
}

let preparing: Promise<Prepared> | undefined
function prepared(): Promise<Prepared> {
  return (preparing ??= prepare())
}

async function prepare(): Promise<Prepared> {
  const stage = open(undefined)
  const { us, wire } = stage
  wire.reply = (door) => (door === 'requests' ? cannotAnswer : undefined)
  for (const node of stage.peers.keys()) await agree(stage, node)
  await us.region.agreements.pause(guangzhou, true)
  const office = new Office(us.region)
  const person = (n: number) => ({ idNumber: idNumberOf(n), name: nameOf(n) })
  await office.roster(
    ...Array.from({ length: 14 }, (_, n) => ({ ...person(n + 1), category: 'full' as const })),
  )
  const leaving = (n: number, host: NodeId) => ({
    ...{ idNumber: idNumberOf(n), host, phone: `1380000${n}000` },
    outflow: { destination: { code: host, text: '广东' }, leftOn: '2025-08' },
  })
  wire.reply = (door, body) => (door === 'envelopes' ? parkEverySecond(stage, body) : cannotAnswer)
  await office.outflow(...Array.from({ length: 10 }, (_, n) => leaving(n + 1, shenzhen)))
  await office.outflow(leaving(11, dongguan), leaving(12, dongguan))
  const arriving = (n: number, home: NodeId) => ({ ...person(n), home, arrivedOn: '2025-09-01' })
  await office.arrivals(
    ...Array.from({ length: 6 }, (_, n) => arriving(n + 21, shenzhen)),
    arriving(31, dongguan),
  )
  await settled()
  for (const node of speakers) await publishSome(stage, node)
  await settled()
  await leaveSomeUnreceipted(stage, office)
  const lore = new Map<NodeId, Lore>()
  for (const node of speakers) lore.set(node, await readLore(stage, node))
  const heads = new Map([...stage.peers].map(([node, { seq, head }]) => [node, { seq, head }]))
  if (us.faults.length > 0) throw us.faults[0]
  await us.region.stop()
  return { snapshot: stage.store.snapshot(), heads, lore, files: new Map(us.heads.files) }
}

/** The terms of an agreement between us and a node of any name. */
export function termsWith(stage: Stage, node: NodeId, id: string, families: Family[]): AgreementTerms {
  const { signing, exchange } = peerOf(stage, node === '440600' ? shenzhen : node).keyring
  const [first, second] = [
    stage.us.region.agreements.card(),
    { node, name: `地区${node}`, signing, exchange },
  ].sort((a, b) => (a.node < b.node ? -1 : 1)) as AgreementTerms['parties']
  return {
    ...{ id, parties: [first, second], families, rulePack: 'national-2024' },
    ...{ replyDays: 15, queriesPerDay: 1000, keyVersion: 1, from: '2026-03-01', until: '2029-03-01' },
  }
}

async function agree(stage: Stage, node: NodeId): Promise<void> {
  const all: Family[] = ['identity', 'flow', 'activity', 'peer']
  const families = node === dongguan ? all.filter((family) => family !== 'activity') : all
  const { signer, kid } = peerOf(stage, node).keyring
  const document = proposeAgreement(signer, termsWith(stage, node, uuid(Number(node)), families))
  await stage.us.region.sign({ document, url: `http://${node}.test`, fingerprint: fingerprint(kid) })
  const beginning = { epoch: 1, seq: 0, head: null }
  await stage.us.region.standing.reopened(node, beginning, beginning)
}

/** What the tokens of a posted body are receipted with while the stage is prepared: every second record is parked. */
function parkEverySecond(stage: Stage, body: Uint8Array): HttpAnswer {
  const outcome = (i: number) => (i % 2 === 0 ? 'parked' : 'applied')
  const lines = receiptsFor(stage, body, outcome).map((receipt) => `${receipt}\n`)
  return { status: 200, body: utf8(lines.join('')) }
}

/** Payloads of good receipts for the envelopes of a body of ours. */
export function receiptPayloads(body: Uint8Array, outcome: (i: number) => string): Record<string, unknown>[] {
  const tokens = Buffer.from(body)
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('{'))
  return tokens.map((token) => {
    const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
      [name: string]: unknown
      records: { count: number }
    }
    const outcomes = Array.from({ length: payload.records.count }, (_, i) => outcome(i))
    const { iss, aud, epoch, seq } = payload
    return { iss: aud, aud: iss, epoch, seq, head: contentId(crypto, token), iat: 1_772_323_200, outcomes }
  })
}

function receiptsFor(stage: Stage, body: Uint8Array, outcome: (i: number) => string): string[] {
  return receiptPayloads(body, outcome).map((payload) =>
    signedJson(stage, payload['iss'] as NodeId, jwsTypes.receipt, JSON.stringify(payload)),
  )
}

/** Cases of the peer as home, two of them of people who have reported here. */
async function publishSome(stage: Stage, node: NodeId): Promise<void> {
  const { us } = stage
  const peer = peerOf(stage, node)
  const known = await us.store.read((reader) => us.region.peers.get(reader, node))
  if (!known) throw new TypeError('agreed, and yet no peer')
  const records = Array.from({ length: 6 }, (_, n) =>
    peer.record('flow.published', uuid(Number(node) * 1000 + n), {
      tag: us.region.peers.tag(known, idNumberOf(node === shenzhen ? n + 21 : n + 31)),
      person: { name: nameOf(n + 21), category: 'full' },
      outflow: { destination: { code: xinyang, text: '河南信阳' } },
    }),
  ).slice(0, node === shenzhen ? 6 : 1)
  const { jws, records: lines } = peer.say(...records)
  const received = await us.region.inbox.receive(node, utf8([jws, ...lines, ''].join('\n')))
  if (received.refusal) throw new TypeError(received.refusal.code)
}

/** Three envelopes of ours that wait for Shenzhen's receipts. */
async function leaveSomeUnreceipted(stage: Stage, office: Office): Promise<void> {
  stage.wire.reply = (door) => (door === 'requests' ? cannotAnswer : undefined)
  tuning.recordsPerEnvelope = 1
  const outflow = (n: number) => ({ destination: { code: shenzhen, text: '广东深圳' }, leftOn: `2025-0${n}` })
  await office.outflow(
    ...[1, 2, 3].map((n) => ({ idNumber: idNumberOf(n), host: shenzhen, outflow: outflow(n) })),
  )
  await settled()
  delete tuning.recordsPerEnvelope
}

async function readLore(stage: Stage, node: NodeId): Promise<Lore> {
  return stage.us.store.read(async (reader) => {
    const known = await reader.find(cases, { peer: node }, { orderBy: 'id' })
    const asked = await reader.find(arrivals, { home: node }, { orderBy: 'id' })
    const sent = await reader.find(recordsOut, { peer: node, outcome: 'parked' }, { orderBy: 'position' })
    return {
      ours: known.filter(({ side }) => side === 'home').map(({ id }) => id),
      theirs: known.filter(({ side }) => side === 'host').map(({ id }) => id),
      tags: known.map(({ tag }) => tag),
      queries: asked.flatMap(({ query }) => (query === null ? [] : [query])),
      parked: await Promise.all(sent.map((row) => placeOf(reader, row))),
    }
  })
}

async function placeOf(reader: Reader, { peer, position, digest }: Row<typeof recordsOut>): Promise<Parked> {
  const envelope = await envelopeOf(reader, peer, position)
  if (!envelope) throw new TypeError('parked, and yet never sealed')
  const { epoch, seq } = envelope
  const index = (await recordsOf(reader, envelope)).findIndex((row) => row.position === position)
  return { epoch, seq, index, digest }
}

export function streamRow(stage: Stage, peer: NodeId): Promise<Row<typeof streamsIn> | undefined> {
  return stage.store.read((reader) => reader.get(streamsIn, { peer }))
}

export function envelopeRow(stage: Stage, peer: NodeId, epoch: number, seq: number) {
  return stage.store.read((reader) => reader.get(envelopesIn, { peer, epoch, seq }))
}
