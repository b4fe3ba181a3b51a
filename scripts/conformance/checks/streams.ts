/** Section 11 and 12: the place of an envelope, repeats, receipts; and at the very end, streams that fork. */
import { limits, utf8 } from '../../../protocol/index.ts'
import { type Check } from '../check.ts'
import { demand, demandSame } from '../demand.ts'
import { type Answer } from '../http.ts'
import { bodyOf, newTag, type Peer } from '../peer.ts'
import { type World } from '../world.ts'
import { opening } from './epochs.ts'
import { demandRefusal, refusalCheck, type Row } from './refusals.ts'
import { honest } from './tokens.ts'

const query = (peer: Peer) => peer.record('identity.queried', null, { tag: newTag(), name: '测试' })

const rows: readonly Row[] = [
  {
    id: 'stream.gap',
    says: 'An envelope after a missing one, with where the copy ends',
    code: 'gap',
    have: true,
    body: (peer) => bodyOf(peer.seal({ seq: peer.seq + 2 }, query(peer))),
  },
  {
    id: 'stream.far',
    says: 'An envelope far ahead, with where the copy ends',
    code: 'gap',
    have: true,
    body: (peer) => bodyOf(peer.seal({ seq: limits.streamNumber }, query(peer))),
  },
  {
    id: 'stream.epoch-far',
    says: 'An epoch far ahead, with where the copy ends',
    code: 'wrong_epoch',
    have: true,
    body: (peer) => bodyOf(peer.seal({ epoch: limits.streamNumber }, query(peer))),
  },
  {
    id: 'stream.epoch',
    says: 'Another epoch, with where the copy ends',
    code: 'wrong_epoch',
    have: true,
    body: (peer) => bodyOf(peer.seal({ epoch: 2, seq: 1, prev: null }, query(peer))),
  },
  {
    id: 'stream.epoch-first',
    says: 'Another epoch and a number that is taken: the epoch is met first',
    code: 'wrong_epoch',
    have: true,
    body: (peer) => bodyOf(peer.seal({ epoch: 2, seq: peer.seq }, query(peer))),
  },
]

const receipts: readonly Check[] = [
  {
    id: 'receipt.right',
    section: 12,
    says: 'A receipt names the envelope by epoch, seq and head and has one outcome for each record, in order.',
    run: async ({ first }) => {
      const outcomes = await first.take(query(first), first.unknown(null), '{"id":1}', query(first))
      demandSame(outcomes, ['applied', 'parked', 'refused:bad_record', 'applied'], 'outcomes')
    },
  },
  {
    id: 'receipt.lines',
    section: 15,
    says: 'Several envelopes in one post are receipted one per line, in order.',
    run: async ({ first }) => {
      const envelopes = sealed(first, 5)
      first.receiptsIn(await first.post(bodyOf(...envelopes)), envelopes)
    },
  },
  {
    id: 'receipt.repeat',
    section: 12,
    says: 'A repeat, at once, later, and beside a next envelope, gets the same receipt byte for byte and changes nothing.',
    run: async (world) => {
      const { first } = world
      const envelope = sealed(first, 1)
      const answer = await first.post(bodyOf(...envelope))
      first.receiptsIn(answer, envelope)
      await first.take(query(first))
      await world.quiet(first)
      await world.unchanged(first, async () => {
        demandSame(await first.post(bodyOf(...envelope)), answer, 'the answer to a repeat')
        demandSame(
          await first.post(bodyOf(...envelope, ...envelope)),
          twice(answer),
          'the answer to two repeats',
        )
      })
      const next = sealed(first, 1)
      const both = await first.post(bodyOf(...envelope, ...next))
      demand(both.text.startsWith(answer.text), 'a repeat beside a next envelope got another receipt')
      first.receiptsIn({ ...both, text: both.text.slice(answer.text.length) }, next)
    },
  },
  {
    id: 'receipt.repeat-lines',
    section: 10,
    says: 'A repeat with other record lines than were signed is no repeat: digest_mismatch.',
    codes: ['digest_mismatch'],
    run: async (world) => {
      const { first } = world
      const one = first.seal({}, query(first), query(first))
      const answer = await first.post(bodyOf(one))
      first.receiptsIn(answer, [one])
      first.moveTo(one)
      const [record = '', last = ''] = one.records
      await world.unchanged(first, async () => {
        for (const records of [[last, record], [record], [record, query(first)], [record, last, last], []])
          demandRefusal(await first.post(bodyOf({ ...one, records })), 'digest_mismatch')
        demandSame(await first.post(bodyOf(one)), answer, 'the answer to the repeat as it was signed')
      })
    },
  },
  {
    id: 'receipt.at-once',
    section: 12,
    says: 'One envelope posted several times at the same moment is taken once: all get the same receipt.',
    run: async ({ first }) => {
      const envelope = sealed(first, 1)
      const all = await Promise.all([1, 2, 3, 4].map(() => first.post(bodyOf(...envelope))))
      first.receiptsIn(all[0] as Answer, envelope)
      for (const answer of all) demandSame(answer, all[0], 'the answers to one envelope')
    },
  },
  {
    id: 'receipt.partial',
    section: 15,
    says: 'The first refused envelope ends a post: those before it are receipted, those after it are not taken.',
    codes: ['digest_mismatch'],
    run: async ({ first }) => {
      const good = first.seal({}, query(first))
      first.moveTo(good)
      const after = first.seal({}, query(first))
      const bad = { ...after, records: [query(first)] }
      first.receiptsIn(await first.post(bodyOf(good, bad, after)), [good])
      demandRefusal(await first.post(bodyOf(bad)), 'digest_mismatch')
      const { received } = await first.compare(first.self)
      demandSame(received.seq, first.seq, 'the end of the copy')
      first.moveTo(after)
      first.receiptsIn(await first.post(bodyOf(after)), [after])
    },
  },
  {
    id: 'stream.old',
    section: 10,
    says: 'An envelope may be any age: iat 0 is taken.',
    run: async ({ first }) => {
      const envelope = first.seal({ iat: 0 }, query(first))
      first.receiptsIn(await first.post(bodyOf(envelope)), [envelope])
      first.moveTo(envelope)
    },
  },
  {
    id: 'stream.ahead',
    section: 10,
    says: 'No clock decides over an envelope: one of an hour, and of years ahead, is taken.',
    run: async ({ first }) => {
      for (const ahead of [3600, 10 * 365 * 86_400]) {
        const envelope = first.seal({ iat: first.nowSeconds() + ahead }, query(first))
        first.receiptsIn(await first.post(bodyOf(envelope)), [envelope])
        first.moveTo(envelope)
      }
    },
  },
  {
    id: 'suspended.held',
    section: 15,
    says: 'While its operator has paused the pair the node refuses both doors and sends nothing; afterwards nothing is lost: suspended.',
    codes: ['suspended'],
    needs: ['operator'],
    run: async (world) => {
      const { first, operator } = world
      await world.quiet(first)
      const envelope = honest(first)
      await operator.pause(first.self, true)
      try {
        demandRefusal(await first.post(bodyOf(envelope)), 'suspended')
        const { token } = first.request({ what: 'pull', epoch: 1, after: 0 })
        demandRefusal(await first.post(utf8(token), first.self, 'requests'), 'suspended')
      } finally {
        await operator.pause(first.self, false)
      }
      first.receiptsIn(await first.post(bodyOf(envelope)), [envelope])
      first.moveTo(envelope)
    },
  },
]

/** After this a peer is used up: its stream stays frozen until people have looked. */
const forks: readonly Check[] = [
  {
    id: 'fork.content',
    section: 11,
    says: 'Other content under a number that is taken is refused and freezes the stream; repeats get their receipt: fork, then frozen.',
    codes: ['fork', 'frozen'],
    needs: ['second'],
    run: (world) =>
      forked(world, world.second, (peer) => peer.seal({ seq: peer.seq, prev: null }, query(peer)), 'fork'),
  },
  {
    id: 'fork.history',
    section: 11,
    says: 'The next number on another history is a fork as well: fork, then frozen.',
    codes: ['fork', 'frozen'],
    needs: ['third'],
    run: (world) =>
      forked(world, world.third, (peer) => peer.seal({ prev: 'A'.repeat(43) }, query(peer)), 'frozen'),
  },
  {
    id: 'fork.others',
    section: 11,
    says: 'The streams of other peers go on.',
    needs: ['second'],
    run: async ({ first }) => {
      demandSame(await first.take(query(first)), ['applied'], 'outcomes after another stream was frozen')
    },
  },
]

const thawing: readonly Check[] = [
  {
    id: 'fork.thawed',
    section: 11,
    says: 'A stream that the operator has thawed admits a new epoch after the head, and goes on in it; before that nothing.',
    codes: ['frozen'],
    needs: ['third', 'operator'],
    run: async ({ third: peer, operator }) => {
      demandSame((await peer.heads()).received.frozen, true, 'frozen after the fork')
      await operator.thaw(peer.self)
      demandRefusal(await peer.post(bodyOf(honest(peer))), 'frozen')
      const envelope = opening(peer)
      peer.receiptsIn(await peer.post(bodyOf(envelope)), [envelope])
      peer.moveTo(envelope)
      demandSame(await peer.take(query(peer)), ['applied'], 'outcomes in the new epoch')
      const { received } = await peer.heads()
      const { epoch, seq, head } = peer
      demandSame(received, { epoch, seq, head, frozen: false }, 'received after the new epoch')
    },
  },
]

async function forked(
  world: World,
  peer: Peer,
  second: (peer: Peer) => ReturnType<Peer['seal']>,
  /** What the second story is told when it comes again: its place is taken, or it is not. */
  again: 'fork' | 'frozen',
): Promise<void> {
  const taken = sealed(peer, 1)
  const receipt = await peer.post(bodyOf(...taken))
  peer.receiptsIn(receipt, taken)
  const next = honest(peer)
  await world.unchanged(peer, async () => {
    const other = second(peer)
    demandRefusal(await peer.post(bodyOf(other)), 'fork')
    demandRefusal(await peer.post(bodyOf(other)), again)
    const third = peer.seal({ seq: peer.seq, prev: null }, query(peer))
    demandRefusal(await peer.post(bodyOf(third)), 'fork', undefined, 'a third story in a frozen stream')
    demandRefusal(await peer.post(bodyOf(next)), 'frozen')
    demandSame(await peer.post(bodyOf(...taken)), receipt, 'the answer to a repeat in a frozen stream')
    demandRefusal(await peer.post(bodyOf(opening(peer))), 'frozen')
  })
  demandSame((await peer.heads()).received.frozen, true, 'frozen in heads')
}

/** Consecutive envelopes of one query each; the stream has moved behind them. */
export function sealed(peer: Peer, count: number): ReturnType<Peer['seal']>[] {
  return Array.from({ length: count }, () => {
    const envelope = honest(peer)
    peer.moveTo(envelope)
    return envelope
  })
}

function twice(answer: Answer): Answer {
  return { ...answer, text: answer.text + answer.text }
}

export const streamChecks: readonly Check[] = [...receipts, ...rows.map((row) => refusalCheck(11, row))]
export const forkChecks: readonly Check[] = [...forks, ...thawing]
