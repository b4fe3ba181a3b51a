/** Reading what a local request brings: ids in its path, JSON in its body, each refused before anything looks for it. */
import { type HttpBindings } from '@hono/node-server'
import { type Hono } from 'hono'
import { type z } from 'zod'
import { nodeIdSchema, parseStrict, uuidSchema, type Json } from '../../protocol/index.ts'
import { DomainError } from '../errors.ts'
import { readBody, type NodeContext } from './body.ts'

export type App = Hono<{ Bindings: HttpBindings }>

const jsonBytes = 256 * 1024

export function peerNode(context: NodeContext): string {
  const parsed = nodeIdSchema.safeParse(context.req.param('node'))
  if (!parsed.success) throw new DomainError('peer_not_found')
  return parsed.data
}

export function idOf(context: NodeContext): string {
  const parsed = uuidSchema.safeParse(context.req.param('id'))
  if (!parsed.success) throw new DomainError('not_found')
  return parsed.data
}

export async function jsonBody<T>(context: NodeContext, schema: z.ZodType<T>): Promise<T> {
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
  const clean = text.replaceAll('\r\n', '\n').normalize('NFC')
  if (/[\x00-\x08\x0b-\x1f]/.test(clean)) throw new TypeError('a control character')
  return clean
}
