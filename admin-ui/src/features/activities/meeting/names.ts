/**
 * A list of names pasted from a spreadsheet, held against the people of a branch. Nobody is guessed: a name that two
 * people have, or nobody, is for a person to decide.
 */
import { readYuan } from '../../../shared/money.ts'

export interface Named {
  readonly id: string
  readonly name: string
}
export interface Found {
  readonly id: string
  /** What stands behind the name, where it is an amount. */
  readonly amount: string | undefined
}
export interface Pasted<P extends Named> {
  readonly found: readonly Found[]
  readonly ambiguous: readonly {
    readonly name: string
    readonly amount: string | undefined
    readonly people: readonly P[]
  }[]
  readonly unknown: readonly string[]
}

/** 王 伟 and 王伟 are one name. */
const plain = (name: string) => name.normalize('NFKC').replace(/[\s·•]/g, '')
const heading = /^(姓名|名字|党员姓名|name)$/i
const telling = /\p{L}/u

/** A line may have a number before the name and more behind it, as a row of a sheet has. */
function readLine(
  line: string,
  names: ReadonlySet<string>,
): { name: string; amount: string | undefined } | undefined {
  const cells = line.split(/\t|[,，;；、]/).map((cell) => cell.trim())
  const words = cells.filter((cell) => telling.test(cell))
  const name = words.find((cell) => names.has(plain(cell))) ?? words[0]
  if (name === undefined || heading.test(name)) return undefined
  const behind = cells.slice(cells.indexOf(name) + 1)
  return { name, amount: behind.find((cell) => readYuan(cell) !== undefined) }
}

export function readPasted<P extends Named>(text: string, people: readonly P[]): Pasted<P> {
  const byName = new Map<string, P[]>()
  for (const one of people) byName.set(plain(one.name), [...(byName.get(plain(one.name)) ?? []), one])
  const names = new Set(byName.keys())
  const lines = text.split(/\r?\n/).flatMap((line) => splitNames(line, names))
  const entries = lines.flatMap((line) => readLine(line, names) ?? [])
  const result = {
    found: [] as Found[],
    ambiguous: [] as Pasted<P>['ambiguous'][number][],
    unknown: [] as string[],
  }
  for (const { name, amount } of entries) {
    const these = byName.get(plain(name)) ?? []
    const [only] = these
    if (only === undefined) result.unknown.push(name)
    else if (these.length === 1) result.found.push({ id: only.id, amount })
    else if (!result.ambiguous.some((one) => plain(one.name) === plain(name)))
      result.ambiguous.push({ name, amount, people: these })
  }
  return result
}

/** Names one behind the other, as in a message: 张三、李四、王五. A row with an amount stays a row. */
function splitNames(line: string, names: ReadonlySet<string>): string[] {
  const parts = line.split(/[,，;；、]|\s{2,}/).map((part) => part.trim())
  const people = parts.filter((part) => names.has(plain(part)))
  return !line.includes('\t') && people.length > 1 ? parts.filter((part) => part !== '') : [line]
}
