/**
 * The way from one process to its disk, where faults sit: the process may die before any statement, before and after
 * a commit; the disk may be slow or full. What the process has not committed when it dies is gone.
 */
import { getTableName } from 'drizzle-orm'
import { LostUpdate } from '../../node/store/memory.ts'
import { type Reader, type Store, type Transaction } from '../../node/store/port.ts'
import { InjectedFault, type Machine, type Stage } from './stage.ts'

export class SimStore implements Store {
  private readonly node: Machine
  private readonly alive: () => boolean
  private readonly world: Stage

  constructor(node: Machine, alive: () => boolean, world: Stage) {
    this.node = node
    this.alive = alive
    this.world = world
  }

  async transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    const { node, world } = this
    await this.point('begin')
    const wrote = { any: false }
    let result: Result
    try {
      result = await node.memory.transaction(async (tx) => {
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
    const result = await this.node.memory.read((reader) => work(reader))
    await this.point('was read')
    return result
  }

  /** One call to the disk: it may come too late for this process. */
  private async point(what: string): Promise<void> {
    const { disk } = this.node
    if (this.alive()) {
      disk.calls++
      if (--disk.callsToCrash < 0) {
        disk.callsToCrash = Infinity
        if (what === 'commit') this.world.saw('crash before a commit')
        if (what === 'committed') this.world.saw('crash after a commit, before anything is sent')
        this.world.crashed(this.node, what)
      } else if (this.world.chance.under(disk.slow.often)) {
        this.world.faulted('F11', `${what} ${this.node.id}`)
        await disk.wait(this.world.timeline, this.world.chance.spread(1, disk.slow.longestMs))
      }
    }
    if (!this.alive()) throw new InjectedFault('the process is gone')
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
      positions: async (count) => (await point('positions'), tx.positions(count)),
      afterCommit: (effect) =>
        tx.afterCommit(() => {
          if (this.alive()) effect()
        }),
    }
  }
}
