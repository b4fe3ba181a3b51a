/** The head store in memory: what a test keeps, rewinds or loses as it likes, apart from the node's store. */
import { type HeadFiles } from '../../node/federation/heads.ts'

export class MemoryHeads implements HeadFiles {
  readonly files: Map<string, string>
  /** Sees every call before it is done, and again when a swap is done; it may throw, as a process that dies would. */
  watch: (what: 'read' | 'swap' | 'swapped') => void = () => undefined

  /** Given the files of another, it is the same head store seen by another process. */
  constructor(files = new Map<string, string>()) {
    this.files = files
  }

  async read(name: string): Promise<string | undefined> {
    await Promise.resolve()
    this.watch('read')
    return this.files.get(name)
  }

  async swap(name: string, before: string | undefined, next: string): Promise<boolean> {
    await Promise.resolve()
    this.watch('swap')
    if (this.files.get(name) !== before) return false
    this.files.set(name, next)
    this.watch('swapped')
    return true
  }
}
