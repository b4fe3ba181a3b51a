/**
 * What the node keeps for an account between two visits: drafts, views and choices. Read once per kind, written through;
 * nothing of it lies in the browser, because drafts hold names and numbers.
 */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import type * as z from 'zod'
import { type KeptItem, type KeptKind } from '../../../protocol/index.ts'
import { ask } from './ask.ts'

function useKind(kind: KeptKind) {
  const client = useQueryClient()
  const queryKey = ['kept.get', { body: { kind } }]
  const { data, isSuccess } = useQuery({
    queryKey,
    queryFn: ({ signal }) => ask('kept.get', { body: { kind }, signal }),
    staleTime: Infinity,
    gcTime: Infinity,
  })
  const change = (alter: (items: readonly KeptItem[]) => KeptItem[]) =>
    client.setQueryData<{ items: KeptItem[] }>(queryKey, (before) => ({ items: alter(before?.items ?? []) }))
  const without = (key: string) => (items: readonly KeptItem[]) => items.filter((item) => item.key !== key)
  return {
    ready: isSuccess,
    items: data?.items ?? [],
    /** Shown at once; a node that does not answer costs the memory of a choice, never the work at hand. */
    put: async (key: string, value: Record<string, unknown>) => {
      change((items) => [{ kind, key, value, at: new Date().toISOString() }, ...without(key)(items)])
      await ask('kept.put', { body: { kind, key, value } })
    },
    drop: async (key: string) => {
      change(without(key))
      await ask('kept.drop', { body: { kind, key } })
    },
  }
}

/** One thing under one key. `ready` says that it is known whether there is one. */
export function useKept<T extends Record<string, unknown>>(
  kind: KeptKind,
  key: string,
  schema: z.ZodType<T>,
) {
  const { items, ready, put, drop } = useKind(kind)
  const item = items.find((each) => each.key === key)
  const value = useMemo(() => schema.safeParse(item?.value).data, [item?.value, schema])
  return {
    ready,
    value,
    at: item?.at,
    put: (next: T) => void put(key, next).catch(() => undefined),
    drop: () => void drop(key).catch(() => undefined),
  }
}

/** Things with names people gave them, kept under `place/…`. */
export function useKeptList<T extends Record<string, unknown>>(
  kind: KeptKind,
  place: string,
  schema: z.ZodType<T>,
) {
  const { items, put, drop } = useKind(kind)
  const named = items.flatMap(({ key, value: { label, ...rest } }) => {
    const value = schema.safeParse(rest).data
    return key.startsWith(`${place}/`) && typeof label === 'string' && value ? [{ key, label, value }] : []
  })
  const keyOf = (label: string) => named.find((each) => each.label === label)?.key
  return {
    items: named,
    put: (label: string, value: T) =>
      void put(keyOf(label) ?? `${place}/${newWord()}`, { label, ...value }).catch(() => undefined),
    drop: (label: string) => {
      const key = keyOf(label)
      if (key !== undefined) void drop(key).catch(() => undefined)
    },
  }
}

function newWord(): string {
  return [...crypto.getRandomValues(new Uint8Array(8))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
}
