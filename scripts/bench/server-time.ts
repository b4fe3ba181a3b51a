/**
 * What a node's own PostgreSQL has cost of the processor, all its processes together, read where Linux tells it.
 * Elsewhere nothing is known and nothing is said.
 */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

/** A tick of /proc/<pid>/stat: USER_HZ, which is 100 on every Linux that Node.js runs on. */
const tickMicros = 10_000

/** Since the server started: the time of its processes that live and, through the first of them, of those that ended. */
export async function serverCpuMicros(dataDir: string): Promise<number | undefined> {
  const file = await readFile(
    path.join(dataDir, 'postgresql', 'server', 'cluster', 'postmaster.pid'),
    'utf8',
  ).catch(() => undefined)
  const server = Number(file?.split('\n')[0])
  if (!server) return undefined
  let ticks = 0
  for (const name of (await readdir('/proc').catch(() => [])).filter((each) => /^\d+$/.test(each))) {
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    // The name of the program stands in brackets and may hold blanks; what follows is a plain list.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [parent, own, ofEnded] = [fields[1], sum(fields.slice(11, 13)), sum(fields.slice(13, 15))]
    if (Number(name) === server) ticks += own + ofEnded
    else if (Number(parent) === server) ticks += own
  }
  return ticks * tickMicros
}

function sum(values: readonly string[]): number {
  return values.reduce((total, value) => total + Number(value), 0)
}
