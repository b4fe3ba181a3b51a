/** Section 11: a stream goes on in another epoch only after the head its recipient has. */
import { type BodyOf, type Digest, type SealedEnvelope } from '../../../protocol/index.ts'
import { type Check } from '../check.ts'
import { demandSame } from '../demand.ts'
import { bodyOf, newTag, type Peer } from '../peer.ts'
import { demandRefusal } from './refusals.ts'
import { tell } from './records.ts'

type After = BodyOf<'epoch.opened'>['after']

const query = (peer: Peer) => peer.record('identity.queried', null, { tag: newTag(), name: '测试' })

/** What our stream ends with; a stream in which nothing was said cannot be gone on with. */
function endOf({ epoch, seq, head }: Peer): After {
  return { epoch, seq, head: head as Digest }
}

function opened(peer: Peer, after: object = {}): string {
  const body = { after: { ...endOf(peer), ...after }, reason: 'fork' as const }
  return peer.record('epoch.opened', null, body)
}

/** The right first envelope of the next epoch. */
export function opening(peer: Peer, ...records: string[]): SealedEnvelope {
  return peer.seal({ epoch: peer.epoch + 1, seq: 1 }, opened(peer), ...records)
}

type Wrong = readonly [what: string, envelope: SealedEnvelope]

function wrongOpenings(peer: Peer): Wrong[] {
  const [epoch, seq] = [peer.epoch + 1, 1]
  const right = opened(peer)
  return [
    ['without its opening record', peer.seal({ epoch, seq }, query(peer))],
    ['whose opening record is not the first', peer.seal({ epoch, seq }, query(peer), right)],
    ['after another head', peer.seal({ epoch, seq }, opened(peer, { head: newTag() }))],
    ['after another number', peer.seal({ epoch, seq }, opened(peer, { seq: peer.seq - 1 }))],
    ['after another epoch', peer.seal({ epoch, seq }, opened(peer, { epoch }))],
    ['with another envelope before it', peer.seal({ epoch, seq, prev: newTag() }, right)],
    ['with none before it', peer.seal({ epoch, seq, prev: null }, right)],
    ['from its second envelope on', peer.seal({ epoch, seq: 2 }, right)],
    ['beyond the next, after another head', peer.seal({ epoch: epoch + 1, seq, prev: newTag() }, right)],
    ['beyond the next, without its opening record', peer.seal({ epoch: epoch + 1, seq }, query(peer))],
  ]
}

const epochs: readonly Check[] = [
  {
    id: 'epoch.wrong',
    section: 11,
    says: 'An epoch that does not begin after the head, in its first envelope and with its opening record, with where the copy ends: wrong_epoch.',
    codes: ['wrong_epoch'],
    needs: ['third'],
    run: async (world) => {
      const { third: peer } = world
      await peer.take(query(peer))
      await world.unchanged(peer, async () => {
        const have = { epoch: peer.epoch, seq: peer.seq }
        for (const [, envelope] of wrongOpenings(peer))
          demandRefusal(await peer.post(bodyOf(envelope)), 'wrong_epoch', have)
      })
    },
  },
  {
    id: 'epoch.elsewhere',
    section: 9,
    says: 'An opening record that opens nothing is refused: bad_record.',
    codes: ['bad_record'],
    needs: ['third'],
    run: async ({ third: peer }) => {
      const bad = 'refused:bad_record'
      await tell(peer, 'openings in an epoch', [
        [opened(peer), bad],
        [query(peer), 'applied'],
        [opened(peer, { head: newTag() }), bad],
      ])
    },
  },
  {
    id: 'epoch.opened',
    section: 11,
    says: 'After the right head the next epoch is taken and numbered from 1, its first envelope naming the last of the epoch before.',
    codes: ['bad_record'],
    needs: ['third'],
    run: async (world) => {
      const { third: peer } = world
      const envelope = opening(peer, query(peer), opened(peer, { seq: peer.seq + 1 }))
      const answer = await peer.post(bodyOf(envelope))
      demandSame(
        peer.receiptsIn(answer, [envelope]),
        [['applied', 'applied', 'refused:bad_record']],
        'outcomes of the first envelope',
      )
      peer.moveTo(envelope)
      demandSame(await peer.take(query(peer)), ['applied'], 'outcomes of the second')
      const { epoch, seq, head } = peer
      demandSame((await peer.heads()).received, { epoch, seq, head, frozen: false }, 'received')
      demandSame(seq, 2, 'the number in the new epoch')
      await world.unchanged(peer, async () =>
        demandSame(await peer.post(bodyOf(envelope)), answer, 'the answer to the opening envelope again'),
      )
    },
  },
  {
    id: 'epoch.before',
    section: 11,
    says: 'Of an epoch that has ended repeats get their receipt, other content is a fork that stops nothing, and what was not taken is given up: fork, wrong_epoch.',
    codes: ['fork', 'wrong_epoch'],
    needs: ['third'],
    run: async (world) => {
      const { third: peer } = world
      const last = peer.seal({}, query(peer))
      const answer = await peer.post(bodyOf(last))
      peer.receiptsIn(answer, [last])
      const other = peer.seal({}, query(peer))
      peer.moveTo(last)
      const untaken = peer.seal({}, query(peer))
      const envelope = opening(peer)
      peer.receiptsIn(await peer.post(bodyOf(envelope)), [envelope])
      peer.moveTo(envelope)
      await world.unchanged(peer, async () => {
        const have = { epoch: peer.epoch, seq: peer.seq }
        demandSame(await peer.post(bodyOf(last)), answer, 'the answer to a repeat of the epoch before')
        demandRefusal(await peer.post(bodyOf(untaken)), 'wrong_epoch', have)
        demandRefusal(await peer.post(bodyOf(other)), 'fork')
        demandSame(await peer.post(bodyOf(last)), answer, 'the answer to a repeat after the fork')
      })
      demandSame((await peer.heads()).received.frozen, false, 'frozen')
      demandSame(await peer.take(query(peer)), ['applied'], 'outcomes in the new epoch')
    },
  },
]

const passedOver: Check = {
  id: 'epoch.passed-over',
  section: 11,
  says: 'An epoch that was begun and never arrived may be passed over; nobody comes back to it: wrong_epoch.',
  codes: ['wrong_epoch'],
  needs: ['third'],
  run: async ({ third: peer }) => {
    const skipped = opening(peer)
    const envelope = peer.seal({ epoch: peer.epoch + 2, seq: 1 }, opened(peer))
    peer.receiptsIn(await peer.post(bodyOf(envelope)), [envelope])
    peer.moveTo(envelope)
    const have = { epoch: peer.epoch, seq: peer.seq }
    demandRefusal(await peer.post(bodyOf(skipped)), 'wrong_epoch', have)
    demandSame(await peer.take(query(peer)), ['applied'], 'outcomes in the new epoch')
  },
}

export const epochChecks: readonly Check[] = [...epochs, passedOver]
