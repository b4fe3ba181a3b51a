/** Reading the JSON of a local request: bounded, strict as a record is, and mended where a keyboard writes otherwise. */
import { type HttpBindings } from '@hono/node-server'
import { type Hono } from 'hono'
import { hasLongMarkRun, parseStrict, type Json } from '../../protocol/index.ts'
import { DomainError } from '../errors.ts'
import { readBody, type NodeContext } from './body.ts'

export type App = Hono<{ Bindings: HttpBindings }>

const jsonBytes = 256 * 1024

/** Throws `too_large` or `bad_request`. Nothing at all is undefined, which some bodies may be. */
export async function jsonBody<T>(
  context: NodeContext,
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } },
): Promise<T> {
  const read = await readBody(context, jsonBytes)
  if (!read.ok) throw new DomainError(read.why === 'too_large' ? 'too_large' : 'bad_request')
  const parsed = schema.safeParse(recordJson(read.bytes))
  if (!parsed.success) throw new DomainError('bad_request')
  return parsed.data
}
/** JSON as a record may hold it; undefined for any other. */
function recordJson(bytes: Uint8Array): Json | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'), (_name, member: unknown) =>
      typeof member === 'string' ? written(member) : member,
    )
    const parsed = parseStrict(JSON.stringify(value))
    return parsed.ok ? parsed.value : undefined
  } catch {
    return undefined
  }
}

/** What a keyboard writes in two parts (e and \u0301) is one letter in a record; control characters but tab and line feed are none. */
function written(text: string): string {
  if (hasLongMarkRun(text)) throw new TypeError('too many combining marks in a row')
  const clean = text.replaceAll('\r\n', '\n').normalize('NFC')
  if (/[\x00-\x08\x0b-\x1f]/.test(clean)) throw new TypeError('a control character')
  return clean
}
