/**
 * The audit: what was done by whom, chained by digests and never changed (attacks.md W17). What has an effect is
 * written down before it is done and again when it has ended, so a crash in between leaves the first of the two.
 */
import {
  auditHash,
  type AuditEntry,
  type CallerRole,
  type Crypto,
  type Digest,
  type Uuid,
} from '../../protocol/index.ts'
import { type Clock } from '../platform.ts'
import { type Reader, type Row, type Store } from '../store/port.ts'
import { audit } from './tables.ts'

const auditLock = 'audit'
const entriesAtOnce = 2000
/** Read at once of one account: about an hour of busy work. */
const entriesOfAccount = 500

export interface Noted {
  readonly account: Uuid | ''
  readonly role: CallerRole | 'stranger'
  readonly action: string
  readonly subject: string
  readonly outcome: string
  readonly about?: number
  readonly detail?: AuditEntry['detail']
  readonly address: string
}

export class Audit {
  private readonly store: Store
  private readonly clock: Clock
  private readonly crypto: Crypto

  constructor(parts: { store: Store; clock: Clock; crypto: Crypto }) {
    this.store = parts.store
    this.clock = parts.clock
    this.crypto = parts.crypto
  }

  /** Adds an entry; its number, once it is durable. */
  async note({ account, role, action, subject, outcome, about, detail, address }: Noted): Promise<number> {
    return this.store.transaction(async (tx) => {
      await tx.lock([auditLock])
      const [last] = await tx.find(audit, {}, { orderBy: 'seq', descending: true, limit: 1 })
      const entry = {
        seq: (last?.seq ?? 0) + 1,
        at: new Date(this.clock.nowMs()).toISOString(),
        ...{ account, role, action, subject, outcome },
        about: about ?? null,
        detail: detail ?? {},
        address,
        prev: last?.hash ?? null,
      }
      const { at, ...columns } = entry
      const hash = auditHash(this.crypto, entry)
      const row = { ...columns, atMs: Date.parse(at), detail: JSON.stringify(entry.detail), hash }
      await tx.insert(audit, [row])
      return entry.seq
    })
  }

  /** The newest first, before the number `after`. */
  async page(query: {
    after: number | undefined
    limit: number
    account?: string | undefined
    subject?: string | undefined
  }): Promise<AuditEntry[]> {
    const match = {
      ...(query.account === undefined ? {} : { account: query.account }),
      ...(query.subject === undefined ? {} : { subject: query.subject }),
    }
    const after = query.after === undefined ? {} : { after: query.after }
    const options = { orderBy: 'seq', descending: true, limit: query.limit, ...after } as const
    return (await this.store.read((reader) => reader.find(audit, match, options))).map(entryOf)
  }

  /** How many of these things the account has begun since then; counts no further than `most`. */
  async countBegun(
    account: Uuid,
    actions: ReadonlySet<string>,
    sinceMs: number,
    most: number,
  ): Promise<number> {
    return this.store.read(async (reader) => {
      let [count, after]: [number, number | undefined] = [0, undefined]
      for (;;) {
        const page = { orderBy: 'seq', descending: true, limit: entriesOfAccount } as const
        const rows: Row<typeof audit>[] = await reader.find(
          audit,
          { account },
          after === undefined ? page : { ...page, after },
        )
        const late = rows.filter(({ atMs }) => atMs >= sinceMs)
        count += late.filter(({ action, outcome }) => outcome === 'begun' && actions.has(action)).length
        if (count >= most || late.length < entriesOfAccount) return Math.min(count, most)
        after = rows.at(-1)?.seq
      }
    })
  }

  /** How long it is, and the hash of its last entry; undefined while there is none. */
  async head(): Promise<{ entries: number; head: Digest } | undefined> {
    const page = { orderBy: 'seq', descending: true, limit: 1 } as const
    const [last] = await this.store.read((reader) => reader.find(audit, {}, page))
    return last && { entries: last.seq, head: last.hash }
  }

  /** Did the audit have this hash at its end when it had so many entries? */
  async holds({ entries, head }: { entries: number; head: Digest }): Promise<boolean> {
    return (await this.store.read((reader) => reader.get(audit, { seq: entries })))?.hash === head
  }

  /** Reads all of it and computes every digest again. */
  async verify(): Promise<{ entries: number; head: Digest | null; brokenAt: number | null }> {
    return this.store.read(async (reader) => {
      let [entries, head]: [number, Digest | null] = [0, null]
      for (;;) {
        const rows = await this.following(reader, entries)
        for (const entry of rows.map(entryOf)) {
          const fits = entry.seq === entries + 1 && entry.prev === head
          if (!fits || auditHash(this.crypto, entry) !== entry.hash)
            return { entries, head, brokenAt: entries + 1 }
          entries = entry.seq
          head = entry.hash
        }
        if (rows.length < entriesAtOnce) return { entries, head, brokenAt: null }
      }
    })
  }

  private following(reader: Reader, after: number): Promise<Row<typeof audit>[]> {
    return reader.find(audit, {}, { orderBy: 'seq', after, limit: entriesAtOnce })
  }
}

function entryOf(row: Row<typeof audit>): AuditEntry {
  const { seq, atMs, account, role, action, subject, outcome, about, detail, address, prev, hash } = row
  return {
    ...{ seq, account, action, subject, outcome, about, address, prev, hash },
    at: new Date(atMs).toISOString(),
    role: role as AuditEntry['role'],
    detail: JSON.parse(detail) as AuditEntry['detail'],
  }
}
