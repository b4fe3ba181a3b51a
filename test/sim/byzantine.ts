/**
 * A hostile peer with real keys and real agreements. It equivocates, replays, forges, mutates, sends others' words as its
 * own and its own as others', floods, and answers what it likes. What it may achieve is its own word, once, in order.
 */
import { type HttpAnswer } from '../../node/platform.ts'
import {
  contentId,
  splitEnvelopes,
  utf8,
  type Digest,
  type NodeId,
  type SealedEnvelope,
} from '../../protocol/index.ts'
import { bodyOf } from '../harness/peer.ts'
import { type Chance } from './chance.ts'
import { simCrypto } from './keys.ts'
import { maybeClaims } from './ledger.ts'
import { SimPeer } from './scripted.ts'
import { type Actor, type Life, type Post, type Stage, type Storm } from './stage.ts'

const outflow = (code: NodeId) => ({ destination: { code, text: '外地' } })
/** Of all that it does, how much is said properly: enough for a stream to get somewhere before it forks. */
const misdeeds = [
  'say',
  'say',
  'say',
  'say',
  'say',
  'say',
  'say',
  'replay',
  'repeat content',
  'repeat content',
  'mutate',
  'forge',
  'steal',
  'wrong audience',
  'gap',
  'other epoch',
  'open epoch',
  'open epoch',
  'open epoch elsewhere',
  'announce a key',
  'announce and go on',
  'old key',
  'old key',
  'flood',
  'garbage',
  'equivocate',
] as const

export class Byzantine implements Actor {
  readonly node: NodeId = '620100'
  private readonly victims = new Map<NodeId, SimPeer>()
  private readonly sent: Post[] = []
  private readonly texts = new Map<NodeId, string[]>()
  private readonly world: Stage
  private readonly chance: Chance

  private constructor({ world, chance }: Storm) {
    this.world = world
    this.chance = chance
  }

  static async join(storm: Storm): Promise<void> {
    const peer = new Byzantine(storm)
    storm.world.network.actors.set(peer.node, peer)
    for (const { id, life } of storm.world.nodes.values()) {
      if (!life) continue
      peer.victims.set(id, new SimPeer(peer.node, id))
      await peer.agreeWith(life)
    }
  }

  async agreeWith(life: Life): Promise<void> {
    const victim = this.victims.get(life.region.self)
    if (!victim) return
    this.world.replacing.add(`${this.node} ${victim.kid}`)
    const document = await victim.conclude(life)
    this.agreedKeys.set(life.region.self, victim.kid)
    this.world.documents.push({ nodes: [this.node, life.region.self], document })
  }
  private readonly agreedKeys = new Map<NodeId, string>()

  /** Its key was found out: it gets another, and goes on under the old one all the same, now and then. */
  async rekey(node: NodeId): Promise<void> {
    const victim = this.victims.get(node)
    if (!victim) return
    this.formerKeys.set(node, [...(this.formerKeys.get(node) ?? []), victim.kid])
    victim.signWith(await victim.newKey(this.chance.seed()))
    this.world.replacing.add(`${this.node} ${victim.kid}`)
  }
  private readonly formerKeys = new Map<NodeId, string[]>()

  /** Every key it has signed with, or could have, for this reader. */
  kidsFor(node: NodeId): string[] {
    return [this.victims.get(node)?.kid ?? '', ...(this.formerKeys.get(node) ?? [])]
  }

  start({ world, chance }: Storm): void {
    const meanMs = chance.spread(300, 4000)
    const again = () => {
      if (!world.stormy) return
      this.misbehave(chance.pick([...this.victims.values()]))
      world.timeline.after(chance.gap(meanMs), again)
    }
    again()
  }

  /** Answers to what honest nodes post to it: good, of something else, old, none. */
  answer(post: Post): HttpAnswer {
    const victim = this.victims.get(post.from)
    if (victim && post.door === 'requests') return victim.answer(post, this.lie())
    const opened =
      post.door === 'envelopes' ? splitEnvelopes(Buffer.from(post.body).toString('utf8')) : undefined
    if (!opened?.ok || !victim || this.chance.under(0.1)) return { status: 503, body: utf8('no') }
    if (this.chance.under(0.1))
      return {
        status: 409,
        body: utf8(`{"error":"gap","have":{"epoch":1,"seq":${this.chance.below(9) - 1}}}`),
      }
    const tokens = opened.envelopes.map(({ jws }) => this.receiptOf(victim, jws))
    return { status: 200, body: utf8(tokens.map((token) => `${token}\n`).join('')) }
  }

  /** Of how far it has come, or of what it gives back; undefined when it says what it has. */
  private lie(): string | undefined {
    const { chance } = this
    if (chance.under(0.7)) return undefined
    const head = Buffer.alloc(32, chance.below(256)).toString('base64url')
    const heads = { epoch: chance.between(1, 3), seq: chance.below(20), head }
    return chance.pick([
      '',
      'no body',
      JSON.stringify({
        sent: { ...heads, receipted: chance.below(20) },
        received: { ...heads, frozen: chance.under(0.3) },
      }),
    ])
  }

  private receiptOf(victim: SimPeer, jws: string): string {
    const claims = maybeClaims(jws)
    if (!claims) return 'no receipt'
    const { epoch, seq, records } = claims
    const head = contentId(simCrypto, jws)
    const outcomes = Array.from({ length: records.count }, () =>
      this.chance.pick(['applied', 'applied', 'parked', 'refused:whatever']),
    )
    switch (this.chance.below(8)) {
      case 0:
        return victim.receipt({ epoch, seq, head: contentId(simCrypto, `${head}.x`) }, outcomes)
      case 1:
        return victim.receipt({ epoch, seq: seq + 1, head }, outcomes)
      case 2:
        return victim.receipt({ epoch, seq, head }, [...outcomes, 'applied'])
      case 3:
        return victim.receipt({ epoch, seq, head }, outcomes, { aud: '110000' })
      default:
        return victim.receipt({ epoch, seq, head }, outcomes)
    }
  }

  /** Where its stream ends at the reader, as receipts and heads tell it. */
  private lastAt({ to }: SimPeer): { epoch: number; seq: number; head: Digest | null } {
    const last = this.world.ledger.stream(this.node, to).taken.at(-1)
    return { epoch: last?.epoch ?? 1, seq: last?.seq ?? 0, head: last?.contentId ?? null }
  }

  /** Its next envelope comes right after the last that was taken, under the key that signs there. */
  private keepInPlace(victim: SimPeer): void {
    const { ledger, revoked } = this.world
    victim.goOnAfter(this.lastAt(victim))
    const kid = ledger.stream(this.node, victim.to).taken.at(-1)?.kid
    const lost = kid === undefined || revoked.has(`${victim.to} ${this.node} ${kid}`)
    victim.signWith(lost ? (this.agreedKeys.get(victim.to) ?? victim.kid) : kid)
  }

  private misbehave(victim: SimPeer): void {
    const { chance, world } = this
    const what = chance.pick(misdeeds)
    // What it says out of place is refused for that alone; what it says in its place must be refused for what it is.
    if (chance.under(0.7)) this.keepInPlace(victim)
    world.faulted('F16', `${what} ${victim.to}`)
    switch (what) {
      case 'say':
        return this.post(victim.to, bodyOf(this.sign(victim, victim.say(...this.records(victim)))))
      case 'replay':
        if (this.sent.length > 0) this.send(chance.pick(this.sent))
        return
      case 'repeat content': {
        const texts = this.texts.get(victim.to)
        if (texts)
          this.post(
            victim.to,
            bodyOf(this.sign(victim, victim.say(chance.pick(texts), ...this.records(victim)))),
          )
        return
      }
      case 'mutate':
        return this.mutate()
      case 'forge':
        return this.forge(victim)
      case 'steal':
        return this.steal(victim)
      case 'wrong audience': {
        const other = chance.pick([...this.victims.values()])
        return this.post(victim.to, bodyOf(this.sign(other, other.seal({}, ...this.records(other)))))
      }
      case 'gap':
        return this.post(
          victim.to,
          bodyOf(this.sign(victim, victim.seal({ seq: victim.seq + 5 }, ...this.records(victim)))),
        )
      case 'other epoch':
        return this.post(
          victim.to,
          bodyOf(this.sign(victim, victim.seal({ epoch: 2, seq: 1, prev: null }, ...this.records(victim)))),
        )
      case 'open epoch':
        return this.openEpoch(victim, true)
      case 'open epoch elsewhere':
        return this.openEpoch(victim, false)
      case 'announce a key':
        return void this.announce(victim, true)
      case 'announce and go on':
        return void this.announce(victim, false)
      case 'old key':
        return this.underOldKey(victim)
      case 'flood':
        for (let left = 12; left > 0; left--) this.post(victim.to, utf8('x'.repeat(chance.between(1, 500))))
        return
      case 'garbage':
        return this.post(
          victim.to,
          Uint8Array.from({ length: chance.between(0, 300) }, () => chance.below(256)),
        )
      case 'equivocate':
        if (chance.under(0.3)) this.equivocate(victim)
    }
  }

  /** A new epoch after what was really taken, or one that names another place than the one it follows. */
  private openEpoch(victim: SimPeer, properly: boolean): void {
    const after = this.lastAt(victim)
    if (properly) return this.post(victim.to, bodyOf(this.sign(victim, victim.open(after, 'fork'))))
    const wrong = { ...after, seq: Math.max(0, after.seq - 1) }
    const opening = victim.record('epoch.opened', null, { after: wrong, reason: 'recovered' })
    const place = { epoch: after.epoch + 1, seq: 1, prev: after.head }
    this.post(victim.to, bodyOf(this.sign(victim, victim.seal(place, ...this.records(victim).slice(0, 1)))))
    this.post(victim.to, bodyOf(this.sign(victim, victim.seal(place, opening))))
  }

  /** Announces another key, and then signs with it as it should, or goes on with the one before. */
  private async announce(victim: SimPeer, properly: boolean): Promise<void> {
    const kid = await victim.newKey(this.chance.seed())
    const key = victim.publicKey(kid)
    this.post(
      victim.to,
      bodyOf(this.sign(victim, victim.say(victim.record('keys.announced', null, { key })))),
    )
    this.formerKeys.set(victim.to, [...(this.formerKeys.get(victim.to) ?? []), properly ? victim.kid : kid])
    if (properly) victim.signWith(kid)
  }

  /** What comes next, signed by a key that does not sign there, or was revoked. */
  private underOldKey(victim: SimPeer): void {
    const former = this.formerKeys.get(victim.to)
    if (!former) return
    const { kid } = victim
    victim.signWith(this.chance.pick(former))
    const { epoch, seq, head: prev } = this.lastAt(victim)
    const place = { epoch, seq: seq + 1, prev }
    this.post(victim.to, bodyOf(this.sign(victim, victim.seal(place, ...this.records(victim)))))
    victim.signWith(kid)
  }

  /** Another envelope for a place that is taken, or for the next one with another past. */
  private equivocate(victim: SimPeer): void {
    const { taken } = this.world.ledger.stream(this.node, victim.to)
    if (taken.length === 0) return
    const { epoch, seq } = this.chance.pick(taken)
    const place = this.chance.under(0.5)
      ? { epoch, seq, prev: victim.head }
      : { prev: contentId(simCrypto, `${victim.head}.y`) }
    this.post(victim.to, bodyOf(this.sign(victim, victim.seal(place, ...this.records(victim)))))
  }

  /** Its signature under an envelope in the name of an honest node, or a random one under its own. */
  private forge(victim: SimPeer): void {
    if (this.chance.under(0.3)) {
      // Its own stream goes on, in somebody else's name.
      const iss = this.chance.pick([...this.victims.keys()])
      return this.post(victim.to, bodyOf(victim.seal({ iss }, ...this.records(victim))))
    }
    const others = [...this.victims.keys()].filter((node) => node !== victim.to)
    const stream = this.world.ledger.stream(this.chance.pick(others), victim.to)
    const { epoch, seq, contentId: prev } = stream.taken.at(-1) ?? { epoch: 1, seq: 0, contentId: null }
    const envelope = victim.seal({ iss: stream.issuer, epoch, seq: seq + 1, prev }, ...this.records(victim))
    if (this.chance.under(0.3)) return this.post(victim.to, bodyOf(envelope), stream.issuer)
    const head = this.headerOf(stream.issuer) ?? envelope.jws.split('.')[0]
    const payload = envelope.jws.split('.')[1]
    const signature = Buffer.from(Uint8Array.from({ length: 64 }, () => this.chance.below(256))).toString(
      'base64url',
    )
    this.post(
      victim.to,
      bodyOf({ jws: `${head}.${payload}.${signature}`, records: envelope.records }),
      stream.issuer,
    )
  }

  /** The header under which somebody signs, read off what he has posted of late. */
  private headerOf(node: NodeId): string | undefined {
    const post = this.world.network.old.findLast(({ from, door }) => from === node && door === 'envelopes')
    return post && Buffer.from(post.body).toString('utf8').split('.')[0]
  }

  /** What an honest node said to somebody, said to somebody else, or under another name. */
  private steal(victim: SimPeer): void {
    const { old } = this.world.network
    if (old.length === 0) return
    const post = this.chance.pick(old)
    const name = this.chance.under(0.7) ? post.from : this.node
    this.send({ ...post, from: name, to: victim.to })
  }

  private mutate(): void {
    const { old } = this.world.network
    if (old.length === 0) return
    const post = this.chance.pick(old)
    const body = Uint8Array.from(post.body)
    const at = this.chance.below(body.length)
    body[at] = (body[at] ?? 0) ^ (1 << this.chance.below(8))
    this.send({ ...post, body })
  }

  private records(victim: SimPeer): string[] {
    const { chance } = this
    const told = chance.under(0.3) ? chance.pick([...this.world.ledger.desk(victim.to).cases, '']) : ''
    const caseId = this.isAbout(told, victim.to) ? told : victim.nextId()
    const tag = Buffer.alloc(32, chance.below(12)).toString('base64url')
    const person = { name: '赵恶' }
    const open = victim.record('flow.published', caseId, { tag, person, outflow: outflow(victim.to) })
    const more = [
      victim.record('notice.sent', caseId, { on: '2026-01-01', subject: '通知', text: '内容' }),
      victim.record('flow.closed', caseId, { reason: 'other' }),
      victim.record('flow.placed', caseId, { branch: { id: caseId, name: '支部' } }),
      victim.record('identity.queried', null, { tag, name: '赵恶' }),
      victim.record('identity.denied', null, { query: caseId, reason: 'unknown' }),
      victim.record('activity.recorded', caseId, { activity: { on: '2026-01-01', kind: 'study' } }),
      victim.unknown(chance.under(0.5) ? caseId : null),
      '{"bad":1}',
    ]
    const texts = [open, ...more.filter(() => chance.under(0.3))]
    this.texts.set(victim.to, [...(this.texts.get(victim.to) ?? []).slice(-20), ...texts])
    return texts
  }

  /**
   * Could the id of this case have come to its ears? Nobody can know it before both its nodes have it for good: an id is
   * drawn by chance and goes to the counterpart alone.
   */
  private isAbout(id: string, reader: NodeId): boolean {
    const { ledger } = this.world
    for (const other of [...this.victims.keys(), ...this.world.network.actors.keys()]) {
      const [ours, theirs] = [ledger.stream(reader, other), ledger.stream(other, reader)]
      const opening = [...ours.written, ...theirs.written].find(
        ({ caseId, type }) => caseId === id && (type === 'identity.asserted' || type === 'flow.published'),
      )
      if (!opening) continue
      const holds = ({ digests }: { digests: readonly string[] }) => digests.includes(opening.digest)
      const receipted = theirs.sealed.find(holds)?.contentId ?? ''
      return ours.taken.some(holds) || theirs.receipted.has(receipted)
    }
    // Its own, or one of somebody who writes by a script.
    return id !== ''
  }

  private sign(victim: SimPeer, envelope: SealedEnvelope): SealedEnvelope {
    this.world.ledger.stream(this.node, victim.to).signed.add(envelope.contentId)
    return envelope
  }

  /** What it says next is at the door of this node in this very moment. */
  knock(node: NodeId): void {
    const victim = this.victims.get(node)
    if (!victim) return
    this.keepInPlace(victim)
    void this.arrive(this.keep(node, bodyOf(this.sign(victim, victim.say(...this.records(victim))))))
  }

  private post(to: NodeId, body: Uint8Array, from: NodeId = this.node): void {
    this.send(this.keep(to, body, from))
  }

  private keep(to: NodeId, body: Uint8Array, from: NodeId = this.node): Post {
    const post = { from, to, door: 'envelopes' as const, body, sentMs: this.world.timeline.nowMs() }
    this.sent.push(post)
    if (this.sent.length > 100) this.sent.shift()
    return post
  }

  private send(post: Post): void {
    this.world.timeline.after(this.chance.spread(1, 200), () => void this.arrive(post))
  }

  private arrive(post: Post): Promise<void> {
    return this.carry(post).catch((error: unknown) => this.world.judge(error, 'hostile post'))
  }

  /** It keeps the receipts it gets: whoever loses his database must not learn from it that he said otherwise. */
  private async carry(post: Post): Promise<void> {
    const answer = await this.world.network.carry(post)
    if (post.from !== this.node || answer?.status !== 200) return
    const tokens = Buffer.from(answer.body).toString('utf8').split('\n').filter(Boolean)
    this.victims.get(post.to)?.receipted(tokens)
  }
}
