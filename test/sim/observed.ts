/**
 * What a commit says about the federation and its cases, and what stands in a store: the only file of the simulation
 * that reads tables. When a table changes its shape, this is where the simulation learns it.
 */
import { type PgTable } from 'drizzle-orm/pg-core'
import { activities } from '../../node/activities/tables.ts'
import {
  agreements,
  alarms,
  envelopesIn,
  envelopesOut,
  forks,
  leases,
  recordsIn,
  recordsOut,
  refusals,
  streamsIn,
  streamsOut,
} from '../../node/federation/tables.ts'
import { cases } from '../../node/flows/tables.ts'
import { type Change, type MemorySnapshot, type MemoryStore } from '../../node/store/memory.ts'
import { type Row } from '../../node/store/port.ts'
import { erasedLine } from '../../protocol/index.ts'
import { type Chance } from './chance.ts'
import { digestsOf } from './ledger.ts'

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
export interface Taken extends Receipted {
  /** Its records as they came, or what stands for one that was erased. */
  readonly lines: readonly string[]
}
export interface Judged extends Place {
  readonly idx: number
  readonly digest: string
  readonly caseId: string | null
  readonly type: string
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

export interface AlarmRaised {
  readonly kind: string
  readonly peer: string
  readonly subject: string
}

/** One commit, sorted by what it means. */
export interface Commit {
  readonly written: Written[]
  readonly sealed: Sealed[]
  readonly taken: Taken[]
  readonly judged: Judged[]
  readonly receipted: Receipted[]
  readonly forks: Place[]
  readonly frozen: string[]
  readonly refusals: string[]
  readonly cases: { before: CaseFacts | undefined; after: CaseFacts }[]
  readonly activities: ActivityFacts[]
  /** Ids of reports that were taken away. */
  readonly forgotten: string[]
  readonly alarms: AlarmRaised[]
  /** Peers whose streams were taken back in this commit: of these everything is looked at anew. */
  readonly recovered: string[]
  /** Streams that were open and are closed now. */
  readonly closed: string[]
  /** The lease went from one process to another. */
  leaseTaken: boolean
  /** Texts that were erased: of ours by digest, of the peer by peer, place and number. */
  readonly erased: { digest: string }[]
  /** Rows of streams that were taken away or changed where nothing may be, with the peer when there is one. */
  readonly broken: { what: string; peer: string | undefined }[]
}

type Maybe<T> = T | undefined

export function readCommit(changes: readonly Change[]): Commit {
  const commit: Commit = {
    ...{ written: [], sealed: [], taken: [], judged: [], receipted: [], erased: [], leaseTaken: false },
    ...{ forks: [], frozen: [], refusals: [], cases: [], activities: [], broken: [], forgotten: [] },
    ...{ alarms: [], recovered: [], closed: [] },
  }
  for (const change of changes) readers.get(change.table)?.(commit, change)
  // A transaction touches rows in any order; what is in a stream has one.
  commit.written.sort((one, other) => one.position - other.position)
  commit.sealed.sort((one, other) => one.epoch - other.epoch || one.seq - other.seq)
  return commit
}

type Reading = (commit: Commit, change: Change) => void
const readers = new Map<PgTable, Reading>([
  [recordsOut, readRecordOut],
  [envelopesOut, readEnvelopeOut],
  [envelopesIn, readEnvelopeIn],
  [recordsIn, readRecordIn],
  [forks, (commit, { after }) => after && commit.forks.push(after as Row<typeof forks>)],
  [
    alarms,
    (commit, { before, after }) => !before && after && commit.alarms.push(after as Row<typeof alarms>),
  ],
  [
    leases,
    (commit, { before, after }) => {
      if (before && after && before['holder'] !== after['holder']) commit.leaseTaken = true
    },
  ],
  [
    streamsOut,
    (commit, { before, after }) => {
      const row = after as Maybe<Row<typeof streamsOut>>
      const old = before as Maybe<Row<typeof streamsOut>>
      if (row && old?.standing === 'recovering' && row.standing === 'open') commit.recovered.push(row.peer)
      if (row && old?.standing === 'open' && row.standing === 'closed') commit.closed.push(row.peer)
    },
  ],
  [
    streamsIn,
    (commit, { before, after }) => {
      const row = after as Maybe<Row<typeof streamsIn>>
      if (row?.frozen && !(before as Maybe<Row<typeof streamsIn>>)?.frozen) commit.frozen.push(row.peer)
    },
  ],
  [refusals, (commit, { after }) => after && commit.refusals.push((after as Row<typeof refusals>).code)],
  [
    cases,
    (commit, { before, after, key }) => {
      if (after)
        commit.cases.push({ before: before as Maybe<Row<typeof cases>>, after: after as Row<typeof cases> })
      else commit.broken.push({ what: `case ${key} was removed`, peer: (before as Row<typeof cases>).peer })
    },
  ],
  [
    activities,
    (commit, { after, key }) => {
      if (after) commit.activities.push(saidOf(after as Row<typeof activities>))
      else commit.forgotten.push(key)
    },
  ],
])

function saidOf({
  id,
  caseId,
  side,
  withdrawn,
  kind,
  on,
  title,
  amountFen,
}: Row<typeof activities>): ActivityFacts {
  return { id, caseId, side, withdrawn, said: JSON.stringify([kind, on, title, amountFen]) }
}

function readRecordOut(commit: Commit, { before, after, key }: Change): void {
  const row = after as Maybe<Row<typeof recordsOut>>
  const old = before as Maybe<Row<typeof recordsOut>>
  const peer = row?.peer ?? old?.peer
  if (!row) commit.broken.push({ what: `written record ${key} was removed`, peer })
  else if (!old) commit.written.push({ ...row, text: row.text ?? '' })
  else if (old.digest === row.digest && old.text !== null && row.text === null)
    commit.erased.push({ digest: row.digest })
  else if (old.digest !== row.digest || old.text !== row.text)
    commit.broken.push({ what: `written record ${key} was changed`, peer })
}

function readEnvelopeOut(commit: Commit, { before, after, key }: Change): void {
  const row = after as Maybe<Row<typeof envelopesOut>>
  const old = before as Maybe<Row<typeof envelopesOut>>
  const peer = row?.peer ?? old?.peer
  if (!row) return void commit.broken.push({ what: `sealed envelope ${key} was removed`, peer })
  if (!old) commit.sealed.push(row)
  else if (
    old.jws !== row.jws ||
    old.contentId !== row.contentId ||
    (old.receipted && old.receipt !== row.receipt)
  )
    commit.broken.push({ what: `sealed envelope ${key} was changed`, peer })
  if (row.receipted && !old?.receipted) commit.receipted.push({ ...row, receipt: row.receipt ?? '' })
}

function readEnvelopeIn(commit: Commit, { before, after, key }: Change): void {
  const row = after as Maybe<Row<typeof envelopesIn>>
  const old = before as Maybe<Row<typeof envelopesIn>>
  if (row && !old) return void commit.taken.push({ ...row, lines: row.lines.split('\n') })
  const was = old?.lines.split('\n') ?? []
  const now = row?.lines.split('\n') ?? []
  // Erasing takes out whole lines and nothing else.
  const erasedOnly =
    row?.jws === old?.jws &&
    row?.receipt === old?.receipt &&
    was.length === now.length &&
    now.every((line, i) => line === was[i] || line === erasedLine(digestsOf([was[i] ?? ''])[0] ?? ''))
  if (!row || !erasedOnly)
    commit.broken.push({
      what: `received envelope ${key} was ${row ? 'changed' : 'removed'}`,
      peer: old?.peer,
    })
}

function readRecordIn(commit: Commit, { before, after, key }: Change): void {
  const row = after as Maybe<Row<typeof recordsIn>>
  const old = before as Maybe<Row<typeof recordsIn>>
  if (!row) commit.broken.push({ what: `received record ${key} was removed`, peer: old?.peer })
  else if (old?.outcome !== row.outcome) commit.judged.push({ ...row, before: old?.outcome })
}

/** Everything that stands between this node and one peer, in the order of the streams. */
export interface Pair {
  readonly out: Row<typeof streamsOut> | undefined
  readonly into: Row<typeof streamsIn> | undefined
  readonly records: Row<typeof recordsOut>[]
  readonly sent: Row<typeof envelopesOut>[]
  readonly received: Row<typeof envelopesIn>[]
  readonly judged: Row<typeof recordsIn>[]
  readonly cases: CaseFacts[]
  readonly activities: ActivityFacts[]
}

/** A snapshot, pair by pair. */
export function pairsIn(snapshot: MemorySnapshot): Map<string, Pair> {
  const rows = <Shape>(table: PgTable) => [...(snapshot.tables.get(table)?.values() ?? [])] as Shape[]
  const places = <Shape extends { epoch: number; seq: number }>(table: PgTable) =>
    rows<Shape>(table).sort((one, other) => one.epoch - other.epoch || one.seq - other.seq)
  const pairs = new Map<string, Pair>()
  const into = new Map(rows<Row<typeof streamsIn>>(streamsIn).map((row) => [row.peer, row]))
  for (const out of rows<Row<typeof streamsOut>>(streamsOut))
    pairs.set(out.peer, {
      ...{ out, into: into.get(out.peer), records: [], sent: [], received: [], judged: [] },
      ...{ cases: [], activities: [] },
    })
  const records = rows<Row<typeof recordsOut>>(recordsOut).sort((one, other) => one.position - other.position)
  for (const row of records) pairs.get(row.peer)?.records.push(row)
  for (const row of places<Row<typeof envelopesOut>>(envelopesOut)) pairs.get(row.peer)?.sent.push(row)
  for (const row of places<Row<typeof envelopesIn>>(envelopesIn)) pairs.get(row.peer)?.received.push(row)
  for (const row of places<Row<typeof recordsIn>>(recordsIn)) pairs.get(row.peer)?.judged.push(row)
  const peerOf = new Map<string, string>()
  for (const row of rows<CaseFacts>(cases)) {
    peerOf.set(row.id, row.peer)
    pairs.get(row.peer)?.cases.push(row)
  }
  for (const row of rows<Row<typeof activities>>(activities))
    pairs.get(peerOf.get(row.caseId) ?? '')?.activities.push(saidOf(row))
  return pairs
}

export function openAlarmsIn(snapshot: MemorySnapshot, kind: string): number {
  const rows = [...(snapshot.tables.get(alarms)?.values() ?? [])] as Row<typeof alarms>[]
  return rows.filter((row) => row.open && row.kind === kind).length
}

/** Agreements with both signatures that a store knows, in force or ended. */
export async function agreementsIn(memory: MemoryStore): Promise<Set<string>> {
  const rows = await memory.read((reader) => reader.find(agreements, {}))
  return new Set(rows.filter(({ state }) => state !== 'proposed').map(({ id }) => id))
}

export async function allOpen(memory: MemoryStore): Promise<boolean> {
  const rows = await memory.read((reader) => reader.find(streamsOut, {}))
  return rows.every(({ standing }) => standing === 'open')
}

/** How far one node is with a peer, for the end of a run. */
export interface Standing {
  readonly unsealed: number
  readonly unreceipted: number
  readonly sent: string
  readonly received: string
  readonly parked: number
  readonly frozen: boolean
  readonly standing: string
}

export function standingOf(memory: MemoryStore, peer: string): Promise<Standing> {
  return memory.read(async (reader) => {
    const out = await reader.get(streamsOut, { peer })
    const into = await reader.get(streamsIn, { peer })
    return {
      unsealed: await reader.count(
        recordsOut,
        { peer },
        { orderBy: 'position', after: out?.sealedPosition ?? 0 },
      ),
      unreceipted: await reader.count(envelopesOut, { peer, receipted: false }),
      sent: `${out?.epoch}/${out?.seq}/${out?.head}`,
      received: `${into?.epoch}/${into?.seq}/${into?.head}`,
      parked: await reader.count(recordsIn, { peer, parked: true }),
      frozen: into?.frozen ?? false,
      standing: out?.standing ?? 'none',
    }
  })
}

/** Cases on which this node has refused something a peer said. */
export async function refusedCases(memory: MemoryStore, peer: string): Promise<(string | null)[]> {
  const rows = await memory.read((reader) => reader.find(recordsIn, { peer }))
  return rows.filter(({ outcome }) => outcome.startsWith('refused:')).map(({ caseId }) => caseId)
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
    const { peer, firstPosition: position } = envelope
    const row = await memory.read((reader) => reader.get(recordsOut, { peer, position }))
    if (row) return written(memory, recordsOut, { peer, position }, 'text', row.text ?? '', chance)
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
  const undo = async () => {
    const row = (await memory.read((reader) => reader.get(table, key))) as Record<string, unknown> | undefined
    // What has become of it since, an erasure, is not undone.
    if (row?.[field] === spoilt) await put(text)
  }
  return { about: `${field} of ${JSON.stringify(key)}`, receipt, undo }
}
