/**
 * The simulator itself, in the time a test run has: some seeds hold, a seed is the same every time, and its plants still
 * fit the sources. Long runs are `npm run simulate`.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { allFaults, runCampaign, Tally } from './campaign.ts'
import { planted, plants } from './plants.ts'
import { runSeed } from './run.ts'

describe('the simulator', { timeout: 60_000 }, () => {
  it('does the same for the same seed, and something else for another', async () => {
    const [one, again, other] = [await runSeed(7, 300), await runSeed(7, 300), await runSeed(8, 300)]
    expect({ ...again, cpuSeconds: 0 }).toEqual({ ...one, cpuSeconds: 0 })
    expect(other.hash).not.toBe(one.hash)
  })

  it('finds every invariant held after every step, and all level when the faults have stopped', async () => {
    const tally = new Tally()
    const campaign = { firstSeed: 500, seeds: 4, steps: 800, faults: allFaults, part: 0, of: 1 }
    await runCampaign(campaign, (result) => tally.add(result))
    expect(tally.failure?.violation, `seed ${tally.failure?.seed}`).toBeUndefined()
    expect(tally.seeds).toBe(4)
  })

  it('runs without any fault, and then needs no second round to be level', async () => {
    const { violation, rounds, faults } = await runSeed(3, 600, [])
    expect(violation).toBeUndefined()
    expect(rounds).toBe(1)
    expect(faults).toEqual({})
  })
})

describe('plants', () => {
  it.each(plants.map((plant) => [plant.name, plant] as const))('%s still fits its source', (_name, plant) => {
    const source = readFileSync(plant.file, 'utf8')
    expect(planted(plant, source)).not.toBe(source)
  })

  it('have names of their own', () => {
    expect(new Set(plants.map(({ name }) => name)).size).toBe(plants.length)
  })
})
