/** Section 9 and 12 to 14 with the node as host: every outcome that home can get for a record. */
import recordVectors from '../../../test/vectors/record.json' with { type: 'json' }
import {
  homeTable,
  limits,
  type BodyOf,
  type HomeEvent,
  type HomeState,
  type RecordCode,
  type RecordType,
  type Uuid,
} from '../../../protocol/index.ts'
import { type Check } from '../check.ts'
import { demandSame } from '../demand.ts'
import { newId, newTag, type Peer } from '../peer.ts'

/** Records of home with invented content. */
export class Home {
  readonly peer: Peer
  readonly id: Uuid
  readonly tag: string

  constructor(peer: Peer, id: Uuid = newId(), tag: string = newTag()) {
    this.peer = peer
    this.id = id
    this.tag = tag
  }

  bodyOf(event: HomeEvent): BodyOf<HomeEvent> {
    const person = { name: '测试' }
    const outflow = { destination: { code: this.peer.node, text: '测试' } }
    return {
      'identity.asserted': { query: null, tag: this.tag, person },
      'flow.published': { tag: this.tag, person, outflow },
      'flow.amended': { person: { name: '测验' } },
      'flow.returned': { returnedOn: '2026-02-01' },
      'flow.closed': { reason: 'other' as const },
      'notice.sent': { on: '2026-01-02', subject: '通知', text: '内容' },
    }[event]
  }

  says(event: HomeEvent): string {
    return this.peer.record(event, this.id, this.bodyOf(event))
  }
}

type Told = readonly [record: string, outcome: string]

/** Says these records in one envelope, or two halves of it would see another state, and demands their outcomes. */
export async function tell(peer: Peer, what: string, told: readonly Told[]): Promise<void> {
  const outcomes = await peer.take(...told.map(([record]) => record))
  for (const [i, [record, expected]] of told.entries()) {
    const type = /"type":"([a-z.]+)"/.exec(record)?.[1] ?? 'no type'
    demandSame(outcomes[i], expected, `${what}, record ${i} (${type})`)
  }
}

const applied = 'applied'
const refused = (code: RecordCode) => `refused:${code}`
const paths: Record<Exclude<HomeState, 'unknown'>, readonly HomeEvent[]> = {
  asserted: ['identity.asserted'],
  published: ['flow.published'],
  returned: ['flow.published', 'flow.returned'],
  closed: ['flow.published', 'flow.closed'],
}
const events = Object.keys(homeTable.unknown) as HomeEvent[]

const rowsOfHome = Object.entries(paths).map(([state, path]): Check => {
  const row = homeTable[state as HomeState]
  const cells = events.map((event) => row[event])
  return {
    id: `home.${state}`,
    section: 14,
    says: `Home’s table, row ${state}: each of the six records goes on or is refused with its code.`,
    codes: [...new Set(cells.flatMap((cell) => ('refuse' in cell ? [cell.refuse] : [])))],
    run: async ({ first }) => {
      const told = events.flatMap((event): Told[] => {
        const subject = new Home(first)
        const cell = row[event]
        const last = 'refuse' in cell ? refused(cell.refuse) : applied
        return [...path.map((step): Told => [subject.says(step), applied]), [subject.says(event), last]]
      })
      await tell(first, `row ${state}`, told)
    },
  }
})

const bodiesOfHost = (): { [T in RecordType]?: BodyOf<T> } => ({
  'flow.arrived': { person: { name: '测试' }, match: 'certain', deviations: [] },
  'flow.disputed': { reason: 'other' },
  'flow.placed': { branch: { id: newId(), name: '支部' } },
  'flow.relocated': { branch: { id: newId(), name: '支部' } },
  'flow.departed': { departedOn: '2026-02-01' },
})

const opening: readonly Check[] = [
  {
    id: 'case.exists',
    section: 13,
    says: 'A second open case of one person is refused; after the first is closed a new one is a new stay.',
    codes: ['case_exists'],
    run: async ({ first }) => {
      const one = new Home(first)
      const [two, three] = [new Home(first, newId(), one.tag), new Home(first, newId(), one.tag)]
      await tell(first, 'one person', [
        [one.says('flow.published'), applied],
        [two.says('flow.published'), refused('case_exists')],
        [two.says('identity.asserted'), refused('case_exists')],
        [one.says('flow.closed'), applied],
        [three.says('flow.published'), applied],
      ])
    },
  },
  {
    id: 'case.tag',
    section: 13,
    says: 'A case keeps its person: another tag under its id is refused.',
    codes: ['tag_taken'],
    run: async ({ first }) => {
      const one = new Home(first)
      const other = new Home(first, one.id)
      await tell(first, 'another tag', [
        [one.says('identity.asserted'), applied],
        [other.says('flow.published'), refused('tag_taken')],
        [other.says('identity.asserted'), refused('tag_taken')],
        [one.says('flow.published'), applied],
      ])
    },
  },
  {
    id: 'case.tag-first',
    section: 13,
    says: 'Under the id of a closed case the tag is looked at before the table: tag_taken, then case_closed.',
    codes: ['tag_taken', 'case_closed'],
    run: async ({ first }) => {
      const one = new Home(first)
      const other = new Home(first, one.id)
      await tell(first, 'a closed case', [
        [one.says('flow.published'), applied],
        [one.says('flow.closed'), applied],
        [other.says('flow.published'), refused('tag_taken')],
        [one.says('identity.asserted'), refused('case_closed')],
      ])
    },
  },
  {
    id: 'case.unknown',
    section: 13,
    says: 'Every record of a case that is not between these two is refused, whichever side writes its type.',
    codes: ['case_unknown'],
    run: async ({ first }) => {
      const nowhere = new Home(first)
      const home = events.filter((event) => !['identity.asserted', 'flow.published'].includes(event))
      await tell(first, 'no such case', [
        ...home.map((event): Told => [nowhere.says(event), refused('case_unknown')]),
        ...hostRecords(first, nowhere.id).map((record): Told => [record, refused('case_unknown')]),
        ...activities(first, nowhere.id, newId()).map((record): Told => [record, refused('case_unknown')]),
      ])
    },
  },
  {
    id: 'case.of-another',
    section: 13,
    says: 'A case between the node and another peer is refused as one that does not exist.',
    codes: ['case_unknown'],
    needs: ['second'],
    run: async ({ first, second }) => {
      const theirs = new Home(first)
      await tell(first, 'the case', [[theirs.says('flow.published'), applied]])
      const foreign = new Home(second, theirs.id, theirs.tag)
      const told = events.map((event): Told => [foreign.says(event), refused('case_unknown')])
      await tell(second, 'the case of another', told)
      await tell(first, 'the case afterwards', [[theirs.says('flow.amended'), applied]])
    },
  },
  {
    id: 'case.not-yours',
    section: 13,
    says: 'The records of host are refused when home writes them, in whatever state.',
    codes: ['not_your_record'],
    run: async ({ first }) => {
      const one = new Home(first)
      const theirs = hostRecords(first, one.id).map((record): Told => [record, refused('not_your_record')])
      await tell(first, 'host’s records', [[one.says('flow.published'), applied], ...theirs])
    },
  },
  {
    id: 'family.missing',
    section: 13,
    says: 'A record of a family that was not agreed is refused before its case is looked at; an unknown type is parked all the same.',
    codes: ['family_not_agreed'],
    needs: ['second'],
    run: async ({ second }) => {
      const one = new Home(second)
      const [recorded = ''] = activities(second, one.id, newId())
      const [nowhere = ''] = activities(second, newId(), newId())
      const settled = settledRecord(second, 1, 'applied')
      await tell(second, 'families', [
        [one.says('flow.published'), applied],
        [recorded, refused('family_not_agreed')],
        [nowhere, refused('family_not_agreed')],
        // Records about the streams themselves belong to every agreement; this one settles nothing.
        [settled, refused('bad_record')],
        [second.unknown(null), 'parked'],
      ])
    },
  },
]

const content: readonly Check[] = [
  {
    id: 'record.vectors',
    section: 9,
    says: `Each of ${recordVectors.invalid.length} texts that are no record (test/vectors/record.json) is refused, and stays refused when it comes again.`,
    codes: ['bad_record'],
    run: async ({ first }) => {
      // What does not begin with a brace is no record line at all.
      const texts = recordVectors.invalid.map(({ text }) => text).filter((text) => text.startsWith('{'))
      const told = texts.map((text): Told => [text, refused('bad_record')])
      await tell(first, 'no records', told)
      await tell(first, 'no records again', told)
    },
  },
  {
    id: 'record.repeated',
    section: 12,
    says: 'The same content again, in the same envelope, later, or after it was parked, is refused and not applied twice.',
    codes: ['record_repeated'],
    run: async ({ first }) => {
      const one = new Home(first)
      const [opened, notice, strange] = [
        one.says('flow.published'),
        one.says('notice.sent'),
        first.unknown(null),
      ]
      const again = refused('record_repeated')
      await tell(first, 'in one envelope', [
        [opened, applied],
        [notice, applied],
        [notice, again],
        [strange, 'parked'],
        [strange, again],
      ])
      await tell(
        first,
        'later',
        [opened, notice, strange].map((record): Told => [record, again]),
      )
    },
  },
  {
    id: 'record.per-issuer',
    section: 12,
    says: 'Content is known per issuer: what one peer has said another may say in the same words.',
    codes: ['record_repeated'],
    needs: ['second'],
    run: async ({ first, second }) => {
      const texts = [auditHead(first, 7), first.unknown(null)] as const
      for (const peer of [first, second])
        await tell(peer, `said by ${peer.self}`, [
          [texts[0], applied],
          [texts[1], 'parked'],
          [texts[0], refused('record_repeated')],
        ])
    },
  },
  {
    id: 'audit.fewer',
    section: 9,
    says: 'The head of an audit is a label: one of fewer entries than before is applied.',
    run: ({ first }) =>
      tell(first, 'heads of an audit', [
        [auditHead(first, 10), applied],
        [auditHead(first, 3), applied],
      ]),
  },
  {
    id: 'record.sticky',
    section: 12,
    says: 'A refusal is final for its content: the same record is refused with the same code when it would be allowed by then.',
    codes: ['not_published', 'record_repeated'],
    run: async ({ first }) => {
      const one = new Home(first)
      const early = one.says('flow.amended')
      await tell(first, 'early', [
        [one.says('identity.asserted'), applied],
        [early, refused('not_published')],
        [one.says('flow.published'), applied],
        [early, refused('not_published')],
        [one.says('flow.amended'), applied],
      ])
      await tell(first, 'later', [[early, refused('not_published')]])
    },
  },
  {
    id: 'record.parked',
    section: 12,
    says: 'An unknown type or version is parked, and behind it every later record of its case that can be read; other cases go on.',
    codes: ['bad_record'],
    run: async ({ first }) => {
      const [one, two, other] = [new Home(first), new Home(first), new Home(first)]
      await tell(first, 'parked', [
        ...[one, two, other].map((each): Told => [each.says('flow.published'), applied]),
        [first.unknown(one.id), 'parked'],
        [first.unknown(two.id, { returnedOn: '2026-01-01' }, 'flow.returned', 2), 'parked'],
        [one.says('notice.sent'), 'parked'],
        [hostRecords(first, one.id)[0] ?? '', 'parked'],
        [
          JSON.stringify({ ...first.frame('flow.returned', one.id, 1, newId()), body: {} }),
          refused('bad_record'),
        ],
        [other.says('notice.sent'), applied],
      ])
      await tell(first, 'behind it, later', [
        [one.says('flow.closed'), 'parked'],
        [two.says('notice.sent'), 'parked'],
        [other.says('flow.closed'), applied],
      ])
    },
  },
  {
    id: 'record.opens-parked',
    section: 12,
    says: 'A case may begin with a parked record: what would open it waits behind.',
    run: async ({ first }) => {
      const one = new Home(first)
      await tell(first, 'from the beginning', [
        [first.unknown(one.id), 'parked'],
        [one.says('flow.published'), 'parked'],
      ])
    },
  },
  {
    id: 'record.spelled',
    section: 4,
    says: 'Members of a record may stand in any order.',
    run: async ({ first }) => {
      const one = new Home(first)
      const record = JSON.parse(one.says('flow.published')) as object
      const turned = JSON.stringify(Object.fromEntries(Object.entries(record).reverse()))
      await tell(first, 'turned', [[turned, applied]])
    },
  },
]

const activity: readonly Check[] = [
  {
    id: 'activity.home',
    section: 13,
    says: 'Home reports activities on a case it has opened, corrects and withdraws its own, and no others.',
    codes: ['activity_unknown', 'record_repeated'],
    run: async ({ first }) => {
      const [one, two] = [new Home(first), new Home(first)]
      const id = newId()
      const [recorded = '', corrected = '', withdrawn = ''] = activities(first, one.id, id)
      const [, elsewhere = ''] = activities(first, two.id, id)
      const [, nothing = ''] = activities(first, one.id, newId())
      const other = first.record(
        'activity.recorded',
        one.id,
        { activity: { on: '2026-03', kind: 'other' } },
        id,
      )
      await tell(first, 'activities', [
        [one.says('identity.asserted'), applied],
        [two.says('identity.asserted'), applied],
        [corrected.replace('改正', '先改'), refused('activity_unknown')],
        [recorded, applied],
        [other, refused('record_repeated')],
        [elsewhere, refused('activity_unknown')],
        [nothing, refused('activity_unknown')],
        [corrected, applied],
        [withdrawn, applied],
      ])
    },
  },
  {
    id: 'activity.closed',
    section: 14,
    says: 'Home reports and corrects activities on a case that it has closed.',
    run: async ({ first }) => {
      const one = new Home(first)
      const [recorded, corrected] = activities(first, one.id, newId())
      await tell(first, 'activities', [
        [one.says('flow.published'), applied],
        [one.says('flow.closed'), applied],
        [recorded, applied],
        [corrected, applied],
      ])
    },
  },
  {
    id: 'query.unknown',
    section: 13,
    says: 'A denial of a query that the node never sent is refused.',
    codes: ['query_unknown'],
    run: async ({ first }) => {
      const denied = first.record('identity.denied', null, { query: newId(), reason: 'unknown' })
      await tell(first, 'a denial', [[denied, refused('query_unknown')]])
    },
  },
  {
    id: 'query.repeated',
    section: 13,
    says: 'Another query under an id that is taken is refused.',
    codes: ['record_repeated'],
    run: async ({ first }) => {
      const id = newId()
      const query = (name: string) => first.record('identity.queried', null, { tag: newTag(), name }, id)
      await tell(first, 'queries', [
        [query('测试'), applied],
        [query('测验'), refused('record_repeated')],
      ])
    },
  },
  {
    id: 'settled.nothing',
    section: 12,
    says: 'A settlement that names nothing the node has sent is refused, however far its numbers go.',
    codes: ['bad_record'],
    run: async ({ first }) => {
      const end = limits.streamNumber
      const last = settledRecord(first, end, 'applied', end)
      const beyond = [2 ** 31, Number.MAX_SAFE_INTEGER].map((far) => last.replaceAll(`:${end},`, `:${far},`))
      const settlements = [settledRecord(first, 2 ** 20, 'applied'), last, ...beyond]
      await tell(
        first,
        'settlements',
        settlements.map((text): Told => [text, refused('bad_record')]),
      )
    },
  },
]

const auditHead = (peer: Peer, entries: number) =>
  peer.record('audit.head', null, { entries, head: newTag() })

export function settledRecord(
  peer: Peer,
  seq: number,
  outcome: string,
  epoch = 1,
  index = 0,
  digest = newTag(),
): string {
  return peer.record('outcome.settled', null, { epoch, seq, index, digest, outcome })
}

function hostRecords(peer: Peer, id: Uuid): string[] {
  return Object.entries(bodiesOfHost()).map(([type, body]) => peer.record(type as RecordType, id, body))
}

/** An activity under this id, its correction and its withdrawal. */
export function activities(peer: Peer, caseId: Uuid, id: Uuid): [string, string, string] {
  const on = '2026-01-05'
  return [
    peer.record('activity.recorded', caseId, { activity: { on, kind: 'dues', amountFen: 1200 } }, id),
    peer.record('activity.corrected', caseId, {
      corrects: id,
      activity: { on, kind: 'study', title: '改正' },
    }),
    peer.record('activity.corrected', caseId, { corrects: id, activity: null }),
  ]
}

export const recordChecks: readonly Check[] = [...rowsOfHome, ...opening, ...content, ...activity]
