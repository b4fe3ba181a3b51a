/**
 * Offices of other regions with other habits: whatever the seed, the reader finds what the maker counted.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type WorkbookKind, detectKind, interpret, readSheetsHere } from '../../node/workbooks/index.ts'
import { compare } from './comparison.ts'
import { type Office, makeOffice } from './offices.ts'

async function read<K extends WorkbookKind>(office: Office, kind: K) {
  const sheets = await readSheetsHere(office[kind].bytes, office[kind].name)
  expect(detectKind(sheets)).toBe(kind)
  return interpret(kind, sheets)
}

/** fast-check prints the seed of a failing office as the counterexample. */
const offices = fc.integer({ min: 0, max: 0xffffffff })

describe('an office made by chance', () => {
  test('is the same for the same seed', async () => {
    const [first, second] = [await makeOffice(7), await makeOffice(7)]
    expect(first.expected).toEqual(second.expected)
    expect(first.activities).toEqual(second.activities)
  })

  test('can be asked for', async () => {
    const { expected } = await makeOffice(1, { home: '恩施', host: '浦东新区', members: 30 })
    expect([expected.home, expected.host]).toEqual(['恩施', '浦东新区'])
    expect(expected.roster.rows - expected.roster.duplicates).toBe(30)
  })

  test('is read as it was made', async () => {
    await fc.assert(
      fc.asyncProperty(offices, async (seed) => {
        const office = await makeOffice(seed)
        const { expected } = office
        const files = {
          roster: await read(office, 'roster'),
          outflow: await read(office, 'outflow'),
          arrivals: await read(office, 'arrivals'),
          activities: await read(office, 'activities'),
        }
        const faults = files.roster.rows.flatMap(({ ordinal, faults }) =>
          faults.map(({ code, of }) => ({
            file: 'roster',
            row: ordinal,
            fault: code,
            ...(of && { of: of.ordinal }),
          })),
        )
        expect(faults).toEqual(expected.faultRows)
        for (const kind of ['outflow', 'arrivals', 'activities'] as const) {
          expect(files[kind].rows).toHaveLength(expected[kind].rows)
          expect(files[kind].rows.flatMap((row) => row.faults)).toEqual([])
        }
        expect(files.roster.rows.filter(({ held }) => held)).toHaveLength(expected.roster.held)
        expect(expected).toMatchObject(compare(files, expected.host))
      }),
      { numRuns: 25 },
    )
  }, 60_000)
})
