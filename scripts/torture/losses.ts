/** What an office can lose, and putting it so: an old copy of the database, with or without the head store, or all. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { dataFiles } from '../../node/config.ts'
import { homeOf } from './database.ts'
import { type RegionNode } from './regions.ts'

export const losses = ['database', 'headsRolledBack', 'headsLost', 'everything'] as const
export type Loss = (typeof losses)[number]

export const lossWords: Record<Loss, string> = {
  database: 'yesterday’s database; the head store stayed',
  headsRolledBack: 'yesterday’s database and head store',
  headsLost: 'yesterday’s database; the head store is gone',
  everything: 'all but keys, configuration and agreement documents',
}

export interface Copy {
  readonly server: string
  readonly heads: string
}

/** A copy of the cluster and the head store; the node and its server must have stopped. */
export async function copyOf(region: RegionNode, folder: string): Promise<Copy> {
  const copy = { server: path.join(folder, 'server'), heads: path.join(folder, 'heads') }
  await rm(folder, { recursive: true, force: true })
  copyTree(path.join(await homeOf(region.process.dataDir), 'server'), copy.server)
  copyTree(path.join(region.process.dataDir, dataFiles.heads), copy.heads)
  return copy
}

/** The node and its server must have stopped. */
export async function lose(region: RegionNode, loss: Loss, copy: Copy): Promise<void> {
  const { dataDir } = region.process
  const home = await homeOf(dataDir)
  const heads = path.join(dataDir, dataFiles.heads)
  if (loss === 'everything') {
    await rm(home, { recursive: true, force: true })
    const kept = new Set<string>([dataFiles.config, path.dirname(dataFiles.keys)])
    for (const name of await readdir(dataDir))
      if (!kept.has(name)) await rm(path.join(dataDir, name), { recursive: true, force: true })
    return
  }
  await rm(path.join(home, 'server'), { recursive: true, force: true })
  copyTree(copy.server, path.join(home, 'server'))
  if (loss === 'database') return
  await rm(heads, { recursive: true, force: true })
  if (loss === 'headsRolledBack') copyTree(copy.heads, heads)
}

/** The operator's command line, as he types it; gives what it printed. */
export async function huiliu(region: RegionNode, ...args: string[]): Promise<string> {
  const program = path.resolve(path.dirname(process.argv[1] ?? ''), '..', 'node', 'main.js')
  const child = spawn(process.execPath, [program, '-d', region.process.dataDir, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => (printed += bytes.toString('utf8')))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`huiliu ${args.join(' ')} ended with ${code}: ${printed}`)
  return printed.trim()
}

/** With owners and times, as a backup keeps them: the server runs under an account of its own. */
function copyTree(from: string, to: string): void {
  const made = spawnSync('mkdir', ['-p', path.dirname(to)]).status === 0
  if (!made || spawnSync('cp', ['-a', from, to]).status !== 0) throw new Error(`${from} cannot be copied`)
}
