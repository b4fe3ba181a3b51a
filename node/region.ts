/**
 * One region's node as a whole, over its ports: federation, the rooms of the domain, and how they hang together. No
 * HTTP, no disk, no process: main.ts gives it a real platform and PostgreSQL, the simulator a virtual one and memory.
 */
import { type NodeId } from '../protocol/index.ts'
import { Activities } from './activities/index.ts'
import { AgreementBook } from './federation/agreement-book.ts'
import { Alarms } from './federation/alarms.ts'
import { CopyProofs } from './federation/copies.ts'
import { Courier } from './federation/courier.ts'
import { Erasure } from './federation/erasure.ts'
import { EvidenceFile } from './federation/evidence.ts'
import { Gate, removeOldRefusals } from './federation/gate.ts'
import { type ForgetSide } from './federation/handlers.ts'
import { Heads, type HeadFiles } from './federation/heads.ts'
import { Inbox } from './federation/inbox.ts'
import { Lease } from './federation/lease.ts'
import { Outbox } from './federation/outbox.ts'
import { OwnKeys } from './federation/own-keys.ts'
import { Peers, type Introduction, type Peer } from './federation/peers.ts'
import { Receipts } from './federation/receipts.ts'
import { Recovery } from './federation/recovery.ts'
import { PeerUnreachable, Requests, type CompareSource } from './federation/requests.ts'
import { Sealer } from './federation/sealer.ts'
import { Standing } from './federation/standing.ts'
import { StreamRecords } from './federation/stream-records.ts'
import { streamsOut } from './federation/tables.ts'
import { Witness } from './federation/witness.ts'
import {
  Cases,
  CaseViews,
  flowHandlers,
  FlowRetelling,
  HomeFlows,
  HostFlows,
  type LostAnswers,
} from './flows/index.ts'
import { type Keyring } from './keyring.ts'
import { Members } from './members/index.ts'
import { Organisations } from './organisations/index.ts'
import { idsFrom, type Platform } from './platform.ts'
import { type Store } from './store/port.ts'
import { openVault } from './vault.ts'
import { Corrections } from './workbooks/corrections.ts'
import { Imports } from './workbooks/imports.ts'
import { type SheetReader } from './workbooks/index.ts'

/** What a benchmark or a test may set otherwise than production does. */
export interface Tuning {
  /** Records under one signature at the most. */
  readonly recordsPerEnvelope?: number
}

export interface RegionParts {
  readonly self: NodeId
  readonly name: string
  readonly keyring: Keyring
  readonly store: Store
  /** Where heads are kept, apart from the store and its backups. */
  readonly headFiles: HeadFiles
  readonly platform: Platform
  readonly readSheets: SheetReader
  readonly tuning?: Tuning
  /** Names this process among those of the region, the same after a restart: what it held before a crash is its own. */
  readonly holder?: string
  /** Faults of background work: defects, never a peer's misbehaviour. */
  readonly onFault: (error: unknown) => void
}

const dayMs = 86_400_000

export type Region = ReturnType<typeof openRegion>
type Streams = ReturnType<typeof openStreams>
type Rooms = ReturnType<typeof openRooms>

export function openRegion(parts: RegionParts) {
  const { self, name, keyring, store } = parts
  const { clock, crypto } = parts.platform
  const streams = openStreams(parts)
  const rooms = openRooms(parts, streams)
  const doors = openDoors(parts, streams, rooms)
  let stopDaily = () => {}
  const { parked } = doors.inbox
  const daily: (() => Promise<unknown>)[] = [
    () => doors.agreements.warnOfEnding(streams.alarms),
    () => removeOldRefusals(store, clock),
    () => parked.settleAll(),
  ]
  streams.lease.onTaken(() => {
    streams.courier.takeOver()
    void parked.settleAll()
  })
  return {
    ...{ self, name, keyring, store, clock, crypto },
    ...{ ids: streams.ids, vault: streams.vault },
    ...{ peers: streams.peers, courier: streams.courier, alarms: streams.alarms, standing: streams.standing },
    ...rooms,
    ...doors,
    /** Has this done at every start and once a day. */
    eachDay: (work: () => Promise<unknown>) => void daily.push(work),
    sign: (introduction: Introduction) => sign(store, streams, rooms, introduction),
    /** Starts delivering, and asks every peer for what we missed while we were away. */
    start: async () => {
      const all = await store.read((reader) => streams.peers.all(reader))
      streams.courier.start()
      stopDaily = everyDay(parts, daily)
      await parked.rest()
      await Promise.all(all.map((peer) => doors.catchUp(peer).catch(() => 0)))
    },
    stop: async () => {
      stopDaily()
      await streams.courier.stop()
      await parked.rest()
      await streams.lease.release()
    },
  }
}

/** Does these now and once a day; the answer stops it. What fails on one day is done on the next. */
function everyDay(
  { platform, onFault }: RegionParts,
  daily: readonly (() => Promise<unknown>)[],
): () => void {
  let cancel: () => void
  const look = () => {
    for (const work of daily) void work().catch(onFault)
    cancel = platform.timers.after(dayMs, look)
  }
  look()
  return () => cancel()
}

/** What leaves this node: peers, and the way of a record from the outbox to its receipt. */
function openStreams(parts: RegionParts) {
  const { self, keyring, store, headFiles, platform, tuning = {}, holder, onFault } = parts
  const { clock, crypto, random, timers, http } = platform
  const ids = idsFrom(clock, random)
  const vault = openVault(keyring.vaultKey, random)
  const peers = new Peers(self, keyring, crypto)
  const alarms = new Alarms({ clock, ids })
  const standing = new Standing({ store, heads: new Heads(headFiles), alarms })
  const lease = new Lease({ name: 'signer', holder: holder ?? ids.next(), store, clock })
  const sealer = new Sealer({ self, store, standing, keyring, crypto, clock, timers, tuning })
  const receipts = new Receipts({ self, store, crypto, clock, timers })
  const ports = { http, clock, random, timers }
  const courier = new Courier({ self, store, peers, sealer, receipts, lease, alarms, ...ports, onFault })
  const outbox = new Outbox({ self, clock, ids, crypto, wake: (peer) => courier.wake(peer) })
  const ownKeys = new OwnKeys({ self, store, keyring, peers, outbox, random })
  return { ids, vault, peers, alarms, standing, lease, courier, outbox, ownKeys }
}

/** The rooms of the domain. */
function openRooms({ self, name, platform }: RegionParts, { ids, vault, peers, outbox }: Streams) {
  const { clock, crypto } = platform
  const organisations = new Organisations({ ids, regionName: name })
  const members = new Members({ vault, peers, organisations, clock, ids })
  const cases = new Cases({ outbox, clock, ids, vault })
  const activities = new Activities({ cases, outbox, crypto, clock })
  const home = new HomeFlows({ cases, members, peers, outbox, vault, clock, ids })
  const host = new HostFlows({
    ...{ cases, peers, outbox, organisations, vault, clock, ids },
    confirmed: (tx, subject, arrival) => activities.arrivalConfirmed(tx, subject, arrival),
  })
  const ofCases = activities.ofCases.bind(activities)
  const views = new CaseViews({ home, host, crypto, activities: ofCases })
  const answers: LostAnswers = {
    queried: (tx, peer, query) => home.answerLost(tx, peer, query),
    opened: (tx, peer, caseId) => host.answerLost(tx, peer, caseId),
  }
  const retold = { self, cases, members, organisations, reports: activities, answers, clock, ids }
  const facts = new FlowRetelling(retold)
  const flows = flowHandlers({ cases, home, host })
  const forget: ForgetSide = async (tx, peer, caseId, by) => {
    const forgotten = await cases.forget(tx, peer, caseId, by === self)
    if (forgotten.side) await activities.forget(tx, caseId, forgotten.side)
    return forgotten
  }
  return { organisations, members, cases, activities, home, host, views, flows, forget, facts }
}

/** What comes in: envelopes and requests of peers through the gate, workbooks and agreements from the office. */
function openDoors(
  { self, name, keyring, store, platform, readSheets, onFault }: RegionParts,
  streams: Streams,
  rooms: Rooms,
) {
  const { clock, crypto, timers, http } = platform
  const { ids, vault, peers, alarms, standing, lease, outbox, courier } = streams
  const { members, cases, activities, home, host, views, forget, facts } = rooms
  const gate = new Gate({ self, store, peers, crypto, clock, ids, alarms })
  const witness = new Witness({ store, peers, outbox, clock })
  const handlers = {
    ...rooms.flows,
    'activity.recorded': activities.reportHandler,
    'activity.corrected': activities.handler,
    ...new StreamRecords({ peers, forget, facts }).handlers,
    ...witness.handlers,
  }
  const greet = (peer: NodeId) => courier.greetAnew(peer)
  const taking = { standing, lease, alarms, clock, timers, greet }
  const ask = (peer: Peer): Promise<string> => compareHeads(standing, requests, recovery, peer)
  const inbox = new Inbox({ self, store, gate, peers, outbox, handlers, ...taking, ask, onFault })
  const compared: CompareSource = (reader, peer, homeNode, after) =>
    views.comparedPage(reader, self, peer, homeNode, after)
  const proofs = new CopyProofs({ self, keyring, crypto })
  const asking = {
    self,
    store,
    peers,
    gate,
    inbox,
    proofs,
    http,
    crypto,
    clock,
    timers,
    ids,
    compared,
    alarms,
  }
  const requests = new Requests(asking)
  const recovery = new Recovery({
    ...{ self, store, peers, requests, gate, outbox, handlers, facts },
    ...{ standing, alarms, keyring, crypto, clock, timers, proofs },
    reopened: () => void inbox.parked.settleAll(),
  })
  courier.greetWith((peer) => greeting(store, recovery, ask, peer))
  const imported = { members, cases, home, host, activities }
  const imports = new Imports({ store, readSheets, peers, ...imported, vault, crypto, clock, ids })
  const corrections = new Corrections({ store, imports })
  const agreements = new AgreementBook({ self, name, keyring, store, peers, ids, clock })
  const evidence = new EvidenceFile({ self, store, crypto })
  const erasure = new Erasure({ self, outbox, forget })
  /** What we missed while we were away; first how far the peer has our streams, for we may have lost more than that. */
  const catchUp = async (peer: Peer) => ((await ask(peer)) === 'behind' ? 0 : requests.pull(peer.node))
  return {
    catchUp,
    inbox,
    requests,
    recovery,
    imports,
    corrections,
    agreements,
    evidence,
    erasure,
    witness,
    ownKeys: streams.ownKeys,
  }
}

/** Before anything is signed for a peer: its word of how far it has both streams, or, on the operator's word, recovery. */
async function greeting(
  store: Store,
  recovery: Recovery,
  ask: (peer: Peer) => Promise<string>,
  peer: Peer,
): Promise<'level' | 'behind' | string> {
  const stream = await store.read((reader) => reader.get(streamsOut, { peer: peer.node }))
  if (stream?.standing === 'recovering') return recovery.recover(peer)
  return stream?.standing === 'open' ? ask(peer) : 'behind'
}

async function compareHeads(
  standing: Standing,
  requests: Requests,
  recovery: Recovery,
  peer: Peer,
): Promise<'level' | 'behind' | string> {
  try {
    const known = await standing.reaches(peer.node)
    if (!known) return 'behind'
    const heads = await requests.heads(peer)
    return await standing.compare(peer.node, heads, known, (more) => recovery.proves(peer, heads, more))
  } catch (error) {
    if (error instanceof PeerUnreachable) return error.code
    throw error
  }
}

/** Signs an agreement; when it comes into force, the peer may ask for our members, and our waiting arrivals are asked for. */
async function sign(
  store: Store,
  { peers, courier }: Streams,
  { members, host }: Rooms,
  introduction: Introduction,
) {
  const signed = await store.transaction(async (tx) => {
    const result = await peers.sign(tx, introduction)
    const peer = result.active ? await peers.get(tx, result.peer) : undefined
    if (peer) {
      await members.tagAll(tx, peer)
      await host.agreed(tx, peer)
    }
    return result
  })
  courier.wake(signed.peer)
  return signed
}
