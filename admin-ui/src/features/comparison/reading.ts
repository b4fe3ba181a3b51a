/** One comparison is kept until somebody asks for another: the other node has to list its side for each. */
import { useAsk } from '../../shared/ask.ts'
import { useSession } from '../../shared/session.tsx'

export type Side = 'home' | 'host'

/** `side` is ours. */
export function useComparison(node: string, side: Side) {
  const { node: self } = useSession()
  return useAsk(
    'peers.comparison',
    { params: { node }, query: { home: side === 'home' ? self : node } },
    { staleTime: Infinity },
  )
}
