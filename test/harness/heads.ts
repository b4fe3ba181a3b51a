/** The head store in memory: what a test keeps, rewinds or loses as it likes, apart from the node's store. */
import { type HeadFiles } from '../../node/federation/heads.ts'

export class MemoryHeads implements HeadFiles {
  readonly files = new Map<string, string>()

  read(name: string): Promise<string | undefined> {
    return Promise.resolve(this.files.get(name))
  }

  swap(name: string, before: string | undefined, next: string): Promise<boolean> {
    if (this.files.get(name) !== before) return Promise.resolve(false)
    this.files.set(name, next)
    return Promise.resolve(true)
  }
}
