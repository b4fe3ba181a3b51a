/**
 * The head store: how far this node has ever come in each stream, kept outside the database and outside its backups.
 *
 * A database that was restored, or copied and started twice, does not know what it signed since. The head store does:
 * before anything is signed the stream in the database must reach at least up to what stands here, with the same
 * content; before bytes leave the node what stands here is moved forward, by compare-and-swap. So the database may be
 * ahead (a crash between the two), and never behind.
 */
import { z } from 'zod'
import { digestSchema, type Digest, type NodeId, type StreamHead } from '../../protocol/index.ts'

export type Direction = 'out' | 'in'

/** Where heads are kept. A value is only ever replaced by whoever knows the one before it. */
export interface HeadFiles {
  /** The value; undefined when there is none yet. */
  read(name: string): Promise<string | undefined>
  /** True when `next` now stands in place of `before`; false when something else stood there. */
  swap(name: string, before: string | undefined, next: string): Promise<boolean>
}

const headSchema = z.strictObject({
  epoch: z.int().min(1),
  seq: z.int().min(0),
  head: digestSchema.nullable(),
})

/** The content id the database holds at a place of that stream; undefined when it holds none. */
export type ContentAt = (epoch: number, seq: number) => Promise<Digest | undefined>

/** `beyond`: another hand had come as far or further already; `lost`: one moved it just now. */
export type Advance = 'moved' | 'beyond' | 'lost'

export class Heads {
  private readonly files: HeadFiles
  /** What this process has last written, or read and found level: saves reading, never decides (the swap does). */
  private readonly last = new Map<string, string>()

  constructor(files: HeadFiles) {
    this.files = files
  }

  /** `unknown`: nothing stands here of this stream, so only the peer can say whether there was more. */
  async judge(
    direction: Direction,
    peer: NodeId,
    database: StreamHead,
    contentAt: ContentAt,
  ): Promise<'level' | 'unknown' | 'behind'> {
    const name = nameOf(direction, peer)
    const text = await this.files.read(name)
    if (text === undefined) {
      // What this process remembers must not stand in for a head store that is gone.
      this.last.delete(name)
      return 'unknown'
    }
    const kept = readHead(text)
    const level = !kept || (await isLevel(kept, database, contentAt))
    // A head of another life is not swapped from: whoever committed before it was read would overwrite it.
    if (!level) return 'behind'
    this.last.set(name, text)
    return kept ? 'level' : 'unknown'
  }

  /** Moves forward to what the database has just committed. */
  async advance(direction: Direction, peer: NodeId, { epoch, seq, head }: StreamHead): Promise<Advance> {
    const name = nameOf(direction, peer)
    const next = JSON.stringify({ epoch, seq, head } satisfies StreamHead)
    const before = this.last.has(name) ? this.last.get(name) : await this.files.read(name)
    if (before === next) return 'moved'
    const kept = before === undefined ? undefined : readHead(before)
    if (kept && !isBefore(kept, { epoch, seq, head })) return 'beyond'
    const swapped = await this.files.swap(name, before, next)
    if (swapped) this.last.set(name, next)
    else this.last.delete(name)
    return swapped ? 'moved' : 'lost'
  }

  /** The last epoch that ever began, as far as is known here; 0 when nothing is. */
  async lastEpoch(direction: Direction, peer: NodeId): Promise<number> {
    const text = await this.files.read(nameOf(direction, peer))
    return (text === undefined ? undefined : readHead(text))?.epoch ?? 0
  }

  /** Writes a head whatever stood there: on the operator's word, after the peer confirmed it. */
  async restate(direction: Direction, peer: NodeId, { epoch, seq, head }: StreamHead): Promise<void> {
    const name = nameOf(direction, peer)
    const next = JSON.stringify({ epoch, seq, head } satisfies StreamHead)
    for (let swapped = false; !swapped;)
      swapped = await this.files.swap(name, await this.files.read(name), next)
    this.last.set(name, next)
  }
}

/** Undefined for a text that a loss of power has torn: then nothing is known, and the peer is asked. */
function readHead(text: string): StreamHead | undefined {
  try {
    return headSchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

function nameOf(direction: Direction, peer: NodeId): string {
  return `${peer}.${direction}`
}

async function isLevel(kept: StreamHead, database: StreamHead, contentAt: ContentAt): Promise<boolean> {
  if (kept.epoch === database.epoch && kept.seq === database.seq) return kept.head === database.head
  if (kept.seq === 0) return kept.epoch <= database.epoch
  return (await contentAt(kept.epoch, kept.seq)) === kept.head
}

function isBefore(kept: StreamHead, next: StreamHead): boolean {
  return kept.epoch < next.epoch || (kept.epoch === next.epoch && kept.seq < next.seq)
}
