/**
 * The OpenAPI 3.1 document of the local API, made from the route table: its schemas are the ones the node parses with,
 * so it cannot say otherwise. JSON Schema of the draft that OpenAPI 3.1 uses comes from zod itself.
 */
import * as z from 'zod'
import { apiErrorSchema } from './admin.ts'
import { type Access, type RouteContract } from './contract.ts'
import { routes } from './routes.ts'

export interface OpenApiOperation {
  readonly operationId: string
  readonly summary: string
  readonly description: string
  readonly tags: readonly string[]
  readonly security: readonly object[]
  readonly parameters: readonly object[]
  readonly requestBody?: object
  readonly responses: Readonly<Record<string, object>>
  /** Who may call it, on whose people, and whether it is written into the audit. */
  readonly 'x-access': Access
  readonly 'x-scope': string
  readonly 'x-audit': string
}
export interface OpenApiDocument {
  readonly openapi: '3.1.0'
  readonly info: object
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>
  readonly components: object
}

export function openApiDocument(): OpenApiDocument {
  const paths: Record<string, Record<string, OpenApiOperation>> = {}
  for (const [name, row] of Object.entries(routes) as [string, RouteContract][]) {
    const path = row.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [row.method.toLowerCase()]: operation(name, row) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: '汇流 Huiliu: 本地接口 local API',
      version: '1',
      description:
        'Screens sign in and send their session cookie; programs of this machine send the local token. Errors are in both languages.',
    },
    paths,
    components: {
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'huiliu_session' },
        token: { type: 'http', scheme: 'bearer' },
      },
      schemas: { Error: schemaOf(apiErrorSchema, 'output') },
    },
  }
}

function operation(name: string, row: RouteContract): OpenApiOperation {
  const { zh, en, access, scope, audit } = row
  const signedIn = access === 'anyone' ? [] : [{ session: [] }]
  const byToken = Array.isArray(access) && access.includes('operator') ? [{ token: [] }] : []
  const who = typeof access === 'string' ? access : access.join(', ')
  return {
    operationId: name,
    summary: `${zh} ${en}`,
    description: `access: ${who}; scope: ${scope}; audit: ${audit ?? 'none'}`,
    tags: [name.split('.')[0] ?? name],
    security: [...signedIn, ...byToken],
    parameters: [...fieldsOf(row.params, 'path'), ...fieldsOf(row.query, 'query'), ...fileHeaders(row)],
    ...requestOf(row),
    responses: responsesOf(row),
    ...{ 'x-access': access, 'x-scope': scope, 'x-audit': audit ?? 'none' },
  }
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _draft, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}

function fieldsOf(schema: RouteContract['params'], where: 'path' | 'query'): object[] {
  if (!schema) return []
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, object>
    required?: string[]
  }
  return Object.entries(properties).map(([name, field]) => ({
    ...{ name, in: where, schema: field },
    required: where === 'path' || required.includes(name),
  }))
}

/** Texts that come with a file and must not stand in an address; percent-encoded. */
function fileHeaders({ csrf }: RouteContract): object[] {
  if (csrf !== 'file') return []
  return ['x-file-name', 'x-sheet'].map((name) => ({ name, in: 'header', schema: { type: 'string' } }))
}

function requestOf({ csrf, body }: RouteContract): { requestBody?: object } {
  if (csrf === 'file')
    return {
      requestBody: {
        required: true,
        content: { 'application/octet-stream': { schema: { type: 'string' } } },
      },
    }
  if (!body) return {}
  const schema = schemaOf(body, 'input')
  return { requestBody: { required: true, content: { 'application/json': { schema } } } }
}

const answerTypes = {
  text: 'text/plain',
  html: 'text/html',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
} as const

function responsesOf({ answer, access }: RouteContract): Record<string, object> {
  const content =
    typeof answer === 'string'
      ? { [answerTypes[answer]]: { schema: { type: 'string' } } }
      : { 'application/json': { schema: schemaOf(answer, 'output') } }
  const error = (description: string) => ({
    description,
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  })
  return {
    200: { description: 'done', content },
    400: error('malformed'),
    ...(access === 'anyone' ? {} : { 401: error('not signed in') }),
    404: error('not there, or none of the caller’s'),
    429: error('too much: wait'),
    default: error('refused, with its code'),
  }
}
