/**
 * How a list is arranged: which columns, which filters, what is searched for. Filters stand in the address; columns and
 * named views are kept with the account on the node, never in the browser.
 */
import { useState } from 'react'
import { useSearchParams } from 'react-router'
import * as z from 'zod'
import { useKept } from '../kept.ts'
import { type Column, type Filter } from './column.ts'
import { type Question } from './reading.ts'

const choiceSchema = z.object({ columns: z.array(z.string()) })
export const viewSchema = z.object({
  columns: z.array(z.string()),
  filters: z.record(z.string(), z.string()),
})
export type View = z.infer<typeof viewSchema>

export type Arrangement = ReturnType<typeof useArrangement>

export function useArrangement<Row>(
  name: string,
  columns: readonly Column<Row>[],
  filters: readonly Filter[],
) {
  const [address, setAddress] = useSearchParams()
  const [search, setSearch] = useState('')
  const kept = useKept('choice', name, choiceSchema)
  const usual = columns.filter(({ aside }) => aside !== true).map(({ key }) => key)
  const [chosen, setChosen] = useState<readonly string[]>()
  const known = (keys: readonly string[]) =>
    keys.filter((key) => columns.some((column) => column.key === key))
  const shown = known(chosen ?? kept.value?.columns ?? usual)
  const values = Object.fromEntries(
    filters.flatMap(({ key, options }) => {
      const value = address.get(key)
      return options.some((option) => option.value === value) && value !== null ? [[key, value]] : []
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
