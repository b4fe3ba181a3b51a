/** Who is signed in, and what his role may ask: what a role may not ask is not offered. */
import { type QueryClient } from '@tanstack/react-query'
import { createContext, useContext } from 'react'
import {
  routes,
  type CallerRole,
  type RouteContract,
  type RouteName,
  type Who,
} from '../../../protocol/index.ts'

export interface Session {
  readonly who: Who
  /** This node. */
  readonly node: string
  readonly region: string
}
export const SessionContext = createContext<Session | undefined>(undefined)

export function useSession(): Session {
  const session = useContext(SessionContext)
  if (!session) throw new Error('used outside a session')
  return session
}

export function mayAsk(role: CallerRole, name: RouteName): boolean {
  const { access }: RouteContract = routes[name]
  return typeof access === 'string' || access.includes(role)
}

/** `const may = useMay(); may('case.place')` */
export function useMay(): (name: RouteName) => boolean {
  const { role } = useSession().who.account
  return (name) => mayAsk(role, name)
}

/** Nobody is signed in any more: what was read for him is forgotten, and the entrance asked anew. */
export function forgetAll(client: QueryClient): void {
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'entrance.look' })
  void client.invalidateQueries({ queryKey: ['entrance.look'] })
}
