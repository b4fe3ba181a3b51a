/**
 * Losses: a database put back to an older copy, a machine lost, a node started twice, keys changed and stolen. What
 * honest operators do about it is in operators.ts.
 */
import { type NodeId } from '../../protocol/index.ts'
import { Byzantine } from './byzantine.ts'
import { allOpen, pairsIn } from './observed.ts'
import { atWork, type Doubling, type Kept, type Life, type Machine, type Stage, type Storm } from './stage.ts'

const copies = new WeakMap<Machine, Kept[]>()
const copiesKept = 4

function calm({ world }: Storm, node: Machine): boolean {
  return node.life !== undefined && !node.twin && !world.damaged.has(node.id)
}

/**
 * Is everybody else whole? What two nodes of a pair have lost at the same time nobody has any more, and the invariants
 * ask for everything that was ever acknowledged. So losses come one after another here; two at once are tried in
 * test/federation/recovery.test.ts.
 */
async function othersWhole({ world }: Storm, node: Machine): Promise<boolean> {
  for (const other of world.nodes.values())
    if (other !== node && (other.twin || unsettled.has(other) || !(await allOpen(other.memory)))) return false
  return world.errands.length === 0
}

/** Nodes that have lost something and may not have noticed it yet: until all their peers have told them how far they are. */
const unsettled = new WeakSet<Machine>()
function unsettle(world: Stage, node: Machine): void {
  unsettled.add(node)
  const look = async () => {
    const { life } = node
    const peers = [...world.nodes.keys()].filter((id) => id !== node.id)
    const told =
      life && !node.twin && peers.every((id) => life.region.courier.delivery(id).problem === undefined)
    const pairs = pairsIn(node.memory.snapshot())
    if (told && peers.every((id) => pairs.has(id)) && (await allOpen(node.memory))) unsettled.delete(node)
    else world.timeline.after(5000, () => void look())
  }
  world.timeline.after(45_000, () => void look())
}

/** Backups are made all the time; one in a while is needed. */
export function backUp(storm: Storm): void {
  for (const node of storm.world.nodes.values()) {
    if (!calm(storm, node)) continue
    const kept = copies.get(node) ?? []
    copies.set(node, kept)
    kept.push(node.keep())
    if (kept.length > copiesKept) kept.splice(storm.chance.below(kept.length), 1)
  }
}

const losses = ['heads kept', 'heads kept', 'heads kept', 'heads too', 'heads lost', 'everything'] as const

export async function lose(storm: Storm): Promise<void> {
  const { world, chance } = storm
  const node = chance.pick([...world.nodes.values()])
  const kept = copies.get(node) ?? []
  if (!calm(storm, node) || kept.length === 0 || !(await othersWhole(storm, node)) || !calm(storm, node))
    return
  const copy = chance.pick(kept)
  const what = chance.pick(losses)
  world.faulted('F12', `${node.id} restored, ${what}`)
  node.crash('to be restored')
  // A later copy of a life that is over is of no use to the next one.
  copies.set(node, what === 'everything' ? [] : kept.slice(0, kept.indexOf(copy) + 1))
  const none = new Map<string, string>()
  if (what === 'heads kept') node.putBack(copy.store, undefined)
  if (what === 'heads too') node.putBack(copy.store, copy.heads)
  if (what === 'heads lost') node.putBack(copy.store, none)
  if (what === 'everything') node.putBack(undefined, none)
  if (what !== 'heads kept') {
    world.headless.add(node.id)
    world.forked.add(node.id)
  }
  unsettle(world, node)
  world.saw(`restored: ${what}`)
  world.startLater(node, chance.spread(5, 5000))
}

const doublings: readonly Doubling[] = [
  'one store',
  'one store',
  'one head store',
  'one head store',
  'two head stores',
]

export async function doubleNode(storm: Storm): Promise<void> {
  const { world, chance } = storm
  const node = chance.pick([...world.nodes.values()])
  if (!calm(storm, node) || !(await othersWhole(storm, node)) || !calm(storm, node)) return
  const how = chance.pick(doublings)
  world.faulted('F13', `${node.id} started twice, ${how}`)
  world.saw(`started twice: ${how}`)
  if (how !== 'one store') {
    world.shaken.add(node.id)
    copies.delete(node)
  }
  if (how === 'two head stores') {
    world.forked.add(node.id)
    world.doubled.add(node.id)
  }
  void node.double(how)
  const survivor = chance.under(0.6) ? 'first' : 'second'
  world.timeline.after(chance.spread(2000, 60_000), () => {
    world.tell(`F13 ends at ${node.id}, the ${survivor} goes on`)
    node.undouble(survivor)
    if (how !== 'one store') unsettle(world, node)
  })
}

/** Whatever still runs twice is stopped. */
export function undoubleAll(world: Stage): void {
  for (const node of world.nodes.values()) node.undouble('first')
}

export async function changeKeys(storm: Storm): Promise<void> {
  const { world, chance } = storm
  const node = chance.pick([...world.nodes.values()])
  const { life } = node
  // A key that one process adds is not known to the other until that is started again.
  if (!life?.claimed || !calm(storm, node)) return
  try {
    if (chance.under(0.6)) {
      world.faulted('F15', `${node.id} rotates`)
      await life.region.ownKeys.rotate()
      if (chance.under(0.3)) await life.region.ownKeys.rotate()
    } else if (chance.under(0.7)) await replaceHostile(storm, node, life)
    else await replaceKey(storm, node, life)
  } catch (error) {
    if (life.alive) world.judge(error, `keys of ${node.id}`)
  }
}

/**
 * The key of a hostile peer is not to be believed any more. Either the operator revokes it, and an agreement under
 * another follows when the two have met, or that agreement is all there is and ends the old key by itself.
 */
async function replaceHostile(storm: Storm, node: Machine, life: Life): Promise<void> {
  const { world, chance } = storm
  const actor = [...world.network.actors.values()].find((one) => one instanceof Byzantine)
  if (!actor || meeting.has(node)) return
  const revoked = chance.under(0.5)
  world.faulted('F15', `${node.id} ${revoked ? 'revokes' : 'replaces'} the key of ${actor.node}`)
  const kids = actor.kidsFor(node.id)
  // Proven before, and to be taken after: what the key has just signed is being read in this very moment.
  if (revoked) actor.knock(node.id)
  if (revoked) await revoke(world, life, actor.node, kids)
  meeting.add(node)
  const meet = async () => {
    const now = atWork(world, node.id)
    if (!now) return later()
    const old = actor.kidsFor(node.id)
    await actor.rekey(node.id)
    await actor.agreeWith(now)
    for (const kid of old) world.revoked.add(`${node.id} ${actor.node} ${kid}`)
    meeting.delete(node)
  }
  const tryMeeting = () =>
    meet().catch((error: unknown) => {
      meeting.delete(node)
      world.judge(error, `the operator of ${node.id}`)
    })
  const later = () => void world.timeline.after(chance.spread(1000, 30_000), () => void tryMeeting())
  if (revoked) later()
  else await tryMeeting()
}

/** Nodes whose operator has still to meet the hostile one for a new agreement. */
const meeting = new WeakSet<Machine>()

async function revoke(world: Stage, { region }: Life, peer: NodeId, kids: readonly string[]): Promise<void> {
  await region.store.transaction((tx) => region.peers.revoke(tx, peer))
  for (const kid of kids) world.revoked.add(`${region.self} ${peer} ${kid}`)
  world.saw('key revoked')
}

/** Stolen: every peer is called, revokes, and concludes a new agreement under the new fingerprint. */
async function replaceKey({ world }: Storm, node: Machine, life: Life): Promise<void> {
  const others = [...world.nodes.values()].filter(({ id }) => id !== node.id)
  const ready = others.every(({ id }) => atWork(world, id))
  if (!ready || !(await allOpen(node.memory)) || world.network.actors.size > 0 || world.errands.length > 0)
    return
  world.faulted('F15', `${node.id} replaces a stolen key`)
  const old = life.region.keyring.kid
  const kid = await life.region.ownKeys.replace()
  world.replacing.add(`${node.id} ${kid}`)
  world.shaken.add(node.id)
  for (const other of others) world.errands.push({ node: node.id, peer: other.id, old, revoked: false })
  world.saw('key replaced')
}

/** What the operator of a replaced key has still to do: each peer revokes, and both sign anew. */
export async function runErrands(world: Stage, { region }: Life): Promise<void> {
  for (const errand of world.errands.filter(({ node }) => node === region.self)) {
    const [here, other] = [atWork(world, errand.node), atWork(world, errand.peer)]
    if (!here || !other) continue
    // Once: said again it would end the key of the new agreement too.
    if (!errand.revoked) await revoke(world, other, errand.node, [errand.old])
    errand.revoked = true
    await world.agree(here, other)
    world.errands.splice(world.errands.indexOf(errand), 1)
  }
}
