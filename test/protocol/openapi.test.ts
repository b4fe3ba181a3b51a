/** The OpenAPI document: every route, with the schemas the node parses with. */
import { describe, expect, it } from 'vitest'
import { openApiDocument, routes, type RouteContract } from '../../protocol/index.ts'

const document = openApiDocument()
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)

describe('the document', () => {
  it('has an operation for each row, with its name, place and access', () => {
    expect(document.openapi).toBe('3.1.0')
    expect(operations.map(({ operation }) => operation.operationId).sort()).toEqual(
      Object.keys(routes).sort(),
    )
    for (const { path, method, operation } of operations) {
      const row: RouteContract = routes[operation.operationId as keyof typeof routes]
      expect(`${method.toUpperCase()} ${path}`).toBe(`${row.method} ${row.path.replace(/:(\w+)/g, '{$1}')}`)
      expect([operation['x-access'], operation['x-scope']]).toEqual([row.access, row.scope])
    }
  })

  it('says of every form which members it has and that there are no others', () => {
    for (const { operation } of operations) {
      const body = operation.requestBody as
        { content: Record<string, { schema: Record<string, unknown> }> } | undefined
      const schema = body?.content['application/json']?.schema
      if (!schema || operation.operationId === 'case.erase') continue
      const forms = (schema['anyOf'] as Record<string, unknown>[] | undefined) ?? [schema]
      for (const form of forms)
        expect([operation.operationId, form['additionalProperties']]).toEqual([operation.operationId, false])
    }
  })

  it('names each member of a path', () => {
    for (const { path, operation } of operations) {
      const named = (operation.parameters as { in: string; name: string }[]).filter(
        (one) => one.in === 'path',
      )
      expect(named.map(({ name }) => `{${name}}`)).toEqual(
        [...path.matchAll(/\{\w+\}/g)].map(([name]) => name),
      )
    }
  })

  it('is plain JSON, and refers to nothing that is not in it', () => {
    const text = JSON.stringify(document)
    expect(JSON.parse(text)).toEqual(document)
    const refs = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref)
    expect(new Set(refs)).toEqual(new Set(['#/components/schemas/Error']))
  })
})
