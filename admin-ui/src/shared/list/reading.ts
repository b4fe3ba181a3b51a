/** Reading a list route page by page, each going on where the one before ended. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { type RouteName, type Routes } from '../../../../protocol/index.ts'
import { ask, type Answer, type Input } from '../ask.ts'

/** Routes that answer a page of items and where the next begins. */
export type ListRoute = {
  [N in RouteName]: Answer<N> extends { items: readonly unknown[]; next: string | null } ? N : never
}[RouteName]
export type RowOf<N extends ListRoute> = Answer<N> extends { items: readonly (infer Row)[] } ? Row : never

/** What is asked besides where to begin: in the body, or in the query where the route has no body. */
export type Question = Readonly<Record<string, string | number | boolean | undefined>>
export const pageSize = 100

export function useList<N extends ListRoute>(route: N, question: Question, params?: unknown) {
  const list = useInfiniteQuery({
    queryKey: [route, params, question],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => {
      const limit = ofOwnLength.has(route) ? undefined : pageSize
      const asked = { ...question, limit, after: pageParam }
      return ask<ListRoute>(route, { ...inputOf(route, asked), params, signal } as Input<ListRoute>)
    },
    getNextPageParam: ({ next }) => next ?? undefined,
  })
  const rows = list.data?.pages.flatMap(({ items }) => items as RowOf<N>[]) ?? []
  return { ...list, rows }
}

const byQuery: ReadonlySet<string> = new Set<RouteName>([
  'audit.list',
  'imports.list',
  'imports.rows',
] satisfies (keyof Routes)[])
/** These say themselves how many there are on a page. */
const ofOwnLength: ReadonlySet<string> = new Set<RouteName>(['imports.list', 'imports.rows'])

function inputOf(route: string, asked: Question): { query: Question } | { body: Question } {
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined))
  return byQuery.has(route) ? { query: given } : { body: given }
}
