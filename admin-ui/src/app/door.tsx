/** Before the pages: who is there? Shows the entrance until somebody is signed in, and again when the session ends. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Spin } from 'antd'
import { useEffect, useMemo } from 'react'
import { useLocation } from 'react-router'
import { providerPath } from '../features/entrance/answered.ts'
import { Entrance } from '../features/entrance/index.tsx'
import { NewPassword } from '../features/entrance/new-password.tsx'
import { FromProvider } from '../features/entrance/provider.tsx'
import { ask, Refused } from '../shared/ask.ts'
import { Failure } from '../shared/failure.tsx'
import { forgetAll, SessionContext } from '../shared/session.tsx'
import { Frame } from './frame.tsx'

export function Door() {
  const client = useQueryClient()
  const { pathname } = useLocation()
  const entrance = useQuery({
    queryKey: ['entrance.look', {}],
    queryFn: ({ signal }) => ask('entrance.look', { signal }),
    staleTime: Infinity,
  })
  const who = useQuery({
    queryKey: ['session.who', {}],
    queryFn: ({ signal }) => ask('session.who', { signal }),
    enabled: entrance.data?.signedIn === true,
    staleTime: 60_000,
  })
  useEffect(() => signedOutByAnyAnswer(client), [client])
  const session = useMemo(
    () =>
      who.data && entrance.data
        ? { who: who.data, node: entrance.data.node, region: entrance.data.name }
        : undefined,
    [who.data, entrance.data],
  )
  if (entrance.error) return <Failure of={entrance.error} again={() => void entrance.refetch()} />
  // Coming back from the identity provider is answered first, whoever was signed in before.
  if (entrance.data && pathname === providerPath) return <FromProvider look={entrance.data} />
  if (entrance.data && !entrance.data.signedIn) return <Entrance look={entrance.data} />
  if (who.error) return <Failure of={who.error} again={() => void who.refetch()} />
  if (!session) return <Spin size="large" fullscreen />
  if (session.who.mustChangePassword) return <NewPassword />
  return (
    <SessionContext value={session}>
      <Frame />
    </SessionContext>
  )
}

/** Whichever question is told that nobody is signed in: everything read is forgotten and the entrance is shown. */
function signedOutByAnyAnswer(client: ReturnType<typeof useQueryClient>): () => void {
  const heard = (error: Error | null) => {
    if (!(error instanceof Refused) || error.status !== 401 || error.code !== 'unauthorised') return
    forgetAll(client)
  }
  const ends = [
    client.getQueryCache().subscribe((event) => {
      if (event.type === 'updated' && event.action.type === 'error') heard(event.action.error as Error)
    }),
    client.getMutationCache().subscribe((event) => {
      if (event.type === 'updated' && event.action.type === 'error') heard(event.action.error as Error)
    }),
  ]
  return () => {
    for (const end of ends) end()
  }
}
