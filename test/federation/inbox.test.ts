/**
 * The inbox: streams keep their order, repeats change nothing, forks freeze, records are applied, parked or refused
 * for ever, and none of it ever stops the stream or half happens.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { Gate } from '../../node/federation/gate.ts'
import { applied, refused, type RecordHandler, type RecordHandlers } from '../../node/federation/handlers.ts'
import { lineOf } from '../../node/federation/envelopes-in.ts'
import { Inbox } from '../../node/federation/inbox.ts'
import { Lease } from '../../node/federation/lease.ts'
import { Outbox, pairLock } from '../../node/federation/outbox.ts'
import { StreamRecords } from '../../node/federation/stream-records.ts'
import {
  agreements,
  alarms,
  envelopesIn,
  envelopesOut,
  forks,
  recordsIn,
  recordsOut,
  streamsIn,
  streamsOut,
} from '../../node/federation/tables.ts'
import { idsFrom, nodeJsCrypto } from '../../node/platform.ts'
import { MemoryStore, type MemorySnapshot } from '../../node/store/memory.ts'
import { type Store } from '../../node/store/port.ts'
import {
  bodySchemas,
  digestOf,
  jwsTypes,
  limits,
  payloadPart,
  readJws,
  readReceiptPayload,
  signPart,
  typeRules,
  utf8,
  verifyJws,
  type NodeId,
  type Outcome,
  type ReceiptPayload,
  type SealedEnvelope,
  type TypeRule,
} from '../../protocol/index.ts'
import { settled, VirtualClock } from '../harness/clock.ts'
import { freshDatabase } from '../harness/database.ts'
import { dumpOf, without } from '../harness/dump.ts'
import { MemoryHeads } from '../harness/heads.ts'
import { Network, postTo } from '../harness/network.ts'
import { Office } from '../harness/office.ts'
import { bodyOf, ScriptedPeer, uuid } from '../harness/peer.ts'
import { idNumberOf } from '../harness/people.ts'
import { seededRandom } from '../harness/random.ts'
import { openTestRegion, type TestRegion } from '../harness/region.ts'
import { dongguan, shenzhen, withScriptedPeer, xinyang } from '../harness/world.ts'

let us: TestRegion
let peer: ScriptedPeer
let clock: VirtualClock
let network: Network

beforeEach(async () => {
  ;({ us, peer, clock, network } = await withScriptedPeer())
})
afterEach(() => expect(us.faults).toEqual([]))

const tagOf = (n: number) => nodeJsCrypto.digest(`person ${n}`)
const outflow = { destination: { code: xinyang, text: '河南信阳' } }
const publish = (caseN: number, personN = caseN, name = '王五') =>
  peer.record('flow.published', uuid(caseN), { tag: tagOf(personN), person: { name }, outflow })
const notice = (caseN: number, subject = '换届') =>
  peer.record('notice.sent', uuid(caseN), { on: '2026-02-01', subject, text: '通知' })

/** Our proven receipt payload for one envelope. */
function opened(receipt: string | undefined, region = us): ReceiptPayload {
  const read = readJws(receipt ?? '', jwsTypes.receipt)
  if (!read.ok) throw new Error(read.detail)
  const { signing, kid } = region.region.keyring
  expect(read.jws.kid).toBe(kid)
  const verified = verifyJws(nodeJsCrypto, read.jws, Buffer.from(signing.x, 'base64url'))
  const payload = verified.ok ? readReceiptPayload(verified.payload) : undefined
  if (!payload?.ok) throw new Error('not a receipt')
  return payload.payload
}

async function outcomesOf(envelope: SealedEnvelope, from: NodeId = shenzhen): Promise<Outcome[]> {
  const { receipts, refusal } = await us.region.inbox.receive(from, bodyOf(envelope))
  expect(refusal).toBeUndefined()
  return opened(receipts[0]).outcomes
}

const deliver = (...records: string[]) => outcomesOf(peer.say(...records))
const homeFacts = async (caseN: number) =>
  (await us.store.read((reader) => us.region.cases.get(reader, uuid(caseN))))?.home

describe('the stream', () => {
  it('receipts each envelope over its own head, with one outcome per record', async () => {
    const first = peer.say(publish(1), notice(1))
    const second = peer.say(notice(1, '第二次'))
    const { receipts } = await us.region.inbox.receive(shenzhen, bodyOf(first, second))
    expect(receipts.map((receipt) => opened(receipt))).toMatchObject([
      {
        iss: xinyang,
        aud: shenzhen,
        epoch: 1,
        seq: 1,
        head: first.contentId,
        outcomes: ['applied', 'applied'],
      },
      { seq: 2, head: second.contentId, outcomes: ['applied'] },
    ])
    expect((await homeFacts(1))?.notices).toBe(2)
  })

  it('stores the exact bytes', async () => {
    const envelope = peer.say(publish(1, 1, '阿不都·热西提 "\\ 👩‍👩‍👧'), peer.unknown(uuid(1)))
    await outcomesOf(envelope)
    await us.store.read(async (reader) => {
      expect(await reader.get(envelopesIn, { peer: shenzhen, epoch: 1, seq: 1 })).toMatchObject({
        jws: envelope.jws,
      })
      const rows = await reader.find(recordsIn, { peer: shenzhen }, { orderBy: 'idx' })
      expect(await Promise.all(rows.map((row) => lineOf(reader, row)))).toEqual(envelope.records)
      expect(rows.map(({ digest }) => digest)).toEqual(envelope.digests)
    })
  })

  it('answers a repeat with the same bytes and changes nothing, also weeks later and after a restart', async () => {
    const bodies = [bodyOf(peer.say(publish(1), notice(1))), bodyOf(peer.say(notice(1, '二')))]
    const first: string[] = []
    for (const body of bodies) first.push(...(await us.region.inbox.receive(shenzhen, body)).receipts)
    const before = without(await dumpOf(us.store), 'leases')
    await clock.advance(30 * 86_400_000)
    const { store, heads } = us
    const restarted = openTestRegion({ node: xinyang, network, clock, store, heads, seed: 99 })
    await peer.confirms(restarted)
    for (const { region } of [us, restarted]) {
      const again = [
        await region.inbox.receive(shenzhen, bodies[0] ?? utf8('')),
        await region.inbox.receive(shenzhen, bodies[1] ?? utf8('')),
      ]
      expect(again.flatMap(({ receipts }) => receipts)).toEqual(first)
      await region.stop()
    }
    expect(without(await dumpOf(us.store), 'leases')).toEqual(before)
  })

  it('answers the same envelope twice in one post with the same receipt', async () => {
    const envelope = peer.say(publish(1))
    const { receipts } = await us.region.inbox.receive(shenzhen, bodyOf(envelope, envelope))
    expect(receipts[0]).toBe(receipts[1])
    expect((await homeFacts(1))?.state).toBe('published')
  })

  it('answers a gap with where its copy ends, unaudited, and takes what it can of a post', async () => {
    const [first, second, third] = [peer.say(publish(1)), peer.say(notice(1)), peer.say(notice(1, '三'))]
    const early = await us.region.inbox.receive(shenzhen, bodyOf(third))
    expect(early).toMatchObject({ receipts: [], refusal: { code: 'gap', have: { epoch: 1, seq: 0 } } })
    const torn = await us.region.inbox.receive(shenzhen, bodyOf(first, third))
    expect(torn.receipts).toHaveLength(1)
    expect(torn.refusal).toMatchObject({ code: 'gap', have: { epoch: 1, seq: 1 } })
    const rest = await us.region.inbox.receive(shenzhen, bodyOf(second, third))
    expect(rest.receipts).toHaveLength(2)
    const answer = await postTo(
      us.app,
      `/federation/v1/${shenzhen}/envelopes`,
      bodyOf(peer.seal({ seq: 9 }, notice(1))),
    )
    expect([answer.status, Buffer.from(answer.body).toString()]).toEqual([
      409,
      '{"error":"gap","have":{"epoch":1,"seq":3}}',
    ])
    expect((await dumpOf(us.store))['refusals']).toEqual([])
  })

  it('refuses another epoch', async () => {
    const { refusal } = await us.region.inbox.receive(shenzhen, bodyOf(peer.seal({ epoch: 2 }, publish(1))))
    expect(refusal).toMatchObject({ code: 'wrong_epoch', have: { epoch: 1, seq: 0 } })
  })

  it('keeps one post waiting for what the peer may never answer, and tells the others to come again', async () => {
    const { store, heads } = us
    const restarted = openTestRegion({ node: xinyang, network, clock, store, heads, seed: 99 })
    await us.region.stop()
    network.fate = () => 'hold'
    const body = bodyOf(peer.say(publish(1)))
    let waiting = true
    const first = restarted.region.inbox.receive(shenzhen, body).finally(() => (waiting = false))
    await settled()
    const others = await Promise.all([1, 2, 3].map(() => restarted.region.inbox.receive(shenzhen, body)))
    expect(others.map(({ refusal }) => refusal?.code)).toEqual(Array(3).fill('unavailable'))
    expect(waiting).toBe(true)
    expect(network.holding).toBe(1)
    network.disconnect(shenzhen)
    network.release()
    expect((await first).refusal?.code).toBe('unavailable')
    await restarted.region.stop()
  })

  it('gives way to whatever else is there between two envelopes of few records that are long', async () => {
    let ways = 0
    const giveWay = () => Promise.resolve(void ways++)
    const world = { network: new Network(), clock: Object.assign(new VirtualClock(), { giveWay }) }
    world.network.fate = ({ to }) => (to === shenzhen ? 'drop' : 'deliver')
    us = openTestRegion({ ...world, node: xinyang })
    peer = new ScriptedPeer(shenzhen, xinyang)
    await peer.agreeWith(us)
    const long = 'x'.repeat(limits.recordBytes - 400)
    const record = () => peer.unknown(null).replace('"novelty":1', `"novelty":"${long}"`)
    const waysFor = async (...envelopes: SealedEnvelope[]) => {
      ways = 0
      const { receipts } = await us.region.inbox.receive(shenzhen, bodyOf(...envelopes))
      expect(receipts).toHaveLength(envelopes.length)
      return ways
    }
    const few = () => peer.say(...Array.from({ length: 7 }, record))
    expect(await waysFor(few(), few(), few(), few())).toBe(3)
    // Short ones are proven several in one go: each giving way is a turn of everything.
    const short = () => peer.say(peer.unknown(null))
    expect(await waysFor(short(), short(), short(), short())).toBe(0)
    await us.region.stop()
  })

  it('takes nothing while another process of this node does, and says so', async () => {
    const envelope = peer.say(publish(1))
    const { store, heads } = us
    const other = openTestRegion({ node: xinyang, network, clock, store, heads, seed: 99 })
    await peer.confirms(other)
    await us.region.inbox.receive(shenzhen, bodyOf(envelope))
    const before = await dumpOf(us.store)
    const { receipts, refusal } = await other.region.inbox.receive(shenzhen, bodyOf(peer.seal({}, notice(1))))
    expect([receipts, refusal?.code]).toEqual([[], 'unavailable'])
    expect(without(await dumpOf(us.store), 'refusals')).toEqual(without(before, 'refusals'))
    await us.region.stop()
    expect((await other.region.inbox.receive(shenzhen, bodyOf(envelope))).receipts).toHaveLength(1)
    await other.region.stop()
  })
})

describe('a fork', () => {
  const twice: [string, () => [SealedEnvelope, SealedEnvelope]][] = [
    [
      'another envelope under a number it holds',
      () => [peer.say(publish(1)), peer.seal({ seq: 1, prev: null }, publish(2))],
    ],
    [
      'the next number behind another predecessor',
      () => {
        const first = peer.say(publish(1))
        return [first, peer.seal({ prev: digestOf(nodeJsCrypto, 'elsewhere') }, publish(2))]
      },
    ],
    [
      'the same records signed again at another second',
      () => {
        const record = publish(1)
        const second = peer.seal({ iat: 1_772_323_201 }, record)
        return [peer.say(record), second]
      },
    ],
  ]

  it.each(twice)('%s: the proof is kept, the stream freezes', async (_name, make) => {
    const [first, second] = make()
    await outcomesOf(first)
    const { refusal } = await us.region.inbox.receive(shenzhen, bodyOf(second))
    expect(refusal?.code).toBe('fork')
    await us.store.read(async (reader) => {
      const { epoch, seq } = second.payload
      const proof = { peer: shenzhen, epoch, seq, contentId: second.contentId }
      expect(await reader.get(forks, proof)).toMatchObject({ jws: second.jws })
      expect((await reader.get(streamsIn, { peer: shenzhen }))?.frozen).toBe(true)
      expect(await reader.count(envelopesIn, { peer: shenzhen })).toBe(1)
    })
    const later = await us.region.inbox.receive(shenzhen, bodyOf(peer.say(notice(1))))
    expect(later.refusal?.code).toBe('frozen')
    expect((await homeFacts(1))?.notices).toBe(0)
    const again = await us.region.inbox.receive(shenzhen, bodyOf(second))
    expect(again.refusal?.code).toBe(second.payload.seq === 1 ? 'fork' : 'frozen')
    expect((await dumpOf(us.store))['forks']).toHaveLength(1)
    expect(await us.store.read((reader) => reader.find(alarms, {}))).toMatchObject([
      { kind: 'fork', peer: shenzhen, subject: `1/${second.payload.seq}`, open: true },
    ])
  })

  it('is kept once an epoch, with one alarm, however many more stories are told and also after the stream has moved on', async () => {
    const other = (n: number) => peer.seal({ seq: 1, prev: null }, notice(1, `另说${n}`))
    const first = peer.say(publish(1))
    await outcomesOf(first)
    for (const n of [1, 2, 3, 4]) {
      const { receipts, refusal } = await us.region.inbox.receive(shenzhen, bodyOf(first, other(n)))
      expect([receipts.length, refusal?.code]).toEqual([1, 'fork'])
    }
    await us.region.agreements.thaw(shenzhen)
    const after = { epoch: 1, seq: 1, head: first.contentId }
    const opening = peer.record('epoch.opened', null, { after, reason: 'fork' })
    await outcomesOf(peer.seal({ epoch: 2, seq: 1, prev: after.head }, opening))
    for (const n of [5, 6]) await us.region.inbox.receive(shenzhen, bodyOf(other(n)))
    expect((await us.store.read((reader) => reader.get(streamsIn, { peer: shenzhen })))?.frozen).toBe(false)
    expect((await dumpOf(us.store))['forks']).toHaveLength(1)
    expect(await us.store.read((reader) => reader.find(alarms, {}))).toHaveLength(1)
  })

  it('leaves what was taken before it receipted: its repeat gets the stored bytes', async () => {
    const first = peer.say(publish(1))
    const taken = await us.region.inbox.receive(shenzhen, bodyOf(first))
    await us.region.inbox.receive(shenzhen, bodyOf(peer.seal({ seq: 1, prev: null }, publish(2))))
    const before = await dumpOf(us.store)
    expect(await us.region.inbox.receive(shenzhen, bodyOf(first))).toEqual(taken)
    expect(await dumpOf(us.store)).toEqual(before)
  })

  it('freezes that stream alone', async () => {
    const other = new ScriptedPeer(dongguan, xinyang)
    await other.agreeWith(us)
    await outcomesOf(peer.say(publish(1)))
    await us.region.inbox.receive(shenzhen, bodyOf(peer.seal({ seq: 1, prev: null }, publish(2))))
    expect(await outcomesOf(other.say(other.unknown(null)), dongguan)).toEqual(['parked'])
  })
})

describe('a record', () => {
  it('that was refused stays refused when it is offered again, also once it would be allowed', async () => {
    const early = notice(1)
    expect(await deliver(early)).toEqual(['refused:case_unknown'])
    await deliver(publish(1))
    expect(await deliver(early)).toEqual(['refused:case_unknown'])
    expect(await deliver(early, early)).toEqual(['refused:case_unknown', 'refused:case_unknown'])
    expect((await homeFacts(1))?.notices).toBe(0)
  })

  it('that was applied is not applied again, in another envelope or in its own', async () => {
    await deliver(publish(1))
    const once = notice(1)
    expect(await deliver(once, once)).toEqual(['applied', 'refused:record_repeated'])
    expect(await deliver(once)).toEqual(['refused:record_repeated'])
    expect((await homeFacts(1))?.notices).toBe(1)
  })

  it('of a case of another peer is refused as if there were none', async () => {
    const other = new ScriptedPeer(dongguan, xinyang)
    await other.agreeWith(us)
    await deliver(publish(1))
    const about = [
      other.record('notice.sent', uuid(1), { on: '2026-02-01', subject: 'x', text: 'y' }),
      other.record('flow.closed', uuid(1), { reason: 'death' }),
      other.record('flow.published', uuid(1), { tag: tagOf(1), person: { name: '王五' }, outflow }),
      other.record('flow.published', uuid(1), { tag: tagOf(2), person: { name: '王五' }, outflow }),
      other.record('identity.asserted', uuid(1), { query: null, tag: tagOf(1), person: { name: '王五' } }),
      other.record('flow.arrived', uuid(1), { person: { name: '王五' }, match: 'certain', deviations: [] }),
      other.record('activity.recorded', uuid(1), { activity: { on: '2026-01-01', kind: 'study' } }),
    ]
    const outcomes = await outcomesOf(other.say(...about), dongguan)
    expect(outcomes).toEqual(about.map(() => 'refused:case_unknown'))
    // Nor do they show in what that case's own two parties see of it.
    const evidence = await us.region.evidence.ofCase(uuid(1), shenzhen, xinyang)
    expect(evidence.items.map(({ from }) => from)).toEqual([shenzhen])
    const { timeline } = await new Office(us.region).desk.detail(uuid(1))
    expect(timeline).toHaveLength(1)
  })

  it('of the other side’s kind is refused', async () => {
    await deliver(publish(1))
    const wrong = [
      peer.record('flow.arrived', uuid(1), { person: { name: '王五' }, match: 'certain', deviations: [] }),
      peer.record('flow.placed', uuid(1), { branch: { id: uuid(5), name: '支部' } }),
      peer.record('flow.departed', uuid(1), { departedOn: '2026-01-01' }),
      peer.record('flow.disputed', uuid(1), { reason: 'other' }),
    ]
    expect(await deliver(...wrong)).toEqual(wrong.map(() => 'refused:not_your_record'))
  })

  it('of a family that was not agreed is refused', async () => {
    const narrow = openTestRegion({ node: xinyang, network, clock, seed: 5 })
    const half = new ScriptedPeer(shenzhen, xinyang)
    await half.agreeWith(narrow)
    await narrow.store.transaction(async (tx) => {
      const [row] = await tx.find(agreements, { active: true })
      const terms = (await narrow.region.peers.get(tx, shenzhen))?.terms
      if (!row || !terms) throw new Error('no agreement')
      const payload = payloadPart({ ...terms, families: ['identity', 'peer'] })
      const signatures = [narrow.region.keyring, half.keyring].map(({ signer }) => {
        const [header, , signature] = signPart(signer, jwsTypes.agreement, payload).split('.')
        return { protected: header, signature }
      })
      await tx.update(agreements, row, { document: JSON.stringify({ payload, signatures }) })
    })
    const { receipts } = await narrow.region.inbox.receive(shenzhen, bodyOf(half.say(publish(1))))
    expect(opened(receipts[0], narrow).outcomes).toEqual(['refused:family_not_agreed'])
  })

  it('with thousands of combining marks in a row is refused before any of it is normalised', async () => {
    const marks = `a${'\u0300'.repeat(3900)}${'\u0316'.repeat(3900)}`
    const bad = [
      notice(1).replace('换届', marks),
      peer.unknown(null).replace('"novelty":1', `"novelty":"${marks}"`),
    ]
    const envelope = peer.say(publish(1), ...bad, notice(1))
    const normalised = vi.spyOn(String.prototype, 'normalize')
    const outcomes = await outcomesOf(envelope)
    const texts = normalised.mock.contexts.map(String)
    normalised.mockRestore()
    expect(outcomes).toEqual(['applied', ...bad.map(() => 'refused:bad_record'), 'applied'])
    expect(texts.filter((text) => text.includes('\u0316'))).toEqual([])
  })

  it('that is no record is refused, and the good ones beside it are applied', async () => {
    const bad = [
      '{}',
      '{"id":1}',
      '{not json',
      publish(2).replace('"v":1', '"v":1 '),
      publish(3).replace('flow.', 'flow_'),
    ]
    expect(await deliver(publish(1), ...bad, notice(1))).toEqual([
      'applied',
      ...bad.map(() => 'refused:bad_record'),
      'applied',
    ])
  })
})

describe('a record nobody knows yet', () => {
  const schemas = bodySchemas as unknown as Record<string, z.ZodType>
  const rules = typeRules as unknown as Record<string, TypeRule>
  const upgraded: string[] = []
  afterEach(() => {
    delete schemas['future.thing']
    delete rules['future.thing']
    upgraded.length = 0
  })

  /** The next version of the program over the same store: it knows the type. */
  async function upgrade(outcome = applied): Promise<Inbox> {
    await us.region.stop()
    schemas['future.thing'] = z.strictObject({ novelty: z.int() })
    rules['future.thing'] = { family: 'flow', writer: 'either', ofCase: true }
    const {
      self,
      store,
      peers,
      flows,
      forget,
      facts,
      activities,
      crypto,
      standing,
      witness,
      alarms: told,
    } = us.region
    const ids = idsFrom(clock, seededRandom(77))
    const gate = new Gate({ self, store, peers, crypto, clock, ids, alarms: told })
    const outbox = new Outbox({ self, clock, ids, crypto, wake: () => undefined })
    const future: RecordHandler = {
      apply: (_tx, _peer, record) => {
        upgraded.push(record.id)
        return Promise.resolve(outcome)
      },
    }
    const handlers = {
      ...flows,
      'activity.recorded': activities.reportHandler,
      'activity.corrected': activities.handler,
      ...new StreamRecords({ peers, forget, facts }).handlers,
      ...witness.handlers,
      'future.thing': future,
    } as RecordHandlers
    const lease = new Lease({ name: 'signer', holder: ids.next(), store, clock })
    const greet = () => undefined
    const taking = { standing, lease, alarms: told, clock, greet }
    return new Inbox({ self, store, gate, peers, outbox, handlers, ...taking })
  }

  it('is parked, later ones of its case behind it, and other cases go on', async () => {
    await deliver(publish(1), publish(2))
    const unknown = peer.unknown(uuid(1))
    expect(await deliver(unknown, notice(1), notice(2))).toEqual(['parked', 'parked', 'applied'])
    expect(await deliver(notice(1, '后来'), notice(2, '后来'))).toEqual(['parked', 'applied'])
    expect((await homeFacts(1))?.notices).toBe(0)
    expect((await homeFacts(2))?.notices).toBe(2)
    expect(await deliver(peer.unknown(null), publish(3))).toEqual(['parked', 'applied'])
    expect(await deliver(peer.unknown(uuid(2), 'notice.sent', 2))).toEqual(['parked'])
    expect(await deliver(unknown)).toEqual(['refused:record_repeated'])
  })

  it('stays parked while nothing has changed', async () => {
    await deliver(publish(1), peer.unknown(uuid(1)), notice(1))
    const before = await dumpOf(us.store)
    expect(await us.region.inbox.parked.settle(shenzhen)).toBe(0)
    expect(await dumpOf(us.store)).toEqual(before)
  })

  it('is applied after an upgrade with all that waited, in order, and the peer is told', async () => {
    await deliver(publish(1), publish(2))
    await deliver(
      peer.unknown(uuid(1), 'future.thing', 1, uuid(70)),
      notice(1),
      peer.unknown(uuid(2), 'other.thing'),
    )
    await deliver(notice(1, '三'), notice(2))
    const inbox = await upgrade()
    expect(await inbox.parked.settle(shenzhen)).toBe(3)
    expect(upgraded).toEqual([uuid(70)])
    expect((await homeFacts(1))?.notices).toBe(2)
    expect((await homeFacts(2))?.notices).toBe(0)
    await us.store.read(async (reader) => {
      const told = await reader.find(
        recordsOut,
        { peer: shenzhen, type: 'outcome.settled' },
        { orderBy: 'position' },
      )
      const bodies = told.map(({ text }) => (JSON.parse(text ?? '') as { body: object }).body)
      expect(bodies).toMatchObject([
        { epoch: 1, seq: 2, index: 0, outcome: 'applied' },
        { epoch: 1, seq: 2, index: 1, outcome: 'applied' },
        { epoch: 1, seq: 3, index: 0, outcome: 'applied' },
      ])
      expect(await reader.count(recordsIn, { parked: true })).toBe(2)
    })
    expect(await inbox.parked.settle(shenzhen)).toBe(0)
  })

  it('is told as refused when the new version refuses it', async () => {
    await deliver(publish(1), peer.unknown(uuid(1)), notice(1))
    const inbox = await upgrade(refused('not_your_record'))
    expect(await inbox.parked.settle(shenzhen)).toBe(2)
    const told = await us.store.read((reader) =>
      reader.find(recordsOut, { type: 'outcome.settled' }, { orderBy: 'position' }),
    )
    expect(
      told.map(({ text }) => (JSON.parse(text ?? '') as { body: { outcome: string } }).body.outcome),
    ).toEqual(['refused:not_your_record', 'applied'])
  })
})

describe('what became of a record of ours that the peer had parked', () => {
  /** One record of ours, sealed as 1/1/0 for the peer, with the outcome its receipt stated. */
  async function sent(outcome: string | null): Promise<string> {
    return us.store.transaction(async (tx) => {
      await tx.lock([pairLock(shenzhen), `stream-out:${shenzhen}`])
      await us.region.home.queried(
        tx,
        (await us.region.peers.get(tx, shenzhen)) ?? (undefined as never),
        JSON.parse(peer.record('identity.queried', null, { tag: tagOf(9), name: '赵六' })) as never,
      )
      const [row] = await tx.find(recordsOut, { peer: shenzhen })
      if (!row) throw new Error('nothing was written')
      const { position } = row
      await tx.update(recordsOut, row, { outcome })
      await tx.insert(envelopesOut, [
        {
          ...{ peer: shenzhen, epoch: 1, seq: 1, contentId: tagOf(0), jws: 'j', records: 1 },
          ...{ firstPosition: position, lastPosition: position, sealedMs: 0 },
          ...{ receipted: outcome !== null, receipt: outcome === null ? null : 'r', receiptedMs: null },
        },
      ])
      await tx.update(streamsOut, { peer: shenzhen }, { seq: 1, head: tagOf(0), sealedPosition: position })
      return row.digest
    })
  }
  const settledAs = (digest: string, outcome: string, at: object = {}) =>
    peer.record('outcome.settled', null, { epoch: 1, seq: 1, index: 0, digest, outcome, ...at })
  const outcomeNow = async () =>
    (await us.store.read((reader) => reader.find(recordsOut, { peer: shenzhen })))[0]?.outcome

  it('is noted', async () => {
    const digest = await sent('parked')
    expect(await deliver(settledAs(digest, 'refused:case_closed'))).toEqual(['applied'])
    expect(await outcomeNow()).toBe('refused:case_closed')
  })

  it('must name a record we sent, by place and digest', async () => {
    const digest = await sent('parked')
    const wrong = [
      settledAs(digestOf(nodeJsCrypto, 'other'), 'applied'),
      settledAs(digest, 'applied', { seq: 2 }),
      settledAs(digest, 'applied', { index: 1 }),
      settledAs(digest, 'applied', { epoch: limits.streamNumber, seq: limits.streamNumber }),
    ]
    expect(await deliver(...wrong)).toEqual(wrong.map(() => 'refused:bad_record'))
    expect(await outcomeNow()).toBe('parked')
  })

  it('cannot rewrite what its receipt has said for good', async () => {
    const digest = await sent('refused:case_closed')
    expect(await deliver(settledAs(digest, 'applied'))).toEqual(['refused:bad_record'])
    expect(await outcomeNow()).toBe('refused:case_closed')
  })
})

/** Signed rubbish of every kind we can think of: each gets an outcome, none stops the stream. */
const poison: [string, () => string[]][] = [
  [
    'an activity under an id that is taken',
    () => {
      const activity = (title: string) =>
        peer.record(
          'activity.recorded',
          uuid(1),
          { activity: { on: '2026-01-01', kind: 'study', title } },
          uuid(800),
        )
      return [publish(1), activity('一'), activity('二')]
    },
  ],
  [
    'a query under an id that is taken',
    () => {
      const query = (name: string) =>
        peer.record('identity.queried', null, { tag: tagOf(7), name }, uuid(801))
      return [query('王五'), query('赵六')]
    },
  ],
  [
    'a case that is opened twice, as the same and as another person',
    () => [publish(1, 1), publish(1, 1, '赵六'), publish(1, 2), publish(2, 1)],
  ],
  [
    'a closed case opened again',
    () => [
      publish(1),
      peer.record('flow.closed', uuid(1), { reason: 'death' }),
      publish(1, 1, '赵六'),
      publish(2, 1),
    ],
  ],
  ['a line with a NUL in it', () => [`${publish(1).slice(0, -1)}\u0000}`, '{"\u0000":1}']],
  [
    'a line of control characters and odd letters',
    () => ['{\u0001\u001f\u007f\u0085\u2028\ufffe\uffff😀}', '{"a":"\\ud800"}'],
  ],
  [
    'numbers at the end of every column, and beyond',
    () => {
      const place = { epoch: limits.streamNumber, seq: limits.streamNumber, index: 0, digest: tagOf(1) }
      const last = peer.record('outcome.settled', null, { ...place, outcome: 'applied' })
      return [last, last.replaceAll(`${limits.streamNumber}`, `${2 ** 45}`)]
    },
  ],
  [
    'a denial of a query that was never asked',
    () => [peer.record('identity.denied', null, { query: uuid(999), reason: 'unknown' })],
  ],
  [
    'a correction of an activity that is not there',
    () => [publish(1), peer.record('activity.corrected', uuid(1), { corrects: uuid(998), activity: null })],
  ],
]

it('is told when it answers what was never asked', async () => {
  const denied = peer.record('identity.denied', null, { query: uuid(999), reason: 'unknown' })
  expect(await deliver(denied)).toEqual(['refused:query_unknown'])
})

function poisonous(name: string, openStore: () => Promise<{ store: Store; close(): Promise<void> }>): void {
  describe(`poison over ${name}`, () => {
    it.each(poison)('%s: every record has an outcome, and the stream goes on', async (_name, make) => {
      const { store, close } = await openStore()
      ;({ us, peer, clock, network } = await withScriptedPeer(store))
      for (const record of make()) {
        const outcomes = await deliver(record)
        expect(outcomes).toHaveLength(1)
        expect(outcomes[0]).toMatch(/^(applied|refused:[a-z_]+)$/)
      }
      const together = await deliver(...make().map((text) => text.replace('2026-03-01T08', '2026-03-01T09')))
      expect(together.length).toBeGreaterThan(0)
      expect(await deliver(publish(50))).toEqual(['applied'])
      await us.region.stop()
      await close()
    })
  })
}
poisonous('memory', () => Promise.resolve({ store: new MemoryStore(), close: () => Promise.resolve() }))
poisonous('PostgreSQL', freshDatabase)

describe('a crash at any step', () => {
  /** An envelope with every kind of consequence: a case, our arrival confirmed and placed, an activity going out. */
  async function prepared(): Promise<{ memory: MemoryStore; start: MemorySnapshot; body: Uint8Array }> {
    const memory = new MemoryStore()
    ;({ us, peer, clock, network } = await withScriptedPeer(memory))
    const office = new Office(us.region)
    const idNumber = idNumberOf(1)
    await office.arrivals({ idNumber, home: shenzhen, name: '王武', branch: '中共东河镇二岭村支部委员会' })
    await office.activities(idNumber, { on: '2026-01-05', kind: 'study', title: '学习' })
    await settled()
    const tag = (await office.arrivalRows())[0]?.tag ?? ''
    const body = bodyOf(
      peer.say(
        peer.record('flow.published', uuid(1), { tag, person: { name: '王五' }, outflow }),
        peer.record('flow.amended', uuid(1), { person: { name: '王六' } }),
        peer.unknown(uuid(2)),
        peer.record('identity.queried', null, { tag: tagOf(3), name: '孙七' }),
        '{"bad":1}',
      ),
    )
    await us.region.stop()
    return { memory, start: memory.snapshot(), body }
  }

  /** A process of the region, started now over what is stored. Deaf to wakes and to its lease, so only the inbox works. */
  const started = async (memory: MemoryStore, files: Map<string, string>) => {
    const heads = new MemoryHeads(files)
    const opened = openTestRegion({ node: xinyang, network, clock, store: memory, heads, seed: 4242 })
    opened.region.courier.wake = () => undefined
    opened.region.inbox.parked.settleAll = () => Promise.resolve()
    await peer.confirms(opened)
    return opened
  }
  const state = async (memory: MemoryStore) => {
    // The lease says who works, not what was done.
    const dump = without(await dumpOf(memory), 'leases')
    // Positions may skip after a failure; their order is what counts.
    return {
      ...dump,
      records_out: dump['records_out']?.map((row) => row.replace(/\["position",\d+\]/, '')).sort(),
    }
  }

  it('leaves nothing or everything, and the same end when it is delivered again', async () => {
    const { memory, start, body } = await prepared()
    let calls = 0
    const heads = new Map(us.heads.files)
    const whole = await started(memory, new Map(heads))
    whole.store.watch = whole.heads.watch = () => void calls++
    const { receipts } = await whole.region.inbox.receive(shenzhen, body)
    expect(receipts).toHaveLength(1)
    const end = await state(memory)
    expect(calls).toBeGreaterThan(40)
    let all = 0
    for (let k = 1; k <= calls; k++) {
      memory.restore(start)
      const before = await state(memory)
      const files = new Map(heads)
      const crashing = await started(memory, files)
      let left = k
      let taken = false
      let inserted = ''
      const step = () => {
        if (--left <= 0) throw new Error('the machine stopped')
      }
      crashing.heads.watch = step
      crashing.store.watch = ({ what, table }) => {
        if (what === 'insert') inserted = table ?? ''
        if (what === 'committed') taken ||= inserted !== 'leases'
        step()
      }
      await expect(crashing.region.inbox.receive(shenzhen, body)).rejects.toThrow('the machine stopped')
      expect(await state(memory)).toEqual(taken ? end : before)
      const again = await (await started(memory, files)).region.inbox.receive(shenzhen, body)
      expect(again.receipts).toEqual(receipts)
      expect(await state(memory)).toEqual(end)
      all++
    }
    expect(all).toBe(calls)
  })
})

it('writes under the lock of the pair, in every test of this house: the harness sees to it', async () => {
  const unlocked = us.store.transaction(async (tx) => {
    const found = await us.region.peers.get(tx, shenzhen)
    if (found)
      await us.region.home.queried(
        tx,
        found,
        JSON.parse(peer.record('identity.queried', null, { tag: tagOf(1), name: '王五' })) as never,
      )
  })
  await expect(unlocked).rejects.toThrow('without its pair lock')
  expect(without(await dumpOf(us.store), 'refusals')['records_out']).toEqual([])
})
