/**
 * Valid records of every type, about cases, people and queries of the stage, and honest stories whose every record
 * must be applied. The table is complete over the record types by its type: a new type does not compile without one.
 */
import {
  activityKinds,
  closingReasons,
  disputeReasons,
  type Activity,
  type BodyOf,
  type NodeId,
  type Outflow,
  type Person,
  type RecordType,
} from '../../protocol/index.ts'
import { testKeyring } from '../harness/keys.ts'
import { nameOf } from '../harness/people.ts'
import { type Chance } from './chance.ts'
import { dongguan, loreOf, xinyang, type Lore, type Parked, type Stage } from './stage.ts'

/** What the teller of one peer has in mind while a world lasts. */
export interface Teller {
  readonly node: NodeId
  readonly chance: Chance
  readonly lore: Lore
  /** Cases behind a parked record: what is said of them is parked too. */
  readonly blocked: Set<string>
  /** Ids of what was said so far, to be said again or corrected. */
  readonly said: string[]
  readonly unsettled: Parked[]
  /** Texts of records that were taken, to be repeated. */
  readonly taken: string[]
}

export function tellerOf(stage: Stage, node: NodeId, chance: Chance): Teller {
  const lore = loreOf(stage, node)
  const fresh = { blocked: new Set<string>(), said: [], taken: [], unsettled: [...lore.parked] }
  return { node, chance, lore, ...fresh }
}

export interface Draft {
  id: string
  type: string
  v: number
  case: string | null
  at: string
  by: string
  body: object
}

const days = ['2025-09-01', '2024-02-29', '1999-12-31', '2026-03-01', '2099-01-31']
const daysOrMonths = [...days, '2025-09', '2000-12']
const lines = ['务工', '城关党支部', 'Shenzhen 福田', 'a', '“支部”', '电\u2028工', '名'.repeat(500)]

function maybe<K extends string, V>(chance: Chance, name: K, value: V): Partial<Record<K, V>> {
  return chance.bool() ? ({ [name]: value } as Record<K, V>) : {}
}

function person(chance: Chance): Person {
  return {
    name: chance.pick([nameOf(chance.int(40)), '阿不都·热西提', '𠮷野', 'a']),
    ...maybe(chance, 'category', chance.pick(['full', 'probationary'] as const)),
    ...maybe(chance, 'phone', chance.pick(['13800000000', '+8613800000000', '12345'])),
  }
}

function outflow(chance: Chance): Outflow {
  return {
    destination: { code: xinyang, text: chance.pick(lines) },
    ...maybe(chance, 'leftOn', chance.pick(daysOrMonths)),
    ...maybe(chance, 'reason', chance.pick(lines)),
    ...maybe(chance, 'certificateNo', ' 豫 0001 '),
    ...maybe(chance, 'contact', '李志强 书记'),
  }
}

function activity(chance: Chance): Activity {
  const kind = chance.pick(activityKinds)
  return {
    on: chance.pick(daysOrMonths),
    kind,
    ...maybe(chance, 'title', chance.pick(lines)),
    ...(kind === 'dues' ? { amountFen: chance.pick([0, 1200, 1_000_000_000]) } : {}),
  }
}

function branch(chance: Chance): { id: string; name: string } {
  return { id: chance.uuid(), name: chance.pick(lines) }
}

/** A valid body of each type. */
export const bodyMakers: { [T in RecordType]: (teller: Teller) => BodyOf<T> } = {
  'identity.queried': ({ chance, lore }) => ({
    tag: chance.bool() ? chance.pick([...lore.tags, chance.digest()]) : chance.digest(),
    name: person(chance).name,
    ...maybe(chance, 'arrivedOn', chance.pick(daysOrMonths)),
  }),
  'identity.asserted': ({ chance, lore }) => ({
    query: chance.bool() ? null : chance.pick([...lore.queries, chance.uuid()]),
    tag: chance.digest(),
    person: person(chance),
  }),
  'identity.denied': ({ chance, lore }) => ({
    query: chance.pick([...lore.queries, chance.uuid()]),
    reason: 'unknown',
  }),
  'flow.published': ({ chance }) => ({
    ...{ tag: chance.digest(), person: person(chance), outflow: outflow(chance) },
  }),
  'flow.amended': ({ chance }) =>
    chance.bool()
      ? { person: person(chance) }
      : { ...maybe(chance, 'person', person(chance)), outflow: outflow(chance) },
  'flow.returned': ({ chance }) => ({ returnedOn: chance.pick(days) }),
  'flow.closed': ({ chance }) => ({
    reason: chance.pick(closingReasons),
    ...maybe(chance, 'note', ' 已回原籍\n'),
  }),
  'notice.sent': ({ chance }) => ({
    on: chance.pick(days),
    subject: chance.pick(lines),
    text: '请回执。\n\t"',
  }),
  'flow.arrived': ({ chance }) => ({
    person: person(chance),
    match: chance.pick(['certain', 'probable', 'possible', 'certainly-not'] as const),
    deviations: chance.bool() ? [] : [{ field: 'name', home: '龚胜平', host: '龚光平' }],
    ...maybe(chance, 'arrivedOn', chance.pick(daysOrMonths)),
    ...maybe(chance, 'employer', chance.pick(lines)),
  }),
  'flow.disputed': ({ chance }) => ({
    reason: chance.pick(disputeReasons),
    ...maybe(chance, 'note', '无人接听'),
  }),
  'flow.placed': ({ chance }) => ({
    branch: branch(chance),
    ...maybe(chance, 'on', chance.pick(daysOrMonths)),
  }),
  'flow.relocated': ({ chance }) => ({
    branch: branch(chance),
    ...maybe(chance, 'on', chance.pick(daysOrMonths)),
  }),
  'flow.departed': ({ chance }) => ({
    ...{ departedOn: chance.pick(days), ...maybe(chance, 'destination', chance.pick(lines)) },
  }),
  'activity.recorded': ({ chance }) => ({ activity: activity(chance) }),
  'activity.corrected': ({ chance, said }) => ({
    corrects: chance.pick([...said, chance.uuid()]),
    activity: chance.bool(0.2) ? null : activity(chance),
  }),
  'outcome.settled': ({ chance, lore }) => ({
    ...(lore.parked.length > 0
      ? chance.pick(lore.parked)
      : { epoch: 1, seq: 1, index: 0, digest: chance.digest() }),
    outcome: chance.pick(['applied', 'refused:case_closed', 'refused:a_code_of_tomorrow']),
  }),
  // Two keys that are never taken: the one that signs already, and one of small order. Any other would end the world.
  'keys.announced': ({ chance, node }) => ({
    key: chance.bool()
      ? testKeyring(node).signing
      : { kty: 'OKP', crv: 'Ed25519', x: 'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
  }),
  'epoch.opened': ({ chance }) => ({
    after: { epoch: 1, seq: chance.int(9), head: chance.bool() ? null : chance.digest() },
    reason: chance.pick(['recovered', 'fork', 'key'] as const),
  }),
  'record.erased': ({ chance }) => ({
    ...{ epoch: 1, seq: 1 + chance.int(9), index: chance.int(255), digest: chance.digest() },
  }),
  'audit.head': ({ chance }) => ({ entries: 1 + chance.int(9), head: chance.digest() }),
}
const types = Object.keys(bodyMakers) as RecordType[]
const withoutCase: readonly string[] = [
  ...['identity.queried', 'identity.denied'],
  ...['outcome.settled', 'keys.announced', 'epoch.opened', 'audit.head'],
]

export function draft(teller: Teller, type: RecordType, caseId: string | null, body?: object): Draft {
  const id = teller.chance.uuid()
  const of = withoutCase.includes(type) ? null : caseId
  const at = '2026-03-01T08:00:00Z'
  return { id, type, v: 1, case: of, at, by: teller.node, body: body ?? bodyMakers[type](teller) }
}

/** Any valid record about anything in this world, in no sensible order: its outcome is the node's to say. */
export function anyDraft(teller: Teller): Draft {
  const { chance, lore, said } = teller
  const about = chance.bool(0.85) ? chance.pick([...lore.ours, ...lore.theirs]) : chance.uuid()
  const made = draft(teller, chance.pick(types), about)
  if (said.length > 0 && chance.bool(0.05)) made.id = chance.pick(said)
  return made
}

export interface Told {
  readonly drafts: Draft[]
  /** What each record must come to; undefined where it is not for us to say. */
  readonly outcomes: (string | undefined)[]
}

type Story = (teller: Teller) => Draft[]

function storyOfHome(teller: Teller, opening: 'flow.published' | 'identity.asserted'): Draft[] {
  const about = teller.chance.uuid()
  const first = draft(teller, opening, about)
  const { tag } = first.body as { tag: string }
  const report = draft(teller, 'activity.recorded', about)
  const corrected = { corrects: report.id, activity: activity(teller.chance) }
  const rest =
    opening === 'flow.published'
      ? [draft(teller, 'flow.amended', about)]
      : [draft(teller, 'flow.published', about, { ...bodyMakers['flow.published'](teller), tag })]
  const drafts = [first, ...rest, draft(teller, 'notice.sent', about), report]
  drafts.push(draft(teller, 'activity.corrected', about, corrected), draft(teller, 'flow.returned', about))
  drafts.push(draft(teller, 'flow.closed', about))
  return drafts.slice(0, 1 + teller.chance.int(drafts.length))
}

function storyOfHost(teller: Teller): Draft[] {
  const free = teller.lore.ours.filter((id) => !teller.blocked.has(id))
  if (free.length === 0) return storyOfHome(teller, 'flow.published')
  const about = teller.chance.pick(free)
  const report = draft(teller, 'activity.recorded', about)
  const corrected = draft(teller, 'activity.corrected', about, { corrects: report.id, activity: null })
  const later = (
    ['flow.departed', 'flow.arrived', 'flow.placed', 'flow.relocated', 'flow.disputed'] as const
  ).map((type) => draft(teller, type, about))
  const drafts = [draft(teller, 'flow.arrived', about), report, corrected, ...later]
  return drafts.slice(0, 1 + teller.chance.int(drafts.length))
}

const stories: { weight: number; tell: Story }[] = [
  { weight: 4, tell: (teller) => storyOfHome(teller, 'flow.published') },
  { weight: 2, tell: (teller) => storyOfHome(teller, 'identity.asserted') },
  { weight: 4, tell: storyOfHost },
  { weight: 1, tell: (teller) => [draft(teller, 'identity.queried', null)] },
  {
    weight: 1,
    tell: (teller) => {
      const query = teller.chance.pick(teller.lore.queries)
      return [draft(teller, 'identity.denied', null, { query, reason: 'unknown' })]
    },
  },
  {
    weight: 1,
    tell: (teller) => {
      const parked = teller.unsettled.shift()
      if (!parked) return storyOfHost(teller)
      return [draft(teller, 'outcome.settled', null, { ...parked, outcome: 'applied' })]
    },
  },
  {
    weight: 1,
    tell: (teller) => {
      const unknown = { ...draft(teller, 'flow.returned', teller.chance.uuid()), body: { novelty: [1] } }
      return [teller.chance.bool() ? { ...unknown, type: 'future.thing' } : { ...unknown, v: 2 }]
    },
  },
]

/** A story an honest peer could tell: every record applied, or parked because it is of tomorrow. */
export function honest(teller: Teller): Told {
  const drafts = teller.chance.weighted(stories).tell(teller)
  const outcomes = drafts.map(({ type, v }) => {
    if (type === 'future.thing' || v === 2) return 'parked'
    return teller.node === dongguan && type.startsWith('activity.') ? 'refused:family_not_agreed' : 'applied'
  })
  return { drafts, outcomes }
}
