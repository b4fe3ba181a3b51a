/** The rows of one table of the store in memory: found by their key, and by any fields that are asked for. */
import { type AnyRow } from './shape.ts'

/** Rows by key text; equality indexes are built when first asked for and kept by every later write. */
export class Rows {
  readonly byKey = new Map<string, AnyRow>()
  private readonly indexes = new Map<string, { fields: readonly string[]; keys: Map<string, Set<string>> }>()

  put(key: string, row: AnyRow): void {
    const before = this.byKey.get(key)
    this.byKey.set(key, row)
    for (const { fields, keys } of this.indexes.values()) {
      const value = valuesText(fields, row)
      const old = before && valuesText(fields, before)
      if (old === value) continue
      if (old !== undefined) unlist(keys, old, key)
      list(keys, value, key)
    }
  }

  drop(key: string): void {
    const row = this.byKey.get(key)
    if (!row) return
    this.byKey.delete(key)
    for (const { fields, keys } of this.indexes.values()) unlist(keys, valuesText(fields, row), key)
  }

  keysWhere(match: AnyRow): Iterable<string> {
    const fields = Object.keys(match).sort()
    if (fields.length === 0) return this.byKey.keys()
    const name = fields.join()
    let index = this.indexes.get(name)
    if (!index) {
      this.indexes.set(name, (index = { fields, keys: new Map() }))
      for (const [key, row] of this.byKey) list(index.keys, valuesText(fields, row), key)
    }
    return index.keys.get(valuesText(fields, match)) ?? []
  }
}

function list(index: Map<string, Set<string>>, value: string, key: string): void {
  const keys = index.get(value)
  if (keys) keys.add(key)
  else index.set(value, new Set([key]))
}

function unlist(index: Map<string, Set<string>>, value: string, key: string): void {
  const keys = index.get(value)
  keys?.delete(key)
  if (keys?.size === 0) index.delete(value)
}

function valuesText(fields: readonly string[], row: AnyRow): string {
  let text = ''
  for (const field of fields) text += valueText(row[field])
  return text
}

/** Equal for equal values only: null is not the text "null", and texts say their length so that no two rows join alike. */
export function valueText(value: unknown): string {
  if (typeof value === 'string') return `${value.length}:${value}`
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString('hex')};`
  return `${String(value)};`
}
