/**
 * Serving the screens: one page for every address that is no route of the API, and its files under /screens/, each
 * named after its bytes and so kept by browsers for ever. The page itself is never kept; each time it is given, it has
 * a new word (nonce) that its style sheets must carry, so that nothing else can style or run in it (attacks.md W14).
 */
import { Hono } from 'hono'
import { type HttpBindings } from '@hono/node-server'
import { type Random } from '../platform.ts'
import { type App } from './parameters.ts'
import { type Site } from './site.ts'

/** By name, as scripts/screens.mjs has built them: the files, and beside them what was compressed (`.br`, `.gz`). */
export type ScreenFiles = ReadonlyMap<string, Uint8Array<ArrayBuffer>>

const types: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
}
const notBuilt = `<!doctype html><meta charset="utf-8"><title>汇流</title><p>本节点没有带页面启动，请用 npm run huiliu 启动。
This node was started without its screens: start it with npm run huiliu.</p>`

export function screensApp(files: ScreenFiles, site: Site, random: Random): App {
  const app: App = new Hono<{ Bindings: HttpBindings }>()
  const page = text(files.get('index.html')) ?? notBuilt
  app.get('/screens/:file', (context) => {
    const name = context.req.param('file')
    const type = types[name.slice(name.lastIndexOf('.') + 1)]
    const bytes = files.get(name)
    if (!site.isOurs(context.req.header('host')) || !type || !bytes) return context.notFound()
    const accepted = context.req.header('accept-encoding') ?? ''
    const [encoding, packed] = (['br', 'gzip'] as const)
      .map((each) => [each, files.get(`${name}.${each === 'br' ? 'br' : 'gz'}`)] as const)
      .find(([each, found]) => found !== undefined && accepted.includes(each)) ?? [undefined, undefined]
    if (encoding !== undefined) context.header('content-encoding', encoding)
    context.header('vary', 'accept-encoding')
    context.header('content-type', type)
    context.header('cache-control', 'public, max-age=31536000, immutable')
    return context.body(packed ?? bytes)
  })
  app.get('*', (context, next) => {
    const { path } = context.req
    if (path === '/api' || path.startsWith('/api/') || path.startsWith('/screens/')) return next()
    if (!site.isOurs(context.req.header('host'))) return context.notFound()
    const nonce = Buffer.from(random.bytes(16)).toString('base64')
    context.header('content-security-policy', policy(nonce))
    return context.html(page.replaceAll('%nonce%', nonce))
  })
  return app
}

/** Nothing but our own files; styles made while it runs carry the nonce. */
function policy(nonce: string): string {
  return [
    `default-src 'none'`,
    `script-src 'self'`,
    `style-src 'self' 'nonce-${nonce}'`,
    `img-src 'self' data:`,
    `connect-src 'self'`,
    `font-src 'self'`,
    `frame-ancestors 'none'`,
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ')
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
}
