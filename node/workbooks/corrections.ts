/**
 * Held rows corrected in place: an officer changes the cells of one row on the screen, and it is read, judged and taken
 * in like any row of a workbook. What is still wrong with it is said anew; what is right is gone from the list.
 */
import { type HeldRow, type ImportKind, type Uuid } from '../../protocol/index.ts'
import { DomainError } from '../errors.ts'
import { type Row, type Store, type Transaction } from '../store/port.ts'
import { type Cell, type Sheet } from './cells.ts'
import { describeOutside, type Fate } from './fates.ts'
import { type WorkbookKind } from './fields.ts'
import { type Imports, type StoredRow, type Summary } from './imports.ts'
import { hiddenCells, maskedCells, unmasked } from './masking.ts'
import { interpret, type FieldsOf, type ParsedRow } from './interpret.ts'
import { importRows, imports } from './tables.ts'
import { describeFault } from './texts.ts'

const rowsOnPage = 50
const importsOnPage = 30

export interface ImportLine {
  readonly id: Uuid
  readonly kind: ImportKind
  readonly at: string
  readonly rows: number
  readonly held: number
  readonly waiting: number
}
type ImportRowRow = Row<typeof importRows>

export class Corrections {
  private readonly store: Store
  private readonly imports: Imports

  constructor(parts: { store: Store; imports: Imports }) {
    this.store = parts.store
    this.imports = parts.imports
  }

  /** The newest import first. */
  async list(after: Uuid | undefined): Promise<{ items: ImportLine[]; next: Uuid | null }> {
    return this.store.read(async (reader) => {
      const page = { orderBy: 'id', descending: true, limit: importsOnPage + 1 } as const
      const found = await reader.find(imports, {}, after === undefined ? page : { ...page, after })
      const items: ImportLine[] = []
      for (const { id, kind, atMs, summary } of found.slice(0, importsOnPage))
        items.push({
          ...{ id, kind: kind as ImportKind, at: new Date(atMs).toISOString() },
          rows: (JSON.parse(summary) as Summary).rows,
          held: await reader.count(importRows, { importId: id, state: 'held' }),
          waiting: await reader.count(importRows, { importId: id, state: 'waiting' }),
        })
      return { items, next: found.length > importsOnPage ? (items.at(-1)?.id ?? null) : null }
    })
  }

  /** Rows that are held or wait, by their number in the sheet. */
  async rows(
    id: Uuid,
    after: number | undefined,
  ): Promise<{ headings: string[]; items: HeldRow[]; next: string | null }> {
    return this.store.read(async (reader) => {
      const found = await reader.get(imports, { id })
      if (!found) throw new DomainError('import_not_found')
      const page = {
        orderBy: 'row',
        limit: rowsOnPage + 1,
        ...(after === undefined ? {} : { after }),
      } as const
      const held = await reader.find(importRows, { importId: id, state: 'held' }, page)
      const waiting = await reader.find(importRows, { importId: id, state: 'waiting' }, page)
      const both = [...held, ...waiting].sort((a, b) => a.row - b.row)
      const summary = JSON.parse(found.summary) as Summary
      const items = both.slice(0, rowsOnPage).map((row) => this.shown(summary, row))
      const next = both.length > rowsOnPage ? String(items.at(-1)?.row ?? '') : null
      return { headings: summary.headings, items, next }
    })
  }

  /** What `rows` shows masked of one row, in the clear. Throws `row_not_held` for one that is not on that list. */
  async reveal(id: Uuid, number: number): Promise<Record<string, string>> {
    return this.store.read(async (reader) => {
      const found = await reader.get(imports, { id })
      if (!found) throw new DomainError('import_not_found')
      const row = await reader.get(importRows, { importId: id, row: number })
      if (!row || !isShown(row)) throw new DomainError('row_not_held')
      return hiddenCells(JSON.parse(found.summary) as Summary, this.imports.open(row).cells)
    })
  }

  /** Takes the row in with these cells in place of its own. Throws `row_not_held` for any but a held one. */
  async correct(
    id: Uuid,
    number: number,
    cells: Readonly<Record<string, string>>,
  ): Promise<{ state: 'accepted' | 'unchanged' | 'waiting' | 'held'; row: HeldRow | null }> {
    const { kind, summary, row } = await this.heldRow(id, number)
    const before = this.imports.open(row).cells
    const written = { ...before, ...unmasked(summary, before, known(cells, summary.headings)) }
    const parsed = readRow(kind, summary, number, written)
    const [judged] = await this.imports.takeBatch({ kind, dryRun: false }, [parsed])
    const kept = await this.store.transaction((tx) => this.keep(tx, id, kind, parsed, judged?.fate))
    const state = parsed.held ? 'held' : (judged?.fate?.state ?? 'held')
    return {
      state,
      row: kept && isShown(kept) ? this.shown(summary, kept) : null,
    }
  }

  private async heldRow(
    id: Uuid,
    number: number,
  ): Promise<{ kind: WorkbookKind; summary: Summary; row: ImportRowRow }> {
    return this.store.read(async (reader) => {
      const found = await reader.get(imports, { id })
      if (!found) throw new DomainError('import_not_found')
      const row = await reader.get(importRows, { importId: id, row: number })
      if (row?.state !== 'held') throw new DomainError('row_not_held')
      return { kind: found.kind as WorkbookKind, summary: JSON.parse(found.summary) as Summary, row }
    })
  }

  private async keep(
    tx: Transaction,
    id: Uuid,
    kind: WorkbookKind,
    parsed: ParsedRow<FieldsOf[WorkbookKind]>,
    fate: Fate | undefined,
  ): Promise<ImportRowRow | undefined> {
    await tx.lock([`import:${id}`])
    const key = { importId: id, row: parsed.row }
    // Another officer may have been quicker: then the row is no longer there, and what he did stands.
    if ((await tx.get(importRows, key))?.state !== 'held') return undefined
    const noted = this.imports.noteRow(id, kind, parsed, fate)
    if (noted) await tx.update(importRows, key, noted)
    else await tx.remove(importRows, key)
    const counted = fate?.state === 'accepted' || fate?.state === 'unchanged' ? fate.state : undefined
    const found = await tx.get(imports, { id })
    if (counted === undefined || !found) return noted
    const summary = JSON.parse(found.summary) as Summary
    const changed = { ...summary, [counted]: summary[counted] + 1 }
    await tx.update(imports, { id }, { summary: JSON.stringify(changed) })
    return noted
  }

  private shown(summary: Summary, row: ImportRowRow): HeldRow {
    const stored = this.imports.open(row)
    return {
      row: row.row,
      state: row.state as HeldRow['state'],
      cells: maskedCells(summary, stored.cells),
      faults: faultsOf(row, stored),
    }
  }
}

function isShown({ state }: ImportRowRow): boolean {
  return state === 'held' || state === 'waiting'
}

function faultsOf({ row }: ImportRowRow, { faults, outside }: StoredRow): HeldRow['faults'] {
  const own = faults.map((fault) => ({
    code: fault.code as string,
    heading: fault.heading ?? null,
    zh: describeFault(row, fault, 'zh'),
    en: describeFault(row, fault, 'en'),
  }))
  if (!outside) return own
  const say = (language: 'zh' | 'en') => describeOutside(row, outside, language)
  return [...own, { code: outside.code, heading: null, zh: say('zh'), en: say('en') }]
}

/** Cells under headings of the sheet; others are nobody's. */
function known(cells: Readonly<Record<string, string>>, headings: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(cells).filter(([heading]) => headings.includes(heading)))
}

/** The row as the only one under the headings of its sheet. */
function readRow(
  kind: WorkbookKind,
  { sheet, headings }: Summary,
  row: number,
  cells: Readonly<Record<string, string>>,
): ParsedRow<FieldsOf[WorkbookKind]> {
  const text = (written: string): Cell =>
    written === '' ? { kind: 'empty', text: '' } : { kind: 'text', text: written }
  const table: Sheet = {
    name: sheet,
    rows: [
      { row: 1, cells: headings.map(text) },
      { row, cells: headings.map((heading) => text(cells[heading] ?? '')) },
    ],
  }
  const [parsed] = interpret(kind, [table]).rows
  // Emptied or made a total: that is no entry any more, and to leave it out is not to correct it.
  if (!parsed) throw new DomainError('bad_request')
  return parsed
}
