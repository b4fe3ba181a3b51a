/**
 * How long one record takes from the commit at one node to the commit at the other, both idle, on loopback.
 *
 *     npm run bench:latency -- [--records 200]
 *
 * Each node is its own process with its own PostgreSQL (fsync on). An activity is written on a case at the host; the
 * clock runs from the answer of that call (the record is committed) until home says that it
 * has it (it is committed there), so the figure is from above: it includes the polling of home's API. The baseline, taken in the same run, is
 * one durable one-row insert; the floor of the whole path is four such commits (seal, inbox, and both sides' locks).
 */
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { Command } from 'commander'
import postgres from 'postgres'
import { startEmbedded } from '../node/store/embedded.ts'
import { readOfficeFolder, type OfficeFolder } from './network/folder.ts'
import { freePort, NodeProcess, temporaryFolder } from './network/node-process.ts'
import { concludeAgreements, importWorkbooks, nodeOf, untilLevel } from './network/office-day.ts'

const records = Number(
  new Command().option('--records <count>', 'how many', '200').parse().opts<{ records: string }>().records,
)
const base = await temporaryFolder('latency')
const network = new Map<string, NodeProcess>()
try {
  const all = await readOfficeFolder(path.resolve('scripts/samples'))
  const offices: OfficeFolder = { home: all.home, hosts: all.hosts.slice(0, 1) }
  const members = [offices.home, ...offices.hosts]
  for (const { node, name } of members) {
    const config = async () => ({
      node,
      name,
      federation: { host: '127.0.0.1', port: await freePort() },
      local: { port: await freePort() },
    })
    network.set(node, await NodeProcess.prepare(path.join(base, node), config))
  }
  await Promise.all([...network.values()].map((node) => node.start()))
  await concludeAgreements(offices, network)
  await importWorkbooks(members, network)
  await untilLevel(network)
  const commits = await commitTimes()
  const latencies = await recordTimes(offices)
  console.log(`records ${records}, idle nodes, one at a time`)
  console.log(line('one durable insert (baseline)', commits))
  console.log(line('record, commit at A to commit at B', latencies))
  console.log(`ratio of the medians: ${(quantile(latencies, 0.5) / quantile(commits, 0.5)).toFixed(1)}`)
} finally {
  await Promise.all([...network.values()].map((node) => node.stop().then(() => node.remove())))
  await rm(base, { recursive: true, force: true })
}

async function recordTimes({ home, hosts }: OfficeFolder): Promise<number[]> {
  const [host] = hosts
  if (!host) throw new TypeError('the sample has a host')
  const [sender, receiver] = [nodeOf(network, host).client, nodeOf(network, home).client]
  const placed = (await sender.cases(home.node, home.node)).find((item) => item.host === 'placed')
  if (!placed) throw new TypeError('the sample has a placed member')
  const received = async () => (await receiver.peers())[0]?.received.seq ?? 0
  let known = await received()
  const times: number[] = []
  for (let i = 0; i < records; i++) {
    await sender.act(placed.id, 'activities', {
      on: '2026-10-01',
      kind: 'study',
      title: `学习第 ${i + 1} 次`,
    })
    const from = performance.now()
    while ((await received()) === known);
    times.push(performance.now() - from)
    known = await received()
  }
  return times
}

async function commitTimes(): Promise<number[]> {
  const server = await startEmbedded({ dataDir: path.join(base, 'baseline'), log: () => undefined })
  const sql = postgres(server.url, { max: 1, onnotice: () => undefined })
  try {
    await sql`create table baseline (id int primary key, text text)`
    const times: number[] = []
    for (let i = 0; i < records; i++) {
      const from = performance.now()
      await sql`insert into baseline values (${i}, ${'x'.repeat(400)})`
      times.push(performance.now() - from)
    }
    return times
  } finally {
    await sql.end()
    await server.stop()
  }
}

function quantile(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

function line(name: string, times: readonly number[]): string {
  return `${name}: p50 ${quantile(times, 0.5).toFixed(1)} ms, p90 ${quantile(times, 0.9).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms`
}
