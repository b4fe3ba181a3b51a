/**
 * A network in memory: posts reach the very Hono app that listens in production (gate, body limits and status codes
 * included), and each post meets the fate the test gives it. No sockets, no time.
 */
import { type HttpBindings } from '@hono/node-server'
import { type Hono } from 'hono'
import { type Http, type HttpAnswer, type HttpLimits } from '../../node/platform.ts'
import { type NodeId } from '../../protocol/index.ts'

export type App = Hono<{ Bindings: HttpBindings }>
export interface Post {
  readonly from: NodeId
  readonly to: NodeId
  readonly door: 'envelopes' | 'requests'
  readonly body: Uint8Array
}
/** `cut`: it arrives and its answer is lost. `twice`: it arrives twice, and the second answer is the one that counts. */
export type Fate = 'deliver' | 'drop' | 'cut' | 'twice' | 'hold'

export class Network implements Http {
  fate: (post: Post) => Fate = () => 'deliver'
  /** Changes what a node answers, as a hostile or broken peer would. */
  answered: (post: Post, answer: HttpAnswer) => HttpAnswer = (_post, answer) => answer
  readonly posts: Post[] = []
  private readonly apps = new Map<NodeId, App>()
  private readonly held: (() => void)[] = []

  urlOf(node: NodeId): string {
    return `http://${node}.test`
  }

  connect(node: NodeId, app: App): void {
    this.apps.set(node, app)
  }

  disconnect(node: NodeId): void {
    this.apps.delete(node)
  }

  async post(url: string, body: Uint8Array, limits: HttpLimits): Promise<HttpAnswer> {
    const post = readPost(url, body)
    this.posts.push(post)
    const fate = this.fate(post)
    if (fate === 'drop') throw new Error('the network dropped it')
    if (fate === 'hold') await new Promise<void>((open) => this.held.push(open))
    if (fate === 'twice') await this.carry(post)
    const answer = this.answered(post, await this.carry(post))
    if (fate === 'cut') throw new Error('the answer was lost')
    if (answer.body.length > limits.maxBytes) throw new Error('the answer is over its limit')
    return answer
  }

  /** Lets held posts go on, the oldest first; all of them unless told how many. */
  release(count = this.held.length): void {
    for (const open of this.held.splice(0, count)) open()
  }

  get holding(): number {
    return this.held.length
  }

  private async carry(post: Post): Promise<HttpAnswer> {
    const app = this.apps.get(post.to)
    if (!app) throw new Error(`${post.to} is not there`)
    return postTo(app, `/federation/v1/${post.from}/${post.door}`, post.body)
  }
}

/** One POST through an app as its listener would hand it over. */
export async function postTo(
  app: App,
  path: string,
  body: Uint8Array,
  headers: Record<string, string> = {},
): Promise<HttpAnswer> {
  async function* parts(): AsyncGenerator<Uint8Array> {
    await Promise.resolve()
    yield body
  }
  const env = { incoming: Object.assign(parts(), { headers }) } as unknown as HttpBindings
  const response = await app.request(path, { method: 'POST', headers }, env)
  return { status: response.status, body: new Uint8Array(await response.arrayBuffer()) }
}

function readPost(url: string, body: Uint8Array): Post {
  const [, to, from, door] =
    /^http:\/\/(\d{6})\.test\/federation\/v1\/(\d{6})\/(envelopes|requests)$/.exec(url) ?? []
  if (!to || !from || (door !== 'envelopes' && door !== 'requests'))
    throw new Error(`no such address: ${url}`)
  return { from, to, door, body }
}
