/** How a check says that the node does otherwise: what was expected, and what came, in one sentence. */
import { canonicalJson } from '../../protocol/index.ts'

/** The node does not do what the page says. */
export class Deviation extends Error {}

/** The state of the pair does not allow the check, and nobody is to blame. */
export class Skipped extends Error {}

export function demand(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Deviation(otherwise)
}

export function demandSame(actual: unknown, expected: unknown, what: string): void {
  const [is, should] = [canonicalJson(actual ?? null), canonicalJson(expected ?? null)]
  demand(is === should, `${what}: expected ${cut(should)}, got ${cut(is)}`)
}

function cut(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}… (${text.length} characters)` : text
}
