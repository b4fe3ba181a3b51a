/** Chance of a run: everything drawn from one seed, so that a number and a seed name a message for ever. */
import { seededRandom } from '../harness/random.ts'

export class Chance {
  private readonly unit: () => number

  constructor(seed: number) {
    this.unit = seededRandom(seed).unit
  }

  /** A whole number from 0 to below - 1. */
  int(below: number): number {
    return Math.floor(this.unit() * below)
  }

  bool(probability = 0.5): boolean {
    return this.unit() < probability
  }

  pick<T>(list: readonly T[]): T {
    const item = list[this.int(list.length)]
    if (item === undefined && list.length === 0) throw new TypeError('nothing to choose from')
    return item as T
  }

  /** One of these by weight. */
  weighted<T extends { readonly weight?: number }>(list: readonly T[]): T {
    const total = list.reduce((sum, { weight = 1 }) => sum + weight, 0)
    let left = this.unit() * total
    for (const item of list) {
      left -= item.weight ?? 1
      if (left < 0) return item
    }
    return this.pick(list)
  }

  shuffled<T>(list: readonly T[]): T[] {
    const rest = [...list]
    const result: T[] = []
    while (rest.length > 0) result.push(...rest.splice(this.int(rest.length), 1))
    return result
  }

  hex(digits: number): string {
    let text = ''
    while (text.length < digits) text += this.int(16).toString(16)
    return text
  }

  uuid(): string {
    return `019ca000-${this.hex(4)}-7${this.hex(3)}-8${this.hex(3)}-${this.hex(12)}`
  }

  digest(): string {
    const bytes = Uint8Array.from({ length: 32 }, () => this.int(256))
    return Buffer.from(bytes).toString('base64url')
  }
}

/** A seed made of others (FNV-1a), so that neighbours have nothing in common. */
export function seedFrom(...parts: (number | string)[]): number {
  let hash = 0x811c9dc5
  for (const char of parts.join('/')) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193)
  return hash >>> 0
}
