/**
 * Going through the XML of one part of a workbook, tag by tag, before a parser may see it.
 *
 * A parser believes what it reads, and what it builds from it can be far larger than what it reads: an address in row
 * 999999999, a tag with a million attributes, a text of nothing but entities. In V8 some of these end the process and
 * not only the worker thread they happen in. Therefore everything here is bounded and everything is plain: no DOCTYPE,
 * so no entities of one's own; no `<` but at the start of a tag; tags, texts and depth within limits that no spreadsheet
 * program comes near.
 *
 * Each `<` is the start of exactly one match below, so a second reader can see no tag that was not seen here.
 */
import { WorkbookError } from './errors.ts'

/** A tag of an honest part is a few hundred characters; the longest declares namespaces. */
const MAX_TAG_CHARACTERS = 16_384
/** Excel ends a cell's text at 32 767 characters, each of which may be written as an entity. */
const MAX_TEXT_CHARACTERS = 262_144
/** A worksheet nests about six deep. */
const MAX_DEPTH = 64
/** Pieces of output that are put together at once. */
const PIECES = 4096

/** Comments, character data and instructions; a tag, in whose values `<` is not allowed (XML 1.0, 3.1); a stray `<`. */
const MARKUP =
  /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>|<[^<>"'!?]+(?:(?:"[^"<]*"|'[^'<]*')[^<>"']*)*>|</
const TAG = /^<(\/?)(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)(?=[\s/>])/

export interface OpeningTag {
  /** The name without its namespace prefix. */
  name: string
  selfClosing: boolean
  /** The attributes without their prefixes, entities undone. Parsed when asked for. */
  attributes: () => Map<string, string>
}

/** What is to be written instead of an opening tag; undefined leaves it as it is. */
export type Visitor = (tag: OpeningTag) => string | undefined

/**
 * Visits every opening tag of a part with at most so many tags, and gives the part back with what the visitor wrote
 * instead. Comments and instructions are left out, character data becomes plain text. Throws WorkbookError:
 * 'workbook_unreadable', 'workbook_too_large'.
 */
export function rewriteMarkup(bytes: Uint8Array, maxTags: number, visit: Visitor): Uint8Array {
  const xml = new TextDecoder().decode(bytes)
  const pattern = new RegExp(MARKUP, 'g')
  const output = new Output()
  let tags = 0
  let depth = 0
  let copied = 0
  let textStart = 0
  for (let match = pattern.exec(xml); match !== null; match = pattern.exec(xml)) {
    const [markup] = match
    const textLength = match.index - textStart + (markup.startsWith('<![') ? markup.length : 0)
    if (textLength > MAX_TEXT_CHARACTERS) throw new WorkbookError('workbook_unreadable')
    textStart = match.index + markup.length
    const written = /^<[!?]/.test(markup) ? plainText(markup) : rewriteTag(markup, visit)
    if (markup.startsWith('</')) depth--
    else if (!/^<[!?]|\/>$/.test(markup)) depth++
    if (depth > MAX_DEPTH || depth < 0) throw new WorkbookError('workbook_unreadable')
    if (++tags > maxTags) throw new WorkbookError('workbook_too_large', { limit: maxTags })
    if (written === undefined) continue
    output.add(xml.slice(copied, match.index))
    output.add(written)
    copied = textStart
  }
  if (depth !== 0 || xml.length - textStart > MAX_TEXT_CHARACTERS)
    throw new WorkbookError('workbook_unreadable')
  output.add(xml.slice(copied))
  return output.bytes()
}

/** What a comment, an instruction or character data says as text; only the last says anything. */
function plainText(markup: string): string {
  const data = /^<!\[CDATA\[([\s\S]*)\]\]>$/.exec(markup)?.[1] ?? ''
  return data.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function rewriteTag(markup: string, visit: Visitor): string | undefined {
  const [start = '', closing, name] = TAG.exec(markup) ?? []
  if (name === undefined || markup.length > MAX_TAG_CHARACTERS) throw new WorkbookError('workbook_unreadable')
  if (closing !== '') return undefined
  const selfClosing = markup.endsWith('/>')
  return visit({ name, selfClosing, attributes: () => attributesOf(markup.slice(start.length)) })
}

function attributesOf(text: string): Map<string, string> {
  const attributes = new Map<string, string>()
  for (const [, key = '', double, single] of text.matchAll(
    /(?:[\w.-]+:)?([\w.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g,
  ))
    attributes.set(key, unescapeXml(double ?? single ?? ''))
  return attributes
}

const NAMED_ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function unescapeXml(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(\w{1,10}));/g,
    (whole: string, ...groups: string[]) => {
      const [decimal, hex, name] = groups
      if (name !== undefined) return NAMED_ENTITIES[name] ?? whole
      const point = hex === undefined ? Number(decimal) : parseInt(hex, 16)
      return point <= 0x10ffff ? String.fromCodePoint(point) : ''
    },
  )
}

/** Collects text as bytes in chunks: millions of small pieces in one string would cost many times their length. */
class Output {
  #pieces: string[] = []
  readonly #chunks: Uint8Array[] = []

  add(piece: string): void {
    this.#pieces.push(piece)
    if (this.#pieces.length >= PIECES) this.#flush()
  }

  bytes(): Uint8Array {
    this.#flush()
    const all = new Uint8Array(this.#chunks.reduce((sum, { length }) => sum + length, 0))
    let at = 0
    for (const chunk of this.#chunks) {
      all.set(chunk, at)
      at += chunk.length
    }
    return all
  }

  #flush(): void {
    this.#chunks.push(new TextEncoder().encode(this.#pieces.join('')))
    this.#pieces = []
  }
}
