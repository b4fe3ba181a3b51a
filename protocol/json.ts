/**
 * JSON as it may appear on the wire: the minimal form, read strictly.
 *
 * Minimal form: no blanks outside strings, strings escape only `"`, `\` and control characters (short escape where
 * one exists, else \u00xx in lower case), numbers are integers between -(2^53-1) and 2^53-1 without exponent, sign of
 * zero or fraction, member names are not decimal integers, and no object repeats a member. That is what
 * JSON.stringify writes, so one comparison refuses duplicate members, escaped duplicates, blanks, BOM, 1e400, -0 and
 * 1.0 at once (attacks.md J9–J13). Beyond it: text in NFC with bounded runs of combining marks, no NUL, no lone
 * surrogates, bounded depth and width, and none of the member names that mean something to an ECMAScript object.
 */
import { limits } from './limits.ts'
import { refuse, type Result } from './errors.ts'
import { fromUtf8 } from './bytes.ts'

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

const dangerousNames = new Set(['__proto__', 'constructor', 'prototype'])
/** ECMAScript moves such members to the front, so their order on the wire could not be kept. */
const decimalName = /^(0|[1-9]\d*)$/

export function parseStrict(text: string): Result<{ value: Json }> {
  let value: Json
  try {
    value = JSON.parse(text) as Json
    if (JSON.stringify(value) !== text) return refuse('bad_json', 'not in minimal form')
  } catch {
    return refuse('bad_json', 'not JSON')
  }
  const fault = faultIn(value, 1)
  return fault === undefined ? { ok: true, value } : refuse('bad_json', fault)
}

export function parseStrictBytes(bytes: Uint8Array): Result<{ value: Json; text: string }> {
  const text = fromUtf8(bytes)
  if (text === undefined) return refuse('bad_json', 'not UTF-8')
  const parsed = parseStrict(text)
  return parsed.ok ? { ok: true, value: parsed.value, text } : parsed
}

/** What keeps a value from standing in a signed text; undefined for nothing. Members that are undefined are not written. */
export function strictFault(value: unknown): string | undefined {
  return faultIn(value as Json, 1)
}

function faultIn(value: Json, depth: number): string | undefined {
  if (depth > limits.jsonDepth) return 'nested too deep'
  switch (typeof value) {
    case 'string':
      return faultInString(value)
    case 'number':
      return Number.isSafeInteger(value) ? undefined : 'a number that is not a safe integer'
    case 'object':
      return value === null ? undefined : faultInObject(value, depth)
    default:
      return undefined
  }
}

function faultInObject(value: Json[] | { [name: string]: Json }, depth: number): string | undefined {
  if (Array.isArray(value)) {
    for (const item of value) {
      const fault = faultIn(item, depth + 1)
      if (fault !== undefined) return fault
    }
    return undefined
  }
  const names = Object.keys(value)
  if (names.length > limits.jsonMembers) return 'too many members'
  for (const name of names) {
    if (dangerousNames.has(name) || decimalName.test(name)) return 'a member name that is not allowed'
    const fault = faultInString(name) ?? faultIn(value[name] ?? null, depth + 1)
    if (fault !== undefined) return fault
  }
  return undefined
}

// Most strings of a record are ASCII, and ASCII is NFC and well formed: the one test spares them the costly two.
const plainAscii = /^[\x01-\x7f]*$/

export function isPlainAscii(text: string): boolean {
  return plainAscii.test(text)
}

function faultInString(text: string): string | undefined {
  if (isPlainAscii(text)) return undefined
  if (text.includes('\u0000')) return 'a NUL character'
  if (!wellFormed(text)) return 'a lone surrogate'
  return isNormal(text) ? undefined : 'text that is not in NFC, or with too many combining marks in a row'
}

/** In NFC, and cheap to find so. */
export function isNormal(text: string): boolean {
  return !hasLongMarkRun(text) && text.normalize('NFC') === text
}

/**
 * More combining marks in a row than a text may have. To put a run in its order costs the square of its length, so this
 * is asked before anything is normalised. Looked at are only the places of which a longer run must cover one.
 */
export function hasLongMarkRun(text: string): boolean {
  const most: number = limits.combiningMarks
  for (let at = most; at < text.length; at += most + 1) {
    if (!isOfMark(text, at)) continue
    let [from, to] = [at, at + 1]
    while (isOfMark(text, from - 1)) from--
    while (isOfMark(text, to)) to++
    if ([...text.slice(from, to)].length > most) return true
    at = to
  }
  return false
}

const mark = /^\p{M}$/u

/** Is this code unit a mark, or one half of one? */
function isOfMark(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  // Beyond either end it is no number, which is no mark either. Ideographs are most of what is written here.
  if (!(unit >= 0x300) || (unit >= 0x3400 && unit < 0xa000)) return false
  const isLowHalf = unit >= 0xdc00 && unit < 0xe000
  return mark.test(String.fromCodePoint(text.codePointAt(isLowHalf ? at - 1 : at) ?? 0))
}

function wellFormed(text: string): boolean {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text)
}

/**
 * One spelling for one value: members sorted by UTF-16 code units, minimal form (RFC 8785 for our integers-only JSON).
 * Used to compare and digest derived state; never to rebuild signed bytes.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`)
  return `{${members.join(',')}}`
}
