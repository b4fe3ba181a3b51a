/**
 * What an account keeps between two visits (protocol/kept.ts): its own alone, sealed, and bounded. Drafts hold people's
 * data without a purpose that lasts, so they go after a month, and everything goes when the account is disabled.
 */
import { keptMost, type KeptItem, type KeptKind, type Uuid } from '../../protocol/index.ts'
import { DomainError } from '../errors.ts'
import { type Clock } from '../platform.ts'
import { type Row, type Store, type Transaction } from '../store/port.ts'
import { type Vault } from '../vault.ts'
import { kept } from './tables.ts'

/** A form nobody went on with for so long is forgotten. */
export const draftMs = 30 * 86_400_000
const removedAtOnce = 1000

type KeptRow = Row<typeof kept>
interface Place {
  readonly kind: KeptKind
  readonly key: string
}

export class Kept {
  private readonly store: Store
  private readonly vault: Vault
  private readonly clock: Clock

  constructor(parts: { store: Store; vault: Vault; clock: Clock }) {
    this.store = parts.store
    this.vault = parts.vault
    this.clock = parts.clock
  }

  /** The latest first: all of a kind, or the one under this key. */
  async list(account: Uuid, kind: KeptKind, key: string | undefined): Promise<KeptItem[]> {
    const match = key === undefined ? { account, kind } : { account, kind, key }
    const rows = await this.store.read((reader) => reader.find(kept, match))
    return rows
      .filter((row) => !this.isStale(row))
      .sort((one, two) => two.changedMs - one.changedMs || (one.key < two.key ? -1 : 1))
      .map((row) => ({
        kind,
        key: row.key,
        value: JSON.parse(this.vault.open(sealedAt(row), row.sealed)) as KeptItem['value'],
        at: new Date(row.changedMs).toISOString(),
      }))
  }

  /** In the place of what was there. Throws `kept_full` for one more than an account may keep. */
  async put(account: Uuid, { kind, key }: Place, value: KeptItem['value']): Promise<string> {
    const changedMs = this.clock.nowMs()
    const place = { account, kind, key }
    const sealed = this.vault.seal(sealedAt(place), JSON.stringify(value))
    await this.store.transaction(async (tx) => {
      await tx.lock([`kept:${account}`])
      if (await tx.get(kept, place)) return tx.update(kept, place, { sealed, changedMs })
      const rows = await tx.find(kept, { account })
      const stale = rows.filter((row) => this.isStale(row))
      for (const row of stale) await tx.remove(kept, keyOf(row))
      if (rows.length - stale.length >= keptMost) throw new DomainError('kept_full')
      return tx.insert(kept, [{ ...place, sealed, changedMs }])
    })
    return new Date(changedMs).toISOString()
  }

  async drop(account: Uuid, place: Place): Promise<void> {
    await this.store.transaction((tx) => tx.remove(kept, { account, kind: place.kind, key: place.key }))
  }

  /** The account is over. */
  async forget(tx: Transaction, account: Uuid): Promise<void> {
    await tx.lock([`kept:${account}`])
    for (const row of await tx.find(kept, { account })) await tx.remove(kept, keyOf(row))
  }

  /** Removes drafts nobody went on with; how many. */
  async removeStale(): Promise<number> {
    return this.store.transaction(async (tx) => {
      const page = { orderBy: 'changedMs', limit: removedAtOnce } as const
      const stale = (await tx.find(kept, { kind: 'draft' }, page)).filter((row) => this.isStale(row))
      for (const row of stale) await tx.remove(kept, keyOf(row))
      return stale.length
    })
  }

  private isStale({ kind, changedMs }: KeptRow): boolean {
    return kind === 'draft' && this.clock.nowMs() - changedMs > draftMs
  }
}

function keyOf({ account, kind, key }: KeptRow) {
  return { account, kind, key }
}

function sealedAt({ account, kind, key }: { account: Uuid; kind: string; key: string }): string {
  return `kept:sealed:${account}/${kind}/${key}`
}
