/**
 * How fast records travel from one node to another, end to end and durable: two node processes, each with its own
 * PostgreSQL (fsync on), on this one machine, over real HTTP.
 *
 *     npm run bench:federation -- [--records 60000] [--sizes 1,16,256] [--singles 200] [--backlog 100000] [--profile folder]
 *
 * The records are ordinary activities on the sample's cases. The clock runs from the first commit at the sender to the
 * last receipt stored there; of a record written alone, on idle nodes, from its commit until its signed receipt is
 * back, so that figure is from above. The baseline, in the same run and on the same two servers at once, is a bare multi-row
 * insert of all the rows this writes on both sides. All of it, the baseline too, comes after a warm-up that is not
 * counted: a node runs for weeks. Machines differ and are noisy: compare only figures of one run, and look how much of
 * the processors went to others.
 */
import { cpus } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { rm } from 'node:fs/promises'
import { Command } from 'commander'
import { runBenchNode } from './bench/node.ts'
import { type NodeFigures, type SingleTimes, type WriteTimes } from './bench/figures.ts'
import { readOfficeFolder, type OfficeFolder } from './network/folder.ts'
import { freePort, NodeProcess, temporaryFolder } from './network/node-process.ts'
import { concludeAgreements, importWorkbooks, nodeOf, untilLevel } from './network/office-day.ts'

interface Options {
  data?: string
  records: string
  singles: string
  sizes: string
  backlog: string
  profile?: string
}

const program = new Command('bench-federation')
  .argument('[part]', 'used by the benchmark itself', 'parent')
  .option('--data <folder>')
  .option('--records <count>', 'records for each size, a fifth of them one by one', '60000')
  .option('--singles <count>', 'records written alone, for the time a single one takes', '200')
  .option('--sizes <list>', 'records per envelope', '1,16,256')
  .option('--backlog <count>', 'records that wait while the receiver is away', '100000')
  .option('--profile <folder>', 'keep there where the nodes spent their time, for each size')
  .parse()
const options = program.opts<Options>()

const warmingUp = [
  { count: 10_000, size: 256 },
  { count: 2000, size: 1 },
]

if (program.args[0] === 'start') await runBenchNode(options.data ?? '')
else await benchmark()

async function benchmark(): Promise<void> {
  const all = await readOfficeFolder(path.resolve('scripts/samples'))
  const offices: OfficeFolder = { home: all.home, hosts: all.hosts.slice(0, 1) }
  const base = await temporaryFolder('federation')
  const network = new Map<string, NodeProcess>()
  try {
    for (const { node, name } of [offices.home, ...offices.hosts]) {
      const config = async () => ({
        node,
        name,
        federation: { host: '127.0.0.1', port: await freePort() },
        local: { port: await freePort() },
      })
      const process = await NodeProcess.prepare(path.join(base, node), config, (text) =>
        console.error(text.trim()),
      )
      process.program = path.resolve(globalThis.process.argv[1] ?? '')
      network.set(node, process)
    }
    await Promise.all([...network.values()].map((node) => node.start()))
    await concludeAgreements(offices, network)
    await importWorkbooks([offices.home, ...offices.hosts], network)
    await untilLevel(network)
    await measure(offices, network)
  } finally {
    await Promise.all([...network.values()].map((node) => node.stop().then(() => node.remove())))
    await rm(base, { recursive: true, force: true })
  }
}

async function measure(
  { home, hosts }: OfficeFolder,
  network: ReadonlyMap<string, NodeProcess>,
): Promise<void> {
  const [host] = hosts
  if (!host) throw new TypeError('the sample has a host')
  const [sender, receiver] = [nodeOf(network, host), nodeOf(network, home)]
  await warmUp(sender, home.node)
  await single(sender, home.node, Number(options.singles))
  const raw = await rawRate(sender, receiver)
  console.log(`bare multi-row inserts of the same rows, both servers at once: ${raw.toFixed(0)} records/s`)
  for (const size of options.sizes.split(',').map(Number)) {
    const count = size === 1 ? Math.ceil(Number(options.records) / 5) : Number(options.records)
    const rate = await endToEnd(sender, receiver, home.node, count, size)
    console.log(`  ratio to the bare inserts: ${(rate / raw).toFixed(2)}`)
  }
  await catchUp(sender, receiver, home.node, Number(options.backlog))
}

async function warmUp(sender: NodeProcess, peer: string): Promise<void> {
  for (const { count, size } of warmingUp) await sender.ask({ do: 'write', peer, count, size })
  const counts = warmingUp.map(({ count, size }) => `${count} records at ${size} per envelope`).join(', ')
  console.log(`warmed up by ${counts}`)
}

async function single(sender: NodeProcess, peer: string, count: number): Promise<void> {
  const times = (await sender.ask({ do: 'single', peer, count })) as SingleTimes
  const at = (which: readonly number[], share: number) =>
    [...which].sort((a, b) => a - b)[Math.floor((which.length - 1) * share)] ?? NaN
  const line = (which: readonly number[]) =>
    `p50 ${at(which, 0.5).toFixed(1)} ms, p99 ${at(which, 0.99).toFixed(1)} ms`
  const ratio = at(times.receipts, 0.5) / at(times.commits, 0.5)
  console.log(`one record, commit to receipt: ${line(times.receipts)} (${count} of them, idle nodes)`)
  console.log(`  its bare row in one commit: ${line(times.commits)}; ratio ${ratio.toFixed(1)}`)
}

async function rawRate(...nodes: NodeProcess[]): Promise<number> {
  const count = 20_000
  const seconds = await Promise.all(
    nodes.map(
      async (node, i) =>
        (await node.ask({ do: 'raw', count, side: i === 0 ? 'sender' : 'receiver' })) as number,
    ),
  )
  return count / Math.max(...seconds)
}

async function endToEnd(
  sender: NodeProcess,
  receiver: NodeProcess,
  peer: string,
  count: number,
  size: number,
): Promise<number> {
  const before = (await Promise.all([sender, receiver].map((node) => node.ask({ do: 'figures' })))) as [
    NodeFigures,
    NodeFigures,
  ]
  const processors = processorSeconds()
  const { seconds, writtenSeconds } = await profiled(
    { sender, receiver },
    String(size),
    () => sender.ask({ do: 'write', peer, count, size }) as Promise<WriteTimes>,
  )
  const passed = processorSeconds()
  const after = (await Promise.all([sender, receiver].map((node) => node.ask({ do: 'figures' })))) as [
    NodeFigures,
    NodeFigures,
  ]
  const spent = (which: 'cpuMicros' | 'serverMicros', i: 0 | 1) =>
    (((after[i][which] ?? NaN) - (before[i][which] ?? NaN)) / count).toFixed(1)
  const wire = (after[0].sentBytes - before[0].sentBytes) / count
  const text = (after[0].recordBytes - before[0].recordBytes) / count
  const rate = count / seconds
  console.log(
    `${size} per envelope: ${rate.toFixed(0)} records/s (${count} in ${seconds.toFixed(2)} s; the office had written them after ${writtenSeconds.toFixed(2)} s)`,
  )
  console.log(
    `  CPU µs/record: sender ${spent('cpuMicros', 0)} and its PostgreSQL ${spent('serverMicros', 0)}, receiver ${spent('cpuMicros', 1)} and its PostgreSQL ${spent('serverMicros', 1)}`,
  )
  const micros = (figures: NodeFigures) => figures.cpuMicros + (figures.serverMicros ?? NaN)
  const own = (micros(after[0]) + micros(after[1]) - micros(before[0]) - micros(before[1])) / 1e6
  const [all, idle] = [passed.all - processors.all, passed.idle - processors.idle]
  const share = (part: number) => `${((100 * part) / all).toFixed(0)} %`
  console.log(
    `  of all processors: ${share(own)} for this, ${share(all - idle - own)} for others, ${share(idle)} idle`,
  )
  console.log(
    `  wire ${wire.toFixed(0)} bytes/record = ${(wire / text).toFixed(2)} of the record's ${text.toFixed(0)}`,
  )
  console.log(
    `  peak memory MB: sender ${after[0].peakMb.toFixed(0)}, receiver ${after[1].peakMb.toFixed(0)}`,
  )
  return rate
}

/** Of all processors of this machine together. */
function processorSeconds(): { all: number; idle: number } {
  const times = cpus().map(({ times: { user, nice, sys, irq, idle } }) => ({
    all: (user + nice + sys + irq + idle) / 1000,
    idle: idle / 1000,
  }))
  const sum = (which: 'all' | 'idle') => times.reduce((total, each) => total + each[which], 0)
  return { all: sum('all'), idle: sum('idle') }
}

/** Runs `work`; with --profile each node leaves a file that says where it spent the time. */
async function profiled<T>(
  nodes: Readonly<Record<string, NodeProcess>>,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  const { profile: folder } = options
  if (folder === undefined) return work()
  await Promise.all(Object.values(nodes).map((node) => node.ask({ do: 'profile' })))
  const result = await work()
  for (const [role, node] of Object.entries(nodes))
    await node.ask({ do: 'profiled', file: path.resolve(folder, `${role}-${name}.cpuprofile`) })
  return result
}

async function catchUp(
  sender: NodeProcess,
  receiver: NodeProcess,
  peer: string,
  count: number,
): Promise<void> {
  if (count === 0) return
  await receiver.stop()
  await sender.ask({ do: 'backlog', peer, count })
  await delay(1000)
  const from = performance.now()
  await receiver.start()
  const started = performance.now()
  await sender.ask({ do: 'drain', peer })
  const seconds = (performance.now() - started) / 1000
  const { peakMb } = (await sender.ask({ do: 'figures' })) as NodeFigures
  console.log(
    `backlog of ${count}: level ${seconds.toFixed(1)} s after the receiver was back (it took ${((started - from) / 1000).toFixed(1)} s to start): ${(count / seconds).toFixed(0)} records/s; sender's peak ${peakMb.toFixed(0)} MB`,
  )
}
