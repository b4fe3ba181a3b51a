/**
 * What must hold when everything has arrived: nothing that an office was told is done has been lost, nothing has its
 * effect twice, and the two nodes of every pair hold the same. Every sentence given is a violation.
 */
import { type ComparisonReport } from '../../protocol/index.ts'
import { recordsSent, recordsTaken } from './database.ts'
import { mineOf, type Office } from './office.ts'
import { pairsOf, type RegionNode, type Regions } from './regions.ts'
import { parseShared, type SharedCase } from './words.ts'

export interface Verdict {
  readonly lost: string[]
  readonly repeated: string[]
  readonly diverged: string[]
  readonly alarmed: string[]
  /** What was held against each other. */
  readonly cases: number
  readonly records: number
  readonly words: number
}

type Findings = { -readonly [K in keyof Verdict]: Verdict[K] }

/** `rightAlarms`: the kinds that are right after what was done to the nodes. */
export async function judge(
  regions: Regions,
  offices: ReadonlyMap<string, Office>,
  rightAlarms: readonly string[] = [],
): Promise<Verdict> {
  const found: Findings = {
    ...{ lost: [], repeated: [], diverged: [], alarmed: [] },
    ...{ cases: 0, records: 0, words: 0 },
  }
  for (const office of offices.values()) await office.settle()
  const held = new Map<string, Map<string, SharedCase>>()
  for (const [one, other] of pairsOf(regions))
    for (const home of [one.code, other.code]) await compareCases(one, other, home, held, found)
  for (const [code, office] of offices) judgeOffice(code, office, held, found)
  for (const [one, other] of pairsOf(regions)) {
    await compareStreams(one, other, found)
    await compareStreams(other, one, found)
  }
  for (const region of regions.values()) await judgeRegion(region, rightAlarms, found)
  return found
}

export function violationsOf({ lost, repeated, diverged, alarmed }: Verdict): string[] {
  return [
    ...lost.map((sentence) => `lost: ${sentence}`),
    ...repeated.map((sentence) => `repeated: ${sentence}`),
    ...diverged.map((sentence) => `diverged: ${sentence}`),
    ...alarmed,
  ]
}

/** Every case of a pair in which `home` is home, byte for byte, and the nodes' own comparison of it. */
async function compareCases(
  one: RegionNode,
  other: RegionNode,
  home: string,
  held: Map<string, Map<string, SharedCase>>,
  found: Findings,
): Promise<void> {
  const ids = (region: RegionNode, peer: RegionNode) =>
    region.client.cases(peer.code, home).then((list) => list.map(({ id }) => id))
  const there = new Set(await ids(other, one))
  for (const id of await ids(one, other)) {
    found.cases += 1
    if (!there.delete(id)) {
      found.lost.push(`case ${id} is at ${one.name} and not at ${other.name}`)
      continue
    }
    const texts = [await one.client.shared(id), await other.client.shared(id)] as const
    if (texts[0] !== texts[1])
      found.diverged.push(`case ${id}: ${one.name} ${texts[0]}\n  ${other.name} ${texts[1]}`)
    for (const [i, region] of [one, other].entries()) {
      const cases = held.get(region.code) ?? new Map<string, SharedCase>()
      held.set(region.code, cases.set(id, parseShared(texts[i] ?? '')))
    }
  }
  for (const id of there) found.lost.push(`case ${id} is at ${other.name} and not at ${one.name}`)
  found.diverged.push(...uneven(await one.client.comparison(other.code, home), one, other))
  found.diverged.push(...uneven(await other.client.comparison(one.code, home), other, one))
}

function uneven(report: ComparisonReport, one: RegionNode, other: RegionNode): string[] {
  const differing = report.unequal.length + report.onlyHere.length + report.onlyThere.length
  const where = `the comparison of ${one.name} with ${other.name}, home ${report.home}`
  return [
    ...(report.level ? [] : [`${where} is not level`]),
    ...(differing > 0 ? [`${where} names ${differing} cases`] : []),
  ]
}

/** Whatever an office was told is done is at both nodes of the case, and once. */
function judgeOffice(
  code: string,
  office: Office,
  held: ReadonlyMap<string, ReadonlyMap<string, SharedCase>>,
  found: Findings,
): void {
  found.lost.push(...office.violations)
  for (const count of office.acknowledged.values()) found.words += count
  for (const [id, { side, possible }] of office.memory)
    for (const [region, cases] of held) {
      const now = cases.get(id)
      if (!now && region === code) found.lost.push(`case ${id} is not at ${code}, which worked on it`)
      if (!now) continue
      const mine = mineOf(side, now)
      if (!possible.some((one) => mineOf(side, one) === mine))
        found.lost.push(
          `case ${id} at ${region}: ${code} had said ${JSON.stringify(possible)}, found ${mine}`,
        )
      const own = now.activities.filter(({ by }) => by === side).map(({ title }) => title)
      if (new Set(own).size < own.length) found.repeated.push(`case ${id} at ${region}: ${own.sort().join()}`)
    }
  for (const { person, home, host, published, arrived } of office.stays) {
    if (!(home === code ? published : arrived)) continue
    for (const region of [home, host]) {
      const all = [...(held.get(region)?.values() ?? [])].filter(({ name }) => name === person.name)
      const stays = all.filter((one) =>
        home === code ? /published|returned|closed/.test(one.home) : one.host !== 'none',
      )
      if (stays.length === 0)
        found.lost.push(
          `${home === code ? 'outflow' : 'arrival'} ${home}→${host} of a person is not at ${region}`,
        )
      if (all.length > 1) found.repeated.push(`a person has ${all.length} cases ${home}→${host} at ${region}`)
    }
  }
}

/** What was written is what was taken: the same records in the same order, each once, each with its effect. */
async function compareStreams(from: RegionNode, to: RegionNode, found: Findings): Promise<void> {
  const sent = await recordsSent(from.process.dataDir, to.code)
  const taken = await recordsTaken(to.process.dataDir, from.code)
  found.records += sent.length
  const where = `${from.name} → ${to.name}`
  const there = new Map(taken.map((one) => [one.digest, one]))
  if (there.size < taken.length) found.repeated.push(`${where}: a record stands twice`)
  for (const { digest, type } of sent) {
    const at = there.get(digest)
    if (!at) found.lost.push(`${where}: a ${type} has not arrived`)
    else if (at.outcome !== 'applied') found.lost.push(`${where}: a ${type} is ${at.outcome}`)
  }
  for (const { type, outcome } of sent)
    if (outcome !== null) found.lost.push(`${where}: the sender holds a ${type} for ${outcome}`)
  const order = (list: readonly { digest: string }[]) => list.map(({ digest }) => digest).join()
  if (sent.length === taken.length && order(sent) !== order(taken))
    found.diverged.push(`${where}: taken in another order than written`)
  if (taken.length > sent.length)
    found.diverged.push(
      `${where}: ${taken.length - sent.length} records are taken that the sender does not hold`,
    )
}

async function judgeRegion(
  region: RegionNode,
  rightAlarms: readonly string[],
  found: Findings,
): Promise<void> {
  const { alarms } = await region.client.alarms(false)
  for (const { kind, peer, subject } of alarms)
    if (!rightAlarms.includes(kind))
      found.alarmed.push(`${region.name}: alarm ${kind} ${peer ?? ''} ${subject}`)
  for (const { name, parked, frozen, standing, unsent } of await region.client.peers())
    if (parked > 0 || frozen || standing !== 'open' || unsent > 0)
      found.alarmed.push(
        `${region.name} ↔ ${name}: parked ${parked}, frozen ${frozen}, ${standing}, unsent ${unsent}`,
      )
}
