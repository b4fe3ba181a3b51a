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

/** What is known of a stream besides its head. */
export interface StreamStop {
  /** Stopped after a fork. */
  readonly frozen: boolean
  /** A person lets it go on, in a new epoch only. */
  readonly thawed: boolean
}

export type Placement =
  /** `opens`: the first envelope of a later epoch; its first record must be `epoch.opened` after our head. */
  | { ok: true; place: 'next'; opens: boolean }
  /** Numbered at or before our head, or of an epoch before ours: the caller compares it with the stored one. */
  | { ok: true; place: 'earlier' }
  | Refusal<'wrong_epoch' | 'gap' | 'fork' | 'frozen'>

export function place(
  { epoch, seq, head, frozen, thawed }: StreamHead & StreamStop,
  payload: EnvelopePayload,
): Placement {
  const beyond = payload.epoch > epoch || (payload.epoch === epoch && payload.seq > seq)
  if (!beyond) return { ok: true, place: 'earlier' }
  // Not always the next number: an epoch that was begun and never arrived is passed over.
  const opens = payload.epoch > epoch && payload.seq === 1
  if (frozen && !(thawed && opens)) return refuse('frozen', 'this stream is frozen after a fork')
  if (opens && payload.prev === head) return { ok: true, place: 'next', opens }
  if (payload.epoch > epoch) return refuse('wrong_epoch', `epoch ${payload.epoch}, ours is ${epoch}`)
  if (payload.seq > seq + 1) return refuse('gap', `seq ${payload.seq} after ${seq}`)
  if (payload.prev !== head) return refuse('fork', `seq ${payload.seq} names another predecessor`)
  return { ok: true, place: 'next', opens: false }
}
