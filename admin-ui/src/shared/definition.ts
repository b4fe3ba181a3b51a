/** How a page says what it is: a folder in features/ has one of these in its page.tsx, and app/pages.ts lists them. */
import { lazy, type ComponentType, type ReactNode } from 'react'
import { type RouteName } from '../../../protocol/index.ts'
import { unreachable } from './ask.ts'

export interface PageDefinition {
  /** The page has every address that begins with it. */
  readonly path: string
  /** Its name in the menu; pages without stand in no menu. */
  readonly menu?: { readonly zh: string; readonly en: string }
  readonly icon?: ReactNode
  /** The route it cannot do without, which says whose page it is. */
  readonly needs: RouteName
  /** Loaded when it is first shown. */
  readonly Show: ComponentType
}

/** Loads a page when it is first shown. */
export function lazily(load: () => Promise<ComponentType>): ComponentType {
  return lazy(() =>
    load().then(
      (page) => ({ default: page }),
      () => {
        throw unreachable()
      },
    ),
  )
}
