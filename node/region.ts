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
import { Requests } from './federation/requests.ts'
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

export function openRegion(parts: RegionParts) {
  const { self, name, keyring, store, platform } = parts
  const { clock, crypto, random, timers, http } = platform
  const { signer } = keyring
  const ids = idsFrom(clock, random)
  const vault = openVault(keyring.vaultKey, random)

  const peers = new Peers(self, keyring, crypto)
  const sealer = new Sealer({ self, store, signer, crypto, clock, tuning: parts.tuning ?? {} })
  const courier = new Courier({
    self,
    store,
    peers,
    sealer,
    http,
    crypto,
    clock,
    random,
    timers,
    onFault: parts.onFault,
  })
  const outbox = new Outbox({ self, clock, ids, crypto, wake: (peer) => courier.wake(peer) })

  const organisations = new Organisations({ ids, regionName: name })
  const members = new Members({ vault, peers, organisations, clock, ids })
  const cases = new Cases({ outbox, clock, ids })
  const activities = new Activities({ cases, outbox, crypto, clock })
  const home = new HomeFlows({ cases, members, peers, outbox, vault, clock, ids })
  const host = new HostFlows({
    cases,
    peers,
    outbox,
    organisations,
    vault,
    clock,
    ids,
    confirmed: (tx, subject, arrival) => activities.arrivalConfirmed(tx, subject, arrival),
  })
  const views = new CaseViews({
    home,
    host,
    crypto,
    activities: (reader, caseIds) => activities.ofCases(reader, caseIds),
  })

  const gate = new Gate({ self, store, peers, crypto, clock, ids })
  const handlers = {
    ...flowHandlers({ cases, home, host }),
    'activity.recorded': activities.handler,
    'activity.corrected': activities.handler,
  }
  const inbox = new Inbox({ self, store, gate, peers, outbox, handlers, signer, crypto, clock })
  const compared = views.comparedPage.bind(views)
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
    compared: (reader, peer, homeNode, after) => compared(reader, self, peer, homeNode, after),
  })
  const imports = new Imports({
    store,
    readSheets: parts.readSheets,
    peers,
    members,
    cases,
    home,
    host,
    activities,
    vault,
    crypto,
    clock,
    ids,
  })
  const agreements = new AgreementBook({ self, name, keyring, store, peers, ids, clock })
  const evidence = new EvidenceFile({ self, store })

  return {
    self,
    name,
    keyring,
    store,
    clock,
    crypto,
    peers,
    members,
    organisations,
    cases,
    home,
    host,
    activities,
    views,
    imports,
    agreements,
    evidence,
    inbox,
    requests,
    courier,
    /** Signs an agreement; when it comes into force, the peer may ask for our members and our waiting arrivals are asked for. */
    sign: async (introduction: Introduction) => {
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
    },
    /** Starts delivering, and asks every peer for what we missed while we were away. */
    start: async () => {
      const all = await store.read((reader) => peers.all(reader))
      for (const { node } of all) await inbox.settleParked(node)
      courier.start()
      await Promise.all(all.map(({ node }) => requests.pull(node).catch(() => 0)))
    },
    stop: () => courier.stop(),
  }
}
