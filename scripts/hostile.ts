/**
 * One hostile peer against a real node, while an honest one exchanges single records with it: windows without the
 * attack, with the same attack on a sink that does nothing (what it costs this machine), and with the attack on the
 * node. A machine of few cores carries all of it, so the node answers for what is beyond the sink's window.
 *
 *     npm run hostile -- [--rounds 3] [--window 10] [--rate 1000] [--slow 60] [--same-address] [--log]
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { setPriority } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Command } from 'commander'
import { freePort, NodeProcess, temporaryFolder } from './network/node-process.ts'
import { runAttacker, runSink, type AttackOrder, type AttackReport } from './torture/attack.ts'
import { databaseBytes } from './torture/database.ts'
import { runTortureNode, type Figures } from './torture/node.ts'
import { bodyOf, Scripted, scriptedCodes } from './torture/scripted.ts'

interface Options {
  readonly data?: string
  readonly rounds: string
  readonly window: string
  readonly rate: string
  readonly slow: string
  readonly sameAddress?: true
  readonly log?: true
}

const program = new Command('hostile')
  .argument('[part]', 'used by the program itself', 'parent')
  .option('--data <folder>')
  .option('--rounds <count>', 'of each kind of window', '3')
  .option('--window <seconds>', 'length of a window', '10')
  .option('--rate <count>', 'messages a second', '1000')
  .option('--slow <count>', 'bodies that come a byte a second', '60')
  .option('--same-address', 'the honest peer posts from the address of the hostile one, as behind one proxy')
  .option('--log', 'show the node’s log on standard error')
  .parse()
const options = program.opts<Options>()

/** attacks.md bar 11. */
const bars = { slower: 2, rssMb: 256, blockedMs: 100 }
const attackerNiceness = 10
const windowKinds = ['quiet', 'sink', 'attack'] as const
type WindowKind = (typeof windowKinds)[number]

interface Measured {
  readonly latencies: number[]
  readonly blockedMs: number[]
  readonly rssMb: number[]
  readonly cpuMs: number[]
  refusals: number
}

const part = program.args[0]
if (part === 'start') await runTortureNode(options.data ?? '')
else if (part === 'attacker') runAttacker()
else if (part === 'sink') await runSink()
else process.exitCode = (await hostile()) ? 0 : 1

async function hostile(): Promise<boolean> {
  const base = await temporaryFolder('hostile')
  const config = async () => ({
    ...{ node: '411500', name: '信阳' },
    federation: { host: '127.0.0.1', port: await freePort() },
    local: { port: await freePort() },
  })
  const log = options.log ? (text: string) => process.stderr.write(text) : () => undefined
  const node = await NodeProcess.prepare(path.join(base, '411500'), config, log)
  node.program = path.resolve(process.argv[1] ?? '')
  const peers = [scriptedCodes.honest, scriptedCodes.hostile].map(
    (code) => new Scripted(code, '411500', node.federationUrl),
  )
  const children = [fork(node.program, ['attacker']), fork(node.program, ['sink'])]
  try {
    const [attacker, sink] = children
    const [honest, hostilePeer] = peers
    if (!attacker || !sink || !honest || !hostilePeer) throw new TypeError('nobody there')
    // Attackers have machines of their own: what theirs costs must not be taken from the node's.
    for (const { pid } of children) if (pid !== undefined) setPriority(pid, attackerNiceness)
    const [sinkUrl] = (await once(sink, 'message')) as [string]
    await node.start()
    for (const peer of peers) await peer.agree(node)
    if (!options.sameAddress) honest.from = '127.0.0.2'
    await exchange(honest, 5000)
    return await measure({ node, attacker, sinkUrl, honest, keyringText: hostilePeer.keyringText })
  } finally {
    for (const child of children) child.kill()
    for (const peer of peers) await peer.close()
    await node.stop()
    await node.remove()
    await rm(base, { recursive: true, force: true })
  }
}

interface Stage {
  readonly node: NodeProcess
  readonly attacker: ChildProcess
  readonly sinkUrl: string
  readonly honest: Scripted
  readonly keyringText: string
}

async function measure(stage: Stage): Promise<boolean> {
  const measured = Object.fromEntries(
    windowKinds.map((kind) => [kind, { latencies: [], blockedMs: [], rssMb: [], cpuMs: [], refusals: 0 }]),
  ) as unknown as Record<WindowKind, Measured>
  const before = await databaseBytes(stage.node.dataDir)
  const reports: AttackReport[] = []
  for (let round = 0; round < Number(options.rounds); round++)
    for (const kind of windowKinds) {
      const report = await window(stage, kind, measured[kind])
      if (report && kind === 'attack') reports.push(report)
      say(`${kind}: ${lineOf(measured[kind])}`)
    }
  const grownMb = ((await databaseBytes(stage.node.dataDir)) - before) / 1024 / 1024
  for (const report of reports) sayReport(report)
  return judge(measured, grownMb)
}

/** One window: the honest peer goes on all the time; the figures of the node are those of this window alone. */
async function window(stage: Stage, kind: WindowKind, into: Measured): Promise<AttackReport | undefined> {
  const { node, attacker, sinkUrl, honest, keyringText } = stage
  const url = kind === 'sink' ? sinkUrl : node.federationUrl
  const [perSecond, slow] = [Number(options.rate), Number(options.slow)]
  const order: AttackOrder = { do: 'attack', url, keyringText, to: '411500', perSecond, slow }
  if (kind !== 'quiet') await told(attacker, order)
  await node.ask({ do: 'figures' })
  const { latencies, refusals } = await exchange(honest, Number(options.window) * 1000)
  const { rssMb, blockedMs, cpuMs } = (await node.ask({ do: 'figures' })) as Figures
  const report = kind === 'quiet' ? undefined : ((await told(attacker, { do: 'stop' })) as AttackReport)
  into.latencies.push(...latencies)
  into.blockedMs.push(blockedMs)
  into.rssMb.push(rssMb)
  into.cpuMs.push(cpuMs)
  into.refusals += refusals
  await delay(1500)
  return report
}

async function told(child: ChildProcess, order: object): Promise<unknown> {
  const answer = once(child, 'message')
  child.send(order)
  return ((await answer) as unknown[])[0]
}

/** Single records, one after the other, each repeated as section 18 says until its receipt is there. */
async function exchange(peer: Scripted, ms: number): Promise<{ latencies: number[]; refusals: number }> {
  const latencies: number[] = []
  let refusals = 0
  for (const until = performance.now() + ms; performance.now() < until; await delay(20)) {
    const envelope = peer.seal({}, peer.question())
    const from = performance.now()
    for (let failures = 0; ;) {
      const answer = await peer.post(peer.path('envelopes'), bodyOf(envelope)).catch(() => undefined)
      if (answer?.status === 200) break
      refusals += 1
      failures += 1
      // Locked out: the window ends, and the wait until now is what this record took.
      if (performance.now() > until) return { latencies: [...latencies, performance.now() - from], refusals }
      const waitMs = Math.min(200 * 2 ** (failures - 1), 30_000)
      await delay(waitMs * (0.5 + Math.random() / 2))
    }
    latencies.push(performance.now() - from)
    peer.moveTo(envelope)
  }
  return { latencies, refusals }
}

function judge(measured: Record<WindowKind, Measured>, grownMb: number): boolean {
  const { quiet, sink, attack } = measured
  const [still, machine, under] = [quiet, sink, attack].map(({ latencies }) => quantile(latencies, 0.99))
  const rss = Math.max(...attack.rssMb) - Math.max(...quiet.rssMb.slice(0, 1))
  const blocked = Math.max(...attack.blockedMs)
  const beyond = (under ?? 0) / (machine ?? 1)
  say(
    `honest p99: ×${((under ?? 0) / (still ?? 1)).toFixed(2)} of quiet, ×${beyond.toFixed(2)} of the sink's windows`,
  )
  say(`database grew by ${grownMb.toFixed(1)} MB in all windows`)
  const checks: [string, boolean][] = [
    [`honest p99 rises ×${beyond.toFixed(2)} (< ${bars.slower})`, beyond < bars.slower],
    [`memory +${rss.toFixed(0)} MB (< ${bars.rssMb})`, rss < bars.rssMb],
    [
      `longest block of the event loop ${blocked.toFixed(0)} ms (< ${bars.blockedMs})`,
      blocked < bars.blockedMs,
    ],
  ]
  for (const [sentence, holds] of checks) say(`${holds ? '✓' : '✗'} ${sentence}`)
  return checks.every(([, holds]) => holds)
}

function lineOf({ latencies, blockedMs, rssMb, cpuMs, refusals }: Measured): string {
  const ms = (q: number) => quantile(latencies, q).toFixed(0)
  return (
    `${latencies.length} records, p50 ${ms(0.5)} p90 ${ms(0.9)} p99 ${ms(0.99)} max ${ms(1)} ms, ${refusals} tries without a receipt; ` +
    `node: memory ${rssMb.at(-1)?.toFixed(0)} MB, blocked at most ${blockedMs.at(-1)?.toFixed(0)} ms, CPU ${((cpuMs.at(-1) ?? 0) / 1000).toFixed(1)} s`
  )
}

function sayReport({ sent, seconds, heldBack, answers, byKind }: AttackReport): void {
  const counts = (all: Record<string, number>) =>
    Object.entries(all)
      .sort(([, a], [, b]) => b - a)
      .map(([code, count]) => `${code} ${count}`)
      .join(', ')
  say(`attack: ${(sent / seconds).toFixed(0)} messages/s, ${heldBack} held back; answered ${counts(answers)}`)
  for (const [kind, own] of Object.entries(byKind)) say(`  ${kind}: ${counts(own)}`)
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0
}

function say(sentence: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${sentence}\n`)
}
