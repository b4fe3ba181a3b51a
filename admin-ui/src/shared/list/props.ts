/** What a page says of its list. */
import { type ReactNode } from 'react'
import { type RouteName } from '../../../../protocol/index.ts'
import { type Column, type Filter } from './column.ts'
import { type ListRoute, type Question, type RowOf } from './reading.ts'

export interface ListProps<N extends ListRoute> {
  /** Under which this list's columns and views are kept. */
  readonly name: string
  readonly route: N
  readonly params?: Record<string, string>
  /** Asked always, besides what is chosen. */
  readonly fixed?: Question
  readonly columns: readonly Column<RowOf<N>>[]
  readonly filters?: readonly Filter[]
  /** What can be searched for; lists that cannot be searched leave it out. */
  readonly searchHint?: string
  /** Where the search is what one comes for: one may type at once. */
  readonly searchFirst?: boolean
  /** Rows as they are shown, of those that were read. */
  readonly merge?: (rows: RowOf<N>[]) => RowOf<N>[]
  readonly rowKey: (row: RowOf<N>) => string
  /** Where a row leads. */
  readonly open?: (row: RowOf<N>) => string
  /** The route that makes a workbook of what is listed, and the name of the file. */
  readonly exporting?: { readonly route: RouteName; readonly file: string }
  /** Buttons for what can be done with the list or the rows chosen in it. */
  readonly actions?: (chosen: readonly RowOf<N>[]) => ReactNode
  /** Said when there is nothing and nothing was filtered: what to do first. */
  readonly empty?: ReactNode
}
