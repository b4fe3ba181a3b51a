/** The node itself, its peers, alarms, keys, and imports of workbooks. */
import { fingerprint, type AlarmList, type Recovered } from '../../../protocol/index.ts'
import { DomainError } from '../../errors.ts'
import { type Region } from '../../region.ts'
import { comparePeer, nodeInfo, peerStates } from '../overview.ts'
import { type Desk, type OfficeDoors } from '../route.ts'

type PeerRoute =
  | 'peers.list'
  | 'peers.propose'
  | 'peers.sign'
  | 'peers.pause'
  | 'peers.thaw'
  | 'peers.revoke-key'
  | 'peers.comparison'
type StreamRoute = 'alarms.list' | 'alarms.acknowledge' | 'streams.recover' | 'keys.change'
type OwnRoute = 'node.info' | 'node.card' | 'imports.run' | 'imports.get' | 'imports.held'

export function nodeDesk(doors: OfficeDoors): Desk<PeerRoute | StreamRoute | OwnRoute> {
  return { ...ownRoutes(doors), ...peerRoutes(doors), ...streamRoutes(doors) }
}

function ownRoutes({ region, federationUrl }: OfficeDoors): Desk<OwnRoute> {
  return {
    'node.info': () => nodeInfo(region, federationUrl),
    'node.card': () => Promise.resolve(region.agreements.card()),
    'imports.run': ({ params, query, body, text }) =>
      region.imports.run({
        kind: params.kind,
        bytes: body,
        fileName: text('x-file-name') ?? 'workbook',
        dryRun: query.dryRun === 'true',
        sheet: text('x-sheet'),
      }),
    'imports.get': ({ params }) => region.imports.status(params.id),
    'imports.held': ({ params }) => region.imports.heldWorkbook(params.id),
  }
}

function peerRoutes({ region }: OfficeDoors): Desk<PeerRoute> {
  const known = (found: boolean) => {
    if (!found) throw new DomainError('peer_not_found')
  }
  return {
    'peers.list': async () => ({ peers: await peerStates(region) }),
    'peers.propose': ({ body }) =>
      Promise.resolve({
        document: region.agreements.propose(region.crypto, body.card, body.fingerprint, body),
      }),
    'peers.sign': ({ body }) => region.sign(body),
    'peers.pause': async ({ params: { node }, body: { paused } }) => {
      known(await region.agreements.pause(node, paused))
      region.courier.wake(node)
      return { paused }
    },
    'peers.thaw': async ({ params: { node } }) => {
      known(await region.agreements.thaw(node))
      return { thawed: true }
    },
    'peers.revoke-key': async ({ params: { node } }) => {
      const revoked = await region.store.transaction((tx) => region.peers.revoke(tx, node))
      if (!revoked) throw new DomainError('peer_not_found')
      return { revoked }
    },
    'peers.comparison': ({ params: { node }, query }) => comparePeer(region, node, query.home ?? region.self),
  }
}

function streamRoutes({ region }: OfficeDoors): Desk<StreamRoute> {
  return {
    'alarms.list': ({ query }) => alarmList(region, query.all === 'true'),
    'alarms.acknowledge': async ({ params, body, caller }) => {
      // Who is signed in signs by his own name; the command line says whose it is.
      const by = caller.signedIn?.account.name ?? body.by
      if (by === undefined) throw new DomainError('bad_request')
      if (!(await region.alarms.acknowledge(region.store, params.id, by)))
        throw new DomainError('alarm_not_found')
      return alarmList(region, false)
    },
    'streams.recover': ({ body }) => recover(region, body.peer),
    'keys.change': async ({ params: { verb } }) => {
      const kid = verb === 'rotate' ? await region.ownKeys.rotate() : await region.ownKeys.replace()
      return { kid, fingerprint: fingerprint(kid) }
    },
  }
}

async function alarmList(region: Region, all: boolean): Promise<AlarmList> {
  const rows = await region.store.read((reader) => region.alarms.list(reader, all))
  return {
    alarms: rows.map(({ id, kind, peer, subject, raisedMs, acknowledgedMs, acknowledgedBy }) => ({
      ...{ id, kind, subject },
      peer: peer === '' ? null : peer,
      raisedAt: new Date(raisedMs).toISOString(),
      acknowledgedAt: acknowledgedMs === null ? null : new Date(acknowledgedMs).toISOString(),
      acknowledgedBy,
    })),
  }
}

/** The operator's word, and what came of it now; who cannot be asked yet is recovered as soon as it answers. */
async function recover(region: Region, only: string | undefined): Promise<Recovered> {
  const nodes = await region.recovery.allow(only)
  if (nodes.length === 0) throw new DomainError(only === undefined ? 'nothing_to_recover' : 'peer_not_found')
  const peers = []
  for (const node of nodes) {
    const peer = await region.store.read((reader) => region.peers.get(reader, node))
    const code = peer ? await region.recovery.recover(peer) : 'no_agreement'
    peers.push({ node, recovered: code === 'level', code: code === 'level' ? null : code })
    region.courier.greetAnew(node)
  }
  return { peers }
}
