/**
 * Runs one of this project's programs on a fresh clone: `node scripts/run.mjs <script> [args…]`.
 *
 * Checks the Node.js version, installs what package-lock.json names if it is not there, builds, and runs
 * `scripts/<script>.ts` (or `node/main.ts` for the script "main") in this very process, so that signals and
 * the exit code are the script's own. Plain JavaScript, and nothing but Node.js itself until npm has run.
 *
 * A build is named after its own bytes, dist/<hash>/, and appears whole by a rename. So any number of runs
 * may happen at once, and a node that is running finds the chunks it loads later, whatever is built
 * meanwhile.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildScreens } from './screens.mjs'

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const DIST = path.join(ROOT, 'dist')
const STAMP = path.join(ROOT, 'node_modules', '.huiliu-lock')
const INSTALLING = path.join(DIST, '.installing')
const HOUR_MS = 3_600_000
/** Programs that start no node: nobody looks at screens there. */
const WITHOUT_SCREENS = new Set(['bench-federation', 'conformance', 'mutate', 'simulate'])
const WINDOWS = process.platform === 'win32'

/** A failure whose message is all that the reader needs. */
class Sentence extends Error {}

async function main([name, ...args]) {
  demandNode(JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')).engines.node)
  const sources = findSources()
  const source = sources.get(name)
  if (source === undefined) throw unknownScript(name, [...sources.keys()].sort().join(', '))
  while (!isInstalled()) await installOrWait()
  const build = await buildAll([...sources.values(), 'node/workbooks/worker-entry.ts'].filter(isInProject))
  if (!WITHOUT_SCREENS.has(name) && isInProject('admin-ui')) process.env.HUILIU_SCREENS = await screens()
  const program = path.join(build, source.replace(/\.ts$/, '.js'))
  process.argv = [process.execPath, program, ...args]
  process.setSourceMapsEnabled(true)
  await import(pathToFileURL(program).href)
}

/** Reads the range as package.json states it: `>=` and `<`, joined by blanks and `||`. */
function demandNode(range) {
  const number = (version) => version.split('.').reduce((sum, part, at) => sum + Number(part) / 1000 ** at, 0)
  const here = number(process.versions.node)
  const holds = (part) =>
    part.startsWith('<') ? here < number(part.slice(1)) : here >= number(part.slice(2))
  if (range.split('||').some((parts) => parts.trim().split(' ').every(holds))) return
  throw new Sentence(
    `This is Node.js ${process.versions.node} and Huiliu needs ${range}: install such a version and run this again.\n` +
      `当前 Node.js 版本为 ${process.versions.node}，汇流需要 ${range}：请安装符合要求的版本后重新运行。`,
  )
}

const isInProject = (file) => fs.existsSync(path.join(ROOT, file))

function findSources() {
  const scripts = fs.readdirSync(path.join(ROOT, 'scripts')).filter((file) => /(?<!\.d)\.ts$/.test(file))
  const sources = new Map(scripts.map((file) => [file.slice(0, -3), `scripts/${file}`]))
  return isInProject('node/main.ts') ? sources.set('main', 'node/main.ts') : sources
}

const unknownScript = (name, known) =>
  new Sentence(
    name === undefined
      ? `Say which script to run: ${known}.\n请指定要运行的脚本：${known}。`
      : `There is no script "${name}": choose one of ${known}.\n没有脚本“${name}”：请从中选择：${known}。`,
  )

const lockHash = () => createHash('sha256').update(read('package-lock.json')).digest('hex')

/** By our stamp, or, after somebody ran npm by hand, by what npm noted of every package it installed. */
function isInstalled() {
  if (read(STAMP) === lockHash()) return true
  const [noted, wanted] = ['node_modules/.package-lock.json', 'package-lock.json'].map(read)
  if (noted === '' || wanted === '') return false
  const installed = JSON.parse(noted).packages
  const fits = ([where, { version, optional }]) =>
    (installed[where]?.version ?? (optional && version)) === version
  if (!Object.entries(JSON.parse(wanted).packages).slice(1).every(fits)) return false
  fs.writeFileSync(STAMP, lockHash())
  return true
}

/** One run installs while the others wait; the lock of a run that was killed is taken away. */
async function installOrWait() {
  const mine = `${INSTALLING}-${process.pid}`
  fs.mkdirSync(DIST, { recursive: true })
  fs.writeFileSync(mine, String(process.pid))
  try {
    fs.linkSync(mine, INSTALLING)
  } catch {
    if (!isAlive(Number(read(INSTALLING) || process.pid))) fs.rmSync(INSTALLING, { force: true })
    return new Promise((resolve) => setTimeout(resolve, 200))
  } finally {
    fs.rmSync(mine)
  }
  return install().finally(() => fs.rmSync(INSTALLING, { force: true }))
}

/** Install scripts are not needed: esbuild does without, and the node makes PostgreSQL's links itself. */
async function install() {
  if (isInstalled()) return
  console.error('Installing packages (npm ci, once, about a minute) … 正在安装依赖包（仅首次，约一分钟）……')
  const npm = process.env.npm_execpath // set when npm runs us: then it is the same npm, on Windows too
  const [program, ...args] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm']
  const options = { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], shell: WINDOWS && program === 'npm' }
  const child = spawn(program, [...args, 'ci', '--no-audit', '--no-fund', '--ignore-scripts'], options)
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (said += bytes))
  const ended = await new Promise((resolve) => child.once('error', resolve).once('close', resolve))
  if (ended === 0) return fs.writeFileSync(STAMP, lockHash())
  throw new Sentence(
    `${said.trim().split('\n').slice(-15).join('\n')}\n` +
      `npm ci failed (${ended}): check the npm registry and the free disk space, and run this again.\n` +
      `npm ci 失败（${ended}）：请检查能否访问 npm 仓库以及磁盘空间是否充足，然后重新运行。`,
  )
}

/** The built screens' folder; a node is told of it by this variable of the environment (node/config.ts). */
async function screens() {
  const place = await told(() => buildScreens(ROOT))
  stayYoung(place)
  return place
}

async function buildAll(entryPoints) {
  const esbuild = await import('esbuild')
  const outdir = path.join(DIST, 'build') // never written: only as deep as the folder that is
  const output = { format: 'esm', splitting: true, chunkNames: 'chunks/[name]-[hash]', outbase: '.', outdir }
  const node = { platform: 'node', target: 'node20', packages: 'external' }
  const rest = { absWorkingDir: ROOT, bundle: true, sourcemap: true, sourcesContent: false, write: false }
  const options = { entryPoints, ...output, ...node, ...rest, logLevel: 'silent' }
  const { outputFiles } = await told(() => esbuild.build(options))
  return keep(outputFiles.map((file) => [path.relative(outdir, file.path), file.contents]))
}

/** What a build says of a mistake in the sources, as a sentence. */
async function told(build) {
  const esbuild = await import('esbuild')
  try {
    return await build()
  } catch (error) {
    if (!error.errors) throw error
    const list = await esbuild.formatMessages(error.errors, { kind: 'error' })
    const todo =
      'The build failed: correct the errors above and run this again.\n构建失败：请改正以上错误后重新运行。'
    throw new Sentence(list.join('') + todo)
  } finally {
    await esbuild.stop()
  }
}

/** Puts a build in its place, unless it is there, and keeps it young for as long as this process runs. */
function keep(files) {
  const hash = createHash('sha256')
  for (const [name, contents] of files) hash.update(`${name}\0${contents.length}\0`).update(contents)
  const place = path.join(DIST, hash.digest('hex').slice(0, 16))
  const draft = path.join(DIST, `.draft-${process.pid}`)
  for (const [name, contents] of fs.existsSync(place) ? [] : files) {
    fs.mkdirSync(path.dirname(path.join(draft, name)), { recursive: true })
    fs.writeFileSync(path.join(draft, name), contents)
  }
  // When the place is taken, the same bytes are there already, from another run.
  if (!fs.existsSync(place)) attempt(() => fs.renameSync(draft, place))
  fs.rmSync(draft, { recursive: true, force: true })
  stayYoung(place)
  sweep(place)
  return place
}

function stayYoung(place) {
  const touch = () => attempt(() => fs.utimesSync(place, new Date(), new Date()))
  touch()
  setInterval(touch, HOUR_MS).unref()
}

/** Builds that no run has touched for a day; one that belongs to another account is left to that account. */
function sweep(ours) {
  for (const name of fs.readdirSync(DIST)) {
    const place = path.join(DIST, name)
    if (place === ours) continue
    const age = Date.now() - (attempt(() => fs.statSync(place).mtimeMs) ?? Infinity)
    if (/^((screens-)?[0-9a-f]{16}|\.draft-(screens-)?\d+)$/.test(name) && age > 24 * HOUR_MS)
      attempt(() => fs.rmSync(place, { recursive: true, force: true }))
  }
}

const read = (file) => attempt(() => fs.readFileSync(path.resolve(ROOT, file), 'utf8')) ?? ''

const isAlive = (pid) => attempt(() => process.kill(pid, 0)) ?? false

function attempt(action) {
  try {
    return action()
  } catch {
    return undefined
  }
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Sentence ? error.message : error)
  process.exitCode = 1
}
