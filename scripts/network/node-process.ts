/**
 * A node as its own operating-system process, started, killed and stopped from outside, spoken to over HTTP only.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ApiClient } from '../../node/cli/client.ts'
import { type ConfigFile } from '../../node/config.ts'
import { initDataDir, readDataDir } from '../../node/process.ts'
import { startEmbedded } from '../../node/store/embedded.ts'

const readyWithinMs = 60_000
const pollMs = 40

/** The node ended instead of starting; its last words are the message. */
export class NodeEnded extends Error {}

export class NodeProcess {
  readonly config: ConfigFile
  readonly dataDir: string
  readonly client: ApiClient
  private readonly onOutput: (text: string) => void
  private child: ChildProcess | undefined
  /** Programs of one build lie side by side: scripts/<name>.js and node/main.js (scripts/run.mjs). */
  program = path.resolve(path.dirname(process.argv[1] ?? ''), '..', 'node', 'main.js')
  /** A database of its own on another server; without one the node brings its own PostgreSQL. */
  databaseUrl: string | undefined
  /** Called when the process ends though nobody asked it to, with its last words. */
  onEnd: ((lastWords: string) => void) | undefined
  private ending = false
  private answering = false
  private lastWords = ''

  private constructor(config: ConfigFile, dataDir: string, token: string, onOutput: (text: string) => void) {
    this.config = config
    this.dataDir = dataDir
    this.client = new ApiClient({ port: config.local.port, token })
    this.onOutput = onOutput
  }

  /** Makes the data directory when there is none; starts nothing. */
  static async prepare(
    dataDir: string,
    wanted: () => Promise<ConfigFile>,
    onOutput: (text: string) => void = () => undefined,
  ): Promise<NodeProcess> {
    const known = await readDataDir(dataDir).catch(() => undefined)
    if (!known) await initDataDir(dataDir, await wanted())
    const { config, token } = known ?? (await readDataDir(dataDir))
    return new NodeProcess(config, dataDir, token, onOutput)
  }

  get name(): string {
    return this.config.name
  }

  /** Started, answering, and not ended since. */
  get ready(): boolean {
    return this.child !== undefined && this.answering
  }

  /** Where its screens are. */
  get localUrl(): string {
    return `http://127.0.0.1:${this.config.local.port}`
  }

  get federationUrl(): string {
    return `http://${this.config.federation.host}:${this.config.federation.port}`
  }

  /** Starts the process and waits until its API answers. */
  async start(): Promise<void> {
    const { DATABASE_URL: _ours, ...environment } = process.env
    const env =
      this.databaseUrl === undefined ? environment : { ...environment, DATABASE_URL: this.databaseUrl }
    const args = ['--enable-source-maps', this.program, '--data', this.dataDir, 'start']
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env })
    this.child = child
    this.lastWords = ''
    this.answering = false
    this.ending = false
    for (const stream of [child.stdout, child.stderr].filter((each) => each !== null))
      stream.on('data', (bytes: Buffer) => {
        const text = bytes.toString('utf8')
        if (stream === child.stderr) this.lastWords = (this.lastWords + text).slice(-2000)
        this.onOutput(text)
      })
    child.once('exit', () => {
      if (this.child === child) this.child = undefined
      if (!this.ending) this.onEnd?.(this.lastWords.trim())
    })
    await this.untilReady(child)
    this.answering = true
  }

  /** Sends the process a message and waits for its next one; only a benchmark's node answers. */
  async ask(message: object): Promise<unknown> {
    const child = this.child
    if (!child) throw new NodeEnded(`${this.name} does not run`)
    // Whichever comes first, neither is listened for afterwards: a benchmark asks many times.
    const answered = new AbortController()
    const { signal } = answered
    const answer = once(child, 'message', { signal }).then(([first]: unknown[]) => first)
    const ended = once(child, 'exit', { signal }).then(() =>
      Promise.reject(new NodeEnded(this.lastWords.trim())),
    )
    child.send(message)
    try {
      return await Promise.race([answer, ended])
    } finally {
      answered.abort()
      await Promise.allSettled([answer, ended])
    }
  }

  /** kill -9: no goodbye. The database server of the node lives on and is adopted by the next start. */
  async kill(): Promise<void> {
    await this.end('SIGKILL')
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM')
  }

  /** After a kill the embedded PostgreSQL may still run: stop it as well. */
  async stopDatabase(): Promise<void> {
    if (this.databaseUrl !== undefined) return
    const embedded = await startEmbedded({ dataDir: this.dataDir, log: () => undefined })
    await embedded.stop()
  }

  /** The node's folder and its database, wherever that lies (node/store/embedded.ts may have to put it elsewhere). */
  async remove(): Promise<void> {
    const place = path.join(this.dataDir, 'postgresql')
    const database = await realpath(place).catch(() => undefined)
    if (database !== undefined) {
      await this.stopDatabase().catch(() => undefined)
      await rm(database, { recursive: true, force: true })
    }
    await rm(this.dataDir, { recursive: true, force: true })
  }

  private async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.child
    if (!child) return
    this.ending = true
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  private async untilReady(child: ChildProcess): Promise<void> {
    for (const deadline = Date.now() + readyWithinMs; Date.now() < deadline; await delay(pollMs)) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new NodeEnded(this.lastWords.trim() || `${this.name} ended at once`)
      const answered = await this.client.node().then(
        () => true,
        () => false,
      )
      if (answered) return
    }
    throw new NodeEnded(`${this.name} was not ready in ${readyWithinMs / 1000} s`)
  }
}

/** A new folder for nodes' data, through which the account that runs the databases may pass. */
export async function temporaryFolder(purpose: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), `huiliu-${purpose}-`))
  await chmod(folder, 0o711)
  return folder
}

/** Below the ports that the system gives to outgoing connections, so that none of those takes it before we do. */
const firstPort = 20_000
const ports = 12_000
const given = new Set<number>()

/** A port nobody listens on now and that this process has not given before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = firstPort + Math.floor(Math.random() * ports)
    if (given.has(port) || !(await canListen(port))) continue
    given.add(port)
    return port
  }
}

async function canListen(port: number): Promise<boolean> {
  const server = createServer()
  const listening = new Promise<boolean>((resolve) => {
    server.once('listening', () => resolve(true))
    server.once('error', () => resolve(false))
  })
  server.listen(port, '127.0.0.1')
  if (!(await listening)) return false
  server.close()
  await once(server, 'close')
  return true
}
