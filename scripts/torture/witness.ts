/**
 * Remembers every token that one node has signed and that came by a proxy, so that two stories under one number, or a
 * signature where there should be none, cannot pass unseen. Reads (requests and their answers) bind nobody and are not
 * counted.
 */
import { jwsTypes } from '../../protocol/index.ts'
import { type Ask, type Reply } from './proxy.ts'
import { type Regions } from './regions.ts'

interface Place {
  readonly aud: string
  readonly epoch: number
  readonly seq: number
}

export class Witness {
  /** Tokens that stand at a place where another one stood. */
  readonly conflicts: string[] = []
  /** Envelopes and receipts that were not known when the watch began. */
  readonly fresh: string[] = []
  private readonly kid: string
  private readonly known = new Map<string, string>()
  private watching = false

  constructor(kid: string) {
    this.kid = kid
  }

  get count(): number {
    return this.known.size
  }

  /** Looks at all lines from now on. */
  listen(regions: Regions): void {
    for (const { proxy } of regions.values()) {
      const { seen } = proxy.plan
      proxy.plan = {
        ...proxy.plan,
        seen: (ask: Ask, reply: Reply | undefined) => {
          seen?.(ask, reply)
          this.read(ask.body)
          if (reply) this.read(reply.body)
        },
      }
    }
  }

  /** From now on nothing new may be signed. */
  beginWatch(): void {
    this.watching = true
    this.fresh.length = 0
  }

  endWatch(): void {
    this.watching = false
  }

  private read(bytes: Buffer): void {
    for (const line of bytes.toString('utf8').split('\n')) {
      const token = line.startsWith('+') ? line.slice(1) : line
      if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) this.note(token)
    }
  }

  private note(token: string): void {
    const [head = '', payload = ''] = token.split('.')
    const { kid, typ } = part<{ kid: string; typ: string }>(head)
    if (kid !== this.kid || (typ !== jwsTypes.envelope && typ !== jwsTypes.receipt)) return
    const { aud, epoch, seq } = part<Place>(payload)
    const place = `${typ} to ${aud} ${epoch}/${seq}`
    const before = this.known.get(place)
    if (before === token) return
    if (before !== undefined) this.conflicts.push(place)
    else this.known.set(place, token)
    if (this.watching) this.fresh.push(place)
  }
}

function part<T>(base64url: string): T {
  return JSON.parse(Buffer.from(base64url, 'base64url').toString('utf8')) as T
}
