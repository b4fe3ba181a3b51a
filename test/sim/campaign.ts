/** Many seeds, one after the other, and what they add up to. */
import { faultKinds } from './faults.ts'
import { invariants } from './witness.ts'
import { runSeed, type SeedResult } from './run.ts'
import { missing, sightings, stepsToSeeAll, type Sighting } from './sightings.ts'

export interface Campaign {
  readonly firstSeed: number
  readonly seeds: number
  /** Steps of each seed before the weather turns fair. */
  readonly steps: number
  readonly faults: readonly string[]
  /** This process takes every `of`th seed, from its `part`th on. */
  readonly part: number
  readonly of: number
}

export const allFaults = faultKinds.map(({ name }) => name)

/** Runs its share until one seed fails; each result is handed on as it comes. */
export async function runCampaign(campaign: Campaign, done: (result: SeedResult) => void): Promise<void> {
  for (let n = campaign.part; n < campaign.seeds; n += campaign.of) {
    const result = await runSeed(campaign.firstSeed + n, campaign.steps, campaign.faults)
    done(result)
    if (result.violation) return
  }
}

export class Tally {
  steps = 0
  rounds = 0
  cpuSeconds = 0
  private readonly results: SeedResult[] = []
  private readonly seen = new Map<Sighting, number>()
  private readonly faults = new Map<string, number>()

  add(result: SeedResult): void {
    this.results.push(result)
    this.steps += result.steps
    this.cpuSeconds += result.cpuSeconds
    this.rounds = Math.max(this.rounds, result.rounds)
    for (const [name, count] of Object.entries(result.seen)) addTo(this.seen, name as Sighting, count)
    for (const [name, count] of Object.entries(result.faults)) addTo(this.faults, name, count)
  }

  get seeds(): number {
    return this.results.length
  }

  /** The failing seed with the lowest number, so that two runs name the same. */
  get failure(): SeedResult | undefined {
    return this.sorted().find(({ violation }) => violation !== undefined)
  }

  /** States a run of this length must have reached and has not. */
  missed(faults: readonly string[]): Sighting[] {
    return this.steps < stepsToSeeAll ? [] : missing(this.seen, new Set(faults))
  }

  /** Hashes of all seeds in their order: equal for equal runs, however they were shared out. */
  hashes(): string[] {
    return this.sorted().map(({ seed, hash }) => `${seed} ${hash}`)
  }

  lines(): string[] {
    const faults = allFaults.map((name) => `${name} ${this.faults.get(name) ?? 0}`)
    const seen = (Object.keys(sightings) as Sighting[]).map(
      (name) => `  ${this.seen.get(name) ?? 0}\t${name}`,
    )
    return [
      `${this.steps} steps in ${this.seeds} seeds; level again after at most ${this.rounds} rounds`,
      `faults: ${faults.join(', ')}`,
      'seen:',
      ...seen,
    ]
  }

  private sorted(): SeedResult[] {
    return [...this.results].sort((one, other) => one.seed - other.seed)
  }
}

function addTo<Name>(counts: Map<Name, number>, name: Name, by: number): void {
  counts.set(name, (counts.get(name) ?? 0) + by)
}

/** What a person needs to see of a failure, and to see it again. */
export function failureLines({ seed, violation }: SeedResult, replay: string): string[] {
  if (!violation) return []
  const { invariant, detail, step, trace } = violation
  return [
    `seed ${seed}, step ${step}: ${invariant} — ${invariants[invariant]}`,
    `  ${detail}`,
    'the last lines of its trace:',
    ...trace.map((line) => `  ${line}`),
    `again: ${replay}`,
  ]
}
