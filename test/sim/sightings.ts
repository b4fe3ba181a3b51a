/**
 * Interesting states that a long run must have reached, or it has shown nothing about them. Each names the faults that
 * bring it about; where those are switched off it is not missed.
 */
export const sightings = {
  'fork kept': ['F16'],
  'refusal at the gate': ['F16'],
  'record parked': ['F14'],
  'parked record settled': ['F14'],
  'upgraded to know a new type': ['F14'],
  'gap answered and refilled': ['F14'],
  'breaker open': ['F8'],
  'breaker closed again': ['F8'],
  'receipt repeated from the store': ['F2'],
  'crash before a commit': ['F1'],
  'crash after a commit, before anything is sent': ['F1'],
  'two crashes in a row': ['F1'],
  'an old duplicate, weeks later': ['F3'],
  'asymmetric partition': ['F7'],
  'a clock set back by days': ['F9'],
  'a clock standing still': ['F9'],
  'disk full': ['F10'],
  'bit flipped in a stored row': ['F17'],
  'a damaged row refused by the peer': ['F17'],
  'the same act twice at once': ['F18'],
  'crash after the head was moved, before anything is sent': ['F1'],
  'restored: heads kept': ['F12'],
  'restored: heads too': ['F12'],
  'restored: heads lost': ['F12'],
  'restored: everything': ['F12'],
  'restored or doubled, and noticed': ['F12'],
  'noticed by the head store before anything was signed': ['F12'],
  'noticed by a peer’s heads': ['F12'],
  recovered: ['F12'],
  'epoch opened': ['F12'],
  'waiting record said again in a new epoch': ['F12'],
  'a verb refused while streams are closed': ['F12'],
  'something unsaid for good': ['F12', 'F13'],
  'started twice: one store': ['F13'],
  'started twice: one head store': ['F13'],
  'started twice: two head stores': ['F13'],
  'lease taken over': ['F13'],
  'second life refused': ['F13'],
  'fork of two lives kept': ['F13'],
  'fork thawed': ['F13'],
  'fork healed': ['F13'],
  'key rotated in flight': ['F15'],
  'receipt under an old key repeated': ['F15', 'F3'],
  'key revoked': ['F15'],
  'key replaced': ['F15'],
  'agreement concluded again, as it had not begun': ['F9'],
  'record erased': [],
  'case closed with a record in flight': [],
  'query crossing a publication': [],
  'denial, then assertion': [],
  disputed: [],
  'peer paused and resumed': [],
  'pulled what was missing': [],
  'one region dead to the end': [],
} as const satisfies Record<string, readonly string[]>
export type Sighting = keyof typeof sightings

/** Steps from which on nothing may be missing. */
export const stepsToSeeAll = 1_000_000

export function missing(seen: ReadonlyMap<string, number>, faults: ReadonlySet<string>): Sighting[] {
  return (Object.keys(sightings) as Sighting[]).filter(
    (name) => !seen.has(name) && sightings[name].every((fault) => faults.has(fault)),
  )
}
