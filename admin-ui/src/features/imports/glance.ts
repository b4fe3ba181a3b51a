/**
 * A first glance at a file before the node reads it: which sheets there are, and which kind of table it seems to be. The
 * node judges anew; a wrong guess here costs one click.
 */
import { type ImportKind } from '../../../../protocol/index.ts'

export interface Glance {
  readonly sheets: readonly string[]
  readonly kind: ImportKind | undefined
}

/** The file that is to be imported. */
export interface Chosen extends Glance {
  readonly name: string
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Tells two files of one name apart. */
  readonly number: number
}

/** Of a part of a workbook: headings stand at its beginning. */
const lookedAt = 200_000
const headings: Readonly<Record<ImportKind, RegExp>> = {
  roster: /^(性别|民族|出生|学历|文化程度|入党|加入.*党组织)/,
  outflow: /^(流入地|流动去向|去向|流向|外出|流出(时间|日期|原因|去向)|从事职业|流动.*证|活动证|联系人)/,
  arrivals: /^(流出地|来源地|流入(时间|日期)|报到|编入|从业单位|工作单位|务工单位|接收|纳入)/,
  activities: /^(日期|活动|类型|项目|金额|党费|交纳|缴纳|内容|主题)/,
}
const fileNames: Readonly<Record<ImportKind, RegExp>> = {
  roster: /名册|roster|members/i,
  outflow: /流出|外出|outflow/i,
  arrivals: /流入|报到|arrival/i,
  activities: /活动|党费|台账|activit|dues/i,
}
/** What the name of a file says counts for as much as three headings. */
const nameWeight = 3

export async function glanceAt(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<Glance> {
  const workbook = bytes[0] === 0x50 && bytes[1] === 0x4b
  const { sheets, cells } = workbook ? await lookIntoWorkbook(bytes) : { sheets: [], cells: csvCells(bytes) }
  return { sheets, kind: guess(name, cells) }
}

function guess(name: string, cells: readonly string[]): ImportKind | undefined {
  const plain = new Set(cells.map((cell) => cell.normalize('NFKC').replace(/[\s*:]/g, '')))
  const scores = (Object.keys(headings) as ImportKind[]).map((kind) => ({
    kind,
    score:
      [...plain].filter((cell) => cell.length <= 16 && headings[kind].test(cell)).length +
      (fileNames[kind].test(name) ? nameWeight : 0),
  }))
  const [best, second] = scores.sort((a, b) => b.score - a.score)
  return best && best.score > (second?.score ?? 0) ? best.kind : undefined
}

function csvCells(bytes: Uint8Array<ArrayBuffer>): string[] {
  const start = bytes.subarray(0, 4000)
  const text = decoded(start, 'utf-8') ?? decoded(start, 'gb18030') ?? ''
  return text
    .split(/\r?\n/)
    .slice(0, 6)
    .flatMap((line) => line.split(/[,;\t]/).map((cell) => cell.replace(/^\uFEFF?"?|"$/g, '')))
}

/** A cut may go through a character, so only more than one wrong one tells. */
function decoded(bytes: Uint8Array<ArrayBuffer>, encoding: string): string | undefined {
  const text = new TextDecoder(encoding).decode(bytes)
  return text.split('\uFFFD').length > 2 ? undefined : text
}

async function lookIntoWorkbook(bytes: Uint8Array<ArrayBuffer>) {
  const parts = partsOf(bytes)
  const read = async (path: string) => inflated(bytes, parts.get(path))
  const [book, shared, first] = await Promise.all(
    ['xl/workbook.xml', 'xl/sharedStrings.xml', 'xl/worksheets/sheet1.xml'].map(read),
  )
  const sheets = [...(book ?? '').matchAll(/<sheet\s([^>]*)>/g)]
    .map(([, attributes = '']) => attributes)
    .filter((attributes) => !/state="(veryH|h)idden"/.test(attributes))
    .map((attributes) => unescaped(/\sname="([^"]*)"/.exec(` ${attributes}`)?.[1] ?? ''))
  return { sheets, cells: [...textsOf(shared ?? ''), ...textsOf(first ?? '')] }
}

function textsOf(xml: string): string[] {
  return [...xml.matchAll(/<(?:si|is)>(.*?)<\/(?:si|is)>/gs)]
    .slice(0, 400)
    .map(([, inside = '']) =>
      unescaped([...inside.matchAll(/<t[^>]*>([^<]*)<\/t>/g)].map(([, text = '']) => text).join('')),
    )
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const unescaped = (text: string) =>
  text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => entities[name] ?? '')

interface Part {
  readonly at: number
  readonly length: number
  readonly packed: boolean
}

/** The directory at the end of a zip file; nothing where it is none. */
function partsOf(bytes: Uint8Array<ArrayBuffer>): Map<string, Part> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const parts = new Map<string, Part>()
  let end = bytes.length - 22
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end--
  if (end < 0) return parts
  let at = view.getUint32(end + 16, true)
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== 0x02014b50) break
    const [nameLength, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true))
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + (nameLength ?? 0)))
    parts.set(name, {
      at: view.getUint32(at + 42, true),
      length: view.getUint32(at + 20, true),
      packed: view.getUint16(at + 10, true) === 8,
    })
    at += 46 + (nameLength ?? 0) + (extra ?? 0) + (comment ?? 0)
  }
  return parts
}

/** The beginning of a part, unpacked: a hostile file may unpack into any length. */
async function inflated(bytes: Uint8Array<ArrayBuffer>, part: Part | undefined): Promise<string | undefined> {
  if (!part || part.at + 30 > bytes.length) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = part.at + 30 + view.getUint16(part.at + 26, true) + view.getUint16(part.at + 28, true)
  const raw = bytes.subarray(start, start + part.length)
  if (!part.packed) return new TextDecoder().decode(raw.subarray(0, lookedAt))
  const reader = new Blob([raw]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader()
  const decoder = new TextDecoder()
  let text = ''
  try {
    while (text.length < lookedAt) {
      const { done, value } = await reader.read()
      if (done) break
      text += decoder.decode(value, { stream: true })
    }
  } catch {
    // A broken file is for the node to name.
  }
  void reader.cancel().catch(() => undefined)
  return text
}
