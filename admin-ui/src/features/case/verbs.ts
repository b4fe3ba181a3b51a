/** What can be done on a case from here: by our side, its state, and the caller's role. */
import { type CaseDetail, type RouteName } from '../../../../protocol/index.ts'

export type Verb =
  | 'published'
  | 'amend'
  | 'return'
  | 'close'
  | 'notice'
  | 'confirm'
  | 'placing'
  | 'relocate'
  | 'depart'
  | 'disputing'
  | 'report'
  | 'erase'

export const routeOf: Readonly<Record<Verb, RouteName>> = {
  published: 'outflow.add',
  amend: 'case.amend',
  return: 'case.return',
  close: 'case.close',
  notice: 'case.notice',
  confirm: 'arrivals.add',
  placing: 'case.place',
  relocate: 'case.place',
  depart: 'case.depart',
  disputing: 'case.dispute',
  report: 'case.report',
  erase: 'case.erase',
}

/** The likeliest first: that one stands as a button of its own. */
export function verbsFor({ side, homeFacts, hostFacts, member }: CaseDetail): Verb[] {
  const [home, host] = [homeFacts.state, hostFacts.state]
  if (home === 'closed') return ['erase']
  if (side === 'home') {
    if (home === 'published') return ['amend', 'return', 'notice', 'close']
    if (home === 'returned') return ['close', 'notice']
    return member === null ? ['notice', 'close'] : ['published', 'notice', 'close']
  }
  if (host === 'none') return ['confirm', 'disputing']
  if (host === 'arrived') return ['placing', 'report', 'depart', 'disputing']
  if (host === 'placed') return ['report', 'relocate', 'depart', 'disputing']
  return ['confirm', 'report']
}
