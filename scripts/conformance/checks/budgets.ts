/** Section 15: whoever asks too much of a node is told to wait, and takes nothing from the others. */
import { utf8 } from '../../../protocol/index.ts'
import { type Check } from '../check.ts'
import { demand, Skipped } from '../demand.ts'
import { send, type Answer } from '../http.ts'
import { bodyOf, type Door, type Peer } from '../peer.ts'
import { type World } from '../world.ts'
import { demandRefusal } from './refusals.ts'
import { honest } from './tokens.ts'

/** Refused posts after which a node that says nothing has a budget we cannot empty. */
const mostPosts = 1000

/** An address of this machine that no other check posts from; elsewhere there is but one. */
function addressFor({ url }: World): { from?: string } {
  return new URL(url).hostname.startsWith('127.') ? { from: '127.0.1.1' } : {}
}

async function emptied(peer: Peer, from: object): Promise<Answer> {
  for (let posts = 0; posts < mostPosts; posts++) {
    const answer = await send(peer.path('envelopes'), utf8('x\n'), { ...from, impatient: true })
    if (answer.status === 429) return answer
    demandRefusal(answer, 'bad_encoding')
  }
  throw new Skipped(`${mostPosts} refused posts did not empty the budget`)
}

/** A post that announces a body and sends none: only who is told to wait is answered. */
async function withoutBody(peer: Peer, door: Door, from: object): Promise<Answer> {
  for (let tries = 5; ; tries--) {
    await emptied(peer, from)
    // The budget fills again while an answer to wait is waited for, so what came back is used up first.
    const others = Array.from({ length: 10 }, () =>
      send(peer.path('envelopes'), utf8('x\n'), { ...from, impatient: true }).catch(() => undefined),
    )
    try {
      const announced = { ...from, impatient: true as const, announce: 1000, withinMs: 5000 }
      return await send(peer.path(door), undefined, announced)
    } catch (error) {
      if (tries <= 1) throw error
    } finally {
      await Promise.all(others)
    }
  }
}

export const budgetChecks: readonly Check[] = [
  {
    id: 'budget.refusals',
    section: 15,
    says: 'Who goes on with what is refused is told to wait, before his bytes are read, at both doors, and is taken again after Retry-After: rate_limited.',
    codes: ['rate_limited'],
    run: async (world) => {
      const { first } = world
      const from = addressFor(world)
      const answer = await emptied(first, from)
      demandRefusal(answer, 'rate_limited')
      demand(
        /^[1-9][0-9]*$/.test(answer.retryAfter ?? ''),
        `Retry-After is ${answer.retryAfter ?? 'missing'}`,
      )
      for (const door of ['envelopes', 'requests'] as const)
        demandRefusal(await withoutBody(first, door, from), 'rate_limited')
      const envelope = honest(first)
      const taken = await send(first.path('envelopes'), bodyOf(envelope), from)
      first.receiptsIn(taken, [envelope])
      first.moveTo(envelope)
    },
  },
  {
    id: 'budget.others',
    section: 15,
    says: 'The budget is one of its sender’s: another peer is taken at the same moment, also from the same address.',
    codes: ['rate_limited'],
    needs: ['second'],
    run: async (world) => {
      const { first, second } = world
      const from = addressFor(world)
      demandRefusal(await emptied(first, from), 'rate_limited')
      const envelope = honest(second)
      const taken = await send(second.path('envelopes'), bodyOf(envelope), { ...from, impatient: true })
      second.receiptsIn(taken, [envelope])
      second.moveTo(envelope)
    },
  },
]
