/** The invariants by name, and what their checks need to know of the world. */
import { type NodeId } from '../../protocol/index.ts'
import { type Ledger } from './ledger.ts'
import { type Sighting } from './sightings.ts'

/** Each invariant's name, with what it says. A violation names one of these. */
export const invariants = {
  'positions-follow-causes': 'records for a peer are committed in the order of their positions',
  'sealed-as-written': 'sealed envelopes hold all written records, each once, in the order they were written',
  'nothing-unverified': 'what is taken in was sealed by the node that it is said to come from, for this node',
  'gapless-prefix': 'the copy of a stream is a gapless prefix of what its issuer sealed',
  'epoch-after-head': 'a new epoch begins after the head of the one before it, and says so',
  'right-key': 'each envelope is signed by the key that signs at its place, and by none that was revoked',
  'acknowledged-is-there':
    'a stored receipt answers this very envelope, and the receiver has it with that receipt',
  'one-receipt': 'a place in a stream is answered with the same bytes for ever',
  'receipt-is-committed': 'a receipt leaves a node only when what it says is committed',
  'receipt-tells-outcomes': 'a receipt says of each record what was done with it',
  'applied-once': 'no content is judged twice, and what was refused stays refused',
  'said-once': 'no record is said twice, and no question is answered twice',
  answered: 'in the end every question that was taken has its answer in the stream back',
  'case-in-order':
    'records of a case are applied in the order they were written; none overtakes a parked one',
  'facts-are-records': 'both sides of a case are exactly the fold of what was written and applied',
  'closed-stays-closed': 'a closed case is never open again',
  'one-open-case': 'a person has one open case per home and host',
  'honest-not-refused': 'a record of an honest node is never refused',
  'no-fork': 'honest nodes never fork, and a stream is frozen only for two stories of the epoch it is in',
  'one-story': 'an honest node that still has its head store never lets two envelopes for one place leave it',
  'nothing-rewritten': 'what was written, sealed or received is not changed and not removed',
  'survives-loss': 'what a peer has, or what the restored database holds, is there when a node has recovered',
  'erased-stays-erased': 'the text of an erased record is gone at both nodes, also after a loss',
  'no-false-alarm': 'an alarm has a cause, and one cause has one open alarm',
  'no-lost-update': 'no transaction overwrites what another committed since it was read',
  'no-unexpected-error': 'no work ends in an error other than those that faults make and officers are told',
  converges:
    'when faults have stopped, nodes become level, with empty outboxes and equal views of every case',
} as const
export type Invariant = keyof typeof invariants

/** What the checks need to know of the world. */
export interface Witness {
  readonly ledger: Ledger
  readonly steps: number
  /** Nodes that were restored, lost or started twice: only these may have anything to be told of. */
  readonly shaken: ReadonlySet<NodeId>
  /** Nodes that may have told two stories without knowing: without their head store, or with two of them. */
  readonly forked: ReadonlySet<NodeId>
  /** Of these, nodes of which two lives with two head stores have run. */
  readonly doubled: ReadonlySet<NodeId>
  /** Keys that replace another without being announced, as `node kid`, and those a node was told to distrust, as `reader node kid`. */
  readonly replacing: ReadonlySet<string>
  readonly revoked: ReadonlySet<string>
  /** Regions that are gone to the end of the run. */
  readonly dead: ReadonlySet<NodeId>
  isHonest(node: NodeId): boolean
  /** Runs the production core, so that its side of a stream is in the ledger. */
  isOurs(node: NodeId): boolean
  readonly violate: (invariant: Invariant, detail: string) => void
  saw(sighting: Sighting): void
}
