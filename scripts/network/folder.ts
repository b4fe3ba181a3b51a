/**
 * A folder of workbooks as offices bring them: `<region>-党员花名册.xlsx` and so on. Says which regions take part and
 * what each has, and names every region's node by its GB/T 2260 code.
 */
import { readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { type ImportKind, type NodeId } from '../../protocol/index.ts'
import { placeOf, resolvePlace } from '../../node/places/index.ts'
import { interpret, readSheetsHere } from '../../node/workbooks/index.ts'

export interface OfficeFile {
  readonly kind: ImportKind
  readonly path: string
  readonly region: string
}
export interface Office {
  readonly node: NodeId
  readonly name: string
  readonly files: OfficeFile[]
}
export interface OfficeFolder {
  readonly home: Office
  /** Every host: those with workbooks of their own first, then those only named in the outflow register. */
  readonly hosts: Office[]
}

const kinds: readonly (readonly [RegExp, ImportKind])[] = [
  [/花名册/, 'roster'],
  [/流出/, 'outflow'],
  [/流入/, 'arrivals'],
  [/活动|党费|组织生活/, 'activities'],
]
/** In this order an office imports its workbooks. */
export const importOrder: readonly ImportKind[] = ['roster', 'outflow', 'arrivals', 'activities']

export async function readOfficeFolder(folder: string): Promise<OfficeFolder> {
  const files = (await readdir(folder)).sort().flatMap((file) => officeFile(folder, file))
  const names = [...new Set(files.map(({ region }) => region))]
  const offices = names.map((name) => ({
    node: codeOf(name),
    name,
    files: files.filter(({ region }) => region === name),
  }))
  const home = offices.find((office) => office.files.some(({ kind }) => kind === 'roster'))
  if (!home) throw new Error(`${folder}: no <region>-党员花名册.xlsx, so no home region`)
  const withFiles = offices.filter((office) => office !== home)
  const named = await destinations(home)
  const known = new Set([home, ...withFiles].map(({ node }) => node))
  const others = [...named].filter(([code]) => !known.has(code) && !within(code, known))
  return { home, hosts: [...withFiles, ...others.map(([node, name]) => ({ node, name, files: [] }))] }
}

function officeFile(folder: string, file: string): OfficeFile[] {
  const [, region, rest] = /^([^-－_]+)[-－_](.+)\.(?:xlsx|csv)$/u.exec(file) ?? []
  const kind = kinds.find(([pattern]) => pattern.test(rest ?? ''))?.[1]
  return region === undefined || kind === undefined ? [] : [{ kind, region, path: path.join(folder, file) }]
}

/** Regions named in the outflow register, with the name the register gives them without 市, 州 or 地区. */
async function destinations(home: Office): Promise<Map<NodeId, string>> {
  const found = new Map<NodeId, string>()
  for (const file of home.files.filter(({ kind }) => kind === 'outflow')) {
    const table = interpret(
      'outflow',
      await readSheetsHere(await readFile(file.path), path.basename(file.path)),
    )
    for (const { fields } of table.rows) {
      if (fields.destination === undefined) continue
      const { code, text } = fields.destination
      if (code !== undefined && !found.has(code)) found.set(code, writtenName(code, text))
    }
  }
  return found
}

/** As the register writes it, without a trailing 市, 州 or 地区; the short name where it writes a whole path. */
function writtenName(code: NodeId, text: string): string {
  const place = placeOf(code)
  const written = text.replace(/\s/g, '').replace(/(?<!自治)(?:市|州|地区)$/u, '')
  const plain = place?.name.startsWith(written) === true && !written.endsWith('自治州')
  return plain ? written : (place?.shortName ?? written)
}

function within(code: NodeId, regions: ReadonlySet<NodeId>): boolean {
  return (placeOf(code)?.parents ?? []).some((parent) => regions.has(parent.code))
}

function codeOf(name: string): NodeId {
  const place = resolvePlace(name)
  if (place.ok) return place.code
  // A file name is chosen by an office for itself: of several places it means the largest.
  const candidate =
    place.code === 'place_ambiguous' ? place.candidates.find(({ code }) => code.endsWith('00')) : undefined
  if (!candidate) throw new Error(`the region "${name}" of a file name is not in GB/T 2260`)
  return candidate.code
}
