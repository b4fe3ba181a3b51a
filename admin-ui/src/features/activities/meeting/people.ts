/** Everybody of an organisation on whom can be reported now. */
import { useQuery } from '@tanstack/react-query'
import { type CaseRowView } from '../../../../../protocol/index.ts'
import { ask } from '../../../shared/ask.ts'

export type Side = 'home' | 'host'

export function usePeople(organisation: string | undefined, side: Side) {
  return useQuery({
    queryKey: ['cases.query', 'everybody', organisation, side],
    enabled: organisation !== undefined,
    queryFn: async ({ signal }) => {
      const rows: CaseRowView[] = []
      let after: string | undefined
      do {
        const body = { side, organisation, sort: 'name' as const, limit: 200, after }
        const page = await ask('cases.query', { body: written(body), signal })
        rows.push(...page.items)
        after = page.next ?? undefined
      } while (after !== undefined)
      return rows.filter((row) => canBeReported(row, side))
    },
  })
}

function written<T extends { after: string | undefined }>({ after, ...rest }: T) {
  return after === undefined ? rest : { ...rest, after }
}

function canBeReported({ home, host }: CaseRowView, side: Side): boolean {
  return side === 'host'
    ? host === 'arrived' || host === 'placed'
    : home === 'published' || home === 'asserted'
}
