/**
 * scripts/run.mjs, spawned as a user would, in a small project of its own. npm is a stand-in that writes what
 * npm ci leaves behind, so nothing here needs a network.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

vi.setConfig({ testTimeout: 30_000 })

const PROJECT = path.resolve(import.meta.dirname, '../..')
const LOCK = JSON.stringify({ packages: { '': {}, 'node_modules/esbuild': { version: '1.0.0' } } })
const stampOf = (lock: string): string => createHash('sha256').update(lock).digest('hex')

let project: string

beforeEach(async () => {
  project = await fs.realpath(await fs.mkdtemp(path.join(tmpdir(), 'huiliu-run-')))
  await write('package.json', JSON.stringify({ type: 'module', engines: { node: '>=18 <19 || >=20.1' } }))
  await write('package-lock.json', LOCK)
  await write(
    'scripts/greet.ts',
    `import { who } from '../node/who.ts'\nconsole.log('hello', who as string, ...process.argv.slice(2))`,
  )
  await write('scripts/leave.ts', `process.exitCode = Number(process.argv[2])`)
  await write('scripts/fall.ts', `type T = 1\n\n\nthrow new Error('fell over')`)
  await write('node/who.ts', `export const who: string = 'member'`)
  await write('node/main.ts', `console.log('the huiliu command line')`)
  for (const file of ['scripts/run.mjs', 'scripts/screens.mjs'])
    await fs.copyFile(path.join(PROJECT, file), path.join(project, file))
  await write('npm.js', FAKE_NPM)
  await installByHand()
})

afterEach(() => fs.rm(project, { recursive: true, force: true }))

/** Notes that it ran, and installs esbuild as npm ci would; fails like npm when the project says so. */
const FAKE_NPM = `
  import * as fs from 'node:fs'
  fs.appendFileSync('npm-ran', process.argv.slice(2).join(' ') + '\\n')
  if (fs.existsSync('npm-fails')) { console.error('npm error code ENOTFOUND'); process.exit(1) }
  fs.rmSync('node_modules', { recursive: true, force: true })
  fs.mkdirSync('node_modules')
  fs.symlinkSync(${JSON.stringify(path.join(PROJECT, 'node_modules/esbuild'))}, 'node_modules/esbuild')
`

async function write(file: string, text: string): Promise<void> {
  await fs.mkdir(path.dirname(path.join(project, file)), { recursive: true })
  await fs.writeFile(path.join(project, file), text)
}

async function installByHand(): Promise<void> {
  await fs.mkdir(path.join(project, 'node_modules'))
  await fs.symlink(path.join(PROJECT, 'node_modules/esbuild'), path.join(project, 'node_modules/esbuild'))
  await write('node_modules/.huiliu-lock', stampOf(LOCK))
}

interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function run(...args: string[]): Promise<Outcome> {
  const env = { ...process.env, npm_execpath: path.join(project, 'npm.js') }
  const child = spawn(process.execPath, [path.join(project, 'scripts/run.mjs'), ...args], {
    cwd: tmpdir(),
    env,
  })
  child.on('spawn', () => child.stdin.end())
  let out = ''
  let err = ''
  child.stdout.on('data', (bytes) => (out += String(bytes)))
  child.stderr.on('data', (bytes) => (err += String(bytes)))
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, out, err }))
  })
}

async function inProject(file: string): Promise<string> {
  const bytes = await fs.readFile(path.join(project, file), 'utf8').catch(() => '')
  return bytes.trim()
}

const npmRuns = async (): Promise<number> => (await inProject('npm-ran')).split('\n').filter(Boolean).length
const builds = async (): Promise<string[]> =>
  (await fs.readdir(path.join(project, 'dist'))).filter((name) => /^[0-9a-f]{16}$/.test(name))

describe('running a script', () => {
  it('builds it, passes the arguments on and prints nothing of its own', async () => {
    expect(await run('greet', 'one', '--two')).toEqual({ code: 0, out: 'hello member one --two\n', err: '' })
    expect(await npmRuns()).toBe(0)
  })

  it('passes the exit code on', async () => {
    expect((await run('leave', '7')).code).toBe(7)
  })

  it('shows the place in the source where a script fell over', async () => {
    const { code, err } = await run('fall')
    expect(code).toBe(1)
    expect(err).toMatch(/fell over[^]*fall\.ts:4/)
  })

  it('runs the command line of the node as "main"', async () => {
    expect((await run('main')).out).toBe('the huiliu command line\n')
  })

  it('keeps a build for as long as the sources are the same, and the old one beside the new', async () => {
    await run('greet')
    await run('leave', '0')
    expect(await builds()).toHaveLength(1)
    await write('node/who.ts', `export const who: string = 'branch'`)
    expect((await run('greet')).out).toBe('hello branch\n')
    expect(await builds()).toHaveLength(2)
  })

  it('removes a build that nobody used for a day', async () => {
    await run('greet')
    const [old] = await builds()
    const longAgo = new Date(Date.now() - 25 * 3_600_000)
    await fs.utimes(path.join(project, 'dist', String(old)), longAgo, longAgo)
    await write('node/who.ts', `export const who: string = 'branch'`)
    await run('greet')
    expect(await builds()).not.toContain(old)
  })

  it('works many times at once', async () => {
    const outcomes = await Promise.all([1, 2, 3, 4].map((number) => run('greet', String(number))))
    expect(outcomes.map(({ out }) => out)).toEqual([1, 2, 3, 4].map((number) => `hello member ${number}\n`))
    expect(await fs.readdir(path.join(project, 'dist'))).toEqual(await builds())
  })
})

describe('installing packages', () => {
  it('happens when there are none, with one line of progress, and only once', async () => {
    await fs.rm(path.join(project, 'node_modules'), { recursive: true })
    const { code, out, err } = await run('greet')
    expect({ code, out }).toEqual({ code: 0, out: 'hello member\n' })
    expect(err).toMatch(/^Installing packages .*\n$/)
    expect(await inProject('npm-ran')).toBe('ci --no-audit --no-fund --ignore-scripts')
    expect((await run('greet')).err).toBe('')
    expect(await npmRuns()).toBe(1)
  })

  it('happens again when package-lock.json names other versions', async () => {
    await write('package-lock.json', LOCK.replace('1.0.0', '2.0.0'))
    await run('greet')
    expect(await npmRuns()).toBe(1)
  })

  it('does not happen when npm was run by hand and noted what the lock names', async () => {
    await write('node_modules/.huiliu-lock', 'of another lock')
    await write('node_modules/.package-lock.json', LOCK)
    expect((await run('greet')).code).toBe(0)
    expect(await npmRuns()).toBe(0)
    expect(await inProject('node_modules/.huiliu-lock')).toBe(stampOf(LOCK))
  })

  it('happens once when several runs need it, though an earlier one was killed in the middle', async () => {
    await fs.rm(path.join(project, 'node_modules'), { recursive: true })
    await write('dist/.installing', '2147483646')
    const outcomes = await Promise.all([run('greet'), run('greet'), run('greet')])
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(await npmRuns()).toBe(1)
  })

  it('says what to do when npm fails, after the last words of npm', async () => {
    await fs.rm(path.join(project, 'node_modules'), { recursive: true })
    await write('npm-fails', '')
    const { code, err } = await run('greet')
    expect(code).toBe(1)
    expect(err).toMatch(/ENOTFOUND\nnpm ci failed \(1\): check the npm registry .*\nnpm ci 失败.*\n$/)
  })
})

describe('what cannot be run is refused in both languages', () => {
  it('a script that does not exist, with those that do', async () => {
    const { code, err } = await run('dance')
    expect(code).toBe(1)
    expect(err).toBe(
      'There is no script "dance": choose one of fall, greet, leave, main.\n' +
        '没有脚本“dance”：请从中选择：fall, greet, leave, main。\n',
    )
  })

  it('no script at all', async () => {
    expect((await run()).err).toMatch(/^Say which script to run: fall, greet, leave, main\.\n请指定/)
  })

  it.each(['>=99', '>=18 <19', '>=20.99 <21 || >=98'])('a Node.js that is not %s', async (node) => {
    await write('package.json', JSON.stringify({ type: 'module', engines: { node } }))
    const { code, err } = await run('greet')
    expect(code).toBe(1)
    expect(err).toContain(`Huiliu needs ${node}: install such a version`)
    expect(err).toContain(`汇流需要 ${node}`)
  })

  it('a source that does not build, with its errors', async () => {
    await write('scripts/greet.ts', `import { nothing } from '../node/absent.ts'\nconsole.log(nothing)`)
    const { code, err } = await run('greet')
    expect(code).toBe(1)
    expect(err).toMatch(/absent\.ts[^]*The build failed: .*\n构建失败/)
  })
})
