/**
 * What the built-in PostgreSQL asks of the machine: programs, processes, ports and files, each in a few
 * lines.
 */
import { execFile } from 'node:child_process'
import * as fs from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'

export interface Account {
  readonly uid: number
  readonly gid: number
}

interface Outcome {
  readonly ok: boolean
  readonly output: string
}

/** Windows programs need their SystemRoot and kin, so there the environment is inherited. */
export const surroundings = (account: Account | null): object => ({
  ...(process.platform === 'win32'
    ? {}
    : { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' } }),
  ...(account ?? {}),
  windowsHide: true,
})

/** Runs a program to its end. Never rejects: a program that cannot be run is one that failed. */
export function run(program: string, args: readonly string[], account: Account | null): Promise<Outcome> {
  // A folder that every account may enter; the current one may not be.
  const cwd = path.parse(process.execPath).root
  return new Promise((resolve) => {
    execFile(program, args, { ...surroundings(account), cwd, encoding: 'utf8' }, (error, stdout, stderr) => {
      resolve({ ok: error === null, output: `${stdout}${stderr}` || (error?.message ?? '') })
    })
  })
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

export function portIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)))
  })
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen({ port: 0, host: '127.0.0.1', exclusive: true }, () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

export async function freeBytesAt(directory: string): Promise<number> {
  const { bavail, bsize } = await fs.statfs(directory)
  return bavail * bsize
}

export async function makeDirectory(directory: string, mode: number): Promise<void> {
  if ((await fs.mkdir(directory, { recursive: true })) !== undefined) await fs.chmod(directory, mode)
}

/** A rename is only durable once the directory is; Windows cannot and need not sync one. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await fs.open(directory)
  await handle.sync().finally(() => handle.close())
}

export const stat = async (file: string): Promise<{ ino: number; dev: number; size: number } | null> =>
  fs.stat(file).catch(() => null)

export const exists = async (file: string): Promise<boolean> =>
  (await fs.lstat(file).catch(unless('ENOENT'))) !== undefined

export const readText = async (file: string): Promise<string | null> =>
  (await fs.readFile(file, 'utf8').catch(unless('ENOENT'))) ?? null

export const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''

/** For `.catch`: swallows the failures with these codes and passes every other on. */
export const unless =
  (...codes: readonly string[]) =>
  (error: unknown): undefined => {
    if (codes.includes(codeOf(error))) return undefined
    throw error
  }
