/**
 * What the sign-in library keeps, kept in the node's own store: its database adapter over the narrow port, so that
 * accounts live in the same transactions, backups and tests as everything else.
 *
 * The token of a session is stored as its digest only. The library names sessions by their token, so the digest is
 * taken on the way in, and what it gets back carries the token it asked with.
 */
import { createHash } from 'node:crypto'
import { type PgTable } from 'drizzle-orm/pg-core'
import { createAdapterFactory, type CleanedWhere, type CustomAdapter } from 'better-auth/adapters'
import { type Match, type Row, type Store, type Transaction } from '../store/port.ts'
import { shapeOf } from '../store/shape.ts'
import { accounts, challenges, credentials, secondFactors, sessions } from './tables.ts'

const tables: Record<string, PgTable> = {
  user: accounts,
  account: credentials,
  session: sessions,
  verification: challenges,
  twoFactor: secondFactors,
}

type AnyRow = Record<string, unknown>

export function keptIn(store: Store): ReturnType<typeof createAdapterFactory> {
  return createAdapterFactory({
    config: {
      adapterId: 'huiliu-store',
      supportsDates: true,
      supportsBooleans: true,
      customTransformInput: ({ data }: { data: unknown }) => (data instanceof Date ? data.getTime() : data),
      customTransformOutput: ({ data, fieldAttributes }) =>
        fieldAttributes.type === 'date' && typeof data === 'number' ? new Date(data) : (data as unknown),
    },
    adapter: () => adapterOver(store) as CustomAdapter,
  })
}

function adapterOver(store: Store) {
  const changing = <T>(model: string, work: (tx: Transaction) => Promise<T>) =>
    store.transaction(async (tx) => {
      // Guarded changes of the library compare and swap: one at a time per kind of row, and there are few.
      await tx.lock([`sign-in:${model}`])
      return work(tx)
    })
  const all = (reader: Pick<Transaction, 'find'>, model: string, where: readonly CleanedWhere[]) =>
    found(reader, model, where)
  return {
    create: async ({ model, data }: { model: string; data: AnyRow }) => {
      const row = wholeRow(model, data)
      await store.transaction((tx) => tx.insert(tableOf(model), [hidden(model, row) as Row<PgTable>]))
      return row
    },
    findOne: ({ model, where }: Asked) =>
      store.read(async (reader) => (await all(reader, model, where))[0] ?? null),
    findMany: ({ model, where = [], limit }: Partial<Asked> & { model: string; limit?: number }) =>
      store.read(async (reader) => (await all(reader, model, where)).slice(0, limit)),
    count: ({ model, where = [] }: Partial<Asked> & { model: string }) =>
      store.read(async (reader) => (await all(reader, model, where)).length),
    update: ({ model, where, update }: Asked & { update: AnyRow }) =>
      changing(model, async (tx) => {
        const [row] = await all(tx, model, where)
        return row ? patched(tx, model, row, update) : null
      }),
    updateMany: ({ model, where, update }: Asked & { update: AnyRow }) =>
      changing(model, async (tx) => {
        const rows = await all(tx, model, where)
        for (const row of rows) await patched(tx, model, row, update)
        return rows.length
      }),
    delete: async ({ model, where }: Asked) => {
      await changing(model, async (tx) => removed(tx, model, (await all(tx, model, where)).slice(0, 1)))
    },
    deleteMany: ({ model, where }: Asked) =>
      changing(model, async (tx) => removed(tx, model, await all(tx, model, where))),
    consumeOne: ({ model, where }: Asked) =>
      changing(model, async (tx) => {
        const [row] = await all(tx, model, where)
        if (row) await removed(tx, model, [row])
        return row ?? null
      }),
    incrementOne: ({
      model,
      where,
      increment,
      set = {},
    }: Asked & { increment: Record<string, number>; set?: AnyRow }) =>
      changing(model, async (tx) => {
        const [row] = await all(tx, model, where)
        if (!row) return null
        const sums = Object.entries(increment).map(([field, by]) => [field, Number(row[field] ?? 0) + by])
        return patched(tx, model, row, { ...set, ...Object.fromEntries(sums) })
      }),
  }
}

interface Asked {
  readonly model: string
  readonly where: readonly CleanedWhere[]
}

function tableOf(model: string): PgTable {
  const table = tables[model]
  if (!table) throw new TypeError(`no table keeps ${model}`)
  return table
}

/** Every column of the row; what the library leaves out is null. */
function wholeRow(model: string, data: AnyRow): AnyRow {
  return Object.fromEntries(shapeOf(tableOf(model)).columns.map(({ field }) => [field, data[field] ?? null]))
}

/** Equalities go to the store, which has indexes for them; what else is asked is held against the few rows found. */
async function found(
  reader: Pick<Transaction, 'find'>,
  model: string,
  where: readonly CleanedWhere[],
): Promise<AnyRow[]> {
  if (where.some(({ connector }) => connector === 'OR')) throw new TypeError('OR is not asked of this store')
  const equal = where.filter(({ operator }) => operator === 'eq')
  const match = hidden(model, Object.fromEntries(equal.map(({ field, value }) => [field, value])))
  const rows = (await reader.find(tableOf(model), match as Match<PgTable>)) as AnyRow[]
  const rest = where.filter(({ operator }) => operator !== 'eq')
  const asked = equal.find(({ field }) => field === 'token')?.value
  return rows
    .filter((row) => rest.every((clause) => holds(row[clause.field], clause)))
    .map((row) => (model === 'session' && asked !== undefined ? { ...row, token: asked } : { ...row }))
}

function holds(value: unknown, { operator, value: wanted }: CleanedWhere): boolean {
  const order = () => (value === null ? Number.NaN : Number(value) - Number(wanted))
  switch (operator) {
    case 'ne':
      return value !== wanted
    case 'lt':
      return order() < 0
    case 'lte':
      return order() <= 0
    case 'gt':
      return order() > 0
    case 'gte':
      return order() >= 0
    case 'in':
      return (wanted as unknown[]).includes(value)
    case 'not_in':
      return !(wanted as unknown[]).includes(value)
    default:
      throw new TypeError(`${operator} is not asked of this store`)
  }
}

async function patched(tx: Transaction, model: string, row: AnyRow, change: AnyRow): Promise<AnyRow> {
  const patch = hidden(model, change)
  await tx.update(tableOf(model), { id: row['id'] } as Match<PgTable>, patch as Match<PgTable>)
  return { ...row, ...change }
}

async function removed(tx: Transaction, model: string, rows: readonly AnyRow[]): Promise<number> {
  for (const { id } of rows) await tx.remove(tableOf(model), { id } as Match<PgTable>)
  return rows.length
}

function hidden(model: string, row: AnyRow): AnyRow {
  if (model !== 'session' || typeof row['token'] !== 'string') return row
  return { ...row, token: createHash('sha256').update(row['token']).digest('base64url') }
}
