/** Several processes of one region on one PostgreSQL: they may all write, seal and receive at once. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { activities } from '../../node/activities/tables.ts'
import { recordsOf } from '../../node/federation/outbox.ts'
import { Sealer } from '../../node/federation/sealer.ts'
import { envelopesIn, envelopesOut, recordsIn, recordsOut, streamsOut } from '../../node/federation/tables.ts'
import { organisations } from '../../node/organisations/tables.ts'
import { jwsTypes, listDigest, readEnvelopePayload, readJws, verifyJws } from '../../protocol/index.ts'
import { freshDatabase, type FreshDatabase } from '../harness/database.ts'
import { MemoryHeads } from '../harness/heads.ts'
import { Office } from '../harness/office.ts'
import { bodyOf, ScriptedPeer, uuid } from '../harness/peer.ts'
import { idNumberOf, nameOf } from '../harness/people.ts'
import { openTestRegion, type TestRegion } from '../harness/region.ts'
import { newWorld, shenzhen, xinyang } from '../harness/world.ts'

let database: FreshDatabase
let processes: TestRegion[]
const world = newWorld()
const heads = new MemoryHeads()
const peer = new ScriptedPeer(shenzhen, xinyang)
const outflow = { destination: { code: shenzhen, text: '深圳' } }

beforeAll(async () => {
  database = await freshDatabase()
  world.network.fate = () => 'drop'
  processes = [1, 2, 3].map((seed) => {
    const opened = openTestRegion({ ...world, node: xinyang, store: database.store, heads, seed })
    opened.region.courier.wake = () => undefined
    return opened
  })
  if (processes[0]) await peer.agreeWith(processes[0])
  for (const opened of processes) await peer.confirms(opened)
})
afterAll(() => database.close())

it('seal one stream: without gaps, each record once, in the order it was written', async () => {
  const sealers = processes.map(({ region, store }) => {
    const { self, standing, crypto, clock, keyring } = region
    return new Sealer({ self, store, standing, keyring, crypto, clock, tuning: {} })
  })
  const people = Array.from({ length: 24 }, (_, n) => ({ idNumber: idNumberOf(n), name: nameOf(n) }))
  const [first] = processes
  if (!first) throw new Error('no process')
  await new Office(first.region).roster(...people)
  await Promise.all([
    ...people.map(({ idNumber }, n) => {
      const at = processes[n % 3] ?? first
      return new Office(at.region).outflow({ idNumber, host: shenzhen, outflow })
    }),
    ...Array.from({ length: 12 }, (_, n) => sealers[n % 3]?.seal(shenzhen)),
  ])
  await sealers[0]?.seal(shenzhen)
  await database.store.read(async (reader) => {
    const envelopes = await reader.find(envelopesOut, { peer: shenzhen }, { orderBy: 'seq' })
    const records = await reader.find(recordsOut, { peer: shenzhen }, { orderBy: 'position' })
    expect(records).toHaveLength(24)
    const sealed = await Promise.all(envelopes.map((envelope) => recordsOf(reader, envelope)))
    expect(sealed.flat()).toEqual(records)
    const stream = await reader.get(streamsOut, { peer: shenzhen })
    expect(stream).toMatchObject({
      standing: 'open',
      seq: envelopes.length,
      head: envelopes.at(-1)?.contentId,
      sealedPosition: records.at(-1)?.position,
    })
    const publicKey = Buffer.from(first.region.keyring.signing.x, 'base64url')
    for (const [i, { jws }] of envelopes.entries()) {
      const read = readJws(jws, jwsTypes.envelope)
      const opened = read.ok ? verifyJws(first.region.crypto, read.jws, publicKey) : read
      const payload = opened.ok ? readEnvelopePayload(opened.payload) : opened
      const own = sealed[i]?.map(({ digest }) => digest) ?? []
      const records = { count: own.length, digest: listDigest(first.region.crypto, own) }
      expect(payload).toMatchObject({
        ok: true,
        payload: { seq: i + 1, prev: envelopes[i - 1]?.contentId ?? null, records },
      })
    }
  })
})

/** Each process in turn takes the lease and keeps it in mind, as clocks that differ might bring about. */
async function allHoldTheLease(): Promise<void> {
  const gap = bodyOf(peer.seal({ seq: peer.seq + 9 }, peer.unknown(null)))
  for (const { region } of processes) {
    expect((await region.inbox.receive(shenzhen, gap)).refusal?.code).toBe('gap')
    await database.sql`delete from leases`
  }
}

it('receive the same post at once: one of them takes it, the others say that they cannot now', async () => {
  const body = bodyOf(peer.say(peer.unknown(null)))
  const answers = await Promise.all(processes.map(({ region }) => region.inbox.receive(shenzhen, body)))
  const codes = answers.map(({ receipts, refusal }) => refusal?.code ?? receipts.length)
  expect(codes.sort()).toEqual([1, 'unavailable', 'unavailable'])
  expect(await database.store.read((reader) => reader.count(recordsIn, {}))).toBe(1)
  for (const { region } of processes) await region.stop()
})

it('receive the same post at once though each takes itself for the one that may, and apply it once', async () => {
  await allHoldTheLease()
  const tag = 'A'.repeat(43)
  const body = bodyOf(
    peer.say(
      peer.record('flow.published', uuid(1), { tag, person: { name: '王五' }, outflow }),
      peer.record('notice.sent', uuid(1), { on: '2026-01-01', subject: '通知', text: '内容' }),
    ),
    peer.say(peer.record('notice.sent', uuid(1), { on: '2026-01-02', subject: '通知', text: '内容' })),
  )
  const answers = await Promise.all(
    [...processes, ...processes].map(({ region }) => region.inbox.receive(shenzhen, body)),
  )
  for (const answer of answers) expect(answer).toEqual(answers[0])
  expect(answers[0]?.receipts).toHaveLength(2)
  await database.store.read(async (reader) => {
    expect(await reader.count(envelopesIn, {})).toBe(3)
    expect(await reader.count(recordsIn, {})).toBe(4)
    expect((await reader.get(streamsOut, { peer: shenzhen }))?.standing).toBe('open')
    const subject = await processes[0]?.region.cases.get(reader, uuid(1))
    expect(subject?.home.notices).toBe(2)
  })
})

it('know again what was said before, though a batch presumes all of it new', async () => {
  const report = (title: string, id?: string) =>
    peer.record('activity.recorded', uuid(1), { activity: { on: '2026-03-01', kind: 'study', title } }, id)
  const said = report('一')
  const id = uuid(77)
  const outcomes = async (...envelopes: string[][]) => {
    const body = bodyOf(...envelopes.map((records) => peer.say(...records)))
    const answer = await processes[0]?.region.inbox.receive(shenzhen, body)
    return answer?.receipts.map((token) => {
      const part = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
      return (JSON.parse(part) as { outcomes: string[] }).outcomes
    })
  }
  expect(await outcomes([said, report('二', id)])).toEqual([['applied', 'applied']])
  const repeated = 'refused:record_repeated'
  expect(await outcomes([report('三')], [said, report('四')], [report('五', id)])).toEqual([
    ['applied'],
    [repeated, 'applied'],
    [repeated],
  ])
  expect(await database.store.read((reader) => reader.count(activities, { caseId: uuid(1) }))).toBe(4)
})

it('let no stranger’s spelling reach the database', async () => {
  for (const name of ['\u0000', "'", '411500\u0000', '9'.repeat(100_000)]) {
    const answer = await processes[0]?.region.inbox.receive(name, bodyOf(peer.seal({}, peer.unknown(null))))
    expect(answer?.refusal?.code).toBe('unknown_peer')
  }
})

it('let officers name one new branch at once', async () => {
  const branch = '中共东河镇二岭村支部委员会'
  const arrivals = [31, 32, 33].map((n, i) =>
    new Office((processes[i] ?? processes[0])?.region as TestRegion['region']).arrivals({
      idNumber: idNumberOf(n),
      home: shenzhen,
      name: nameOf(n),
      branch,
    }),
  )
  expect((await Promise.all(arrivals)).flat()).toEqual(['added', 'added', 'added'])
  expect(await database.store.read((reader) => reader.count(organisations, { name: branch }))).toBe(1)
})
