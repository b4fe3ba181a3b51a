/**
 * Exports that need a second person (protocol/exports.ts): asked for, decided on by somebody else, and made for the asker
 * while the approval holds. A request holds the list's question, not its rows: what is made is the list as it stands.
 */
import {
  exportHours,
  exportWaitingDays,
  type ExportedList,
  type ExportRequest,
  type Uuid,
} from '../../protocol/index.ts'
import { type Account } from '../accounts/index.ts'
import { DomainError } from '../errors.ts'
import { type Clock, type Ids } from '../platform.ts'
import { type Row, type Store, type Transaction } from '../store/port.ts'
import { type Vault } from '../vault.ts'
import { exportRequests } from './tables.ts'

/** Requests of one account that wait: more is no work of a day. */
const mostWaiting = 10
/** The audit remembers them for ever; this list shows the last month. */
const shownMs = 31 * 86_400_000
const mostShown = 200
const hourMs = 3_600_000
const requestsLock = 'exports'

type RequestRow = Row<typeof exportRequests>
interface Sealed {
  readonly wanted: ExportedList
  readonly words: string | null
}
export interface Wanted {
  readonly wanted: ExportedList
  readonly purpose: string
  readonly words?: string | undefined
  readonly rows: number
}
/** A request with what is sealed of it, as it stands now. */
export interface Request {
  readonly row: RequestRow
  readonly wanted: ExportedList
  readonly words: string | null
  readonly state: ExportRequest['state']
  readonly untilMs: number
}

export class Exports {
  private readonly store: Store
  private readonly vault: Vault
  private readonly clock: Clock
  private readonly ids: Ids

  constructor(parts: { store: Store; vault: Vault; clock: Clock; ids: Ids }) {
    this.store = parts.store
    this.vault = parts.vault
    this.clock = parts.clock
    this.ids = parts.ids
  }

  /** Throws `too_many_exports` while enough of this account's wait. */
  async ask({ id: account, role, organisation }: Account, asked: Wanted): Promise<Request> {
    const id = this.ids.next()
    const { wanted, purpose, words = null, rows } = asked
    const sealed = this.vault.seal(sealedAt(id), JSON.stringify({ wanted, words } satisfies Sealed))
    const undecided = { state: 'waiting', decidedBy: null, decidedMs: null, fetched: 0 }
    const row: RequestRow = {
      ...{ id, account, role, organisation, list: wanted.list, sealed, rows, purpose },
      ...{ askedMs: this.clock.nowMs(), ...undecided },
    }
    await this.store.transaction(async (tx) => {
      await tx.lock([requestsLock])
      const waiting = await tx.find(exportRequests, { account, state: 'waiting' })
      const live = waiting.filter((one) => this.stateOf(one) === 'waiting')
      if (live.length >= mostWaiting) throw new DomainError('too_many_exports')
      await tx.insert(exportRequests, [row])
    })
    return this.opened(row)
  }

  /** Those of the last month, the newest first. */
  async recent(): Promise<Request[]> {
    const sinceMs = this.clock.nowMs() - shownMs
    const page = { orderBy: 'askedMs', descending: true, limit: mostShown } as const
    const rows = await this.store.read((reader) => reader.find(exportRequests, {}, page))
    return rows.filter(({ askedMs }) => askedMs >= sinceMs).map((row) => this.opened(row))
  }

  /** Another person's word. Throws `export_own`, `export_decided` and `export_not_found`. */
  async decide(by: Account, id: Uuid, approve: boolean): Promise<Request> {
    const row = await this.store.transaction(async (tx) => {
      await tx.lock([requestsLock])
      const before = await this.get(tx, id)
      if (before.account === by.id) throw new DomainError('export_own')
      if (this.stateOf(before) !== 'waiting') throw new DomainError('export_decided')
      const state = approve ? 'approved' : 'refused'
      const patch = { state, decidedBy: by.id, decidedMs: this.clock.nowMs() }
      await tx.update(exportRequests, { id }, patch)
      return { ...before, ...patch }
    })
    return this.opened(row)
  }

  /**
   * What the asker may now have made: throws `export_not_ready` unless it was approved, lately, and he is still in the
   * role and the part in which he asked; for anybody else it does not exist.
   */
  async take(by: Account, id: Uuid): Promise<ExportedList> {
    const row = await this.store.transaction(async (tx) => {
      await tx.lock([requestsLock])
      const found = await this.get(tx, id)
      if (found.account !== by.id) throw new DomainError('export_not_found')
      const moved = found.role !== by.role || found.organisation !== by.organisation
      if (moved || this.stateOf(found) !== 'ready') throw new DomainError('export_not_ready')
      await tx.update(exportRequests, { id }, { fetched: found.fetched + 1 })
      return found
    })
    return this.opened(row).wanted
  }

  /** Removes what is shown nowhere any more; the audit goes on telling of it. */
  async removeOld(): Promise<void> {
    const untilMs = this.clock.nowMs() - shownMs
    await this.store.transaction(async (tx) => {
      await tx.lock([requestsLock])
      for (const { id, askedMs } of await tx.find(exportRequests, {}, { orderBy: 'askedMs', limit: 1000 }))
        if (askedMs < untilMs) await tx.remove(exportRequests, { id })
    })
  }

  private async get(tx: Transaction, id: Uuid): Promise<RequestRow> {
    const row = await tx.get(exportRequests, { id })
    if (!row) throw new DomainError('export_not_found')
    return row
  }

  private opened(row: RequestRow): Request {
    const sealed = JSON.parse(this.vault.open(sealedAt(row.id), row.sealed)) as Sealed
    return { row, ...sealed, state: this.stateOf(row), untilMs: untilMs(row) }
  }

  private stateOf(row: RequestRow): ExportRequest['state'] {
    if (row.state === 'refused') return 'refused'
    if (this.clock.nowMs() > untilMs(row)) return 'lapsed'
    return row.state === 'approved' ? 'ready' : 'waiting'
  }
}

function untilMs({ state, askedMs, decidedMs }: RequestRow): number {
  if (state === 'approved') return (decidedMs ?? 0) + exportHours * hourMs
  return askedMs + exportWaitingDays * 24 * hourMs
}

function sealedAt(id: Uuid): string {
  return `export_requests:sealed:${id}`
}
