/** The routes of cases: each verb goes to the case desk, masked for screens, within the caller's part. */
import { maskPhone, type CaseDetail } from '../../../protocol/index.ts'
import { type Desk, type OfficeDoors } from '../route.ts'
import { demandBranchWithin } from './work.ts'

type CaseRoute =
  | 'cases.list'
  | 'case.detail'
  | 'case.shared'
  | 'case.evidence'
  | 'case.keys'
  | 'case.amend'
  | 'case.return'
  | 'case.close'
  | 'case.notice'
  | 'case.place'
  | 'case.depart'
  | 'case.dispute'
  | 'case.adopt'
  | 'case.report'
  | 'case.correct'
  | 'case.erase'

export function caseHandlers({ desk, region }: OfficeDoors): Desk<CaseRoute> {
  return {
    'cases.list': ({ query }) =>
      desk.list({ peer: query.peer, home: query.home, after: query.after ?? null }),
    'case.detail': async ({ params, caller }) => {
      const detail = await desk.detail(params.id)
      return caller.role === 'operator' ? detail : maskedDetail(detail)
    },
    'case.shared': ({ params }) => desk.shared(params.id),
    'case.evidence': ({ params }) => desk.evidence(params.id),
    'case.keys': async ({ params }) => ({ keys: await desk.keys(params.id) }),
    'case.amend': ({ params, body }) => desk.amend(params.id, body),
    'case.return': ({ params, body }) => desk.registerReturn(params.id, body),
    'case.close': ({ params, body }) => desk.close(params.id, body),
    'case.notice': ({ params, body }) => desk.notify(params.id, body),
    'case.place': async ({ params, body, part }) => {
      await demandBranchWithin(region, part, body.branch)
      return desk.place(params.id, body)
    },
    'case.depart': ({ params, body }) => desk.depart(params.id, body),
    'case.dispute': ({ params, body }) => desk.dispute(params.id, body),
    'case.adopt': ({ params, body }) => desk.adopt(params.id, body.fields),
    'case.report': ({ params, body }) => desk.report(params.id, body),
    'case.correct': ({ params, body }) => desk.correct(params.id, body),
    'case.erase': ({ params }) => desk.erase(params.id),
  }
}

/** Phones as a screen shows them; who needs one asks for it with a purpose. */
function maskedDetail(detail: CaseDetail): CaseDetail {
  const { homeFacts: home, hostFacts: host } = detail
  const person = <P extends { phone?: string | undefined } | null>(given: P): P =>
    given?.phone === undefined ? given : { ...given, phone: maskPhone(given.phone) }
  return {
    ...detail,
    homeFacts: { ...home, person: person(home.person) },
    hostFacts: {
      ...host,
      person: person(host.person),
      deviations: host.deviations.map((one) =>
        one.field === 'phone' ? { ...one, home: maskPhone(one.home), host: maskPhone(one.host) } : one,
      ),
    },
  }
}
