/**
 * A second opinion on minimal JSON, written from protocol/README.md 4 and 9 alone, character by character and without
 * JSON.parse: what it refuses the gate must refuse, and what it allows the gate must allow.
 */
import { limits } from '../../protocol/index.ts'

class Fault extends Error {}

/** Why the text is not minimal JSON; undefined when it is. */
export function faultOf(text: string): string | undefined {
  try {
    const end = value(text, 0, 1)
    return end === text.length ? undefined : 'something after the value'
  } catch (error) {
    if (error instanceof Fault) return error.message
    throw error
  }
}

function value(text: string, at: number, depth: number): number {
  if (depth > limits.jsonDepth) throw new Fault('too deep')
  const first = text[at]
  if (first === '"') return string(text, at).end
  if (first === '{') return object(text, at, depth)
  if (first === '[') return list(text, at, depth)
  for (const word of ['true', 'false', 'null']) if (text.startsWith(word, at)) return at + word.length
  return number(text, at)
}

function number(text: string, at: number): number {
  const digits = /^(?:0|-?[1-9][0-9]*)/.exec(text.slice(at, at + 24))?.[0]
  if (digits === undefined) throw new Fault('no value')
  const size = BigInt(digits)
  if (size > 9007199254740991n || size < -9007199254740991n) throw new Fault('a number out of range')
  return at + digits.length
}

function list(text: string, at: number, depth: number): number {
  if (text[at + 1] === ']') return at + 2
  for (let next = at; ;) {
    next = value(text, next + 1, depth + 1)
    if (text[next] === ']') return next + 1
    if (text[next] !== ',') throw new Fault('no comma in a list')
  }
}

function object(text: string, at: number, depth: number): number {
  if (text[at + 1] === '}') return at + 2
  const names = new Set<string>()
  for (let next = at; ;) {
    const name = string(text, next + 1)
    if (names.has(name.text)) throw new Fault('a member twice')
    if (['__proto__', 'constructor', 'prototype'].includes(name.text)) throw new Fault('a dangerous name')
    if (/^(?:0|[1-9][0-9]*)$/.test(name.text)) throw new Fault('a decimal name')
    names.add(name.text)
    if (names.size > limits.jsonMembers) throw new Fault('too many members')
    if (text[name.end] !== ':') throw new Fault('no colon')
    next = value(text, name.end + 1, depth + 1)
    if (text[next] === '}') return next + 1
    if (text[next] !== ',') throw new Fault('no comma in an object')
  }
}

const shortEscapes: Record<string, string> = {
  '"': '"',
  '\\': '\\',
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
}

function string(text: string, at: number): { text: string; end: number } {
  if (text[at] !== '"') throw new Fault('no string')
  let said = ''
  let next = at + 1
  for (; text[next] !== '"'; next++) {
    const char = text[next]
    if (char === undefined) throw new Fault('a string without an end')
    if (char < ' ') throw new Fault('a control character in the clear')
    if (char !== '\\') said += char
    else {
      const escaped = escape(text, next + 1)
      said += escaped.text
      next += escaped.length
    }
  }
  for (const char of said) {
    const code = char.codePointAt(0) ?? 0
    if (code === 0) throw new Fault('NUL')
    if (code >= 0xd800 && code <= 0xdfff) throw new Fault('a lone surrogate')
  }
  if (said.normalize('NFC') !== said) throw new Fault('not NFC')
  return { text: said, end: next + 1 }
}

function escape(text: string, at: number): { text: string; length: number } {
  const short = shortEscapes[text[at] ?? '']
  if (short !== undefined) return { text: short, length: 1 }
  const code = /^u(00[01][0-9a-f])/.exec(text.slice(at, at + 5))?.[1]
  if (code === undefined) throw new Fault('an escape without need')
  const char = String.fromCharCode(Number.parseInt(code, 16))
  if ('\b\t\n\f\r'.includes(char)) throw new Fault('a long escape where a short one exists')
  return { text: char, length: 5 }
}

export type Verdict = 'unreadable' | 'unknown' | 'known'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** What the frame alone says of a record: unreadable (refused for ever), unknown (parked), or known by type. */
export function frameVerdict(text: string, types: ReadonlySet<string>): Verdict {
  if (faultOf(text) !== undefined) return 'unreadable'
  const frame = JSON.parse(text) as Record<string, unknown> | unknown[] | null
  if (frame === null || typeof frame !== 'object' || Array.isArray(frame)) return 'unreadable'
  if (Object.keys(frame).sort().join() !== 'at,body,by,case,id,type,v') return 'unreadable'
  const { id, type, v, at, by, body } = frame
  const matches = (member: unknown, form: RegExp) => typeof member === 'string' && form.test(member)
  const holds =
    matches(id, uuid) &&
    matches(type, /^[a-z]{2,20}\.[a-z]{2,20}$/) &&
    Number.isInteger(v) &&
    Number(v) >= 1 &&
    Number(v) <= 1000 &&
    (frame['case'] === null || matches(frame['case'], uuid)) &&
    isInstant(at) &&
    matches(by, /^[A-Za-z0-9_:/@.-]{1,64}$/) &&
    typeof body === 'object' &&
    body !== null &&
    !Array.isArray(body)
  if (!holds) return 'unreadable'
  return v === 1 && types.has(String(type)) ? 'known' : 'unknown'
}

function isInstant(at: unknown): boolean {
  if (typeof at !== 'string' || !/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(at)) return false
  const ms = Date.parse(at)
  return !Number.isNaN(ms) && new Date(ms).toISOString() === at.replace('Z', '.000Z')
}
