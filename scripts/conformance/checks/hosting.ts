/** Section 13 and 14 with the node as home: queries, their answers, and every outcome that host can get for a record. */
import {
  hostTable,
  type BodyOf,
  type HostEvent,
  type HostState,
  type RecordCode,
  type Uuid,
} from '../../../protocol/index.ts'
import { type Check } from '../check.ts'
import { demand, demandSame, Skipped } from '../demand.ts'
import { newId, newTag, type Peer } from '../peer.ts'
import { type World } from '../world.ts'
import { settledRecord, tell } from './records.ts'

/** Host's side of the test person's case: home's word first, so that there is one. */
export async function caseOf(world: World): Promise<Uuid> {
  const { first, person } = world
  const { record } = await world.query(first, first.tagOf(person.idNumber))
  demandSame(record.type, 'identity.asserted', 'the answer about the test person')
  return record.case ?? ''
}

const branch = () => ({ id: newId(), name: '测试支部' })

/** A record of host; `activity` is one that was reported before. */
function says(peer: Peer, id: Uuid, event: HostEvent, activity: Uuid): string {
  const bodies: { [E in HostEvent]: BodyOf<E> } = {
    'flow.arrived': {
      person: { name: '测试员' },
      match: 'certain',
      deviations: [],
      arrivedOn: '2026-01',
      employer: newTag().slice(0, 8).replaceAll('-', 'x'),
    },
    'flow.disputed': { reason: 'other', note: newTag() },
    'flow.placed': { branch: branch() },
    'flow.relocated': { branch: branch(), on: '2026-02' },
    'flow.departed': { departedOn: '2026-03-01' },
    'activity.recorded': { activity: { on: '2026-02', kind: 'study' } },
    'activity.corrected': { corrects: activity, activity: { on: '2026-02', kind: 'lecture' } },
  }
  return peer.record(event, id, bodies[event])
}

/** A walk through every state; in each, all records that do not leave it, and then one that does. */
const walk: readonly (readonly [HostState, HostEvent])[] = [
  ['none', 'flow.arrived'],
  ['arrived', 'flow.placed'],
  ['placed', 'flow.departed'],
  ['departed', 'flow.arrived'],
  ['arrived', 'flow.departed'],
  ['departed', 'flow.arrived'],
]

async function walkHostTable(world: World): Promise<void> {
  const { first } = world
  const id = await caseOf(world)
  if (first.book.inherited.has(id)) throw new Skipped('an earlier run has used this case: make fresh cards')
  let reported: Uuid = newId()
  for (const [state, leave] of walk) {
    const row = hostTable[state]
    const staying = (Object.keys(row) as HostEvent[]).filter((event) => {
      const cell = row[event]
      return 'refuse' in cell || cell.to === state
    })
    const told = staying.map((event): [string, string] => {
      const cell = row[event]
      const record = says(first, id, event, reported)
      if (event === 'activity.recorded' && 'to' in cell) reported = (JSON.parse(record) as { id: Uuid }).id
      return [record, 'refuse' in cell ? `refused:${cell.refuse}` : 'applied']
    })
    await tell(first, `host’s table, row ${state}`, [...told, [says(first, id, leave, reported), 'applied']])
  }
}

const hostCodes: readonly RecordCode[] = ['not_arrived', 'already_placed', 'not_placed', 'already_departed']

const withPerson: readonly Check[] = [
  {
    id: 'query.asserted',
    section: 13,
    says: 'A query about a member of the roster is answered with an assertion in the stream, and a second one with the same open case.',
    needs: ['person'],
    run: async (world) => {
      const { first, person } = world
      const tag = first.tagOf(person.idNumber)
      const [one, two] = [await world.query(first, tag), await world.query(first, tag)]
      for (const { record } of [one, two]) {
        demand(record.type === 'identity.asserted', `the answer is ${record.type}`)
        demandSame(record.body.tag, tag, 'the tag of the assertion')
      }
      demandSame(two.record.case, one.record.case, 'the case of the second answer')
    },
  },
  {
    id: 'host.table',
    section: 14,
    says: 'Host’s table, every row: each of the seven records goes on or is refused with its code.',
    codes: hostCodes,
    needs: ['person'],
    run: walkHostTable,
  },
  {
    id: 'host.not-yours',
    section: 13,
    says: 'The records of home are refused when host writes them; of an opening one the tag is looked at first.',
    codes: ['not_your_record', 'tag_taken'],
    needs: ['person'],
    run: async (world) => {
      const { first, person } = world
      const id = await caseOf(world)
      const tag = first.tagOf(person.idNumber)
      const outflow = { destination: { code: first.self, text: '测试' } }
      const no = 'refused:not_your_record'
      await tell(first, 'home’s records', [
        [first.record('flow.published', id, { tag, person: { name: '测试员' }, outflow }), no],
        [first.record('identity.asserted', id, { query: null, tag, person: { name: '测试员' } }), no],
        [
          first.record('identity.asserted', id, { query: null, tag: newTag(), person: { name: '测试员' } }),
          'refused:tag_taken',
        ],
        [first.record('flow.amended', id, { outflow }), no],
        [first.record('flow.returned', id, { returnedOn: '2026-01-01' }), no],
        [first.record('flow.closed', id, { reason: 'other' }), no],
        [first.record('notice.sent', id, { on: '2026-01-01', subject: '通知', text: '内容' }), no],
      ])
    },
  },
]

const afterClosing: Check = {
  id: 'host.closed',
  section: 14,
  says: 'Host’s records are judged by host’s table alone, also when home has closed the case.',
  needs: ['person', 'operator'],
  run: async (world) => {
    const { first, operator } = world
    const id = await caseOf(world)
    await operator.close(id)
    await world.quiet(first)
    const told: HostEvent[] = ['flow.arrived', 'flow.placed', 'activity.recorded', 'flow.departed']
    await tell(
      first,
      'on a closed case',
      told.map((event) => [says(first, id, event, newId()), 'applied']),
    )
  },
}

const queries: readonly Check[] = [
  {
    id: 'query.denied',
    section: 13,
    says: 'A query about nobody is applied and answered with a denial that names it, in the node’s own stream.',
    run: async (world) => {
      const { record } = await world.query(world.first, newTag())
      demandSame(record.type, 'identity.denied', 'the answer about nobody')
    },
  },
  {
    id: 'query.order',
    section: 18,
    says: 'Answers leave in the order of their causes.',
    run: async (world) => {
      const { first, listener } = world
      const ids = Array.from({ length: 20 }, () => newId())
      const query = (id: Uuid) => first.record('identity.queried', null, { tag: newTag(), name: '测试' }, id)
      await first.take(...ids.map(query))
      await world.answerTo(first, ids.at(-1) ?? '')
      const answered = listener
        .of(first)
        .heard.flatMap(({ record }) =>
          record.type === 'identity.denied' && ids.includes(record.body.query) ? [record.body.query] : [],
        )
      demandSame(answered, ids, 'queries in the order of their answers')
    },
  },
  {
    id: 'settled.parked',
    section: 12,
    says: 'The node takes the settlement of a record it was told is parked, once; of an applied one it takes none.',
    codes: ['bad_record'],
    run: async (world) => {
      const { first, listener } = world
      listener.outcome = () => 'parked'
      const parked = await world.query(first, newTag())
      await world.quiet(first)
      listener.outcome = () => 'applied'
      const settled = await world.query(first, newTag())
      await world.quiet(first)
      const about = ({ seq, epoch, index, digest }: typeof parked, outcome: string) =>
        settledRecord(first, seq, outcome, epoch, index, digest)
      const bad = 'refused:bad_record'
      await tell(first, 'settlements', [
        [about({ ...parked, digest: newTag() }, 'applied'), bad],
        [about(parked, 'refused:future_code'), 'applied'],
        [about(parked, 'applied'), bad],
        [about(settled, 'refused:bad_record'), bad],
      ])
    },
  },
]

export const hostingChecks: readonly Check[] = [...queries, ...withPerson, afterClosing]
