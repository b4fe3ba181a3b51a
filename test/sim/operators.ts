/**
 * Operators as the guide wants them: each looks at his node now and then, and does what the guide says about each
 * alarm. They telephone when two of them are needed. While a node runs twice nobody has noticed yet.
 */
import { fingerprint, readAgreement, thumbprint, type NodeId } from '../../protocol/index.ts'
import { AgreementError } from '../../node/federation/peers.ts'
import { type Alarm } from '../../node/federation/alarms.ts'
import { simCrypto } from './keys.ts'
import { runErrands } from './losses.ts'
import { agreementsIn } from './observed.ts'
import { atWork, type Life, type Machine, type Stage } from './stage.ts'

const busy = new WeakSet<Machine>()

/** Sets every operator going; each looks again after a while, for as long as the world lasts. */
export function employ(world: Stage, gapMs: () => number): void {
  for (const node of world.nodes.values()) {
    const again = () => {
      void look(world, node)
      world.timeline.after(gapMs(), again)
    }
    world.timeline.after(gapMs(), again)
  }
}

async function look(world: Stage, node: Machine): Promise<void> {
  const life = atWork(world, node.id)
  if (!life || busy.has(node)) return
  busy.add(node)
  try {
    await signAgain(world, node, life)
    const { region } = life
    for (const alarm of await region.store.read((reader) => region.alarms.list(reader)))
      await react(world, life, alarm)
    await askBack(world, life)
    await runErrands(world, life)
  } catch (error) {
    if (life.alive) world.judge(error, `the operator of ${node.id}`)
  } finally {
    busy.delete(node)
  }
}

/** Agreement files that this database does not know (any more) are signed again, the older first. */
async function signAgain(world: Stage, node: Machine, { region }: Life): Promise<void> {
  const known = await agreementsIn(node.memory)
  for (const { nodes, document } of world.documents) {
    if (!nodes.includes(node.id)) continue
    const read = readAgreement(simCrypto, document)
    if (!read.ok || known.has(read.agreement.terms.id)) continue
    const other = read.agreement.terms.parties.find((party) => party.node !== node.id)
    if (!other) continue
    const url = `http://${other.node}.test`
    world.tell(`operator ${node.id} signs the agreement with ${other.node} again`)
    await region.sign({ document, url, fingerprint: fingerprint(thumbprint(simCrypto, other.signing)) })
  }
}

async function react(world: Stage, life: Life, { id, kind, peer, subject }: Alarm): Promise<void> {
  const { region } = life
  if (kind === 'behind') {
    world.tell(`operator ${region.self} recovers after ${subject}`)
    await region.recovery.allow()
  }
  if (kind === 'agreement_ahead' && !(await concludeAgain(world, life, peer, subject))) return
  if (kind === 'fork' && !(await healFork(world, life, peer))) return
  await region.alarms.acknowledge(region.store, id, 'operator')
}

/** A clock was ahead when they signed. False while the other operator cannot be reached. */
async function concludeAgain(world: Stage, life: Life, peer: NodeId, id: string): Promise<boolean> {
  const { region } = life
  const now = await region.store.read((reader) => region.peers.get(reader, peer))
  // They have met again since.
  if (!now || now.terms.id !== id) return true
  const other = atWork(world, peer)
  if (world.nodes.has(peer) && !other) return false
  // They will meet for a stolen key anyway; before its revocation a new agreement would only be revoked with it.
  const pair = [region.self, peer]
  if (world.errands.some((errand) => pair.includes(errand.node) && pair.includes(errand.peer))) return false
  world.tell(`operators of ${region.self} and ${peer} conclude again what begins on ${now.terms.from}`)
  try {
    if (other) await world.agree(life, other)
    else await world.network.actors.get(peer)?.agreeWith(life)
  } catch (error) {
    // A key was changed while they were at it: they begin anew.
    if (error instanceof AgreementError) return false
    throw error
  }
  world.saw('agreement concluded again, as it had not begun')
  return true
}

/** Thaws the stream, and the other operator lets it go on. False while the other cannot be reached. */
async function healFork(world: Stage, { region }: Life, peer: NodeId): Promise<boolean> {
  const other = world.nodes.get(peer)
  // Whoever forks on purpose is let in again too: he can do no more than before.
  if (!other) {
    if (world.chance.under(0.8)) await region.agreements.thaw(peer)
    return true
  }
  const theirs = atWork(world, peer)
  if (!theirs) return false
  world.tell(`operators of ${region.self} and ${peer} heal a fork`)
  await region.agreements.thaw(peer)
  await theirs.region.recovery.allow(region.self)
  theirs.region.courier.greetAnew(region.self)
  world.saw('fork thawed')
  return true
}

/** A peer that runs no production code says that our stream is forked there; its operator has nothing against going on. */
async function askBack(world: Stage, { region }: Life): Promise<void> {
  if (!world.forked.has(region.self)) return
  for (const peer of world.network.actors.keys()) {
    const { problem } = region.courier.delivery(peer)
    if (problem?.code === 'fork' && world.isHonest(peer)) await region.recovery.allow(peer)
  }
}
