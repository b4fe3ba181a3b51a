/** What the checks share: the node under test, the peers that were agreed with it, and the door it posts to. */
import {
  envelopeLines,
  erasedLine,
  splitEnvelopes,
  type Digest,
  type Envelope,
  type NodeId,
  type Uuid,
} from '../../protocol/index.ts'
import { demand, demandSame, Deviation } from './demand.ts'
import { type Answer } from './http.ts'
import { type Heard, type Listener } from './listener.ts'
import { type Place } from './their-keys.ts'
import { bodyOf, newId, newTag, type Peer } from './peer.ts'

/** What a check cannot do without: more agreements, a person on the node's roster, its operator's hand. */
export type Need = 'second' | 'third' | 'fresh' | 'lapsed' | 'person' | 'operator'

/** What only the operator of a node can do. `self` does it through the local API. */
export interface Operator {
  pause(peer: NodeId, paused: boolean): Promise<void>
  /** Makes the node ask this peer for its side of a comparison. */
  compare(peer: NodeId): Promise<void>
  /** Lets a stream that a fork has stopped go on in a new epoch. */
  thaw(peer: NodeId): Promise<void>
  /** Gives the node another signing key, announced to all. */
  changeKey(): Promise<void>
  /** Closes a case of which the node is home, and erases what the node has said of a closed case. */
  close(id: Uuid): Promise<void>
  erase(id: Uuid): Promise<void>
}

export interface Person {
  readonly idNumber: string
}

export class World {
  readonly node: NodeId
  readonly url: string
  readonly first: Peer
  readonly listener: Listener
  private readonly others: { second: Peer | undefined; third: Peer | undefined; lapsed: Peer | undefined }
  /** The third peer, while the node has not compared heads with it. */
  private unheard: Peer | undefined
  private readonly known: { readonly person: Person | undefined; readonly operator: Operator | undefined }

  /** Digests of records that the node has erased, by place, each after the peer it said them to. */
  readonly erased = new Map<string, Digest>()
  private last: { readonly place: string; readonly seen: object } | undefined

  constructor(parts: {
    node: NodeId
    url: string
    listener: Listener
    first: Peer
    second?: Peer | undefined
    third?: Peer | undefined
    lapsed?: Peer | undefined
    person?: Person | undefined
    operator?: Operator | undefined
  }) {
    this.node = parts.node
    this.url = parts.url
    this.listener = parts.listener
    this.first = parts.first
    this.others = { second: parts.second, third: parts.third, lapsed: parts.lapsed }
    this.known = { person: parts.person, operator: parts.operator }
  }

  /** Finds out where both streams of every pair are; a peer that an earlier run has frozen is left out. */
  async begin(keepFresh: boolean): Promise<void> {
    for (const peer of this.peers()) {
      this.listener.welcome(peer)
      const begun = await this.beginWith(peer, keepFresh).catch((error: unknown) => {
        if (peer === this.first || !(error instanceof Deviation)) throw error
        return false
      })
      if (!begun) this.leaveOut(peer)
    }
  }

  /** False for a peer that an earlier run has used up: its stream is frozen, or its keys were changed. */
  private async beginWith(peer: Peer, keepFresh: boolean): Promise<boolean> {
    await peer.goOn()
    await this.catchUp(peer)
    for (const id of peer.book.cases.keys()) peer.book.inherited.add(id)
    const nothingSaid = peer.seq === 0 && this.listener.of(peer).seq === 0
    if (keepFresh && peer === this.others.third && nothingSaid) {
      this.unheard = peer
      return true
    }
    this.listener.silent.delete(peer.self)
    return !(await isFrozen(peer))
  }

  private leaveOut(peer: Peer): void {
    if (peer === this.first)
      throw new Deviation('the stream of the first test peer is frozen: make a fresh card')
    if (peer === this.others.second) this.others.second = undefined
    if (peer === this.others.third) this.others.third = undefined
  }

  /** After a check that failed: our streams go on where the node's copies end, so that one fault is told once. */
  async realign(): Promise<void> {
    this.last = undefined
    for (const peer of this.peers()) await peer.realign().catch(() => undefined)
  }

  peers(): Peer[] {
    return [this.first, this.others.second, this.others.third].filter((peer) => peer !== undefined)
  }

  has(need: Need): boolean {
    return { ...this.others, ...this.known, fresh: this.unheard }[need] !== undefined
  }

  get second(): Peer {
    return present(this.others.second)
  }

  get third(): Peer {
    return present(this.others.third)
  }

  /** To be had once: whoever has it lets it speak. */
  get fresh(): Peer {
    const peer = present(this.unheard)
    this.unheard = undefined
    return peer
  }

  /** Its agreement has ended. */
  get lapsed(): Peer {
    return present(this.others.lapsed)
  }

  get person(): Person {
    return present(this.known.person)
  }

  get operator(): Operator {
    return present(this.known.operator)
  }

  /** All that a refused message could have changed and a peer may see. */
  async seen(peer: Peer): Promise<object> {
    const pages = [await peer.compare(peer.self), await peer.compare(peer.node)]
    return pages.map(({ received, cases, denied, next }) => ({ received, cases, denied, next }))
  }

  /** Runs an action that must leave everything as it was. What was seen last holds until we say something new. */
  async unchanged(peer: Peer, action: () => Promise<void>): Promise<void> {
    const place = `${peer.self} ${peer.epoch} ${peer.seq} ${peer.head}`
    const before = this.last?.place === place ? this.last.seen : await this.seen(peer)
    this.last = undefined
    await action()
    const seen = await this.seen(peer)
    demandSame(seen, before, 'what the node shows after a refusal')
    this.last = { place, seen }
  }

  /** Takes in what the node has said to a peer so far, page by page to the end. */
  async catchUp(peer: Peer): Promise<void> {
    for (;;) {
      const { seq, epoch } = this.listener.of(peer)
      const page = await peer.restore('answering', { epoch, seq })
      if (page.length === 0) return
      for (const restored of page) this.listener.takeBack(peer, restored)
      demand(this.listener.of(peer).seq !== seq || this.listener.of(peer).epoch !== epoch, 'a page goes on')
    }
  }

  /** The text of an envelope that was taken from the node, as it must show it now: without what it has erased. */
  shown(peer: Peer, place: Place): string | undefined {
    const taken = this.listener.takenAt(peer, place)?.proven
    if (!taken) return undefined
    const at = `${peer.self} ${place.epoch}/${place.seq}`
    const records = taken.records.map((line, index) => {
      const digest = this.erased.get(`${at}/${index}`)
      return digest === undefined ? line : erasedLine(digest)
    })
    return envelopeLines({ jws: taken.jws, records })
  }

  envelopesIn(peer: Peer, body: string): ReturnType<Listener['prove']>[] {
    return splitBody(body).map((envelope) => this.listener.prove(peer, envelope))
  }

  /** Waits until the node has nothing under way for this peer. */
  async quiet(peer: Peer): Promise<void> {
    for (let waits = 0; ; waits++) {
      const { sent, unsent } = await peer.compare(peer.self)
      if (unsent === 0 && sent.seq === this.listener.of(peer).seq) return
      // It believes to be done and we lack something: a check has failed, and the next ones need not.
      if (unsent === 0 && waits > 20) await this.catchUp(peer)
      demandSame(waits < 100, true, 'the node comes to rest')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** Asks about somebody and waits for the word the node has for it. */
  async query(peer: Peer, tag: string, name = '测试'): Promise<Heard> {
    const id = newId()
    demandSame(
      await peer.take(peer.record('identity.queried', null, { tag, name }, id)),
      ['applied'],
      'a query',
    )
    return this.answerTo(peer, id)
  }

  answerTo(peer: Peer, query: string): Promise<Heard> {
    const answers = ({ record }: Heard) =>
      (record.type === 'identity.denied' || record.type === 'identity.asserted') &&
      record.body.query === query
    return this.listener.record(peer, answers, 'the answer to a query')
  }
}

/** Nothing but an envelope tells: whatever else a peer may ask goes on. */
async function isFrozen(peer: Peer): Promise<boolean> {
  const query = peer.record('identity.queried', null, { tag: newTag(), name: '测试' })
  const envelope = peer.seal({}, query)
  const answer = await postUntilAvailable(peer, bodyOf(envelope))
  if (answer.status === 423) return true
  peer.receiptsIn(answer, [envelope])
  peer.moveTo(envelope)
  return false
}

/** A node that has no mark of a stream asks for heads before it signs, and until then takes nothing. */
export async function postUntilAvailable(peer: Peer, body: Uint8Array): Promise<Answer> {
  for (let tries = 0; ; tries++) {
    const answer = await peer.post(body)
    if (answer.status !== 503 || tries > 60) return answer
    // Our word that is verified ends the waiting of the node after questions that failed.
    await peer.heads()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('a check used what it did not declare in `needs`')
  return value
}

function splitBody(body: string): Envelope[] {
  const split = splitEnvelopes(body)
  demand(split.ok, `pulled envelopes: ${split.ok ? '' : split.detail}`)
  return split.envelopes
}
