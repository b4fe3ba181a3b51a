/**
 * The way from one process to its disks, where faults sit: the process may die before any statement, before and after
 * a commit, before and after a head is moved; the disk may be slow or full. What was not committed by then is gone.
 */
import { getTableName } from 'drizzle-orm'
import { type HeadFiles } from '../../node/federation/heads.ts'
import { LostUpdate } from '../../node/store/memory.ts'
import { type Reader, type Store, type Transaction } from '../../node/store/port.ts'
import { InjectedFault, type Process, type Stage } from './stage.ts'

/** One call of a process to the outside: it may come too late for this process, or be its last. */
export async function callOut(
  { machine: { disk, id }, alive, die }: Process,
  world: Stage,
  what: string,
): Promise<void> {
  if (alive()) {
    disk.calls++
    if (--disk.callsToCrash < 0) {
      disk.callsToCrash = Infinity
      if (what === 'commit') world.saw('crash before a commit')
      if (what === 'committed') world.saw('crash after a commit, before anything is sent')
      if (what === 'swapped') world.saw('crash after the head was moved, before anything is sent')
      die(what)
    } else if (world.chance.under(disk.slow.often)) {
      world.faulted('F11', `${what} ${id}`)
      await disk.wait(world.timeline, world.chance.spread(1, disk.slow.longestMs))
    }
  }
  if (!alive()) throw new InjectedFault('the process is gone')
}

/** The head store as one process reaches it. */
export class SimHeads implements HeadFiles {
  private readonly process: Process
  private readonly files: Map<string, string>
  private readonly world: Stage

  constructor(process: Process, files: Map<string, string>, world: Stage) {
    this.process = process
    this.files = files
    this.world = world
  }

  async read(name: string): Promise<string | undefined> {
    await callOut(this.process, this.world, 'head')
    return this.files.get(name)
  }

  async swap(name: string, before: string | undefined, next: string): Promise<boolean> {
    await callOut(this.process, this.world, 'swap')
    if (this.files.get(name) !== before) return false
    this.files.set(name, next)
    this.world.step(`head ${this.process.machine.id} ${name} ${next}`)
    await callOut(this.process, this.world, 'swapped')
    return true
  }
}

export class SimStore implements Store {
  private readonly process: Process
  private readonly world: Stage

  constructor(process: Process, world: Stage) {
    this.process = process
    this.world = world
  }

  async transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    const { world } = this
    const { machine: node, memory } = this.process
    await this.point('begin')
    const wrote = { any: false }
    let result: Result
    try {
      result = await memory.transaction(async (tx) => {
        const done = await work(this.watched(tx, wrote))
        await this.point('commit')
        if (node.disk.full && wrote.any) {
          world.saw('disk full')
          throw new InjectedFault('no space left on the disk')
        }
        return done
      })
    } catch (error) {
      if (error instanceof LostUpdate) world.violate('no-lost-update', `${node.id}: ${error.message}`)
      world.step(`rollback ${node.id} ${error instanceof Error ? error.name : ''}`)
      throw error
    }
    await this.point('committed')
    return result
  }

  async read<Result>(work: (reader: Reader) => Promise<Result>): Promise<Result> {
    await this.point('read')
    const result = await this.process.memory.read((reader) => work(reader))
    await this.point('was read')
    return result
  }

  private point(what: string): Promise<void> {
    return callOut(this.process, this.world, what)
  }

  private watched(tx: Transaction, wrote: { any: boolean }): Transaction {
    const point = (what: string) => this.point(what)
    const writes = (what: string) => {
      wrote.any = true
      return this.point(what)
    }
    return {
      get: async (table, key) => (await point('get'), tx.get(table, key)),
      getMany: async (table, keys) => (await point('getMany'), tx.getMany(table, keys)),
      find: async (table, match, options) => (await point('find'), tx.find(table, match, options)),
      findIn: async (table, column, values, match) => (
        await point('findIn'),
        tx.findIn(table, column, values, match)
      ),
      count: async (table, match) => (await point('count'), tx.count(table, match)),
      insert: async (table, rows) => (await writes(`insert ${getTableName(table)}`), tx.insert(table, rows)),
      update: async (table, key, patch) => (
        await writes(`update ${getTableName(table)}`),
        tx.update(table, key, patch)
      ),
      remove: async (table, key) => (await writes('remove'), tx.remove(table, key)),
      lock: async (names) => (await point('lock'), tx.lock(names)),
      presumeNew: (table, keys) => tx.presumeNew(table, keys),
      positions: async (count) => (await point('positions'), tx.positions(count)),
      afterCommit: (effect) =>
        tx.afterCommit(() => {
          if (this.process.alive()) effect()
        }),
    }
  }
}
