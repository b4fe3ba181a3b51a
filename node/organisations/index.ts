/**
 * Organisations: the tree of this region's Party organisations down to branches.
 *
 * Workbooks name branches in full (中共东河镇二岭村支部委员会). A branch named for the first time is added under the
 * committee its name tells (中共东河镇委员会), else under the region; names stay as the office writes them. One that
 * was merged into another goes on being found by its name.
 */
import { type Uuid } from '../../protocol/index.ts'
import { DomainError } from '../errors.ts'
import { type Ids } from '../platform.ts'
import { type Reader, type Row, type Transaction } from '../store/port.ts'
import { organisationNames, organisations } from './tables.ts'

/** New organisations are added one at a time, else two officers add one branch twice. Taken last of all locks. */
export const treeLock = 'tree'

export type Organisation = Row<typeof organisations>

export class Organisations {
  private readonly ids: Ids
  private readonly regionName: string

  constructor(parts: { ids: Ids; regionName: string }) {
    this.ids = parts.ids
    this.regionName = parts.regionName
  }

  /** The branch of this name, added with its place in the tree when it is new. */
  async branchNamed(tx: Transaction, name: string): Promise<Organisation> {
    const found = await this.named(tx, name)
    if (found) return found
    await tx.lock([treeLock])
    const foundNow = await this.named(tx, name)
    if (foundNow) return foundNow
    const committee = committeeOf(name)
    const parent = committee === undefined ? await this.region(tx) : await this.committeeNamed(tx, committee)
    return this.add(tx, parent.id, name, 'branch')
  }

  /** A branch that our own records name by its id, after the tree was lost. Its id now: it may have been merged. */
  async restore(tx: Transaction, { id, name }: { id: Uuid; name: string }): Promise<Uuid> {
    if (await tx.get(organisations, { id })) return id
    await tx.lock([treeLock])
    const there = await this.named(tx, name)
    if (there) return there.id
    const committee = committeeOf(name)
    const parent = committee === undefined ? await this.region(tx) : await this.committeeNamed(tx, committee)
    await tx.insert(organisations, [{ id, parent: parent.id, name, kind: 'branch' }])
    return id
  }

  async get(reader: Reader, id: Uuid): Promise<Organisation | undefined> {
    return reader.get(organisations, { id })
  }

  /** By its name, or by one that was merged into it. */
  async named(reader: Reader, name: string): Promise<Organisation | undefined> {
    const [found] = await reader.find(organisations, { name: name.trim() })
    if (found) return found
    const former = await reader.get(organisationNames, { name: name.trim() })
    return former && this.get(reader, former.organisation)
  }

  async below(reader: Reader, id: Uuid): Promise<Organisation[]> {
    return reader.find(organisations, { parent: id })
  }

  /** The caller holds `treeLock` and knows that nothing hangs on it. */
  async remove(tx: Transaction, { id }: Organisation): Promise<void> {
    for (const { name } of await tx.find(organisationNames, { organisation: id }))
      await tx.remove(organisationNames, { name })
    await tx.remove(organisations, { id })
  }

  /** One becomes part of another: what stood under it, its name, and the names it had taken in. Under `treeLock`. */
  async absorb(tx: Transaction, from: Organisation, to: Organisation): Promise<void> {
    for (const { id } of await this.below(tx, from.id))
      await tx.update(organisations, { id }, { parent: to.id })
    for (const { name } of await tx.find(organisationNames, { organisation: from.id }))
      await tx.update(organisationNames, { name }, { organisation: to.id })
    await tx.remove(organisations, { id: from.id })
    await this.release(tx, from.name)
    await tx.insert(organisationNames, [{ name: from.name, organisation: to.id }])
  }

  /** A name that an organisation bears again is no former one. */
  private async release(tx: Transaction, name: string): Promise<void> {
    if (await tx.get(organisationNames, { name })) await tx.remove(organisationNames, { name })
  }

  /** This organisation and all below it. The tree is three levels deep and a committee has some hundred branches. */
  async withAllBelow(reader: Reader, id: Uuid): Promise<Set<Uuid>> {
    const all = new Set([id])
    for (let level = [id]; level.length > 0;) {
      const below = await reader.findIn(organisations, 'parent', level)
      level = below.map((one) => one.id).filter((one) => !all.has(one))
      for (const one of level) all.add(one)
    }
    return all
  }

  async getMany(reader: Reader, ids: readonly Uuid[]): Promise<Organisation[]> {
    const rows = await reader.getMany(
      organisations,
      ids.map((id) => ({ id })),
    )
    return rows.filter((row) => row !== undefined)
  }

  /** Adds a committee or branch that an officer names. Throws `organisation_taken`, `organisation_place`. */
  async create(
    tx: Transaction,
    wanted: { name: string; kind: 'committee' | 'branch'; parent?: Uuid | undefined },
  ): Promise<Organisation> {
    await tx.lock([treeLock])
    await this.demandFree(tx, wanted.name)
    const parent = await this.placeFor(tx, wanted.kind, wanted.parent)
    return this.add(tx, parent, wanted.name, wanted.kind)
  }

  /** Renames it, or puts it under another committee. What was said of it in records keeps the name it had then. */
  async change(
    tx: Transaction,
    id: Uuid,
    { name, parent }: { name?: string | undefined; parent?: Uuid | undefined },
  ): Promise<Organisation> {
    await tx.lock([treeLock])
    const before = await this.get(tx, id)
    if (!before) throw new DomainError('organisation_not_found')
    if (name !== undefined && name !== before.name) {
      await this.demandFree(tx, name)
      await this.release(tx, name)
    }
    if (parent !== undefined && before.kind === 'region') throw new DomainError('organisation_place')
    const moved =
      parent === undefined
        ? before.parent
        : await this.placeFor(tx, before.kind as 'committee' | 'branch', parent)
    const patch = { name: name ?? before.name, parent: moved }
    await tx.update(organisations, { id }, patch)
    return { ...before, ...patch }
  }

  private async demandFree(reader: Reader, name: string): Promise<void> {
    if ((await reader.find(organisations, { name })).length > 0) throw new DomainError('organisation_taken')
  }

  private async placeFor(
    tx: Transaction,
    kind: 'committee' | 'branch',
    parent: Uuid | undefined,
  ): Promise<Uuid> {
    if (parent === undefined) return (await this.region(tx)).id
    const above = await this.get(tx, parent)
    if (!above) throw new DomainError('organisation_not_found')
    if (above.kind !== 'region' && (above.kind !== 'committee' || kind === 'committee'))
      throw new DomainError('organisation_place')
    return above.id
  }

  async all(reader: Reader): Promise<Organisation[]> {
    return reader.find(organisations, {}, { orderBy: 'name' })
  }

  private async committeeNamed(tx: Transaction, name: string): Promise<Organisation> {
    const found = await this.named(tx, name)
    // A committee that was merged into something that is none has no place for branches.
    if (found && found.kind !== 'branch') return found
    return this.add(tx, (await this.region(tx)).id, name, 'committee')
  }

  private async region(tx: Transaction): Promise<Organisation> {
    const [found] = await tx.find(organisations, { kind: 'region' })
    return found ?? this.add(tx, null, this.regionName, 'region')
  }

  private async add(tx: Transaction, parent: Uuid | null, name: string, kind: string): Promise<Organisation> {
    const row = { id: this.ids.next(), parent, name, kind }
    await this.release(tx, name)
    await tx.insert(organisations, [row])
    return row
  }
}

/** 中共东河镇二岭村支部委员会 belongs to 中共东河镇委员会; a name that tells no township or street has no committee of its own. */
function committeeOf(branch: string): string | undefined {
  const place = /^(?:中共|中国共产党)?(.+?(?:街道|镇|乡|苏木))./u.exec(branch)?.[1]
  return place === undefined ? undefined : `中共${place}委员会`
}
