/**
 * The wires between nodes. A post takes its time, may be lost on either way, arrive twice, arrive after a later one, or
 * come again weeks later; directions of a pair fail apart. What arrives goes through the Hono app that listens in production.
 */
import { type Http, type HttpAnswer, type HttpLimits } from '../../node/platform.ts'
import { type NodeId } from '../../protocol/index.ts'
import { postTo } from '../harness/network.ts'
import { callOut } from './disk.ts'
import {
  fair,
  InjectedFault,
  type Actor,
  type Post,
  type Process,
  type Stage,
  type Weather,
  type Wires,
} from './stage.ts'

const postsKept = 400
const weekMs = 7 * 24 * 3_600_000

export class SimNetwork implements Wires {
  weather: Weather = fair
  /** Directions `from>to` in which nothing passes. */
  readonly cut = new Set<string>()
  /** Directions that are slow, by how much. */
  readonly clogged = new Map<string, number>()
  readonly actors = new Map<NodeId, Actor>()
  readonly old: Post[] = []
  private readonly world: Stage

  constructor(world: Stage) {
    this.world = world
  }

  urlOf(node: NodeId): string {
    return `http://${node}.test`
  }

  /** The way out of one process: it dies with it. */
  from(process: Process): Http {
    return {
      post: async (url, body, limits) => {
        await callOut(process, this.world, 'send')
        const post = readPost(url, body, this.world.timeline.nowMs())
        this.world.sent(post)
        try {
          return await this.post(post, limits)
        } finally {
          await callOut(process, this.world, 'answer')
        }
      },
    }
  }

  async post(post: Post, limits: HttpLimits): Promise<HttpAnswer> {
    const { world, weather } = this
    this.keep(post)
    const back = `${post.to}>${post.from}`
    if (this.isCut(post)) return this.timeOut(limits, 'cut')
    if (world.chance.under(weather.drop)) {
      world.faulted('F6', `lost ${post.from}>${post.to}`)
      return this.timeOut(limits, 'dropped')
    }
    if (world.chance.under(weather.late)) {
      world.faulted('F4', `held ${post.from}>${post.to}`)
      world.timeline.after(world.chance.spread(limits.timeoutMs, 10 * limits.timeoutMs), () => {
        world.tell(`late ${post.from}>${post.to}`)
        this.carryAside(post)
      })
      return this.timeOut(limits, 'late')
    }
    const travelMs = this.travelMs(`${post.from}>${post.to}`)
    if (travelMs > limits.timeoutMs) {
      world.timeline.after(travelMs, () => this.carryAside(post))
      return this.timeOut(limits, 'slow')
    }
    await world.timeline.sleep(travelMs)
    if (world.chance.under(weather.twice)) this.carryAgain(post)
    const answer = await this.carry(post)
    if (!answer) throw new InjectedFault('nobody is there')
    const lost = world.chance.under(weather.loseAnswer)
    if (lost) world.faulted('F2', `answer ${back}`)
    const returnMs = this.travelMs(back)
    if (lost || this.cut.has(back) || travelMs + returnMs > limits.timeoutMs)
      return this.timeOut(limits, 'answer lost')
    await world.timeline.sleep(returnMs)
    if (answer.body.length > limits.maxBytes) throw new Error('the answer is over its limit')
    return answer
  }

  /** An old post comes again, whoever kept it. */
  replay(post: Post): void {
    const old = this.world.timeline.nowMs() - post.sentMs >= 2 * weekMs
    void this.carry(post)
      .then((answer) => {
        if (old && answer?.status === 200 && post.door === 'envelopes')
          this.world.saw('an old duplicate, weeks later')
      })
      .catch((error: unknown) => this.world.judge(error, 'replay'))
  }

  /** Hands a post to whoever listens there now; undefined when nobody does, or dies over it. */
  async carry(post: Post): Promise<HttpAnswer | undefined> {
    const actor = this.actors.get(post.to)
    if (actor) return actor.answer(post)
    const life = this.world.nodes.get(post.to)?.listening()
    if (!life) return undefined
    const answer = await postTo(life.app, `/federation/v1/${post.from}/${post.door}`, post.body)
    if (!life.alive) return undefined
    this.world.answered(post, answer)
    return answer
  }

  private carryAside(post: Post): void {
    void this.carry(post).catch((error: unknown) => this.world.judge(error, 'late post'))
  }

  private carryAgain(post: Post): void {
    this.world.tell(`twice ${post.from}>${post.to}`)
    this.world.timeline.after(this.world.chance.spread(1, 60_000), () => this.carryAside(post))
  }

  private isCut({ from, to }: Post): boolean {
    return this.cut.has(`${from}>${to}`)
  }

  private async timeOut(limits: HttpLimits, why: string): Promise<never> {
    await this.world.timeline.sleep(limits.timeoutMs)
    throw new InjectedFault(why)
  }

  private travelMs(direction: string): number {
    const [low, high] = this.weather.latency
    return this.world.chance.spread(low, high) * (this.clogged.get(direction) ?? 1)
  }

  private keep(post: Post): void {
    if (this.old.length < postsKept) this.old.push(post)
    else this.old[this.world.chance.below(postsKept)] = post
  }
}

function readPost(url: string, body: Uint8Array, sentMs: number): Post {
  const [, to, from, door] =
    /^http:\/\/(\d{6})\.test\/federation\/v1\/(\d{6})\/(envelopes|requests)$/.exec(url) ?? []
  if (!to || !from || (door !== 'envelopes' && door !== 'requests'))
    throw new Error(`no such address: ${url}`)
  return { from, to, door, body, sentMs }
}
