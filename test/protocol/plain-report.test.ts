/** The short way of reading a report takes nothing that the long way would refuse or read otherwise. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limits, parseStrict, readPlainReport, readRecord } from '../../protocol/index.ts'
import { fact } from '../vectors/actors.ts'

const report = fact('activity.recorded')
const base = { ...report, body: { activity: { on: '2026-10-15', kind: 'study', title: '集中学习' } } }
const plain = JSON.stringify(base)
const withActivity = (activity: object) => JSON.stringify({ ...base, body: { activity } })

/** What the long way says of a text: another order of the same members is never plain. */
function longWay(text: string): unknown {
  const parsed = parseStrict(text)
  if (!parsed.ok) return undefined
  const { id, ...rest } = parsed.value as Record<string, unknown>
  const turned = JSON.stringify({ ...rest, id })
  expect(readPlainReport(turned)).toBeUndefined()
  const read = readRecord(turned)
  return read.ok && read.known ? read.record : undefined
}

function agrees(text: string): boolean {
  const read = readPlainReport(text)
  if (read !== undefined) expect(longWay(text)).toEqual(read)
  return read !== undefined
}

describe('a report in its plain form', () => {
  it('is read at once, and as it is read otherwise', () => {
    expect(agrees(plain)).toBe(true)
    expect(agrees(withActivity({ on: '2026-10', kind: 'other' }))).toBe(true)
    expect(agrees(withActivity({ on: '2026-10-15', kind: 'dues', amountFen: 0 }))).toBe(true)
    expect(agrees(withActivity({ on: '2026-10-15', kind: 'dues', title: 'q', amountFen: 1e9 }))).toBe(true)
    expect(agrees(withActivity({ ...base.body.activity, title: '习'.repeat(limits.textLength) }))).toBe(true)
  })

  it.each([
    ['another type', plain.replace('recorded', 'corrected')],
    ['another version', plain.replace('"v":1', '"v":2')],
    ['no case', plain.replace(`"case":"${report.case}"`, '"case":null')],
    ['a day that does not exist', plain.replace('2026-10-15"', '2026-02-30"')],
    ['an instant that does not exist', plain.replace(report.at, '2026-02-30T08:00:00Z')],
    ['an unknown kind', plain.replace('"study"', '"hobby"')],
    ['a kind of every object', plain.replace('"study"', '"constructor"')],
    ['dues without an amount', plain.replace('"study"', '"dues"')],
    ['an amount that is no dues', withActivity({ on: '2026-10', kind: 'study', amountFen: 1 })],
    ['an amount over its limit', withActivity({ on: '2026-10', kind: 'dues', amountFen: 1e9 + 1 })],
    ['a member twice', plain.replace('"v":1', '"v":1,"v":1')],
    ['a blank', plain.replace('"v":1', '"v": 1')],
    ['a line end behind it', `${plain}\n`],
    ['a title with white space around it', plain.replace('集中', '\u3000集中')],
    ['a title that is not in NFC', plain.replace('集中', 'e\u0301')],
    ['a title with too many combining marks', plain.replace('集中', `x${'\u0300'.repeat(31)}`)],
    ['a title with a lone surrogate', plain.replace('集中', '\ud800')],
    ['a title with a control character', plain.replace('集中', '\u0001')],
    ['an empty title', plain.replace('集中学习', '')],
    ['a title over its limit', plain.replace('集中学习', '习'.repeat(limits.textLength + 1))],
    ['a title with an escape', plain.replace('集中学习', '集中\\"学习')],
    ['an unknown member', plain.replace('"v":1', '"v":1,"w":1')],
  ])('is left to the long way with %s', (_, text) => {
    expect(readPlainReport(text)).toBeUndefined()
  })

  it('is never read to anything else, whatever its members say', () => {
    const words = fc.oneof(
      fc.constantFrom(
        'study',
        'dues',
        'hobby',
        '2026-10-15',
        '2026-02-30',
        '2026-13',
        '2024-02-29',
        '1899-12',
      ),
      fc.constantFrom(report.id, report.case ?? '', report.at, '2026-10-15T24:00:00Z', '440300', 'a b', ''),
      fc.string({ unit: 'binary', maxLength: 8 }),
    )
    const amount = fc.oneof(
      fc.constant(undefined),
      fc.integer(),
      fc.integer({ min: 0, max: 2e9 }),
      fc.double(),
    )
    const optional = fc.oneof(fc.constant(undefined), words)
    const activities = fc.record({ on: words, kind: words, title: optional, amountFen: amount })
    const texts = fc
      .tuple(fc.record({ id: words, case: words, at: words, by: words }, { requiredKeys: [] }), activities)
      .map(([frame, activity]) => JSON.stringify({ ...base, ...frame, body: { activity } }))
    fc.assert(fc.property(texts, (text) => void agrees(text)))
  })

  it('is never read to anything else with one character changed', () => {
    const others = fc.oneof(
      fc.constantFrom('"', '\\', '0', '9', ' ', '{', 'e', '-'),
      fc.string({ maxLength: 1 }),
    )
    const dues = withActivity({ on: '2024-02-28', kind: 'dues', title: '党费', amountFen: 1_000_000_000 })
    fc.assert(
      fc.property(fc.constantFrom(plain, dues), fc.nat(plain.length), others, (text, at, other) => {
        agrees(text.slice(0, at) + other + text.slice(at + 1))
        agrees(text.slice(0, at) + other + text.slice(at))
      }),
      { numRuns: 2000 },
    )
  })
})
