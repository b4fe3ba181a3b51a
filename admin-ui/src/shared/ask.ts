/**
 * Asking the node: by the name of a route, typed and parsed by protocol/'s contract. Whatever does not come back as the
 * contract says is a fault that is shown, never a value that is used.
 */
import { useMutation, useQuery, useQueryClient, type UseQueryResult } from '@tanstack/react-query'
import {
  apiErrorSchema,
  routes,
  type AnswerOf,
  type ParamsOf,
  type QueryOf,
  type RequestOf,
  type RouteContract,
  type RouteName,
  type Routes,
} from '../../../protocol/index.ts'
import { type Language } from './language.tsx'

type Given<K extends string, T> = [keyof T] extends [never] ? { [key in K]?: never } : { [key in K]: T }
type Loose<T> = T extends Uint8Array ? T : T extends undefined ? undefined : Partial<T> & Required0<T>
/** Members with a default may be left out of what is asked. */
type Required0<T> = { [K in keyof T as K extends 'limit' ? never : K]: T[K] }
export type Input<N extends RouteName> = Given<'params', ParamsOf<Routes[N]>> & {
  query?: Partial<QueryOf<Routes[N]>>
  body?: Loose<RequestOf<Routes[N]>>
  /** Of a workbook: its name, and the sheet when not the first that fits. */
  file?: { name: string; sheet?: string }
  signal?: AbortSignal
}
export type Answer<N extends RouteName> = AnswerOf<Routes[N]>

/** The node said no: what and how to mend it, in both languages. */
export class Refused extends Error {
  readonly code: string
  readonly status: number
  private readonly said: Record<Language, string>

  constructor(status: number, code: string, said: Record<Language, string>) {
    super(code)
    this.status = status
    this.code = code
    this.said = said
  }

  sentence(language: Language): string {
    return this.said[language]
  }
}

const away = {
  zh: '节点没有应答。请检查网络，或请信息人员查看节点是否在运行；已填写的内容不会丢失。',
  en: 'The node does not answer. Check the network or ask your IT whether it runs; what you typed is kept.',
}
export function unreachable(): Refused {
  return new Refused(0, 'unreachable', away)
}
const strange = {
  zh: '节点的应答与本页面的版本不符。请刷新页面；若仍如此，请告知信息人员。',
  en: 'The node’s answer does not fit this page’s version. Reload the page; tell your IT if it stays so.',
}

export async function ask<N extends RouteName>(name: N, input: Input<N>): Promise<Answer<N>> {
  const contract: RouteContract = routes[name]
  const response = await send(contract, input as Input<RouteName>)
  if (!response.ok) throw await refusal(response)
  if (contract.answer === 'xlsx') return new Uint8Array(await response.arrayBuffer()) as Answer<N>
  if (typeof contract.answer === 'string') return (await response.text()) as Answer<N>
  const parsed = contract.answer.safeParse(await response.json().catch(() => undefined))
  if (!parsed.success) throw new Refused(0, 'strange_answer', strange)
  return parsed.data as Answer<N>
}

async function send(contract: RouteContract, { params, query, body, file, signal }: Input<RouteName>) {
  const path = contract.path.replace(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(String((params as unknown as Record<string, unknown>)[name])),
  )
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query ?? {}))
    if (value !== undefined) search.set(key, String(value))
  const address = search.size === 0 ? path : `${path}?${search}`
  try {
    return await fetch(address, {
      method: contract.method,
      headers: headersOf(contract, file),
      ...(contract.method === 'POST' ? { body: bodyOf(contract, body) } : {}),
      ...(signal ? { signal } : {}),
      cache: 'no-store',
      redirect: 'error',
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw unreachable()
  }
}

function headersOf({ csrf }: RouteContract, file: { name: string; sheet?: string } | undefined): HeadersInit {
  if (csrf === 'read') return {}
  if (csrf !== 'file') return { 'content-type': 'application/json' }
  return {
    'content-type': 'application/octet-stream',
    'x-file-name': encodeURIComponent(file?.name ?? ''),
    ...(file?.sheet === undefined ? {} : { 'x-sheet': encodeURIComponent(file.sheet) }),
  }
}

function bodyOf({ csrf }: RouteContract, body: unknown): BodyInit {
  return csrf === 'file' ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body ?? {})
}

async function refusal(response: Response): Promise<Refused> {
  const parsed = apiErrorSchema.safeParse(await response.json().catch(() => undefined))
  if (!parsed.success) return new Refused(response.status, 'strange_answer', strange)
  const { code, zh, en } = parsed.data.error
  return new Refused(response.status, code, { zh, en })
}

/** Reads a route and keeps what it said in memory, until something of its kind changes (shared/pulse.ts). */
export function useAsk<N extends RouteName>(
  name: N,
  input: Input<N>,
  options: { enabled?: boolean; staleTime?: number } = {},
): UseQueryResult<Answer<N>, Error> {
  return useQuery({
    queryKey: [name, input],
    queryFn: ({ signal }) => ask(name, { ...input, signal }),
    ...options,
  })
}

/** Does something; afterwards everything on screen is read anew, because a record may change many pages. */
export function useAct<N extends RouteName>(name: N) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (input: Input<N>) => ask(name, input),
    onSuccess: () => client.invalidateQueries(),
  })
}
