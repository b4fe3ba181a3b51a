/**
 * One region's node as a whole, over its ports: federation, the rooms of the domain, and how they hang together. No
 * HTTP, no disk, no process: main.ts gives it a real platform and PostgreSQL, the simulator a virtual one and memory.
 */
import { type NodeId } from '../protocol/index.ts'
import { Activities } from './activities/index.ts'
import { AgreementBook } from './federation/agreement-book.ts'
import { Courier } from './federation/courier.ts'
import { EvidenceFile } from './federation/evidence.ts'
import { Gate } from './federation/gate.ts'
import { Inbox } from './federation/inbox.ts'
import { Outbox } from './federation/outbox.ts'
import { Peers, type Introduction } from './federation/peers.ts'
import { Requests, type CompareSource } from './federation/requests.ts'
import { Sealer } from './federation/sealer.ts'
import { Cases, CaseViews, flowHandlers, HomeFlows, HostFlows } from './flows/index.ts'
import { type Keyring } from './keyring.ts'
import { Members } from './members/index.ts'
import { Organisations } from './organisations/index.ts'
import { idsFrom, type Platform } from './platform.ts'
import { type Store } from './store/port.ts'
import { openVault } from './vault.ts'
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
  readonly platform: Platform
  readonly readSheets: SheetReader
  readonly tuning?: Tuning
  /** Faults of background work: defects, never a peer's misbehaviour. */
  readonly onFault: (error: unknown) => void
}

export type Region = ReturnType<typeof openRegion>
type Streams = ReturnType<typeof openStreams>
type Rooms = ReturnType<typeof openRooms>

export function openRegion(parts: RegionParts) {
  const { self, name, keyring, store } = parts
  const { clock, crypto } = parts.platform
  const streams = openStreams(parts)
  const rooms = openRooms(parts, streams)
  const doors = openDoors(parts, streams, rooms)
  return {
    ...{ self, name, keyring, store, clock, crypto },
    ...{ peers: streams.peers, courier: streams.courier },
    ...rooms,
    ...doors,
    sign: (introduction: Introduction) => sign(store, streams, rooms, introduction),
    /** Starts delivering, and asks every peer for what we missed while we were away. */
    start: async () => {
      const all = await store.read((reader) => streams.peers.all(reader))
      streams.courier.start()
      // A defect in what one peer had parked keeps nobody else's word from going out.
      for (const { node } of all) await doors.inbox.settleParked(node).catch(parts.onFault)
      await Promise.all(all.map(({ node }) => doors.requests.pull(node).catch(() => 0)))
    },
    stop: () => streams.courier.stop(),
  }
}

/** What leaves this node: peers, and the way of a record from the outbox to its receipt. */
function openStreams({ self, keyring, store, platform, tuning = {}, onFault }: RegionParts) {
  const { clock, crypto, random, timers, http } = platform
  const { signer } = keyring
  const ids = idsFrom(clock, random)
  const vault = openVault(keyring.vaultKey, random)
  const peers = new Peers(self, keyring, crypto)
  const sealer = new Sealer({ self, store, signer, crypto, clock, tuning })
  const ports = { http, crypto, clock, random, timers }
  const courier = new Courier({ self, store, peers, sealer, ...ports, onFault })
  const outbox = new Outbox({ self, clock, ids, crypto, wake: (peer) => courier.wake(peer) })
  return { ids, vault, peers, courier, outbox }
}

/** The rooms of the domain. */
function openRooms({ name, platform }: RegionParts, { ids, vault, peers, outbox }: Streams) {
  const { clock, crypto } = platform
  const organisations = new Organisations({ ids, regionName: name })
  const members = new Members({ vault, peers, organisations, clock, ids })
  const cases = new Cases({ outbox, clock, ids })
  const activities = new Activities({ cases, outbox, crypto, clock })
  const home = new HomeFlows({ cases, members, peers, outbox, vault, clock, ids })
  const host = new HostFlows({
    ...{ cases, peers, outbox, organisations, vault, clock, ids },
    confirmed: (tx, subject, arrival) => activities.arrivalConfirmed(tx, subject, arrival),
  })
  const ofCases = activities.ofCases.bind(activities)
  const views = new CaseViews({ home, host, crypto, activities: ofCases })
  return { organisations, members, cases, activities, home, host, views }
}

/** What comes in: envelopes and requests of peers through the gate, workbooks and agreements from the office. */
function openDoors(
  { self, name, keyring, store, platform, readSheets }: RegionParts,
  streams: Streams,
  rooms: Rooms,
) {
  const { clock, crypto, http } = platform
  const { ids, vault, peers, outbox } = streams
  const { members, cases, activities, home, host, views } = rooms
  const { signer } = keyring
  const gate = new Gate({ self, store, peers, crypto, clock, ids })
  const handlers = {
    ...flowHandlers({ cases, home, host }),
    'activity.recorded': activities.handler,
    'activity.corrected': activities.handler,
  }
  const inbox = new Inbox({ self, store, gate, peers, outbox, handlers, signer, crypto, clock })
  const compared: CompareSource = (reader, peer, homeNode, after) =>
    views.comparedPage(reader, self, peer, homeNode, after)
  const requests = new Requests({
    self,
    store,
    peers,
    gate,
    inbox,
    http,
    signer,
    crypto,
    clock,
    ids,
    compared,
  })
  const imported = { members, cases, home, host, activities }
  const imports = new Imports({ store, readSheets, peers, ...imported, vault, crypto, clock, ids })
  const agreements = new AgreementBook({ self, name, keyring, store, peers, ids, clock })
  const evidence = new EvidenceFile({ self, store })
  return { inbox, requests, imports, agreements, evidence }
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
