/** A column of a list: every cell has a plain text, by which it is sorted, copied and printed. */
import { type ReactNode } from 'react'

export interface Column<Row> {
  readonly key: string
  readonly title: string
  text(row: Row): string
  /** What stands in the cell instead of the text. */
  show?(row: Row): ReactNode
  readonly width?: number
  /** Not shown until somebody chooses it. */
  readonly aside?: boolean
  /** Heads the card that stands for the row on a phone. */
  readonly head?: boolean
}

/** A filter the node knows: chosen values become members of the body. They name no person, so an address may hold them. */
export interface Filter {
  readonly key: string
  readonly label: string
  readonly options: readonly { readonly value: string; readonly label: string }[]
  /** The same as a tree, where they stand in one. */
  readonly tree?: readonly TreeChoice[]
  /** Any day may be chosen; then there are no options. */
  readonly day?: true
  readonly width?: number
}
interface TreeChoice {
  readonly value: string
  readonly title: string
  readonly children?: readonly TreeChoice[]
}

const aDay = /^\d{4}-\d{2}-\d{2}$/

/** Whether an address may say so. */
export function fits({ options, day }: Filter, value: string): boolean {
  return day === true ? aDay.test(value) : options.some((option) => option.value === value)
}

/** By the text as people sort it: numbers by size, Chinese by pinyin, nothing last. */
export function compareTexts(a: string, b: string): number {
  if (a === '' || b === '') return a === b ? 0 : a === '' ? 1 : -1
  return a.localeCompare(b, 'zh-CN', { numeric: true })
}
