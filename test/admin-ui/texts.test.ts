/**
 * The screens' words: every text has both languages, is used, and stands nowhere but among the texts. Read from the
 * sources as the compiler reads them, so that nothing has to be rendered to be found missing.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import * as protocol from '../../protocol/index.ts'

const root = path.resolve(import.meta.dirname, '../../admin-ui/src')
const files = readdirSync(root, { recursive: true })
  .map(String)
  .filter((file) => /\.tsx?$/.test(file))
  .sort()
const sources = new Map(
  files.map((file) => [
    file,
    ts.createSourceFile(
      file,
      readFileSync(path.join(root, file), 'utf8'),
      ts.ScriptTarget.Latest,
      true,
      file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS,
    ),
  ]),
)
const chinese = /[\u4e00-\u9fff]/

/** Where a field has a text for its name and one for its hint, they are asked for by the contract's own name. */
const contract = ['settings', 'pages', 'exports']
  .map((file) => path.resolve(root, `../../protocol/${file}.ts`))
  .filter((file) => existsSync(file))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n')

interface Text {
  readonly file: string
  readonly group: string
  readonly key: string
  readonly zh: string
  readonly en: string
}

/** Every `const group = texts({ key: { zh, en } })`. */
const texts: Text[] = [...sources].flatMap(([file, source]) => {
  const found: Text[] = []
  walk(source, (node) => {
    if (!ts.isVariableDeclaration(node) || !isTextsCall(node.initializer)) return
    const [pairs] = node.initializer.arguments
    if (!pairs || !ts.isObjectLiteralExpression(pairs)) return
    for (const property of pairs.properties) {
      const value = ts.isPropertyAssignment(property) ? property.initializer : undefined
      const part = (language: string) =>
        value && ts.isObjectLiteralExpression(value)
          ? (value.properties
              .find((each) => each.name?.getText(source) === language)
              ?.getText(source)
              .replace(/^\w+:\s*/, '') ?? '')
          : ''
      const key = property.name?.getText(source).replace(/^['"]|['"]$/g, '') ?? ''
      found.push({ file, group: node.name.getText(source), key, zh: part('zh'), en: part('en') })
    }
  })
  return found
})

function isTextsCall(node: ts.Node | undefined): node is ts.CallExpression {
  return node !== undefined && ts.isCallExpression(node) && node.expression.getText() === 'texts'
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  ts.forEachChild(node, (child) => walk(child, visit))
}

/** Groups whose words are asked for by a code. */
const asksByCode = new Set(
  [...sources.values()].flatMap(({ text }) =>
    [...text.matchAll(/useWord\((\w+)\)/g)].map(([, name = '']) => name),
  ),
)

describe('the texts of the screens', () => {
  it('are found at all', () => {
    expect(texts.length).toBeGreaterThan(300)
  })

  it('have both languages, each in its own', () => {
    const spoken = (text: string) => text.replace(/\$\{[^}]*\}/g, '')
    const wrong = texts.filter(({ group, key, zh, en }) => {
      // The button that leads to the other language is written in that one.
      if (key === 'other' && zh.includes('English')) return false
      // What is the same everywhere: a name of a file, an arrow between two names.
      if (zh === en) return false
      return (
        zh === '' ||
        en === '' ||
        !chinese.test(spoken(zh)) ||
        (chinese.test(spoken(en)) && group !== 'quoted')
      )
    })
    expect(wrong).toEqual([])
  })

  it('are set with the punctuation of Chinese, here and wherever else the node speaks it (GB/T 15834)', () => {
    const half =
      /[\u3400-\u9fff”][,;?!](?!['"`])|[\u3400-\u9fff](\(|:(?=[\u3400-\u9fff]))|[,;?!)][\u3400-\u9fff]/
    const said = texts.map(({ file, key, zh }) => ({ where: `${file} ${key}`, zh }))
    const found = [...said, ...chineseElsewhere()].filter(({ zh }) => half.test(zh))
    expect(found).toEqual([])
  })

  it('are all used', () => {
    const unused = texts.filter((text) => {
      // A table of words for codes is used as a whole; whether it has them all is asked below.
      if (asksByCode.has(text.group)) return false
      const near = [...sources].filter(
        ([file]) => path.dirname(file) === path.dirname(text.file) || imports(file, text.file),
      )
      const used = new RegExp(
        `\\b\\w+\\.${text.key}\\b|\\b${text.key}\\b\\s*[,}]|['"]${text.key}['"]|\\.${text.key}\\[`,
      )
      const byCode =
        near.some(([, source]) => /\bt\[/.test(source.text)) &&
        contract.includes(text.key.replace(/Hint$/, ''))
      return !byCode && !near.some(([file, source]) => used.test(withoutDeclaration(file, source, text)))
    })
    expect(unused.map(({ file, key }) => `${file}: ${key}`)).toEqual([])
  })

  it('stand nowhere else: no Chinese in programs, no words in the markup', () => {
    const stray: string[] = []
    for (const [file, source] of sources)
      walk(source, (node) => {
        if (ts.isJsxText(node) && /\p{L}{2}/u.test(node.text)) stray.push(`${file}: ${node.text.trim()}`)
        if (!(ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) || !chinese.test(node.getText()))
          return
        if (!isAmongTexts(node)) stray.push(`${file}: ${node.getText()}`)
      })
    expect(stray).toEqual([])
  })

  it('have a word for every code the contract knows', () => {
    const group = (name: string) => texts.filter((each) => each.group === name).map(({ key }) => key)
    const lists: readonly (readonly [string, readonly string[]])[] = [
      ['roleWords', [...protocol.roles, 'operator']],
      ['homeStateWords', protocol.homeStates],
      ['hostStateWords', protocol.hostStates],
      ['meaningWords', protocol.meanings],
      ['differenceWords', protocol.differences],
      ['matchWords', protocol.matchGrades],
      ['arrivalStateWords', protocol.arrivalStates],
      ['activityWords', protocol.activityKinds],
      ['closingWords', protocol.closingReasons],
      ['disputeWords', protocol.disputeReasons],
      ['purposeWords', protocol.revealPurposes],
      ['importWords', protocol.importKinds],
      ['recordWords', Object.keys(protocol.bodySchemas)],
    ]
    for (const [name, codes] of lists)
      expect(
        codes.filter((code) => !group(name).includes(code)),
        name,
      ).toEqual([])
  })
})

function imports(file: string, from: string): boolean {
  const source = sources.get(file)?.text ?? ''
  return source.includes(`/${path.basename(from)}'`)
}

/** The file without the line that declares the text itself. */
function withoutDeclaration(file: string, source: ts.SourceFile, { file: home, key }: Text): string {
  if (file !== home) return source.text
  return source.text.replace(new RegExp(`^\\s*['"]?${key}['"]?:\\s*\\{`, 'm'), '')
}

/** What the programs say in Chinese under `zh`, and the Chinese documents without their code. */
function chineseElsewhere(): { where: string; zh: string }[] {
  const tree = path.resolve(root, '../..')
  const of = (folder: string, ending: RegExp) =>
    readdirSync(path.join(tree, folder), { recursive: true })
      .map((file) => path.join(folder, String(file)))
      .filter((file) => ending.test(file))
  const linesOf = (file: string, text: string) =>
    text.split('\n').map((zh, i) => ({ where: `${file}:${i + 1}`, zh }))
  const read = (file: string) => readFileSync(path.join(tree, file), 'utf8')
  const programs = [...of('node', /\.ts$/), ...of('protocol', /\.ts$/)].flatMap((file) =>
    linesOf(file, read(file)).filter(({ zh }) => /\bzh: /.test(zh)),
  )
  const documents = of('docs', /\.zh\.md$/).flatMap((file) =>
    linesOf(
      file,
      read(file)
        .replace(/^```[^]*?^```/gm, (code) => code.replace(/[^\n]/g, ''))
        .replace(/`[^`]*`/g, ''),
    ),
  )
  expect(programs.length).toBeGreaterThan(50)
  expect(documents.length).toBeGreaterThan(100)
  return [...programs, ...documents]
}

/** Within texts(…), a `{ zh, en }` of its own, or the sayings of a page's menu. */
function isAmongTexts(node: ts.Node): boolean {
  for (let at: ts.Node = node; at.parent !== undefined; at = at.parent) {
    if (isTextsCall(at)) return true
    if (ts.isPropertyAssignment(at) && ['zh', 'en'].includes(at.name.getText())) return true
  }
  return false
}
