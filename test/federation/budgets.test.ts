/** Budgets: whoever takes more than his share waits, he alone, and not for ever. */
import { beforeEach, describe, expect, it } from 'vitest'
import { Budgets, budgets, type Visit } from '../../node/federation/budgets.ts'
import { limits } from '../../protocol/index.ts'
import { VirtualClock } from '../harness/clock.ts'
import { dongguan, shenzhen } from '../harness/world.ts'

let clock: VirtualClock
let gate: Budgets
beforeEach(() => {
  clock = new VirtualClock()
  gate = new Budgets(clock)
})

const enter = (name: string = shenzhen, address = '10.0.0.1') => gate.enter(name, address)
/** One post from beginning to end; false when it was not let in. */
function post(what: (visit: Visit) => void = () => undefined, name?: string, address?: string): boolean {
  const visit = enter(name, address)
  if (!visit) return false
  what(visit)
  visit.leave()
  return true
}
function postsUntilRefused(what?: (visit: Visit) => void): number {
  let count = 0
  while (count < 100_000 && post(what)) count++
  return count
}
const refused = (visit: Visit) => visit.refused()

describe('whoever has used up', () => {
  it('his posts waits, and has again what time has given him, never more than he may save up', () => {
    expect(postsUntilRefused()).toBe(budgets.posts.most)
    clock.jump(1_000)
    expect(postsUntilRefused()).toBe(budgets.posts.rate)
    clock.jump(86_400_000)
    expect(postsUntilRefused()).toBe(budgets.posts.most)
  })

  it('his bytes waits, also when the last body went beyond', () => {
    const full = (visit: Visit) => visit.read(limits.postBytes)
    expect(postsUntilRefused(full)).toBe(budgets.bytes.most / limits.postBytes)
    clock.jump(1_000)
    expect(postsUntilRefused(full)).toBe(budgets.bytes.rate / limits.postBytes)
    post((visit) => visit.read(1))
    clock.jump(1_000)
    expect(post((visit) => visit.read(100 * limits.postBytes))).toBe(true)
    clock.jump(1_000)
    expect(post()).toBe(false)
  })

  it('his refusals waits, whatever he now has to say', () => {
    expect(postsUntilRefused(refused)).toBe(budgets.refusals.most)
    expect(post()).toBe(false)
    clock.jump(1_000)
    expect(postsUntilRefused(refused)).toBe(budgets.refusals.rate)
  })

  it('the time his refused posts took waits', () => {
    const slow = (visit: Visit) => {
      clock.jump(500)
      visit.refused()
    }
    const count = postsUntilRefused(slow)
    expect(count).toBeGreaterThanOrEqual(budgets.refusedMs.most / 500)
    expect(count).toBeLessThan(10)
  })

  it('takes nothing from another name or another address', () => {
    postsUntilRefused(refused)
    expect(post(undefined, dongguan)).toBe(true)
    expect(post(undefined, shenzhen, '10.0.0.2')).toBe(true)
    expect(post()).toBe(false)
  })

  it('is not given anew by a clock that is set back, nor kept waiting by it', () => {
    postsUntilRefused()
    clock.jump(-86_400_000)
    expect(post()).toBe(false)
    clock.jump(1_000)
    expect(postsUntilRefused()).toBe(budgets.posts.rate)
  })
})

describe('at once', () => {
  it('no more than four posts of one, and the fifth when one has left', () => {
    const inside = Array.from({ length: 4 }, () => enter())
    expect(inside.every((visit) => visit !== undefined)).toBe(true)
    expect(enter()).toBeUndefined()
    expect(enter(dongguan)).toBeDefined()
    inside[2]?.leave()
    expect(enter()).toBeDefined()
    expect(enter()).toBeUndefined()
  })

  it('no more than thirty-two of all, whatever they call themselves', () => {
    const inside = Array.from({ length: 100 }, (_, i) => enter(String(100_000 + i))).filter((visit) => visit)
    expect(inside).toHaveLength(32)
    expect(enter()).toBeUndefined()
    inside[0]?.leave()
    expect(enter()).toBeDefined()
  })
})

describe('an address that calls itself otherwise every time', () => {
  const underNewNames = () => {
    let count = 0
    while (count < 10_000 && post(refused, `name ${count}`)) count++
    return count
  }

  it('has one budget of refusals for all names that have proven nothing from there', () => {
    const count = underNewNames()
    expect(count).toBeGreaterThanOrEqual(budgets.refusals.most)
    expect(count).toBeLessThan(10 * budgets.refusals.most)
    expect(post(undefined, 'one more')).toBe(false)
    clock.jump(60_000)
    expect(post(undefined, 'one more')).toBe(true)
  })

  it('holds back neither a peer that has proven itself from there nor anybody at another address', () => {
    post((visit) => visit.read(1))
    underNewNames()
    expect(post()).toBe(true)
    expect(post(undefined, dongguan)).toBe(false)
    expect(post(undefined, dongguan, '10.0.0.2')).toBe(true)
  })
})

describe('one line of the sixth version, whatever address it takes', () => {
  const line = ['2001:db8:0:7::1', '2001:DB8::7:0:0:0:2', '2001:0db8:0000:0007:ffff::3']
  const from = (i: number) => line[i % line.length] ?? ''

  it('has one budget', () => {
    for (let i = 0; i < budgets.refusals.most; i++) expect(post(refused, shenzhen, from(i))).toBe(true)
    for (const address of line) expect(post(undefined, shenzhen, address)).toBe(false)
    expect(post(undefined, shenzhen, '2001:db8:0:8::1')).toBe(true)
  })

  it('has one of refusals for all names, and as many places as one address', () => {
    for (let i = 0; i < 2 * budgets.refusals.most; i++) post(refused, `name ${i}`, from(i))
    for (const address of line) expect(post(undefined, 'one more', address)).toBe(false)
    const inside = Array.from({ length: 8 }, (_, i) => enter(dongguan, `2001:db8:0:9::${i}`))
    expect(inside.filter((visit) => visit)).toHaveLength(4)
  })
})

describe('a post that was refused in part', () => {
  const inPart = (visit: Visit) => {
    visit.read(1)
    clock.jump(100)
    visit.refused('in part')
  }

  it('uses up refusals like any other, but not the time of what was taken', () => {
    const count = postsUntilRefused(inPart)
    expect(count).toBeGreaterThanOrEqual(budgets.refusals.most)
    expect(count).toBeLessThan(2 * budgets.refusals.most)
  })

  it('proves its sender by what was taken', () => {
    post(inPart)
    for (let i = 0; i < 2 * budgets.refusals.most; i++) post(refused, `name ${i}`)
    expect(post()).toBe(true)
  })
})

describe('a body that does not come', () => {
  const hanging = (count: number, address: string) => {
    const displaced: number[] = []
    for (let i = 0; i < count; i++)
      gate.enter(String(100_000 + (i >> 2)), address, () => void displaced.push(i))
    return displaced
  }

  it('makes room for an address that holds fewer, the oldest first', () => {
    const displaced = hanging(32, '10.0.0.1')
    expect(enter(shenzhen, '10.0.0.2')).toBeDefined()
    expect(enter(dongguan, '10.0.0.2')).toBeDefined()
    expect(displaced).toEqual([0, 1])
  })

  it('makes room for anyone once it has taken too long, and for nobody of its own address before', () => {
    const displaced = hanging(4, '10.0.0.1')
    expect(enter('100000')).toBeUndefined()
    clock.jump(60_000)
    expect(enter('100000')).toBeDefined()
    expect(displaced).toEqual([0])
  })

  it('leaves its place once, however it ends', () => {
    const visits: Visit[] = []
    for (let i = 0; i < 4; i++) {
      const visit = gate.enter(shenzhen, '10.0.0.1')
      if (visit) visits.push(visit)
    }
    clock.jump(60_000)
    expect(enter()).toBeDefined()
    for (const visit of visits) visit.leave()
    for (const visit of visits) visit.leave()
    expect([enter(), enter(), enter()].filter((visit) => visit)).toHaveLength(3)
    expect(visits).toHaveLength(4)
  })
})

it('an honest sender who repeats a full post every second is never told to wait', () => {
  for (let second = 0; second < 600; second++) {
    for (let i = 0; i < 4; i++) expect(post((visit) => visit.read(limits.postBytes))).toBe(true)
    clock.jump(1_000)
  }
})

it('names without number leave no trace without end, and those who are heard of are not forgotten for them', () => {
  postsUntilRefused(refused)
  for (let i = 0; i < 20_000; i++) {
    post(undefined, `stranger ${i}`)
    if (i % 1_000 === 0) expect(post()).toBe(false)
  }
  expect((gate as unknown as { buckets: Map<string, unknown> }).buckets.size).toBeLessThanOrEqual(4096)
})

it('a name of any length is kept by its beginning alone', () => {
  for (let i = 0; i < budgets.refusals.most; i++) post(refused, `${'9'.repeat(16)}${i}`)
  expect(post(undefined, '9'.repeat(1_000_000))).toBe(false)
})
