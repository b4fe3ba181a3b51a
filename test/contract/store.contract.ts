/**
 * What node/store/port.ts promises, as a suite that any implementation can be put to. It uses tables of the product,
 * because their keys, partial indexes and nullable columns are what the promises are for.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { activities } from '../../node/activities/tables.ts'
import { envelopesIn, nonces, peerKeys, peers, recordsIn, recordsOut } from '../../node/federation/tables.ts'
import { cases } from '../../node/flows/tables.ts'
import { members } from '../../node/members/tables.ts'
import { organisations } from '../../node/organisations/tables.ts'
import { MissingRow, UniqueViolation, type Row, type Store, type Transaction } from '../../node/store/port.ts'

export interface StoreUnderTest {
  readonly store: Store
  /** Empties every table. */
  clear(): Promise<void>
  close(): Promise<void>
}

export const organisation = (
  id: string,
  more: Partial<Row<typeof organisations>> = {},
): Row<typeof organisations> => ({ id, parent: null, name: `name of ${id}`, kind: 'branch', ...more })

export const aCase = (id: string, more: Partial<Row<typeof cases>> = {}): Row<typeof cases> => ({
  id,
  peer: '440300',
  side: 'home',
  tag: `tag of ${id}`,
  member: null,
  arrival: null,
  registerPhone: null,
  erasedOutflow: null,
  open: true,
  homeFacts: '{}',
  hostFacts: '{}',
  name: '',
  meaning: 'pending',
  organisation: null,
  changedMs: 1,
  ...more,
})

export const anActivity = (
  id: string,
  more: Partial<Row<typeof activities>> = {},
): Row<typeof activities> => ({
  id,
  caseId: 'c',
  side: 'host',
  kind: 'study',
  on: '2026-01-01',
  title: null,
  amountFen: null,
  withdrawn: false,
  mark: null,
  changedMs: 1,
  ...more,
})

const aMember = (id: string, more: Partial<Row<typeof members>> = {}): Row<typeof members> => ({
  id,
  idToken: `token of ${id}`,
  idSealed: new Uint8Array([1, 2, 3]),
  name: '王五',
  category: null,
  phone: null,
  gender: null,
  ethnicity: null,
  bornOn: null,
  education: null,
  joinedOn: null,
  branch: null,
  changedMs: 1,
  ...more,
})

const received = (digest: string, more: Partial<Row<typeof recordsIn>> = {}): Row<typeof recordsIn> => ({
  peer: '440300',
  digest,
  epoch: 1,
  seq: 1,
  idx: 0,
  caseId: null,
  type: 'flow.published',
  outcome: 'applied',
  parked: false,
  ...more,
})

const anEnvelope = (seq: number): Row<typeof envelopesIn> => ({
  ...{ peer: '440300', epoch: 1, seq, contentId: `content ${seq}`, jws: 'j', lines: '{}', receipt: 'r' },
  receivedMs: seq,
})

const aPeerKey = (peer: string, kid: string, x: string): Row<typeof peerKeys> => ({
  ...{ peer, kid, x, fromEpoch: 1, fromSeq: 1, untilEpoch: null, untilSeq: null },
  ...{ retired: false, revoked: false },
})

/** Letters of every kind that has ever broken an encoder: quotes, array and escape syntax, breaks, scripts, emoji. */
export const awkwardTexts = [
  '',
  ' ',
  'NULL',
  'null',
  'undefined',
  '"quoted"',
  "it's",
  'back\\slash \\" \\\\',
  '{curly,[square],(round)}',
  '{}',
  ',',
  'line\nbreak\r\n\ttab',
  '\u0001control\u001f',
  '中共东河镇二岭村支部委员会',
  '阿不都·热西提',
  '𠮷野家',
  '👩‍👩‍👧‍👦',
  'e\u0301',
  '\ufeffbom',
  '\\x414243',
  '$1 %s ?',
  "'; drop table members; --",
  'x'.repeat(100_000),
]

export function storeContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`store contract: ${name}`, () => {
    let under: StoreUnderTest
    let store: Store
    beforeAll(async () => {
      under = await open()
      store = under.store
    })
    beforeEach(() => under.clear())
    afterAll(() => under.close())

    const put = (...rows: Row<typeof organisations>[]) =>
      store.transaction((tx) => tx.insert(organisations, rows))
    const all = () => store.read((reader) => reader.find(organisations, {}, { orderBy: 'id' }))

    atomicity(() => store)
    ownWrites(() => store)
    uniqueness(() => store)
    finding(() => store)
    values(() => store)

    it('holds rows as values: changing what was read or given changes nothing', async () => {
      const given = { ...organisation('a') }
      await store.transaction(async (tx) => {
        await tx.insert(organisations, [given])
        given.name = 'changed after insert'
        const read = await tx.get(organisations, { id: 'a' })
        attempt(() => ((read as { name: string }).name = 'changed after get'))
        expect((await tx.get(organisations, { id: 'a' }))?.name).toBe('name of a')
      })
      const [found] = await all()
      attempt(() => ((found as { name: string }).name = 'changed after find'))
      expect((await all())[0]?.name).toBe('name of a')
    })

    it('draws positions ascending and never twice, from transactions at once and after a failure', async () => {
      const draw = (count: number) => store.transaction((tx) => tx.positions(count))
      const failed: number[] = []
      await store
        .transaction(async (tx) => {
          failed.push(...(await tx.positions(2)))
          throw new Error('changed my mind')
        })
        .catch(() => undefined)
      const drawn = await Promise.all([draw(3), draw(1), draw(0), draw(5)])
      for (const some of drawn) expect(some).toEqual([...some].sort((a, b) => a - b))
      const ever = [...failed, ...drawn.flat()]
      expect(new Set(ever).size).toBe(11)
    })

    it('runs afterCommit once, when it is durable, and never after a failure', async () => {
      const seen: string[] = []
      await store.transaction(async (tx) => {
        tx.afterCommit(() => seen.push('committed'))
        await tx.insert(organisations, [organisation('a')])
        expect(seen).toEqual([])
      })
      expect(seen).toEqual(['committed'])
      const failing = store.transaction((tx) => {
        tx.afterCommit(() => seen.push('never'))
        return Promise.reject(new Error('no'))
      })
      await expect(failing).rejects.toThrow('no')
      const violating = store.transaction(async (tx) => {
        tx.afterCommit(() => seen.push('never'))
        await tx.insert(organisations, [organisation('b', { name: 'name of a' })])
      })
      await expect(violating).rejects.toBeInstanceOf(UniqueViolation)
      expect(seen).toEqual(['committed'])
    })

    it('lets one transaction at a time hold a name, and reads anew what was read before the lock', async () => {
      await put(organisation('counter', { kind: '0' }))
      const addOne = () =>
        store.transaction(async (tx) => {
          await tx.get(organisations, { id: 'counter' })
          await tx.lock(['b', 'counter', 'a', 'b'])
          const row = await tx.get(organisations, { id: 'counter' })
          await tx.update(organisations, { id: 'counter' }, { kind: String(Number(row?.kind) + 1) })
        })
      await Promise.all(Array.from({ length: 12 }, addOne))
      expect((await all())[0]?.kind).toBe('12')
    })

    it('keeps what was written before a lock was asked for', async () => {
      await store.transaction(async (tx) => {
        await tx.insert(organisations, [organisation('a')])
        await tx.lock(['x'])
        await tx.update(organisations, { id: 'a' }, { kind: 'region' })
        await tx.lock(['y'])
        expect((await tx.get(organisations, { id: 'a' }))?.kind).toBe('region')
      })
      expect((await all())[0]?.kind).toBe('region')
    })

    it('gives locks in whatever order names are written, without a deadlock', async () => {
      const take = (...names: string[]) =>
        store.transaction(async (tx) => {
          await tx.lock(names)
          await tx.count(organisations, {})
        })
      const rounds = Array.from({ length: 10 }, () => [
        take('p', 'q', 'r'),
        take('r', 'q', 'p'),
        take('q', 'p'),
      ])
      await Promise.all(rounds.flat())
    })

    it('reads one consistent snapshot', async () => {
      await put(organisation('a'), organisation('b'))
      await store.read(async (reader) => {
        const before = await reader.count(organisations, {})
        expect(await reader.count(organisations, {})).toBe(before)
        expect(await reader.getMany(organisations, [{ id: 'b' }, { id: 'none' }, { id: 'a' }])).toMatchObject(
          [{ id: 'b' }, undefined, { id: 'a' }],
        )
      })
    })
  })
}

function attempt(change: () => void): void {
  try {
    change()
  } catch {
    // A store may answer with frozen rows: then the change is refused, which is as good.
  }
}

function atomicity(store: () => Store): void {
  it('commits whole', async () => {
    const result = await store().transaction(async (tx) => {
      await tx.insert(organisations, [organisation('a'), organisation('b')])
      await tx.insert(cases, [aCase('c')])
      return 'done'
    })
    expect(result).toBe('done')
    await store().read(async (reader) => {
      expect(await reader.count(organisations, {})).toBe(2)
      expect(await reader.count(cases, {})).toBe(1)
    })
  })

  it('leaves nothing of a transaction that throws, whatever it had done', async () => {
    await store().transaction((tx) => tx.insert(organisations, [organisation('kept'), organisation('gone')]))
    const work = store().transaction(async (tx) => {
      await tx.insert(organisations, [organisation('new')])
      await tx.update(organisations, { id: 'kept' }, { kind: 'changed' })
      await tx.remove(organisations, { id: 'gone' })
      expect(await tx.count(organisations, {})).toBe(2)
      throw new TypeError('half way')
    })
    await expect(work).rejects.toThrow(new TypeError('half way'))
    const left = await store().read((reader) => reader.find(organisations, {}, { orderBy: 'id' }))
    expect(left).toEqual([organisation('gone'), organisation('kept')])
  })

  it('leaves nothing of a transaction that breaks an index at its very end', async () => {
    await store().transaction((tx) => tx.insert(organisations, [organisation('a')]))
    const work = store().transaction(async (tx) => {
      await tx.insert(cases, [aCase('c')])
      await tx.insert(organisations, [organisation('b', { name: 'name of a' })])
    })
    await expect(work).rejects.toBeInstanceOf(UniqueViolation)
    expect(await store().read((reader) => reader.count(cases, {}))).toBe(0)
  })
}

function ownWrites(store: () => Store): void {
  const everyWay = async (tx: Transaction, id: string) => ({
    get: await tx.get(organisations, { id }),
    find: (await tx.find(organisations, { id }))[0],
    findIn: (await tx.findIn(organisations, 'id', [id, 'other']))[0],
    count: await tx.count(organisations, { id }),
  })

  it('reads its own insert, update and removal, by every way of reading', async () => {
    await store().transaction(async (tx) => {
      await tx.insert(organisations, [organisation('a')])
      const row = organisation('a')
      expect(await everyWay(tx, 'a')).toEqual({ get: row, find: row, findIn: row, count: 1 })
      await tx.update(organisations, { id: 'a' }, { kind: 'region', parent: 'p' })
      const changed = { ...row, kind: 'region', parent: 'p' }
      expect(await everyWay(tx, 'a')).toEqual({ get: changed, find: changed, findIn: changed, count: 1 })
      expect(await tx.find(organisations, { kind: 'branch' })).toEqual([])
      expect(await tx.find(organisations, { kind: 'region' })).toEqual([changed])
      await tx.remove(organisations, { id: 'a' })
      expect(await everyWay(tx, 'a')).toEqual({
        get: undefined,
        find: undefined,
        findIn: undefined,
        count: 0,
      })
      await tx.insert(organisations, [organisation('a', { kind: 'again' })])
      expect((await everyWay(tx, 'a')).find?.kind).toBe('again')
    })
    expect(await store().read((reader) => reader.find(organisations, {}))).toEqual([
      organisation('a', { kind: 'again' }),
    ])
  })

  it('finds out when what was presumed new is there, and writes nothing twice', async () => {
    await store().transaction((tx) => tx.insert(organisations, [organisation('a')]))
    let runs = 0
    const found = await store().transaction(async (tx) => {
      runs++
      const keys = [{ id: 'a' }, { id: 'b' }]
      tx.presumeNew(organisations, keys)
      const rows = await tx.getMany(organisations, keys)
      for (const [i, { id }] of keys.entries())
        if (!rows[i]) await tx.insert(organisations, [organisation(id, { name: `${id} again` })])
      return rows.map((row) => row?.id)
    })
    expect(found).toEqual(['a', undefined])
    expect(runs).toBeLessThanOrEqual(2)
    const rows = await store().read((reader) => reader.find(organisations, {}, { orderBy: 'id' }))
    expect(rows).toEqual([organisation('a'), organisation('b', { name: 'b again' })])
  })

  it('finds out among many, which leave in another way', async () => {
    await store().transaction((tx) => tx.insert(organisations, [organisation('40')]))
    const keys = Array.from({ length: 60 }, (_, i) => ({ id: `${i}` }))
    const found = await store().transaction(async (tx) => {
      tx.presumeNew(organisations, keys)
      const rows = await tx.getMany(organisations, keys)
      const missing = keys.filter((_, i) => !rows[i])
      await tx.insert(
        organisations,
        missing.map(({ id }) => organisation(id)),
      )
      return rows.flatMap((row) => (row ? [row.id] : []))
    })
    expect(found).toEqual(['40'])
    expect(await store().read((reader) => reader.count(organisations, {}))).toBe(60)
  })

  it('looks again when another transaction has taken a key after it was looked for', async () => {
    let runs = 0
    const take = (tx: Transaction) => tx.insert(organisations, [organisation('a', { kind: 'other' })])
    const found = await store().transaction(async (tx) => {
      const before = await tx.get(organisations, { id: 'a' })
      if (++runs === 1) await store().transaction(take)
      if (!before) await tx.insert(organisations, [organisation('a')])
      return before?.kind
    })
    expect([found, runs]).toEqual(['other', 2])
    expect(await store().read((reader) => reader.count(organisations, {}))).toBe(1)
  })

  it('says UniqueViolation when it was no presumption that broke the index', async () => {
    await store().transaction((tx) => tx.insert(organisations, [organisation('a')]))
    const work = store().transaction(async (tx) => {
      tx.presumeNew(organisations, [{ id: 'b' }])
      await tx.insert(organisations, [organisation('b', { name: 'name of a' })])
    })
    await expect(work).rejects.toBeInstanceOf(UniqueViolation)
    expect(await store().read((reader) => reader.count(organisations, {}))).toBe(1)
  })

  it('updates by a whole row as key, several times, the last one standing', async () => {
    await store().transaction((tx) => tx.insert(organisations, [organisation('a'), organisation('b')]))
    await store().transaction(async (tx) => {
      for (const row of await tx.find(organisations, {})) {
        await tx.update(organisations, row, { kind: 'first' })
        await tx.update(organisations, row, { parent: 'p' })
      }
      await tx.update(organisations, { id: 'b' }, { kind: 'last' })
    })
    expect(await store().read((reader) => reader.find(organisations, {}, { orderBy: 'id' }))).toEqual([
      organisation('a', { kind: 'first', parent: 'p' }),
      organisation('b', { kind: 'last', parent: 'p' }),
    ])
  })

  it('says MissingRow for an update of what is not there, and nothing for a removal', async () => {
    const update = store().transaction((tx) => tx.update(organisations, { id: 'none' }, { kind: 'x' }))
    await expect(update).rejects.toBeInstanceOf(MissingRow)
    const removedBefore = store().transaction(async (tx) => {
      await tx.insert(organisations, [organisation('a')])
      await tx.remove(organisations, { id: 'a' })
      await tx.update(organisations, { id: 'a' }, { kind: 'x' })
    })
    await expect(removedBefore).rejects.toBeInstanceOf(MissingRow)
    await store().transaction((tx) => tx.remove(organisations, { id: 'none' }))
  })

  it('answers reads that run at once, each with the truth', async () => {
    await store().transaction((tx) => tx.insert(organisations, [organisation('a')]))
    await store().transaction(async (tx) => {
      const key = { id: 'a' }
      const [one, two, three] = await Promise.all([
        tx.get(organisations, key),
        tx.get(organisations, key),
        tx.find(organisations, key),
      ])
      expect([one?.id, two?.id, three[0]?.id]).toEqual(['a', 'a', 'a'])
    })
  })
}

function uniqueness(store: () => Store): void {
  const violates = (work: (tx: Transaction) => Promise<void>) =>
    expect(store().transaction(work)).rejects.toBeInstanceOf(UniqueViolation)

  it('refuses a primary key twice: in one insert, in one transaction, in two', async () => {
    await violates((tx) => tx.insert(organisations, [organisation('a'), organisation('a', { name: 'x' })]))
    await violates(async (tx) => {
      await tx.insert(organisations, [organisation('a')])
      await tx.insert(organisations, [organisation('a', { name: 'x' })])
    })
    await store().transaction((tx) => tx.insert(organisations, [organisation('a')]))
    await violates((tx) => tx.insert(organisations, [organisation('a', { name: 'x' })]))
    await store().transaction((tx) => tx.insert(peerKeys, [aPeerKey('p', 'k', '1')]))
    await violates((tx) => tx.insert(peerKeys, [aPeerKey('p', 'k', '2')]))
    await store().transaction((tx) => tx.insert(peerKeys, [aPeerKey('p', 'other', '2')]))
  })

  it('refuses a key or a unique place that is taken in an insert of many rows', async () => {
    await store().transaction((tx) => tx.insert(organisations, [organisation('7', { name: 'taken' })]))
    const many = (name: (i: number) => string) =>
      store().transaction((tx) =>
        tx.insert(
          organisations,
          Array.from({ length: 60 }, (_, i) => organisation(`${i + 100}`, { name: name(i) })),
        ),
      )
    await expect(many((i) => (i === 30 ? 'taken' : `name ${i}`))).rejects.toBeInstanceOf(UniqueViolation)
    await expect(many((i) => `name ${Math.floor(i / 2)}`)).rejects.toBeInstanceOf(UniqueViolation)
    expect(await store().read((reader) => reader.count(organisations, {}))).toBe(1)
    await many((i) => `name ${i}`)
    expect(await store().read((reader) => reader.count(organisations, {}))).toBe(61)
  })

  it('holds a unique index on insert and on update, and names it', async () => {
    await store().transaction((tx) => tx.insert(organisations, [organisation('a'), organisation('b')]))
    const broken = store().transaction((tx) => tx.update(organisations, { id: 'b' }, { name: 'name of a' }))
    await expect(broken).rejects.toMatchObject({ index: 'organisations_name' })
    await violates((tx) => tx.insert(organisations, [organisation('c', { name: 'name of a' })]))
  })

  it('lets any number of rows have null in a unique index', async () => {
    await store().transaction((tx) => tx.insert(activities, [anActivity('a'), anActivity('b')]))
    await store().transaction((tx) =>
      tx.insert(activities, [anActivity('c'), anActivity('d', { mark: 'm' })]),
    )
    await violates((tx) => tx.insert(activities, [anActivity('e', { mark: 'm' })]))
    await violates((tx) => tx.update(activities, { id: 'a' }, { mark: 'm' }))
  })

  it('binds a partial index only where its condition is true', async () => {
    const same = { tag: 't' }
    await store().transaction((tx) =>
      tx.insert(cases, [
        aCase('1', { ...same, open: false }),
        aCase('2', { ...same, open: false }),
        aCase('3', same),
        aCase('other side', { ...same, side: 'host' }),
        aCase('other peer', { ...same, peer: '441900' }),
      ]),
    )
    await violates((tx) => tx.insert(cases, [aCase('4', same)]))
    await violates((tx) => tx.update(cases, { id: '1' }, { open: true }))
  })

  it('lets a row leave a unique place and another take it in one transaction, written in either order', async () => {
    await store().transaction((tx) =>
      tx.insert(cases, [aCase('a', { tag: 't' }), aCase('b', { tag: 't', open: false })]),
    )
    await store().transaction(async (tx) => {
      await tx.update(cases, { id: 'a' }, { open: false })
      await tx.insert(cases, [aCase('c', { tag: 't' })])
    })
    // Both are updates now, and the one that takes is read and written before the one that leaves.
    await store().transaction(async (tx) => {
      await tx.get(cases, { id: 'b' })
      await tx.update(cases, { id: 'b' }, { open: true })
      await tx.update(cases, { id: 'c' }, { open: false })
    })
    await store().transaction(async (tx) => {
      await tx.remove(cases, { id: 'b' })
      await tx.insert(cases, [aCase('d', { tag: 't' })])
    })
    const open = await store().read((reader) => reader.find(cases, { open: true }))
    expect(open.map(({ id }) => id)).toEqual(['d'])
  })
}

function finding(store: () => Store): void {
  const ids = (rows: { id: string }[]) => rows.map(({ id }) => id)

  it('orders, pages and limits in both directions', async () => {
    const rows = ['c', 'a', 'e', 'b', 'd'].map((id, i) => organisation(id, { kind: i < 3 ? 'x' : 'y' }))
    await store().transaction(async (tx) => {
      await tx.insert(organisations, rows.slice(0, 3))
      const find = (options: object) => tx.find(organisations, {}, options)
      await tx.insert(organisations, rows.slice(3))
      expect(ids(await find({ orderBy: 'id' }))).toEqual(['a', 'b', 'c', 'd', 'e'])
      expect(ids(await find({ orderBy: 'id', descending: true }))).toEqual(['e', 'd', 'c', 'b', 'a'])
      expect(ids(await find({ orderBy: 'id', after: 'b', limit: 2 }))).toEqual(['c', 'd'])
      expect(ids(await find({ orderBy: 'id', after: 'b', descending: true }))).toEqual(['a'])
      expect(ids(await find({ orderBy: 'id', limit: 0 }))).toEqual([])
      expect(ids(await find({ orderBy: 'id', after: 'e' }))).toEqual([])
      expect(ids(await find({ orderBy: 'id', limit: Number.MAX_SAFE_INTEGER }))).toHaveLength(5)
      expect(await find({ limit: 2 })).toHaveLength(2)
      const some = await tx.find(organisations, { kind: 'x' }, { orderBy: 'id', after: 'a' })
      expect(ids(some)).toEqual(['c', 'e'])
    })
  })

  it('orders numbers as numbers', async () => {
    const at = (nonce: string, expiresMs: number) => ({ peer: 'p', nonce, expiresMs })
    const times = [10, 9, 100, 2 ** 53 - 1, 0]
    await store().transaction((tx) =>
      tx.insert(
        nonces,
        times.map((ms) => at(`n${ms}`, ms)),
      ),
    )
    const found = await store().read((reader) => reader.find(nonces, {}, { orderBy: 'expiresMs', after: 0 }))
    expect(found.map(({ expiresMs }) => expiresMs)).toEqual([9, 10, 100, 2 ** 53 - 1])
  })

  it('matches every column named; null equals null and nothing else', async () => {
    await store().transaction((tx) =>
      tx.insert(organisations, [
        organisation('a', { parent: null }),
        organisation('b', { parent: 'null' }),
        organisation('c', { parent: 'p', kind: 'region' }),
      ]),
    )
    await store().transaction(async (tx) => {
      await tx.insert(organisations, [organisation('d', { parent: 'null', kind: 'region' })])
      const find = async (match: object) => ids(await tx.find(organisations, match, { orderBy: 'id' }))
      expect(await find({ parent: null })).toEqual(['a'])
      expect(await find({ parent: 'null' })).toEqual(['b', 'd'])
      expect(await find({ parent: 'null', kind: 'region' })).toEqual(['d'])
      expect(await find({ kind: 'region', parent: 'p' })).toEqual(['c'])
      expect(await tx.count(organisations, { parent: null })).toBe(1)
      expect(await tx.count(organisations, {})).toBe(4)
    })
    await store().read(async (reader) => {
      expect(ids(await reader.find(organisations, { parent: null }))).toEqual(['a'])
      expect(ids(await reader.find(organisations, { parent: 'null' }, { orderBy: 'id' }))).toEqual(['b', 'd'])
    })
  })

  it('finds any of many values once each, with a match beside', async () => {
    const rows = ['a', 'b', 'c'].map((id) => organisation(id, { kind: id === 'b' ? 'y' : 'x' }))
    await store().transaction((tx) => tx.insert(organisations, rows))
    await store().read(async (reader) => {
      const found = await reader.findIn(organisations, 'id', ['c', 'a', 'a', 'none', 'b'])
      expect(ids(found).sort()).toEqual(['a', 'b', 'c'])
      expect(ids(await reader.findIn(organisations, 'id', ['a', 'b'], { kind: 'y' }))).toEqual(['b'])
      expect(await reader.findIn(organisations, 'id', [])).toEqual([])
    })
  })

  it('tells keys apart whatever their texts join to', async () => {
    const rows = [
      aPeerKey('a\u0001b', 'c', '1'),
      aPeerKey('a', 'b\u0001c', '2'),
      aPeerKey('a,b', 'c', '3'),
      aPeerKey('a', 'b,c', '4'),
    ]
    await store().transaction(async (tx) => {
      await tx.insert(peerKeys, rows)
      for (const { peer, kid, x } of rows) expect((await tx.get(peerKeys, { peer, kid }))?.x).toBe(x)
    })
    await store().transaction(async (tx) => {
      for (const { peer, kid, x } of rows)
        expect(await tx.find(peerKeys, { peer, kid })).toMatchObject([{ x }])
    })
  })

  it('matches nothing with a number that its column cannot hold', async () => {
    await store().transaction((tx) => tx.insert(recordsIn, [received('a')]))
    for (const seq of [2 ** 31, 2 ** 40, 2 ** 53 - 1, -(2 ** 40)])
      await store().transaction(async (tx) => {
        expect(await tx.find(recordsIn, { peer: '440300', seq })).toEqual([])
        expect(await tx.findIn(recordsIn, 'seq', [1, seq])).toHaveLength(1)
        expect(await tx.find(recordsIn, {}, { orderBy: 'seq', after: seq })).toHaveLength(seq < 0 ? 1 : 0)
        expect(await tx.get(recordsIn, { peer: '440300', digest: 'a' })).toBeDefined()
      })
  })

  it('gets nothing under a key that its columns cannot hold', async () => {
    await store().transaction((tx) => tx.insert(envelopesIn, [anEnvelope(1)]))
    for (const seq of [2 ** 31, 2 ** 40, 2 ** 53 - 1, -(2 ** 40)])
      await store().transaction(async (tx) => {
        expect(await tx.get(envelopesIn, { peer: '440300', epoch: 1, seq })).toBeUndefined()
        expect(await tx.get(envelopesIn, { peer: '440300', epoch: seq, seq: 1 })).toBeUndefined()
        const keys = [seq, 1].map((number) => ({ peer: '440300', epoch: 1, seq: number }))
        expect(await tx.getMany(envelopesIn, keys)).toEqual([undefined, anEnvelope(1)])
      })
  })

  it('counts what it would find: beyond a value, in its own transaction too, and nothing less without one', async () => {
    const rows = [5, 1, 3, 2, 4].map(anEnvelope)
    const other = { ...anEnvelope(9), peer: '441900' }
    await store().transaction(async (tx) => {
      await tx.insert(envelopesIn, [...rows.slice(0, 3), other])
      expect(await tx.count(envelopesIn, { peer: '440300' }, { orderBy: 'seq', after: 1 })).toBe(2)
      await tx.insert(envelopesIn, rows.slice(3))
      expect(await tx.count(envelopesIn, { peer: '440300' }, { orderBy: 'seq', after: 1 })).toBe(4)
      await tx.update(envelopesIn, { peer: '440300', epoch: 1, seq: 5 }, { contentId: 'changed' })
      await tx.remove(envelopesIn, { peer: '440300', epoch: 1, seq: 4 })
      expect(await tx.count(envelopesIn, { peer: '440300' }, { orderBy: 'seq', after: 1 })).toBe(3)
    })
    await store().read(async (reader) => {
      for (const after of [-(2 ** 40), -1, 0, 1, 2, 4, 5, 9, 2 ** 31, 2 ** 53 - 1]) {
        const page = { orderBy: 'seq', after } as const
        for (const match of [{}, { peer: '440300' }, { peer: '440300', contentId: 'changed' }, { peer: 'x' }])
          expect(await reader.count(envelopesIn, match, page)).toBe(
            (await reader.find(envelopesIn, match, page)).length,
          )
      }
      expect(await reader.count(envelopesIn, {}, { orderBy: 'contentId', after: 'changed' })).toBe(4)
      expect(await reader.count(envelopesIn, {}, { orderBy: 'contentId', after: 'content 9' })).toBe(0)
      // Without both there is nothing to be beyond of.
      expect(await reader.count(envelopesIn, { peer: '440300' }, { orderBy: 'seq' })).toBe(4)
      expect(await reader.count(envelopesIn, { peer: '440300' }, { after: 3 })).toBe(4)
      expect(await reader.count(envelopesIn, { peer: '440300' }, {})).toBe(4)
    })
  })
}

function values(store: () => Store): void {
  it('keeps awkward texts, as key, as value and as match', async () => {
    const rows = awkwardTexts.map((text, i) =>
      organisation(text.slice(0, 300), { name: `${i}`, parent: text }),
    )
    await store().transaction((tx) => tx.insert(organisations, rows))
    await store().transaction(async (tx) => {
      for (const row of rows) {
        expect(await tx.get(organisations, { id: row.id })).toEqual(row)
        expect(await tx.find(organisations, { parent: row.parent })).toEqual([row])
      }
      expect(await tx.findIn(organisations, 'parent', awkwardTexts)).toHaveLength(rows.length)
      for (const { id, parent } of rows) await tx.update(organisations, { id }, { kind: parent ?? '' })
    })
    const kinds = await store().read((reader) => reader.find(organisations, {}))
    for (const { kind, parent } of kinds) expect(kind).toBe(parent)
  })

  it('keeps awkward texts, bytes, nulls and numbers in an insert of many rows too', async () => {
    const rows = [0, 1, 2].flatMap((n) =>
      awkwardTexts.map((text, i) =>
        aMember(`${n} ${i}`, {
          idToken: `token ${n} ${i} ${text.slice(0, 300)}`,
          idSealed: Buffer.from(text),
          name: text,
          phone: i % 2 === 0 ? null : text,
          changedMs: 2 ** 53 - 1 - i,
        }),
      ),
    )
    await store().transaction(async (tx) => {
      await tx.insert(members, rows)
      await tx.lock(['so that the rows leave here'])
      await tx.update(members, { id: '0 0' }, { category: 'full' })
    })
    await store().read(async (reader) => {
      const found = await reader.getMany(
        members,
        rows.map(({ id }) => ({ id })),
      )
      const plain = (row?: Row<typeof members>) =>
        row && { ...row, idSealed: Buffer.from(row.idSealed).toString() }
      expect(found.map(plain)).toEqual(
        [{ ...rows[0], category: 'full' } as Row<typeof members>, ...rows.slice(1)].map(plain),
      )
    })
  })

  it('keeps whole numbers up to 2^53-1, zero, booleans and nulls', async () => {
    const numbers = [0, 1, -1, 2 ** 31, 2 ** 53 - 1, -(2 ** 53 - 1)]
    await store().transaction((tx) =>
      tx.insert(
        activities,
        numbers.map((changedMs, i) =>
          anActivity(String(i), { changedMs, amountFen: i === 0 ? null : i, withdrawn: i % 2 === 0 }),
        ),
      ),
    )
    await store().read(async (reader) => {
      const found = await reader.find(activities, {}, { orderBy: 'id' })
      expect(found.map(({ changedMs }) => changedMs)).toEqual(numbers)
      expect(found.map(({ amountFen }) => amountFen)).toEqual([null, 1, 2, 3, 4, 5])
      expect(found.map(({ withdrawn }) => withdrawn)).toEqual([true, false, true, false, true, false])
      expect(await reader.find(activities, { changedMs: 2 ** 53 - 1 })).toHaveLength(1)
      expect(await reader.count(activities, { withdrawn: true })).toBe(3)
    })
  })

  it('keeps bytes, also none and views into a larger buffer', async () => {
    const large = new Uint8Array(1000).map((_, i) => i % 256)
    const sealed = [
      new Uint8Array(),
      large,
      large.subarray(250, 260),
      Buffer.from('甲'),
      new Uint8Array([0, 255]),
    ]
    const rows = sealed.map((idSealed, i) => aMember(String(i), { idSealed }))
    await store().transaction((tx) => tx.insert(members, rows))
    await store().transaction((tx) => tx.update(members, { id: '1' }, { name: '赵六' }))
    const found = await store().read((reader) => reader.find(members, {}, { orderBy: 'id' }))
    for (const [i, { idSealed }] of found.entries())
      expect(Buffer.from(idSealed).toString('hex')).toBe(Buffer.from(sealed[i] ?? []).toString('hex'))
  })

  it('takes a thousand rows in one insert, changes and finds them all', async () => {
    const rows = Array.from({ length: 1000 }, (_, i) =>
      organisation(`o${i}`, { parent: i % 3 ? null : '{"x"}' }),
    )
    await store().transaction((tx) => tx.insert(organisations, rows))
    await store().transaction(async (tx) => {
      const keys = rows.map(({ id }) => ({ id }))
      expect(await tx.getMany(organisations, keys)).toEqual(rows)
      for (const key of keys) await tx.update(organisations, key, { kind: 'changed' })
      expect(await tx.count(organisations, { kind: 'changed' })).toBe(1000)
    })
  })

  it('keeps rows of several tables written in one transaction', async () => {
    const out: Row<typeof recordsOut> = {
      position: 1,
      peer: '440300',
      caseId: null,
      type: 't',
      digest: 'd',
      text: null,
      writtenMs: 1,
      outcome: null,
    }
    await store().transaction(async (tx) => {
      await tx.insert(peers, [{ node: '440300', name: '深圳', url: 'http://x', paused: false }])
      await tx.insert(recordsOut, [out])
      await tx.insert(recordsIn, [received('d')])
      await tx.update(recordsOut, { peer: '440300', position: 1 }, { text: '{}', outcome: 'parked' })
    })
    await store().read(async (reader) => {
      expect(await reader.find(recordsOut, {})).toEqual([{ ...out, text: '{}', outcome: 'parked' }])
      expect(await reader.get(recordsIn, { peer: '440300', digest: 'd' })).toEqual(received('d'))
    })
  })
}
