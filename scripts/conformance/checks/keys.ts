/**
 * Section 5: a key ends where the next one was announced. The third peer changes its keys here, so a later run cannot
 * use it; then the node changes its own.
 */
import {
  jwsTypes,
  readJws,
  thumbprint,
  utf8,
  type JwsType,
  type SealedEnvelope,
  type Signer,
  type SigningKey,
} from '../../../protocol/index.ts'
import { type Check } from '../check.ts'
import { demand, demandSame } from '../demand.ts'
import { bodyOf, crypto, newTag, type Peer } from '../peer.ts'
import { demandRefusal } from './refusals.ts'
import { tell } from './records.ts'

const query = (peer: Peer) => peer.record('identity.queried', null, { tag: newTag(), name: '测试' })
const announcement = (peer: Peer, key: SigningKey) => peer.record('keys.announced', null, { key })

async function taken(peer: Peer, ...envelopes: SealedEnvelope[]): Promise<string[][]> {
  const outcomes = peer.receiptsIn(await peer.post(bodyOf(...envelopes)), envelopes)
  const last = envelopes.at(-1)
  if (last) peer.moveTo(last)
  return outcomes
}

/** The envelope at the next place is refused, whatever it says. */
async function demandNoKey(peer: Peer, signer: Signer): Promise<void> {
  demandRefusal(await peer.post(bodyOf(peer.sealUnder(signer, {}, query(peer)))), 'bad_signature')
}

/** Announces a key under the one in force and goes over to it; gives the one that was left. */
async function changeKey(peer: Peer): Promise<{ old: Signer; key: SigningKey }> {
  const old = peer.signer
  const { key, signer } = await peer.newKey()
  demandSame(await peer.take(announcement(peer, key)), ['applied'], 'an announcement')
  peer.signer = signer
  return { old, key }
}

const announcing: readonly Check[] = [
  {
    id: 'keys.announced',
    section: 5,
    says: 'A key signs nothing before its announcement, not even that; the old one signs the envelope of the announcement, and nothing after it: bad_signature.',
    codes: ['bad_signature'],
    needs: ['third'],
    run: async ({ third: peer }) => {
      const { key, signer } = await peer.newKey()
      await demandNoKey(peer, signer)
      const itself = peer.sealUnder(signer, {}, announcement(peer, key))
      demandRefusal(await peer.post(bodyOf(itself)), 'bad_signature')
      const outcomes = await peer.take(query(peer), announcement(peer, key), query(peer))
      demandSame(outcomes, ['applied', 'applied', 'applied'], 'outcomes of the announcing envelope')
      await demandNoKey(peer, peer.signer)
      peer.signer = signer
      demandSame(await peer.take(query(peer)), ['applied'], 'outcomes under the new key')
    },
  },
  {
    id: 'keys.one-post',
    section: 5,
    says: 'The announcement and what the new key signs may come in one post; what the old one signs after it is refused there too: bad_signature.',
    codes: ['bad_signature'],
    needs: ['third'],
    run: async ({ third: peer }) => {
      const one = await peer.newKey()
      const announces = peer.seal({}, announcement(peer, one.key))
      peer.moveTo(announces)
      const next = peer.sealUnder(one.signer, {}, query(peer))
      demandSame(await taken(peer, announces, next), [['applied'], ['applied']], 'both in one post')
      peer.signer = one.signer
      const two = await peer.newKey()
      const again = peer.seal({}, announcement(peer, two.key))
      peer.moveTo(again)
      const stale = peer.seal({}, query(peer))
      peer.receiptsIn(await peer.post(bodyOf(again, stale)), [again])
      demandRefusal(await peer.post(bodyOf(stale)), 'bad_signature')
      peer.signer = two.signer
      demandSame(await peer.take(query(peer)), ['applied'], 'what the new key signs')
    },
  },
  {
    id: 'keys.repeats',
    section: 5,
    says: 'What an old key has signed is still its word: a repeat gets its receipt after the key has ended.',
    needs: ['third'],
    run: async (world) => {
      const { third: peer } = world
      const envelope = peer.seal({}, query(peer))
      const answer = await peer.post(bodyOf(envelope))
      peer.receiptsIn(answer, [envelope])
      peer.moveTo(envelope)
      await changeKey(peer)
      await world.unchanged(peer, async () =>
        demandSame(await peer.post(bodyOf(envelope)), answer, 'the answer to a repeat under an old key'),
      )
    },
  },
  {
    id: 'keys.twice',
    section: 5,
    says: 'A key that the peer has had before, whether it signs now or has ended, and one that is weak, are refused: bad_record.',
    codes: ['bad_record'],
    needs: ['third'],
    run: async ({ third: peer }) => {
      const former = peer.keyring.publicKey(peer.signer.kid)
      const { key } = await changeKey(peer)
      demand(former !== undefined, 'the key before is not there')
      const weak = { ...key, x: Buffer.alloc(32).fill(1, 0, 1).toString('base64url') }
      await tell(peer, 'announcements', [
        [announcement(peer, key), 'refused:bad_record'],
        [announcement(peer, former), 'refused:bad_record'],
        [announcement(peer, weak), 'refused:bad_record'],
      ])
      demandSame(await peer.take(query(peer)), ['applied'], 'the key in force afterwards')
    },
  },
  {
    id: 'keys.two-at-once',
    section: 5,
    says: 'Of two announcements of one key in one envelope the second is refused: bad_record.',
    codes: ['bad_record'],
    needs: ['third'],
    run: async ({ third: peer }) => {
      const { key, signer } = await peer.newKey()
      const outcomes = await peer.take(announcement(peer, key), announcement(peer, key))
      demandSame(outcomes, ['applied', 'refused:bad_record'], 'two announcements of one key')
      peer.signer = signer
      demandSame(await peer.take(query(peer)), ['applied'], 'the key afterwards')
    },
  },
  {
    id: 'keys.requests',
    section: 5,
    says: 'Requests are answered under the old key until one under the new one was verified, then no longer: bad_signature.',
    codes: ['bad_signature'],
    needs: ['third'],
    run: async ({ third: peer }) => {
      await peer.heads()
      const { old } = await changeKey(peer)
      await peer.ask({ what: 'heads' }, old)
      await peer.ask({ what: 'heads' })
      const { token } = peer.request({ what: 'heads' }, {}, old)
      demandRefusal(await peer.post(utf8(token), peer.self, 'requests'), 'bad_signature')
      await peer.heads()
    },
  },
  {
    id: 'keys.receipts',
    section: 5,
    says: 'Receipts are believed under the new key and under the old one.',
    needs: ['third'],
    run: async (world) => {
      const { third: peer, listener } = world
      const { old } = await changeKey(peer)
      try {
        for (const signer of [old, peer.signer]) {
          peer.receiptSigner = signer
          await world.query(peer, newTag())
          await world.quiet(peer)
          demandSame((await peer.heads()).sent.receipted, listener.of(peer).seq, 'what it holds receipts of')
        }
      } finally {
        peer.receiptSigner = undefined
      }
    },
  },
]

const kidOf = (token: string, typ: JwsType): string => {
  const read = readJws(token, typ)
  return read.ok ? read.jws.kid : ''
}

const changing: readonly Check[] = [
  {
    id: 'keys.node',
    section: 5,
    says: 'When the node changes its key it announces the new one under the old, and signs envelopes, receipts and answers with it afterwards.',
    needs: ['operator'],
    run: async (world) => {
      const { first, listener, operator } = world
      await world.quiet(first)
      const from = listener.of(first).heard.length
      await operator.changeKey()
      const announced = await listener.until(
        () =>
          listener
            .of(first)
            .heard.slice(from)
            .find(({ record }) => record.type === 'keys.announced'),
        10_000,
        'an announcement',
      )
      // Until our receipt of the announcement has arrived the old key signs receipts.
      await world.quiet(first)
      await world.query(first, newTag())
      await world.quiet(first)
      demand(announced.record.type === 'keys.announced', 'the announcement is none')
      const kid = thumbprint(crypto, announced.record.body.key)
      const next = listener.takenAt(first, { epoch: announced.epoch, seq: announced.seq + 1 })
      demandSame(kidOf(next?.proven.jws ?? '', jwsTypes.envelope), kid, 'the key of the next envelope')
      demandSame(kidOf(first.said.at(-1)?.receipt ?? '', jwsTypes.receipt), kid, 'the key of a receipt')
      const { nonce, token } = first.request({ what: 'heads' })
      const answer = await first.post(utf8(token), first.self, 'requests')
      first.readAnswer(answer, nonce)
      demandSame(kidOf(answer.text.split('\n')[0] ?? '', jwsTypes.answer), kid, 'the key of an answer')
    },
  },
]

export const keyChecks: readonly Check[] = announcing
export const ownKeyChecks: readonly Check[] = changing
