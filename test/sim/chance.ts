/** Chance with a seed, as the simulator uses it: every draw of a run comes from one of these. */
import { seededRandom } from '../harness/random.ts'

export class Chance {
  readonly unit: () => number

  constructor(seed: number) {
    this.unit = seededRandom(seed).unit
  }

  under(probability: number): boolean {
    return probability > 0 && this.unit() < probability
  }

  /** From 0, below `bound`. */
  below(bound: number): number {
    return Math.floor(this.unit() * bound)
  }

  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new RangeError('nothing to choose from')
    return item
  }

  /** Times as they are: mostly near the low end, sometimes far out. */
  spread(low: number, high: number): number {
    return low * (high / low) ** this.unit()
  }

  /** How long until the next of things that come every `mean` on average. */
  gap(mean: number): number {
    return -Math.log(1 - this.unit()) * mean
  }

  /** A seed for something that draws for itself. */
  seed(): number {
    return this.below(2 ** 31)
  }
}
