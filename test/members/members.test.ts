/** The roster: one member per ID number, found by tag, and the number itself nowhere in the clear. */
import { beforeEach, describe, expect, it } from 'vitest'
import { members, memberTags } from '../../node/members/tables.ts'
import { type RosterEntry } from '../../node/members/index.ts'
import { dumpOf } from '../harness/dump.ts'
import { idNumberOf, nameOf } from '../harness/people.ts'
import { agree, openTestRegion } from '../harness/region.ts'
import { dongguan, shenzhen, twoRegions, type Pair } from '../harness/world.ts'

let pair: Pair
beforeEach(async () => {
  pair = await twoRegions()
})

const entry = (more: Partial<RosterEntry> = {}): RosterEntry => ({
  idNumber: idNumberOf(1),
  name: '王五',
  ...more,
})
const roster = (...entries: RosterEntry[]) => pair.home.office.roster(...entries)
const stored = () => pair.home.store.read((reader) => reader.find(members, {}, { orderBy: 'id' }))

describe('enrolling', () => {
  it('adds, corrects and leaves alone, and what the roster leaves empty stays', async () => {
    const [added] = await roster(entry({ category: 'full', phone: '13700000000', branch: '第一支部' }))
    expect(added?.change).toBe('added')
    expect((await roster(entry()))[0]?.change).toBe('unchanged')
    expect((await roster(entry({ phone: '13800000000' })))[0]?.change).toBe('changed')
    expect(await stored()).toMatchObject([{ name: '王五', category: 'full', phone: '13800000000' }])
    expect((await stored())[0]?.branch).not.toBeNull()
  })

  it('takes the same person twice in one roster as one, the later row correcting the earlier', async () => {
    const results = await roster(
      entry(),
      entry({ name: '王武' }),
      entry({ idNumber: idNumberOf(2), name: '赵六' }),
    )
    expect(results.map(({ change }) => change)).toEqual(['added', 'changed', 'added'])
    expect((await stored()).map(({ name }) => name)).toEqual(['王武', '赵六'])
  })

  it('keeps ID numbers sealed: they open in their own row alone, and stand nowhere else', async () => {
    await roster(entry(), entry({ idNumber: idNumberOf(2), name: '赵六' }))
    const [one, two] = await stored()
    if (!one || !two) throw new Error('no members')
    expect(pair.home.region.members.idNumberOf(one)).toBe(idNumberOf(1))
    expect(() => pair.home.region.members.idNumberOf({ ...one, idSealed: two.idSealed })).toThrow()
    const everything = JSON.stringify(await dumpOf(pair.home.store))
    expect(everything).not.toContain(idNumberOf(1))
    expect(everything).not.toContain(Buffer.from(idNumberOf(1)).toString('hex'))
  })

  it('takes a large roster', async () => {
    const many = Array.from({ length: 500 }, (_, n) => entry({ idNumber: idNumberOf(n), name: nameOf(n) }))
    expect((await roster(...many)).every(({ change }) => change === 'added')).toBe(true)
    expect(await pair.home.store.read((reader) => pair.home.region.members.count(reader))).toBe(500)
  })
})

describe('a tag', () => {
  const tagAt = (node: string) =>
    pair.home.store.read(async (reader) => {
      const peer = await pair.home.region.peers.get(reader, node)
      return peer ? pair.home.region.peers.tag(peer, idNumberOf(1)) : ''
    })

  it('finds the member for that peer alone', async () => {
    await roster(entry())
    const tag = await tagAt(shenzhen)
    await pair.home.store.read(async (reader) => {
      expect((await pair.home.region.members.byTag(reader, shenzhen, tag))?.name).toBe('王五')
      expect(await pair.home.region.members.byTag(reader, dongguan, tag)).toBeUndefined()
    })
  })

  it('is given for every member when a new peer comes, once', async () => {
    await roster(
      ...Array.from({ length: 1001 }, (_, n) => entry({ idNumber: idNumberOf(n % 1000), name: nameOf(n) })),
    )
    const third = openTestRegion({ node: dongguan, network: pair.network, clock: pair.clock })
    await agree(pair.home, third, pair.network)
    await agree(pair.home, third, pair.network)
    const count = (peer: string) => pair.home.store.read((reader) => reader.count(memberTags, { peer }))
    expect([await count(shenzhen), await count(dongguan)]).toEqual([1000, 1000])
    const tag = await tagAt(dongguan)
    const found = await pair.home.store.read((reader) =>
      pair.home.region.members.byTag(reader, dongguan, tag),
    )
    expect(found).toBeDefined()
  })
})

it('knows whether anybody is named so', async () => {
  await roster(entry())
  await pair.home.store.read(async (reader) => {
    expect(await pair.home.region.members.anyNamed(reader, '王五')).toBe(true)
    expect(await pair.home.region.members.anyNamed(reader, '王')).toBe(false)
  })
})
