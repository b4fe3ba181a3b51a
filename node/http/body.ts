/**
 * Reading a request body with a hard bound, straight from the socket: the bound holds whatever Content-Length says,
 * and nothing is decompressed (attacks.md J26, J27).
 */
import { type HttpBindings } from '@hono/node-server'
import { type Context } from 'hono'

export type NodeContext = Context<{ Bindings: HttpBindings }>
export type BodyRead =
  { ok: true; bytes: Uint8Array } | { ok: false; why: 'too_large' | 'unsupported_encoding' }

export async function readBody(context: NodeContext, maxBytes: number): Promise<BodyRead> {
  const { incoming } = context.env
  if (incoming.headers['content-encoding'] !== undefined) return { ok: false, why: 'unsupported_encoding' }
  if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) return { ok: false, why: 'too_large' }
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of incoming as AsyncIterable<Uint8Array>) {
    size += part.byteLength
    if (size > maxBytes) return { ok: false, why: 'too_large' }
    parts.push(part)
  }
  return { ok: true, bytes: Buffer.concat(parts) }
}
