/** The end of a run: faults have stopped, and within a few rounds everybody who is alive must be level with everybody else. */
import { casesOf, refusedCases, standingOf } from './observed.ts'
import { type Life, type Machine } from './stage.ts'
import { type World } from './world.ts'

/** One round: longer than the longest wait between two tries of a courier, so each pair has spoken. */
const roundMs = 70_000
/** One for what is on its way and its timeouts, one for the answers, one for what follows; as many again after a loss. */
export const rounds = 8

/** Lets time pass until all are level; what is not level after the last round is a violation. */
export async function converge(world: World): Promise<number> {
  let apart = ''
  for (let round = 1; round <= rounds && !world.violation; round++) {
    await world.pass(roundMs)
    apart = await whatIsApart(world)
    world.tell(`round ${round} ${apart}`)
    if (apart !== '') continue
    for (const node of world.living) world.audit(node, 'end')
    return round
  }
  if (!world.violation) world.violate('converges', `after ${rounds} rounds: ${apart}`)
  return rounds
}

async function whatIsApart(world: World): Promise<string> {
  const { living } = world
  const missing = [...world.nodes.values()].filter(({ id, life }) => !life && !world.dead.has(id))
  if (missing.length > 0) return `${missing.map(({ id }) => id).join()} not started`
  for (const [i, left] of living.entries())
    for (const right of living.slice(i + 1)) {
      const apart = await pairApart(left, right)
      if (apart !== '') return `${left.id} and ${right.id}: ${apart}`
    }
  for (const stream of world.ledger.all())
    if (
      world.nodes.has(stream.issuer) &&
      world.isHonest(stream.receiver) &&
      !world.dead.has(stream.issuer) &&
      !world.dead.has(stream.receiver) &&
      stream.sealedRecords < stream.written.length
    )
      return `${stream.issuer}>${stream.receiver}: ${stream.written.length - stream.sealedRecords} written and never sealed`
  return ''
}

async function pairApart(left: Machine, right: Machine): Promise<string> {
  const [ours, theirs] = [await standingOf(left.memory, right.id), await standingOf(right.memory, left.id)]
  for (const [node, { unsealed, unreceipted, parked, frozen, standing }] of [
    [left, ours],
    [right, theirs],
  ] as const)
    if (unsealed + unreceipted + parked > 0 || frozen || standing !== 'open')
      return `${node.id} has ${unsealed} unsealed, ${unreceipted} unreceipted, ${parked} parked, ${standing}${frozen ? ', frozen' : ''}`
  if (ours.sent !== theirs.received || theirs.sent !== ours.received)
    return `heads ${ours.sent} ${theirs.received}, ${theirs.sent} ${ours.received}`
  return viewsApart(left, right)
}

async function viewsApart(left: Machine, right: Machine): Promise<string> {
  if (!left.life || !right.life) return 'not started'
  const [here, there] = [await casesOf(left.memory, right.id), await casesOf(right.memory, left.id)]
  if (here.join() !== there.join()) return `${here.length} and ${there.length} cases`
  // What one of two lives refused because only the other knew of it is refused for good: a person must look at these.
  const refusedFor = new Set([
    ...(await refusedCases(left.memory, right.id)),
    ...(await refusedCases(right.memory, left.id)),
  ])
  for (const id of here)
    if (!refusedFor.has(id) && (await sharedView(left.life, id)) !== (await sharedView(right.life, id)))
      return `views of case ${id}`
  return ''
}

function sharedView({ office }: Life, id: string): Promise<string> {
  return office.desk.shared(id)
}
