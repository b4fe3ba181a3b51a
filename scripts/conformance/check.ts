/**
 * What a check is, and how checks are run one after the other. A check says in one sentence what protocol/README.md
 * demands and throws a Deviation when the node does otherwise; the table of all of them is in table.ts.
 */
import { type GateCode, type RecordCode } from '../../protocol/index.ts'
import { Deviation, Skipped } from './demand.ts'
import { patience } from './http.ts'
import { type Need, type World } from './world.ts'

export interface Check {
  readonly id: string
  /** Section of protocol/README.md. */
  readonly section: number
  readonly says: string
  /** Codes that the node must have answered with when this check has passed. */
  readonly codes?: readonly (GateCode | RecordCode)[]
  readonly needs?: readonly Need[]
  run(world: World): Promise<void>
}

export interface Finding {
  readonly id: string
  readonly section: number
  readonly says: string
  readonly result: 'passed' | 'failed' | 'skipped'
  /** What the node did instead, or what was missing. */
  readonly why?: string
  readonly ms: number
}

const checkWithinMs = 30_000

export async function runChecks(
  world: World,
  checks: readonly Check[],
  found: (finding: Finding) => void,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const check of checks) {
    const finding = await runCheck(world, check)
    findings.push(finding)
    found(finding)
  }
  return findings
}

async function runCheck(world: World, { id, section, says, needs = [], run }: Check): Promise<Finding> {
  const started = Date.now()
  const end = (result: Finding['result'], why?: string): Finding => ({
    id,
    section,
    says,
    result,
    ...(why === undefined ? {} : { why }),
    ms: Date.now() - started,
  })
  const missing = needs.filter((need) => !world.has(need))
  if (missing.length > 0) return end('skipped', `needs ${missing.map((need) => needed[need]).join(' and ')}`)
  let timer: NodeJS.Timeout | undefined
  let failed = false
  const late = new Promise<never>((_, reject) => {
    const waitedBefore = patience.waitedMs
    const look = () => {
      const leftMs = started + checkWithinMs + patience.waitedMs - waitedBefore - Date.now()
      if (leftMs <= 0) reject(new Deviation(`not done after ${checkWithinMs / 1000} s`))
      else timer = setTimeout(look, leftMs)
    }
    look()
  })
  try {
    await Promise.race([run(world), late])
    return end('passed')
  } catch (error) {
    if (error instanceof Skipped) return end('skipped', error.message)
    failed = true
    if (error instanceof Deviation) return end('failed', error.message)
    return end('failed', error instanceof Error ? (error.stack ?? error.message) : String(error))
  } finally {
    clearTimeout(timer)
    world.listener.honest()
    // The node may have taken what it should not, or not what it should: the next checks go on where it is.
    if (failed) await world.realign()
  }
}

const needed: Record<Need, string> = {
  second: 'an agreement with the second test peer (card --role second) that no run has frozen yet',
  third: 'an agreement with the third test peer (card --role third) that no run has used up yet',
  fresh: 'an agreement with the third test peer under which nothing was said yet',
  lapsed: 'an agreement with the lapsed test peer (card --role lapsed)',
  person: 'a test person on the roster of the node (--person)',
  operator: 'the hand of the operator of the node; `self` has it',
}
