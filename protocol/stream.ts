/**
 * A stream: per (issuer, epoch, recipient), envelopes numbered from 1 without gaps, each naming the one before it.
 *
 * `place` decides for one verified envelope where it stands against the receiver's head. It is the only place where
 * order is judged; equal number with other content is a fork, and a fork is proof of two stories, so it is kept.
 */
import { type EnvelopePayload } from './envelope.ts'
import { refuse, type Refusal } from './errors.ts'
import { type Digest } from './ids.ts'

/** How far a side has come in one stream. `seq` 0 and `head` null before the first envelope. */
export interface StreamHead {
  readonly epoch: number
  readonly seq: number
  readonly head: Digest | null
}

export type Placement =
  | { ok: true; place: 'next' }
  /** Numbered at or before our head: the caller compares it with the stored one. */
  | { ok: true; place: 'earlier' }
  | Refusal<'wrong_epoch' | 'gap' | 'fork'>

export function place(head: StreamHead, payload: EnvelopePayload): Placement {
  if (payload.epoch !== head.epoch)
    return refuse('wrong_epoch', `epoch ${payload.epoch}, ours is ${head.epoch}`)
  if (payload.seq <= head.seq) return { ok: true, place: 'earlier' }
  if (payload.seq > head.seq + 1) return refuse('gap', `seq ${payload.seq} after ${head.seq}`)
  if (payload.prev !== head.head) return refuse('fork', `seq ${payload.seq} names another predecessor`)
  return { ok: true, place: 'next' }
}
