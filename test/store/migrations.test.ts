/**
 * A database as the first version left it, with work half done in it, is brought to the schema of today: nothing that
 * was sealed is sealed again, nothing that waits is forgotten, and every text stands where its envelope has it.
 */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { lineOf } from '../../node/federation/envelopes-in.ts'
import { envelopeOf, recordsOf } from '../../node/federation/outbox.ts'
import { streamState } from '../../node/federation/requests.ts'
import {
  envelopesIn,
  envelopesOut,
  peerKeys,
  recordsIn,
  recordsOut,
  streamsIn,
  streamsOut,
} from '../../node/federation/tables.ts'
import { openDatabase, type Database } from '../../node/store/database.ts'
import {
  caseView,
  digestOf,
  homeStates,
  hostStates,
  jwsTypes,
  noHomeFacts,
  noHostFacts,
  signJws,
  type HomeFacts,
  type HostFacts,
  type SealedEnvelope,
} from '../../protocol/index.ts'
import { cases } from '../../node/flows/tables.ts'
import { nodeJsCrypto } from '../../node/platform.ts'
import { emptyDatabase } from '../harness/database.ts'
import { ScriptedPeer, uuid } from '../harness/peer.ts'
import { dongguan, shenzhen, xinyang } from '../harness/world.ts'

const migrations = path.resolve(import.meta.dirname, '../../node/store/migrations')
const peer = new ScriptedPeer(shenzhen, xinyang)
const notice = (subject: string) =>
  peer.record('notice.sent', uuid(1), { on: '2026-02-01', subject, text: '“支部”\\n通知\\t' })

/** The second repeats a record of the first and says one of its own twice, beside one that was erased. */
const [one, two, three] = [notice('一'), notice('二'), notice('三')]
const erased = notice('四')
const taken = [peer.say(one, two), peer.say(two, three, three, erased), peer.say(erased)]

let database: Database

/** The first migration alone, as a node of that version would have run it. */
async function firstVersion(url: string): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'huiliu-migrations-'))
  const journal = JSON.parse(await readFile(path.join(migrations, 'meta/_journal.json'), 'utf8')) as {
    entries: { tag: string }[]
  }
  await mkdir(path.join(folder, 'meta'))
  await cp(path.join(migrations, '0000_ground.sql'), path.join(folder, '0000_ground.sql'))
  const entries = journal.entries.slice(0, 1)
  await writeFile(path.join(folder, 'meta/_journal.json'), JSON.stringify({ ...journal, entries }))
  const sql = postgres(url, { max: 1, onnotice: () => undefined })
  await migrate(drizzle(sql), { migrationsFolder: folder })
  await fill(sql)
  await fillCases(sql)
  await sql.end()
  await rm(folder, { recursive: true })
}

/** Two peers whose positions alternate: Shenzhen has two envelopes and two records waiting, Dongguan has all waiting. */
async function fill(sql: postgres.Sql): Promise<void> {
  await sql`insert into identity values (${xinyang}, 'our key')`
  for (const node of [shenzhen, dongguan]) {
    await sql`insert into peers values (${node}, '地区', 'http://x', false)`
    await sql`insert into peer_keys values (${node}, ${`key of ${node}`}, 'x')`
    await sql`insert into streams_in values (${node}, 1, ${node === shenzhen ? 3 : 0}, null, false, 7)`
  }
  await sql`insert into streams_out (peer, epoch, seq, head, receipted, unreceipted)
    values (${shenzhen}, 1, 2, 'content 2', 1, 1), (${dongguan}, 1, 0, null, 0, 0)`
  const sealedAs = new Map([
    [1, [1, 0]],
    [3, [1, 1]],
    [5, [2, 0]],
  ])
  for (let position = 1; position <= 9; position++) {
    const [seq = null, idx = null] = sealedAs.get(position) ?? []
    const of = position % 2 === 1 ? shenzhen : dongguan
    await sql`insert into records_out
      (position, peer, record_id, case_id, type, digest, text, written_ms, sealed, epoch, seq, idx, outcome)
      values (${position}, ${of}, ${`id ${position}`}, 'c', 'notice.sent', ${`digest ${position}`},
        ${position === 3 ? null : `text ${position}`}, 1, ${seq !== null}, ${seq === null ? null : 1}, ${seq}, ${idx},
        ${position === 3 ? 'parked' : null})`
  }
  for (const [seq, records] of [
    [1, 2],
    [2, 1],
  ] as const)
    await sql`insert into envelopes_out values
      (${shenzhen}, 1, ${seq}, ${`content ${seq}`}, 'jws', ${records}, 5, ${seq === 1}, null, null)`
  const known = new Set<string>()
  for (const envelope of taken) await takenBefore(sql, envelope, known)
}

/** The first version signed the list of digests itself. */
function signedThen({ payload, digests }: SealedEnvelope): string {
  return signJws(peer.keyring.signer, jwsTypes.envelope, { ...payload, records: digests })
}

/** Every state of one side with every state of the other, without and with a deviation and a dispute. */
const told: [HomeFacts, HostFacts][] = homeStates.flatMap((home) =>
  hostStates.flatMap((host) =>
    [0, 1, 2].map((more): [HomeFacts, HostFacts] => [
      { ...noHomeFacts, state: home, person: more === 1 ? { name: '王五' } : null },
      {
        ...noHostFacts,
        state: host,
        person: { name: '王武' },
        deviations: more === 1 ? [{ field: 'name', home: '王五', host: '王武' }] : [],
        dispute: more === 2 ? 'wrong-person' : null,
      },
    ]),
  ),
)

async function fillCases(sql: postgres.Sql): Promise<void> {
  for (const [i, [home, host]] of told.entries())
    await sql`insert into cases values (${`case ${i}`}, ${shenzhen}, ${i % 2 === 0 ? 'home' : 'host'}, ${`tag ${i}`},
      ${i === 0 ? 'm' : null}, null, null, true, ${JSON.stringify(home)}, ${JSON.stringify(host)}, 1)`
  await sql`insert into members (id, id_token, id_sealed, name, branch, changed_ms) values ('m', 't', '', '王五', 'b', 1)`
}

/** What the first version kept of an envelope: each record once, where it first came, the erased ones without text. */
async function takenBefore(sql: postgres.Sql, envelope: SealedEnvelope, known: Set<string>): Promise<void> {
  const { seq } = envelope.payload
  await sql`insert into envelopes_in values (${shenzhen}, 1, ${seq}, ${envelope.contentId}, ${signedThen(envelope)}, 'r', 6)`
  for (const [idx, text] of envelope.records.entries()) {
    const digest = envelope.digests[idx] ?? ''
    if (known.has(digest)) continue
    known.add(digest)
    await sql`insert into records_in values (${shenzhen}, ${digest}, 1, ${seq}, ${idx}, ${uuid(1)}, 'notice.sent',
      ${text === erased ? null : text}, ${idx === 0 ? 'parked' : 'applied'}, ${idx === 0})`
  }
}

beforeAll(async () => {
  const url = await emptyDatabase()
  await firstVersion(url)
  database = await openDatabase(url, 2)
})
afterAll(() => database.close())

it('knows in every stream how far it is sealed, what is unsent, and by which key it goes on', async () => {
  await database.store.read(async (reader) => {
    const goesOn = { kid: 'our key', kidFrom: 1, formerKid: null, vouched: 0, standing: 'open' }
    expect(await reader.get(streamsOut, { peer: shenzhen })).toMatchObject({
      sealedPosition: 5,
      seq: 2,
      ...goesOn,
    })
    expect(await reader.get(streamsOut, { peer: dongguan })).toMatchObject({
      sealedPosition: 0,
      seq: 0,
      ...goesOn,
    })
    expect((await streamState(reader, shenzhen)).unsent).toBe(3)
    expect((await streamState(reader, dongguan)).unsent).toBe(4)
    expect(await reader.get(streamsIn, { peer: shenzhen })).toMatchObject({
      frozen: false,
      thawed: false,
      heardMs: 7,
    })
  })
})

it('finds the records of each envelope sent, and the envelope of each record', async () => {
  await database.store.read(async (reader) => {
    const sent = await reader.find(envelopesOut, {}, { orderBy: 'seq' })
    const spans = sent.map(({ firstPosition, lastPosition }) => [firstPosition, lastPosition])
    expect(spans).toEqual([
      [1, 3],
      [5, 5],
    ])
    const records = await Promise.all(sent.map((envelope) => recordsOf(reader, envelope)))
    expect(records.map((rows) => rows.map(({ text }) => text))).toEqual([['text 1', null], ['text 5']])
    expect(records[0]?.map(({ outcome }) => outcome)).toEqual([null, 'parked'])
    const places = [1, 3, 5, 7].map((position) => envelopeOf(reader, shenzhen, position))
    expect((await Promise.all(places)).map((envelope) => envelope?.seq)).toEqual([1, 1, 2, undefined])
    expect(await envelopeOf(reader, dongguan, 2)).toBeUndefined()
    expect(await reader.count(recordsOut, {})).toBe(9)
  })
})

it('has every text of what was taken at the index its envelope gives it, also where one was said before', async () => {
  await database.store.read(async (reader) => {
    for (const { payload, records } of taken) {
      const { lines } = (await reader.get(envelopesIn, { peer: shenzhen, epoch: 1, seq: payload.seq })) ?? {}
      expect(lines?.split('\n')).toEqual(records.map((text) => (text === erased ? 'null' : text)))
    }
    for (const row of await reader.find(recordsIn, {})) {
      const text = await lineOf(reader, row)
      if (text !== 'null') expect(digestOf(nodeJsCrypto, text)).toBe(row.digest)
    }
    expect(await reader.count(recordsIn, { parked: true })).toBe(1)
  })
})

it('lets the keys of peers sign from the beginning on', async () => {
  await database.store.read(async (reader) => {
    const keys = await reader.find(peerKeys, {}, { orderBy: 'peer' })
    const always = {
      fromEpoch: 1,
      fromSeq: 1,
      untilEpoch: null,
      untilSeq: null,
      retired: false,
      revoked: false,
    }
    expect(keys).toMatchObject([
      { peer: shenzhen, ...always },
      { peer: dongguan, ...always },
    ])
  })
})

it('knows of every case what both sides mean together, whose name it has and to which branch it belongs', async () => {
  const rows = await database.store.read((reader) => reader.find(cases, {}))
  const found = new Map(rows.map((row) => [row.id, row]))
  for (const [i, [home, host]] of told.entries())
    expect([home.state, host.state, found.get(`case ${i}`)]).toMatchObject([
      home.state,
      host.state,
      { meaning: caseView(home, host).meaning, name: home.person?.name ?? '王武' },
    ])
  expect(found.get('case 0')?.organisation).toBe('b')
})
