/**
 * What a commit says about the federation and its cases: the only file of the simulation that reads tables. When a
 * table changes its shape, this is where the simulation learns it.
 */
import { activities } from '../../node/activities/tables.ts'
import {
  envelopesIn,
  envelopesOut,
  forks,
  recordsIn,
  recordsOut,
  refusals,
  streamsIn,
  streamsOut,
} from '../../node/federation/tables.ts'
import { cases } from '../../node/flows/tables.ts'
import { type Change, type MemoryStore } from '../../node/store/memory.ts'
import { type Row } from '../../node/store/port.ts'
import { type Chance } from './chance.ts'

export interface Place {
  readonly peer: string
  readonly epoch: number
  readonly seq: number
}
export interface Written {
  readonly peer: string
  readonly position: number
  readonly caseId: string | null
  readonly type: string
  readonly digest: string
  readonly text: string
}
export interface Sealed extends Place {
  readonly contentId: string
  readonly jws: string
}
export interface Receipted extends Sealed {
  readonly receipt: string
}
export interface Judged extends Place {
  readonly idx: number
  readonly digest: string
  readonly caseId: string | null
  readonly type: string
  readonly text: string | null
  readonly outcome: string
  /** What had been said of it before; undefined when it is new. */
  readonly before: string | undefined
}
export interface CaseFacts {
  readonly id: string
  readonly peer: string
  readonly side: string
  readonly tag: string
  readonly open: boolean
  readonly homeFacts: string
  readonly hostFacts: string
}
export interface ActivityFacts {
  readonly id: string
  readonly caseId: string
  readonly side: string
  readonly withdrawn: boolean
  readonly said: string
}

/** One commit, sorted by what it means. */
export interface Commit {
  readonly written: Written[]
  readonly sealed: Sealed[]
  readonly taken: Receipted[]
  readonly judged: Judged[]
  readonly receipted: Receipted[]
  readonly forks: Place[]
  readonly frozen: string[]
  readonly refusals: string[]
  readonly cases: { before: CaseFacts | undefined; after: CaseFacts }[]
  readonly activities: ActivityFacts[]
  /** Rows of streams that were taken away or changed where nothing may be. */
  readonly broken: string[]
}

type Mutable<T> = T | undefined

export function readCommit(changes: readonly Change[]): Commit {
  const commit: Commit = {
    ...{ written: [], sealed: [], taken: [], judged: [], receipted: [] },
    ...{ forks: [], frozen: [], refusals: [], cases: [], activities: [], broken: [] },
  }
  for (const change of changes) readers.get(change.table)?.(commit, change)
  return commit
}

type Reading = (commit: Commit, change: Change) => void
const readers = new Map<unknown, Reading>([
  [recordsOut, readRecordOut],
  [envelopesOut, readEnvelopeOut],
  [envelopesIn, readEnvelopeIn],
  [recordsIn, readRecordIn],
  [forks, (commit, { after }) => after && commit.forks.push(after as Row<typeof forks>)],
  [
    streamsIn,
    (commit, { before, after }) => {
      const row = after as Mutable<Row<typeof streamsIn>>
      if (row?.frozen && !(before as Mutable<Row<typeof streamsIn>>)?.frozen) commit.frozen.push(row.peer)
    },
  ],
  [refusals, (commit, { after }) => after && commit.refusals.push((after as Row<typeof refusals>).code)],
  [
    cases,
    (commit, { before, after, key }) => {
      if (after)
        commit.cases.push({ before: before as Mutable<CaseFacts>, after: after as Row<typeof cases> })
      else commit.broken.push(`case ${key} was removed`)
    },
  ],
  [
    activities,
    (commit, { after, key }) => {
      const row = after as Mutable<Row<typeof activities>>
      if (!row) return void commit.broken.push(`activity ${key} was removed`)
      const { id, caseId, side, withdrawn, kind, on, title, amountFen } = row
      commit.activities.push({
        id,
        caseId,
        side,
        withdrawn,
        said: JSON.stringify([kind, on, title, amountFen]),
      })
    },
  ],
])

function readRecordOut(commit: Commit, { before, after, key }: Change): void {
  const row = after as Mutable<Row<typeof recordsOut>>
  const old = before as Mutable<Row<typeof recordsOut>>
  if (!row) commit.broken.push(`written record ${key} was removed`)
  else if (!old) commit.written.push({ ...row, text: row.text ?? '' })
  else if (old.digest !== row.digest || old.text !== row.text || old.peer !== row.peer)
    commit.broken.push(`written record ${key} was changed`)
}

function readEnvelopeOut(commit: Commit, { before, after, key }: Change): void {
  const row = after as Mutable<Row<typeof envelopesOut>>
  const old = before as Mutable<Row<typeof envelopesOut>>
  if (!row) return void commit.broken.push(`sealed envelope ${key} was removed`)
  if (!old) commit.sealed.push(row)
  else if (
    old.jws !== row.jws ||
    old.contentId !== row.contentId ||
    (old.receipted && old.receipt !== row.receipt)
  )
    commit.broken.push(`sealed envelope ${key} was changed`)
  if (row.receipted && !old?.receipted) commit.receipted.push({ ...row, receipt: row.receipt ?? '' })
}

function readEnvelopeIn(commit: Commit, { before, after, key }: Change): void {
  const row = after as Mutable<Row<typeof envelopesIn>>
  if (!row || before) commit.broken.push(`received envelope ${key} was ${row ? 'changed' : 'removed'}`)
  else commit.taken.push(row)
}

function readRecordIn(commit: Commit, { before, after, key }: Change): void {
  const row = after as Mutable<Row<typeof recordsIn>>
  const old = before as Mutable<Row<typeof recordsIn>>
  if (!row) commit.broken.push(`received record ${key} was removed`)
  else if (old?.outcome !== row.outcome) commit.judged.push({ ...row, before: old?.outcome })
}

/** How far one node is with a peer, for the end of a run. */
export interface Standing {
  readonly unsealed: number
  readonly unreceipted: number
  readonly sent: string
  readonly received: string
  readonly parked: number
  readonly frozen: boolean
}

export function standingOf(memory: MemoryStore, peer: string): Promise<Standing> {
  return memory.read(async (reader) => {
    const out = await reader.get(streamsOut, { peer })
    const into = await reader.get(streamsIn, { peer })
    return {
      unsealed: await reader.count(recordsOut, { peer, sealed: false }),
      unreceipted: await reader.count(envelopesOut, { peer, receipted: false }),
      sent: `${out?.epoch}/${out?.seq}/${out?.head}`,
      received: `${into?.epoch}/${into?.seq}/${into?.head}`,
      parked: await reader.count(recordsIn, { peer, parked: true }),
      frozen: into?.frozen ?? false,
    }
  })
}

/** Ids and peers of all cases of a node. */
export function casesOf(memory: MemoryStore, peer: string): Promise<string[]> {
  return memory.read(async (reader) =>
    (await reader.find(cases, { peer }, { orderBy: 'id' })).map(({ id }) => id),
  )
}

/** A stored row that a bit flipped in; undo puts it back, as an operator would from a copy. */
export interface Damage {
  readonly about: string
  /** The receipt as it reads now, when it is one that was hit. */
  readonly receipt: string | undefined
  undo(): Promise<void>
}

/**
 * Flips one bit where the protocol must notice: in the text or the token of something sealed and not yet receipted, or
 * in a stored receipt. (A flip in text not yet sealed would be signed: only a digest check in the sealer could see it.)
 */
export async function damage(memory: MemoryStore, chance: Chance): Promise<Damage | undefined> {
  const found = await memory.read(async (reader) => ({
    sealed: await reader.find(envelopesOut, { receipted: false }),
    taken: await reader.find(envelopesIn, {}, { orderBy: 'seq', descending: true, limit: 3 }),
  }))
  const [envelope] = found.sealed
  const [taken] = found.taken
  if (envelope && chance.under(0.5)) {
    const { peer, epoch, seq, jws } = envelope
    return written(memory, envelopesOut, { peer, epoch, seq }, 'jws', jws, chance)
  }
  if (envelope) {
    const { peer, epoch, seq } = envelope
    const [row] = await memory.read((reader) => reader.find(recordsOut, { peer, epoch, seq, idx: 0 }))
    if (row) return written(memory, recordsOut, { position: row.position }, 'text', row.text ?? '', chance)
  }
  if (!taken) return undefined
  const { peer, epoch, seq, receipt } = taken
  return written(memory, envelopesIn, { peer, epoch, seq }, 'receipt', receipt, chance)
}

type Damageable = typeof envelopesOut | typeof recordsOut | typeof envelopesIn

async function written(
  memory: MemoryStore,
  table: Damageable,
  key: object,
  field: string,
  text: string,
  chance: Chance,
): Promise<Damage> {
  const at = chance.below(text.length)
  const flipped = String.fromCharCode(text.charCodeAt(at) ^ (1 << chance.below(5)))
  const put = async (value: string) => {
    const { onCommit } = memory
    // Nobody committed this: it happened to the disk.
    memory.onCommit = undefined
    await memory.transaction((tx) => tx.update(table, key, { [field]: value }))
    memory.onCommit = onCommit
  }
  const spoilt = text.slice(0, at) + flipped + text.slice(at + 1)
  await put(spoilt)
  const receipt = table === envelopesIn ? spoilt : undefined
  return { about: `${field} of ${JSON.stringify(key)}`, receipt, undo: () => put(text) }
}
