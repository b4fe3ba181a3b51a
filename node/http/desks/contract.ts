/**
 * The contract to read: the OpenAPI document, and a page of it made here. The known viewers bring scripts and styles
 * into the page that our policy forbids, or an install script of their own; a contract is read well enough as text.
 */
import { createHash } from 'node:crypto'
import { openApiDocument, type OpenApiOperation } from '../../../protocol/index.ts'
import { type Desk } from '../route.ts'

const style = `body{font:14px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em}
summary{cursor:pointer;padding:.3em 0}code{font-weight:600}pre{background:#f5f5f5;padding:1em;overflow:auto}
section{border-top:1px solid #ddd}.who{color:#555}`

/** No script at all, and this one style by its hash. */
export const contractPagePolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`

let page: string | undefined

export function contractDesk(): Desk<'contract.document' | 'contract.page'> {
  return {
    'contract.document': () => Promise.resolve({ ...openApiDocument() }),
    'contract.page': () => Promise.resolve((page ??= contractPage())),
  }
}

function contractPage(): string {
  const operations = Object.entries(openApiDocument().paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  const tags = [...new Set(operations.flatMap(({ operation }) => operation.tags))]
  const sections = tags.map((tag) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(tag))
    return `<section><h2>${tag}</h2>${own.map(entry).join('')}</section>`
  })
  return `<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>汇流 Huiliu API</title><style>${style}</style></head><body><h1>汇流 Huiliu: 本地接口 local API</h1><p>OpenAPI 3.1: <a href="/api/openapi.json">openapi.json</a></p>${sections.join('')}</body></html>`
}

function entry(one: { path: string; method: string; operation: OpenApiOperation }): string {
  const { summary, description, parameters, requestBody, responses } = one.operation
  const detail = { parameters, requestBody, answer: responses['200'] }
  return `<details><summary><code>${one.method} ${escaped(one.path)}</code> ${escaped(summary)}</summary><p class="who">${escaped(description)}</p><pre>${escaped(JSON.stringify(detail, null, 2))}</pre></details>`
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
}
