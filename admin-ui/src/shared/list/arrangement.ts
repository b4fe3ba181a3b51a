/**
 * How a list is arranged: which columns, which filters, what is searched for. Filters stand in the address; columns and
 * named views are kept with the account on the node, never in the browser.
 */
import { skipToken, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useNavigationType, useSearchParams } from 'react-router'
import * as z from 'zod'
import { useKept } from '../kept.ts'
import { fits, type Column, type Filter } from './column.ts'
import { type Question } from './reading.ts'

const choiceSchema = z.object({ columns: z.array(z.string()) })
export const viewSchema = z.object({
  columns: z.array(z.string()),
  filters: z.record(z.string(), z.string()),
})
export type View = z.infer<typeof viewSchema>

export type Arrangement = ReturnType<typeof useArrangement>

/**
 * What was searched for, in memory as long as somebody is signed in: who looks at one and goes back finds the same list,
 * who comes by the menu finds the whole one.
 */
function useSearchText(name: string) {
  const client = useQueryClient()
  const queryKey = ['searched', name]
  const back = useNavigationType() === 'POP'
  const { data = '' } = useQuery<string>({ queryKey, queryFn: skipToken, gcTime: Infinity })
  const [fresh, setFresh] = useState(!back)
  const setSearch = (text: string) => {
    setFresh(false)
    client.setQueryData(queryKey, text)
  }
  useEffect(() => {
    if (fresh) client.setQueryData(['searched', name], '')
  }, [client, fresh, name])
  return [fresh ? '' : data, setSearch] as const
}

export function useArrangement<Row>(
  name: string,
  columns: readonly Column<Row>[],
  filters: readonly Filter[],
) {
  const [address, setAddress] = useSearchParams()
  const [search, setSearch] = useSearchText(name)
  const kept = useKept('choice', name, choiceSchema)
  const usual = columns.filter(({ aside }) => aside !== true).map(({ key }) => key)
  const [chosen, setChosen] = useState<readonly string[]>()
  const known = (keys: readonly string[]) =>
    keys.filter((key) => columns.some((column) => column.key === key))
  const shown = known(chosen ?? kept.value?.columns ?? usual)
  const values = Object.fromEntries(
    filters.flatMap((filter) => {
      const value = address.get(filter.key)
      return value !== null && fits(filter, value) ? [[filter.key, value]] : []
    }),
  )
  const setFilters = (next: Readonly<Record<string, string | undefined>>) =>
    setAddress(
      (before) => {
        const after = new URLSearchParams(before)
        for (const { key } of filters) {
          const value = next[key]
          if (value === undefined) after.delete(key)
          else after.set(key, value)
        }
        return after
      },
      { replace: true },
    )
  const setColumns = (keys: readonly string[]) => {
    setChosen(keys)
    kept.put({ columns: [...keys] })
  }
  const question: Question = { ...values, ...(search === '' ? {} : { search }) }
  return {
    columns: shown.length > 0 ? shown : usual,
    setColumns,
    values,
    setFilters,
    search,
    setSearch,
    question,
    filtered: Object.keys(question).length > 0,
    show: (view: View) => {
      setColumns(view.columns)
      setFilters(view.filters)
    },
  }
}
