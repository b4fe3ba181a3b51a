/**
 * The world of one seed: nodes that run the production core, the wires between them, time, chance, and the ledger in
 * which every step is checked. A step is a transaction of the core, committed with changes or rolled back, a crash or a start.
 */
import { getTableName } from 'drizzle-orm'
import { DomainError } from '../../node/errors.ts'
import { PeerUnreachable } from '../../node/federation/requests.ts'
import { type HttpAnswer } from '../../node/platform.ts'
import { type Change, type MemoryStore } from '../../node/store/memory.ts'
import { splitEnvelopes, type NodeId } from '../../protocol/index.ts'
import { firstMoment } from '../harness/clock.ts'
import { audit, type Occasion } from './audit.ts'
import { Chance } from './chance.ts'
import { checkCommit, checkReceiptBytes, keepTexts } from './invariants.ts'
import { type Invariant } from './witness.ts'
import { simCrypto } from './keys.ts'
import { kidOf, Ledger, maybeClaims, receiptClaims } from './ledger.ts'
import { SimNetwork } from './network.ts'
import { SimNode } from './node.ts'
import { openAlarmsIn, pairsIn, readCommit, type Commit } from './observed.ts'
import { contentIdOf } from './scripted.ts'
import { type Sighting } from './sightings.ts'
import { InjectedFault, type Errand, type Life, type Machine, type Post, type Stage } from './stage.ts'
import { Timeline } from './timeline.ts'
import { Trace } from './trace.ts'

export interface Violation {
  readonly invariant: Invariant
  readonly detail: string
  readonly step: number
  readonly trace: readonly string[]
}

export const regionCodes: readonly NodeId[] = ['411500', '440300', '441900', '330100']

export class World implements Stage {
  readonly seed: number
  readonly chance: Chance
  readonly timeline: Timeline
  readonly network: SimNetwork
  readonly ledger = new Ledger()
  readonly trace = new Trace()
  readonly nodes = new Map<NodeId, SimNode>()
  /** Nodes that keep to the protocol, whoever plays them. */
  readonly honest = new Set<NodeId>()
  readonly seen = new Map<Sighting, number>()
  readonly faults = new Map<string, number>()
  steps = 0
  violation: Violation | undefined
  /** While true, faults may happen and offices work. */
  stormy = false
  readonly shaken = new Set<NodeId>()
  readonly forked = new Set<NodeId>()
  readonly doubled = new Set<NodeId>()
  readonly headless = new Set<NodeId>()
  readonly replacing = new Set<string>()
  readonly revoked = new Set<string>()
  readonly damaged = new Set<NodeId>()
  readonly errands: Errand[] = []
  /** Agreement files with both signatures, the older first, as operators keep them. */
  readonly documents: { readonly nodes: readonly NodeId[]; readonly document: string }[] = []
  /** Nodes that stay dead to the end. */
  readonly dead = new Set<NodeId>()
  /** What a process is taught when it starts, after an upgrade. */
  teach: ((life: Life) => void) | undefined

  constructor(seed: number, regions: number) {
    this.seed = seed
    this.chance = new Chance(seed)
    this.timeline = new Timeline(firstMoment, new Chance(this.chance.seed()))
    this.network = new SimNetwork(this)
    for (const id of regionCodes.slice(0, regions)) {
      this.nodes.set(id, new SimNode(id, this))
      this.honest.add(id)
    }
  }

  /** All regions are there and, unless it is to be seen how, have agreements with each other. */
  async open(agreed = true): Promise<void> {
    const lives: Life[] = []
    for (const node of this.nodes.values()) {
      const life = (node.life = node.boot())
      await node.claim(life)
      lives.push(life)
    }
    for (const [i, left] of lives.entries())
      for (const right of agreed ? lives.slice(i + 1) : []) await this.agree(left, right)
    for (const { region } of lives)
      void region.start().catch((error: unknown) => this.judge(error, `first start of ${region.self}`))
    await this.pass(1000)
  }

  get living(): SimNode[] {
    return [...this.nodes.values()].filter(({ life }) => life !== undefined)
  }

  /** Lets everything happen that is due in this time. */
  async pass(ms: number): Promise<void> {
    const until = this.timeline.nowMs() + ms
    await this.timeline.settle()
    while (!this.violation && (await this.timeline.next(until)));
  }

  isHonest(node: NodeId): boolean {
    return this.honest.has(node)
  }

  isOurs(node: NodeId): boolean {
    return this.nodes.has(node)
  }

  step(line: string): void {
    this.steps++
    this.tell(line)
  }

  tell(line: string): void {
    this.trace.add(`${this.steps} ${this.timeline.nowMs()} ${line}`)
  }

  saw(sighting: Sighting): void {
    this.seen.set(sighting, (this.seen.get(sighting) ?? 0) + 1)
  }

  /** A fault of this kind happens now. */
  faulted(kind: string, line: string): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1)
    this.tell(`${kind} ${line}`)
  }

  readonly violate = (invariant: Invariant, detail: string): void => {
    this.tell(`VIOLATION ${invariant}: ${detail}`)
    this.violation ??= { invariant, detail, step: this.steps, trace: this.trace.last() }
  }

  /** An error that reached the edge of a node: ours, one that officers are told, or a defect. */
  judge(error: unknown, where: string): void {
    if (error instanceof DomainError && error.code === 'stream_closed')
      this.saw('a verb refused while streams are closed')
    if (error instanceof InjectedFault || error instanceof DomainError || error instanceof PeerUnreachable)
      return
    const said = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.violate('no-unexpected-error', `${where}: ${said.split('\n').slice(0, 4).join(' ')}`)
  }

  committed(node: Machine, memory: MemoryStore, changes: readonly Change[]): void {
    if (changes.length === 0) return
    const elsewhere = memory !== node.memory
    let line = elsewhere ? `commit of the copy of ${node.id}` : `commit ${node.id}`
    for (const { table, key } of changes) line += ` ${getTableName(table)} ${key}`
    this.step(line)
    const commit = readCommit(changes)
    if (commit.leaseTaken) this.saw('lease taken over')
    if (elsewhere) return this.noteElsewhere(node, commit)
    for (const code of commit.refusals) this.noteRefusal(node, code)
    checkCommit(this, node.id, commit)
    if (commit.recovered.length > 0) this.audit(node, 'recovered', commit)
    if (commit.alarms.some(({ kind }) => kind === 'behind')) this.checkOneAlarm(node)
  }

  /** What a second life signs is signed, though this node's own database knows nothing of it. */
  private noteElsewhere(node: Machine, commit: Commit): void {
    for (const { digest, text } of commit.written) if (text !== '') this.ledger.texts.set(digest, text)
    for (const { peer, contentId } of commit.sealed) this.ledger.stream(node.id, peer).signed.add(contentId)
    for (const taken of commit.taken) {
      keepTexts(this.ledger, node.id, taken)
      this.ledger.stream(taken.peer, node.id).twice.add(taken.contentId)
    }
    if (commit.alarms.some(({ kind }) => kind === 'behind')) this.saw('second life refused')
  }

  putBack(node: Machine): void {
    this.shaken.add(node.id)
    this.damaged.delete(node.id)
    for (const told of this.revoked) if (told.startsWith(node.id)) this.revoked.delete(told)
    this.spoilt.delete(node.id)
    this.audit(node, 'put back')
  }

  /** Looks at everything between this node and the peers meant, whole. */
  audit(node: Machine, occasion: Occasion, commit?: Commit): void {
    const pairs = pairsIn(node.memory.snapshot())
    if (occasion === 'put back')
      for (const peer of [...this.nodes.keys(), ...this.network.actors.keys()])
        if (!pairs.has(peer)) audit(this, node.id, peer, noPair, occasion)
    for (const [peer, pair] of pairs)
      if (!commit || commit.recovered.includes(peer)) audit(this, node.id, peer, pair, occasion, commit)
    if (commit) this.saw('recovered')
  }

  private checkOneAlarm(node: Machine): void {
    const open = openAlarmsIn(node.memory.snapshot(), 'behind')
    if (open > 1) this.violate('no-false-alarm', `${node.id} has ${open} open alarms of one restoration`)
  }

  died(node: Machine, end: () => void): void {
    this.faults.set('F1', (this.faults.get('F1') ?? 0) + 1)
    end()
    this.startLater(node, this.chance.spread(5, 20_000))
  }

  startLater(node: Machine, delayMs: number): void {
    this.timeline.after(delayMs, () => {
      if (!node.life && !this.dead.has(node.id)) void node.start()
    })
  }

  sent(post: Post): void {
    if (post.door !== 'envelopes') return
    const opened = splitEnvelopes(Buffer.from(post.body).toString('utf8'))
    const stream = this.ledger.stream(post.from, post.to)
    for (const { jws } of opened.ok ? opened.envelopes : []) {
      const claims = maybeClaims(jws)
      const id = contentIdOf(jws)
      // What a flipped bit has made of it is nobody's word.
      if (!claims || !stream.signed.has(id)) continue
      const place = `${claims.epoch}/${claims.seq}`
      const before = stream.left.get(place)
      if (before !== undefined && before !== id && this.isSecondStory(post, claims))
        this.violate('one-story', `${post.from}>${post.to}: two envelopes have left for ${place}`)
      stream.left.set(place, id)
    }
  }

  /** Without its head store a node can still know what the reader had when it asked, at the beginning of its life. */
  private isSecondStory({ from, to }: Post, { epoch, seq }: { epoch: number; seq: number }): boolean {
    if (!this.forked.has(from)) return true
    if (!this.headless.has(from) || this.shaken.has(to)) return false
    const taken = this.ledger.stream(from, to).taken.find((one) => one.epoch === epoch && one.seq === seq)
    return taken !== undefined && taken.step < (this.nodes.get(from)?.bornAt ?? 0)
  }

  /** What a node answered to a post, as it leaves: each receipt must be one that is committed, and always the same. */
  answered(post: Post, answer: HttpAnswer): void {
    this.tell(`answer ${post.from}>${post.to} ${post.door} ${answer.status} ${answer.body.length}`)
    if (post.door !== 'envelopes') return
    if ((answer.status === 400 || answer.status === 401) && this.spoilt.has(post.from))
      this.saw('a damaged row refused by the peer')
    const text = Buffer.from(answer.body).toString('utf8')
    if (answer.status === 409 && text.startsWith('{"error":"gap"'))
      this.ledger.gaps.add(`${post.from}>${post.to}`)
    if (answer.status !== 200) return
    const stream = this.ledger.stream(post.from, post.to)
    const last = stream.taken.at(-1)
    for (const token of text.split('\n')) {
      if (token === '' || this.isDamaged(token)) continue
      const { epoch, seq, head } = receiptClaims(token)
      if (!stream.everReceipts.has(token))
        this.violate(
          'receipt-is-committed',
          `${post.from}>${post.to} ${epoch}/${seq} is receipted and not taken`,
        )
      checkReceiptBytes(this, stream, head, token)
      if (head === last?.contentId) continue
      this.saw('receipt repeated from the store')
      if (last && kidOf(last.receipt) !== kidOf(token)) this.saw('receipt under an old key repeated')
    }
  }

  /** Nodes that have a damaged row in what they send. */
  readonly spoilt = new Set<NodeId>()
  /** Receipts that a flipped bit has spoilt in the store, which nobody can believe. */
  readonly damagedReceipts = new Set<string>()
  private isDamaged(token: string): boolean {
    return this.damagedReceipts.has(token)
  }

  private noteRefusal(node: Machine, code: string): void {
    this.tell(`refusal ${node.id} ${code}`)
    if (code !== 'unknown_peer' && code !== 'suspended') this.saw('refusal at the gate')
  }

  async agree({ region: left }: Life, { region: right }: Life): Promise<void> {
    const terms = { replyDays: 15, queriesPerDay: 1000, years: 3 }
    const card = right.agreements.card()
    // Read out over the telephone before anything is signed; a key may be changed meanwhile.
    const fingerprints = [left.agreements.fingerprint(), right.agreements.fingerprint()] as const
    for (const { self, keyring } of [left, right]) this.replacing.add(`${self} ${keyring.kid}`)
    const draft = left.agreements.propose(simCrypto, card, fingerprints[1], terms)
    const both = await right.sign({
      document: draft,
      url: this.network.urlOf(left.self),
      fingerprint: fingerprints[0],
    })
    if (both.active) this.documents.push({ nodes: [left.self, right.self], document: both.document })
    await left.sign({
      document: both.document,
      url: this.network.urlOf(right.self),
      fingerprint: fingerprints[1],
    })
  }
}

const noPair = {
  ...{ out: undefined, into: undefined, records: [], sent: [], received: [], judged: [] },
  ...{ cases: [], activities: [] },
}
