/**
 * A case: one member's stay from one home in one host, told by two sides.
 *
 * Each side's facts are folded from that side's own records by a pure step; the tables below name every state and
 * every event, and the compiler refuses a missing cell. What the two sides' facts mean together is a pure function of
 * both: nothing is merged, and no side can change the other's.
 */
import { type FactRecord, type RecordType } from './record.ts'
import { type Branch, type Person } from './fields.ts'
import { type Outflow, type closingReasons, type disputeReasons } from './flow.ts'
import { type Activity } from './activity.ts'
import { type Deviation, type MatchGrade } from './identity.ts'
import { type RecordCode, type Result, refuse } from './errors.ts'
import { canonicalJson } from './json.ts'
import { type Uuid } from './ids.ts'

export const homeStates = ['unknown', 'asserted', 'published', 'returned', 'closed'] as const
export type HomeState = (typeof homeStates)[number]
export const hostStates = ['none', 'arrived', 'placed', 'departed'] as const
export type HostState = (typeof hostStates)[number]

export interface HomeFacts {
  readonly state: HomeState
  readonly person: Person | null
  readonly outflow: Outflow | null
  readonly returnedOn: string | null
  readonly closed: (typeof closingReasons)[number] | null
  /** Notices (elections, main affairs) sent to the member through host. */
  readonly notices: number
}

export interface HostFacts {
  readonly state: HostState
  readonly person: Person | null
  readonly match: MatchGrade | null
  readonly deviations: readonly Deviation[]
  readonly arrivedOn: string | null
  readonly employer: string | null
  readonly branch: Branch | null
  readonly departedOn: string | null
  readonly dispute: (typeof disputeReasons)[number] | null
}

export const noHomeFacts: HomeFacts = {
  state: 'unknown',
  person: null,
  outflow: null,
  returnedOn: null,
  closed: null,
  notices: 0,
}
export const noHostFacts: HostFacts = {
  state: 'none',
  person: null,
  match: null,
  deviations: [],
  arrivedOn: null,
  employer: null,
  branch: null,
  departedOn: null,
  dispute: null,
}

export type HomeEvent =
  'identity.asserted' | 'flow.published' | 'flow.amended' | 'flow.returned' | 'flow.closed' | 'notice.sent'
export type HostEvent =
  | 'flow.arrived'
  | 'flow.disputed'
  | 'flow.placed'
  | 'flow.relocated'
  | 'flow.departed'
  | 'activity.recorded'
  | 'activity.corrected'

type Cell<State extends string> = { to: State } | { refuse: RecordCode }
const to = <State extends string>(state: State): { to: State } => ({ to: state })
const no = (code: RecordCode): { refuse: RecordCode } => ({ refuse: code })

export const homeTable: Record<HomeState, Record<HomeEvent, Cell<HomeState>>> = {
  unknown: {
    'identity.asserted': to('asserted'),
    'flow.published': to('published'),
    'flow.amended': no('not_published'),
    'flow.returned': no('not_published'),
    'flow.closed': no('not_published'),
    'notice.sent': no('not_published'),
  },
  asserted: {
    'identity.asserted': to('asserted'),
    'flow.published': to('published'),
    'flow.amended': no('not_published'),
    'flow.returned': no('not_published'),
    'flow.closed': to('closed'),
    'notice.sent': to('asserted'),
  },
  published: {
    'identity.asserted': to('published'),
    'flow.published': no('already_published'),
    'flow.amended': to('published'),
    'flow.returned': to('returned'),
    'flow.closed': to('closed'),
    'notice.sent': to('published'),
  },
  returned: {
    'identity.asserted': to('returned'),
    'flow.published': no('already_returned'),
    'flow.amended': to('returned'),
    'flow.returned': no('already_returned'),
    'flow.closed': to('closed'),
    'notice.sent': to('returned'),
  },
  closed: {
    'identity.asserted': no('case_closed'),
    'flow.published': no('case_closed'),
    'flow.amended': no('case_closed'),
    'flow.returned': no('case_closed'),
    'flow.closed': no('case_closed'),
    'notice.sent': no('case_closed'),
  },
}

export const hostTable: Record<HostState, Record<HostEvent, Cell<HostState>>> = {
  none: {
    'flow.arrived': to('arrived'),
    'flow.disputed': to('none'),
    'flow.placed': no('not_arrived'),
    'flow.relocated': no('not_arrived'),
    'flow.departed': no('not_arrived'),
    'activity.recorded': no('not_arrived'),
    'activity.corrected': no('not_arrived'),
  },
  arrived: {
    'flow.arrived': to('arrived'),
    'flow.disputed': to('arrived'),
    'flow.placed': to('placed'),
    'flow.relocated': no('not_placed'),
    'flow.departed': to('departed'),
    'activity.recorded': to('arrived'),
    'activity.corrected': to('arrived'),
  },
  placed: {
    'flow.arrived': to('placed'),
    'flow.disputed': to('placed'),
    'flow.placed': no('already_placed'),
    'flow.relocated': to('placed'),
    'flow.departed': to('departed'),
    'activity.recorded': to('placed'),
    'activity.corrected': to('placed'),
  },
  departed: {
    'flow.arrived': to('arrived'),
    'flow.disputed': to('departed'),
    'flow.placed': no('already_departed'),
    'flow.relocated': no('already_departed'),
    'flow.departed': no('already_departed'),
    // A report of what happened before the departure may well come after it.
    'activity.recorded': to('departed'),
    'activity.corrected': to('departed'),
  },
}

/** Home's facts after one of home's own records, or the code with which every node refuses it. */
export function stepHome(
  facts: HomeFacts,
  record: FactRecord<HomeEvent>,
): Result<{ facts: HomeFacts }, RecordCode> {
  const cell = homeTable[facts.state][record.type]
  if ('refuse' in cell) return refuse(cell.refuse, `${record.type} while ${facts.state}`)
  return { ok: true, facts: { ...facts, ...homeChange(facts, record), state: cell.to } }
}

function homeChange(facts: HomeFacts, record: FactRecord<HomeEvent>): Partial<HomeFacts> {
  switch (record.type) {
    case 'identity.asserted':
      return { person: record.body.person }
    case 'flow.published':
      return { person: record.body.person, outflow: record.body.outflow }
    case 'flow.amended':
      return { person: record.body.person ?? facts.person, outflow: record.body.outflow ?? facts.outflow }
    case 'flow.returned':
      return { returnedOn: record.body.returnedOn }
    case 'flow.closed':
      return { closed: record.body.reason }
    case 'notice.sent':
      return { notices: facts.notices + 1 }
  }
}

/** Host's facts after one of host's own records, or the code with which every node refuses it. */
export function stepHost(
  facts: HostFacts,
  record: FactRecord<HostEvent>,
): Result<{ facts: HostFacts }, RecordCode> {
  const cell = hostTable[facts.state][record.type]
  if ('refuse' in cell) return refuse(cell.refuse, `${record.type} while ${facts.state}`)
  return { ok: true, facts: { ...facts, ...hostChange(facts, record), state: cell.to } }
}

function hostChange(facts: HostFacts, record: FactRecord<HostEvent>): Partial<HostFacts> {
  switch (record.type) {
    case 'flow.arrived':
      return {
        person: record.body.person,
        match: record.body.match,
        deviations: record.body.deviations,
        arrivedOn: record.body.arrivedOn ?? null,
        employer: record.body.employer ?? null,
        dispute: null,
        ...(facts.state === 'departed' ? { branch: null, departedOn: null } : {}),
      }
    case 'flow.disputed':
      return { dispute: record.body.reason }
    case 'flow.placed':
    case 'flow.relocated':
      return { branch: record.body.branch }
    case 'flow.departed':
      return { departedOn: record.body.departedOn }
    case 'activity.recorded':
    case 'activity.corrected':
      return {}
  }
}

const homeEvents = Object.keys(homeTable.unknown) as HomeEvent[]
const hostEvents = Object.keys(hostTable.none) as HostEvent[]

export function isHomeEvent(record: FactRecord): record is FactRecord<HomeEvent> {
  return (homeEvents as RecordType[]).includes(record.type)
}

export function isHostEvent(record: FactRecord): record is FactRecord<HostEvent> {
  return (hostEvents as RecordType[]).includes(record.type)
}

/** Is the member, by home's word, out and staying in this host now? */
export function isOut(home: HomeFacts): boolean {
  return home.state === 'published'
}

/** Is the member, by host's word, there now? */
export function isPresent(host: HostFacts): boolean {
  return host.state === 'arrived' || host.state === 'placed'
}

export const meanings = ['pending', 'agreed', 'deviating', 'one-sided', 'in-flight', 'ended'] as const
export type Meaning = (typeof meanings)[number]
export const differences = [
  'attributes-differ',
  'disputed',
  'reported-by-host-only',
  'present-but-returned',
  'present-but-closed',
  'departed-but-out',
] as const
export type Difference = (typeof differences)[number]

export interface CaseView {
  readonly home: HomeFacts
  readonly host: HostFacts
  readonly meaning: Meaning
  readonly differences: readonly Difference[]
}

/**
 * What the two sides' facts mean together. `inFlight` says that a record of this case has no receipt yet, so the
 * other side cannot have answered it and nobody is to blame.
 */
export function caseView(home: HomeFacts, host: HostFacts, inFlight = false): CaseView {
  const differences = differencesOf(home, host)
  return { home, host, differences, meaning: inFlight ? 'in-flight' : meaningOf(home, host, differences) }
}

function differencesOf(home: HomeFacts, host: HostFacts): Difference[] {
  const list: Difference[] = []
  const present = isPresent(host)
  if (present && (home.state === 'asserted' || home.state === 'unknown')) list.push('reported-by-host-only')
  if (present && home.state === 'returned') list.push('present-but-returned')
  if (present && home.state === 'closed') list.push('present-but-closed')
  if (host.state === 'departed' && isOut(home)) list.push('departed-but-out')
  if (present && host.deviations.length > 0) list.push('attributes-differ')
  // By closing the case home has answered a dispute; nothing else could end it.
  if (host.dispute !== null && home.state !== 'closed') list.push('disputed')
  return list
}

function meaningOf(home: HomeFacts, host: HostFacts, differences: Difference[]): Meaning {
  if (differences.includes('reported-by-host-only')) return 'one-sided'
  if (differences.length > 0) return 'deviating'
  if (isPresent(host)) return 'agreed'
  const over = home.state === 'returned' || home.state === 'closed' || host.state === 'departed'
  return over ? 'ended' : 'pending'
}

export interface CaseActivity {
  readonly id: Uuid
  readonly by: 'home' | 'host'
  readonly activity: Activity
}

/** The canonical text of all that both nodes must hold alike of a case once their streams are level. */
export function sharedView(
  id: Uuid,
  home: HomeFacts,
  host: HostFacts,
  activities: readonly CaseActivity[],
): string {
  const sorted = [...activities].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
  return canonicalJson({ case: id, home, host, activities: sorted })
}
