/**
 * A node of the next version: honest, and home of a few cases, on which it also says things that the others do not know
 * yet. Half-way through, the others are upgraded: all are stopped, learn the type, and start over what is on their disks.
 */
import { z } from 'zod'
import { type HttpAnswer } from '../../node/platform.ts'
import {
  bodySchemas,
  digestOf,
  typeRules,
  utf8,
  type NodeId,
  type SealedEnvelope,
  type TypeRule,
  type Uuid,
} from '../../protocol/index.ts'
import { applied, refused, type RecordHandler } from '../../node/federation/handlers.ts'
import { bodyOf, uuid } from '../harness/peer.ts'
import { type Chance } from './chance.ts'
import { simCrypto } from './keys.ts'
import { SimPeer } from './scripted.ts'
import { type Actor, type Life, type Post, type Stage, type Storm } from './stage.ts'

const newType = 'future.thing'
const limits = { timeoutMs: 20_000, maxBytes: 4 * 1024 * 1024 }
const outflow = (code: NodeId) => ({ destination: { code, text: '外地' } })

interface Line {
  readonly peer: SimPeer
  readonly waiting: SealedEnvelope[]
  readonly cases: Uuid[]
  busy: boolean
}

export class Newer implements Actor {
  readonly node: NodeId = '370200'
  private readonly lines = new Map<NodeId, Line>()
  private readonly world: Stage
  private readonly chance: Chance
  private said = 0

  private constructor({ world, chance }: Storm) {
    this.world = world
    this.chance = chance
  }

  /** It has agreements with all regions before the storm begins. */
  static async join(storm: Storm): Promise<void> {
    const newer = new Newer(storm)
    storm.world.network.actors.set(newer.node, newer)
    storm.world.honest.add(newer.node)
    for (const { id, life } of storm.world.nodes.values()) {
      if (!life) continue
      newer.lines.set(id, { peer: new SimPeer(newer.node, id), waiting: [], cases: [], busy: false })
      await newer.agreeWith(life)
    }
  }

  async agreeWith(life: Life): Promise<void> {
    const line = this.lines.get(life.region.self)
    if (!line) return
    this.world.replacing.add(`${this.node} ${line.peer.kid}`)
    const document = await line.peer.conclude(life)
    this.world.documents.push({ nodes: [this.node, life.region.self], document })
  }

  start({ world, chance }: Storm): void {
    const again = () => {
      if (!world.stormy) return
      this.speak(chance.pick([...this.lines.values()]))
      world.timeline.after(chance.gap(1500), again)
    }
    again()
    world.timeline.after(chance.spread(10_000, 200_000), () => world.stormy && this.upgradeOthers())
  }

  /** What it has said and nobody has receipted goes out to the end. */
  settle(): Promise<void> {
    if (!this.world.teach) this.upgradeOthers()
    for (const line of this.lines.values()) this.deliverLater(line)
    return Promise.resolve()
  }

  answer(post: Post): HttpAnswer {
    const line = this.lines.get(post.from)
    if (!line) return { status: 503, body: utf8('{"error":"unavailable"}') }
    if (post.door === 'requests') return line.peer.answer(post)
    return line.peer.take(post, this.world.ledger.stream(post.from, this.node))
  }

  private speak(line: Line): void {
    const { peer, cases } = line
    if (cases.length < 3 || this.chance.under(0.05)) cases.push(uuid(7_000_000 + ++this.said))
    const subject = this.chance.pick(cases)
    const records: string[] = []
    for (let left = this.chance.between(1, 3); left > 0; left--) records.push(this.another(peer, subject))
    const envelope = peer.say(...records)
    this.seal(peer, envelope)
    line.waiting.push(envelope)
    this.deliverLater(line)
  }

  private readonly opened = new Set<Uuid>()
  private opening(peer: SimPeer, subject: Uuid): string {
    this.opened.add(subject)
    const tag = digestOf(simCrypto, subject)
    const person = { name: '李新' }
    return peer.record('flow.published', subject, { tag, person, outflow: outflow(peer.to) })
  }

  private another(peer: SimPeer, subject: Uuid): string {
    if (!this.opened.has(subject)) return this.opening(peer, subject)
    const number = ++this.said
    if (this.chance.under(0.35)) return peer.unknown(subject, newType)
    return peer.record('notice.sent', subject, { on: '2026-01-01', subject: `第${number}号`, text: '内容' })
  }

  private seal(peer: SimPeer, envelope: SealedEnvelope): void {
    const stream = this.world.ledger.stream(this.node, peer.to)
    stream.written.push(...envelope.digests.map((digest) => ({ digest, type: 'scripted', caseId: null })))
    stream.signed.add(envelope.contentId)
  }

  private deliverLater(line: Line): void {
    this.world.timeline.after(this.chance.spread(10, 5000), () => void this.deliver(line))
  }

  /** Its own courier: in order until all is receipted; now and then it sends a later one first. */
  private async deliver(line: Line): Promise<void> {
    const [first, second] = line.waiting
    if (!first || line.busy || this.world.dead.has(line.peer.to)) return
    line.busy = true
    const early = second && this.chance.under(0.2) ? second : first
    const body = bodyOf(early)
    const post = {
      from: this.node,
      to: line.peer.to,
      door: 'envelopes' as const,
      body,
      sentMs: this.world.timeline.nowMs(),
    }
    try {
      const { status, body: answer } = await this.world.network.post(post, limits)
      if (status === 200 && early === first) {
        line.peer.receipted(Buffer.from(answer).toString('utf8').split('\n').filter(Boolean))
        line.waiting.shift()
      }
    } catch (error) {
      this.world.judge(error, 'the newer node')
    } finally {
      line.busy = false
      if (line.waiting.length > 0) this.deliverLater(line)
    }
  }

  /** Two records of one case for this node, of which the second is of a type it does not know, and one more behind it. */
  sayWhatWaits(node: NodeId): void {
    const line = this.lines.get(node)
    if (!line) return
    const subject = uuid(7_000_000 + ++this.said)
    const { peer } = line
    const notice = { on: '2026-01-01', subject: '通知', text: '内容' }
    const records = [
      this.opening(peer, subject),
      peer.unknown(subject, newType),
      peer.record('notice.sent', subject, notice),
    ]
    const envelope = peer.say(...records)
    this.seal(peer, envelope)
    line.waiting.push(envelope)
    this.deliverLater(line)
  }

  /** The program is replaced by one that knows the type; this process settles what has waited. */
  async upgradeInPlace(life: Life): Promise<void> {
    learn()
    this.world.teach = (next) => teach(next)
    teach(life)
    await life.region.inbox.parked.settle(this.node)
  }

  private upgradeOthers(): void {
    const { world } = this
    if (world.teach) return
    world.faulted('F14', 'upgrade')
    const old = world.living
    for (const node of old) node.crash('for the upgrade')
    learn()
    world.teach = (life) => teach(life)
    world.saw('upgraded to know a new type')
    for (const node of old) world.startLater(node, this.chance.spread(10, 5000))
  }
}

const schemas = bodySchemas as unknown as Record<string, z.ZodType>
const rules = typeRules as unknown as Record<string, TypeRule>

function learn(): void {
  schemas[newType] = z.strictObject({ novelty: z.int() })
  rules[newType] = { family: 'flow', writer: 'either', ofCase: true }
}

/** A world ends: the next one begins with nodes that do not know the type. */
export function forget(): void {
  delete schemas[newType]
  delete rules[newType]
}

/** What the next version of the program does with the type: it needs an open case, and changes nothing. */
function teach({ region }: Life): void {
  const handler: RecordHandler = {
    apply: async (tx, peer, record) => {
      const subject = await region.cases.get(tx, record.case ?? '')
      return subject?.row.peer === peer.node ? applied : refused('case_unknown')
    },
  }
  const { applying } = region.inbox as unknown as { applying: { handlers: Record<string, RecordHandler> } }
  applying.handlers[newType] = handler
}
