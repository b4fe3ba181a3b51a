/**
 * Every code of the protocol is shown somewhere: by a vector that any reader can run, or, when it needs a node with a
 * memory, by a conformance check. A code that neither can show stands here with the reason.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { gateCodes, recordCodes, type GateCode, type RecordCode } from '../../protocol/index.ts'
import { checks } from '../../scripts/conformance/table.ts'

type Code = GateCode | RecordCode

/** What a node must remember, so that bytes alone cannot show it: each of these needs a conformance check. */
const stateful: Partial<Record<Code, string>> = {
  replayed_nonce: 'the nonces that were spent',
  suspended: 'what the operator has paused',
  unsupported_encoding: 'HTTP, not the body',
  rate_limited: 'what its sender has used of the node',
  no_agreement: 'the day, and the agreement in force',
  unavailable: 'how far the node had come before',
  not_your_record: 'which side of a case each node is',
  record_repeated: 'the records that were taken before',
  family_not_agreed: 'the families of the agreement in force',
  case_unknown: 'all cases of the node',
  case_exists: 'all open cases of the node',
  case_open: 'whether home has closed the case',
  tag_taken: 'the tag under which a case was opened',
  activity_unknown: 'the activities of a case',
  query_unknown: 'the queries that were sent',
}

/** What nobody can provoke from outside on a node that works. */
const unreachable: Partial<Record<Code, string>> = {
  case_elsewhere: 'reserved, answered as case_unknown',
}

/** The member `code` of every vector, and what json.json and base64url.json refuse without naming it. */
function codesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  const own = 'code' in value && typeof value.code === 'string' ? [value.code] : []
  return [...own, ...Object.values(value).flatMap(codesIn)]
}

const folder = import.meta.dirname
const files = readdirSync(folder).filter((file) => file.endsWith('.json'))
const shown = new Set(
  files.flatMap((file) => codesIn(JSON.parse(readFileSync(path.join(folder, file), 'utf8')))),
)
const checked = new Set<string>(checks.flatMap(({ codes = [] }) => codes))
const all: readonly Code[] = [...gateCodes, ...recordCodes]

it('has a vector for every code that a pure reader can give', () => {
  const expected = all.filter((code) => !Object.hasOwn(stateful, code) && !Object.hasOwn(unreachable, code))
  expect(all.filter((code) => shown.has(code))).toEqual(expected)
})

it('leaves to the conformance checks what needs a memory, and they have it', () => {
  expect(Object.keys(stateful).filter((code) => !checked.has(code))).toEqual([])
})

it('has a conformance check for every code that can be provoked from outside', () => {
  const missing = all.filter((code) => !checked.has(code))
  expect(missing.sort()).toEqual(Object.keys(unreachable).sort())
})
