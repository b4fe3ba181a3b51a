/** Where an envelope stands against a head: the whole table, and what holds for any stream. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  digestOf,
  limits,
  place,
  type Digest,
  type StreamHead,
  type StreamStop,
} from '../../protocol/index.ts'
import { crypto, home, host, tag } from '../vectors/actors.ts'

const a = digestOf(crypto, 'a')
const b = digestOf(crypto, 'b')
const payload = (epoch: number, seq: number, prev: Digest | null) => ({
  iss: home.node,
  aud: host.node,
  epoch,
  seq,
  prev,
  iat: 0,
  records: { count: 1, digest: tag },
})
const open: StreamStop = { frozen: false, thawed: false }
const fresh: StreamHead & StreamStop = { epoch: 1, seq: 0, head: null, ...open }
const atTwo: StreamHead & StreamStop = { epoch: 1, seq: 2, head: a, ...open }
const frozen = { ...atTwo, frozen: true }
const thawed = { ...frozen, thawed: true }

describe('place', () => {
  it.each([
    [fresh, payload(2, 1, a), 'wrong_epoch'],
    [fresh, payload(2, 2, null), 'wrong_epoch'],
    [atTwo, payload(2, 3, a), 'wrong_epoch'],
    [atTwo, payload(2, 1, null), 'wrong_epoch'],
    [atTwo, payload(2, 1, b), 'wrong_epoch'],
    [atTwo, payload(7, 1, b), 'wrong_epoch'],
    [frozen, payload(1, 3, a), 'frozen'],
    [frozen, payload(1, 4, a), 'frozen'],
    [frozen, payload(1, 3, b), 'frozen'],
    [frozen, payload(2, 1, a), 'frozen'],
    [thawed, payload(1, 3, a), 'frozen'],
    [thawed, payload(2, 2, a), 'frozen'],
    [thawed, payload(2, 1, b), 'wrong_epoch'],
    [{ ...thawed, frozen: false }, payload(1, 3, b), 'fork'],
    [fresh, payload(1, 2, a), 'gap'],
    [atTwo, payload(1, 4, a), 'gap'],
    [atTwo, payload(1, limits.streamNumber, a), 'gap'],
    [fresh, payload(1, 1, a), 'fork'],
    [atTwo, payload(1, 3, b), 'fork'],
    [atTwo, payload(1, 3, null), 'fork'],
    [atTwo, payload(1, 2, b), 'earlier'],
    [atTwo, payload(1, 1, null), 'earlier'],
    [{ ...atTwo, epoch: 2 }, payload(1, 3, a), 'earlier'],
    [{ ...fresh, epoch: 2 }, payload(1, 9, b), 'earlier'],
    [frozen, payload(1, 2, a), 'earlier'],
    [frozen, payload(1, 2, b), 'earlier'],
    [{ ...frozen, epoch: 2 }, payload(1, 3, a), 'earlier'],
    [fresh, payload(1, 1, null), 'next'],
    [atTwo, payload(1, 3, a), 'next'],
    [fresh, payload(2, 1, null), 'opens'],
    [atTwo, payload(2, 1, a), 'opens'],
    [atTwo, payload(7, 1, a), 'opens'],
    [thawed, payload(2, 1, a), 'opens'],
  ])('at %j: %j is %s', (head, next, expected) => {
    const placed = place(head, next)
    const found = placed.ok ? (placed.place === 'next' && placed.opens ? 'opens' : placed.place) : placed.code
    expect(found).toBe(expected)
  })

  it('takes a chain in its order only, however it is shuffled and repeated', () => {
    const chain = Array.from({ length: 8 }, (_, i) => ({
      id: digestOf(crypto, `${i}`),
      payload: payload(1, i + 1, i === 0 ? null : digestOf(crypto, `${i - 1}`)),
    }))
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...chain), { maxLength: 60 }), (posts) => {
        let head = fresh
        for (const post of posts) {
          const placed = place(head, post.payload)
          if (!placed.ok) expect(placed.code).toBe('gap')
          else if (placed.place === 'next') {
            expect(post.payload.seq).toBe(head.seq + 1)
            head = { ...open, epoch: 1, seq: post.payload.seq, head: post.id }
          } else expect(post.payload.seq).toBeLessThanOrEqual(head.seq)
        }
      }),
    )
  })
})
