/**
 * What an administrator does about streams and keys: alarms, recovery after a loss, letting a stopped stream go on,
 * changing keys.
 */
import { z } from 'zod'
import { fingerprint, nodeIdSchema, type AlarmList, type Recovered } from '../../protocol/index.ts'
import { DomainError } from '../errors.ts'
import { type Region } from '../region.ts'
import { idOf, jsonBody, peerNode, type App } from './parameters.ts'

export function streamRoutes(app: App, region: Region): void {
  app.get('/api/alarms', async (context) =>
    context.json(await alarmList(region, context.req.query('all') === 'true')),
  )
  app.post('/api/alarms/:id/acknowledge', async (context) => {
    const { by } = await jsonBody(context, z.strictObject({ by: z.string().trim().min(1).max(50) }))
    if (!(await region.alarms.acknowledge(region.store, idOf(context), by)))
      throw new DomainError('alarm_not_found')
    return context.json(await alarmList(region, false))
  })
  app.post('/api/recover', async (context) => {
    const { peer } = await jsonBody(context, z.strictObject({ peer: nodeIdSchema.optional() }))
    return context.json(await recover(region, peer))
  })
  app.post('/api/peers/:node/thaw', async (context) => {
    const node = peerNode(context)
    if (!(await region.agreements.thaw(node))) throw new DomainError('peer_not_found')
    return context.json({ thawed: true })
  })
  app.post('/api/peers/:node/revoke-key', async (context) => {
    const node = peerNode(context)
    const revoked = await region.store.transaction((tx) => region.peers.revoke(tx, node))
    if (!revoked) throw new DomainError('peer_not_found')
    return context.json({ revoked })
  })
  app.post('/api/keys/:verb', async (context) => {
    const verb = z.enum(['rotate', 'replace']).safeParse(context.req.param('verb'))
    if (!verb.success) throw new DomainError('not_found')
    const kid = verb.data === 'rotate' ? await region.ownKeys.rotate() : await region.ownKeys.replace()
    return context.json({ kid, fingerprint: fingerprint(kid) })
  })
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
