/** What happened, a line per step and event, in a running hash: two runs of one seed must have the same. */
import { createHash } from 'node:crypto'

const keptLines = 30
const linesPerUpdate = 256

export class Trace {
  private readonly hash = createHash('sha256')
  private pending: string[] = []
  private before: string[] = []

  add(line: string): void {
    this.pending.push(line)
    if (this.pending.length < linesPerUpdate) return
    this.hash.update(this.pending.join('\n'))
    this.before = this.pending
    this.pending = []
  }

  /** The last lines, the newest at the end. */
  last(): string[] {
    return [...this.before, ...this.pending].slice(-keptLines)
  }

  digest(): string {
    return this.hash.copy().update(this.pending.join('\n')).digest('hex')
  }
}
