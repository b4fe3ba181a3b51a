/**
 * What no other tool knows of this house: that files say what they are for, that the specification names every code,
 * limit and invariant with a test that exists, that names mean something, that nothing of the machine it was written on
 * stays in it, and that long functions and files become fewer.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { gateCodes, limits, recordCodes } from '../protocol/index.ts'

const root = path.resolve(import.meta.dirname, '..')
const skipped = new Set(['node_modules', 'dist', 'build', '.git', '.data'])
const binary = /\.(xlsx|zip|png|jpg|gz|wasm)$/

function filesUnder(folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.posix.join(folder, entry.name)
    if (skipped.has(entry.name) || entry.name.endsWith('.log')) return []
    return entry.isDirectory() ? filesUnder(file) : [file]
  })
}

const files = filesUnder('.')
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')
const sources = files.filter((file) => /^(protocol|node|scripts|admin-ui)\/.*(?<!\.d)\.tsx?$/.test(file))

/** What is not as it should be yet. Nothing may be added. */
interface Allowed {
  readonly functions: Record<string, number>
  readonly files: Record<string, number>
  readonly codesWithoutTest: string[]
}
const allowed = JSON.parse(read('test/tidy-allowed.json')) as Allowed
const specification = read('protocol/README.md')

describe('files', () => {
  it('say at their beginning what they are for', () => {
    // What the page.tsx and texts.ts of every page are is said once, in shared/definition.ts and shared/language.tsx.
    const saidOnce = /^admin-ui\/src\/features\/[^/]+\/(page\.tsx|texts\.ts)$/
    const silent = sources.filter((file) => !read(file).startsWith('/**'))
    expect(silent.filter((file) => !saidOnce.test(file))).toEqual([])
  })

  it('have names that mean something', () => {
    const meaningless = /(^|[/._-])(utils?|helpers?|commons?|misc|managers?|services?)([/._-]|$)/i
    expect(files.filter((file) => meaningless.test(file))).toEqual([])
  })

  it('of test/protocol each test a file of protocol/, and each of those but the fences has its test', () => {
    const tested = files.flatMap((file) => /^test\/protocol\/(.+)\.test\.ts$/.exec(file)?.[1] ?? [])
    expect(tested.filter((name) => !files.includes(`protocol/${name}.ts`))).toEqual([])
    // ID numbers are tested where workbooks are read: test/workbooks/values.test.ts.
    const untested = sources
      .filter((file) => file.startsWith('protocol/'))
      .map((file) => path.basename(file, '.ts'))
    expect(untested.filter((name) => !tested.includes(name))).toEqual(['id-number'])
  })
})

describe('no file holds', () => {
  const texts = files.filter((file) => !binary.test(file)).map((file) => [file, read(file)] as const)
  const holding = (pattern: RegExp) => texts.filter(([, text]) => pattern.test(text)).map(([file]) => file)

  it('a note to do something later', () => {
    expect(
      holding(new RegExp(`\\b(${['TO', 'FIX', 'X'].map((a, i) => a + ['DO', 'ME', 'XX'][i]).join('|')})\\b`)),
    ).toEqual([])
  })

  it('a path of the machine it was written on', () => {
    expect(holding(new RegExp(['(?<![\\w.])/(?:wo', 'rk|ro', 'ot)/[a-z.]'].join('')))).toEqual([])
  })

  it('the address of a package registry', () => {
    expect(holding(new RegExp(['registry', '\\.(npm|yarn|node)[a-z]*\\.', '[a-z]'].join('')))).toEqual([])
  })

  it('in package-lock.json where a package was fetched from', () => {
    expect(read('package-lock.json')).not.toContain('"resolved"')
  })
})

describe('the specification', () => {
  const codes = [...gateCodes, ...recordCodes]
  const reserved = codes.filter((code) => new RegExp(`\\| \`${code}\` \\|.* reserved`).test(specification))
  const tests = files.filter((file) => /^test\/(.*\.ts|vectors\/.*\.json)$/.test(file))

  it('names every code and every limit', () => {
    const named = [...codes, ...Object.keys(limits)]
    expect(named.filter((name) => !specification.includes(`| \`${name}\` |`))).toEqual([])
  })

  it('has each limit at its value', () => {
    const values = Object.entries(limits).map(([name, value]) => `| \`${name}\` | ${value} |`)
    expect(values.filter((row) => !specification.includes(row))).toEqual([])
  })

  it('calls a code reserved if and only if no source refuses with it', () => {
    const refusing = sources
      .filter((file) => !/\/errors\.ts$|^protocol\/index/.test(file))
      .map(read)
      .join('\n')
    const unused = codes.filter((code) => !new RegExp(`[':]${code}['\`]`).test(refusing))
    // A node that cannot work answers `unavailable` in http/, beside the codes of the gate.
    expect(unused.sort()).toEqual([...reserved].sort())
  })

  it('has no code that no test refuses with', () => {
    const shown = tests
      .filter((file) => !/(protocol\/errors|tidy)\.test\.ts$/.test(file))
      .map(read)
      .join('\n')
    const unshown = codes.filter(
      (code) => !reserved.includes(code) && !new RegExp(`['":]${code}['"\`]`).test(shown),
    )
    expect(unshown.sort(), 'test/tidy-allowed.json lists those that lack one, and only gets shorter').toEqual(
      allowed.codesWithoutTest,
    )
  })

  it('numbers its invariants without a gap, and each names a test that exists', () => {
    const rows = [...specification.matchAll(/^\| INV-(\d+) \|(.*)\|$/gm)]
    expect(rows.map(([, number]) => Number(number))).toEqual(rows.map((_, i) => i + 1))
    expect(rows.length).toBeGreaterThan(30)
    const missing = rows.flatMap(([, number, row = '']) => {
      const named = [...(row.split('|').at(-1) ?? '').matchAll(/`(test\/[^`]+)` › (.*?)(?=<br>|\s*$)/g)]
      if (named.length === 0) return [`INV-${number} names no test`]
      return named
        .filter(([, file = '', title = '']) => !files.includes(file) || !read(file).includes(title))
        .map(([, file, title]) => `INV-${number}: ${file} › ${title}`)
    })
    expect(missing).toEqual([])
  })
})

describe('length', () => {
  const longFiles = sources
    .map((file) => [file, read(file).split('\n').length - 1] as const)
    .filter(([, lines]) => lines > 500)
  const longFunctions = sources.flatMap(functionsIn).filter(([, lines]) => lines > 70)

  it.each([
    ['files over 500 lines', longFiles, allowed.files],
    ['functions over 70 lines', longFunctions, allowed.functions],
  ])('%s are those of test/tidy-allowed.json, which only gets shorter', (_, found, list) => {
    const grown = found.filter(([name, lines]) => lines > (list[name] ?? 0))
    expect(grown, 'new or grown: make them shorter').toEqual([])
    const gone = Object.keys(list).filter((name) => !found.some(([long]) => long === name))
    expect(gone, 'not long any more: take them off the list').toEqual([])
  })
})

/** Every function of a file as `file › name`, with its lines. */
function functionsIn(file: string): [string, number][] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true)
  const found: [string, number][] = []
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const start = source.getLineAndCharacterOfPosition(node.getStart(source)).line
      const end = source.getLineAndCharacterOfPosition(node.end).line
      found.push([`${file} › ${nameOf(node, source)}`, end - start + 1])
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function nameOf(node: ts.SignatureDeclaration, source: ts.SourceFile): string {
  if (node.name) return node.name.getText(source)
  const { parent } = node
  if (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent))
    return parent.name.getText(source)
  if (ts.isCallExpression(parent)) return `${parent.expression.getText(source)}（…）`
  return ts.isConstructorDeclaration(node) ? 'constructor' : 'anonymous'
}
